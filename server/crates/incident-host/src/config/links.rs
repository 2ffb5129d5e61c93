//! The section `links`: which hosts may be asked. Never a token, only the name of the environment
//! variable that holds it.

use std::path::PathBuf;
use std::time::Duration;

use super::model::is_variable;
use crate::links::{HostSettings, Kind, LinkSettings, QuerySettings};
use crate::message::plain;

/// What is wrong with a key.
pub(super) struct Told {
    /// The keys that lead to it, for its line.
    pub(super) path: Vec<String>,
    /// A sentence.
    pub(super) words: String,
}

/// Takes the section's keys; what does not fit is told and left at its default.
pub(super) fn read(settings: &mut LinkSettings, keys: &toml::Table) -> Vec<Told> {
    let mut told = Vec::new();
    for (key, value) in keys {
        let taken = match (key.as_str(), value) {
            ("hosts", toml::Value::Table(hosts)) => {
                for (host, value) in hosts {
                    let mut read = HostSettings::default();
                    told.extend(read_host(&mut read, host, value));
                    settings.hosts.insert(host.to_ascii_lowercase(), read);
                }
                Some(true)
            }
            ("queries", toml::Value::Table(queries)) => {
                for (name, value) in queries {
                    let read = read_query(value);
                    told.extend(complaint(&["links", "queries", name], Some(read.is_some())));
                    settings.queries.extend(read.map(|read| (name.clone(), read)));
                }
                Some(true)
            }
            (key, value) => section_key(settings, key, value),
        };
        told.extend(complaint(&["links", key], taken));
    }
    told
}

/// Takes one key; `None` where there is no such key, `false` where its value does not fit.
fn section_key(settings: &mut LinkSettings, key: &str, value: &toml::Value) -> Option<bool> {
    let natural = || value.as_integer().and_then(|it| u32::try_from(it).ok()).filter(|it| *it > 0);
    Some(match key {
        "ca_file" => {
            settings.ca_file = value.as_str().map(PathBuf::from);
            settings.ca_file.is_some()
        }
        "timeout_s" => {
            settings.timeout = natural().map(|it| Duration::from_secs(it.into()));
            settings.timeout.is_some()
        }
        "max_mib" => {
            settings.max_mib = natural();
            settings.max_mib.is_some()
        }
        "hosts" | "queries" => false,
        _ => return None,
    })
}

fn read_host(read: &mut HostSettings, host: &str, value: &toml::Value) -> Vec<Told> {
    let Some(keys) = value.as_table() else {
        return complaint(&["links", "hosts", host], Some(false)).into_iter().collect();
    };
    let taken = keys.iter().map(|(key, value)| (key, host_key(read, key, value)));
    taken.filter_map(|(key, taken)| complaint(&["links", "hosts", host, key], taken)).collect()
}

/// Reads a query: an address, and how far back it looks.
fn read_query(value: &toml::Value) -> Option<QuerySettings> {
    let keys = value.as_table()?;
    let minutes = match keys.get("minutes") {
        Some(minutes) => Some(u32::try_from(minutes.as_integer()?).ok()?),
        None => None,
    };
    let is_known = |key: &String| matches!(key.as_str(), "url" | "minutes");
    let url = keys.get("url")?.as_str()?.to_owned();
    keys.keys().all(is_known).then_some(QuerySettings { url, minutes })
}

fn host_key(read: &mut HostSettings, key: &str, value: &toml::Value) -> Option<bool> {
    let text = value.as_str().map(str::to_owned).filter(|it| !it.is_empty());
    Some(match key {
        "kind" => {
            read.kind = text.as_deref().and_then(Kind::from_name);
            read.kind.is_some()
        }
        "token_env" => {
            read.token_env = text.filter(|it| is_variable(it));
            read.token_env.is_some()
        }
        "api" => {
            read.api = text;
            read.api.is_some()
        }
        "private" => value.as_bool().map(|it| read.private = it).is_some(),
        "http" => value.as_bool().map(|it| read.http = it).is_some(),
        _ => return None,
    })
}

fn complaint(path: &[&str], taken: Option<bool>) -> Option<Told> {
    let shown = plain(&path.join("."));
    let words = match taken {
        Some(true) => return None,
        Some(false) => {
            format!("`{shown}` has a value that does not fit; see doctor --init")
        }
        None => format!("`{shown}` is no key of the settings"),
    };
    Some(Told { path: path.iter().map(|&key| key.to_owned()).collect(), words })
}
