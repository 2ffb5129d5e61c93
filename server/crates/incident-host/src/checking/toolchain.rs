//! The standard library's source: `rust-src` where it is installed, else the pages of the
//! toolchain's own documentation, which show the whole source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::WalkBuilder;
use incident_core::api::{CrateApi, PackageSource, index_package};
use incident_core::cancel::Cancel;
use sha2::{Digest, Sha256};

use crate::source;
use crate::workspace::Workspace;

/// Pages and files larger than this are left out; the largest of use has under one megabyte.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// One installed toolchain.
#[derive(Clone, Debug)]
pub(super) struct Toolchain {
    /// Holds one folder a crate.
    folder: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `library/core/src/lib.rs`.
    Source,
    /// `src/core/lib.rs.html`.
    Pages,
}

impl Toolchain {
    /// Finds the toolchain of `workspace` without starting it.
    pub(super) fn find(workspace: &Workspace) -> Option<Self> {
        sysroots(workspace).into_iter().find_map(|sysroot| {
            let library = sysroot.join("lib/rustlib/src/rust/library");
            if library.join("core/src/lib.rs").is_file() {
                return Some(Self { folder: library, form: Form::Source });
            }
            let pages = sysroot.join("share/doc/rust/html/src");
            let has_pages = pages.join("core/lib.rs.html").is_file();
            has_pages.then_some(Self { folder: pages, form: Form::Pages })
        })
    }

    /// Returns the folder that holds one folder a crate.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Names the index of one crate: another toolchain, or the same one updated, is another name.
    pub(super) fn cache_name(&self, crate_name: &str) -> String {
        format!("toolchain-{crate_name}-{}", self.version())
    }

    /// Names this toolchain as it is now installed.
    pub(super) fn version(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.folder.as_os_str().as_encoded_bytes());
        let root = match self.form {
            Form::Source => self.folder.join("core/src/lib.rs"),
            Form::Pages => self.folder.join("core/lib.rs.html"),
        };
        if let Ok(meta) = std::fs::metadata(root)
            && let Ok(modified) = meta.modified()
            && let Ok(since) = modified.duration_since(std::time::UNIX_EPOCH)
        {
            hash.update(since.as_nanos().to_le_bytes());
            hash.update(meta.len().to_le_bytes());
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads one crate.
    pub(super) fn index(&self, crate_name: &str, cancel: &Cancel) -> Result<CrateApi, String> {
        let (root, ending) = match self.form {
            Form::Source => (self.folder.join(crate_name).join("src"), ".rs"),
            Form::Pages => (self.folder.join(crate_name), ".rs.html"),
        };
        let mut files = BTreeMap::new();
        let walk = WalkBuilder::new(&root).standard_filters(false).follow_links(false).build();
        for entry in walk.flatten() {
            if cancel.is_cancelled() {
                return Err("the check was cancelled".to_owned());
            }
            let path = entry.path().strip_prefix(&root).ok().and_then(source::slashed);
            let Some(path) = path else { continue };
            let Some(name) = path.strip_suffix(ending) else { continue };
            // Half of all bytes, and nobody's suggestion: the vendors' intrinsics.
            let is_small = entry.metadata().is_ok_and(|meta| meta.len() <= MAX_FILE_BYTES);
            if path.starts_with("stdarch/") || !is_small {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let text = match self.form {
                Form::Source => text,
                Form::Pages => source_of_page(&text),
            };
            files.insert(format!("src/{name}.rs"), Arc::from(text));
        }
        if files.is_empty() {
            return Err(format!("the toolchain has no source of `{crate_name}`"));
        }
        let package = PackageSource {
            crate_name: crate_name.to_owned(),
            edition: 2024,
            root: "src/lib.rs".to_owned(),
            files,
            build_script: None,
        };
        Ok(index_package(&package, cancel))
    }
}

/// Folders that may be a toolchain's, the likeliest first.
pub(super) fn sysroots(workspace: &Workspace) -> Vec<PathBuf> {
    let environment = workspace.environment();
    let mut sysroots = Vec::new();
    let rustup = environment
        .folder("RUSTUP_HOME")
        .or_else(|| Some(environment.folder("HOME")?.join(".rustup")));
    if let Some(rustup) = rustup {
        let toolchains = rustup.join("toolchains");
        let mut names: Vec<String> = std::fs::read_dir(&toolchains)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        let chosen = environment.get("RUSTUP_TOOLCHAIN").and_then(|name| name.to_str());
        let wanted = [
            chosen.map(str::to_owned),
            own_channel(workspace),
            default_toolchain(&rustup),
            Some("stable".to_owned()),
        ];
        for wanted in wanted.into_iter().flatten() {
            let fits = |name: &&String| **name == wanted || name.starts_with(&format!("{wanted}-"));
            sysroots.extend(names.iter().filter(fits).map(|name| toolchains.join(name)));
        }
        sysroots.extend(names.iter().map(|name| toolchains.join(name)));
    }
    // A system package: `/usr/bin/rustc` and `/usr/lib/rustlib`.
    let path = environment.get("PATH").map(std::env::split_paths).into_iter().flatten();
    for folder in path {
        if folder.join("rustc").is_file()
            && !folder.starts_with(workspace.root())
            && let Some(prefix) = folder.canonicalize().ok().as_deref().and_then(Path::parent)
        {
            sysroots.push(prefix.to_owned());
        }
    }
    sysroots
}

/// The channel in the workspace's `rust-toolchain.toml`.
fn own_channel(workspace: &Workspace) -> Option<String> {
    for name in ["rust-toolchain.toml", "rust-toolchain"] {
        let Ok((text, _)) = workspace.text(name) else { continue };
        if let Ok(table) = text.parse::<toml::Table>() {
            let channel = table.get("toolchain").and_then(|toolchain| toolchain.get("channel"));
            return channel.and_then(toml::Value::as_str).map(str::to_owned);
        }
        return Some(text.trim().to_owned()).filter(|channel| !channel.contains(['/', '\n']));
    }
    None
}

fn default_toolchain(rustup: &Path) -> Option<String> {
    let text = std::fs::read_to_string(rustup.join("settings.toml")).ok()?;
    let table: toml::Table = text.parse().ok()?;
    table.get("default_toolchain").and_then(toml::Value::as_str).map(str::to_owned)
}

/// Returns the source that a page of rustdoc shows: the text of its code block, without line
/// numbers and mark-up.
fn source_of_page(page: &str) -> String {
    let Some(start) = page.find("<pre class=\"rust\"><code>") else { return String::new() };
    let body = &page[start + "<pre class=\"rust\"><code>".len()..];
    let body = &body[..body.find("</code></pre>").unwrap_or(body.len())];
    let mut text = String::with_capacity(body.len() / 2);
    let mut rest = body;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            // `<a href=#20 id=20 data-nosnippet>20</a>` is a line's number.
            let is_number = rest[..end].contains("data-nosnippet");
            rest = &rest[end..];
            if is_number {
                rest = rest.find("</a>").map_or("", |end| &rest[end + 4..]);
            }
            continue;
        }
        let end = rest.find(';').map_or(rest.len(), |end| end + 1);
        match &rest[..end] {
            "&lt;" => text.push('<'),
            "&gt;" => text.push('>'),
            "&amp;" => text.push('&'),
            "&quot;" => text.push('"'),
            "&#39;" | "&#x27;" => text.push('\''),
            other => text.push_str(other),
        }
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::source_of_page;

    #[test]
    fn page_becomes_source() {
        let page = "<html><pre class=\"rust\"><code><a href=#1 id=1 data-nosnippet>1</a>\
                    <span class=\"kw\">pub</span> fn f() -&gt; &amp;<span>str</span>;\n\
                    <a href=#2 id=2 data-nosnippet>2</a>x</code></pre>after";
        assert_eq!(source_of_page(page), "pub fn f() -> &str;\nx");
    }
}
