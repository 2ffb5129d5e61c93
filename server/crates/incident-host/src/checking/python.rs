//! The Python environment of a workspace: where its modules lie, and their text.
//!
//! Only files are read; no interpreter is started. An environment inside the workspace counts as
//! it lies there; one that a variable names counts only in a trusted workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use incident_core::cancel::Cancel;
use incident_core::check::OtherPart;
use incident_core::check::python::{
    CheckedPython, Found, PyModule, PyWorld, check_python, index_python,
};
use incident_core::deps::PackageId;

use crate::source::{self, Listing};
use crate::workspace::Workspace;

/// Larger files are left out.
const MAX_FILE_BYTES: u64 = 2 << 20;
/// A check reads no more than this in all.
const MAX_BYTES: u64 = 64 << 20;
/// Rounds of asking for modules; each follows imports one module further.
const MAX_ROUNDS: usize = 60;
/// Folders where an environment lies in a workspace, the likeliest first.
const ENVIRONMENTS: &[&str] = &[".venv", "venv", "env", ".env"];
/// Path files that add no modules of a project.
const HARMLESS_PATHS: &[&str] =
    &["distutils-precedence.pth", "_virtualenv.pth", "a1_coverage.pth", "matplotlib-nspkg.pth"];
/// Modules that every interpreter has compiled in.
const COMPILED_IN: &[&str] = &[
    "_abc",
    "_ast",
    "_codecs",
    "_collections",
    "_datetime",
    "_functools",
    "_imp",
    "_io",
    "_json",
    "_locale",
    "_operator",
    "_signal",
    "_socket",
    "_sre",
    "_ssl",
    "_stat",
    "_string",
    "_struct",
    "_symtable",
    "_thread",
    "_tracemalloc",
    "_warnings",
    "_weakref",
    "array",
    "atexit",
    "binascii",
    "builtins",
    "cmath",
    "errno",
    "faulthandler",
    "fcntl",
    "gc",
    "grp",
    "itertools",
    "marshal",
    "math",
    "mmap",
    "msvcrt",
    "nt",
    "posix",
    "pwd",
    "pyexpat",
    "readline",
    "resource",
    "select",
    "spwd",
    "sys",
    "syslog",
    "termios",
    "time",
    "unicodedata",
    "winreg",
    "winsound",
    "xxsubtype",
    "zlib",
];

/// Where modules are looked for, and what was read of them.
#[derive(Debug)]
pub(super) struct Python {
    world: PyWorld,
    /// Folders of modules in the order of a search, with their real paths.
    roots: Vec<PathBuf>,
    has_library: bool,
    has_packages: bool,
    n_bytes: u64,
    installed_at: Option<SystemTime>,
}

impl Python {
    /// Finds the environment of `workspace`.
    pub(super) fn find(workspace: &Workspace, listing: &Listing) -> Self {
        let mut python = Self {
            world: PyWorld::of_workspace(own_names(listing)),
            roots: Vec::new(),
            has_library: false,
            has_packages: false,
            n_bytes: 0,
            installed_at: None,
        };
        let environment = environments(workspace).into_iter().find_map(Environment::read);
        let library = match &environment {
            Some(environment) => environment.library.clone(),
            None => any_library(workspace),
        };
        if let Some(library) = library {
            let version = library
                .file_name()
                .map(|name| name.to_string_lossy().trim_start_matches("python").to_owned());
            let version = environment
                .as_ref()
                .and_then(|environment| environment.version.clone())
                .or(version)
                .unwrap_or_default();
            let id = PackageId { name: "python".to_owned(), version };
            let names = modules_in(&library)
                .into_iter()
                .chain(COMPILED_IN.iter().map(|it| (*it).to_owned()));
            python.world.packages.extend(names.map(|name| (name, id.clone())));
            python.roots.push(library);
            python.has_library = true;
        }
        if let Some(environment) = environment {
            python.has_packages = true;
            let (packages, is_whole) = distributions(&environment.packages);
            python.world.packages.extend(packages);
            python.world.is_whole = is_whole && python.has_library && !environment.sees_the_systems;
            python.roots.push(environment.packages);
        }
        python.installed_at = installed_at(&python.roots);
        python
    }

    /// Says whether the environment is the one that was read.
    pub(super) fn still_stands(&self) -> bool {
        installed_at(&self.roots) == self.installed_at
    }

    /// Checks one part, reading what is asked for.
    pub(super) fn check(&mut self, part: &OtherPart, cancel: &Cancel) -> CheckedPython {
        let mut checked = CheckedPython::default();
        for _round in 0..MAX_ROUNDS {
            checked = check_python(part, &self.world);
            if checked.wanted.is_empty() || cancel.is_cancelled() {
                break;
            }
            for name in std::mem::take(&mut checked.wanted) {
                let found = self.load(&name);
                self.world.add(name, found);
            }
        }
        checked
    }

    fn load(&mut self, name: &str) -> Found {
        let parts: Vec<&str> = name.split('.').collect();
        let is_plain =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric());
        if parts.len() > 20 || !parts.iter().all(is_plain) {
            return Found::Nowhere;
        }
        let mut stub = None;
        for root in self.roots.clone() {
            let stubs = parts.split_first().map(|(top, rest)| {
                rest.iter().fold(root.join(format!("{top}-stubs")), |path, part| path.join(part))
            });
            if let Some(path) = stubs
                && let Some(Found::Module(module)) = self.load_at(&root, &path, name)
            {
                stub = Some(module);
            }
            let path = parts.iter().fold(root.clone(), |path, part| path.join(part));
            if let Some(found) = self.load_at(&root, &path, name) {
                return match (found, stub) {
                    (Found::Module(source), Some(stub)) => {
                        let both = stub.as_ref().clone().with_source(source.as_ref().clone());
                        Found::Module(Arc::new(both))
                    }
                    (_, Some(stub)) => Found::Module(stub),
                    (found, None) => found,
                };
            }
        }
        if let Some(stub) = stub {
            return Found::Module(stub);
        }
        let top = parts.first().copied().unwrap_or_default();
        if COMPILED_IN.contains(&top) {
            return Found::Unseen(format!("`{name}` is compiled into the interpreter"));
        }
        let is_below = parts.len() > 1 && self.world.packages.contains_key(top);
        if self.world.is_whole || is_below {
            return Found::Nowhere;
        }
        Found::Unseen(if self.has_packages {
            format!("`{name}` is not in the environment, which takes modules from elsewhere too")
        } else if self.has_library {
            format!("`{name}` is not in the standard library, and no environment was found")
        } else {
            "no Python environment was found".to_owned()
        })
    }

    /// Reads the module at `path`, given without an ending; none if nothing is there.
    fn load_at(&mut self, root: &Path, path: &Path, name: &str) -> Option<Found> {
        let submodules = || modules_in(path);
        for (file, is_package) in [
            (path.join("__init__.pyi"), true),
            (path.join("__init__.py"), true),
            (path.with_extension("pyi"), false),
            (path.with_extension("py"), false),
        ] {
            if !file.is_file() {
                continue;
            }
            let text = match self.read(root, &file) {
                Ok(text) => text,
                Err(why) => return Some(Found::Unseen(format!("`{name}`: {why}"))),
            };
            let package = match is_package {
                true => name,
                false => name.rsplit_once('.').map_or("", |(package, _)| package),
            };
            let mut module = index_python(&text, package);
            // A compiled twin may bring more than the text beside it shows.
            if file.extension().is_some_and(|it| it == "pyi")
                && let Ok(source) = self.read(root, &file.with_extension("py"))
            {
                module = module.with_source(index_python(&source, package));
            }
            if is_package {
                module = module.with_submodules(submodules());
            }
            return Some(Found::Module(Arc::new(module)));
        }
        if path.is_dir() {
            let inner = submodules();
            if !inner.is_empty() {
                return Some(Found::Module(Arc::new(PyModule::namespace(inner))));
            }
        }
        let stem = path.file_name()?.to_string_lossy().into_owned();
        let folders = [path.parent()?.to_owned(), root.join("lib-dynload")];
        let is_compiled = folders.iter().any(|folder| {
            std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
                let entry = entry.file_name().to_string_lossy().into_owned();
                entry.strip_prefix(&stem).is_some_and(|rest| {
                    rest.starts_with('.') && (rest.ends_with(".so") || rest.ends_with(".pyd"))
                })
            })
        });
        is_compiled.then(|| Found::Unseen(format!("`{name}` is compiled")))
    }

    fn read(&mut self, root: &Path, file: &Path) -> Result<String, String> {
        let real = file.canonicalize().map_err(|err| err.to_string())?;
        if !root.canonicalize().is_ok_and(|root| real.starts_with(root)) {
            return Err("it is a link out of its environment".to_owned());
        }
        let meta = real.metadata().map_err(|err| err.to_string())?;
        if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
            return Err("the file is too large to read".to_owned());
        }
        if self.n_bytes + meta.len() > MAX_BYTES {
            return Err("too much was read already".to_owned());
        }
        self.n_bytes += meta.len();
        let bytes = std::fs::read(&real).map_err(|err| err.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// An installed environment.
#[derive(Debug)]
struct Environment {
    /// `site-packages`.
    packages: PathBuf,
    /// The standard library of the interpreter that made it.
    library: Option<PathBuf>,
    version: Option<String>,
    sees_the_systems: bool,
}

impl Environment {
    fn read(folder: PathBuf) -> Option<Self> {
        let config = std::fs::read_to_string(folder.join("pyvenv.cfg")).unwrap_or_default();
        let setting = |name: &str| {
            config.lines().find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        };
        let packages = site_packages(&folder)?;
        let version = setting("version").or_else(|| setting("version_info"));
        let home = setting("home").map(PathBuf::from).filter(|home| home.is_absolute());
        let prefix = home.as_deref().and_then(Path::parent).map(Path::to_owned);
        let library = packages
            .parent()
            .and_then(Path::file_name)
            .zip(prefix)
            .map(|(name, prefix)| prefix.join("lib").join(name))
            .into_iter()
            // An environment of conda holds its own library.
            .chain(packages.parent().map(Path::to_owned))
            .find(|library| library.join("os.py").is_file());
        let sees_the_systems = setting("include-system-site-packages").as_deref() == Some("true");
        Some(Self { packages, library, version, sees_the_systems })
    }
}

/// Folders that may be the workspace's environment.
fn environments(workspace: &Workspace) -> Vec<PathBuf> {
    let root = workspace.root();
    let mut folders = Vec::new();
    if workspace.is_trusted() {
        let variables = ["VIRTUAL_ENV", "CONDA_PREFIX"];
        folders.extend(variables.iter().filter_map(|name| workspace.environment().folder(name)));
    }
    for name in ENVIRONMENTS {
        let folder = root.join(name);
        let stays = folder
            .canonicalize()
            .is_ok_and(|real| root.canonicalize().is_ok_and(|root| real.starts_with(root)));
        if folder.join("pyvenv.cfg").is_file() && (stays || workspace.is_trusted()) {
            folders.push(folder);
        }
    }
    folders
}

fn site_packages(folder: &Path) -> Option<PathBuf> {
    let windows = folder.join("Lib/site-packages");
    if windows.is_dir() {
        return Some(windows);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder.join("lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("site-packages"))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found.pop()
}

/// Finds a standard library where there is no environment: of the interpreter that is chosen, then
/// of the system.
fn any_library(workspace: &Workspace) -> Option<PathBuf> {
    let environment = workspace.environment();
    let mut prefixes = Vec::new();
    let pyenv = environment
        .folder("PYENV_ROOT")
        .or_else(|| environment.folder("HOME").map(|home| home.join(".pyenv")));
    if let Some(pyenv) = pyenv {
        let chosen = std::fs::read_to_string(pyenv.join("version")).unwrap_or_default();
        let chosen = chosen.split_whitespace().next().unwrap_or_default();
        if !chosen.is_empty() && !chosen.contains(['/', '\\']) {
            prefixes.push(pyenv.join("versions").join(chosen));
        }
    }
    prefixes.extend(["/usr/local", "/usr", "/opt/homebrew"].map(PathBuf::from));
    prefixes.into_iter().find_map(|prefix| {
        let mut libraries: Vec<PathBuf> = std::fs::read_dir(prefix.join("lib"))
            .ok()?
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3."))
            .map(|entry| entry.path())
            .filter(|path| path.join("os.py").is_file())
            .collect();
        libraries.sort();
        libraries.pop()
    })
}

fn installed_at(roots: &[PathBuf]) -> Option<SystemTime> {
    roots.iter().filter_map(|root| root.metadata().ok()?.modified().ok()).max()
}

/// Names the modules in a folder.
fn modules_in(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().take(20_000) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (stem, ending) = name.split_once('.').unwrap_or((&name, ""));
        let is_module =
            ending == "py" || ending == "pyi" || ending.ends_with("so") || ending.ends_with("pyd");
        let is_folder = ending.is_empty() && entry.file_type().is_ok_and(|it| it.is_dir());
        let is_name = stem.chars().all(|c| c == '_' || c.is_alphanumeric());
        if is_name && (is_module || is_folder) && stem != "__init__" && stem != "__pycache__" {
            names.insert(stem.to_owned());
        }
    }
    names
}

/// Reads which distribution brings which module, and whether that is all there is.
fn distributions(packages: &Path) -> (BTreeMap<String, PackageId>, bool) {
    let mut found = BTreeMap::new();
    let mut is_whole = true;
    let mut entries: Vec<_> = std::fs::read_dir(packages).into_iter().flatten().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("__editable__")
            || name.ends_with(".egg-link")
            || name.ends_with(".egg")
            || (name.ends_with(".pth") && !HARMLESS_PATHS.contains(&name.as_str()))
        {
            is_whole = false;
        }
        let Some((distribution, version)) =
            name.strip_suffix(".dist-info").and_then(|stem| stem.split_once('-'))
        else {
            continue;
        };
        let id = PackageId {
            name: distribution.replace('_', "-").to_lowercase(),
            version: version.to_owned(),
        };
        let record =
            source::read_bytes(&entry.path(), "RECORD", MAX_FILE_BYTES).unwrap_or_default();
        for line in String::from_utf8_lossy(&record).lines() {
            let path = line.split(',').next().unwrap_or_default();
            let top = match path.split_once('/') {
                Some((top, _)) => top,
                None => path.strip_suffix(".py").unwrap_or_default(),
            };
            let is_name = !top.is_empty() && top.chars().all(|c| c == '_' || c.is_alphanumeric());
            if is_name && top != "__pycache__" {
                found.insert(top.to_owned(), id.clone());
            }
        }
    }
    (found, is_whole)
}

/// Names that may be modules of the workspace's own code.
fn own_names(listing: &Listing) -> BTreeSet<String> {
    let sources = listing.files.iter().filter_map(|file| file.path.strip_suffix(".py"));
    sources.flat_map(|path| path.split('/')).map(str::to_owned).collect()
}
