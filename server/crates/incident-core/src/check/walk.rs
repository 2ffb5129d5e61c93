//! Walks a snippet's tree: items, blocks and names in scope. What each name is worth is told by
//! `paths` and `calls`, types by `infer`.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use tree_sitter::Node;

use crate::api::tokens::tokenize;
use crate::api::types::Cursor;
use crate::api::{CrateId, DefId, Generics, ItemId, Resolver, TypeRef};
use crate::cancel::Cancel;
use crate::problem::Problem;

use super::names::Judgement;
use super::snippet::{MAX_DEPTH, Part};
use super::solve::{Ctx, Env, Solver, TraitsInScope, Ty};
use super::{Checked, Reference, Resolved, Verdict};

/// Judges every name of `part` and adds it to `checked`.
pub(crate) fn check_part(
    part: &Part,
    krate: CrateId,
    modules: &[ItemId],
    resolved: &Resolved,
    resolver: &Resolver<'_>,
    cancel: &Cancel,
    checked: &mut Checked,
) {
    let scopes = part.scopes.iter().zip(modules);
    let module_of = scopes.map(|((span, _), module)| ((span.start, span.end), *module)).collect();
    let mut walk = Walk {
        part,
        krate,
        module: DefId { krate, item: 0 },
        module_of,
        resolved,
        resolver,
        solver: Solver::new(resolver),
        cancel,
        checked,
        locals: vec![HashMap::new()],
        params: Env::new(),
        self_ty: None,
        depth: 0,
        traits: HashMap::new(),
        muted: None,
    };
    let root = part.tree.root_node();
    walk.children(root);
    if cancel.is_cancelled() {
        walk.checked.problems.push(Problem::warning("the check was cancelled"));
    }
}

/// The state of one walk.
pub(crate) struct Walk<'p, 'w> {
    pub(crate) part: &'p Part,
    pub(crate) krate: CrateId,
    /// The module or block that names are looked up in.
    pub(crate) module: DefId,
    module_of: HashMap<(usize, usize), ItemId>,
    pub(crate) resolved: &'p Resolved,
    pub(crate) resolver: &'p Resolver<'w>,
    pub(crate) solver: Solver<'p, 'w>,
    cancel: &'p Cancel,
    checked: &'p mut Checked,
    /// Local variables, the innermost scope last.
    locals: Vec<HashMap<String, Ty>>,
    /// Type parameters in scope.
    pub(crate) params: Env,
    pub(crate) self_ty: Option<Ty>,
    depth: usize,
    traits: HashMap<DefId, Rc<TraitsInScope>>,
    /// Why what follows is not accused once more: what it rests on was judged already.
    pub(crate) muted: Option<&'static str>,
}

impl<'p> Walk<'p, '_> {
    /// Returns the text of a node of this part's tree, or of a tree over the same bytes.
    pub(crate) fn text(&self, node: Node<'_>) -> &'p str {
        self.part.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Returns the traits whose methods can be called here.
    pub(crate) fn traits(&mut self) -> Rc<TraitsInScope> {
        let module = self.module;
        if let Some(known) = self.traits.get(&module) {
            return Rc::clone(known);
        }
        let mut found = self.solver.traits_in_scope(module);
        if self.part.is_cut && found.unseen.is_none() {
            found.unseen = Some("the imports of the file are not part of this text".to_owned());
        }
        let found = Rc::new(found);
        self.traits.insert(module, Rc::clone(&found));
        found
    }

    /// Visits all children.
    pub(crate) fn children(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            self.visit(child);
        }
    }

    /// Visits an item, a statement, a type or an expression.
    pub(crate) fn visit(&mut self, node: Node<'_>) {
        if self.cancel.is_cancelled() || !self.enter(node) {
            return;
        }
        match node.kind() {
            "use_declaration" => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    self.use_declaration(argument);
                }
            }
            "extern_crate_declaration" | "macro_definition" | "line_comment" | "block_comment" => {}
            "attribute_item" | "inner_attribute_item" => self.attribute(node),
            "function_item" | "function_signature_item" => self.function(node),
            "impl_item" => self.impl_item(node),
            "trait_item" => self.trait_item(node),
            "struct_item" | "enum_item" | "union_item" | "type_item" => {
                self.with_params(node, |walk| walk.children(node));
            }
            "const_item" | "static_item" => self.constant(node),
            "mod_item" => self.module(node),
            "let_declaration" => self.let_declaration(node),
            "type_identifier" | "scoped_type_identifier" | "generic_type" => self.type_path(node),
            "type_parameters" | "where_clause" | "lifetime" | "visibility_modifier" => {
                self.children(node);
            }
            "type_parameter" | "const_parameter" | "constrained_type_parameter" => {
                // The first child declares a name.
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).skip(1).collect();
                children.into_iter().for_each(|child| self.visit(child));
            }
            "associated_type" | "type_binding" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).skip(1).collect();
                children.into_iter().for_each(|child| self.visit(child));
            }
            "enum_variant" | "field_declaration" => {
                let mut cursor = node.walk();
                let name = node.child_by_field_name("name").map(|name| name.id());
                let children: Vec<Node<'_>> = node
                    .named_children(&mut cursor)
                    .filter(|child| Some(child.id()) != name)
                    .collect();
                children.into_iter().for_each(|child| self.visit(child));
            }
            kind if kind.ends_with("_type") || is_structure(kind) => self.children(node),
            _ => {
                self.infer(node);
            }
        }
        self.leave();
    }

    /// Goes one level deeper; `false`, with a problem told, beyond the limit.
    pub(crate) fn enter(&mut self, node: Node<'_>) -> bool {
        if self.depth >= MAX_DEPTH {
            let line = self.part.lines.line_col(node.start_byte()).line;
            let message = format!("line {line}: nested too deeply to be checked");
            if self.checked.problems.len() < 20 {
                self.checked.problems.push(Problem::warning(message));
            }
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes back from [`Walk::enter`].
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Does `work` in a new scope of local variables, and in the block's own scope of items.
    pub(crate) fn scoped<T>(&mut self, node: Node<'_>, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.module;
        if let Some(item) = self.module_of.get(&(node.start_byte(), node.end_byte())) {
            self.module.item = *item;
        }
        self.locals.push(HashMap::new());
        let answer = work(self);
        self.locals.pop();
        self.module = outer;
        answer
    }

    /// Declares a local variable.
    pub(crate) fn declare(&mut self, name: &str, ty: Ty) {
        if let Some(scope) = self.locals.last_mut() {
            scope.insert(name.to_owned(), ty);
        }
    }

    /// Returns a local variable's type.
    pub(crate) fn local(&self, name: &str) -> Option<Ty> {
        self.locals.iter().rev().find_map(|scope| scope.get(name)).cloned()
    }

    /// Learns more of a variable that was declared with too little: `let mut v = None;`.
    pub(crate) fn refine_local(&mut self, name: &str, ty: &Ty) {
        if let Some(known) = self.locals.iter_mut().rev().find_map(|scope| scope.get_mut(name)) {
            *known = super::infer::merged(known, ty);
        }
    }

    /// Reads a type node's text.
    pub(crate) fn lower_node(&self, node: Node<'_>) -> Ty {
        let tokens = tokenize(self.text(node));
        let written: TypeRef = Cursor::new(&tokens).type_ref();
        self.lower(&written)
    }

    pub(crate) fn lower(&self, written: &TypeRef) -> Ty {
        self.solver.lower(written, self.ctx())
    }

    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            module: self.module,
            self_ty: self.self_ty.as_ref(),
            of_trait: None,
            env: &self.params,
        }
    }

    fn module(&mut self, node: Node<'_>) {
        let Some(body) = node.child_by_field_name("body") else { return };
        let locals = std::mem::replace(&mut self.locals, vec![HashMap::new()]);
        self.scoped(node, |walk| walk.children(body));
        self.locals = locals;
    }

    /// Does `work` with the type parameters that `node` declares.
    pub(crate) fn with_params(&mut self, node: Node<'_>, work: impl FnOnce(&mut Self)) {
        let outer = self.params.clone();
        let mut generics = Generics::default();
        if let Some(params) = node.child_by_field_name("type_parameters") {
            let tokens = tokenize(self.text(params));
            generics = Cursor::new(&tokens).generic_params();
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if child.kind() == "where_clause" {
                let tokens = tokenize(self.text(child));
                Cursor::new(&tokens).where_clause(&mut generics);
            }
        }
        for param in &generics.params {
            self.params.insert(param.name.clone(), Ty::Bounded(Vec::new()));
        }
        let mut bounds: BTreeMap<String, Vec<crate::api::Bound>> = BTreeMap::new();
        for param in &generics.params {
            bounds.entry(param.name.clone()).or_default().extend(param.bounds.clone());
        }
        for (ty, more) in &generics.wheres {
            if let TypeRef::Path(path) = ty
                && let [only] = path.segments.as_slice()
            {
                bounds.entry(only.name.clone()).or_default().extend(more.clone());
            }
        }
        for (name, bounds) in bounds {
            let ty = self.solver.lower_bounds(&bounds, self.ctx()).map_or(Ty::Unknown, Ty::Bounded);
            self.params.insert(name, ty);
        }
        work(self);
        self.params = outer;
    }

    fn function(&mut self, node: Node<'_>) {
        self.with_params(node, |walk| {
            let locals = std::mem::replace(&mut walk.locals, vec![HashMap::new()]);
            if let Some(params) = node.child_by_field_name("type_parameters") {
                walk.children(params);
            }
            if let Some(params) = node.child_by_field_name("parameters") {
                walk.parameters(params);
            }
            if let Some(ret) = node.child_by_field_name("return_type") {
                walk.visit(ret);
            }
            let mut cursor = node.walk();
            let wheres: Vec<Node<'_>> = node
                .named_children(&mut cursor)
                .filter(|child| child.kind() == "where_clause")
                .collect();
            wheres.into_iter().for_each(|clause| walk.visit(clause));
            if let Some(body) = node.child_by_field_name("body") {
                walk.infer(body);
            }
            walk.locals = locals;
        });
    }

    fn parameters(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            match child.kind() {
                "self_parameter" => {
                    let ty = self.self_ty.clone().unwrap_or(Ty::Unknown);
                    let by_ref = self.text(child).trim_start().starts_with('&');
                    self.declare("self", if by_ref { ty.reference() } else { ty });
                }
                "parameter" => {
                    let mut ty = Ty::Unknown;
                    if let Some(written) = child.child_by_field_name("type") {
                        self.visit(written);
                        ty = self.lower_node(written);
                    }
                    if let Some(pattern) = child.child_by_field_name("pattern") {
                        self.bind(pattern, &ty);
                    }
                }
                "attribute_item" => self.attribute(child),
                _ => {}
            }
        }
    }

    fn impl_item(&mut self, node: Node<'_>) {
        self.with_params(node, |walk| {
            let outer = walk.self_ty.take();
            if let Some(params) = node.child_by_field_name("type_parameters") {
                walk.children(params);
            }
            let of_trait = node.child_by_field_name("trait");
            if let Some(of_trait) = of_trait {
                walk.visit(of_trait);
            }
            if let Some(ty) = node.child_by_field_name("type") {
                walk.visit(ty);
                walk.self_ty = Some(walk.lower_node(ty));
            }
            if let Some(body) = node.child_by_field_name("body") {
                if let Some(of_trait) = of_trait {
                    walk.implemented_items(of_trait, body);
                }
                walk.children(body);
            }
            walk.self_ty = outer;
        });
    }

    fn trait_item(&mut self, node: Node<'_>) {
        self.with_params(node, |walk| {
            let outer = walk.self_ty.take();
            let mut cursor = node.walk();
            let name = node.child_by_field_name("name").map(|name| name.id());
            let children: Vec<Node<'_>> =
                node.named_children(&mut cursor).filter(|child| Some(child.id()) != name).collect();
            children.into_iter().for_each(|child| walk.visit(child));
            walk.self_ty = outer;
        });
    }

    fn constant(&mut self, node: Node<'_>) {
        if let Some(written) = node.child_by_field_name("type") {
            self.visit(written);
        }
        if let Some(value) = node.child_by_field_name("value") {
            self.infer(value);
        }
    }

    /// Adds a reference, unless its line is not to be told.
    pub(crate) fn tell(&mut self, node: Node<'_>, api: &str, judgement: Judgement) {
        self.tell_at(node.start_byte(), node.end_byte(), api, judgement);
    }

    /// Adds a reference for the bytes `start..end`.
    pub(crate) fn tell_at(&mut self, start: usize, end: usize, api: &str, judgement: Judgement) {
        if !self.part.is_told(start) {
            return;
        }
        let judgement = match self.muted {
            Some(why) if judgement.verdict.is_accusation() => {
                Judgement::unknown(why).about(judgement.package)
            }
            _ => judgement,
        };
        let start = self.part.lines.line_col(start);
        let end = self.part.lines.line_col(end);
        self.checked.references.push(Reference {
            api: api.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            verdict: judgement.verdict,
            package: judgement.package,
            suggestions: judgement.suggestions,
            exists_in: None,
            reason: judgement.reason,
        });
    }

    /// Says whether a reference was told for the name at `node` that settles it.
    pub(crate) fn is_accused(&self, node: Node<'_>) -> bool {
        let at = self.part.lines.line_col(node.start_byte());
        self.checked.references.iter().rev().take(64).any(|reference| {
            reference.line == at.line
                && reference.column == at.column
                && reference.verdict != Verdict::Exists
        })
    }
}

/// Nodes that only hold others.
fn is_structure(kind: &str) -> bool {
    matches!(
        kind,
        "declaration_list"
            | "field_declaration_list"
            | "ordered_field_declaration_list"
            | "enum_variant_list"
            | "type_arguments"
            | "trait_bounds"
            | "where_predicate"
            | "bounded_type"
            | "higher_ranked_trait_bound"
            | "removed_trait_bound"
            | "foreign_mod_item"
            | "for_lifetimes"
            | "parameters"
            | "parameter"
            | "generic_type_with_turbofish"
            | "ERROR"
    )
}

/// Says whether `name` is a primitive type.
pub(crate) fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "char"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f16"
            | "f32"
            | "f64"
            | "f128"
    )
}
