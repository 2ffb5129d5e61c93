//! The packages of a Node project: where an import leads, and the text of declarations.
//!
//! Only files are read; neither node nor a package manager is started. Links are followed as pnpm
//! lays them, and not out of the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use incident_core::cancel::Cancel;
use incident_core::check::OtherPart;
use incident_core::check::javascript::{
    CheckedJavaScript, JsWorld, Resolution, check_javascript, index_javascript,
};
use incident_core::deps::PackageId;
use serde_json::Value;

use crate::source::Listing;
use crate::workspace::Workspace;

/// Larger files are left out; the largest of use, the browser's own types, has two megabytes.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// A project's declarations that are read, in all.
const MAX_BYTES: u64 = 64 << 20;
/// Rounds of asking; each follows imports one file further.
const MAX_ROUNDS: usize = 60;
/// Words before a name that declare it.
const DECLARING: &[&str] = &[
    "interface",
    "var",
    "const",
    "let",
    "class",
    "function",
    "namespace",
    "type",
    "enum",
    "module",
];

/// Node's own modules, without their parts.
const BUILT_IN: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "sea",
    "sqlite",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// A project's installation, and what was read of it.
#[derive(Debug)]
pub(super) struct Node {
    world: JsWorld,
    /// The folder that holds `node_modules`, really.
    root: PathBuf,
    is_installed: bool,
    /// Packages that the manifest names.
    declared: BTreeSet<String>,
    /// The lock file's text, whatever its format.
    lock: Option<String>,
    /// Declaration files that may declare globals, with their text.
    globals: Option<Vec<(String, Arc<str>)>>,
    n_bytes: u64,
    installed_at: Option<SystemTime>,
}

impl Node {
    /// Finds the project of `workspace`: its root, or the folder nearest to it that has packages.
    pub(super) fn find(workspace: &Workspace, listing: &Listing) -> Self {
        let manifests = listing.files.iter().filter_map(|file| {
            let folder = file.path.strip_suffix("package.json")?;
            (folder.is_empty() || folder.ends_with('/')).then(|| folder.trim_end_matches('/'))
        });
        let mut folders: Vec<&str> = manifests.collect();
        folders.sort_by_key(|folder| {
            (folder.matches('/').count() + usize::from(!folder.is_empty()), *folder)
        });
        let is_installed =
            |folder: &&&str| workspace.root().join(folder).join("node_modules").is_dir();
        let chosen = folders.iter().find(is_installed).or(folders.first()).copied().unwrap_or("");
        let root = workspace.root().join(chosen);
        let root = root.canonicalize().unwrap_or(root);
        let mut node = Self {
            world: JsWorld::default(),
            is_installed: root.join("node_modules").is_dir(),
            declared: BTreeSet::new(),
            lock: None,
            globals: None,
            n_bytes: 0,
            installed_at: installed_at(&root),
            root,
        };
        let manifest = node.json("package.json").unwrap_or_default();
        for key in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
            let names = manifest.get(key).and_then(Value::as_object);
            node.declared.extend(names.into_iter().flat_map(|names| names.keys().cloned()));
        }
        node.lock = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "npm-shrinkwrap.json"]
            .iter()
            .find_map(|name| node.text(name).ok());
        node.world.packages = node.installed();
        node.world.augmented = node.augmented(listing);
        node
    }

    /// Says whether what is installed is what was read: package managers rewrite the folder.
    pub(super) fn still_stands(&self) -> bool {
        installed_at(&self.root) == self.installed_at
    }

    /// Checks one part, reading what is asked for.
    pub(super) fn check(&mut self, part: &OtherPart, cancel: &Cancel) -> CheckedJavaScript {
        let mut checked = CheckedJavaScript::default();
        for _round in 0..MAX_ROUNDS {
            checked = check_javascript(part, &self.world);
            if checked.wanted.is_empty() || cancel.is_cancelled() {
                break;
            }
            let wanted = std::mem::take(&mut checked.wanted);
            for (from, specifier) in wanted.imports {
                let to = self.resolve(&from, &specifier);
                if let Resolution::File(id) = &to {
                    self.load(&id.clone());
                }
                if let Resolution::Ambient(ids, _) = &to {
                    ids.clone().iter().for_each(|id| self.load(id));
                }
                self.world.resolve(from, specifier, to);
            }
            for name in wanted.globals {
                let files = self.declaring(&name);
                files.iter().for_each(|id| self.load(id));
                self.world.add_global(name, files);
            }
        }
        checked
    }

    /// Lists what is installed, with versions.
    fn installed(&self) -> BTreeMap<String, PackageId> {
        let mut found = BTreeMap::new();
        // npm writes down what it has laid out; otherwise every package is asked.
        if let Ok(lock) = self.json("node_modules/.package-lock.json") {
            let packages = lock.get("packages").and_then(Value::as_object);
            for (path, package) in packages.into_iter().flatten() {
                let Some(name) = path.strip_prefix("node_modules/") else { continue };
                let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
                if !name.contains("/node_modules/") {
                    let id = PackageId { name: name.to_owned(), version: version.to_owned() };
                    found.insert(name.to_owned(), id);
                }
            }
            return found;
        }
        let mut names = Vec::new();
        for name in entries(&self.root.join("node_modules")) {
            if name.starts_with('@') {
                let inner = entries(&self.root.join("node_modules").join(&name));
                names.extend(inner.into_iter().map(|inner| format!("{name}/{inner}")));
            } else if !name.starts_with('.') {
                names.push(name);
            }
        }
        for name in names.into_iter().take(5000) {
            let Ok(manifest) = self.json(&format!("node_modules/{name}/package.json")) else {
                continue;
            };
            let version = manifest.get("version").and_then(Value::as_str).unwrap_or_default();
            found.insert(name.clone(), PackageId { name, version: version.to_owned() });
        }
        found
    }

    /// Packages that declarations elsewhere add names to.
    fn augmented(&self, listing: &Listing) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let own = listing.files.iter().filter(|file| file.path.ends_with(".d.ts"));
        let own = own
            .take(500)
            .filter_map(|file| std::fs::read_to_string(self.root.join(&file.path)).ok());
        let types =
            entries(&self.root.join("node_modules/@types")).into_iter().filter_map(|name| {
                let text = self.text(&format!("node_modules/@types/{name}/index.d.ts")).ok()?;
                Some(text)
            });
        for text in own.chain(types) {
            for rest in text.split("declare module ").skip(1) {
                let name = rest.split(['"', '\'']).nth(1).unwrap_or_default();
                if rest.starts_with(['"', '\'']) && !name.starts_with('.') && !name.contains('*') {
                    found.insert(name.to_owned());
                }
            }
        }
        found
    }

    /// Returns where `specifier` leads from a file; the text itself is the file "".
    fn resolve(&mut self, from: &str, specifier: &str) -> Resolution {
        let folder = match from.rsplit_once('/') {
            Some((folder, _)) => self.root.join(folder),
            None => self.root.clone(),
        };
        if specifier.starts_with('.') {
            let Some(path) = self.normal(&folder.join(specifier)) else {
                return Resolution::Unseen(format!("`{specifier}` leads out of the project"));
            };
            return match self.file_at(&path) {
                Some(id) => Resolution::File(id),
                None => Resolution::NoModule(specifier.to_owned()),
            };
        }
        let bare = specifier.strip_prefix("node:").unwrap_or(specifier);
        let top = bare.split('/').next().unwrap_or_default();
        if specifier.starts_with("node:") || BUILT_IN.contains(&top) {
            return self.built_in(specifier, bare);
        }
        self.package(&folder, specifier)
    }

    fn built_in(&self, specifier: &str, bare: &str) -> Resolution {
        let id = format!("node_modules/@types/node/{bare}.d.ts");
        let Ok(text) = self.text(&id) else {
            return Resolution::Unseen(format!(
                "`{specifier}` is Node's own, and `@types/node` is not installed"
            ));
        };
        let name = [specifier, bare].into_iter().find(|name| {
            text.contains(&format!("declare module \"{name}\""))
                || text.contains(&format!("declare module '{name}'"))
        });
        match name {
            Some(name) => Resolution::Ambient(vec![id], name.to_owned()),
            None => Resolution::Unseen(format!("`{specifier}` is not declared by `@types/node`")),
        }
    }

    fn package(&mut self, folder: &Path, specifier: &str) -> Resolution {
        let n_parts = if specifier.starts_with('@') { 2 } else { 1 };
        let parts: Vec<&str> = specifier.split('/').collect();
        let is_plain = |part: &&str| !part.is_empty() && *part != ".." && *part != ".";
        if parts.len() < n_parts || !parts.iter().all(is_plain) {
            return Resolution::Unseen(format!("`{specifier}` is no package"));
        }
        let name = parts.iter().take(n_parts).copied().collect::<Vec<_>>().join("/");
        let rest = parts.get(n_parts..).unwrap_or_default().join("/");
        let typed = format!("@types/{}", name.trim_start_matches('@').replace('/', "__"));
        let mut untyped = None;
        let mut is_there = false;
        for above in folder.ancestors().take_while(|above| above.starts_with(&self.root)) {
            let modules = above.join("node_modules");
            for package in [&name, &typed] {
                let package = modules.join(package);
                if !package.is_dir() {
                    continue;
                }
                is_there = true;
                match self.entry(&package, &rest) {
                    Some(id) if is_declaration(&id) => return Resolution::File(id),
                    Some(id) => untyped = untyped.or(Some(id)),
                    None => {}
                }
            }
            if is_there {
                break;
            }
        }
        if let Some(id) = untyped {
            return Resolution::File(id);
        }
        if is_there {
            let manifest = self.json(&format!("node_modules/{name}/package.json"));
            let has_exports = manifest.is_ok_and(|it| it.get("exports").is_some());
            return match (rest.is_empty(), has_exports) {
                (false, true) => Resolution::NoModule(specifier.to_owned()),
                _ => Resolution::Unseen(format!("what `{specifier}` leads to was not found")),
            };
        }
        let in_lock = |lock: &String| {
            [
                format!("\"{name}\""),
                format!("{name}@"),
                format!("/{name}/"),
                format!("node_modules/{name}\""),
            ]
            .iter()
            .any(|written| lock.contains(written))
        };
        if self.declared.contains(&name) || self.lock.as_ref().is_some_and(in_lock) {
            return Resolution::Unseen(format!("`{name}` is in the lock file and not installed"));
        }
        if self.is_installed || self.lock.is_some() {
            return Resolution::NoPackage(name);
        }
        Resolution::Unseen("there is neither a lock file nor an installation".to_owned())
    }

    /// Finds a package's entry: declarations if there are any, else the source.
    fn entry(&self, package: &Path, rest: &str) -> Option<String> {
        let manifest = package.join("package.json");
        let id = self.id(&manifest);
        let manifest = id.and_then(|id| self.json(&id).ok()).unwrap_or_default();
        if let Some(exports) = manifest.get("exports") {
            let key = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
            let mut targets = Vec::new();
            export_targets(exports, &key, &mut targets);
            let found: Vec<String> = targets
                .iter()
                .filter_map(|target| self.file_at(&self.normal(&package.join(target))?))
                .collect();
            let typed = found.iter().find(|id| is_declaration(id));
            if let Some(id) = typed.or(found.first()) {
                return Some(id.clone());
            }
            if !rest.is_empty() {
                return None;
            }
        }
        if !rest.is_empty() {
            return self.file_at(&self.normal(&package.join(rest))?);
        }
        let fields = ["types", "typings", "main", "module"];
        let named = fields.iter().filter_map(|field| manifest.get(*field).and_then(Value::as_str));
        let found: Vec<String> = named
            .chain(["index"])
            .filter_map(|target| self.file_at(&self.normal(&package.join(target))?))
            .collect();
        found.iter().find(|id| is_declaration(id)).or(found.first()).cloned()
    }

    /// Finds the file that a path means: declarations beside it first.
    fn file_at(&self, path: &Path) -> Option<String> {
        let written = path.to_str()?;
        let mut tries = Vec::new();
        if is_declaration(written) {
            tries.push(written.to_owned());
        }
        for (from, to) in
            [(".mjs", ".d.mts"), (".cjs", ".d.cts"), (".js", ".d.ts"), (".jsx", ".d.ts")]
        {
            if let Some(stem) = written.strip_suffix(from) {
                tries.extend([format!("{stem}{to}"), format!("{stem}.d.ts")]);
            }
        }
        for ending in [".d.ts", ".d.mts", ".d.cts", "/index.d.ts", "/index.d.mts"] {
            tries.push(format!("{written}{ending}"));
        }
        tries.push(written.to_owned());
        for ending in
            [".ts", ".js", ".mjs", ".cjs", "/index.ts", "/index.js", "/index.mjs", "/index.cjs"]
        {
            tries.push(format!("{written}{ending}"));
        }
        tries.into_iter().find_map(|candidate| {
            let path = Path::new(&candidate);
            let is_text = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".tsx", ".jsx"]
                .iter()
                .any(|ending| candidate.ends_with(ending));
            (is_text && path.is_file()).then(|| self.id(path)).flatten()
        })
    }

    /// Resolves `..` in a path by its text, within the project.
    fn normal(&self, path: &Path) -> Option<PathBuf> {
        let mut normal = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => {
                    normal.pop();
                }
                Component::CurDir => {}
                part => normal.push(part),
            }
        }
        normal.starts_with(&self.root).then_some(normal)
    }

    /// Names a file by its real place in the project; none if it lies outside.
    fn id(&self, path: &Path) -> Option<String> {
        let real = path.canonicalize().ok()?;
        let inside = real.strip_prefix(&self.root).ok()?;
        crate::source::slashed(inside)
    }

    fn text(&self, id: &str) -> Result<String, String> {
        let path = self.root.join(id).canonicalize().map_err(|err| err.to_string())?;
        if !path.starts_with(&self.root) {
            return Err("it is a link out of the project".to_owned());
        }
        let meta = path.metadata().map_err(|err| err.to_string())?;
        if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
            return Err("it is too large to read".to_owned());
        }
        let bytes = std::fs::read(&path).map_err(|err| err.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn json(&self, id: &str) -> Result<Value, String> {
        let text = self.text(id)?;
        serde_json::from_str(&text).map_err(|err| err.to_string())
    }

    fn load(&mut self, id: &str) {
        if self.world.has_file(id) || self.n_bytes > MAX_BYTES {
            return;
        }
        let Ok(text) = self.text(id) else { return };
        self.n_bytes += text.len() as u64;
        let module = index_javascript(&text, is_declaration(id));
        self.world.add_file(id.to_owned(), Arc::new(module));
    }

    /// Finds the files that declare a global name: of TypeScript's library and of `@types`.
    fn declaring(&mut self, name: &str) -> Vec<String> {
        let files = self.globals.take().unwrap_or_else(|| self.global_files());
        let found = files
            .iter()
            .filter(|(_, text)| {
                text.match_indices(name).any(|(at, _)| {
                    let after = text.get(at + name.len()..).unwrap_or_default();
                    let before = text.get(..at).unwrap_or_default();
                    !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
                        && before.ends_with(' ')
                        && DECLARING.iter().any(|word| before.trim_end().ends_with(word))
                })
            })
            .map(|(id, _)| id.clone())
            .collect();
        self.globals = Some(files);
        found
    }

    fn global_files(&self) -> Vec<(String, Arc<str>)> {
        let mut ids = Vec::new();
        for name in entries(&self.root.join("node_modules/typescript/lib")) {
            let is_library = name.starts_with("lib.") && name.ends_with(".d.ts");
            if is_library && !name.contains("webworker") && !name.contains("scripthost") {
                ids.push(format!("node_modules/typescript/lib/{name}"));
            }
        }
        for package in entries(&self.root.join("node_modules/@types")) {
            ids.push(format!("node_modules/@types/{package}/index.d.ts"));
        }
        let node = "node_modules/@types/node";
        for name in entries(&self.root.join(node)) {
            if name.ends_with(".d.ts") {
                ids.push(format!("{node}/{name}"));
            }
        }
        for folder in ["web-globals", "compatibility"] {
            for name in entries(&self.root.join(node).join(folder)) {
                ids.push(format!("{node}/{folder}/{name}"));
            }
        }
        ids.dedup();
        ids.into_iter().filter_map(|id| Some((id.clone(), self.text(&id).ok()?.into()))).collect()
    }
}

/// Collects the files that `exports` gives for a key, declarations first as they are named there.
fn export_targets(exports: &Value, key: &str, targets: &mut Vec<String>) {
    let is_map = exports.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with('.')));
    if !is_map {
        if key == "." {
            conditions(exports, "", targets, 0);
        }
        return;
    }
    let Some(map) = exports.as_object() else { return };
    if let Some(exact) = map.get(key) {
        return conditions(exact, "", targets, 0);
    }
    for (pattern, value) in map {
        let Some((start, end)) = pattern.split_once('*') else { continue };
        let inner = key.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        if let Some(inner) = inner {
            return conditions(value, inner, targets, 0);
        }
    }
}

fn conditions(value: &Value, star: &str, targets: &mut Vec<String>, depth: usize) {
    if depth > 8 {
        return;
    }
    match value {
        Value::String(target) => targets.push(target.replace('*', star)),
        Value::Array(all) => all.iter().for_each(|it| conditions(it, star, targets, depth + 1)),
        Value::Object(map) => {
            // Whatever the module system, the names are the same: all conditions are tried, those
            // of types first, those of the browser not at all.
            let is_types = |key: &str| key == "types" || key.starts_with("types@");
            let order = ["node", "import", "module", "default", "require"];
            for (_, value) in map.iter().filter(|(key, _)| is_types(key)) {
                conditions(value, star, targets, depth + 1);
            }
            for key in order {
                if let Some(value) = map.get(key) {
                    conditions(value, star, targets, depth + 1);
                }
            }
        }
        _ => {}
    }
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| path.ends_with(ending))
}

fn installed_at(root: &Path) -> Option<SystemTime> {
    let modules = root.join("node_modules");
    let marks = [".package-lock.json", ".modules.yaml", ".yarn-state.yml", ""];
    marks.iter().filter_map(|mark| modules.join(mark).metadata().ok()?.modified().ok()).max()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
