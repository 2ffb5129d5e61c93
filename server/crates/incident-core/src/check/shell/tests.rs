use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::check::{Language, SnippetKind, parse_snippet};

const GREP: &str = r#"
.TH GREP 1
.BR \-i ", " \-\^\-ignore\-case
Ignore case.
.BI \-A " NUM" "\fR,\fP \-\^\-after\-context=" NUM
Print NUM lines.
.BR \-r ", " \-\^\-recursive
"#;

const DOCKER: &str = "Usage:  docker [OPTIONS] COMMAND\n\nCommon Commands:\n  run         Create and run\n  ps          List containers\n\nOptions:\n      --config string   Location\n  -D, --debug           Debug\n";

const DOCKER_RUN: &str = "Usage:  docker run [OPTIONS] IMAGE\n\nOptions:\n      --memory bytes   Memory limit\n      --rm             Remove\n  -e, --env list       Set variables\n  -d, --detach         Background\n";

fn world() -> ToolWorld {
    let query = |words: &str| {
        let mut words = words.split(' ').map(str::to_owned);
        ToolQuery { tool: words.next().unwrap(), subcommand: words.collect() }
    };
    [
        ("grep", Ok(read_man(GREP, "grep(1)"))),
        ("docker", Ok(read_help(DOCKER, "`docker --help`"))),
        ("docker run", Ok(read_help(DOCKER_RUN, "`docker run --help`"))),
        ("docker runn", Err("not listed".to_owned())),
        ("kubectl", Err("`kubectl` is not installed here".to_owned())),
        ("kubectl delete", Err("`kubectl` is not installed here".to_owned())),
        ("kubectl get", Err("`kubectl` is not installed here".to_owned())),
    ]
    .map(|(name, help)| (query(name), help))
    .into()
}

fn check(text: &str, expected: Expect) {
    check_kind(text, SnippetKind::Code(Language::Shell), expected);
}

fn check_kind(text: &str, kind: SnippetKind, expected: Expect) {
    let snippet = parse_snippet(text, kind);
    let mut shown = String::new();
    for part in snippet.others() {
        let checked = check_shell(part, &world());
        for one in &checked.references {
            let (verdict, api) = (one.verdict.as_str(), &one.api);
            write!(shown, "{}:{} {api} {verdict}", one.line, one.column).unwrap();
            if one.verdict != Verdict::Exists {
                write!(shown, ": {}", one.reason).unwrap();
            }
            if !one.suggestions.is_empty() {
                write!(shown, " -> {}", one.suggestions.join(", ")).unwrap();
            }
            shown.push('\n');
        }
        for wanted in &checked.wanted {
            writeln!(shown, "wants {wanted}").unwrap();
        }
    }
    expected.assert_eq(&shown);
}

#[test]
fn flags_of_a_manual_page() {
    check(
        "cat x | grep --ignore-case -r --json 'a b' \"$DIR\"\ngrep --recurs -A 3 x\n",
        expect![[r#"
            1:9 grep exists
            1:14 --ignore-case exists
            1:28 -r exists
            1:31 --json missing: grep(1) does not list `--json`
            2:1 grep exists
            2:6 --recurs exists
            2:15 -A exists
            wants cat
        "#]],
    );
}

#[test]
fn what_an_inner_program_is_given_is_not_the_tools() {
    check(
        "docker run --rm --memory 64m alpine ls --fast\nsudo docker run --memroy 1g x\n",
        expect![[r#"
            1:1 docker exists
            1:8 docker run exists
            1:12 --rm exists
            1:17 --memory exists
            2:6 docker exists
            2:13 docker run exists
            2:17 --memroy missing: `docker run --help` does not list `--memroy` -> --memory
        "#]],
    );
}

#[test]
fn a_command_that_may_be_a_plugin_is_unknown() {
    check(
        "docker runn --x\n",
        expect![[r#"
            1:1 docker exists
            1:8 docker runn unknown: `docker --help` does not list `runn`; it may be an alias or a plug-in
        "#]],
    );
}

#[test]
fn what_destroys_is_called_out_without_any_tool_at_hand() {
    check(
        "kubectl delete pod x\nsudo rm -rf /var/lib/x\ngit push --force origin main\n\
         psql -c 'DROP TABLE users'\npsql -c 'select 1'\nkubectl get pods\n\
         kubectl delete pod x --dry-run=client\nterraform destroy\n",
        expect![[r#"
            1:1 kubectl unknown: `kubectl` is not installed here
            1:1 kubectl delete pod x dangerous_command: `kubectl` deletes objects of a cluster here; read it twice, and know how to undo it
            1:9 kubectl delete unknown: `kubectl` is not installed here
            2:6 rm -rf /var/lib/x dangerous_command: `rm` deletes a whole tree here; read it twice, and know how to undo it
            3:1 git push --force origin main dangerous_command: `git` rewrites or deletes what others have fetched here; read it twice, and know how to undo it
            4:1 psql -c 'DROP TABLE users' dangerous_command: `psql` drops a part of a database here; read it twice, and know how to undo it
            6:1 kubectl unknown: `kubectl` is not installed here
            6:9 kubectl get unknown: `kubectl` is not installed here
            7:1 kubectl unknown: `kubectl` is not installed here
            7:9 kubectl delete unknown: `kubectl` is not installed here
            7:22 --dry-run unknown: `kubectl` is not installed here
            8:1 terraform destroy dangerous_command: `terraform` destroys infrastructure here; read it twice, and know how to undo it
            wants git
            wants psql
            wants rm
            wants terraform
        "#]],
    );
}

#[test]
fn fences_of_shell_are_checked_in_place() {
    check_kind(
        "Try:\n\n```console\n$ grep --json x\n```\n",
        SnippetKind::Markdown,
        expect![[r#"
            4:3 grep exists
            4:8 --json missing: grep(1) does not list `--json`
        "#]],
    );
}

#[test]
fn damaged_text_is_survived() {
    for text in ["", "\0\0", "grep '", "$(((((", "grep --", "a | | b", "\u{feff}rm -", "<<EOF"] {
        let snippet = parse_snippet(text, SnippetKind::Code(Language::Shell));
        snippet.others().iter().for_each(|part| drop(check_shell(part, &world())));
    }
    let deep = "$(".repeat(20_000);
    let snippet = parse_snippet(&deep, SnippetKind::Code(Language::Shell));
    snippet.others().iter().for_each(|part| drop(check_shell(part, &world())));
}
