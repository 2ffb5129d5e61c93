//! `incident-lsp explain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::input::RawInput;
use incident_core::present::{DiagnosticSeverity, Explanation, present};
use incident_core::problem::Problem;
use incident_core::report;
use incident_core::report::text::Typed;
use incident_host::binary::Binary;
use incident_host::pipeline::{self, ExplainOptions, ModelOptions, ModelRequest, Update};
use incident_host::workspace::Workspace;

use super::args::{ExplainArgs, FailOn, ReportFormat, WorkspaceArgs};
use super::{DONE, FINDINGS, Outcome, command_line, input, job, links, output, sample};

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Outcome {
    let names = input::expanded(&args.inputs)?;
    let (inputs, problems, root) = if args.sample {
        let root = job::run(|cancel, stages| {
            stages.begin("Unpacking the sample");
            sample::unpack(cancel)
        })??;
        (vec![sample::input()], Vec::new(), root)
    } else {
        let root = root(&args.workspace)?;
        let (inputs, problems) = links::read_all(&names, &root, &args.allow_host)?;
        (inputs, problems, root)
    };
    let options = ExplainOptions {
        deployed: args.deployed.clone(),
        since: args.since.clone(),
        store: !args.no_store && !args.show_prompt,
        binary: args.binary.clone().map(|file| Binary { file, maps: args.maps.clone() }),
        model: model_options(args),
        whole_logs: names.iter().map(PathBuf::from).filter(|path| is_cut(path)).collect(),
    };
    let (explanation, requests) = explain(inputs, problems, &root, options)?;
    if args.show_prompt {
        return show_requests(&requests, &explanation);
    }
    print(&explanation, args, &root)?;
    let found = present(&explanation).diagnostics.iter().any(|diagnostic| match args.fail_on {
        FailOn::Never => false,
        FailOn::Warning => diagnostic.severity == DiagnosticSeverity::Warning,
        FailOn::Note => true,
    });
    Ok(ExitCode::from(if found { FINDINGS } else { DONE }))
}

/// Says whether a file is larger than what is loaded of it.
fn is_cut(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.len() > incident_host::input::MAX_INPUT_BYTES as u64)
}

fn explain(
    inputs: Vec<RawInput>,
    problems: Vec<Problem>,
    root: &Path,
    options: ExplainOptions,
) -> anyhow::Result<(Explanation, Vec<ModelRequest>)> {
    let workspace = Workspace::open(root);
    let (mut explanation, requests) = job::run(move |cancel, stages| {
        let mut requests = Vec::new();
        let explanation =
            pipeline::explain(inputs, &workspace, &options, cancel, &mut |update| match update {
                Update::Stage(stage) => stages.begin(stage),
                Update::Request(request) => requests.push(*request),
                Update::Partial(_) => {}
            });
        (explanation, requests)
    })?;
    explanation.problems.splice(0..0, problems);
    Ok((explanation, requests))
}

/// Returns how the model is asked, where the person asked for one.
fn model_options(args: &ExplainArgs) -> Option<ModelOptions> {
    Some(ModelOptions {
        model: args.model.clone()?,
        url: args.model_url.clone(),
        focus: args.focus.clone(),
        show_only: args.show_prompt,
    })
}

/// Prints the exact bytes that would be sent; where to and how much goes to standard error.
fn show_requests(requests: &[ModelRequest], explanation: &Explanation) -> Outcome {
    for request in requests {
        output::note(&format!(
            "incident {}: {} bytes, about {} tokens, would go to {} (prompt {})",
            request.incident,
            request.body.len(),
            request.n_tokens,
            request.target,
            request.hash.get(..12).unwrap_or_default()
        ));
        if !request.left_out.is_empty() {
            output::note(&format!("left out for length: {}", request.left_out.join(", ")));
        }
        output::print(&format!("{}\n", String::from_utf8_lossy(&request.body)))?;
    }
    if requests.is_empty() {
        let why = explanation.problems.iter().map(|it| it.message.as_str());
        bail!("nothing would be sent: {}", why.collect::<Vec<_>>().join("; "));
    }
    Ok(ExitCode::from(DONE))
}

fn print(explanation: &Explanation, args: &ExplainArgs, root: &Path) -> std::io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    match args.format {
        ReportFormat::Text => {
            output::print_styled(&report::text::explain(explanation, &typed(args, root)))
        }
        ReportFormat::Json => {
            output::print(&report::json::to_string(&report::json::explain(explanation)))
        }
        ReportFormat::Markdown => output::print(&report::markdown::explain(explanation)),
        ReportFormat::Sarif => output::print(&report::sarif::explain(explanation, version)),
    }
}

/// Returns the commands that fit this run, without what only shapes the output.
fn typed(args: &ExplainArgs, root: &Path) -> Typed {
    let mut words = vec!["incident-lsp", "explain"];
    if args.sample {
        words.push("--sample");
    }
    if args.inputs.is_empty() && !args.sample {
        words.push("-");
    }
    words.extend(args.inputs.iter().map(String::as_str));
    words.extend(args.allow_host.iter().flat_map(|host| ["--allow-host", host]));
    let workspace = args.workspace.workspace.as_ref().map(|dir| dir.to_string_lossy());
    if let Some(workspace) = &workspace {
        words.extend(["--workspace", workspace]);
    }
    let is_here = std::env::current_dir().is_ok_and(|current| current.starts_with(root));
    let root = root.to_string_lossy();
    let git = if is_here { vec!["git"] } else { vec!["git", "-C", &root] };
    let fix: Vec<&str> = match is_here {
        true => vec!["incident-lsp", "fix"],
        false => vec!["incident-lsp", "fix", "--workspace", &root],
    };
    Typed {
        explain: command_line::join(words),
        fix: (!args.no_store).then(|| command_line::join(fix)),
        git: command_line::join(git),
    }
}

/// Returns the source tree: the one that was named, else the repository around the current folder,
/// else the current folder.
pub(super) fn root(args: &WorkspaceArgs) -> anyhow::Result<PathBuf> {
    if let Some(named) = &args.workspace {
        if !named.is_dir() {
            let named = named.display();
            bail!("{named} is not a folder: name the root of the source tree");
        }
        return std::path::absolute(named).context("the workspace has no absolute path");
    }
    let current = std::env::current_dir()
        .context("the current folder is gone or not readable: go to the source tree first")?;
    let marks = [".incident.toml", ".git"];
    let is_root = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).exists());
    Ok(current.ancestors().find(is_root).unwrap_or(&current).to_owned())
}
