//! What is known beforehand of well-known tools: which there are, how their flags are spelled, and
//! where an inner program's words begin.

/// Tools whose flags are checked. `--help` is asked of none but these.
const KNOWN: &[&str] = &[
    "apt",
    "apt-get",
    "awk",
    "aws",
    "base64",
    "cargo",
    "cat",
    "chmod",
    "chown",
    "cp",
    "curl",
    "cut",
    "date",
    "dd",
    "df",
    "diff",
    "dig",
    "dmesg",
    "docker",
    "du",
    "env",
    "find",
    "free",
    "gh",
    "git",
    "go",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "helm",
    "htop",
    "iostat",
    "ip",
    "iptables",
    "journalctl",
    "jq",
    "kill",
    "kubectl",
    "ln",
    "ls",
    "lsof",
    "make",
    "mkdir",
    "mount",
    "mv",
    "mysql",
    "mysqldump",
    "nc",
    "netstat",
    "nice",
    "npm",
    "nproc",
    "nsenter",
    "openssl",
    "perf",
    "pg_dump",
    "pg_restore",
    "pgrep",
    "ping",
    "pip",
    "pip3",
    "pkill",
    "pnpm",
    "podman",
    "ps",
    "psql",
    "readlink",
    "redis-cli",
    "rg",
    "rm",
    "rmdir",
    "rsync",
    "scp",
    "sed",
    "seq",
    "sort",
    "split",
    "sqlite3",
    "ss",
    "ssh",
    "stat",
    "strace",
    "sysctl",
    "systemctl",
    "tail",
    "tar",
    "tcpdump",
    "tee",
    "terraform",
    "timeout",
    "top",
    "touch",
    "tr",
    "umount",
    "uname",
    "uniq",
    "unzip",
    "uptime",
    "vmstat",
    "watch",
    "wc",
    "wget",
    "xargs",
    "xz",
    "yarn",
    "zip",
    "zstd",
];

/// Says whether a tool's flags are checked at all.
pub fn is_known_tool(tool: &str) -> bool {
    KNOWN.contains(&tool)
}

/// Returns the names of the manual pages that together list a tool's or subcommand's flags.
pub fn page_names(tool: &str, subcommand: &[String]) -> Vec<String> {
    match (tool, subcommand) {
        ("pip3", rest) => page_names("pip", rest),
        // Clippy is `check` with fixes, and takes the flags of both.
        ("cargo", [only]) if only == "clippy" => {
            vec!["cargo-check".to_owned(), "cargo-fix".to_owned()]
        }
        ("cargo", [only]) if matches!(only.as_str(), "b" | "c" | "t" | "r" | "d") => {
            let long = match only.as_str() {
                "b" => "build",
                "c" => "check",
                "t" => "test",
                "r" => "run",
                _ => "doc",
            };
            vec![format!("cargo-{long}")]
        }
        (_, []) => vec![tool.to_owned()],
        (_, rest) => vec![format!("{tool}-{}", rest.join("-"))],
    }
}

/// How a tool is asked for its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelpCall {
    /// Arguments after the subcommand.
    pub args: &'static [&'static str],
    /// The answer leaves flags out.
    pub is_partial: bool,
    /// A second call whose answer belongs to every subcommand.
    pub shared: Option<&'static str>,
}

/// Returns how `tool` may be asked for its help; `None` for those that are never started.
pub fn help_call(tool: &str) -> Option<HelpCall> {
    let whole = |args: &'static [&'static str]| HelpCall { args, is_partial: false, shared: None };
    let partial = |args: &'static [&'static str]| HelpCall { args, is_partial: true, shared: None };
    Some(match tool {
        "docker" | "podman" | "helm" | "gh" | "psql" | "pg_dump" | "pg_restore" | "grep"
        | "sort" | "df" | "du" | "ls" | "head" | "tail" | "wc" | "uniq" | "cut" | "date"
        | "xargs" | "make" | "ss" | "tar" | "sed" | "journalctl" | "systemctl" | "rg"
        | "strace" | "rsync" | "wget" | "cp" | "mv" | "stat" | "tee" | "timeout" | "free"
        | "uname" | "seq" | "split" => whole(&["--help"]),
        "curl" => whole(&["--help", "all"]),
        "kubectl" => HelpCall { args: &["--help"], is_partial: false, shared: Some("options") },
        "git" => partial(&["-h"]),
        "npm" | "jq" | "ps" | "top" | "lsof" | "find" | "redis-cli" => partial(&["--help"]),
        "terraform" => partial(&["-help"]),
        _ => return None,
    })
}

/// Flags that a page of `page_names` does not list.
pub fn extra_flags(tool: &str, subcommand: &[String]) -> &'static [&'static str] {
    match (tool, subcommand) {
        ("cargo", [only]) if only == "clippy" => &["--no-deps", "--explain", "--fix"],
        // Of old, and still taken: the package was a flag once.
        ("cargo", [only]) if only == "update" => &["-p", "--package"],
        _ => &[],
    }
}

/// Says whether the first operand names a command of the tool.
pub(super) fn has_subcommands(tool: &str) -> bool {
    matches!(
        tool,
        "cargo"
            | "git"
            | "docker"
            | "podman"
            | "kubectl"
            | "npm"
            | "pnpm"
            | "yarn"
            | "pip"
            | "pip3"
            | "systemctl"
            | "apt"
            | "apt-get"
            | "terraform"
            | "helm"
            | "go"
            | "gh"
            | "aws"
            | "ip"
            | "openssl"
            | "perf"
    )
}

/// Says whether all subcommands stand on the tool's own page.
pub(super) fn shares_one_page(tool: &str) -> bool {
    matches!(tool, "systemctl" | "apt" | "apt-get" | "ip" | "pip" | "pip3")
}

/// Says whether a command that the tool does not list may still be one.
pub(super) fn allows_plugins(tool: &str) -> bool {
    matches!(tool, "cargo" | "git" | "docker" | "kubectl" | "npm" | "yarn" | "pnpm" | "gh" | "helm")
}

/// Says whether one of the tool's flags before the subcommand takes the next word.
pub(super) fn takes_value(tool: &str, flag: &str) -> bool {
    let flags: &[&str] = match tool {
        "git" => &["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"],
        "cargo" => &["-C", "-Z", "--config", "--color", "--manifest-path"],
        "docker" | "podman" => {
            &["-H", "--host", "-c", "--context", "-l", "--log-level", "--config"]
        }
        "kubectl" => &[
            "-n",
            "--namespace",
            "--context",
            "--cluster",
            "--kubeconfig",
            "-s",
            "--server",
            "--user",
            "--token",
            "--as",
            "--request-timeout",
            "-v",
        ],
        "systemctl" => &["-H", "--host", "-M", "--machine", "-n", "--lines", "-p", "-t", "--type"],
        "helm" => &["-n", "--namespace", "--kube-context", "--kubeconfig"],
        "npm" | "pnpm" | "yarn" => &["--prefix", "-C", "--cwd", "--dir", "-w", "--workspace"],
        "terraform" => &[],
        _ => &[],
    };
    flags.contains(&flag)
}

/// Says whether the first operand begins another program's words.
pub(super) fn stops_at_operand(tool: &str, subcommand: &[String]) -> bool {
    match tool {
        "xargs" | "env" | "nice" | "timeout" | "strace" | "watch" | "ssh" | "nsenter" | "perf" => {
            true
        }
        "docker" | "podman" => subcommand
            .last()
            .is_some_and(|last| matches!(last.as_str(), "run" | "exec" | "create" | "compose")),
        "kubectl" => subcommand.last().is_some_and(|last| last == "exec"),
        "npm" | "pnpm" | "yarn" => true,
        "cargo" => subcommand.last().is_some_and(|last| last == "run"),
        "go" => subcommand.last().is_some_and(|last| last == "run" || last == "test"),
        _ => false,
    }
}

/// Says whether long flags have one dash: `-maxdepth`.
pub(super) fn has_single_dash_words(tool: &str) -> bool {
    matches!(tool, "find" | "terraform" | "go" | "openssl")
}

/// Says whether a long flag may be cut short where that stays clear, as `getopt_long` does it.
pub(super) fn may_abbreviate(tool: &str) -> bool {
    !matches!(
        tool,
        "cargo"
            | "docker"
            | "podman"
            | "kubectl"
            | "npm"
            | "pnpm"
            | "yarn"
            | "terraform"
            | "helm"
            | "go"
            | "gh"
            | "find"
            | "jq"
            | "rg"
    )
}

/// Says whether every one-letter flag is listed on its own, and several may share a dash.
pub(super) fn has_plain_shorts(tool: &str) -> bool {
    matches!(
        tool,
        "cargo"
            | "docker"
            | "kubectl"
            | "grep"
            | "sort"
            | "xargs"
            | "df"
            | "du"
            | "wc"
            | "uniq"
            | "curl"
            | "psql"
            | "ss"
            | "rg"
            | "journalctl"
            | "ls"
            | "cp"
            | "mv"
            | "rm"
            | "mkdir"
            | "cut"
            | "tee"
            | "wget"
            | "systemctl"
            | "rsync"
    )
}

/// Says whether a word can name a subcommand.
pub(super) fn is_plain_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 40
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
}
