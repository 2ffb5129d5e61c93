//! Readers of the single items: structs, enums, traits, impls.

use super::super::parser::{AttrList, ProcMacro, assoc_items, fields, visibility};
use super::super::tokens::Token;
use super::super::types::Cursor;
use super::super::{
    AssocItem, Attrs, Fields, FnSig, Impl, Import, Item, ItemId, ItemKind, OpaqueMacro, TypeRef,
    Vis,
};
use super::{MAX_EXPANSION_DEPTH, Place, Reader};

impl<'a> Reader<'_, 'a> {
    pub(super) fn extern_crate(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        list: AttrList,
        vis: Vis,
        place: &Place,
    ) {
        cursor.bump();
        cursor.bump();
        let Some(name) = cursor.ident() else { return };
        let alias = if cursor.eat_word("as") { cursor.ident().unwrap_or("_") } else { name };
        cursor.eat(b';');
        let import = Import {
            path: vec![if name == "self" { "crate" } else { name }.to_owned()],
            is_global: name != "self",
            name: (alias != "_").then(|| alias.to_owned()),
            is_glob: false,
            vis,
            attrs: list.attrs,
        };
        if let Some(scope) = self.scope(place.module) {
            scope.imports.push(import);
        }
    }

    pub(super) fn function(
        &mut self,
        place: &Place,
        name: &str,
        sig: FnSig,
        vis: Vis,
        list: AttrList,
    ) {
        match list.proc_macro {
            Some(ProcMacro::FunctionLike) => {
                self.add(place, name, ItemKind::Macro, Vis::Public, list.attrs);
            }
            Some(ProcMacro::Attribute) => {
                self.add(place, name, ItemKind::AttributeMacro, Vis::Public, list.attrs);
            }
            Some(ProcMacro::Derive(derive)) => {
                self.add(place, &derive, ItemKind::DeriveMacro, Vis::Public, list.attrs);
            }
            None => {
                self.add(place, name, ItemKind::Fn(Box::new(sig)), vis, list.attrs);
            }
        }
    }

    pub(super) fn strukt(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        list: AttrList,
        vis: Vis,
        place: &Place,
    ) {
        cursor.bump();
        let name = cursor.ident().unwrap_or_default();
        let mut generics = cursor.generic_params();
        cursor.where_clause(&mut generics);
        let fields_read = if let Some(inner) = cursor.group(b'{') {
            fields(inner, false)
        } else if let Some(inner) = cursor.group(b'(') {
            cursor.where_clause(&mut generics);
            fields(inner, true)
        } else {
            Fields::default()
        };
        cursor.eat(b';');
        self.foreign_derives(&list, place.module, name);
        let derives = list.derives.into_iter().map(|(derive, _)| derive).collect();
        let kind = ItemKind::Struct { generics, fields: fields_read, derives };
        self.add(place, name, kind, vis, list.attrs);
    }

    pub(super) fn enumeration(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        list: AttrList,
        vis: Vis,
        place: &Place,
    ) {
        cursor.bump();
        let name = cursor.ident().unwrap_or_default();
        let mut generics = cursor.generic_params();
        cursor.where_clause(&mut generics);
        let body = cursor.group(b'{').unwrap_or_default();
        self.foreign_derives(&list, place.module, name);
        let derives = list.derives.into_iter().map(|(derive, _)| derive).collect();
        let kind = ItemKind::Enum { generics, variants: Vec::new(), derives };
        let parent = self.add(place, name, kind, vis, list.attrs);
        let mut cursor = Cursor::new(body);
        let mut ids = Vec::new();
        while !cursor.at_end() {
            let before = cursor.position();
            let list = AttrList::read_outer(&mut cursor);
            visibility(&mut cursor, body);
            if let Some(name) = cursor.ident() {
                let read = if let Some(inner) = cursor.group(b'{') {
                    fields(inner, false)
                } else if let Some(inner) = cursor.group(b'(') {
                    fields(inner, true)
                } else {
                    Fields::default()
                };
                ids.push(self.add_item(Item {
                    name: name.to_owned(),
                    kind: ItemKind::Variant(read),
                    vis: Vis::Public,
                    attrs: list.attrs,
                    parent,
                }));
            }
            while cursor.peek().is_some_and(|token| !token.is_punct(b',')) {
                cursor.skip_tree();
            }
            cursor.eat(b',');
            if cursor.position() == before {
                cursor.skip_tree();
            }
        }
        if let Some(ItemKind::Enum { variants, .. }) =
            self.api.items.get_mut(parent as usize).map(|item| &mut item.kind)
        {
            *variants = ids;
        }
    }

    pub(super) fn trait_item(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        list: AttrList,
        vis: Vis,
        place: &Place,
    ) {
        cursor.bump();
        let name = cursor.ident().unwrap_or_default();
        let mut generics = cursor.generic_params();
        let mut supers = if cursor.eat(b':') { cursor.bounds() } else { Vec::new() };
        if cursor.eat(b'=') {
            supers = cursor.bounds(); // `trait Alias = A + B;`
        }
        cursor.where_clause(&mut generics);
        let body = cursor.group(b'{').unwrap_or_default();
        cursor.eat(b';');
        let items = self.assoc(body, Vis::Public, place);
        self.add(place, name, ItemKind::Trait { generics, supers, items }, vis, list.attrs);
    }

    pub(super) fn impl_block(
        &mut self,
        cursor: &mut Cursor<'_, 'a>,
        list: AttrList,
        place: &Place,
    ) {
        cursor.bump();
        let mut generics = cursor.generic_params();
        cursor.eat_word("const");
        let is_negative = cursor.eat(b'!');
        let first = cursor.type_ref();
        let (of_trait, self_ty) = if cursor.eat_word("for") {
            let of_trait = match first {
                TypeRef::Path(path) => Some(path),
                _ => Some(Default::default()),
            };
            (of_trait, cursor.type_ref())
        } else {
            (None, first)
        };
        cursor.where_clause(&mut generics);
        let body = cursor.group(b'{').unwrap_or_default();
        let floor = if of_trait.is_some() { Vis::Public } else { Vis::Private };
        let items = self.assoc(body, floor, place);
        let module = place.module;
        let attrs = list.attrs;
        self.api.impls.push(Impl {
            generics,
            of_trait,
            is_negative,
            self_ty,
            items,
            module,
            attrs,
        });
    }

    pub(super) fn foreign_derives(&mut self, list: &AttrList, module: ItemId, name: &str) {
        for (derive, cfg) in &list.derives {
            let last = derive.rsplit("::").next().unwrap_or_default();
            if !is_trait_derive(last) {
                let words = vec![name.to_owned()];
                let name = format!("derive({derive})");
                self.api.opaque.push(OpaqueMacro { name, words, module, cfg: cfg.clone() });
            }
        }
        for (attribute, cfg) in &list.foreign {
            let words = vec![name.to_owned()];
            let name = format!("#[{attribute}]");
            self.api.opaque.push(OpaqueMacro { name, words, module, cfg: cfg.clone() });
        }
    }

    pub(super) fn assoc(
        &mut self,
        body: &[Token<'a>],
        floor: Vis,
        place: &Place,
    ) -> Vec<AssocItem> {
        if place.expansion > MAX_EXPANSION_DEPTH {
            return Vec::new();
        }
        let mut on_macro = |path: &[&'a str], argument: &[Token<'a>], attrs: &Attrs| {
            let Some(expansions) = self.expansions(path, argument) else {
                self.opaque_call(path, argument, place.module);
                return Vec::new();
            };
            let inner = Place { expansion: place.expansion + 1, ..place.clone() };
            let mut items = Vec::new();
            for (tokens, cfg) in expansions {
                for mut item in self.assoc(&tokens, floor, &inner) {
                    let own = std::mem::take(&mut item.attrs.cfg);
                    item.attrs.cfg = own.and(cfg.clone()).and(attrs.cfg.clone());
                    items.push(item);
                }
            }
            items
        };
        assoc_items(body, floor, &mut on_macro)
    }
}

/// Derives that make trait impls and nothing else.
fn is_trait_derive(name: &str) -> bool {
    matches!(
        name,
        "Clone"
            | "Copy"
            | "Debug"
            | "Default"
            | "PartialEq"
            | "Eq"
            | "PartialOrd"
            | "Ord"
            | "Hash"
            | "Serialize"
            | "Deserialize"
            | "Error"
            | "Display"
            | "From"
            | "Into"
            | "Deref"
            | "DerefMut"
            | "FromBytes"
            | "IntoBytes"
            | "KnownLayout"
            | "Immutable"
            | "Unaligned"
            | "Zeroize"
            | "ZeroizeOnDrop"
            | "Arbitrary"
            | "Pod"
            | "Zeroable"
            | "Diagnostic"
            | "ConstParamTy"
            | "CoercePointee"
            | "TryFromBytes"
            | "FromZeroes"
            | "AsBytes"
            | "JsonSchema"
            | "Yokeable"
            | "ZeroFrom"
            | "Parser"
            | "Args"
            | "Subcommand"
            | "ValueEnum"
    )
}
