//! `.incident.toml`: the settings of a workspace. Every key has a default; no file is no problem.
//!
//! The file belongs to the repository, so it is as trusted as the repository is: in an untrusted
//! root its commands are ignored, and the person is told.

mod fix;
mod links;
mod model;
mod places;

use std::path::Path;

use incident_core::problem::Problem;

pub use self::fix::FixSettings;
use self::fix::Taken;
use self::places::{Places, line_at};
use crate::links::LinkSettings;
use crate::message::plain;
use crate::model::ModelSettings;
use crate::source::{self, ReadError};

/// The file's name, at the root of the workspace.
pub const FILE: &str = ".incident.toml";

/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// A file with every key commented out, as `doctor --init` writes it.
pub const TEMPLATE: &str = "\
# Settings of incident-lsp for this workspace. Every key is optional; what stands here is the default.

[deploy]
# What runs in production, as a revision of this repository: a branch, a tag, a commit. Without it
# the deployed commit is read from the text (versions, commit ids) or inferred from the frames.
# revision = \"origin/production\"

[history]
# How many commits are looked at where neither --since nor a release before bounds them.
# max_commits = 300

[runbooks]
# Folders of Markdown with runbooks and post-mortems, relative to this file. The default is every
# folder called runbooks, playbooks, postmortems or incidents.
# folders = [\"docs/runbooks\"]

[fix]
# The command that checks a fix in its scratch worktree, as a list or as words without quotes. It
# runs only in a trusted tree (`incident-lsp trust`). The default fits the files that are there.
# check = [\"cargo\", \"check\", \"--offline\", \"--workspace\"]
# The command that runs the tests; like the check it runs on the base first, then on the fix.
# test = [\"cargo\", \"test\", \"--offline\", \"--workspace\", \"--no-fail-fast\"]
# A command that puts the program under load and prints figures: oha, wrk, k6, autocannon, hyperfine,
# or one line of JSON { \"requests\", \"errors\", \"per_second\", \"latency_ms\": { \"p50\", \"p99\" } }.
# INCIDENT_LOAD_RATE and INCIDENT_LOAD_CONCURRENCY tell it the incident's load. No default.
# load = [\"tests/load.sh\"]
# load_rate = 200
# load_concurrency = 32
# How often the load runs on each side; fewer than four can't tell a difference from luck.
# repeats = 5
# How long each command may take, in seconds, and how much memory all its processes may use.
# check_timeout_s = 1800
# test_timeout_s = 1800
# load_timeout_s = 1800
# memory_mib = 8192
# The commands have no network but a loopback of their own; true gives them yours.
# network = false
# Endpoints besides the loopback that a command may be pointed at; `*.` stands for subdomains.
# hosts = []
# Variables of your environment, by name, and a file of NAME=value lines, for the commands.
# env = []
# env_file = \".env.test\"

[model]
# A model is asked only where a person asks for it (`explain --model configured`). In an untrusted
# tree this section is ignored.
# provider = \"gemini\"  # or openai (any server with /chat/completions), anthropic, ollama
# name = \"gemini-2.5-flash\"
# The address, with the API's version.
# base_url = \"https://generativelanguage.googleapis.com/v1beta\"
# The environment variable that holds the key. Never the key itself.
# key_env = \"GEMINI_API_KEY\"
# Further roots, in PEM form, for a company's proxy.
# ca_file = \"/etc/ssl/company.pem\"
# Tokens for prompt and answer, tokens for the answer, seconds for one answer.
# window = 16000
# max_answer = 2000
# timeout_s = 180

[links]
# A link is asked only where a person gives it. In an untrusted tree this section is ignored.
# Seconds for one request, MiB for all answers to one link, and further roots, in PEM form.
# timeout_s = 30
# max_mib = 64
# ca_file = \"/etc/ssl/company.pem\"
# Every host that may be asked has a section of its own. sentry.io, github.com, pagerduty.com and
# notion.so are known; another host says what answers there (sentry, bugsink, github, pagerduty,
# notion, text), and which environment variable holds its token. Never the token itself.
# [links.hosts.\"sentry.example.com\"]
# kind = \"sentry\"
# token_env = \"SENTRY_AUTH_TOKEN\"
# The base address of the API, where it is not the host itself.
# api = \"https://sentry.example.com\"
# The host may have a private address; it may be asked without TLS.
# private = false
# http = false
# A query is an input of its own: `explain query:errors`. {start} and {end} are times (RFC 3339);
# {start_s}, {end_s}, {start_ns} and {end_ns} are seconds and nanoseconds since 1970.
# [links.queries.errors]
# url = \"https://prometheus.example.com/api/v1/query_range?query=up&start={start}&end={end}&step=30\"
# minutes = 60
";

/// Sections that are part of the file's format and that nothing reads yet.
const NOT_YET: &[&str] = &["service", "trace", "logs", "limits"];

/// The settings of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `deploy.revision`: what runs in production.
    pub deployed_revision: Option<String>,
    /// `history.max_commits`: how many commits are looked at where nothing bounds them.
    pub max_commits: Option<usize>,
    /// `[fix]`: what proves a fix.
    pub fix: FixSettings,
    /// `runbooks.folders`: where runbooks and post-mortems are, relative to the root; none means
    /// folders of the usual names.
    pub runbook_folders: Vec<String>,
    /// The section `model`; empty in an untrusted root.
    pub model: ModelSettings,
    /// The section `links`; empty in an untrusted root.
    pub links: LinkSettings,
}

/// Reads the settings of the workspace at `root`. What can't be used is a problem, and the default
/// holds.
pub fn read(root: &Path, is_trusted: bool) -> (Config, Vec<Problem>) {
    match source::read_text(root, FILE, MAX_BYTES) {
        Ok((text, problem)) => {
            let (config, mut problems) = parse(&text, is_trusted);
            problems.extend(problem);
            (config, problems)
        }
        Err(ReadError::Missing { .. }) => (Config::default(), Vec::new()),
        Err(err) => {
            let told = format!("the settings can't be read, so the defaults hold: {err}");
            (Config::default(), vec![Problem::warning(told).at(FILE, None)])
        }
    }
}

fn parse(text: &str, is_trusted: bool) -> (Config, Vec<Problem>) {
    let mut reader =
        Reader { places: Places::of(text), config: Config::default(), problems: Vec::new() };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(err) => {
            let line = err.span().map(|span| line_at(text, span.start));
            let told =
                format!("the settings are no TOML, so the defaults hold: {}", plain(err.message()));
            return (reader.config, vec![Problem::warning(told).at(FILE, line)]);
        }
    };
    for (section, value) in &table {
        match (section.as_str(), value) {
            ("deploy" | "history" | "fix" | "runbooks", toml::Value::Table(keys)) => {
                for (key, value) in keys {
                    reader.key(section, key, value, is_trusted);
                }
            }
            ("model", toml::Value::Table(keys)) => reader.model(keys, is_trusted),
            ("links", toml::Value::Table(keys)) => reader.links(keys, is_trusted),
            (name, _) if NOT_YET.contains(&name) => {
                reader.say(&[section], format!("`{name}` is not used yet by this version"));
            }
            _ => {
                reader
                    .say(&[section], format!("`{}` is no section of the settings", plain(section)));
            }
        }
    }
    (reader.config, reader.problems)
}

struct Reader<'a> {
    places: Places<'a>,
    config: Config,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn model(&mut self, keys: &toml::Table, is_trusted: bool) {
        if !is_trusted {
            self.config.model.was_ignored = true;
            let told = "`model` says where this incident may be sent and this tree is not trusted, \
                        so it is ignored; `incident-lsp trust` allows it";
            self.say(&["model"], told.to_owned());
            return;
        }
        for (key, value) in keys {
            match model::key(&mut self.config.model, key, value) {
                Some(true) => {}
                Some(false) => self.say(
                    &["model", key],
                    format!("`model.{key}` has a value that does not fit; see doctor --init"),
                ),
                None => self.say(
                    &["model", key],
                    format!("`model.{}` is no key of the settings", plain(key)),
                ),
            }
        }
    }

    fn links(&mut self, keys: &toml::Table, is_trusted: bool) {
        if !is_trusted {
            self.config.links.was_ignored = true;
            let told = "`links` says which hosts may be asked and this tree is not trusted, so it \
                        is ignored; `incident-lsp trust` allows it";
            self.say(&["links"], told.to_owned());
            return;
        }
        for told in links::read(&mut self.config.links, keys) {
            let path: Vec<&str> = told.path.iter().map(String::as_str).collect();
            self.say(&path, told.words);
        }
    }

    fn key(&mut self, section: &str, key: &str, value: &toml::Value, is_trusted: bool) {
        let natural = || value.as_integer().and_then(|number| u64::try_from(number).ok());
        let is_taken = match (section, key) {
            ("deploy", "revision") => match value.as_str() {
                Some(revision) => {
                    self.config.deployed_revision = Some(revision.to_owned());
                    true
                }
                None => false,
            },
            ("history", "max_commits") => match natural().filter(|number| *number > 0) {
                Some(number) => {
                    self.config.max_commits = usize::try_from(number).ok();
                    true
                }
                None => false,
            },
            ("runbooks", "folders") => match strings(value) {
                Some(folders) => {
                    self.config.runbook_folders = folders;
                    true
                }
                None => false,
            },
            ("fix", key) => {
                // Taken in any case, so that a value which does not fit is told first.
                let mut taken = self.config.fix.clone();
                match taken.take(key, value) {
                    Taken::Yes if FixSettings::needs_trust(key) && !is_trusted => {
                        let told = format!(
                            "`fix.{key}` says what is run, and this tree is not trusted, so it is \
                             ignored; `incident-lsp trust` allows it"
                        );
                        self.say(&[section, key], told);
                        true
                    }
                    Taken::Yes => {
                        self.config.fix = taken;
                        true
                    }
                    Taken::WrongValue => false,
                    Taken::NoKey => {
                        let told = format!("`fix.{}` is no key of the settings", plain(key));
                        self.say(&[section, key], told);
                        return;
                    }
                }
            }
            _ => {
                let told = format!("`{section}.{}` is no key of the settings", plain(key));
                self.say(&[section, key], told);
                return;
            }
        };
        if !is_taken {
            self.say(
                &[section, key],
                format!("`{section}.{key}` has a value that does not fit; see doctor --init"),
            );
        }
    }

    /// Notes a problem at the key that `path` leads to.
    fn say(&mut self, path: &[&str], words: String) {
        let line = self.places.line_of(path);
        self.problems.push(Problem::warning(words).at(FILE, line));
    }
}

/// Reads a list of texts.
fn strings(value: &toml::Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Reads a command: a list of words, or words with blanks between them.
fn words(value: &toml::Value) -> Option<Vec<String>> {
    let words: Vec<String> = match value {
        toml::Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        toml::Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests;
