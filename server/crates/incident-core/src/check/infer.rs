//! Types of expressions, as far as the text and the signatures at hand tell them.

use tree_sitter::Node;

use crate::api::{AssocKind, DefId, ItemKind, Namespace};

use super::names::{judge_gate, missing_member};
use super::paths::PathEnd;
use super::solve::{MemberLookup, Ty, named};
use super::walk::Walk;

impl<'w> Walk<'_, 'w> {
    /// Judges the names in an expression and returns its type.
    pub(crate) fn infer(&mut self, node: Node<'_>) -> Ty {
        if !self.enter(node) {
            return Ty::Unknown;
        }
        let ty = self.infer_inner(node);
        self.leave();
        ty
    }

    fn infer_inner(&mut self, node: Node<'_>) -> Ty {
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "integer_literal" | "float_literal" => number(self.text(node)),
            "string_literal" | "raw_string_literal" => self.string(node),
            "char_literal" => {
                Ty::Prim(if self.text(node).starts_with('b') { "u8" } else { "char" })
            }
            "boolean_literal" => Ty::Prim("bool"),
            "identifier" | "scoped_identifier" | "generic_function" | "self" => self.value(node),
            "call_expression" => self.call(node),
            "field_expression" => self.field(node),
            "await_expression" => {
                let inner = node.named_child(0).map_or(Ty::Unknown, |inner| self.infer(inner));
                self.solver.awaited(&inner)
            }
            "try_expression" => {
                let inner = node.named_child(0).map_or(Ty::Unknown, |inner| self.infer(inner));
                self.tried(&inner)
            }
            "reference_expression" => {
                field("value").map_or(Ty::Unknown, |value| self.infer(value)).reference()
            }
            "unary_expression" => {
                let inner = node.named_child(0).map_or(Ty::Unknown, |inner| self.infer(inner));
                if self.text(node).starts_with('*') {
                    self.solver.deref(&inner).unwrap_or(Ty::Unknown)
                } else {
                    scalar(inner)
                }
            }
            "parenthesized_expression" | "unsafe_block" | "const_block" | "labeled_expression" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                children.into_iter().fold(Ty::Unknown, |_, child| self.infer(child))
            }
            "binary_expression" => self.binary(node),
            "index_expression" => self.index(node),
            "tuple_expression" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                Ty::Tuple(children.into_iter().map(|child| self.infer(child)).collect())
            }
            "unit_expression" => Ty::unit(),
            "array_expression" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                let types: Vec<Ty> = children.into_iter().map(|child| self.infer(child)).collect();
                Ty::Array(Box::new(types.into_iter().next().unwrap_or(Ty::Unknown)))
            }
            "closure_expression" => self.closure(node, None),
            "block" => self.block(node),
            "async_block" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                let output = children.into_iter().fold(Ty::Unknown, |_, one| self.infer(one));
                self.solver.future(output)
            }
            "if_expression" => self.if_expression(node),
            "match_expression" => self.match_expression(node),
            "while_expression" => self.scoped(node, |walk| {
                if let Some(condition) = node.child_by_field_name("condition") {
                    walk.condition(condition);
                }
                node.child_by_field_name("body").map(|body| walk.infer(body));
                Ty::unit()
            }),
            "loop_expression" => {
                field("body").map(|body| self.infer(body));
                Ty::Unknown
            }
            "for_expression" => self.for_expression(node),
            "let_condition" | "let_chain" => {
                self.condition(node);
                Ty::Prim("bool")
            }
            "range_expression" => self.range(node),
            "type_cast_expression" => {
                field("value").map(|value| self.infer(value));
                let Some(written) = field("type") else { return Ty::Unknown };
                self.visit(written);
                self.lower_node(written)
            }
            "struct_expression" => self.struct_expression(node),
            "macro_invocation" => self.macro_invocation(node),
            "assignment_expression" => {
                let left = field("left").map_or(Ty::Unknown, |left| self.infer(left));
                let right = field("right").map_or(Ty::Unknown, |right| self.infer(right));
                if let Some(left_node) = field("left").filter(|left| left.kind() == "identifier")
                    && left.is_unknown()
                {
                    let name = self.text(left_node);
                    self.refine_local(name, &right);
                }
                Ty::unit()
            }
            "return_expression" | "break_expression" | "continue_expression" => {
                self.children(node);
                Ty::Never
            }
            "expression_statement" => {
                node.named_child(0).map(|inner| self.infer(inner));
                Ty::unit()
            }
            "line_comment" | "block_comment" => Ty::unit(),
            _ => {
                self.children(node);
                Ty::Unknown
            }
        }
    }

    /// Infers a condition and declares what its patterns bind.
    fn condition(&mut self, node: Node<'_>) {
        match node.kind() {
            "let_condition" => {
                let value = node.child_by_field_name("value");
                let ty = value.map_or(Ty::Unknown, |value| self.infer(value));
                if let Some(pattern) = node.child_by_field_name("pattern") {
                    self.bind(pattern, &ty);
                }
            }
            "let_chain" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                children.into_iter().for_each(|child| self.condition(child));
            }
            _ => {
                self.infer(node);
            }
        }
    }

    fn string(&mut self, node: Node<'_>) -> Ty {
        let text = self.text(node);
        if text.starts_with('b') {
            return Ty::Array(Box::new(Ty::Prim("u8"))).reference();
        }
        if text.starts_with('c') {
            return self.solver.lang_ty("ffi::CStr", Vec::new()).reference();
        }
        Ty::Prim("str").reference()
    }

    /// A path in value position.
    fn value(&mut self, node: Node<'_>) -> Ty {
        if node.kind() == "self" {
            return self.local("self").unwrap_or(Ty::Unknown);
        }
        match self.path(node, Namespace::Value) {
            PathEnd::Local(ty) | PathEnd::Type(ty) => ty,
            PathEnd::Member(member) => match &member.item.kind {
                AssocKind::Const(ty) => {
                    let ctx = super::solve::Ctx {
                        module: member.module,
                        self_ty: Some(&member.self_ty),
                        of_trait: member.of_trait,
                        env: &member.env,
                    };
                    self.solver.lower(ty, ctx)
                }
                AssocKind::Fn(_) => self.as_function(&PathEnd::Member(member)),
                AssocKind::Type(..) => Ty::Unknown,
            },
            end @ PathEnd::Item(..) => self.item_value(end),
            PathEnd::Nowhere => Ty::Unknown,
        }
    }

    fn item_value(&mut self, end: PathEnd<'w>) -> Ty {
        let PathEnd::Item(def, args) = &end else { return Ty::Unknown };
        let world = self.resolver.world();
        match &world.item(*def).kind {
            ItemKind::Const(ty) | ItemKind::Static(ty) => {
                let env = super::solve::Env::new();
                let module = self.solver.module_of(*def);
                let ctx = super::solve::Ctx { module, self_ty: None, of_trait: None, env: &env };
                self.solver.lower(ty, ctx)
            }
            ItemKind::Struct { fields, .. } if fields.fields.is_empty() && !fields.is_tuple => {
                self.solver.instantiate(*def, args.clone())
            }
            ItemKind::Variant(fields) if fields.fields.is_empty() && !fields.is_tuple => {
                self.solver.instantiate(self.enum_of(*def), args.clone())
            }
            _ => self.as_function(&end),
        }
    }

    /// Returns the enum of a variant.
    pub(crate) fn enum_of(&self, variant: DefId) -> DefId {
        DefId { item: self.resolver.world().item(variant).parent, ..variant }
    }

    fn field(&mut self, node: Node<'_>) -> Ty {
        let receiver =
            node.child_by_field_name("value").map_or(Ty::Unknown, |value| self.infer(value));
        let Some(name_node) = node.child_by_field_name("field") else { return Ty::Unknown };
        let name = self.text(name_node);
        match self.solver.field(&receiver, name, self.krate) {
            MemberLookup::Found((ty, gate, owner)) => {
                if let Some(owner) = owner.filter(|owner| owner.krate != self.krate) {
                    let judgement = judge_gate(self.resolver, name, owner.krate, &gate);
                    let api = format!("{}.{name}", self.resolver.world().path(owner));
                    self.tell(name_node, &api, judgement);
                }
                ty
            }
            MemberLookup::Missing(names) => {
                if let Some((krate, owner)) = self.outside_owner(&receiver)
                    && !self.has_own_part(&receiver)
                {
                    let judgement = missing_member(self.resolver, &owner, krate, name, names);
                    self.tell(name_node, &format!("{owner}.{name}"), judgement);
                }
                Ty::Unknown
            }
            MemberLookup::Unknown(_) => Ty::Unknown,
        }
    }

    /// Says whether a type of the snippet is among what a value dereferences to.
    pub(crate) fn has_own_part(&self, ty: &Ty) -> bool {
        self.solver.autoderef(ty).iter().any(|step| match step {
            Ty::Adt(def, _) => def.krate == self.krate,
            Ty::Unknown => true,
            _ => false,
        })
    }

    /// What `value?` is.
    fn tried(&self, ty: &Ty) -> Ty {
        match ty {
            Ty::Adt(_, args)
                if self.solver.is_lang(ty, "result::Result")
                    || self.solver.is_lang(ty, "option::Option") =>
            {
                args.first().cloned().unwrap_or(Ty::Unknown)
            }
            _ => Ty::Unknown,
        }
    }

    fn binary(&mut self, node: Node<'_>) -> Ty {
        let left = node.child_by_field_name("left").map_or(Ty::Unknown, |left| self.infer(left));
        let right =
            node.child_by_field_name("right").map_or(Ty::Unknown, |right| self.infer(right));
        let operator = node.child_by_field_name("operator").map_or("", |op| self.text(op));
        match operator {
            "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||" => Ty::Prim("bool"),
            _ => match (scalar(left.clone()), scalar(right)) {
                (Ty::Int, other @ (Ty::Prim(_) | Ty::Int)) => other,
                (Ty::Float, other @ (Ty::Prim(_) | Ty::Float)) => other,
                (Ty::Prim(name), Ty::Prim(_) | Ty::Int | Ty::Float) if name != "str" => {
                    Ty::Prim(name)
                }
                _ => self.operated(&left, operator),
            },
        }
    }

    fn operated(&self, left: &Ty, operator: &str) -> Ty {
        if self.solver.is_lang(left, "string::String") && operator == "+" {
            return left.clone();
        }
        let path = match operator {
            "+" => "ops::Add",
            "-" => "ops::Sub",
            "*" => "ops::Mul",
            "/" => "ops::Div",
            "%" => "ops::Rem",
            "|" => "ops::BitOr",
            "&" => "ops::BitAnd",
            _ => return Ty::Unknown,
        };
        let Some(def) = self.solver.lang(path) else { return Ty::Unknown };
        // With several impls (`Instant - Duration`, `Instant - Instant`) the first says nothing.
        if self.solver.impls(left, def).len() != 1 {
            return Ty::Unknown;
        }
        let one = super::solve::TraitTy { def, args: Vec::new(), bindings: Vec::new() };
        self.solver.project(left, &one, "Output")
    }

    fn index(&mut self, node: Node<'_>) -> Ty {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let mut types = children.into_iter().map(|child| self.infer(child)).collect::<Vec<_>>();
        if types.len() != 2 {
            return Ty::Unknown;
        }
        let index = types.pop().unwrap_or(Ty::Unknown);
        let base = types.pop().unwrap_or(Ty::Unknown);
        let is_range = matches!(&index, Ty::Adt(def, _)
            if self.resolver.world().item(*def).name.starts_with("Range"));
        for step in self.solver.autoderef(&base) {
            match step {
                Ty::Slice(item) | Ty::Array(item) => {
                    return match (is_range, &index) {
                        (true, _) => Ty::Slice(item),
                        (false, Ty::Unknown) => Ty::Unknown,
                        _ => *item,
                    };
                }
                Ty::Prim("str") => return Ty::Prim("str"),
                Ty::Adt(_, ref args)
                    if self.solver.is_lang(&step, "collections::HashMap")
                        || self.solver.is_lang(&step, "collections::BTreeMap") =>
                {
                    return args.get(1).cloned().unwrap_or(Ty::Unknown);
                }
                _ => {}
            }
        }
        let Some(def) = self.solver.lang("ops::Index") else { return Ty::Unknown };
        if self.solver.impls(&base, def).len() != 1 {
            return Ty::Unknown;
        }
        let one = super::solve::TraitTy { def, args: Vec::new(), bindings: Vec::new() };
        self.solver.project(&base, &one, "Output")
    }

    fn block(&mut self, node: Node<'_>) -> Ty {
        self.scoped(node, |walk| {
            let mut cursor = node.walk();
            let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
            let mut last = Ty::unit();
            for child in children {
                last = match child.kind() {
                    "line_comment" | "block_comment" => continue,
                    "let_declaration" => {
                        walk.visit(child);
                        Ty::unit()
                    }
                    kind if kind.ends_with("_item") || kind == "use_declaration" => {
                        walk.visit(child);
                        Ty::unit()
                    }
                    "expression_statement" => {
                        // `if` and `match` at the end have no semicolon but are statements here.
                        let inner = child.named_child(0);
                        let ty = inner.map_or(Ty::Unknown, |inner| walk.infer(inner));
                        if walk.text(child).ends_with(';') { Ty::unit() } else { ty }
                    }
                    _ => walk.infer(child),
                };
            }
            last
        })
    }

    fn if_expression(&mut self, node: Node<'_>) -> Ty {
        let first = self.scoped(node, |walk| {
            if let Some(condition) = node.child_by_field_name("condition") {
                walk.condition(condition);
            }
            node.child_by_field_name("consequence").map_or(Ty::Unknown, |body| walk.infer(body))
        });
        let Some(other) = node.child_by_field_name("alternative") else { return Ty::unit() };
        let second = other.named_child(0).map_or(Ty::Unknown, |body| self.infer(body));
        merged(&first, &second)
    }

    fn match_expression(&mut self, node: Node<'_>) -> Ty {
        let value = node.child_by_field_name("value").map_or(Ty::Unknown, |one| self.infer(one));
        let Some(body) = node.child_by_field_name("body") else { return Ty::Unknown };
        let mut cursor = body.walk();
        let arms: Vec<Node<'_>> = body.named_children(&mut cursor).collect();
        let mut ty = Ty::Never;
        for arm in arms.into_iter().filter(|arm| arm.kind() == "match_arm") {
            let found = self.scoped(arm, |walk| {
                if let Some(pattern) = arm.child_by_field_name("pattern") {
                    if let Some(inner) = pattern.named_child(0) {
                        walk.bind(inner, &value);
                    }
                    if let Some(condition) = pattern.child_by_field_name("condition") {
                        walk.condition(condition);
                    }
                }
                arm.child_by_field_name("value").map_or(Ty::Unknown, |value| walk.infer(value))
            });
            ty = merged(&ty, &found);
        }
        ty
    }

    fn for_expression(&mut self, node: Node<'_>) -> Ty {
        let value = node.child_by_field_name("value").map_or(Ty::Unknown, |one| self.infer(one));
        let item = self.solver.item_of(&value);
        self.scoped(node, |walk| {
            if let Some(pattern) = node.child_by_field_name("pattern") {
                walk.bind(pattern, &item);
            }
            node.child_by_field_name("body").map(|body| walk.infer(body));
        });
        Ty::unit()
    }

    fn range(&mut self, node: Node<'_>) -> Ty {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let types: Vec<Ty> = children.into_iter().map(|child| self.infer(child)).collect();
        let text = self.text(node);
        let inclusive = text.contains("..=");
        let path = match (types.len(), inclusive, text.starts_with("..")) {
            (2, false, _) => "ops::Range",
            (2, true, _) => "ops::RangeInclusive",
            (1, _, false) => "ops::RangeFrom",
            (1, true, true) => "ops::RangeToInclusive",
            (1, false, true) => "ops::RangeTo",
            _ => return self.solver.lang_ty("ops::RangeFull", Vec::new()),
        };
        let bound = types.into_iter().reduce(|a, b| match (&a, &b) {
            (Ty::Int | Ty::Unknown, _) => b,
            _ => a,
        });
        let bound = match bound {
            Some(Ty::Int) => Ty::Prim("i32"),
            other => other.unwrap_or(Ty::Unknown),
        };
        self.solver.lang_ty(path, vec![bound])
    }

    fn struct_expression(&mut self, node: Node<'_>) -> Ty {
        let mut ty = Ty::Unknown;
        let mut owner = None;
        if let Some(name) = node.child_by_field_name("name") {
            if let Some(args) = name.child_by_field_name("type_arguments") {
                self.children(args);
            }
            match self.path(name, Namespace::Type) {
                PathEnd::Item(def, args) => {
                    owner = Some(def);
                    ty = self.solver.instantiate(def, args);
                }
                PathEnd::Type(own) => ty = own,
                _ => {}
            }
        }
        if let Ty::Adt(def, _) = &ty
            && !owner.is_some_and(|owner| self.is_variant(owner))
        {
            owner = Some(*def);
        }
        if let Some(body) = node.child_by_field_name("body") {
            let mut cursor = body.walk();
            let children: Vec<Node<'_>> = body.named_children(&mut cursor).collect();
            for child in children {
                self.field_initializer(child, owner);
            }
        }
        ty
    }

    pub(crate) fn is_variant(&self, def: DefId) -> bool {
        matches!(self.resolver.world().item(def).kind, ItemKind::Variant(_))
    }

    fn field_initializer(&mut self, node: Node<'_>, owner: Option<DefId>) {
        let name_node = match node.kind() {
            "shorthand_field_initializer" => node.named_child(0),
            "field_initializer" => node
                .child_by_field_name("field")
                .or_else(|| node.child_by_field_name("name"))
                .or_else(|| node.named_child(0)),
            _ => None,
        };
        if let (Some(name_node), Some(owner)) = (name_node, owner) {
            self.judge_field(name_node, owner);
        }
        match node.child_by_field_name("value") {
            Some(value) => {
                self.infer(value);
            }
            None if node.kind() == "base_field_initializer" => self.children(node),
            None => {}
        }
    }

    /// Judges a field that is named in a struct's or a variant's braces.
    pub(crate) fn judge_field(&mut self, node: Node<'_>, owner: DefId) {
        if owner.krate == self.krate {
            return;
        }
        let world = self.resolver.world();
        let (fields, generics) = match &world.item(owner).kind {
            ItemKind::Struct { fields, generics, .. } => (fields, Some(generics)),
            ItemKind::Variant(fields) => (fields, None),
            _ => return,
        };
        let env = generics.map(|generics| named(generics, &[])).unwrap_or_default();
        let name = self.text(node);
        let path = world.path(owner);
        // The fields of a variant are as public as the enum.
        let viewer = if self.is_variant(owner) { owner.krate } else { self.krate };
        let mut found = self.solver.fields_named(owner, fields, name, &env, viewer);
        found.sort_by_key(|(_, gate)| gate.rank());
        let judgement = match found.first() {
            Some((_, gate)) => judge_gate(self.resolver, name, owner.krate, gate),
            None => {
                let names = fields.fields.iter().map(|field| field.name.clone()).collect();
                missing_member(self.resolver, &path, owner.krate, name, names)
            }
        };
        self.tell(node, &format!("{path}.{name}"), judgement);
    }
}

/// Takes what is known of each: where one says `Unknown`, the other's.
pub(crate) fn merged(a: &Ty, b: &Ty) -> Ty {
    match (a, b) {
        (Ty::Unknown | Ty::Never, other) | (other, Ty::Unknown | Ty::Never) => other.clone(),
        (Ty::Adt(a, args_a), Ty::Adt(b, args_b)) if a == b => {
            Ty::Adt(*a, args_a.iter().zip(args_b).map(|(a, b)| merged(a, b)).collect())
        }
        (Ty::Ref(a), Ty::Ref(b)) => Ty::Ref(Box::new(merged(a, b))),
        (Ty::Tuple(a), Ty::Tuple(b)) if a.len() == b.len() => {
            Ty::Tuple(a.iter().zip(b).map(|(a, b)| merged(a, b)).collect())
        }
        (Ty::Int | Ty::Float, other @ Ty::Prim(_)) => other.clone(),
        _ => a.clone(),
    }
}

/// A number without the references that operators look through.
fn scalar(ty: Ty) -> Ty {
    match ty.peeled() {
        prim @ (Ty::Prim(_) | Ty::Int | Ty::Float) if !matches!(prim, Ty::Prim("str")) => {
            prim.clone()
        }
        _ => ty,
    }
}

fn number(text: &str) -> Ty {
    const SUFFIXES: [&str; 14] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64",
    ];
    let digits = !text.starts_with("0x");
    let suffix = SUFFIXES
        .iter()
        .find(|suffix| text.ends_with(**suffix) && (digits || !suffix.starts_with('f')));
    match suffix {
        Some(suffix) => Ty::Prim(suffix),
        None if digits && (text.contains('.') || text.contains('e')) => Ty::Float,
        None => Ty::Int,
    }
}
