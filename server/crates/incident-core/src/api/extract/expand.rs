//! Macro calls in item position: own macros by expansion, a few well-known ones by what they mean.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::cfg::{Cfg, parse_cfg, unquoted};
use super::super::macros::MacroRules;
use super::super::parser::AttrList;
use super::super::tokens::{Token, TokenKind};
use super::super::types::Cursor;
use super::super::{Attrs, ItemId, ItemKind, OpaqueMacro, Vis};
use super::{
    MAX_ARGUMENT_TOKENS, MAX_EXPANSION_DEPTH, MacroDef, Pending, Place, Reader, join, parent_dir,
};

/// Definitions of one name that are tried.
const MAX_DEFINITIONS: usize = 16;

impl<'a> Reader<'_, 'a> {
    pub(super) fn macro_rules(
        &mut self,
        name: &'a str,
        rules: MacroRules<'a>,
        list: AttrList,
        place: &Place,
    ) {
        self.define_macro(name, rules, list.attrs.cfg.clone());
        if list.macro_export {
            let root = Place { module: 0, ..place.clone() };
            let mut attrs = list.attrs;
            // The condition of the modules around it holds for the macro too.
            attrs.cfg = attrs.cfg.and(self.cfg_around(place.module));
            self.add(&root, name, ItemKind::Macro, Vis::Public, attrs);
        } else {
            self.add(place, name, ItemKind::Macro, Vis::Private, list.attrs);
        }
    }

    pub(super) fn cfg_around(&self, module: ItemId) -> Cfg {
        let mut cfg = Cfg::Always;
        let mut at = module;
        while let Some(item) = self.api.items.get(at as usize) {
            cfg = cfg.and(item.attrs.cfg.clone());
            if item.parent == at {
                break;
            }
            at = item.parent;
        }
        cfg
    }

    pub(super) fn define_macro(&mut self, name: &'a str, rules: MacroRules<'a>, cfg: Cfg) {
        let defs = self.macros.entry(name).or_default();
        defs.push(MacroDef { rules: Arc::new(rules), cfg });
    }

    /// Expands a call by every definition that may be the one, each with its condition.
    pub(super) fn expansions(
        &mut self,
        path: &[&'a str],
        argument: &[Token<'a>],
    ) -> Option<Vec<(Vec<Token<'a>>, Cfg)>> {
        if argument.len() > MAX_ARGUMENT_TOKENS {
            return None;
        }
        let is_own = path.len() == 1
            || matches!(path.first(), Some(&("crate" | "self" | "super" | "$crate")));
        let defs = self.macros.get(path.last()?).filter(|_| is_own)?.clone();
        let mut expanded = Vec::new();
        // The latest definition that fits is the one; a conditional one may be another's stead.
        for def in defs.into_iter().rev().take(MAX_DEFINITIONS) {
            let Some(tokens) = def.rules.expand(argument, self.budget.min(400_000)) else {
                continue;
            };
            self.budget = self.budget.saturating_sub(tokens.len());
            let is_final = def.cfg.is_always();
            expanded.push((tokens, def.cfg));
            if is_final {
                break;
            }
        }
        (!expanded.is_empty() && self.budget > 0).then_some(expanded)
    }

    pub(super) fn call(
        &mut self,
        path: &[&'a str],
        argument: &[Token<'a>],
        attrs: Attrs,
        place: &Place,
    ) {
        if place.expansion > MAX_EXPANSION_DEPTH {
            return self.opaque_call(path, argument, place.module);
        }
        let inner = Place { expansion: place.expansion + 1, ..place.clone() };
        if let Some(expansions) = self.expansions(path, argument) {
            for (tokens, cfg) in expansions {
                self.under(cfg.and(attrs.cfg.clone()), &tokens, &inner);
            }
            return;
        }
        match path.last().copied().unwrap_or_default() {
            "cfg_if" => self.cfg_if(argument, &inner),
            "pin_project" | "lazy_static" | "thread_local" | "task_local" | "cfg_match" => {
                self.under(attrs.cfg, argument, &inner);
            }
            "include" if self.include(argument, place) => {}
            "cfg_select" => self.cfg_select(argument, &inner),
            "compile_error" | "assert" | "const_assert" | "assert_eq_size" | "assert_impl_all"
            | "const_assert_eq" | "global_asm" | "doc_comment" | "doctest" => {}
            _ => {
                let path = path.to_vec();
                let argument = argument.to_vec();
                self.pending.push(Pending { path, argument, attrs, place: place.clone() });
            }
        }
    }

    /// Reads items that are there only under `cfg`.
    pub(super) fn under(&mut self, cfg: Cfg, tokens: &[Token<'a>], place: &Place) {
        let (n_items, n_impls) = (self.api.items.len(), self.api.impls.len());
        let n_imports = self.scope(place.module).map_or(0, |scope| scope.imports.len());
        self.items(tokens, place);
        if cfg.is_always() {
            return;
        }
        let add = |attrs: &mut Attrs| {
            let own = std::mem::take(&mut attrs.cfg);
            attrs.cfg = own.and(cfg.clone());
        };
        for item in self.api.items.iter_mut().skip(n_items) {
            if item.parent == place.module || item.parent == 0 {
                add(&mut item.attrs);
            }
        }
        self.api.impls.iter_mut().skip(n_impls).for_each(|one| add(&mut one.attrs));
        if let Some(scope) = self.scope(place.module) {
            scope.imports.iter_mut().skip(n_imports).for_each(|import| add(&mut import.attrs));
        }
    }

    /// `include!("file.rs")`: reads the file in this place; `false` where there is none.
    fn include(&mut self, argument: &[Token<'a>], place: &Place) -> bool {
        let [literal] = argument else { return false };
        let path = join(&place.dir, &unquoted(literal.text));
        let Some((key, tokens)) = self.tokens.get_key_value(path.as_str()) else {
            // The pages that describe keywords and primitives hold nothing else.
            return path.ends_with("_docs.rs");
        };
        if !self.visited.insert((*key).to_owned()) {
            return false;
        }
        let dir = parent_dir(&path).to_owned();
        let inner = Place { dir, expansion: place.expansion + 1, ..place.clone() };
        self.items(tokens, &inner);
        self.visited.remove(path.as_str());
        true
    }

    /// `if #[cfg(a)] { .. } else if #[cfg(b)] { .. } else { .. }`.
    pub(super) fn cfg_if(&mut self, argument: &[Token<'a>], place: &Place) {
        let mut cursor = Cursor::new(argument);
        let mut none_before = Cfg::Always;
        while !cursor.at_end() {
            cursor.eat_word("else");
            let mut branch = none_before.clone();
            if cursor.eat_word("if") {
                cursor.eat(b'#');
                let inner = cursor.group(b'[').unwrap_or_default();
                let predicate = inner.get(2..inner.len().saturating_sub(1)).unwrap_or_default();
                let cfg = parse_cfg(predicate);
                branch = branch.and(cfg.clone());
                none_before = none_before.and(cfg.negated());
            }
            let Some(body) = cursor.group(b'{') else { return };
            self.under(branch, body, place);
        }
    }

    /// `a => { .. } _ => { .. }`.
    pub(super) fn cfg_select(&mut self, argument: &[Token<'a>], place: &Place) {
        let mut cursor = Cursor::new(argument);
        let mut none_before = Cfg::Always;
        while !cursor.at_end() {
            let start = cursor.position();
            while cursor.peek().is_some_and(|token| !token.is_punct(b'=') || !token.joint) {
                cursor.skip_tree();
                // `feature = "x"` has an `=` of its own, without `>`.
            }
            let predicate = argument.get(start..cursor.position()).unwrap_or_default();
            cursor.eat(b'=');
            if !cursor.eat(b'>') {
                continue;
            }
            let mut branch = none_before.clone();
            if !predicate.first().is_some_and(|token| token.is_word("_")) {
                let cfg = parse_cfg(predicate);
                branch = branch.and(cfg.clone());
                none_before = none_before.and(cfg.negated());
            }
            let Some(body) = cursor.group(b'{') else { return };
            cursor.eat(b',');
            self.under(branch, body, place);
        }
    }

    /// Expands calls of macros that were declared after them; what is left stays opaque.
    pub(super) fn expand_pending(&mut self) {
        for _round in 0..4 {
            let pending = std::mem::take(&mut self.pending);
            if pending.is_empty() {
                return;
            }
            let mut left = Vec::new();
            for call in pending {
                match self.expansions(&call.path, &call.argument) {
                    Some(expansions) => {
                        let inner =
                            Place { expansion: call.place.expansion + 1, ..call.place.clone() };
                        for (tokens, cfg) in expansions {
                            self.under(cfg.and(call.attrs.cfg.clone()), &tokens, &inner);
                        }
                    }
                    None => left.push(call),
                }
            }
            let progressed = !self.pending.is_empty();
            self.pending.extend(left);
            if !progressed {
                break;
            }
        }
        for call in std::mem::take(&mut self.pending) {
            self.opaque_call(&call.path, &call.argument, call.place.module);
        }
    }

    pub(super) fn opaque_call(&mut self, path: &[&'a str], argument: &[Token<'a>], module: ItemId) {
        let name = path.join("::");
        let words: BTreeSet<&str> = argument
            .iter()
            .filter(|token| token.kind == TokenKind::Ident)
            .map(|token| token.text)
            .collect();
        let words = words.into_iter().take(2000).map(str::to_owned).collect();
        self.mark_opaque(module, format!("macro `{name}!` may define names there"));
        let cfg = Cfg::Always;
        self.api.opaque.push(OpaqueMacro { name, words, module, cfg });
    }
}
