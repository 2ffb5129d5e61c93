//! Inputs as given on the command line: files and standard input, bounded.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};

use anyhow::{Context as _, bail};
use incident_core::input::RawInput;
use incident_core::problem::Problem;

/// More of one input is not read; a problem says so.
const MAX_BYTES: u64 = 256 << 20;

/// Reads `names` in order; none means standard input, where something is piped into it.
pub(super) fn read_all(names: &[String]) -> anyhow::Result<(Vec<RawInput>, Vec<Problem>)> {
    if names.is_empty() && io::stdin().is_terminal() {
        bail!("nothing to read: name a file, pipe a trace in, or give `-` and paste it");
    }
    let stdin_alone = ["-".to_owned()];
    let names = if names.is_empty() { &stdin_alone } else { names };
    if names.iter().filter(|name| *name == "-").count() > 1 {
        bail!("standard input can be read once only: give `-` a single time");
    }
    let mut inputs = Vec::new();
    let mut problems = Vec::new();
    for name in names {
        let (input, mut found) = read(name)?;
        inputs.push(input);
        problems.append(&mut found);
    }
    if inputs.iter().all(|input| input.text.trim().is_empty()) {
        if let Some(problem) = problems.first() {
            bail!("{}: {}", names.join(", "), problem.message);
        }
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        bail!("{} holds no text: give the program's output or a log", names.join(", "));
    }
    Ok((inputs, problems))
}

/// Reads one file, or standard input for `-`.
fn read(name: &str) -> anyhow::Result<(RawInput, Vec<Problem>)> {
    if is_link(name) {
        bail!(
            "{name} is a link, and links are not read yet: \
             save what the page shows into a file and give that"
        );
    }
    let (shown, bytes) = match name {
        "-" => ("stdin", bounded(io::stdin().lock()).context("standard input can't be read")?),
        path => (path, file(path)?),
    };
    let (bytes, cut) = bytes;
    let (input, mut problems) = RawInput::decode(shown, &bytes);
    if cut {
        let mib = MAX_BYTES >> 20;
        let text = format!("only the first {mib} MiB were read; cut the file around the incident");
        problems.push(Problem::warning(text).at(shown, None));
    }
    Ok((input, problems))
}

fn file(path: &str) -> anyhow::Result<(Vec<u8>, bool)> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = match opened {
        Ok(opened) => opened,
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            bail!("{path} does not exist: check the name, or give `-` to read standard input")
        }
        Err(err) => return Err(err).with_context(|| format!("{path} can't be opened")),
    };
    if metadata.is_dir() {
        bail!(
            "{path} is a folder: name the files with the trace or the log; \
             the source tree is given by --workspace"
        );
    }
    bounded(file).with_context(|| format!("{path} can't be read"))
}

/// Reads up to the limit; the flag says that there was more.
fn bounded(reader: impl Read) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let limit = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    let cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok((bytes, cut))
}

fn is_link(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}
