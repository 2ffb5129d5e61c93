//! What error codes mean: errno and Node names, HTTP, gRPC, SQLSTATE, TLS alerts, exit codes and
//! signals. Offline, as data (`codes.txt`), and sure enough to contradict a wrong explanation.
//!
//! A sentence is contradicted only where it *defines* a code ("ECONNREFUSED means that the DNS
//! lookup failed") and speaks of nothing that the code stands for. A cause ("503 because the
//! database was slow") is no definition, and what is not understood is left alone.

mod meaning;
mod mention;

use std::sync::LazyLock;

pub use meaning::{WrongMeaning, references, wrong_meanings};
pub use mention::{CodeMention, find};

/// Where a code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// A system call's error.
    Errno,
    /// An error of Node.js or of the TLS library in it.
    Node,
    /// A status of HTTP.
    Http,
    /// A status of gRPC.
    Grpc,
    /// An SQLSTATE, as PostgreSQL uses it.
    Sql,
    /// An alert of TLS.
    Tls,
    /// The status with which a process ended.
    Exit,
    /// A signal.
    Signal,
}

/// One code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// Where it comes from.
    pub family: Family,
    /// `ECONNREFUSED`, `Bad Gateway`, `40P01`, `exit 137`.
    pub name: &'static str,
    /// Its number, where it has one.
    pub number: Option<u32>,
    /// What it means, in a few words of our own.
    pub meaning: &'static str,
    /// What an explanation of it may speak of, the main topic first.
    topics: Vec<&'static str>,
}

static CODES: LazyLock<Vec<ErrorCode>> =
    LazyLock::new(|| include_str!("codes.txt").lines().filter_map(parse).collect());

impl Family {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "errno" => Self::Errno,
            "node" => Self::Node,
            "http" => Self::Http,
            "grpc" => Self::Grpc,
            "sql" => Self::Sql,
            "tls" => Self::Tls,
            "exit" => Self::Exit,
            "signal" => Self::Signal,
            _ => return None,
        })
    }

    /// Returns what it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Errno => "errno",
            Self::Node => "Node.js",
            Self::Http => "HTTP",
            Self::Grpc => "gRPC",
            Self::Sql => "SQLSTATE",
            Self::Tls => "TLS alert",
            Self::Exit => "exit status",
            Self::Signal => "signal",
        }
    }

    /// Returns the document that defines its codes.
    pub fn source(self) -> &'static str {
        match self {
            Self::Errno => "POSIX.1-2024, errno.h; Linux numbers",
            Self::Node => "Node.js documentation, Errors and TLS",
            Self::Http => "RFC 9110 and its relatives",
            Self::Grpc => "gRPC documentation, Status codes",
            Self::Sql => "PostgreSQL documentation, appendix A",
            Self::Tls => "RFC 8446, section 6",
            Self::Exit => "Bash reference, Exit Status; sysexits(3)",
            Self::Signal => "POSIX.1-2024, signal.h; Linux numbers",
        }
    }
}

impl ErrorCode {
    /// Returns one line: what it is and what it means.
    pub fn line(&self) -> String {
        let number = match (self.family, self.number) {
            (Family::Exit, _) | (_, None) => String::new(),
            (_, Some(number)) => format!(" {number}"),
        };
        match self.family {
            Family::Exit => format!("{} - {}", self.name, self.meaning),
            family => format!("{}{number} {} - {}", family.label(), self.name, self.meaning),
        }
    }
}

/// Returns every code that goes by `name`: a name in any case, a number, `exit 137`, `SIGKILL`.
pub fn lookup(name: &str) -> Vec<&'static ErrorCode> {
    let name = name.trim();
    let number: Option<u32> = name.parse().ok();
    CODES
        .iter()
        .filter(|code| {
            let named = code.name.eq_ignore_ascii_case(name);
            // A five-digit number is an SQLSTATE and stands as a name.
            named || (number.is_some() && code.number == number && name.len() <= 3)
        })
        .collect()
}

fn by_name(name: &str) -> Option<&'static ErrorCode> {
    CODES.iter().find(|code| code.name == name)
}

fn by_number(family: Family, number: u32) -> Option<&'static ErrorCode> {
    CODES.iter().find(|code| code.family == family && code.number == Some(number))
}

fn parse(line: &'static str) -> Option<ErrorCode> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = line.split('|').map(str::trim);
    Some(ErrorCode {
        family: Family::from_word(fields.next()?)?,
        name: fields.next()?,
        number: fields.next()?.parse().ok(),
        topics: fields.next()?.split_whitespace().collect(),
        meaning: fields.next()?,
    })
}

#[cfg(test)]
mod tests;
