//! Walks a package's files from its root module and collects what they declare.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::cancel::Cancel;
use crate::text::ByteSpan;

use super::cfg::Cfg;
use super::macros::MacroRules;
use super::parser::{
    AttrList, end_of_item, function, macro_call, to_semicolon, use_tree, visibility,
};
use super::tokens::{Token, TokenKind, tokenize};
use super::types::Cursor;
use super::{Attrs, CrateApi, Item, ItemId, ItemKind, Scope, TypeRef, Vis};

/// The source of one library target, as host found it.
#[derive(Clone, Debug, Default)]
pub struct PackageSource {
    /// The name that code uses.
    pub crate_name: String,
    /// The edition.
    pub edition: u16,
    /// The path of the root module, a key of `files`.
    pub root: String,
    /// Relative paths with `/` to texts.
    pub files: BTreeMap<String, Arc<str>>,
    /// The build script's text, which may set `cfg`s.
    pub build_script: Option<Arc<str>>,
}

mod expand;
mod items;

/// Modules nested deeper than this are not read.
const MAX_MODULE_DEPTH: usize = 48;
/// How deep macro calls may expand into macro calls.
const MAX_EXPANSION_DEPTH: usize = 24;
/// Calls with more tokens than this are not expanded.
const MAX_ARGUMENT_TOKENS: usize = 30_000;
/// All expansions of one package together.
const MAX_EXPANDED_TOKENS: usize = 24_000_000;

/// Reads the items of a package. Total: what it cannot read it names in the result.
pub fn index_package(source: &PackageSource, cancel: &Cancel) -> CrateApi {
    let tokens: HashMap<&str, Vec<Token<'_>>> =
        source.files.iter().map(|(path, text)| (path.as_str(), tokenize(text))).collect();
    let mut reader = Reader {
        tokens: &tokens,
        cancel,
        api: CrateApi {
            name: source.crate_name.clone(),
            edition: source.edition,
            build_cfgs: source.build_script.as_deref().map(build_cfgs).unwrap_or_default(),
            ..CrateApi::default()
        },
        macros: HashMap::new(),
        pending: Vec::new(),
        visited: BTreeSet::new(),
        budget: MAX_EXPANDED_TOKENS,
    };
    let root = reader.add_item(Item {
        name: source.crate_name.clone(),
        kind: ItemKind::Module(Scope::default()),
        vis: Vis::Public,
        attrs: Attrs::default(),
        parent: 0,
    });
    let dir = parent_dir(&source.root).to_owned();
    reader.file(
        &source.root,
        Place { module: root, child_dir: dir.clone(), dir, depth: 0, expansion: 0 },
    );
    reader.expand_pending();
    reader.api
}

/// A module or a block of a snippet, with the spans of the items that stand right in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SnippetScope {
    /// The scope around it, an index into the same list; the first is the root.
    pub(crate) parent: usize,
    /// The module's name; `None` for a block.
    pub(crate) module_name: Option<String>,
    /// Its items, without inline modules, which are scopes of their own.
    pub(crate) items: Vec<ByteSpan>,
}

/// Reads the items of a snippet; the scope at index `n` becomes the module with the returned id.
pub(crate) fn index_snippet(
    text: &str,
    scopes: &[SnippetScope],
    edition: u16,
    cancel: &Cancel,
) -> (CrateApi, Vec<ItemId>) {
    let tokens = HashMap::new();
    let api = CrateApi { name: "snippet".to_owned(), edition, ..CrateApi::default() };
    let mut reader = Reader {
        tokens: &tokens,
        cancel,
        api,
        macros: HashMap::new(),
        pending: Vec::new(),
        visited: BTreeSet::new(),
        budget: MAX_EXPANDED_TOKENS / 20,
    };
    let mut modules: Vec<ItemId> = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        let parent = modules.get(scope.parent).copied().unwrap_or(0);
        let module = reader.add_item(Item {
            name: scope.module_name.clone().unwrap_or_default(),
            kind: ItemKind::Module(Scope {
                is_block: scope.module_name.is_none() && index > 0,
                ..Scope::default()
            }),
            vis: Vis::Public,
            attrs: Attrs::default(),
            parent,
        });
        modules.push(module);
        let place =
            Place { module, child_dir: String::new(), dir: String::new(), depth: 0, expansion: 0 };
        for span in &scope.items {
            reader.items(&tokenize(span.slice(text).unwrap_or_default()), &place);
        }
    }
    reader.expand_pending();
    (reader.api, modules)
}

/// Names in `cargo:rustc-cfg=NAME` of a build script, wherever its text has them.
fn build_cfgs(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if !text.contains("rustc-cfg") {
        return names;
    }
    for piece in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if piece.len() > 1 && !piece.starts_with(|c: char| c.is_ascii_digit()) {
            names.push(piece.to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn parent_dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn join(dir: &str, name: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Where items are being read.
#[derive(Clone, Debug)]
struct Place {
    module: ItemId,
    /// Where the files of child modules lie.
    child_dir: String,
    /// Where the current file lies; `#[path]` starts there.
    dir: String,
    depth: usize,
    expansion: usize,
}

#[derive(Clone)]
struct MacroDef<'a> {
    rules: Arc<MacroRules<'a>>,
    cfg: Cfg,
}

/// A macro call whose macro was not known yet.
struct Pending<'a> {
    path: Vec<&'a str>,
    argument: Vec<Token<'a>>,
    attrs: Attrs,
    place: Place,
}

struct Reader<'s, 'a> {
    tokens: &'s HashMap<&'a str, Vec<Token<'a>>>,
    cancel: &'s Cancel,
    api: CrateApi,
    macros: HashMap<&'a str, Vec<MacroDef<'a>>>,
    pending: Vec<Pending<'a>>,
    /// Files being read or read, with their module: a cycle of `#[path]` ends here.
    visited: BTreeSet<String>,
    budget: usize,
}

impl<'a> Reader<'_, 'a> {
    fn add_item(&mut self, item: Item) -> ItemId {
        let id = ItemId::try_from(self.api.items.len()).unwrap_or(ItemId::MAX);
        let parent = item.parent;
        self.api.items.push(item);
        if id != parent
            && let Some(scope) = self.scope(parent)
        {
            scope.items.push(id);
        }
        id
    }

    fn scope(&mut self, module: ItemId) -> Option<&mut Scope> {
        match &mut self.api.items.get_mut(module as usize)?.kind {
            ItemKind::Module(scope) => Some(scope),
            _ => None,
        }
    }

    fn add(&mut self, place: &Place, name: &str, kind: ItemKind, vis: Vis, attrs: Attrs) -> ItemId {
        let parent = place.module;
        self.add_item(Item { name: name.to_owned(), kind, vis, attrs, parent })
    }

    fn mark_opaque(&mut self, module: ItemId, why: String) {
        if let Some(scope) = self.scope(module) {
            scope.opaque.get_or_insert(why);
        }
    }

    fn file(&mut self, path: &str, place: Place) {
        let Some((key, tokens)) = self.tokens.get_key_value(path) else {
            self.api.unread.push((path.to_owned(), "not found".to_owned()));
            self.mark_opaque(place.module, format!("{path} is not there"));
            return;
        };
        if !self.visited.insert((*key).to_owned()) {
            self.mark_opaque(place.module, format!("{path} is a module in two places"));
            return;
        }
        let tokens: &[Token<'a>] = tokens;
        if !is_balanced(tokens) {
            self.api.unread.push((path.to_owned(), "its brackets do not match".to_owned()));
            self.mark_opaque(
                place.module,
                format!("{path} cannot be read: its brackets do not match"),
            );
        }
        self.items(tokens, &place);
        // The same file may be two modules under different conditions, but not inside itself.
        self.visited.remove(path);
    }

    fn items(&mut self, tokens: &[Token<'a>], place: &Place) {
        if place.depth > MAX_MODULE_DEPTH || self.cancel.is_cancelled() {
            self.mark_opaque(place.module, "nested too deeply to be read".to_owned());
            return;
        }
        let mut cursor = Cursor::new(tokens);
        while !cursor.at_end() {
            let before = cursor.position();
            if cursor.peek().is_some_and(|token| token.is_punct(b'#'))
                && cursor.peek_nth(1).is_some_and(|token| token.is_punct(b'!'))
            {
                cursor.bump();
                cursor.bump();
                let mut list = AttrList::default();
                list.add(cursor.group(b'[').unwrap_or_default(), &Cfg::Always, 0);
                if let Some(module) = self.api.items.get_mut(place.module as usize) {
                    let cfg = std::mem::take(&mut module.attrs.cfg);
                    module.attrs.cfg = cfg.and(list.attrs.cfg);
                }
                continue;
            }
            let list = AttrList::read_outer(&mut cursor);
            let vis = visibility(&mut cursor, tokens);
            self.item(&mut cursor, tokens, list, vis, place);
            if cursor.position() == before {
                cursor.skip_tree();
            }
        }
    }

    fn item(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        tokens: &[Token<'a>],
        list: AttrList,
        vis: Vis,
        place: &Place,
    ) {
        let mut is_async = false;
        loop {
            let Some(token) = cursor.peek().filter(|token| token.kind == TokenKind::Ident) else {
                return;
            };
            let next = cursor.peek_nth(1);
            let next_is_name = next.is_some_and(|next| next.kind == TokenKind::Ident);
            match token.text {
                "mod" if next_is_name => return self.module(cursor, list, vis, place),
                "use" => {
                    cursor.bump();
                    let start = cursor.position();
                    to_semicolon(cursor);
                    let inner = tokens.get(start..cursor.position().saturating_sub(1));
                    let mut imports = Vec::new();
                    use_tree(inner.unwrap_or_default(), vis, &list.attrs, &mut imports);
                    if let Some(scope) = self.scope(place.module) {
                        scope.imports.extend(imports);
                    }
                    return;
                }
                "extern" if next.is_some_and(|next| next.is_word("crate")) => {
                    return self.extern_crate(cursor, list, vis, place);
                }
                "extern" | "unsafe" | "default" | "safe" | "auto" => {
                    cursor.bump();
                    if cursor.peek().is_some_and(|token| token.kind == TokenKind::Literal) {
                        cursor.bump();
                    }
                    if let Some(inner) = cursor.group(b'{') {
                        // `extern "C" { .. }`: its items belong to the module around it.
                        self.items(inner, &Place { depth: place.depth + 1, ..place.clone() });
                        return;
                    }
                }
                "async" => {
                    is_async = true;
                    cursor.bump();
                }
                "const" if next_is_const_item(next, cursor.peek_nth(2)) => {
                    cursor.bump();
                    cursor.eat_word("mut");
                    let name = cursor.ident().unwrap_or("_");
                    let ty = if cursor.eat(b':') { cursor.type_ref() } else { TypeRef::Infer };
                    to_semicolon(cursor);
                    if name != "_" {
                        self.add(place, name, ItemKind::Const(ty), vis, list.attrs);
                    }
                    return;
                }
                "const" => {
                    cursor.bump();
                }
                "static" => {
                    cursor.bump();
                    let _ = cursor.eat_word("mut") || cursor.eat_word("ref");
                    let name = cursor.ident().unwrap_or("_");
                    let ty = if cursor.eat(b':') { cursor.type_ref() } else { TypeRef::Infer };
                    to_semicolon(cursor);
                    self.add(place, name, ItemKind::Static(ty), vis, list.attrs);
                    return;
                }
                "fn" => {
                    cursor.bump();
                    if let Some((name, sig)) = function(cursor, tokens, is_async) {
                        self.function(place, &name, sig, vis, list);
                    }
                    return;
                }
                "struct" | "union" if next_is_name => return self.strukt(cursor, list, vis, place),
                "enum" if next_is_name => return self.enumeration(cursor, list, vis, place),
                "trait" if next_is_name => return self.trait_item(cursor, list, vis, place),
                "impl" => return self.impl_block(cursor, list, place),
                "type" if next_is_name => {
                    cursor.bump();
                    let name = cursor.ident().unwrap_or_default();
                    let mut generics = cursor.generic_params();
                    cursor.where_clause(&mut generics);
                    let ty = if cursor.eat(b'=') { cursor.type_ref() } else { TypeRef::Infer };
                    to_semicolon(cursor);
                    self.add(place, name, ItemKind::TypeAlias { generics, ty }, vis, list.attrs);
                    return;
                }
                "macro_rules" if next.is_some_and(|next| next.is_punct(b'!')) => {
                    cursor.bump();
                    cursor.bump();
                    let Some(name) = cursor.ident() else { return };
                    let body = match cursor.peek().map(|token| token.kind) {
                        Some(TokenKind::Open(open)) => cursor.group(open).unwrap_or_default(),
                        _ => &[],
                    };
                    cursor.eat(b';');
                    self.macro_rules(name, MacroRules::parse(body), list, place);
                    return;
                }
                "macro" if next_is_name => {
                    cursor.bump();
                    let name = cursor.ident().unwrap_or_default();
                    let start = cursor.position();
                    end_of_item(cursor, tokens);
                    let rest = tokens.get(start..cursor.position()).unwrap_or_default();
                    let cfg = list.attrs.cfg.clone();
                    self.define_macro(name, MacroRules::parse_decl(rest), cfg);
                    self.add(place, name, ItemKind::Macro, vis, list.attrs);
                    return;
                }
                _ => {
                    if let Some((path, argument)) = macro_call(cursor) {
                        self.call(&path, argument, list.attrs, place);
                    }
                    return;
                }
            }
        }
    }

    fn module(&mut self, cursor: &mut Cursor<'_, 'a>, list: AttrList, vis: Vis, place: &Place) {
        cursor.bump();
        let Some(name) = cursor.ident() else { return };
        let body = cursor.group(b'{');
        cursor.eat(b';');
        let is_test = list.attrs.cfg == Cfg::Flag("test".to_owned(), None);
        let kind = ItemKind::Module(Scope::default());
        let module = self.add(place, name, kind, vis, list.attrs);
        if is_test {
            return;
        }
        let child = Place {
            module,
            child_dir: join(&place.child_dir, name),
            dir: place.dir.clone(),
            depth: place.depth + 1,
            expansion: place.expansion,
        };
        if let Some(body) = body {
            self.items(body, &child);
            return;
        }
        let (path, child_dir) = match &list.path {
            Some(path) => {
                let path = join(&place.dir, path);
                // A `#[path]` file is treated as a `mod.rs`.
                let child_dir = parent_dir(&path).to_owned();
                (path, child_dir)
            }
            None => {
                let flat = format!("{}.rs", join(&place.child_dir, name));
                let nested = format!("{}/mod.rs", join(&place.child_dir, name));
                let path = if self.tokens.contains_key(flat.as_str()) { flat } else { nested };
                (path, child.child_dir.clone())
            }
        };
        let dir = parent_dir(&path).to_owned();
        self.file(&path, Place { child_dir, dir, ..child });
    }
}

/// Says whether every bracket has its partner, so that bodies end where they seem to.
fn is_balanced(tokens: &[Token<'_>]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Open(byte) => open.push(byte),
            TokenKind::Close(byte) if open.pop() != Some(byte) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

fn next_is_const_item(next: Option<Token<'_>>, after: Option<Token<'_>>) -> bool {
    let Some(next) = next else { return false };
    let starts_function =
        matches!(next.text, "fn" | "unsafe" | "extern" | "async" | "trait" | "impl" | "safe");
    !starts_function || after.is_some_and(|after| after.is_punct(b':'))
}
