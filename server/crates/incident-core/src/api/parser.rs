//! Parts of items: attributes, visibility, functions, fields, variants, `use` trees.

use super::cfg::{Cfg, parse_cfg, split_commas, unquoted};
use super::macros::visibility_end;
use super::tokens::{Token, TokenKind, skip_tree};
use super::types::Cursor;
use super::{
    AssocItem, AssocKind, Attrs, Deprecation, Field, Fields, FnSig, Generics, Import, Receiver,
    TypeRef, Vis,
};

/// All that the attributes before an item say.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttrList {
    pub(crate) attrs: Attrs,
    /// With the condition of the `cfg_attr` around each.
    pub(crate) derives: Vec<(String, Cfg)>,
    pub(crate) path: Option<String>,
    pub(crate) macro_export: bool,
    pub(crate) macro_use: bool,
    /// `proc_macro`, `proc_macro_attribute`, or the name after `proc_macro_derive(`.
    pub(crate) proc_macro: Option<ProcMacro>,
    /// Attributes that are neither built in nor known to leave the item's surface alone.
    pub(crate) foreign: Vec<(String, Cfg)>,
}

/// What kind of procedural macro a function is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ProcMacro {
    FunctionLike,
    Attribute,
    Derive(String),
}

impl AttrList {
    /// Reads the `#[..]` that come next.
    pub(crate) fn read_outer(cursor: &mut Cursor<'_, '_>) -> Self {
        let mut list = Self::default();
        while cursor.peek().is_some_and(|token| token.is_punct(b'#'))
            && cursor.peek_nth(1).is_some_and(|token| token.opens(b'['))
        {
            cursor.bump();
            if let Some(inner) = cursor.group(b'[') {
                list.add(inner, &Cfg::Always, 0);
            }
        }
        list
    }

    /// Adds one attribute; `when` is the condition of the `cfg_attr` around it.
    pub(crate) fn add(&mut self, tokens: &[Token<'_>], when: &Cfg, depth: usize) {
        let mut cursor = Cursor::new(tokens);
        cursor.eat_word("unsafe");
        let path = cursor.path();
        let Some(name) = path.segments.last().map(|segment| segment.name.as_str()) else { return };
        let rest = tokens.get(cursor.position()..).unwrap_or_default();
        let argument = rest.get(1..rest.len().saturating_sub(1)).unwrap_or_default();
        match name {
            "cfg" => {
                let cfg = parse_cfg(argument);
                self.attrs.cfg = std::mem::take(&mut self.attrs.cfg).and(cfg);
            }
            "cfg_attr" if depth < 4 => {
                let mut parts = split_commas(argument).into_iter();
                let when = parts.next().map_or(Cfg::Unreadable, parse_cfg);
                for part in parts {
                    self.add(part, &when, depth + 1);
                }
            }
            "derive" => {
                for part in split_commas(argument) {
                    let path = Cursor::new(part).path();
                    let names: Vec<&str> =
                        path.segments.iter().map(|segment| segment.name.as_str()).collect();
                    self.derives.push((names.join("::"), when.clone()));
                }
            }
            "path" if when.is_always() => self.path = rest.get(1).map(|value| unquoted(value.text)),
            "macro_export" => self.macro_export = true,
            "macro_use" => self.macro_use = true,
            "doc" => {
                self.attrs.hidden |= argument.first().is_some_and(|word| word.is_word("hidden"));
            }
            "deprecated" | "rustc_deprecated" if when.is_always() => {
                self.attrs.deprecated = Some(deprecation(rest));
            }
            "unstable" => {
                self.attrs.unstable =
                    Some(named_value(argument, "feature").unwrap_or_else(|| "unstable".to_owned()))
            }
            "proc_macro" => self.proc_macro = Some(ProcMacro::FunctionLike),
            "proc_macro_attribute" => self.proc_macro = Some(ProcMacro::Attribute),
            "proc_macro_derive" => {
                let name = argument.first().map_or("", |word| word.text).to_owned();
                self.proc_macro = Some(ProcMacro::Derive(name));
            }
            "test" | "bench" | "test_case" if when.is_always() => {
                let off = Cfg::Flag("test".to_owned(), None);
                self.attrs.cfg = std::mem::take(&mut self.attrs.cfg).and(off);
            }
            _ if !is_plain_attribute(name) => self.foreign.push((name.to_owned(), when.clone())),
            _ => {}
        }
    }
}

/// Attributes of the language and of its tools, and those that only wrap a body.
fn is_plain_attribute(name: &str) -> bool {
    name.starts_with("rustc_")
        || name.starts_with("rustfmt")
        || name.starts_with("clippy")
        || matches!(
            name,
            "allow"
                | "warn"
                | "deny"
                | "forbid"
                | "expect"
                | "inline"
                | "must_use"
                | "cold"
                | "no_mangle"
                | "non_exhaustive"
                | "repr"
                | "track_caller"
                | "stable"
                | "default"
                | "lang"
                | "fundamental"
                | "automatically_derived"
                | "target_feature"
                | "link"
                | "export_name"
                | "link_section"
                | "used"
                | "global_allocator"
                | "ignore"
                | "should_panic"
                | "instrument"
                | "async_trait"
                | "pin_project"
                | "pin"
                | "serde"
                | "error"
                | "source"
                | "from"
                | "diagnostic"
                | "const_trait"
                | "skip"
                | "cfg"
                | "may_dangle"
                | "marker"
                | "optimize"
                | "coverage"
                | "no_std"
                | "link_name"
                | "macro_reexport"
                | "ffi_const"
                | "ffi_pure"
                | "prelude_import"
                | "no_core"
                | "allow_internal_unstable"
                | "allow_internal_unsafe"
                | "unstable_feature_bound"
                | "thread_local"
                | "deprecated_safe"
                | "collapse_debuginfo"
                | "type_length_limit"
                | "recursion_limit"
                | "no_implicit_prelude"
                | "path"
                | "macro_use"
                | "doc"
                | "deprecated"
                | "type_const"
                | "derive_const"
                | "debugger_visualizer"
        )
}

fn deprecation(rest: &[Token<'_>]) -> Deprecation {
    if rest.first().is_some_and(|token| token.is_punct(b'=')) {
        return Deprecation { since: None, note: rest.get(1).map(|note| unquoted(note.text)) };
    }
    let argument = rest.get(1..rest.len().saturating_sub(1)).unwrap_or_default();
    Deprecation { since: named_value(argument, "since"), note: named_value(argument, "note") }
}

fn named_value(argument: &[Token<'_>], name: &str) -> Option<String> {
    split_commas(argument).into_iter().find_map(|part| {
        let named = part.first()?.is_word(name) && part.get(1)?.is_punct(b'=');
        named.then(|| part.get(2).map(|value| unquoted(value.text)))?
    })
}

/// Reads a visibility; it may be empty.
pub(crate) fn visibility(cursor: &mut Cursor<'_, '_>, tokens: &[Token<'_>]) -> Vis {
    let start = cursor.position();
    let end = visibility_end(tokens, start);
    cursor.seek(end);
    match end - start {
        0 => Vis::Private,
        1 => Vis::Public,
        _ => Vis::Restricted,
    }
}

/// Reads a function from after `fn` to after its body.
pub(crate) fn function(
    cursor: &mut Cursor<'_, '_>,
    tokens: &[Token<'_>],
    is_async: bool,
) -> Option<(String, FnSig)> {
    let name = cursor.ident()?.to_owned();
    let mut sig = FnSig { generics: cursor.generic_params(), is_async, ..FnSig::default() };
    let params = cursor.group(b'(')?;
    parameters(params, &mut sig);
    sig.ret = if cursor.eat_arrow() { cursor.type_ref() } else { TypeRef::unit() };
    cursor.where_clause(&mut sig.generics);
    end_of_item(cursor, tokens);
    Some((name, sig))
}

/// Moves after the body or the semicolon.
pub(crate) fn end_of_item(cursor: &mut Cursor<'_, '_>, tokens: &[Token<'_>]) {
    let mut at = cursor.position();
    while let Some(token) = tokens.get(at) {
        let ends = token.is_punct(b';') || token.opens(b'{');
        at = skip_tree(tokens, at);
        if ends {
            break;
        }
    }
    cursor.seek(at);
}

fn parameters(tokens: &[Token<'_>], sig: &mut FnSig) {
    let mut cursor = Cursor::new(tokens);
    let mut is_first = true;
    while !cursor.at_end() {
        let before = cursor.position();
        AttrList::read_outer(&mut cursor);
        if is_first && let Some(receiver) = receiver(&mut cursor) {
            sig.receiver = Some(receiver);
        } else if cursor.peek().is_some_and(|token| token.is_punct(b'.')) {
            sig.is_variadic = true;
            cursor.seek(tokens.len());
        } else {
            // The pattern, up to its colon; `::` inside it is not one.
            while let Some(token) = cursor.peek() {
                if cursor.eat_colons() {
                    continue;
                }
                if token.is_punct(b':') || token.is_punct(b',') {
                    break;
                }
                cursor.skip_tree();
            }
            if cursor.eat(b':') {
                if cursor.peek().is_some_and(|token| token.is_punct(b'.')) {
                    sig.is_variadic = true;
                    cursor.seek(tokens.len());
                    continue;
                }
                let ty = cursor.type_ref();
                sig.params.push(ty);
            }
        }
        is_first = false;
        while cursor.peek().is_some_and(|token| !token.is_punct(b',')) {
            cursor.skip_tree();
        }
        cursor.eat(b',');
        if cursor.position() == before {
            cursor.skip_tree();
        }
    }
}

fn receiver(cursor: &mut Cursor<'_, '_>) -> Option<Receiver> {
    let start = cursor.position();
    let by_ref = cursor.eat(b'&');
    if cursor.peek().is_some_and(|token| token.kind == TokenKind::Lifetime) {
        cursor.bump();
    }
    let is_mut = cursor.eat_word("mut");
    if !cursor.eat_word("self") {
        cursor.seek(start);
        return None;
    }
    if !by_ref && cursor.eat(b':') {
        return Some(Receiver::Typed(cursor.type_ref()));
    }
    Some(match (by_ref, is_mut) {
        (true, true) => Receiver::RefMut,
        (true, false) => Receiver::Ref,
        (false, _) => Receiver::Value,
    })
}

/// Reads `{ a: A, pub b: B }`'s or `(A, pub B)`'s inside.
pub(crate) fn fields(tokens: &[Token<'_>], is_tuple: bool) -> Fields {
    let mut cursor = Cursor::new(tokens);
    let mut fields = Fields { fields: Vec::new(), is_tuple };
    while !cursor.at_end() {
        let before = cursor.position();
        let list = AttrList::read_outer(&mut cursor);
        let vis = visibility(&mut cursor, tokens);
        let name = if is_tuple {
            Some(fields.fields.len().to_string())
        } else {
            let name = cursor.ident().map(str::to_owned);
            cursor.eat(b':');
            name
        };
        let ty = cursor.type_ref();
        if let Some(name) = name {
            fields.fields.push(Field { name, ty, vis, attrs: list.attrs });
        }
        while cursor.peek().is_some_and(|token| !token.is_punct(b',')) {
            cursor.skip_tree();
        }
        cursor.eat(b',');
        if cursor.position() == before {
            cursor.skip_tree();
        }
    }
    fields
}

/// Reads the inside of a `use`, after the keyword: every name it brings in.
pub(crate) fn use_tree(tokens: &[Token<'_>], vis: Vis, attrs: &Attrs, imports: &mut Vec<Import>) {
    let mut cursor = Cursor::new(tokens);
    let is_global = cursor.eat_colons();
    let shared = Import {
        path: Vec::new(),
        is_global,
        name: None,
        is_glob: false,
        vis,
        attrs: attrs.clone(),
    };
    use_part(tokens.get(cursor.position()..).unwrap_or_default(), &shared, imports, 0);
}

fn use_part(tokens: &[Token<'_>], prefix: &Import, imports: &mut Vec<Import>, depth: usize) {
    let mut cursor = Cursor::new(tokens);
    let mut import = prefix.clone();
    if cursor.eat_colons() {
        import.is_global = import.path.is_empty();
    }
    while let Some(token) = cursor.peek() {
        match token.kind {
            TokenKind::Open(b'{') if depth < 32 => {
                let inner = cursor.group(b'{').unwrap_or_default();
                for part in split_commas(inner) {
                    use_part(part, &import, imports, depth + 1);
                }
                return;
            }
            TokenKind::Punct(b'*') => {
                import.is_glob = true;
                imports.push(import);
                return;
            }
            TokenKind::Ident if token.text == "as" => {
                cursor.bump();
                import.name = cursor.ident().map(str::to_owned).filter(|name| name != "_");
                imports.push(import);
                return;
            }
            TokenKind::Ident => {
                cursor.bump();
                let is_self = token.text == "self" && !import.path.is_empty();
                if !is_self {
                    import.path.push(token.text.to_owned());
                }
                import.name = import.path.last().cloned();
                if !cursor.eat_colons() && !cursor.peek().is_some_and(|next| next.is_word("as")) {
                    imports.push(import);
                    return;
                }
            }
            _ => return,
        }
    }
}

/// Answers a macro call among associated items: its path, its argument, its attributes.
pub(crate) type MacroInAssoc<'m, 'a> =
    dyn FnMut(&[&'a str], &[Token<'a>], &Attrs) -> Vec<AssocItem> + 'm;

/// Reads the items of a trait or an impl; what macros stand there is given to `on_macro`.
pub(crate) fn assoc_items<'a>(
    tokens: &[Token<'a>],
    default_vis: Vis,
    on_macro: &mut MacroInAssoc<'_, 'a>,
) -> Vec<AssocItem> {
    let mut cursor = Cursor::new(tokens);
    let mut items = Vec::new();
    while !cursor.at_end() {
        let before = cursor.position();
        let list = AttrList::read_outer(&mut cursor);
        let vis = visibility(&mut cursor, tokens).max_with(default_vis);
        assoc_item(&mut cursor, tokens, vis, list.attrs, &mut items, on_macro);
        if cursor.position() == before {
            cursor.skip_tree();
        }
    }
    items
}

fn assoc_item<'a>(
    cursor: &mut Cursor<'_, 'a>,
    tokens: &[Token<'a>],
    vis: Vis,
    attrs: Attrs,
    items: &mut Vec<AssocItem>,
    on_macro: &mut MacroInAssoc<'_, 'a>,
) {
    let mut is_async = false;
    while let Some(token) = cursor.peek().filter(|token| token.kind == TokenKind::Ident) {
        let next_is = |word: &str| cursor.peek_nth(1).is_some_and(|next| next.is_word(word));
        match token.text {
            "async" => {
                is_async = true;
                cursor.bump();
            }
            "unsafe" | "default" | "extern" | "safe" | "gen" => {
                cursor.bump();
                if cursor.peek().is_some_and(|next| next.kind == TokenKind::Literal) {
                    cursor.bump();
                }
            }
            "const"
                if next_is("fn") || next_is("unsafe") || next_is("extern") || next_is("async") =>
            {
                cursor.bump();
            }
            "const" => {
                cursor.bump();
                let name = cursor.ident().unwrap_or_default().to_owned();
                let ty = if cursor.eat(b':') { cursor.type_ref() } else { TypeRef::Infer };
                to_semicolon(cursor);
                items.push(AssocItem { name, kind: AssocKind::Const(ty), vis, attrs });
                return;
            }
            "type" => {
                cursor.bump();
                let name = cursor.ident().unwrap_or_default().to_owned();
                let mut generics: Generics = cursor.generic_params();
                let bounds = if cursor.eat(b':') { cursor.bounds() } else { Vec::new() };
                cursor.where_clause(&mut generics);
                let ty = cursor.eat(b'=').then(|| cursor.type_ref());
                to_semicolon(cursor);
                items.push(AssocItem { name, kind: AssocKind::Type(bounds, ty), vis, attrs });
                return;
            }
            "fn" => {
                cursor.bump();
                if let Some((name, sig)) = function(cursor, tokens, is_async) {
                    items.push(AssocItem { name, kind: AssocKind::Fn(Box::new(sig)), vis, attrs });
                }
                return;
            }
            _ => {
                if let Some((path, argument)) = macro_call(cursor) {
                    items.extend(on_macro(&path, argument, &attrs));
                }
                return;
            }
        }
    }
}

/// Reads `path! { .. }` with its semicolon; `None` moves nothing.
pub(crate) fn macro_call<'t, 'a>(
    cursor: &mut Cursor<'t, 'a>,
) -> Option<(Vec<&'a str>, &'t [Token<'a>])> {
    let start = cursor.position();
    let mut path = Vec::new();
    cursor.eat_colons();
    while let Some(name) = cursor.ident() {
        path.push(name);
        if !cursor.eat_colons() {
            break;
        }
    }
    let is_call = !path.is_empty()
        && cursor.eat(b'!')
        && cursor.peek().is_some_and(|token| matches!(token.kind, TokenKind::Open(_)));
    if !is_call {
        cursor.seek(start);
        return None;
    }
    let open = match cursor.peek()?.kind {
        TokenKind::Open(open) => open,
        _ => return None,
    };
    let argument = cursor.group(open)?;
    cursor.eat(b';');
    Some((path, argument))
}

/// Moves after the next semicolon outside brackets.
pub(crate) fn to_semicolon(cursor: &mut Cursor<'_, '_>) {
    while let Some(token) = cursor.peek() {
        cursor.skip_tree();
        if token.is_punct(b';') {
            return;
        }
    }
}

impl Vis {
    /// Items of traits and their impls are as public as the trait.
    fn max_with(self, floor: Vis) -> Vis {
        if floor == Vis::Public { Vis::Public } else { self }
    }
}
