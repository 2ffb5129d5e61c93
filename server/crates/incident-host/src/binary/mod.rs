//! What a program's file says about bare addresses: functions, files and lines.
//!
//! The file is hostile input like any other: read within a limit and never mapped, since a mapped
//! file that is cut ends the process; packed sections unfold within a limit too. Only the file that
//! is named is read: what it points at is not followed.

mod base;

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use addr2line::Context;
use addr2line::gimli::{DwarfSections, EndianSlice, RunTimeEndian};
use incident_core::cancel::Cancel;
use incident_core::problem::Problem;
use incident_core::trace::{CodePlace, CodePlaces};
use object::{Object as _, ObjectSection as _};

use crate::message::plain;

/// The largest file that is read.
const MAX_BYTES: u64 = 2 << 30;
/// So much may all packed sections together unfold to.
const MAX_UNFOLDED: u64 = 4 << 30;
/// So many calls may be inlined into each other.
const MAX_INLINED: usize = 64;

/// Why a program's file, or the map of its process, tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// It can't be read.
    #[error("{path} can't be read: {reason}")]
    Read {
        /// The path as given.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// It is no program.
    #[error("--binary {path} is no program or library that can be read: {reason}")]
    NotABinary {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has no names at all.
    #[error(
        "--binary {0} has neither debug information nor symbols: name the file from before it was \
         stripped, or build again with {DEBUG_PROFILE}"
    )]
    Stripped(String),
    /// Nothing tells where it was loaded.
    #[error(
        "the addresses do not tell where {0} was loaded: name a copy of /proc/PID/maps of the \
         process with --maps, and the very file that ran with --binary"
    )]
    NoBase(String),
}

/// What a manifest needs for frames with lines.
const DEBUG_PROFILE: &str = "`[profile.release] debug = \"line-tables-only\", strip = \"none\"`";

/// What the person named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary {
    /// The program's file, or one with its debug information.
    pub file: PathBuf,
    /// The process's memory map, as `/proc/PID/maps` prints it.
    pub maps: Option<PathBuf>,
}

/// Returns what stands at `addresses`, which are where calls return to.
pub fn places(
    binary: &Binary,
    addresses: &[u64],
    cancel: &Cancel,
) -> Result<(CodePlaces, Vec<Problem>), BinaryError> {
    let path = plain(&binary.file.display().to_string());
    let bytes = read(&binary.file, &path)?;
    let not_a_binary =
        |err: String| BinaryError::NotABinary { path: path.clone(), reason: plain(&err) };
    let object = object::File::parse(&*bytes).map_err(|err| not_a_binary(err.to_string()))?;
    let has_symbols = object.symbols().next().is_some();
    if !object.has_debug_symbols() && !has_symbols {
        return Err(BinaryError::Stripped(path));
    }
    let moved = match &binary.maps {
        Some(maps) => {
            let text = read(maps, &plain(&maps.display().to_string()))?;
            base::mapped(&object, &String::from_utf8_lossy(&text), &binary.file)
        }
        None => base::guess(&object, addresses),
    };
    let moved = moved.ok_or_else(|| BinaryError::NoBase(path.clone()))?;
    let sections = sections(&object).map_err(not_a_binary)?;
    let context = context(&sections, object.is_little_endian()).map_err(not_a_binary)?;
    let symbols = object.symbol_map();
    let mut places = CodePlaces::new();
    for address in addresses {
        if cancel.is_cancelled() {
            break;
        }
        // The call is the instruction before the one that it returns to.
        let call = address.wrapping_sub(moved).wrapping_sub(1);
        let mut found = calls(&context, call);
        // The symbol has the whole path of the function, where line tables have its name alone.
        if let Some(symbol) = symbols.containing(call) {
            let place = found.pop().unwrap_or_default();
            found.push(CodePlace { function: Some(symbol.name().to_owned()), ..place });
        }
        if !found.is_empty() {
            places.insert(*address, found);
        }
    }
    let problems = if places.is_empty() && !addresses.is_empty() {
        let told = format!(
            "none of the trace's {} addresses lies in {path}: is it the very file that ran?",
            addresses.len()
        );
        vec![Problem::warning(told)]
    } else {
        Vec::new()
    };
    Ok((places, problems))
}

/// Reads a file that was named, within the limit.
fn read(path: &Path, shown: &str) -> Result<Vec<u8>, BinaryError> {
    let failed = |reason: String| BinaryError::Read { path: shown.to_owned(), reason };
    let file = File::open(path).map_err(|err| failed(err.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    match read {
        Err(err) => Err(failed(err.to_string())),
        Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(failed("it has more than 2 GiB".to_owned())),
        Ok(_) => Ok(bytes),
    }
}

/// The sections of the debug information; what is packed is unfolded.
type Sections<'data> = DwarfSections<Cow<'data, [u8]>>;
type Reader<'a> = EndianSlice<'a, RunTimeEndian>;

/// Reads the debug information; sections that are missing are empty.
fn sections<'data>(object: &object::File<'data>) -> Result<Sections<'data>, String> {
    let mut room = MAX_UNFOLDED;
    DwarfSections::load(|id| match object.section_by_name(id.name()) {
        Some(section) => unfolded(&section, &mut room),
        None => Ok(Cow::Borrowed(&[][..])),
    })
}

fn context<'a>(
    sections: &'a Sections<'_>,
    is_little_endian: bool,
) -> Result<Context<Reader<'a>>, String> {
    let endian = if is_little_endian { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let dwarf = sections.borrow(|section| EndianSlice::new(section, endian));
    Context::from_dwarf(dwarf).map_err(|err| err.to_string())
}

/// Returns a section's bytes; packed ones take from `room`.
fn unfolded<'data>(
    section: &object::Section<'data, '_>,
    room: &mut u64,
) -> Result<Cow<'data, [u8]>, String> {
    let data = section.compressed_data().map_err(|err| err.to_string())?;
    *room = room.checked_sub(data.uncompressed_size).ok_or("its sections unfold to too much")?;
    data.decompress().map_err(|err| err.to_string())
}

/// Returns the calls at an address of the file, the innermost first.
fn calls(context: &Context<Reader<'_>>, address: u64) -> Vec<CodePlace> {
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else { return Vec::new() };
    let mut found = Vec::new();
    while found.len() < MAX_INLINED
        && let Ok(Some(frame)) = frames.next()
    {
        let function =
            frame.function.as_ref().and_then(|it| Some(it.raw_name().ok()?.into_owned()));
        let location =
            frame.location.unwrap_or(addr2line::Location { file: None, line: None, column: None });
        found.push(CodePlace {
            function,
            file: location.file.map(str::to_owned),
            line: location.line.filter(|line| *line > 0),
            column: location.column.filter(|column| *column > 0),
        });
    }
    found
}

#[cfg(test)]
mod tests;
