//! Settings files as flat maps from whole keys to values with their lines.

use std::collections::BTreeMap;

use super::{lines, locks, tree};

/// One value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// The value as written, without quotes, cut.
    pub(super) value: String,
    /// From 1.
    pub(super) line: u32,
}

/// Values by whole key.
pub(super) type Leaves = BTreeMap<String, Leaf>;

/// How a settings file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Yaml,
    Json,
    /// `KEY=value` or `key: value`, one a line, sections in brackets.
    Pairs,
    /// Blocks in braces: Terraform, HCL, nginx.
    Blocks,
    Dockerfile,
    Sql,
}

/// Values of one file past this many are left out.
const MAX_LEAVES: usize = 20_000;

/// Returns how a file is written, by its name; `None` where it is no settings file.
pub(super) fn format(path: &str) -> Option<Format> {
    let lower = path.to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let is_dockerfile = name.starts_with("dockerfile")
        || name.starts_with("containerfile")
        || name.ends_with(".dockerfile");
    if is_dockerfile {
        return Some(Format::Dockerfile);
    }
    if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") {
        return Some(Format::Pairs);
    }
    match name.rsplit_once('.')?.1 {
        "toml" => Some(Format::Toml),
        "yaml" | "yml" => Some(Format::Yaml),
        "json" | "jsonc" | "json5" => Some(Format::Json),
        "properties" | "ini" | "cfg" => Some(Format::Pairs),
        "tf" | "tfvars" | "hcl" | "conf" => Some(Format::Blocks),
        "sql" => Some(Format::Sql),
        _ => None,
    }
}

/// Reads every value of a file.
pub(super) fn read(path: &str, text: &str) -> Leaves {
    if locks::is_lock_file(path) {
        return locks::packages(path, text);
    }
    let mut leaves = match format(path) {
        Some(Format::Toml) => tree::read(text, tree::Grammar::Toml),
        Some(Format::Yaml) => tree::read(text, tree::Grammar::Yaml),
        Some(Format::Json) => tree::read(text, tree::Grammar::Json),
        Some(Format::Pairs) => lines::pairs(text, 1),
        Some(Format::Blocks) => lines::blocks(text),
        Some(Format::Dockerfile) => lines::dockerfile(text),
        Some(Format::Sql) => lines::sql(text),
        None => Leaves::new(),
    };
    while leaves.len() > MAX_LEAVES {
        leaves.pop_last();
    }
    leaves
}

/// Keeps a value, cut; a key that comes again gets a number.
pub(super) fn put(leaves: &mut Leaves, key: String, value: &str, line: u32) {
    if leaves.len() >= MAX_LEAVES {
        return;
    }
    let value = crate::text::cut(unquoted(value.trim()), MAX_VALUE).to_owned();
    let leaf = Leaf { value, line };
    let free = std::iter::once(key.clone())
        .chain((2..MAX_REPEATS).map(|n| format!("{key}#{n}")))
        .find(|key| !leaves.contains_key(key));
    if let Some(key) = free {
        leaves.insert(key, leaf);
    }
}

/// Bytes of a value that are kept.
const MAX_VALUE: usize = 400;
/// How often a key is kept that comes again and again.
const MAX_REPEATS: usize = 50;

fn unquoted(value: &str) -> &str {
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}
