//! Where a program was loaded: from the process's memory map, or from its own code.

use std::path::Path;

use object::{Architecture, Object as _, ObjectKind, ObjectSection as _, ObjectSegment as _};

/// Programs are loaded at whole pages; larger ones are multiples of this.
const PAGE: u64 = 4096;
/// Fewer addresses that follow a call may do so by chance.
const FEWEST_CALLS: usize = 4;

/// One line of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping<'a> {
    start: u64,
    /// Where in the file it begins.
    offset: u64,
    path: &'a Path,
}

/// Returns how far a program was moved, by the process's memory map: the mappings of the file's
/// name count, else those of the file that the map begins with, since a program may have another
/// name by now.
pub(super) fn mapped(object: &object::File<'_>, maps: &str, binary: &Path) -> Option<u64> {
    let mappings: Vec<Mapping<'_>> = maps.lines().filter_map(mapping).collect();
    let named = mappings.iter().find(|it| it.path.file_name() == binary.file_name());
    let first = named.or(mappings.first())?;
    // Segments lie in the file as they do in memory, but for whole pages.
    let lowest = object.segments().map(|segment| segment.address()).min()?;
    Some(first.start.wrapping_sub(first.offset).wrapping_sub(lowest / PAGE * PAGE))
}

/// Reads `55d0c8a00000-55d0c8b00000 r-xp 00001000 fd:01 1234   /usr/bin/app`.
fn mapping(line: &str) -> Option<Mapping<'_>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, _) = fields.next()?.split_once('-')?;
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let offset = hex(fields.nth(1)?)?;
    let path = line.find('/').and_then(|at| line.get(at..))?;
    let path = Path::new(path.strip_suffix(" (deleted)").unwrap_or(path));
    Some(Mapping { start: hex(start)?, offset, path })
}

/// Finds how far a program was moved: at that distance its return addresses all follow a call.
///
/// `None` where nothing tells, or several distances fit as well.
pub(super) fn guess(object: &object::File<'_>, addresses: &[u64]) -> Option<u64> {
    if object.kind() == ObjectKind::Executable && !is_relocated(object) {
        return Some(0);
    }
    let follows_call = match object.architecture() {
        Architecture::X86_64 => follows_call_x86,
        Architecture::Aarch64 => follows_call_arm,
        _ => return None,
    };
    let text = object.section_by_name(".text").or_else(|| object.section_by_name("__text"))?;
    let (code, start) = (text.data().ok().filter(|code| !code.is_empty())?, text.address());
    let near = densest(addresses, u64::try_from(code.len()).ok()?);
    let first = *near.first()?;
    let score = |distance: u64| {
        let offset = |address: &u64| {
            usize::try_from(address.wrapping_sub(distance).checked_sub(start)?).ok()
        };
        near.iter().filter_map(offset).filter(|at| follows_call(code, *at)).count()
    };
    // Every distance at whole pages that puts the first address into the code.
    let lowest = first.wrapping_sub(start).wrapping_sub(u64::try_from(code.len()).ok()?);
    let lowest = lowest.wrapping_add(PAGE - 1) / PAGE * PAGE;
    let n_pages = u64::try_from(code.len()).ok()? / PAGE + 1;
    let mut best = (0, 0);
    let mut is_alone = false;
    for page in 0..=n_pages {
        let distance = lowest.wrapping_add(page * PAGE);
        let found = score(distance);
        if found >= best.0 {
            is_alone = found > best.0;
            best = (found, distance);
        }
    }
    let is_clear = is_alone && best.0 >= FEWEST_CALLS && 4 * best.0 >= 3 * near.len();
    is_clear.then_some(best.1)
}

/// Says whether an executable is loaded anywhere: a Mach-O or PE program calls itself one still.
fn is_relocated(object: &object::File<'_>) -> bool {
    !matches!(object.format(), object::BinaryFormat::Elf)
}

/// Returns the addresses within `len` of each other that are most: those of libraries lie elsewhere.
fn densest(addresses: &[u64], len: u64) -> &[u64] {
    let mut best: &[u64] = &[];
    for (at, first) in addresses.iter().enumerate() {
        let end = addresses.partition_point(|address| *address < first.saturating_add(len));
        if let Some(near) = addresses.get(at..end).filter(|near| near.len() > best.len()) {
            best = near;
        }
    }
    best
}

/// Says whether a call ends right before `at`: `e8` with four bytes, or `ff /2` in its lengths.
fn follows_call_x86(code: &[u8], at: usize) -> bool {
    let byte = |back: usize| at.checked_sub(back).and_then(|at| code.get(at)).copied();
    let is_indirect = |len: usize| {
        byte(len) == Some(0xff) && byte(len - 1).is_some_and(|modrm| (modrm >> 3) & 7 == 2)
    };
    byte(5) == Some(0xe8) || [2, 3, 4, 6, 7].into_iter().any(is_indirect)
}

/// The same for `bl` and `blr`.
fn follows_call_arm(code: &[u8], at: usize) -> bool {
    let word = at.checked_sub(4).and_then(|start| code.get(start..at));
    let Some(word) = word.and_then(|word| word.try_into().ok()).map(u32::from_le_bytes) else {
        return false;
    };
    word & 0xfc00_0000 == 0x9400_0000 || word & 0xffff_fc1f == 0xd63f_0000
}
