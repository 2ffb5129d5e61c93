//! Git's machine formats: pure functions from bytes to values.
//!
//! Total: a cut or damaged answer gives what stands before the damage. Hunks are read by the
//! counts in their heads, so no line of a patch can pass for a head or for the next commit.

use incident_core::history::{Commit, CommitId, FileChange, Hunk};

/// The head of each commit: fields between NULs, which no commit message can hold.
pub(super) const LOG_FORMAT: &str = "%x00%H%x00%P%x00%at%x00%ct%x00%B%x00";

/// Changed lines of one file past which only its path is kept: generated or vendored text.
const MAX_LINES_OF_FILE: u32 = 20_000;

/// Files of one commit that are kept; a commit that changes more is an import or a reformatting.
const MAX_FILES_OF_COMMIT: usize = 400;

/// The bytes of one line that are kept: longer ones are minified or data.
const MAX_LINE_BYTES: usize = 4096;

/// Lines of one path that a commit last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BlamedLines {
    pub(super) start_line: u32,
    pub(super) n_lines: u32,
    pub(super) commit: CommitId,
}

/// One answer of `cat-file --batch-check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectHead {
    pub(super) object: String,
    pub(super) kind: String,
    pub(super) size: u64,
}

/// Reads `git log --patch --unified=0`, or `--name-status`, with [`LOG_FORMAT`].
pub(super) fn log(bytes: &[u8]) -> Vec<Commit> {
    let mut rest = Lines { bytes };
    let mut commits: Vec<Commit> = Vec::new();
    while !rest.bytes.is_empty() {
        if rest.bytes.first() == Some(&0) {
            let Some(commit) = commit_head(&mut rest) else { break };
            commits.push(commit);
        } else if rest.bytes.starts_with(b"diff --git ") {
            let file = file_change(&mut rest);
            if let (Some(file), Some(commit)) = (file, commits.last_mut()) {
                commit.n_files += 1;
                if commit.files.len() < MAX_FILES_OF_COMMIT {
                    commit.files.push(file);
                }
            }
        } else if let Some(file) = rest.next().and_then(named_file)
            && let Some(commit) = commits.last_mut()
        {
            commit.n_files += 1;
            if commit.files.len() < MAX_FILES_OF_COMMIT {
                commit.files.push(file);
            }
        }
    }
    commits
}

/// Reads one line of `--name-status`: a letter, a tab, the path.
fn named_file(line: &[u8]) -> Option<FileChange> {
    let [b'A' | b'C' | b'D' | b'M' | b'R' | b'T', b'\t', name @ ..] = line else { return None };
    let path = unquoted(name);
    (!path.is_empty()).then(|| FileChange {
        path,
        old_path: None,
        n_added: 0,
        n_removed: 0,
        hunks: Vec::new(),
    })
}

fn commit_head(rest: &mut Lines<'_>) -> Option<Commit> {
    let mut fields = rest.bytes.get(1..)?.splitn(6, |byte| *byte == 0);
    let id = commit_id(fields.next()?)?;
    let parents = fields.next()?.split(|byte| *byte == b' ').filter_map(commit_id).collect();
    let author_time = number(fields.next()?).unwrap_or_default();
    let commit_time = number(fields.next()?).unwrap_or_default();
    let message = String::from_utf8_lossy(fields.next()?);
    rest.bytes = fields.next()?;
    let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
    Some(Commit {
        id,
        parents,
        author_time,
        commit_time,
        subject: subject.trim().to_owned(),
        body: body.trim().to_owned(),
        files: Vec::new(),
        n_files: 0,
    })
}

/// Reads one `diff --git` section; `None` where it names no path.
fn file_change(rest: &mut Lines<'_>) -> Option<FileChange> {
    let head = rest.next()?.strip_prefix(b"diff --git ")?;
    let (mut old, mut new) =
        same_name(head).map_or((None, None), |name| (Some(name.clone()), Some(name)));
    let mut renamed = false;
    let mut hunks = Vec::new();
    let (mut n_removed, mut n_added) = (0, 0);
    while let Some(line) = rest.peek() {
        if line.starts_with(b"diff --git ") || line.first() == Some(&0) {
            break;
        }
        rest.next();
        if let Some(name) = line.strip_prefix(b"rename from ").or(line.strip_prefix(b"copy from "))
        {
            renamed = line.starts_with(b"rename");
            old = Some(unquoted(name));
        } else if let Some(name) =
            line.strip_prefix(b"rename to ").or(line.strip_prefix(b"copy to "))
        {
            new = Some(unquoted(name));
        } else if let Some(name) = line.strip_prefix(b"--- ") {
            old = prefixed(name, "a/");
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            new = prefixed(name, "b/");
        } else if let Some(head) = HunkHead::read(line) {
            let hunk = hunk(rest, head);
            (n_removed, n_added) = (n_removed + hunk.n_removed, n_added + hunk.n_added);
            hunks.push(hunk);
        }
        if n_removed + n_added > MAX_LINES_OF_FILE {
            hunks.clear();
        }
    }
    let path = new.or(old.clone())?;
    let old_path = old.filter(|old| renamed && *old != path);
    Some(FileChange { path, old_path, n_added, n_removed, hunks })
}

fn hunk(rest: &mut Lines<'_>, head: HunkHead) -> Hunk {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut n_old, mut n_new) = (head.old.1, head.new.1);
    while n_old > 0 || n_new > 0 {
        match rest.peek().and_then(<[u8]>::split_first) {
            Some((b'-', text)) if n_old > 0 => {
                removed.push(kept_line(text));
                n_old -= 1;
            }
            Some((b'+', text)) if n_new > 0 => {
                added.push(kept_line(text));
                n_new -= 1;
            }
            Some((b'\\', _)) => {}
            _ => break,
        }
        rest.next();
    }
    Hunk {
        old_start: head.old.0,
        new_start: head.new.0,
        n_removed: head.old.1 - n_old,
        n_added: head.new.1 - n_new,
        heading: head.heading,
        removed,
        added,
    }
}

fn kept_line(text: &[u8]) -> String {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    String::from_utf8_lossy(&text[..text.len().min(MAX_LINE_BYTES)]).into_owned()
}

/// A start line and a number of lines, as a hunk's head gives them for each side.
type HunkRange = (u32, u32);

/// The head of a hunk: `@@ -3,2 +4 @@ fn around() {`.
struct HunkHead {
    old: HunkRange,
    new: HunkRange,
    heading: Option<String>,
}

impl HunkHead {
    fn read(line: &[u8]) -> Option<Self> {
        let mut words = line.strip_prefix(b"@@ -")?.splitn(4, |byte| *byte == b' ');
        let old = hunk_range(words.next()?)?;
        let new = hunk_range(words.next()?.strip_prefix(b"+")?)?;
        words.next().filter(|word| *word == b"@@")?;
        let heading = words.next().map(|text| String::from_utf8_lossy(text).trim().to_owned());
        Some(Self { old, new, heading: heading.filter(|text| !text.is_empty()) })
    }
}

fn hunk_range(word: &[u8]) -> Option<HunkRange> {
    let mut numbers = word.splitn(2, |byte| *byte == b',');
    let start = number(numbers.next()?)?;
    Some((start, numbers.next().map_or(Some(1), number)?))
}

/// Returns the name in `a/NAME b/NAME`: the only one where nothing was renamed.
fn same_name(head: &[u8]) -> Option<String> {
    if head.first() == Some(&b'"') {
        let end =
            1 + head.get(1..)?.windows(2).position(|pair| pair[0] != b'\\' && pair[1] == b'"')? + 2;
        return prefixed(head.get(..end)?, "a/");
    }
    let half = head.len().checked_sub(1)? / 2;
    let (old, new) = (head.get(..half)?, head.get(half + 1..)?);
    let name = old.strip_prefix(b"a/")?;
    (new.strip_prefix(b"b/")? == name).then(|| String::from_utf8_lossy(name).into_owned())
}

/// Returns the name behind `a/` or `b/`; `None` for `/dev/null`.
fn prefixed(name: &[u8], prefix: &str) -> Option<String> {
    // Git puts a tab behind a name with spaces; a tab of the name's own is quoted.
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    unquoted(name).strip_prefix(prefix).map(str::to_owned)
}

/// Undoes git's C-style quoting, where there is one.
fn unquoted(name: &[u8]) -> String {
    let Some(inner) = name.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")) else {
        return String::from_utf8_lossy(name).into_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b't') => b'\t',
            Some(b'n') => b'\n',
            Some(b'v') => 11,
            Some(b'f') => 12,
            Some(b'r') => b'\r',
            Some(digit @ b'0'..=b'3') => {
                let mut octal = || rest.next().map_or(0, |digit| digit.wrapping_sub(b'0') & 7);
                (digit - b'0') << 6 | octal() << 3 | octal()
            }
            Some(other) => other,
            None => break,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads `git blame --incremental`.
pub(super) fn blame(bytes: &[u8]) -> Vec<BlamedLines> {
    let mut blamed = Vec::new();
    let mut at_head = true;
    for line in (Lines { bytes }) {
        if at_head {
            let mut words = line.split(|byte| *byte == b' ');
            let commit = words.next().and_then(commit_id);
            let mut numbers = words.map(number::<u32>);
            if let (Some(commit), Some(_), Some(Some(start_line)), Some(Some(n_lines))) =
                (commit, numbers.next(), numbers.next(), numbers.next())
            {
                blamed.push(BlamedLines { start_line, n_lines, commit });
            }
            at_head = false;
        } else if line.starts_with(b"filename ") {
            at_head = true;
        }
    }
    blamed
}

/// Reads `git cat-file --batch-check`: one answer for each request, in their order.
pub(super) fn batch_check(bytes: &[u8]) -> Vec<Option<ObjectHead>> {
    (Lines { bytes }).map(object_head).collect()
}

fn object_head(line: &[u8]) -> Option<ObjectHead> {
    let mut words = line.split(|byte| *byte == b' ');
    let object = commit_id(words.next()?)?.0;
    let kind = String::from_utf8_lossy(words.next()?).into_owned();
    let size = number(words.next()?)?;
    words.next().is_none().then_some(ObjectHead { object, kind, size })
}

/// Reads `git cat-file --batch`: object ids and their contents. A cut last object is left out.
pub(super) fn batch(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut rest = Lines { bytes };
    let mut objects = Vec::new();
    while let Some(line) = rest.next() {
        let Some(head) = object_head(line) else { continue };
        let Ok(size) = usize::try_from(head.size) else { break };
        let Some(contents) = rest.bytes.get(..size) else { break };
        objects.push((head.object, contents));
        rest.bytes = rest.bytes.get(size + 1..).unwrap_or_default();
    }
    objects
}

/// Reads the answer of `for-each-ref` on tags: the name and what the tag stands for.
pub(super) fn tags(bytes: &[u8]) -> Vec<(String, CommitId)> {
    let mut tags: Vec<(String, CommitId)> = (Lines { bytes })
        .filter_map(|line| {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
            let [name, object, peeled, kind, peeled_kind] = fields[..] else { return None };
            let commit = match (kind, peeled_kind) {
                (b"commit", _) => commit_id(object)?,
                (b"tag", b"commit") => commit_id(peeled)?,
                _ => return None,
            };
            Some((String::from_utf8_lossy(name).into_owned(), commit))
        })
        .collect();
    tags.sort();
    tags
}

/// Reads names between NULs; names that are not UTF-8 are left out.
pub(super) fn nul_separated(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .filter_map(|name| String::from_utf8(name.to_vec()).ok())
        .collect()
}

/// Returns a full object id of either hash, or `None`.
pub(super) fn commit_id(word: &[u8]) -> Option<CommitId> {
    let is_id = matches!(word.len(), 40 | 64) && word.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| CommitId(String::from_utf8_lossy(word).to_ascii_lowercase()))
}

fn number<N: std::str::FromStr>(word: &[u8]) -> Option<N> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// The lines of a byte string, without their `\n`.
struct Lines<'a> {
    bytes: &'a [u8],
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.bytes).unwrap_or(self.bytes.len());
        (!self.bytes.is_empty()).then(|| &self.bytes[..end])
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.peek()?;
        self.bytes = self.bytes.get(line.len() + 1..).unwrap_or_default();
        Some(line)
    }
}
