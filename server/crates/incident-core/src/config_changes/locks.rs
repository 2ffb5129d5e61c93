//! Which versions a lock file resolves, for every packager in use, read line by line.
//!
//! Lock files are large and machine-written: their lines have one form each, and reading those is
//! far cheaper than reading the whole as TOML, JSON or YAML.

use super::leaves::{Leaves, put};

/// Says whether a file is written by a packager to pin what it resolved.
pub fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "Cargo.lock"
            | "poetry.lock"
            | "uv.lock"
            | "pdm.lock"
            | "package-lock.json"
            | "npm-shrinkwrap.json"
            | "composer.lock"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "go.sum"
            | "Gemfile.lock"
            | "deno.lock"
            | "bun.lock"
    ) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

/// Returns the resolved versions by package name; a package that is there twice has both.
pub(super) fn packages(path: &str, text: &str) -> Leaves {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut leaves = Leaves::new();
    let mut current = String::new();
    for (at, content) in text.lines().enumerate() {
        let line = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let content = crate::text::cut(content, 1024);
        let found = match name {
            "Cargo.lock" => cargo(content, &mut current),
            "poetry.lock" | "uv.lock" | "pdm.lock" => {
                named_then_version(content, &mut current, [r#"name = ""#, r#"version = ""#])
            }
            "composer.lock" => {
                named_then_version(content, &mut current, [r#""name": ""#, r#""version": ""#])
            }
            "package-lock.json" | "npm-shrinkwrap.json" => npm(content, &mut current),
            "yarn.lock" => yarn(content, &mut current),
            "pnpm-lock.yaml" | "deno.lock" | "bun.lock" => at_sign(content),
            "go.sum" => go(content),
            "Gemfile.lock" => gem(content),
            _ => pinned(content),
        };
        let Some((package, version)) = found else { continue };
        // Two resolved versions of one package are one value, so that a bump of one shows.
        match leaves.get_mut(&package) {
            Some(known) if !known.value.split(", ").any(|known| known == version) => {
                if known.value.len() < 200 {
                    known.value = format!("{}, {version}", known.value);
                }
            }
            Some(_) => {}
            None => put(&mut leaves, package, &version, line),
        }
    }
    leaves
}

/// A package without a source is one of the program's own.
fn cargo(line: &str, current: &mut String) -> Option<(String, String)> {
    let quoted = |head: &str| line.strip_prefix(head)?.split('"').next();
    if let Some(name) = quoted("name = \"") {
        *current = name.to_owned();
    } else if let Some(version) = quoted("version = \"") {
        current.push(' ');
        current.push_str(version);
    } else if line.starts_with("source = ") {
        let (name, version) = current.split_once(' ')?;
        return Some((name.to_owned(), version.to_owned()));
    }
    None
}

fn named_then_version(
    line: &str,
    current: &mut String,
    [name, version]: [&str; 2],
) -> Option<(String, String)> {
    let line = line.trim_start();
    let quoted = |head: &str| line.strip_prefix(head)?.split('"').next();
    if let Some(name) = quoted(name) {
        *current = name.to_owned();
        return None;
    }
    let version = quoted(version)?;
    (!current.is_empty()).then(|| (std::mem::take(current), version.to_owned()))
}

fn npm(line: &str, current: &mut String) -> Option<(String, String)> {
    let line = line.trim_start();
    if let Some(head) = line.strip_suffix('{') {
        let name = head.trim().trim_end_matches(':').trim_matches('"');
        *current = name.rsplit("node_modules/").next().unwrap_or(name).to_owned();
        return None;
    }
    let version = line.strip_prefix(r#""version": ""#)?.split('"').next()?;
    let is_package = !matches!(current.as_str(), "" | "packages" | "dependencies" | "engines");
    is_package.then(|| (std::mem::take(current), version.to_owned()))
}

fn yarn(line: &str, current: &mut String) -> Option<(String, String)> {
    if !line.starts_with([' ', '#']) {
        let head = line.trim_start_matches('"');
        let at = head.get(1..)?.find('@')? + 1;
        *current = head.get(..at)?.to_owned();
        return None;
    }
    let rest = line.strip_prefix("  version")?;
    let version = rest.trim_start_matches([':', ' ']).trim_matches('"');
    (!current.is_empty()).then(|| (std::mem::take(current), version.to_owned()))
}

/// `  /name@1.2.3(peer):`, `"npm:name@1.2.3": {`.
fn at_sign(line: &str) -> Option<(String, String)> {
    let head = line.trim_start().trim_start_matches(['"', '\'', '/']);
    let head = head.strip_prefix("npm:").or(head.strip_prefix("jsr:")).unwrap_or(head);
    let at = head.get(1..)?.find('@')? + 1;
    let (name, rest) = (head.get(..at)?, head.get(at + 1..)?);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c)))?;
    let version = rest.get(..end)?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    let is_name = name.chars().all(|c| c.is_alphanumeric() || "@/._-".contains(c));
    (is_version && is_name).then(|| (name.to_owned(), version.to_owned()))
}

fn go(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    let (module, version) = (words.next()?, words.next()?);
    words.next()?;
    (!version.ends_with("/go.mod")).then(|| (module.to_owned(), version.to_owned()))
}

fn gem(line: &str) -> Option<(String, String)> {
    let entry = line.strip_prefix("    ").filter(|entry| !entry.starts_with(' '))?;
    let (name, version) = entry.split_once(" (")?;
    Some((name.to_owned(), version.strip_suffix(')')?.to_owned()))
}

fn pinned(line: &str) -> Option<(String, String)> {
    let (name, version) = line.split_once("==")?;
    let name = name.split('[').next()?.trim();
    let version = version.split([' ', ';', '\\']).next()?.trim();
    Some((name.to_owned(), version.to_owned()))
}
