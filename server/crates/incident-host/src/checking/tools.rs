//! What installed tools say about themselves: manual pages, and the help of a fixed list of tools
//! that lie in system folders.
//!
//! A tool that is asked runs in an empty folder that is its home too, with nothing of our
//! environment, without network, for a short time. Nothing of a checked text reaches it: a
//! subcommand is passed on only after the tool's own list has named it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use incident_core::cancel::Cancel;
use incident_core::check::OtherPart;
use incident_core::check::shell::{
    CheckedShell, HelpCall, ToolHelp, ToolQuery, ToolWorld, check_shell, extra_flags, help_call,
    is_known_tool, page_names, read_help, read_man,
};

use crate::command::{Environment, Limits, Program};
use crate::workspace::Workspace;

/// Only root writes here.
const SYSTEM_FOLDERS: &[&str] =
    &["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
/// Packed and unpacked pages larger than this are left out.
const MAX_PAGE_BYTES: u64 = 4 << 20;
/// How long a tool may take to print its help.
const HELP_TIME: Duration = Duration::from_secs(4);
/// Rounds of asking: a tool, its subcommand, the subcommand's own.
const MAX_ROUNDS: usize = 6;

/// What was read of tools so far.
#[derive(Debug, Default)]
pub(super) struct Tools {
    known: ToolWorld,
}

impl Tools {
    /// Checks the commands of one part, reading what is asked for.
    pub(super) fn check(
        &mut self,
        workspace: &Workspace,
        sysroots: &[PathBuf],
        part: &OtherPart,
        cancel: &Cancel,
    ) -> CheckedShell {
        let mut checked = CheckedShell::default();
        for _round in 0..MAX_ROUNDS {
            checked = check_shell(part, &self.known);
            if checked.wanted.is_empty() || cancel.is_cancelled() {
                break;
            }
            for query in std::mem::take(&mut checked.wanted) {
                let finder = Finder { workspace, sysroots, cancel };
                let found = finder.read(&query, &self.known);
                self.known.insert(query, found);
            }
        }
        checked
    }
}

struct Finder<'a> {
    workspace: &'a Workspace,
    sysroots: &'a [PathBuf],
    cancel: &'a Cancel,
}

impl Finder<'_> {
    fn read(&self, query: &ToolQuery, known: &ToolWorld) -> Result<ToolHelp, String> {
        let tool = query.tool.as_str();
        if !is_known_tool(tool) {
            return Err(format!("the flags of `{tool}` are not looked up"));
        }
        let outside = [self.workspace.root().to_owned()];
        let program = Program::find(tool, self.workspace.environment(), &outside)
            .map_err(|_| format!("`{tool}` is not installed here"))?;
        let mut found: Option<ToolHelp> = None;
        let mut add = |help: ToolHelp| match &mut found {
            Some(known) => known.merge(help),
            None => found = Some(help),
        };
        for page in page_names(tool, &query.subcommand) {
            if let Some(help) = self.page(tool, &program, &page) {
                add(help);
            }
        }
        if tool == "cargo" && query.subcommand.is_empty() {
            self.cargo_commands().into_iter().for_each(&mut add);
        }
        // A subcommand comes from its parent's list, never from the text.
        let parent = ToolQuery {
            tool: tool.to_owned(),
            subcommand: query
                .subcommand
                .split_last()
                .map(|(_, rest)| rest.to_vec())
                .unwrap_or_default(),
        };
        let is_listed = query.subcommand.last().is_none_or(|last| {
            let parent = known.get(&parent).and_then(|found| found.as_ref().ok());
            parent.is_some_and(|parent| parent.subcommands.contains(last))
        });
        if let Some(call) = help_call(tool)
            && is_listed
            && is_of_the_system(program.path())
        {
            self.help(&program, query, call).into_iter().for_each(&mut add);
        }
        let Some(mut help) = found else {
            return Err(format!("no manual page or help of `{query}` is at hand"));
        };
        for flag in extra_flags(tool, &query.subcommand) {
            help.add(flag, incident_core::check::shell::Takes::Unknown);
        }
        Ok(help)
    }

    /// Reads the manual page that was installed with the program.
    fn page(&self, tool: &str, program: &Program, page: &str) -> Option<ToolHelp> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !page.bytes().all(is_plain) {
            return None;
        }
        let roots = match tool {
            "cargo" => self.sysroots.iter().map(|root| root.join("share/man")).collect(),
            _ => pages_beside(program.path()),
        };
        for root in roots {
            for section in ["1", "8"] {
                let folder = root.join(format!("man{section}"));
                for ending in [format!("{section}.gz"), section.to_owned()] {
                    let path = folder.join(format!("{page}.{ending}"));
                    if let Some(text) = read_page(&path) {
                        // `.so man1/other.1` stands for the whole of another page.
                        let text = match text.trim().strip_prefix(".so ") {
                            Some(other) if !other.contains("..") && !other.contains('\n') => {
                                let other = root.join(other.trim());
                                read_page(&other)
                                    .or_else(|| {
                                        read_page(&PathBuf::from(format!("{}.gz", other.display())))
                                    })
                                    .unwrap_or_default()
                            }
                            _ => text,
                        };
                        return Some(read_man(&text, &format!("{page}({section})")));
                    }
                }
            }
        }
        None
    }

    /// Lists cargo's commands by its manual pages.
    fn cargo_commands(&self) -> Option<ToolHelp> {
        let root =
            self.sysroots.iter().map(|root| root.join("share/man/man1")).find(|it| it.is_dir())?;
        let mut help = ToolHelp { lists_subcommands: true, ..ToolHelp::default() };
        for entry in std::fs::read_dir(root).ok()?.flatten().take(500) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let command = name.strip_prefix("cargo-").and_then(|rest| rest.split_once('.'));
            help.subcommands.extend(command.map(|(command, _)| command.to_owned()));
        }
        help.subcommands.extend(["b", "c", "t", "r", "d", "clippy", "fmt"].map(str::to_owned));
        Some(help)
    }

    /// Asks the tool itself.
    fn help(&self, program: &Program, query: &ToolQuery, call: HelpCall) -> Option<ToolHelp> {
        let mut args: Vec<&str> = query.subcommand.iter().map(String::as_str).collect();
        args.extend(call.args);
        let text = self.say(program, &args)?;
        let source = format!("`{query} {}`", call.args.join(" "));
        let mut help = read_help(&text, &source);
        if let Some(shared) = call.shared
            && !query.subcommand.is_empty()
            && let Some(text) = self.say(program, &[shared])
        {
            help.merge(read_help(&text, ""));
        }
        help.is_partial = call.is_partial;
        Some(help)
    }

    fn say(&self, program: &Program, args: &[&str]) -> Option<String> {
        let empty = tempfile::Builder::new().prefix("incident-help-").tempdir().ok()?;
        let path = program.path().to_string_lossy().into_owned();
        let unshare = Program::find(
            "unshare",
            self.workspace.environment(),
            &[self.workspace.root().to_owned()],
        )
        .ok()
        .filter(|unshare| is_of_the_system(unshare.path()))?;
        let nothing = Environment::default().with("PATH", "/usr/bin:/bin");
        let command = unshare
            .command(empty.path(), &nothing, &[])
            .args(["--map-root-user", "--net", "--", path.as_str()])
            .args(args)
            .env("HOME", empty.path())
            .env("COLUMNS", "200")
            .env("TERM", "dumb")
            .env("PAGER", "cat")
            .limits(Limits { time: HELP_TIME, output: 2 << 20 });
        let output = command.run(self.cancel).ok()?;
        // Some print their help as an error, as git does.
        let said = if output.stdout.len() > 40 { output.stdout } else { output.stderr };
        (said.len() > 40).then(|| String::from_utf8_lossy(&said).into_owned())
    }
}

/// Says whether a program and what it links to lie where only root writes.
fn is_of_the_system(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new(""));
    let real = std::fs::canonicalize(path);
    SYSTEM_FOLDERS.iter().any(|known| folder == Path::new(known))
        && real
            .is_ok_and(|real| ["/usr", "/bin", "/sbin"].iter().any(|root| real.starts_with(root)))
}

/// Returns the folders of manual pages of the installation that a program belongs to: pages of
/// another version lie elsewhere.
fn pages_beside(program: &Path) -> Vec<PathBuf> {
    let Some(folder) = program.parent() else { return Vec::new() };
    match folder.to_str() {
        Some("/bin" | "/sbin") => vec![PathBuf::from("/usr/share/man")],
        _ if is_of_the_system(program) => {
            folder.parent().map(|root| root.join("share/man")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn read_page(path: &Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let limited = file.take(MAX_PAGE_BYTES);
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::GzDecoder::new(limited).take(MAX_PAGE_BYTES).read_to_end(&mut bytes).ok()?;
    } else {
        let mut limited = limited;
        limited.read_to_end(&mut bytes).ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
