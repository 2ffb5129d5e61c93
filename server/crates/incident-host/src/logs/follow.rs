//! Following a log: what was added since the last look, across rotation and truncation.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::logs::{DeployTime, ScanOptions, Tallied, Tally, year_in};
use incident_core::problem::Problem;

use super::stream::Blocks;
use super::{LogOptions, head_of, modified_year, resolve};
use crate::message::plain;

/// How much one look reads at most; the next one goes on.
const MAX_LOOK_BYTES: u64 = 64 << 20;

/// A log that is followed.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    name: String,
    options: ScanOptions,
    deploy: Option<DeployTime>,
    tally: Tally,
    input: u32,
    file: Option<Opened>,
    blocks: Blocks,
}

#[derive(Debug)]
struct Opened {
    file: File,
    /// How far it was read.
    offset: u64,
    identity: u64,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How many bytes came.
    pub n_bytes: u64,
    /// Rotation, truncation, or what kept it from being read.
    pub problems: Vec<Problem>,
}

impl Follower {
    /// Begins to follow the file at `path` from its start; it need not exist yet.
    pub fn new(path: &Path, options: &LogOptions) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let start = head_of(path);
        let (mut scan_options, deploy) = resolve(options, &start, &mut problems);
        scan_options.year = year_in(&start).or_else(|| modified_year(path));
        let name = plain(&path.display().to_string());
        let mut tally = Tally::new(scan_options.clone());
        let input = tally.begin_input(&name);
        let follower = Self {
            path: path.to_owned(),
            name,
            options: scan_options,
            deploy,
            tally,
            input,
            file: None,
            blocks: Blocks::default(),
        };
        (follower, problems)
    }

    /// Reads what was added.
    pub fn look(&mut self, cancel: &Cancel) -> Look {
        let mut look = Look::default();
        // A file that was moved away is read to its end before the new one is opened.
        if let Err(err) = self.read_on(&mut look, cancel) {
            look.problems.push(self.problem(&format!("could not be read: {err}")));
            self.file = None;
        }
        let now = std::fs::metadata(&self.path);
        match (&now, &self.file) {
            (Ok(now), Some(opened)) if identity(now) != opened.identity => {
                look.problems
                    .push(self.problem("was replaced by a new file, which is followed now"));
                self.finish_file(cancel);
            }
            (Err(_), Some(_)) => {
                look.problems
                    .push(self.problem("is gone; a new file of this name will be followed"));
                self.finish_file(cancel);
            }
            _ => {}
        }
        if self.file.is_none() && now.is_ok() {
            match self.open() {
                Ok(opened) => self.file = Some(opened),
                Err(err) => {
                    look.problems.push(self.problem(&format!("could not be opened: {err}")))
                }
            }
            if let Err(err) = self.read_on(&mut look, cancel) {
                look.problems.push(self.problem(&format!("could not be read: {err}")));
            }
        }
        look
    }

    /// Returns the groups so far.
    pub fn report(&self) -> Tallied {
        self.tally.clone().finish(self.deploy.clone())
    }

    fn open(&self) -> io::Result<Opened> {
        let file = File::open(&self.path)?;
        let identity = identity(&file.metadata()?);
        Ok(Opened { file, offset: 0, identity })
    }

    fn read_on(&mut self, look: &mut Look, cancel: &Cancel) -> io::Result<()> {
        let Some(opened) = &mut self.file else { return Ok(()) };
        let len = opened.file.metadata()?.len();
        if len < opened.offset {
            opened.offset = 0;
            look.problems.push(
                Problem::warning(format!("{} was cut; it is read from its start again", self.name))
                    .at(self.name.clone(), None),
            );
            self.count_all(cancel);
            self.blocks.reset();
        }
        let Some(opened) = &mut self.file else { return Ok(()) };
        opened.file.seek(SeekFrom::Start(opened.offset))?;
        let kept = self.blocks.bytes.len();
        (&mut opened.file).take(MAX_LOOK_BYTES).read_to_end(&mut self.blocks.bytes)?;
        let n_bytes = (self.blocks.bytes.len() - kept) as u64;
        opened.offset += n_bytes;
        look.n_bytes += n_bytes;
        // A line without an end is still being written.
        let end = memchr::memrchr(b'\n', &self.blocks.bytes).map_or(0, |end| end + 1);
        if end > self.blocks.start {
            self.blocks.scan(end, self.input, &self.options, &mut self.tally, cancel);
        }
        Ok(())
    }

    /// Counts the last line too: nothing comes after it.
    fn count_all(&mut self, cancel: &Cancel) {
        let end = self.blocks.bytes.len();
        if end > self.blocks.start {
            self.blocks.scan(end, self.input, &self.options, &mut self.tally, cancel);
        }
    }

    fn finish_file(&mut self, cancel: &Cancel) {
        self.count_all(cancel);
        self.blocks.reset();
        self.file = None;
    }

    fn problem(&self, says: &str) -> Problem {
        Problem::warning(format!("{} {says}", self.name)).at(self.name.clone(), None)
    }
}

#[cfg(unix)]
fn identity(meta: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    meta.ino() ^ meta.dev().rotate_left(32)
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> u64 {
    0
}
