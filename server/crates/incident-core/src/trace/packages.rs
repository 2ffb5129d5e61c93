//! What a file's path tells about the package that it belongs to.

use super::PackageRef;

/// Where a path lies, as far as the text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathHome {
    /// The standard library's own source.
    Std,
    /// The C runtime or the operating system.
    Runtime,
    /// A package that was fetched: registry, git checkout, vendor folder.
    Package(PackageRef),
    /// A bare file name, which may lie anywhere.
    Nowhere,
    /// Anything else.
    Other,
}

/// Says where `file`, as a trace prints it, lies.
pub(super) fn home_of(file: &str) -> PathHome {
    // What tells stands among the first folders; paths are short, so no list on the heap.
    let mut parts = [""; 40];
    let mut n_parts = 0;
    let names = file.split(['/', '\\']).filter(|part| !part.is_empty());
    for (slot, part) in parts.iter_mut().zip(names) {
        *slot = part;
        n_parts += 1;
    }
    let parts = parts.get(..n_parts).unwrap_or_default();
    if let Some(package) = package_of(parts) {
        return PathHome::Package(package);
    }
    if is_std(parts) {
        return PathHome::Std;
    }
    if is_runtime(parts) {
        return PathHome::Runtime;
    }
    if parts.len() < 2 {
        return PathHome::Nowhere;
    }
    PathHome::Other
}

fn package_of(parts: &[&str]) -> Option<PackageRef> {
    for (at, part) in parts.iter().enumerate() {
        let next = |n: usize| parts.get(at + n).copied();
        let package = match *part {
            // cargo's registry; Debian's has no folder for the index.
            "registry" if next(1) == Some("src") => next(3).and_then(versioned),
            "registry" | "cargo_registry" | "cargo-registry" => next(1).and_then(versioned),
            "checkouts" => next(2).and_then(|_| next(1)).map(checkout),
            "vendor" | "third-party" | "third_party" => {
                next(1).filter(|_| next(2).is_some()).and_then(vendored)
            }
            // `cargo vendor` with one folder a source, as nixpkgs lays it out.
            _ if part.starts_with("source-registry-") || part.starts_with("source-git-") => {
                next(1).and_then(versioned)
            }
            _ if part.ends_with("-vendor-cargo-deps") => {
                [1, 2].into_iter().find_map(|n| next(n).and_then(versioned))
            }
            // An elided path: `.../tokio-1.21.2/src/lib.rs`.
            "..." | "…" | "[..]" | "[...]" | "<..>" | "<...>" => {
                [1, 2, 3].into_iter().find_map(|n| next(n).and_then(versioned))
            }
            _ => None,
        };
        if package.is_some() {
            return package;
        }
    }
    // `tokio-1.21.2/src/lib.rs` alone is what some tools leave of a registry path.
    let first = parts.first().and_then(|part| versioned(part));
    first.filter(|_| parts.get(1) == Some(&"src"))
}

/// Reads `name-1.2.3`.
fn versioned(part: &str) -> Option<PackageRef> {
    let (at, _) = part.match_indices('-').find(|(at, _)| {
        let version = part.get(at + 1..).unwrap_or_default();
        version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.')
    })?;
    let (name, version) = part.split_at_checked(at)?;
    let version = version.get(1..)?;
    let is_version = version.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+_".contains(&b));
    (is_name(name) && is_version)
        .then(|| PackageRef { name: name.to_owned(), version: Some(version.to_owned()) })
}

fn vendored(part: &str) -> Option<PackageRef> {
    versioned(part)
        .or_else(|| is_name(part).then(|| PackageRef { name: part.to_owned(), version: None }))
}

/// Reads `name-f70b7ea03dadae9a`, the folder of a git dependency.
fn checkout(part: &str) -> PackageRef {
    let name = match part.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && !name.is_empty() => name,
        _ => part,
    };
    PackageRef { name: name.to_owned(), version: None }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Says whether `text` is an identifier of Rust.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_std(parts: &[&str]) -> bool {
    const LIBRARIES: [&str; 12] = [
        "std",
        "core",
        "alloc",
        "test",
        "proc_macro",
        "panic_unwind",
        "panic_abort",
        "backtrace",
        "std_detect",
        "unwind",
        "stdarch",
        "portable-simd",
    ];
    const OLD: [&str; 11] = [
        "libstd",
        "libcore",
        "liballoc",
        "libtest",
        "libpanic_unwind",
        "libpanic_abort",
        "libunwind",
        "libcollections",
        "librustrt",
        "libbacktrace",
        "libproc_macro",
    ];
    let is_library = |window: &[&str]| {
        window.first() == Some(&"library")
            && window.get(1).is_some_and(|name| LIBRARIES.contains(name))
    };
    parts.iter().any(|part| OLD.contains(part))
        || parts.first() == Some(&"rustc")
        || (parts.first() == Some(&".") && parts.get(1) == Some(&"rustc"))
        || parts.windows(2).any(is_library)
}

fn is_runtime(parts: &[&str]) -> bool {
    const FOLDERS: [&str; 10] = [
        "csu",
        "sysdeps",
        "nptl",
        "glibc",
        "libgcc",
        "vcstartup",
        "vctools",
        "libsystem",
        "crt",
        "minkernel",
    ];
    parts.iter().any(|part| {
        FOLDERS.contains(part) || part.starts_with("glibc-") || part.starts_with("libgcc")
    })
}
