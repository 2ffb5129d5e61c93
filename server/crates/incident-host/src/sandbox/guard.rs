//! The production guard: a command that proves a fix is not pointed at anybody's real service.
//!
//! Looks at what the command would read: its own words, the variables that it is given, and the
//! settings files that its words name. Every endpoint in there must be the loopback or be listed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::message::plain;
use crate::source;

/// The largest settings file that is looked at, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// How the name of a settings file ends.
const SETTINGS: &[&str] =
    &[".toml", ".yaml", ".yml", ".json", ".env", ".ini", ".conf", ".cfg", ".properties"];

/// Names of settings whose whole value is a host.
const HOST_NAMES: &[&str] =
    &["host", "hostname", "hosts", "addr", "address", "endpoint", "server", "broker", "upstream"];

/// An endpoint that is neither the loopback nor listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The host.
    pub host: String,
    /// Where it stands, for a person: a variable, a file, the command.
    pub place: String,
}

/// What a command would read.
#[derive(Clone, Copy, Debug)]
pub struct Reads<'a> {
    /// The command's name in the settings, for messages.
    pub name: &'a str,
    /// Program and arguments.
    pub words: &'a [String],
    /// The variables that it is given.
    pub variables: &'a [(String, String)],
    /// Where it runs.
    pub dir: &'a Path,
}

/// Returns the endpoints that a command would reach and must not, each once.
pub fn foreign_endpoints(reads: Reads<'_>, allowed: &[String]) -> Vec<Endpoint> {
    let mut found = BTreeSet::new();
    let mut put = |hosts: Vec<String>, place: &str| {
        let foreign = hosts.into_iter().filter(|host| !is_fine(host, allowed));
        found.extend(foreign.map(|host| Endpoint { host: plain(&host), place: plain(place) }));
    };
    let command = format!("`fix.{}`", reads.name);
    put(hosts_in(&reads.words.join("\n")), &command);
    for (name, value) in reads.variables {
        put(hosts_in(&format!("{name}={value}")), &format!("the variable {name}"));
    }
    for word in reads.words {
        let path = word.rsplit_once('=').map_or(word.as_str(), |(_, path)| path);
        let is_settings = SETTINGS.iter().any(|ending| path.ends_with(ending));
        if !is_settings {
            continue;
        }
        // A file elsewhere is read by nobody for us, nor is one that is not there.
        if let Ok((text, _)) = source::read_text(reads.dir, path, MAX_FILE) {
            put(hosts_in(&text), path);
        }
    }
    found.into_iter().collect()
}

fn is_fine(host: &str, allowed: &[String]) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let is_loopback = host.is_empty()
        || host == "localhost"
        || host.ends_with(".localhost")
        || host == "0.0.0.0"
        || host == "::"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback
        || allowed.iter().any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            match allowed.strip_prefix("*.") {
                Some(domain) => host.strip_suffix(domain).is_some_and(|it| it.ends_with('.')),
                None => host == allowed,
            }
        })
}

/// Finds the hosts in a text: of addresses with a scheme, of `host:port`, and of settings whose
/// name says that their value is a host.
fn hosts_in(text: &str) -> Vec<String> {
    let mut hosts = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with(['#', ';']) || line.starts_with("//") {
            continue;
        }
        hosts.extend(named_host(line));
        for token in line.split(|c: char| c.is_whitespace() || "\"'`,;<>(){}|=".contains(c)) {
            hosts.extend(host_of(token));
        }
    }
    hosts
}

/// `host = "db.example.com"`, `DB_HOST=db`, `upstream: billing.internal`.
fn named_host(line: &str) -> Option<String> {
    let at = line.find(['=', ':'])?;
    let (name, value) = line.split_at_checked(at)?;
    let name = name.trim().trim_matches(['"', '\'']).trim_start_matches("export ");
    let last = name.rsplit(['_', '.', '-']).next().unwrap_or(name).to_ascii_lowercase();
    if !HOST_NAMES.contains(&last.as_str()) {
        return None;
    }
    let value = value.get(1..)?.trim().trim_end_matches(',').trim_matches(['"', '\'']);
    let host = value.split([':', '/']).next().unwrap_or(value);
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && host.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !matches!(host, "true" | "false" | "null" | "none");
    is_host.then(|| host.to_owned()).or_else(|| {
        // An address in digits counts too; a bare number does not.
        value.parse::<std::net::IpAddr>().ok().map(|address| address.to_string())
    })
}

fn host_of(token: &str) -> Option<String> {
    if let Some((scheme, rest)) = token.split_once("://") {
        if scheme.ends_with("file") || scheme.ends_with("unix") {
            return None;
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or(address),
            None => host.split(':').next().unwrap_or(host),
        };
        return Some(host.to_owned());
    }
    let (host, port) = token.rsplit_once(':')?;
    let is_port = (2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = host.contains('.')
        && !host.contains('/')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    // `main.rs:120` is a place in a file.
    let is_file = [".rs", ".js", ".ts", ".py", ".go", ".java", ".toml", ".json", ".md"]
        .iter()
        .any(|ending| host.ends_with(ending));
    (is_port && is_name && !is_file).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Reads, foreign_endpoints, hosts_in};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(hosts_in(text), expected, "{text}");
    }

    #[test]
    fn hosts_are_found_however_they_stand() {
        check(
            "DATABASE_URL=postgres://app:pw@db.prod.example.com:5432/app",
            &["db.prod.example.com"],
        );
        check("curl -s http://[::1]:80/x https://api.example.com", &["::1", "api.example.com"]);
        check("upstream = \"billing.internal:443\"", &["billing.internal", "billing.internal"]);
        check("DB_HOST=primary", &["primary"]);
        check("\"redis_host\": \"10.1.2.3\",", &["10.1.2.3"]);
        check("  # host = \"commented.example.com\"", &[]);
        check("ratio: 12:30\nsrc/main.rs:120:4\nmain.rs:120\nhost = true\nname = \"x\"", &[]);
        check("unix:///run/db.sock", &[]);
    }

    #[test]
    fn only_the_loopback_and_what_is_listed_pass() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("load.yaml"), "target: https://prod.example.com\n").unwrap();
        let found = |words: &[&str], variable: &str, allowed: &[&str]| -> Vec<String> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
            let variables = [("TARGET".to_owned(), variable.to_owned())];
            let reads =
                Reads { name: "load", words: &words, variables: &variables, dir: dir.path() };
            let endpoints = foreign_endpoints(reads, &allowed);
            endpoints.into_iter().map(|it| format!("{} in {}", it.host, it.place)).collect()
        };
        let none: [&str; 0] = [];
        assert_eq!(found(&["oha", "http://127.0.0.1:80/"], "localhost:8080", &none), none);
        assert_eq!(
            found(&["oha"], "http://a.example.com", &none),
            ["a.example.com in the variable TARGET"]
        );
        assert_eq!(found(&["oha"], "http://a.example.com", &["*.example.com"]), none);
        assert_eq!(found(&["oha"], "http://example.com", &["*.example.com"]).len(), 1);
        assert_eq!(
            found(&["k6", "--config=load.yaml"], "", &none),
            ["prod.example.com in load.yaml"]
        );
        assert_eq!(found(&["k6", "../load.yaml"], "", &none), none);
    }
}
