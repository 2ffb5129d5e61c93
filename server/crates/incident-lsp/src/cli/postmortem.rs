//! `incident-lsp postmortem`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::report::postmortem::{self, Facts};
use incident_host::{clock, retrospect};

use super::args::PostmortemArgs;
use super::{DONE, Outcome, explain, output, trust};

/// Drafts the post-mortem, or makes the generated parts of an earlier draft anew.
pub(super) fn run(args: &PostmortemArgs) -> Outcome {
    let root = explain::root(&args.workspace)?;
    let folders = trust::folders()?;
    let known = retrospect::recall(&folders, &root, &args.incident, clock::now())?;
    let facts = Facts {
        report: &known.report,
        attempts: &known.attempts,
        confirmed: known.confirmed.as_deref(),
        now: known.now,
    };
    let nothing = || format!("nothing is kept of incident {}; explain it again", args.incident);
    let Some(file) = &args.out else {
        output::print(&postmortem::draft(&facts).with_context(nothing)?)?;
        return Ok(ExitCode::from(DONE));
    };
    let (page, done) = match std::fs::read_to_string(file) {
        Ok(page) => (postmortem::refresh(&page, &facts), "made its generated parts anew"),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            (postmortem::draft(&facts), "drafted")
        }
        Err(err) => bail!("{} could not be read: {err}", file.display()),
    };
    write(file, &page.with_context(nothing)?)?;
    output::print(&format!("{}: {done}\n", file.display()))?;
    Ok(ExitCode::from(DONE))
}

/// Writes in one step, so that no reader and no crash meets half a page.
fn write(file: &Path, page: &str) -> anyhow::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("{} could not be written", file.display());
    let mut temporary = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    std::io::Write::write_all(&mut temporary, page.as_bytes()).with_context(failed)?;
    // A draft is for the team: it gets the rights that any new file gets, or keeps those it has.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).map_or(0o644, |it| it.permissions().mode());
        let _ = temporary.as_file().set_permissions(std::fs::Permissions::from_mode(mode));
    }
    temporary.persist(file).with_context(failed)?;
    Ok(())
}
