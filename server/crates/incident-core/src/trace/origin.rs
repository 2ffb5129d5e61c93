//! Whose code a frame runs, by what the text alone tells.
//!
//! A frame names a function and perhaps a file. The function's crate decides where it is known;
//! the file decides where the name has no crate. A package of a registry is a dependency, unless
//! its own `main` is on the stack: then it is the program, installed from that registry.

use std::collections::BTreeSet;

use super::names;
use super::packages::{self, PathHome};
use super::well_known;
use super::{Frame, Origin, PackageRef, SourceLocation, Trace};

/// Fills in `origin`, `noise` and `package` of every frame of `trace`, a Rust trace.
pub(super) fn classify(trace: &mut Trace) {
    let homes: Vec<Vec<PathHome>> = trace
        .frames
        .iter()
        .map(|frame| locations(frame).map(|place| packages::home_of(&place.file)).collect())
        .collect();
    let facts = Facts::gather(trace, &homes);
    for (frame, homes) in trace.frames.iter_mut().zip(homes) {
        frame.origin = facts.origin(frame, &homes);
        frame.package = homes.into_iter().find_map(|home| match home {
            PathHome::Package(package) => Some(package),
            _ => None,
        });
        frame.noise = is_noise(frame);
    }
}

/// What the whole trace tells about single crates.
#[derive(Debug, Default)]
struct Facts {
    /// Crates that a fetched package holds, by the paths of this trace.
    dependencies: BTreeSet<String>,
    /// Crates that are the program itself.
    programs: BTreeSet<String>,
    /// The standard library's crates are not named: `panicking::panic_fmt`.
    std_without_crate: bool,
}

fn locations(frame: &Frame) -> impl Iterator<Item = &SourceLocation> {
    frame.location.iter().chain(&frame.more_locations)
}

impl Facts {
    fn gather(trace: &Trace, homes: &[Vec<PathHome>]) -> Self {
        let mut facts = Self::default();
        let own_home = trace.location.as_ref().map(|place| packages::home_of(&place.file));
        let packages: Vec<&PackageRef> = own_home
            .iter()
            .chain(homes.iter().flatten())
            .filter_map(|home| match home {
                PathHome::Package(package) => Some(package),
                _ => None,
            })
            .collect();
        for frame in &trace.frames {
            let raw = frame.raw_function.as_deref().or(frame.function.as_deref());
            facts.std_without_crate |= raw.is_some_and(names::has_hash_of_2016);
            let Some(function) = frame.function.as_deref() else { continue };
            if let Some(program) = names::crate_of(function)
                && is_main(function, program)
                && !STD_CRATES.contains(&program)
            {
                facts.programs.insert(program.to_owned());
            }
        }
        let program_packages: Vec<&PackageRef> = packages
            .iter()
            .copied()
            .filter(|package| facts.programs.contains(&as_crate(&package.name)))
            .collect();
        for package in packages {
            // `nu-parser 0.60.0` beside the program `nu 0.60.0`: one workspace, published together.
            let is_sibling = program_packages.iter().any(|program| {
                program.version == package.version
                    && package
                        .name
                        .strip_prefix(program.name.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
            });
            let name = as_crate(&package.name);
            if is_sibling {
                facts.programs.insert(name);
            } else {
                facts.dependencies.insert(name);
            }
        }
        facts
    }

    fn origin(&self, frame: &Frame, homes: &[PathHome]) -> Origin {
        let Some(function) = frame.function.as_deref() else {
            return self.origin_by_path(homes).unwrap_or(Origin::Unknown);
        };
        if is_std_symbol(function) {
            return Origin::Std;
        }
        let Some(crate_name) = names::crate_of(function) else {
            return self.origin_without_crate(homes, function);
        };
        if self.std_without_crate && STD_MODULES.contains(&crate_name) {
            return Origin::Std;
        }
        if STD_CRATES.contains(&crate_name) {
            return Origin::Std;
        }
        if crate_name.starts_with("__rustc") {
            return Origin::Std;
        }
        if self.programs.contains(crate_name) {
            return Origin::App;
        }
        if self.dependencies.contains(crate_name) {
            return Origin::Dependency;
        }
        match self.origin_by_path(homes) {
            Some(origin @ (Origin::App | Origin::Dependency)) => origin,
            _ if well_known::is_well_known(crate_name) => Origin::Dependency,
            _ => Origin::App,
        }
    }

    /// A name without a path: C, a bare `main`, or what is left of a name in debug information.
    fn origin_without_crate(&self, homes: &[PathHome], function: &str) -> Origin {
        if is_runtime_symbol(function) {
            return Origin::Runtime;
        }
        if let Some(origin) = self.origin_by_path(homes) {
            return origin;
        }
        if function.contains("::") {
            // A path that starts with a type parameter: `<F as FnOnce>::call_once`.
            return Origin::Std;
        }
        Origin::Unknown
    }

    fn origin_by_path(&self, homes: &[PathHome]) -> Option<Origin> {
        // Under one name the last place is the function's own; those before it are inlined calls.
        let own = homes.iter().rev().find(|home| !matches!(home, PathHome::Std));
        Some(match own.or(homes.first())? {
            PathHome::Std => Origin::Std,
            PathHome::Runtime => Origin::Runtime,
            PathHome::Package(package) => {
                if self.programs.contains(&as_crate(&package.name)) {
                    Origin::App
                } else {
                    Origin::Dependency
                }
            }
            PathHome::Nowhere => return None,
            PathHome::Other => Origin::App,
        })
    }
}

/// Returns a package's name as code spells it.
fn as_crate(package: &str) -> String {
    package.replace('-', "_")
}

/// Says whether `function` is the entry of crate `program`, or a closure in it.
fn is_main(function: &str, program: &str) -> bool {
    let path = function.strip_prefix(program).unwrap_or(function);
    let path = match path.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, behind)) => behind,
        None => path,
    };
    path.strip_prefix("::main").is_some_and(|rest| rest.is_empty() || rest.starts_with("::{"))
}

const STD_CRATES: [&str; 12] = [
    "std",
    "core",
    "alloc",
    "test",
    "proc_macro",
    "panic_unwind",
    "panic_abort",
    "std_detect",
    "compiler_builtins",
    "collections",
    "rustrt",
    "green",
];

/// Modules of the standard library, for compilers that left its crates out of symbols.
const STD_MODULES: [&str; 22] = [
    "sys_common",
    "sys",
    "panicking",
    "rt",
    "result",
    "option",
    "boxed",
    "thread",
    "slice",
    "str",
    "fmt",
    "vec",
    "string",
    "iter",
    "ops",
    "cell",
    "panic",
    "sync",
    "io",
    "unwind",
    "backtrace",
    "thunk",
];

fn is_std_symbol(function: &str) -> bool {
    let name = function.trim_start_matches('_');
    matches!(
        name,
        "rust_try"
            | "rust_begin_unwind"
            | "rust_panic"
            | "rust_maybe_catch_panic"
            | "rust_start_panic"
            | "rust_begin_short_backtrace"
            | "rust_end_short_backtrace"
            | "rust_foreign_exception"
            | "rust_drop_panic"
            | "rust_alloc"
            | "rust_dealloc"
            | "rust_realloc"
            | "rust_alloc_zeroed"
            | "rust_alloc_error_handler"
            | "rust_eh_personality"
            | "rdl_oom"
            | "rg_oom"
    )
}

fn is_runtime_symbol(function: &str) -> bool {
    const NAMES: [&str; 26] = [
        "main",
        "start",
        "wmain",
        "WinMain",
        "clone",
        "clone3",
        "start_thread",
        "thread_start",
        "pthread_start",
        "pthread_body",
        "pthread_create",
        "raise",
        "abort",
        "gsignal",
        "kill",
        "invoke_main",
        "mainCRTStartup",
        "WinMainCRTStartup",
        "BaseThreadInitThunk",
        "RtlUserThreadStart",
        "sigtramp",
        "restore_rt",
        "killpg",
        "tlv_get_addr",
        "CxxThrowException",
        "scrt_common_main_seh",
    ];
    const PREFIXES: [&str; 34] = [
        "libc_start",
        "libc_",
        "pthread_",
        "GI_",
        "dl_",
        "dyld",
        "g_",
        "gtk_",
        "gdk_",
        "glib_",
        "uv_",
        "Rtl",
        "Ldr",
        "Nt",
        "Zw",
        "Ki",
        "Base",
        "Cxx",
        "scrt_",
        "crt",
        "objc_",
        "CF",
        "NS",
        "xpc_",
        "dispatch_",
        "Py",
        "JNI_",
        "Java_",
        "art_",
        "wbg_",
        "wbindgen",
        "wasm_",
        "unw_",
        "Unwind_",
    ];
    let name = function.trim_start_matches('_');
    // The version that glibc's symbols carry: `__libc_start_main@@GLIBC_2.34`.
    let name = name.split(['@', '+']).next().unwrap_or(name);
    NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || name.starts_with("-[")
        || name.starts_with("+[")
}

/// Plumbing that a reader skips: executors and thread pools, and the panic machinery.
fn is_noise(frame: &Frame) -> bool {
    const POOLS: [&str; 20] = [
        "rayon",
        "rayon_core",
        "tokio_executor",
        "tokio_threadpool",
        "tokio_reactor",
        "tokio_timer",
        "tokio_current_thread",
        "futures_executor",
        "async_executor",
        "async_global_executor",
        "async_io",
        "async_task",
        "blocking",
        "smol",
        "glommio",
        "monoio",
        "threadpool",
        "crossbeam_utils",
        "actix_rt",
        "tokio_rayon",
    ];
    const TOKIO: [&str; 10] = [
        "runtime", "task", "loom", "coop", "macros", "park", "util", "executor", "local",
        "blocking",
    ];
    let Some(function) = frame.function.as_deref() else { return false };
    match frame.origin {
        Origin::Std => true,
        Origin::Dependency => {
            let crate_name = names::crate_of(function)
                .map(str::to_owned)
                .or_else(|| frame.package.as_ref().map(|package| as_crate(&package.name)));
            let Some(crate_name) = crate_name else { return false };
            if POOLS.contains(&crate_name.as_str()) {
                return true;
            }
            crate_name == "tokio"
                && match second_segment(function) {
                    Some(module) => TOKIO.contains(&module),
                    // A name without its path: the file tells the module.
                    None => locations(frame).any(|place| {
                        TOKIO.iter().any(|module| {
                            place.file.contains(&format!("/src/{module}"))
                                || place.file.contains(&format!("\\src\\{module}"))
                        })
                    }),
                }
        }
        _ => false,
    }
}

fn second_segment(function: &str) -> Option<&str> {
    names::crate_of(function)?;
    let (_, rest) = function.split_once("::")?;
    rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}
