//! Standard output and standard error: colour on a terminal only, quiet on a broken pipe.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use incident_core::neutral;
use incident_core::report::styled::{Role, Styled};

/// Prints `text`; its escape sequences, if any, are ours and are dropped where nobody reads them.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::BufWriter::new(anstream::stdout());
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints text that may hold something from outside: what a terminal would obey is spelled out.
pub(super) fn print_plain(text: &str) -> io::Result<()> {
    print(&neutral::block(text))
}

/// Prints a report in colour where standard output is a terminal and `NO_COLOR` is not set.
pub(super) fn print_styled(report: &Styled) -> io::Result<()> {
    print(&ansi(report))
}

/// Says on standard error what failed, in one line.
pub(super) fn error(err: &anyhow::Error) {
    let red = AnsiColor::Red.on_default().bold();
    let sentence = format!("{err:#}");
    let line = format!("{red}error{red:#}: {}\n", neutral::one_line(&sentence));
    // Where standard error is closed there is nobody left to tell.
    let _ = anstream::stderr().write_all(line.as_bytes());
}

/// Says something beside the answer on standard error, in one line.
pub(super) fn note(words: &str) {
    let line = format!("{}\n", neutral::one_line(words));
    let _ = anstream::stderr().write_all(line.as_bytes());
}

/// Says whether the reader of our output has left: the usual end of `| head`.
pub(super) fn is_broken_pipe(err: &anyhow::Error) -> bool {
    err.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|err| err.kind() == io::ErrorKind::BrokenPipe)
    })
}

fn ansi(report: &Styled) -> String {
    let mut text = String::new();
    for (role, piece) in report.pieces() {
        let style = style(role);
        text.push_str(&format!("{style}{piece}{style:#}"));
    }
    text
}

fn style(role: Role) -> Style {
    match role {
        Role::Plain => Style::new(),
        Role::Headline => AnsiColor::Red.on_default().bold(),
        Role::Heading => AnsiColor::Blue.on_default().bold(),
        Role::Strong => Style::new().bold(),
        Role::Place => AnsiColor::Cyan.on_default(),
        Role::Dim => Style::new().dimmed(),
        Role::Alarm => AnsiColor::Red.on_default().bold(),
        Role::Doubt => AnsiColor::Yellow.on_default(),
        Role::Command => AnsiColor::Green.on_default(),
        Role::Added => AnsiColor::Green.on_default(),
        Role::Removed => AnsiColor::Red.on_default(),
    }
}
