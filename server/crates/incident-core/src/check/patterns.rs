//! Patterns: the names that they bind, with types, and the paths in them.

use tree_sitter::Node;

use crate::api::{DefId, ItemKind, Namespace};

use super::infer::merged;
use super::paths::PathEnd;
use super::solve::{Ctx, Ty, named};
use super::walk::Walk;

impl Walk<'_, '_> {
    /// `let pattern: Type = value else { .. };`
    pub(crate) fn let_declaration(&mut self, node: Node<'_>) {
        let written = node.child_by_field_name("type");
        let mut ty = Ty::Unknown;
        if let Some(written) = written {
            self.visit(written);
            ty = self.lower_node(written);
        }
        if let Some(value) = node.child_by_field_name("value") {
            let found = self.infer_expecting(value, &ty);
            ty = merged(&ty, &found);
        }
        if let Some(alternative) = node.child_by_field_name("alternative") {
            self.infer(alternative);
        }
        if let Some(pattern) = node.child_by_field_name("pattern") {
            self.bind(pattern, &ty);
        }
    }

    /// Declares what `pattern` binds when it is held against a value of type `ty`.
    pub(crate) fn bind(&mut self, pattern: Node<'_>, ty: &Ty) {
        if !self.enter(pattern) {
            return;
        }
        self.bind_inner(pattern, ty);
        self.leave();
    }

    fn bind_inner(&mut self, pattern: Node<'_>, ty: &Ty) {
        let children = parts(pattern);
        match pattern.kind() {
            "identifier" => self.bind_name(pattern, ty),
            "mut_pattern" | "ref_pattern" | "or_pattern" | "match_pattern" => {
                let by_ref = pattern.kind() == "ref_pattern";
                let ty = if by_ref { ty.clone().reference() } else { ty.clone() };
                for child in children {
                    if child.kind() != "mutable_specifier" {
                        self.bind(child, &ty);
                    }
                }
            }
            "reference_pattern" => {
                let inner = match ty {
                    Ty::Ref(inner) => (**inner).clone(),
                    _ => Ty::Unknown,
                };
                for child in children {
                    if child.kind() != "mutable_specifier" {
                        self.bind(child, &inner);
                    }
                }
            }
            "captured_pattern" => {
                for child in children {
                    self.bind(child, ty);
                }
            }
            "tuple_pattern" => self.bind_tuple(&children, ty),
            "slice_pattern" => {
                let by_ref = matches!(ty, Ty::Ref(_));
                let item = match ty.peeled() {
                    Ty::Slice(item) | Ty::Array(item) => (**item).clone(),
                    _ => Ty::Unknown,
                };
                for child in children {
                    self.bind(child, &through(by_ref, item.clone()));
                }
            }
            "tuple_struct_pattern" => {
                let path = pattern.child_by_field_name("type");
                let target = path.map(|path| self.path(path, Namespace::Value));
                let inner: Vec<Node<'_>> = children
                    .into_iter()
                    .filter(|child| Some(child.id()) != path.map(|path| path.id()))
                    .collect();
                let types = self.constructor_fields(target, ty);
                let has_rest =
                    inner.iter().position(|child| child.kind() == "remaining_field_pattern");
                let by_ref = matches!(ty, Ty::Ref(_));
                for (index, child) in inner.iter().enumerate() {
                    let from_end = has_rest.is_some_and(|rest| index > rest);
                    let at = if from_end {
                        (types.len() + index).checked_sub(inner.len())
                    } else {
                        Some(index)
                    };
                    let field = at.and_then(|at| types.get(at)).cloned().unwrap_or(Ty::Unknown);
                    self.bind(*child, &through(by_ref, field));
                }
            }
            "struct_pattern" => self.bind_struct(pattern, &children, ty),
            "remaining_field_pattern" | "_" | "line_comment" | "block_comment" => {}
            "scoped_identifier" => {
                self.path(pattern, Namespace::Value);
            }
            "range_pattern" | "macro_invocation" => {
                self.children(pattern);
            }
            "parenthesized_expression" | "parenthesized_pattern" => {
                for child in children {
                    self.bind(child, ty);
                }
            }
            _ => {}
        }
    }

    /// A name in a pattern: a constant or a unit variant, else a new variable.
    fn bind_name(&mut self, node: Node<'_>, ty: &Ty) {
        let name = self.text(node);
        if name.starts_with(|c: char| c.is_uppercase()) {
            let found = self.resolver.first_segment(
                self.module,
                name,
                false,
                Namespace::Value,
                crate::api::PathKind::Expression,
            );
            if !found.targets.is_empty() {
                self.path(node, Namespace::Value);
                return;
            }
        }
        self.declare(name, ty.clone());
    }

    fn bind_tuple(&mut self, children: &[Node<'_>], ty: &Ty) {
        let by_ref = matches!(ty, Ty::Ref(_));
        let parts: &[Ty] = match ty.peeled() {
            Ty::Tuple(parts) => parts,
            _ => &[],
        };
        let rest = children.iter().position(|child| child.kind() == "remaining_field_pattern");
        for (index, child) in children.iter().enumerate() {
            let from_end = rest.is_some_and(|rest| index > rest);
            let at = if from_end {
                (parts.len() + index).checked_sub(children.len())
            } else {
                Some(index)
            };
            let part = at.and_then(|at| parts.get(at)).cloned().unwrap_or(Ty::Unknown);
            self.bind(*child, &through(by_ref, part));
        }
    }

    fn bind_struct(&mut self, pattern: Node<'_>, children: &[Node<'_>], ty: &Ty) {
        let path = pattern.child_by_field_name("type");
        let target = path.map(|path| self.path(path, Namespace::Type));
        let owner = match target {
            Some(PathEnd::Item(def, _)) => Some(def),
            _ => None,
        };
        let by_ref = matches!(ty, Ty::Ref(_));
        for child in children.iter().filter(|child| child.kind() == "field_pattern") {
            let Some(name_node) = child.child_by_field_name("name") else { continue };
            let name = self.text(name_node);
            if let Some(owner) = owner {
                self.judge_field(name_node, owner);
            }
            let field = owner.map_or(Ty::Unknown, |owner| self.field_type(owner, name, ty));
            let field = through(by_ref, field);
            match child.child_by_field_name("pattern") {
                Some(inner) => self.bind(inner, &field),
                None => self.declare(name, field),
            }
        }
    }

    fn field_type(&self, owner: DefId, name: &str, ty: &Ty) -> Ty {
        let env = self.env_of(owner, ty);
        let world = self.resolver.world();
        let fields = match &world.item(owner).kind {
            ItemKind::Struct { fields, .. } | ItemKind::Variant(fields) => fields,
            _ => return Ty::Unknown,
        };
        let found = self.solver.fields_named(owner, fields, name, &env, owner.krate);
        found.into_iter().next().map_or(Ty::Unknown, |(ty, _)| ty)
    }

    /// What the parameters of a struct, or of a variant's enum, are in a value of type `ty`.
    fn env_of(&self, owner: DefId, ty: &Ty) -> super::solve::Env {
        let world = self.resolver.world();
        let of_type = if self.is_variant(owner) { self.enum_of(owner) } else { owner };
        let args: &[Ty] = match ty.peeled() {
            Ty::Adt(def, args) if *def == of_type => args,
            _ => &[],
        };
        match &world.item(of_type).kind {
            ItemKind::Struct { generics, .. } | ItemKind::Enum { generics, .. } => {
                named(generics, args)
            }
            _ => Default::default(),
        }
    }

    /// Types of the fields of `Name(..)` in a pattern.
    fn constructor_fields(&self, target: Option<PathEnd<'_>>, ty: &Ty) -> Vec<Ty> {
        let Some(PathEnd::Item(def, _)) = target else { return Vec::new() };
        let env = self.env_of(def, ty);
        let fields = match &self.resolver.world().item(def).kind {
            ItemKind::Struct { fields, .. } | ItemKind::Variant(fields) => fields,
            _ => return Vec::new(),
        };
        let module = self.solver.module_of(def);
        let ctx = Ctx { module, self_ty: None, of_trait: None, env: &env };
        fields.fields.iter().map(|field| self.solver.lower(&field.ty, ctx)).collect()
    }
}

/// The parts of a pattern or of a closure's parameters, with each `_`, which is no named node.
pub(crate) fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor)
        .filter(|child| child.is_named() || child.kind() == "_")
        .filter(|child| !matches!(child.kind(), "line_comment" | "block_comment"))
        .collect()
}

/// A part of a value that is matched through a reference is a reference.
fn through(by_ref: bool, ty: Ty) -> Ty {
    if by_ref && !ty.is_unknown() { ty.reference() } else { ty }
}
