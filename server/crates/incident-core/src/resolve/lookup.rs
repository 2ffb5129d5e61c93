//! A symbol's path held against the functions of the workspace.

use crate::resolve::WorkspaceMember;
use crate::resolve::symbol::SymbolPath;
use crate::syntax::{FileSymbols, Item, ItemKind, SymbolIndex};

/// How well a function fits a symbol. Higher is better; 0 does not fit.
pub(super) type Fit = u8;

/// The path agrees whole.
pub(super) const FITS_WHOLE: Fit = 4;
/// The path agrees as far as both show it (a binary's modules below its own folder).
const FITS_END: Fit = 3;
/// The type and the name agree, the modules do not.
const FITS_TYPE: Fit = 2;
/// Only the name agrees.
pub(super) const FITS_NAME: Fit = 1;

/// A function of the workspace that a symbol may mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) file: &'a FileSymbols,
    pub(super) item: &'a Item,
    pub(super) fit: Fit,
}

/// Returns the member whose crate a name means: `my_app` is `my-app`.
pub(super) fn member_of_crate<'a>(
    members: &'a [WorkspaceMember],
    crate_name: &str,
) -> Option<&'a WorkspaceMember> {
    members.iter().find(|member| same_crate(&member.name, crate_name))
}

/// Says whether a package's name and a crate's name are the same but for `-` and `_`.
pub(super) fn same_crate(package: &str, crate_name: &str) -> bool {
    package.len() == crate_name.len()
        && package.bytes().zip(crate_name.bytes()).all(|(a, b)| {
            let plain = |byte| if byte == b'-' { b'_' } else { byte };
            plain(a) == plain(b)
        })
}

/// Returns the member with the longest root that holds a file.
pub(super) fn member_of_file<'a>(
    members: &'a [WorkspaceMember],
    path: &str,
) -> Option<&'a WorkspaceMember> {
    members
        .iter()
        .filter(|member| below(&member.root, path).is_some())
        .max_by_key(|member| member.root.len())
}

/// Returns the path below a folder.
fn below<'p>(root: &str, path: &'p str) -> Option<&'p str> {
    if root.is_empty() {
        return Some(path);
    }
    path.strip_prefix(root)?.strip_prefix('/')
}

/// Returns the functions that fit a symbol best, by path and line. All have the same fit.
pub(super) fn functions<'a>(
    symbol: &SymbolPath,
    index: &'a SymbolIndex,
    members: &[WorkspaceMember],
) -> Vec<Found<'a>> {
    let mut best: Vec<Found<'a>> = Vec::new();
    for file in index.files() {
        let named = file
            .items
            .iter()
            .filter(|item| item.kind == ItemKind::Function && item.name == symbol.name());
        for item in named {
            let fit = fit_of(symbol, &file.path, item, members);
            match best.first().map_or(FITS_NAME, |found| found.fit) {
                known if fit < known || fit == 0 => continue,
                known if fit > known => best.clear(),
                _ => {}
            }
            best.push(Found { file, item, fit });
        }
    }
    best
}

/// Says how well one function fits a symbol.
pub(super) fn fit_of(
    symbol: &SymbolPath,
    path: &str,
    item: &Item,
    members: &[WorkspaceMember],
) -> Fit {
    if item.name != symbol.name() {
        return 0;
    }
    let holder = holder_fits(symbol, item);
    if holder == Holder::Differs {
        return FITS_NAME;
    }
    let member = member_of_file(members, path);
    let root = member.map_or("", |member| member.root.as_str());
    let ours = modules_of(below(root, path).unwrap_or(path), item);
    let crate_fits =
        |crate_name: &String| member.is_none_or(|member| same_crate(&member.name, crate_name));
    let mut theirs: Vec<&[String]> = Vec::new();
    let own = symbol.segments.split_last().map_or(&[][..], |(_, before)| before);
    let n_holders = n_holder_segments(symbol, item);
    if !own.is_empty() {
        theirs.extend(own.get(..own.len().saturating_sub(n_holders)));
    }
    theirs.extend([symbol.type_modules.as_slice(), symbol.trait_modules.as_slice()]);
    let mut best = if holder == Holder::Agrees { FITS_TYPE } else { FITS_NAME };
    for modules in theirs {
        let Some((crate_name, modules)) = modules.split_first() else { continue };
        let whole = modules.iter().eq(ours.iter().copied());
        if whole && crate_fits(crate_name) {
            return FITS_WHOLE;
        }
        // A binary's folder (`src/bin/NAME/`), or a target whose name is not its package's.
        let ends = modules.len() <= ours.len()
            && modules.iter().rev().zip(ours.iter().rev()).all(|(a, b)| a == b);
        if ends && (whole || !modules.is_empty() || path.ends_with("main.rs")) {
            best = best.max(FITS_END);
        }
    }
    best
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// The impl, trait or outer function of the item is the symbol's.
    Agrees,
    /// Neither has one, or one of them does not tell.
    Open,
    Differs,
}

/// Compares what holds the item right away with what the symbol says.
fn holder_fits(symbol: &SymbolPath, item: &Item) -> Holder {
    let before_name = symbol.segments.len().checked_sub(2).and_then(|at| symbol.segments.get(at));
    let named = |name: &str| before_name.is_some_and(|known| known == name);
    let Some(holder) = item.containers.last() else {
        return match symbol.self_type.is_some() || symbol.in_some_impl {
            true => Holder::Differs,
            false => Holder::Open,
        };
    };
    if let Some(label) = holder.strip_prefix("impl ") {
        let (of_trait, of_type) = match label.split_once(" for ") {
            Some((of_trait, of_type)) => (Some(of_trait), of_type),
            None => (None, label),
        };
        if let Some(wanted) = &symbol.of_trait {
            let trait_fits = of_trait == Some(wanted);
            let type_fits = symbol.self_type.as_deref().is_none_or(|wanted| wanted == of_type);
            return match (trait_fits, type_fits || of_type.len() == 1) {
                (true, true) => Holder::Agrees,
                _ => Holder::Differs,
            };
        }
        if let Some(wanted) = &symbol.self_type {
            return if wanted == of_type { Holder::Agrees } else { Holder::Differs };
        }
        if symbol.in_some_impl {
            return Holder::Open;
        }
        // `Trait::f` as printed for a method that a blanket impl gives.
        return match named(of_type) || of_trait.is_some_and(named) {
            true => Holder::Agrees,
            false => Holder::Differs,
        };
    }
    if let Some(of_trait) = holder.strip_prefix("trait ") {
        let wanted = symbol.of_trait.as_deref().or(symbol.self_type.as_deref());
        return match wanted.map_or(named(of_trait), |wanted| wanted == of_trait) {
            true => Holder::Agrees,
            false => Holder::Differs,
        };
    }
    if let Some(outer) = holder.strip_prefix("fn ") {
        return if named(outer) { Holder::Agrees } else { Holder::Differs };
    }
    match symbol.self_type.is_some() || symbol.in_some_impl {
        true => Holder::Differs,
        false => Holder::Open,
    }
}

/// Returns how many of the symbol's segments before the name are what holds the item, not modules.
fn n_holder_segments(symbol: &SymbolPath, item: &Item) -> usize {
    if symbol.of_trait.is_some() || symbol.self_type.is_some() || symbol.in_some_impl {
        return 0;
    }
    item.containers.iter().rev().take_while(|label| !label.starts_with("mod ")).count()
}

/// Returns the modules that a function lies in, by its file's path below the package and the `mod`s
/// around it.
fn modules_of<'a>(path: &'a str, item: &'a Item) -> Vec<&'a str> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut modules: Vec<&str> = path.split('/').collect();
    match modules.last() {
        Some(&"mod") => {
            modules.pop();
        }
        Some(&("lib" | "main")) => {
            modules.pop();
        }
        _ => {}
    }
    modules.extend(item.containers.iter().filter_map(|label| label.strip_prefix("mod ")));
    modules
}

/// Returns the files below a package's root that may hold a symbol, by its modules.
pub(super) fn module_files(symbol: &SymbolPath) -> Vec<String> {
    let own = symbol.segments.split_last().map_or(&[][..], |(_, before)| before);
    let paths = [own, symbol.type_modules.as_slice(), symbol.trait_modules.as_slice()];
    let mut files = vec!["src/lib.rs".to_owned()];
    for modules in paths.iter().filter_map(|path| path.get(1..)) {
        for n_modules in 1..=modules.len() {
            let path = modules.get(..n_modules).unwrap_or_default().join("/");
            files.push(format!("src/{path}.rs"));
            files.push(format!("src/{path}/mod.rs"));
        }
    }
    files
}
