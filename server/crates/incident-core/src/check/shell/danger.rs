//! Commands that destroy data or change what others rely on. The list is short on purpose: each
//! entry is one that a person would want to read twice before pressing Enter.

use super::commands::{Command, base_name};

/// Returns why `command` is dangerous, as a sentence.
pub(super) fn of(command: &Command) -> Option<String> {
    let program = base_name(command.words.first()?.text.as_deref()?);
    let args: Vec<&str> = command.args().collect();
    let words: Vec<&str> = args.iter().copied().filter(|arg| !arg.starts_with('-')).collect();
    let has = |names: &[&str]| {
        args.iter().any(|arg| {
            names.contains(arg)
                || names.iter().any(|name| {
                    name.starts_with("--")
                        && arg.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
                })
        })
    };
    let has_letter = |letter: char| {
        args.iter()
            .any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter))
    };
    let is_dry =
        has(&["--dry-run", "-n", "--dry-run=client", "--dry-run=server", "--help", "--check"]);
    let first = words.first().copied().unwrap_or_default();
    let second = words.get(1).copied().unwrap_or_default();
    let why = match program {
        "rm" if has_letter('r') || has_letter('R') || has(&["--recursive"]) => {
            "deletes a whole tree"
        }
        "dd" if args.iter().any(|arg| arg.starts_with("of=/dev/")) => "overwrites a device",
        "mkfs" | "wipefs" | "fdisk" | "sgdisk" | "parted" => "changes a disk",
        _ if program.starts_with("mkfs.") => "overwrites a disk",
        "shred" => "destroys files beyond recovery",
        "truncate" if has(&["-s", "--size"]) || has_letter('s') => "cuts files",
        "find" if has(&["-delete"]) => "deletes every file it finds",
        "find" if has(&["-exec", "-execdir"]) && args.contains(&"rm") => {
            "deletes every file it finds"
        }
        "xargs" if words.contains(&"rm") => "deletes what its input names",
        "chmod" | "chown" if has_letter('R') || has(&["--recursive"]) => {
            "changes the rights of a whole tree"
        }
        "kill" | "pkill" | "killall"
            if has(&["-9", "-KILL", "-SIGKILL"]) || (program != "kill" && !words.is_empty()) =>
        {
            "ends processes without letting them finish"
        }
        "reboot" | "shutdown" | "poweroff" | "halt" => "takes the machine down",
        "systemctl" if matches!(first, "stop" | "disable" | "mask" | "reboot" | "kill") => {
            "interrupts a service"
        }
        "iptables" | "nft" if has(&["-F", "--flush"]) || first == "flush" => "drops firewall rules",
        "sysctl" if has(&["-w", "--write"]) => "changes a kernel setting",
        "git" => return git(first, second, &args, is_dry).map(|why| sentence(program, why)),
        "kubectl" | "oc" if !is_dry => match first {
            "delete" => "deletes objects of a cluster",
            "drain" | "cordon" | "taint" => "takes a node out of a cluster",
            "apply" | "replace" | "patch" | "edit" | "scale" | "set" | "create" | "annotate"
            | "label" | "autoscale" => "changes a cluster",
            "rollout" if matches!(second, "restart" | "undo" | "pause") => "changes a cluster",
            _ => return None,
        },
        "helm" if !is_dry => match first {
            "uninstall" | "delete" => "removes a release from a cluster",
            "upgrade" | "install" | "rollback" => "changes a cluster",
            _ => return None,
        },
        "terraform" | "tofu" | "pulumi" => match first {
            "destroy" => "destroys infrastructure",
            "apply" | "import" | "taint" | "up" => "changes infrastructure",
            "state" if matches!(second, "rm" | "mv" | "push") => "changes the shared state",
            "force-unlock" => "breaks a lock that somebody may hold",
            _ => return None,
        },
        "docker" | "podman" | "nerdctl" => match (first, second) {
            ("system" | "volume" | "image" | "container" | "network" | "builder", "prune")
            | ("volume" | "network" | "image", "rm")
            | ("rmi", _) => "deletes images or data",
            ("rm", _) => "deletes containers",
            ("kill" | "stop", _) => "interrupts containers",
            ("compose", "down") => "takes services down",
            ("push", _) => "publishes an image",
            _ => return None,
        },
        "aws" | "gcloud" | "az" => match args.iter().find(|arg| {
            ["delete", "terminate", "remove", "destroy", "purge"]
                .iter()
                .any(|verb| arg.starts_with(verb))
                || **arg == "rm"
                || **arg == "rb"
        }) {
            Some(_) if !is_dry => "deletes resources of a cloud account",
            _ => return None,
        },
        "redis-cli" | "valkey-cli" => {
            let upper = words.iter().map(|word| word.to_ascii_uppercase()).collect::<Vec<_>>();
            match upper.iter().find(|word| {
                matches!(word.as_str(), "FLUSHALL" | "FLUSHDB" | "SHUTDOWN" | "DEL" | "UNLINK")
            }) {
                Some(_) => "deletes keys or stops the server",
                None => return None,
            }
        }
        "psql" | "mysql" | "mariadb" | "sqlite3" | "clickhouse-client" | "clickhouse"
        | "mysqladmin" | "mongosh" | "cqlsh" => {
            let texts = args.iter().copied().chain([command.heredoc.as_str()]);
            return texts.filter_map(sql).next().map(|why| sentence(program, why));
        }
        "dropdb" | "dropuser" => "drops a database or a user",
        "pg_restore" if has(&["--clean", "-c"]) => "drops what it restores over",
        "npm" | "cargo" | "yarn" | "pnpm" if matches!(first, "publish" | "unpublish" | "yank") => {
            if is_dry {
                return None;
            }
            "changes what everybody installs"
        }
        "crontab" if has(&["-r"]) => "deletes all timed jobs",
        "kafka-topics" | "kafka-topics.sh" if has(&["--delete"]) => "deletes topics",
        "rsync" if has(&["--delete", "--delete-after", "--delete-before"]) && !is_dry => {
            "deletes files at its target"
        }
        "curl" | "wget" => {
            let method = args.windows(2).find_map(|pair| match pair {
                [flag, method] if matches!(*flag, "-X" | "--request") => Some(*method),
                _ => None,
            });
            let method = method.or_else(|| args.iter().find_map(|arg| arg.strip_prefix("-X")));
            match method {
                Some("DELETE") => "asks a server to delete",
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(sentence(program, why))
}

fn sentence(program: &str, why: &str) -> String {
    format!("`{program}` {why} here; read it twice, and know how to undo it")
}

fn git(first: &str, second: &str, args: &[&str], is_dry: bool) -> Option<&'static str> {
    let has = |names: &[&str]| args.iter().any(|arg| names.contains(arg));
    let forced = has(&["--force", "-f", "--mirror", "--delete", "-d"])
        || args.iter().any(|arg| arg.starts_with("--force-with-lease") || arg.starts_with('+'));
    match first {
        "push" if forced && !is_dry => Some("rewrites or deletes what others have fetched"),
        "reset" if has(&["--hard", "--merge"]) => Some("throws uncommitted work away"),
        "clean" if !is_dry && args.iter().any(|arg| arg.starts_with('-') && arg.contains('f')) => {
            Some("deletes files that git does not keep")
        }
        "checkout" | "restore" if has(&["--", ".", "-f", "--force"]) && !has(&["--staged"]) => {
            Some("throws uncommitted work away")
        }
        "branch" if has(&["-D"]) => Some("deletes a branch that may not be merged"),
        "stash" if matches!(second, "drop" | "clear") => Some("deletes stashed work"),
        "filter-branch" | "filter-repo" => Some("rewrites history"),
        "reflog" if second == "expire" => Some("forgets how to undo"),
        _ => None,
    }
}

/// Returns what is dangerous in SQL, if it is SQL.
fn sql(text: &str) -> Option<&'static str> {
    let upper = text.to_ascii_uppercase();
    for statement in upper.split(';') {
        let words: Vec<&str> = statement.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let rest = words.get(at + 1..).unwrap_or_default();
            let next = rest.first().copied().unwrap_or_default();
            match *word {
                "DROP"
                    if matches!(
                        next,
                        "TABLE"
                            | "DATABASE"
                            | "SCHEMA"
                            | "INDEX"
                            | "COLUMN"
                            | "VIEW"
                            | "USER"
                            | "ROLE"
                    ) =>
                {
                    return Some("drops a part of a database");
                }
                "TRUNCATE" => return Some("empties a table"),
                "DELETE" if next == "FROM" && !rest.contains(&"WHERE") => {
                    return Some("deletes every row of a table");
                }
                "UPDATE" if rest.contains(&"SET") && !rest.contains(&"WHERE") => {
                    return Some("changes every row of a table");
                }
                "ALTER" if matches!(next, "TABLE" | "SYSTEM" | "DATABASE" | "ROLE" | "USER") => {
                    return Some("changes a database's structure or settings");
                }
                "VACUUM" if next.starts_with("FULL") => return Some("locks a table"),
                "PG_TERMINATE_BACKEND" => return Some("ends other sessions"),
                _ if word.starts_with("PG_TERMINATE_BACKEND(") => {
                    return Some("ends other sessions");
                }
                _ => {}
            }
        }
    }
    upper.contains("DROPDATABASE(").then_some("drops a database")
}
