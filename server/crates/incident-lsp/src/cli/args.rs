//! The arguments, as `--help` shows them. Each one does something.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Ties stack traces and logs from production to this source tree: what failed, which change did
/// it, and what to do.
///
/// Without a command it is a language server on standard input and output. Nothing leaves the
/// machine, and the working tree is never changed.
#[derive(Debug, Parser)]
#[command(name = "incident-lsp", version, disable_help_subcommand = true)]
#[command(after_help = "Try it: incident-lsp explain --sample")]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Explain a stack trace or a log: where, since which commit, why, and a fix.
    Explain(ExplainArgs),
    /// List what changed between the last good state and the deployed one, settings by their keys.
    Changes(ChangesArgs),
    /// Group a log's records, the severe and frequent ones first.
    Logs(LogsArgs),
    /// Hold the APIs in a file, a snippet or a diff against the versions in the lock file.
    Check(CheckArgs),
    /// Say in words what works here and what does not.
    Doctor {
        /// Write a commented `.incident.toml`; one that is there stays as it is.
        #[arg(long)]
        init: bool,
        #[command(flatten)]
        workspace: WorkspaceArgs,
    },
    /// Open a fix on a branch of its own, in a worktree beside the tree.
    Fix(FixArgs),
    /// Draft the post-mortem of a kept incident, as Markdown.
    Postmortem(PostmortemArgs),
    /// Trust a source tree: cargo and configured commands may run there.
    Trust {
        /// The root of the tree; by default the repository around the current folder.
        dir: Option<PathBuf>,
        /// Take the trust back.
        #[arg(long)]
        remove: bool,
        /// List the trusted trees.
        #[arg(long, conflicts_with_all = ["dir", "remove"])]
        list: bool,
    },
    /// Remove kept incidents, and with `--all` the caches too.
    Forget {
        /// The incident's id, of this source tree.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        incident: Option<String>,
        /// Every incident of every source tree, and all that was cached.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        workspace: WorkspaceArgs,
    },
    /// Serve an editor on standard input and output.
    Serve {
        /// Standard input and output, the only transport; editors pass it by habit.
        #[arg(long)]
        stdio: bool,
    },
    /// Serve a coding agent on standard input and output, with tools that only read: explain,
    /// suspects, logs, check.
    Mcp(McpArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Explain a diagnostic code, an error code or a command.
    Help {
        /// A code (`crash-site`), an error code (`ECONNREFUSED`, `137`, `40P01`) or a command
        /// (`explain`); without one, codes and commands are listed.
        topic: Option<String>,
    },
}

#[derive(ClapArgs, Debug)]
pub(super) struct PostmortemArgs {
    /// The incident's id, as `explain` prints it.
    pub(super) incident: String,
    /// Write it to this file instead of printing it. In one that is there already, only the parts
    /// between the marks of an earlier draft are made anew.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct McpArgs {
    /// A folder outside the source tree whose files the agent may have read, such as one of logs.
    #[arg(long, value_name = "DIR")]
    pub(super) allow_dir: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct ExplainArgs {
    /// Files with traces and logs, or links to them (an issue of Sentry, Bugsink or GitHub, a gist,
    /// a failed run of Actions, an incident of PagerDuty, a page of Notion, a text), or
    /// `query:NAME` of `[links.queries]`; `-` is standard input, also read when piped and none is
    /// given.
    #[arg(value_name = "INPUT", conflicts_with = "sample")]
    pub(super) inputs: Vec<String>,
    /// Ask this host for a link, for this time; hosts in `[links.hosts]` of .incident.toml need it
    /// not.
    #[arg(long, value_name = "HOST")]
    pub(super) allow_host: Vec<String>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
    /// The commit, tag or branch that ran when it happened.
    #[arg(long, value_name = "REV")]
    pub(super) deployed: Option<String>,
    /// The last good revision or time: older commits are no suspects.
    #[arg(long, value_name = "REV|TIME")]
    pub(super) since: Option<String>,
    /// The program's file from before it was stripped, or one with its debug information: names the
    /// addresses of a trace without symbols.
    #[arg(long, value_name = "FILE")]
    pub(super) binary: Option<PathBuf>,
    /// The memory map of the process (/proc/PID/maps), where the addresses alone do not tell where
    /// the program was loaded.
    #[arg(long, value_name = "FILE", requires = "binary")]
    pub(super) maps: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(super) format: ReportFormat,
    /// End with status 1 when something at least this serious was found.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Never)]
    pub(super) fail_on: FailOn,
    /// Ask this model too: gemini, openai, anthropic or ollama with a model's name, or
    /// `configured`. Secrets are taken out before anything is sent.
    #[arg(long, value_name = "PROVIDER[/NAME]")]
    pub(super) model: Option<String>,
    /// The address of the model's server, with the API's version.
    #[arg(long, value_name = "URL", requires = "model")]
    pub(super) model_url: Option<String>,
    /// Print exactly what would be sent to the model, and send nothing.
    #[arg(long, requires = "model")]
    pub(super) show_prompt: bool,
    /// Your own suspicion, for the model.
    #[arg(long, value_name = "TEXT", requires = "model")]
    pub(super) focus: Option<String>,
    /// Do not keep the explained incident in the state folder.
    #[arg(long)]
    pub(super) no_store: bool,
    /// Explain a built-in incident, from any folder.
    #[arg(long, conflicts_with = "workspace")]
    pub(super) sample: bool,
}

#[derive(ClapArgs, Debug)]
pub(super) struct ChangesArgs {
    /// Logs to hold the changes against; `-` is standard input.
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<String>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
    /// The commit, tag or branch that ran; by default HEAD.
    #[arg(long, value_name = "REV")]
    pub(super) deployed: Option<String>,
    /// The last good revision or time; by default the release before.
    #[arg(long, value_name = "REV|TIME")]
    pub(super) since: Option<String>,
    /// Compare two states of a settings file, a manifest or a lock file by key.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
    pub(super) changed: Vec<String>,
    /// The output of the last build that was good: of CI, cargo, npm, pip or docker.
    #[arg(long, value_name = "FILE", requires = "build")]
    pub(super) last_good_build: Option<String>,
    /// The output of the build that is deployed: toolchain, base image, packages, warnings and flags
    /// are compared.
    #[arg(long, value_name = "FILE", requires = "last_good_build")]
    pub(super) build: Option<String>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

#[derive(ClapArgs, Debug)]
pub(super) struct FixArgs {
    /// The incident's id, as `explain` prints it.
    #[arg(required_unless_present_any = ["patch", "list", "clean"])]
    pub(super) incident: Option<String>,
    /// Which hypothesis' fix, from 1.
    #[arg(value_name = "N", default_value_t = 1)]
    pub(super) number: u32,
    /// Take a suspect commit of the incident back instead.
    #[arg(long, value_name = "REV", requires = "incident")]
    pub(super) revert: Option<String>,
    /// Put a later commit, such as one that `explain` calls a fix, on top of the deployed one instead.
    #[arg(long, value_name = "REV", requires = "incident", conflicts_with = "revert")]
    pub(super) backport: Option<String>,
    /// Open the patch in this file; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["incident", "revert"])]
    pub(super) patch: Option<String>,
    /// Run the check, test and load commands without and with the fix, and judge; the source tree
    /// must be trusted.
    #[arg(long)]
    pub(super) verify: bool,
    /// What to print of a verification.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
    /// Print what the scratch worktree changes, as a diff.
    #[arg(long, requires = "incident", conflicts_with_all = ["revert", "verify"])]
    pub(super) diff: bool,
    /// Print a draft of the pull request, with what was measured.
    #[arg(long, requires = "incident", conflicts_with_all = ["revert", "verify", "diff"])]
    pub(super) pull_request: bool,
    /// Remember that this fix mended the incident, once it ran.
    #[arg(long, requires = "incident", conflicts_with_all = ["revert", "verify"])]
    pub(super) worked: bool,
    /// Remember that it did not: the claim behind it is out.
    #[arg(long, requires = "incident", conflicts_with_all = ["revert", "verify", "worked"])]
    pub(super) failed: bool,
    /// Take back what was said last about the incident.
    #[arg(long, requires = "incident", conflicts_with_all = ["revert", "verify", "worked", "failed"])]
    pub(super) undo: bool,
    /// Open a patch that changes a file which runs by itself (build scripts, CI, hooks); named for
    /// each such file of the patch.
    #[arg(long, value_name = "PATH")]
    pub(super) allow: Vec<String>,
    /// List the open scratch worktrees.
    #[arg(long, conflicts_with_all = ["incident", "patch", "verify", "clean"])]
    pub(super) list: bool,
    /// Remove the scratch worktrees in which nobody has worked.
    #[arg(long, conflicts_with_all = ["incident", "patch", "verify"])]
    pub(super) clean: bool,
    /// Remove the others too, with the work in them.
    #[arg(long, requires = "clean")]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
}

#[derive(ClapArgs, Debug)]
pub(super) struct WorkspaceArgs {
    /// The source tree; by default the repository around the current folder.
    #[arg(long, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
}

#[derive(ClapArgs, Debug)]
pub(super) struct LogsArgs {
    /// Log files, folders of them, or patterns (`'pods/*.log'`), also packed with gzip or zstd;
    /// `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<String>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
    /// When the change went out: RFC 3339, `14:05`, or words ("14:00 fine, 14:05 failing"); without
    /// it the log itself is asked.
    #[arg(long, value_name = "TIME")]
    pub(super) deploy_at: Option<String>,
    /// The zone of time stamps that name none: `+02:00`, `Europe/Berlin`; by default UTC.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(super) tz: Option<String>,
    /// Group warnings and worse alone: faster, for very large logs.
    #[arg(long)]
    pub(super) severe: bool,
    /// Go on as lines arrive, also when the file is rotated or cut; Ctrl-C ends it.
    #[arg(long, short)]
    pub(super) follow: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

#[derive(ClapArgs, Debug)]
pub(super) struct CheckArgs {
    /// A source file, a unified diff or Markdown; `-` is standard input, also read when piped.
    pub(super) file: Option<String>,
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgs,
    /// How to read it; by default its name and its text tell.
    #[arg(long, value_enum)]
    pub(super) language: Option<CheckLanguage>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
    /// End with status 1 when something at least this serious was found.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub(super) fail_on: FailOn,
}

/// What `check` can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckLanguage {
    /// Rust code, whole files or parts.
    Rust,
    /// JavaScript.
    Javascript,
    /// TypeScript.
    Typescript,
    /// Python.
    Python,
    /// Shell commands.
    Shell,
    /// A unified diff: the lines that it adds.
    Diff,
    /// Text with fenced code.
    Markdown,
}

impl CheckLanguage {
    /// Returns the name that the checker knows.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Javascript => "javascript",
            Self::Typescript => "typescript",
            Self::Python => "python",
            Self::Shell => "shell",
            Self::Diff => "diff",
            Self::Markdown => "markdown",
        }
    }
}

/// Formats of a full report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For a terminal.
    Text,
    /// For scripts, schema version 1.
    Json,
    /// For an issue, a chat or a pull request.
    Markdown,
    /// For code hosts and other tools, SARIF 2.1.0.
    Sarif,
}

/// Formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DataFormat {
    /// For a terminal.
    Text,
    /// For scripts, schema version 1.
    Json,
}

/// From which finding on the exit status is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Whatever is found, the status is 0.
    Never,
    /// Something certain: a crash site in the workspace, a name that is proved wrong.
    Warning,
    /// A claim, or something that could not be told, too.
    Note,
}
