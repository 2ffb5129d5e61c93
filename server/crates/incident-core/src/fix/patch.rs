//! Unified diffs read back: which files a patch touches and what it adds.
//!
//! A patch is taken whole or not at all: one that names a place outside the repository, or whose
//! counts do not fit its lines, is refused, since half of a change is another change.

use crate::problem::Problem;

/// A unified diff.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The files that it changes, in the patch's order. Never empty.
    pub files: Vec<FilePatch>,
}

/// One file's part of a patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePatch {
    /// The path before, relative to the repository, with `/`; `None` for a new file.
    pub old_path: Option<String>,
    /// The path after; `None` for a deleted file. One of the two is always there.
    pub new_path: Option<String>,
    /// The changed places, in order. Empty for a pure rename.
    pub hunks: Vec<PatchHunk>,
}

/// A changed place with its context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchHunk {
    /// First line before, from 1; with no line before, the line after which it stands.
    pub old_start: u32,
    /// First line after, from 1; with no line after, the line after which it stands.
    pub new_start: u32,
    /// Its lines, in order.
    pub lines: Vec<PatchLine>,
}

/// One line of a hunk, with its own line end unless the file ends without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchLine {
    /// Unchanged.
    Context(String),
    /// Only before.
    Removed(String),
    /// Only after.
    Added(String),
}

impl PatchLine {
    pub(super) fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Context(text) | Self::Removed(text) | Self::Added(text) => text,
        }
    }
}

impl FilePatch {
    /// Returns the path that people know the file by: the one after, else the one before.
    pub fn path(&self) -> &str {
        self.new_path.as_deref().or(self.old_path.as_deref()).unwrap_or_default()
    }

    /// Returns the added lines with their numbers after the patch, from 1.
    pub fn added_lines(&self) -> Vec<(u32, &str)> {
        let mut added = Vec::new();
        for hunk in &self.hunks {
            let mut line = hunk.new_start;
            for patch_line in &hunk.lines {
                match patch_line {
                    PatchLine::Added(text) => {
                        added.push((line, text.trim_end_matches(['\n', '\r'])));
                        line = line.saturating_add(1);
                    }
                    PatchLine::Context(_) => line = line.saturating_add(1),
                    PatchLine::Removed(_) => {}
                }
            }
        }
        added
    }

    /// Returns `before` with the patch applied, or `None` where a line that it expects isn't there.
    ///
    /// Strict: no fuzz, no search for another place.
    pub fn apply(&self, before: &str) -> Option<String> {
        let lines: Vec<&str> = before.split_inclusive('\n').collect();
        let mut after = String::with_capacity(before.len());
        let mut at = 0;
        for hunk in &self.hunks {
            let has_old = hunk.lines.iter().any(|line| !matches!(line, PatchLine::Added(_)));
            let start = usize::try_from(hunk.old_start).ok()?;
            let start = if has_old { start.checked_sub(1)? } else { start };
            for kept in lines.get(at..start)? {
                after.push_str(kept);
            }
            at = start;
            for line in &hunk.lines {
                match line {
                    PatchLine::Added(text) => after.push_str(text),
                    PatchLine::Context(text) | PatchLine::Removed(text) => {
                        if lines.get(at)? != text {
                            return None;
                        }
                        if matches!(line, PatchLine::Context(_)) {
                            after.push_str(text);
                        }
                        at += 1;
                    }
                }
            }
        }
        for kept in lines.get(at..)? {
            after.push_str(kept);
        }
        Some(after)
    }
}

/// Reads a unified diff, with or without git's extended headers; text around the files is skipped.
///
/// # Errors
///
/// A problem that names the line: no file in it, a path that leaves the repository or lies in
/// `.git`, a link, a submodule, a binary part, a hunk that is cut or miscounted.
pub fn parse_patch(text: &str) -> Result<Patch, Problem> {
    let mut reader = Reader { lines: text.split_inclusive('\n').collect(), at: 0 };
    let mut files: Vec<FilePatch> = Vec::new();
    while let Some(line) = reader.peek() {
        let head = line.trim_end();
        if head.starts_with("diff --git ") {
            if let Some(file) = reader.git_file()? {
                files.push(file);
            }
        } else if head.starts_with("--- ") && reader.peek_after(1).starts_with("+++ ") {
            files.push(reader.plain_file()?);
        } else if head.starts_with("@@ -") {
            return Err(reader.refuse("a hunk stands before any file name"));
        } else {
            reader.at += 1;
        }
    }
    if files.is_empty() {
        return Err(Problem::error("the patch holds no file: no `---` and `+++` lines were found"));
    }
    Ok(Patch { files })
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    fn peek_after(&self, n_lines: usize) -> &'a str {
        self.lines.get(self.at + n_lines).copied().unwrap_or_default()
    }

    fn refuse(&self, why: &str) -> Problem {
        Problem::error(format!("the patch was refused at its line {}: {why}", self.at + 1))
    }

    /// Reads git's extended header and what follows; `None` where only a mode changes.
    fn git_file(&mut self) -> Result<Option<FilePatch>, Problem> {
        self.at += 1;
        let mut file = FilePatch::default();
        while let Some(line) = self.peek() {
            let head = line.trim_end();
            if head.starts_with("--- ") {
                return self.plain_file().map(Some);
            } else if let Some(path) = head.strip_prefix("rename from ") {
                file.old_path = Some(self.path(path, "")?);
            } else if let Some(path) = head.strip_prefix("rename to ") {
                file.new_path = Some(self.path(path, "")?);
            } else if head.starts_with("Binary files ") || head.starts_with("GIT binary patch") {
                return Err(self.refuse("it has a binary part, which nobody could read"));
            } else if head.ends_with(" 120000") || head.ends_with(" 160000") {
                return Err(self.refuse("it changes a link or a submodule"));
            } else if !EXTENDED.iter().any(|known| head.starts_with(known)) {
                break;
            }
            self.at += 1;
        }
        Ok((file.old_path.is_some() && file.new_path.is_some()).then_some(file))
    }

    fn plain_file(&mut self) -> Result<FilePatch, Problem> {
        let old_path = self.header("--- ", "a/")?;
        self.at += 1;
        let new_path = self.header("+++ ", "b/")?;
        self.at += 1;
        let mut file = FilePatch { old_path, new_path, hunks: Vec::new() };
        if file.old_path.is_none() && file.new_path.is_none() {
            return Err(self.refuse("both names are /dev/null"));
        }
        while self.peek().is_some_and(|line| line.starts_with("@@ -")) {
            file.hunks.push(self.hunk()?);
        }
        if file.hunks.is_empty() {
            return Err(self.refuse("a file without a hunk"));
        }
        Ok(file)
    }

    fn header(&self, mark: &str, prefix: &str) -> Result<Option<String>, Problem> {
        let line = self.peek().unwrap_or_default().trim_end_matches(['\n', '\r']);
        let Some(name) = line.strip_prefix(mark) else {
            return Err(self.refuse("a `+++` line is missing"));
        };
        // A time stamp may follow a tab.
        let name =
            if name.starts_with('"') { name } else { name.split('\t').next().unwrap_or(name) };
        if name.trim_end() == "/dev/null" {
            return Ok(None);
        }
        self.path(name, prefix).map(Some)
    }

    fn path(&self, name: &str, prefix: &str) -> Result<String, Problem> {
        let name =
            unquote(name.trim_end()).ok_or_else(|| self.refuse("a quoted name is broken"))?;
        let path = name.strip_prefix(prefix).unwrap_or(&name);
        if stays_inside(path) {
            Ok(path.to_owned())
        } else {
            Err(self.refuse("a name leaves the repository or lies in `.git`"))
        }
    }

    fn hunk(&mut self) -> Result<PatchHunk, Problem> {
        let head = self.peek().unwrap_or_default();
        let Some((old_start, mut n_old, new_start, mut n_new)) = hunk_head(head) else {
            return Err(self.refuse("a hunk's head can't be read"));
        };
        self.at += 1;
        let mut hunk = PatchHunk { old_start, new_start, lines: Vec::new() };
        while n_old > 0 || n_new > 0 {
            let Some(line) = self.peek() else {
                return Err(self.refuse("it ends in the middle of a hunk"));
            };
            let mut chars = line.chars();
            let mark = chars.next().unwrap_or(' ');
            let text = with_line_end(chars.as_str());
            let (old, new, line) = match mark {
                // Editors and mail strip the blank of an empty context line.
                '\n' | '\r' => (1, 1, PatchLine::Context(with_line_end(line))),
                ' ' => (1, 1, PatchLine::Context(text)),
                '-' => (1, 0, PatchLine::Removed(text)),
                '+' => (0, 1, PatchLine::Added(text)),
                '\\' => {
                    drop_line_end(&mut hunk);
                    self.at += 1;
                    continue;
                }
                _ => return Err(self.refuse("a hunk has fewer lines than its head says")),
            };
            let (Some(old_left), Some(new_left)) = (n_old.checked_sub(old), n_new.checked_sub(new))
            else {
                return Err(self.refuse("a hunk's lines do not fit the counts in its head"));
            };
            (n_old, n_new) = (old_left, new_left);
            hunk.lines.push(line);
            self.at += 1;
        }
        match self.peek() {
            Some(line) if line.starts_with('\\') => {
                drop_line_end(&mut hunk);
                self.at += 1;
            }
            Some(line) if line.starts_with([' ', '+']) && !line.starts_with("+++ ") => {
                return Err(self.refuse("a hunk has more lines than its head says"));
            }
            _ => {}
        }
        Ok(hunk)
    }
}

/// Lines of git's extended header that say nothing about which text changes.
const EXTENDED: [&str; 8] = [
    "index ",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "similarity index ",
    "dissimilarity index ",
    "copy ",
];

fn with_line_end(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Takes `\ No newline at end of file` into account: it speaks of the line before it.
fn drop_line_end(hunk: &mut PatchHunk) {
    if let Some(last) = hunk.lines.last_mut() {
        let text = last.text_mut();
        text.truncate(text.strip_suffix('\n').unwrap_or(text).len());
    }
}

/// Reads `@@ -3,7 +3,8 @@ fn context`; a missing count is 1.
fn hunk_head(line: &str) -> Option<(u32, u32, u32, u32)> {
    let ranges = line.strip_prefix("@@ -")?;
    let (ranges, _) = ranges.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(u32, u32)> {
        match text.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let ((old_start, n_old), (new_start, n_new)) = (range(old)?, range(new)?);
    Some((old_start, n_old, new_start, n_new))
}

/// Undoes C's quoting as git writes it; `None` where the quotes are broken.
fn unquote(name: &str) -> Option<String> {
    let Some(inner) = name.strip_prefix('"') else { return Some(name.to_owned()) };
    let inner = inner.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            digit @ b'0'..=b'3' => {
                let octal = |digit: u8| matches!(digit, b'0'..=b'7').then(|| digit - b'0');
                let (high, middle, low) =
                    (octal(digit)?, octal(rest.next()?)?, octal(rest.next()?)?);
                high * 64 + middle * 8 + low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Says whether a patch's path stays in the repository and out of `.git`, on every platform.
fn stays_inside(path: &str) -> bool {
    let harmless = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            // Case-blind file systems and the ones that drop trailing dots and blanks count too.
            && !part.trim_end_matches(['.', ' ']).eq_ignore_ascii_case(".git")
            && !part.eq_ignore_ascii_case("git~1")
    };
    !path.contains(['\\', ':', '\0', '\n', '\r']) && path.split('/').all(harmless)
}
