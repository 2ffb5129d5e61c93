//! Inputs as given on the command line: files and standard input.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use anyhow::bail;
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_host::input::{load_all, load_file, load_reader};
use incident_host::links;
use incident_host::logs::expand;

/// How much the files of a folder or a pattern may hold together: their text is kept.
const MAX_SEVERAL_BYTES: u64 = 256 << 20;

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
        let (read, mut found) = read_parts(name)?;
        inputs.extend(read);
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

/// Returns `names` with folders and patterns among them replaced by the files that they mean.
pub(super) fn expanded(names: &[String]) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for name in names {
        let path = Path::new(name);
        let is_pattern = !path.exists() && name.contains(['*', '?', '[', '{']);
        if links::is_link(name) || !(path.is_dir() || is_pattern) {
            files.push(name.clone());
            continue;
        }
        let mut problems = Vec::new();
        let found = expand(std::slice::from_ref(name), &mut problems);
        if let Some(problem) = problems.first() {
            bail!("{}", problem.message);
        }
        let n_bytes: u64 = found.iter().filter_map(|it| Some(it.metadata().ok()?.len())).sum();
        if n_bytes > MAX_SEVERAL_BYTES {
            bail!(
                "{name} means {} files of {} MiB together, more than is explained at once: \
                 group them with `logs`, or name the ones that matter",
                found.len(),
                n_bytes >> 20
            );
        }
        files.extend(found.into_iter().filter_map(|it| it.into_os_string().into_string().ok()));
    }
    Ok(files)
}

/// Reads one file, or standard input for `-`; of an archive the texts in it.
pub(super) fn read_parts(name: &str) -> anyhow::Result<(Vec<RawInput>, Vec<Problem>)> {
    match name {
        "-" => read(name).map(|(input, problems)| (vec![input], problems)),
        _ => Ok(load_all(file(name)?)?),
    }
}

/// Reads one file, or standard input for `-`.
pub(super) fn read(name: &str) -> anyhow::Result<(RawInput, Vec<Problem>)> {
    match name {
        "-" => Ok(load_reader("stdin", io::stdin().lock())?),
        _ => Ok(load_file(file(name)?)?),
    }
}

/// Returns the file of that name, or says what else the name looks like.
fn file(name: &str) -> anyhow::Result<&Path> {
    if links::is_link(name) {
        bail!(
            "{name} is a link, and only `explain` reads links: \
             save what the page shows into a file and give that"
        );
    }
    let path = Path::new(name);
    if !path.exists() {
        bail!("{name} does not exist: check the name, or give `-` to read standard input");
    }
    Ok(path)
}
