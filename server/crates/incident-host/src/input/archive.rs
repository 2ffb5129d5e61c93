//! Archives that other systems export: a chat's days, a wiki's pages, a run's logs.
//!
//! Read in memory and never unpacked to disk, so that no name in an archive can lead anywhere.
//! Entries, bytes and nesting are bounded, and what an entry says about its own size counts for
//! nothing.

use std::io::{Cursor, Read, Seek};

use incident_core::input::RawInput;
use incident_core::problem::Problem;
use zip::ZipArchive;

use super::{MAX_INPUT_BYTES, text_input};
use crate::message::plain;

/// How many entries are looked at.
const MAX_ENTRIES: usize = 20_000;
/// How many texts are taken: a trace hides in few of them.
const MAX_TEXTS: usize = 2_000;
/// An archive in an archive is read, as wikis export them; no deeper.
const MAX_DEPTH: usize = 1;
/// What is text by its name; everything else stays packed.
const TEXTS: &[&str] = &["json", "md", "txt", "log", "csv"];

/// Says whether a file's first bytes are those of an archive.
pub(super) fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Reads the texts of an archive, by name.
pub(super) fn read(name: &str, archive: impl Read + Seek) -> (Vec<RawInput>, Vec<Problem>) {
    let mut found = Found { bytes_left: MAX_INPUT_BYTES, ..Found::default() };
    found.take(name, archive, 0);
    found.inputs.sort_by(|a, b| a.name.cmp(&b.name));
    if found.is_cut {
        let told = format!(
            "the archive holds more than {MAX_TEXTS} texts, {MAX_ENTRIES} entries or {} MiB, and \
             the rest was not read; unpack it and give the files that matter",
            MAX_INPUT_BYTES >> 20
        );
        found.problems.push(Problem::warning(told).at(name, None));
    }
    (found.inputs, found.problems)
}

#[derive(Default)]
struct Found {
    inputs: Vec<RawInput>,
    problems: Vec<Problem>,
    bytes_left: usize,
    is_cut: bool,
}

impl Found {
    fn take(&mut self, name: &str, archive: impl Read + Seek, depth: usize) {
        let mut archive = match ZipArchive::new(archive) {
            Ok(archive) => archive,
            Err(err) => {
                let told = format!("the archive can't be read: {}", plain(&err.to_string()));
                self.problems.push(Problem::error(told).at(name, None));
                return;
            }
        };
        self.is_cut |= archive.len() > MAX_ENTRIES;
        let mut entries: Vec<(String, usize)> = (0..archive.len().min(MAX_ENTRIES))
            .filter_map(|at| Some((archive.name_for_index(at)?.ok()?.into_owned(), at)))
            .collect();
        // By name, so that what is cut off does not hang on the order in which it was packed.
        entries.sort();
        for (entry, at) in entries {
            let extension = entry.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
            let extension = extension.unwrap_or_default();
            let is_nested = extension == "zip" && depth < MAX_DEPTH;
            if !(is_nested || TEXTS.contains(&extension.as_str())) {
                continue;
            }
            if self.inputs.len() >= MAX_TEXTS || self.bytes_left == 0 {
                self.is_cut = true;
                return;
            }
            let shown = format!("{name}/{}", plain(&entry));
            let Some(bytes) = self.unpack(&mut archive, at, &shown) else { continue };
            if is_nested {
                self.take(&shown, Cursor::new(bytes), depth + 1);
            } else {
                let (input, problems) = text_input(shown, bytes, 0);
                self.inputs.push(input);
                self.problems.extend(problems);
            }
        }
    }

    /// Unpacks one entry within what is left; one that is cut counts as read so far.
    fn unpack<R: Read + Seek>(
        &mut self,
        archive: &mut ZipArchive<R>,
        at: usize,
        shown: &str,
    ) -> Option<Vec<u8>> {
        let limit = self.bytes_left;
        let unpacked = archive.by_index(at).map_err(|err| err.to_string()).and_then(|entry| {
            let mut bytes = Vec::new();
            let mut entry = entry.take(limit as u64 + 1);
            entry.read_to_end(&mut bytes).map_err(|err| err.to_string())?;
            Ok(bytes)
        });
        let mut bytes = match unpacked {
            Ok(bytes) => bytes,
            Err(err) => {
                let told = format!("this part of the archive can't be read: {}", plain(&err));
                self.problems.push(Problem::warning(told).at(shown, None));
                return None;
            }
        };
        if bytes.len() > limit {
            bytes.truncate(limit);
            self.is_cut = true;
        }
        self.bytes_left = limit.saturating_sub(bytes.len());
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn names(archive: &[u8]) -> (Vec<String>, Vec<String>) {
        let (inputs, problems) = read("export.zip", Cursor::new(archive));
        let names = inputs.into_iter().map(|input| input.name).collect();
        (names, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn texts_by_name_and_nothing_else() {
        let archive = packed(&[
            ("general/2026-03-03.json", b"[]"),
            ("users.json", b"[]"),
            ("logo.png", b"\x89PNG"),
            ("../../escape.json", b"{}"),
            ("/etc/\x1b[2Jabsolute.md", b"# x"),
        ]);
        let (names, problems) = names(&archive);
        assert_eq!(
            names,
            [
                "export.zip/../../escape.json",
                "export.zip//etc/\\x1b[2Jabsolute.md",
                "export.zip/general/2026-03-03.json",
                "export.zip/users.json",
            ]
        );
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn one_archive_in_another_and_no_deeper() {
        let inner = packed(&[("Page 0123456789abcdef0123456789abcdef.md", b"# Page")]);
        let middle = packed(&[("part.zip", &inner), ("b.md", b"# b")]);
        let outer = packed(&[("ExportBlock.zip", &middle), ("a.md", b"# a")]);
        let (names, _) = names(&outer);
        assert_eq!(names, ["export.zip/ExportBlock.zip/b.md", "export.zip/a.md"]);
    }

    #[test]
    fn a_bomb_is_cut() {
        let zeros = vec![b'0'; MAX_INPUT_BYTES / 4];
        let entries: Vec<(String, &[u8])> =
            (0..6).map(|at| (format!("{at}.txt"), zeros.as_slice())).collect();
        let entries: Vec<(&str, &[u8])> =
            entries.iter().map(|(it, bytes)| (it.as_str(), *bytes)).collect();
        let archive = packed(&entries);
        assert!(archive.len() < 1 << 20);
        let (inputs, problems) = read("bomb.zip", Cursor::new(&archive));
        assert_eq!(inputs.iter().map(|it| it.text.len()).sum::<usize>(), MAX_INPUT_BYTES);
        assert!(problems[0].message.contains("the rest was not read"), "{problems:?}");
    }

    #[test]
    fn what_is_broken_is_told() {
        let archive = packed(&[("a.json", b"[1, 2, 3, 4, 5, 6, 7, 8]"), ("b.json", b"[]")]);
        let (names_of_cut, problems) = names(&archive[..archive.len() / 2]);
        assert_eq!((names_of_cut.len(), problems.len()), (0, 1));
        for at in 0..archive.len() {
            let mut broken = archive.clone();
            broken[at] ^= 0xff;
            let (names, _) = names(&broken);
            assert!(names.len() <= 2);
        }
        assert_eq!(names(b"PK\x05\x06").0.len(), 0);
        assert!(is_archive(&archive) && !is_archive(b"[]"));
    }
}
