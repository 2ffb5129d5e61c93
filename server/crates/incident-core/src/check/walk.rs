//! Walks a snippet's tree and judges the paths in it.

use std::collections::HashMap;

use tree_sitter::Node;

use crate::api::{CrateId, DefId, ItemId, ItemKind, Lookup, Namespace, PathKind, Resolver};
use crate::cancel::Cancel;
use crate::problem::Problem;

use super::names::{Judgement, judge_gate, judge_member, judge_unknown_crate, package_of};
use super::snippet::{MAX_DEPTH, Part};
use super::{Checked, Reference, Resolved};

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
    let mut walk = Walk { part, krate, module_of, resolved, resolver, checked };
    let root = part.tree.root_node();
    let mut pending = vec![(root, 0 as ItemId, 0usize)];
    while let Some((node, module, depth)) = pending.pop() {
        if cancel.is_cancelled() {
            walk.checked.problems.push(Problem::warning("the check was cancelled"));
            return;
        }
        if depth > MAX_DEPTH {
            let line = part.lines.line_col(node.start_byte()).line;
            let message = format!("line {line}: nested too deeply to be checked");
            walk.checked.problems.push(Problem::warning(message));
            continue;
        }
        let module = walk.module_in(node, module);
        if walk.node(node, module) {
            continue;
        }
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        pending.extend(children.into_iter().rev().map(|child| (child, module, depth + 1)));
    }
}

struct Walk<'p, 'w> {
    part: &'p Part,
    krate: CrateId,
    module_of: HashMap<(usize, usize), ItemId>,
    resolved: &'p Resolved,
    resolver: &'p Resolver<'w>,
    checked: &'p mut Checked,
}

/// A name in a path, with its node.
pub(crate) type Segment<'t> = (&'t str, Node<'t>);

impl<'p> Walk<'p, '_> {
    fn text(&self, node: Node<'_>) -> &'p str {
        self.part.text.get(node.byte_range()).unwrap_or_default()
    }

    fn module_in(&self, node: Node<'_>, around: ItemId) -> ItemId {
        if !matches!(node.kind(), "block" | "mod_item") {
            return around;
        }
        self.module_of.get(&(node.start_byte(), node.end_byte())).copied().unwrap_or(around)
    }

    /// Judges what `node` names; says whether its children are done with.
    fn node(&mut self, node: Node<'p>, module: ItemId) -> bool {
        let module = DefId { krate: self.krate, item: module };
        match node.kind() {
            "use_declaration" => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    self.use_tree(argument, &mut Vec::new(), module, 0);
                }
                true
            }
            "scoped_identifier" | "scoped_type_identifier" => {
                let mut segments = Vec::new();
                if !self.segments(node, &mut segments, 0) {
                    return false;
                }
                let namespace = if node.kind() == "scoped_type_identifier" {
                    Namespace::Type
                } else {
                    Namespace::Any
                };
                self.path(&segments, namespace, module, PathKind::Expression);
                true
            }
            _ => false,
        }
    }

    /// Collects the segments of a plain path; `false` where it has a part that is none.
    fn segments(&self, node: Node<'p>, segments: &mut Vec<Segment<'p>>, depth: usize) -> bool {
        if depth > 32 {
            return false;
        }
        match node.kind() {
            "identifier" | "type_identifier" | "crate" | "self" | "super" => {
                segments.push((self.text(node), node));
                true
            }
            "scoped_identifier" | "scoped_type_identifier" => {
                let path = node.child_by_field_name("path");
                if let Some(path) = path
                    && !self.segments(path, segments, depth + 1)
                {
                    return false;
                }
                match node.child_by_field_name("name") {
                    Some(name) => {
                        segments.push((self.text(name), name));
                        true
                    }
                    None => false,
                }
            }
            "generic_type" => match node.child_by_field_name("type") {
                Some(inner) => self.segments(inner, segments, depth + 1),
                None => false,
            },
            _ => false,
        }
    }

    fn use_tree(
        &mut self,
        node: Node<'p>,
        prefix: &mut Vec<Segment<'p>>,
        module: DefId,
        depth: usize,
    ) {
        if depth > 32 {
            return;
        }
        let n_before = prefix.len();
        match node.kind() {
            "use_list" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'p>> = node.named_children(&mut cursor).collect();
                for child in children {
                    self.use_tree(child, prefix, module, depth + 1);
                }
            }
            "scoped_use_list" => {
                if let Some(path) = node.child_by_field_name("path") {
                    self.segments(path, prefix, 0);
                }
                if let Some(list) = node.child_by_field_name("list") {
                    self.use_tree(list, prefix, module, depth + 1);
                }
            }
            "use_as_clause" => {
                if let Some(path) = node.child_by_field_name("path") {
                    self.use_tree(path, prefix, module, depth + 1);
                }
            }
            "use_wildcard" => {
                if let Some(path) = node.named_child(0) {
                    self.segments(path, prefix, 0);
                    self.path(prefix, Namespace::Type, module, PathKind::Use);
                }
            }
            _ => {
                if self.segments(node, prefix, 0) {
                    if prefix.len() > 1 && prefix.last().is_some_and(|(name, _)| *name == "self") {
                        prefix.pop();
                    }
                    self.path(prefix, Namespace::Any, module, PathKind::Use);
                }
            }
        }
        prefix.truncate(n_before);
    }

    /// Judges each segment of a path, as far as it can be followed.
    fn path(
        &mut self,
        segments: &[Segment<'p>],
        namespace: Namespace,
        module: DefId,
        kind: PathKind,
    ) {
        let Some(((first, first_node), rest)) = segments.split_first() else { return };
        let step = |is_last: bool| if is_last { namespace } else { Namespace::Type };
        let mut at = self.resolver.first_segment(module, first, false, step(rest.is_empty()), kind);
        if matches!(*first, "crate" | "self" | "super" | "Self") {
            let own = Lookup { unseen: Some("the workspace's own code".to_owned()), ..at };
            at = own;
        } else if at.targets.is_empty() {
            let judgement = match at.unseen {
                Some(why) => Judgement::unknown(why),
                None => self.undefined(first),
            };
            self.tell(*first_node, first, judgement);
            return;
        } else if let Some(target) = at.targets.first()
            && target.def.krate != self.krate
        {
            let judgement = judge_gate(self.resolver, first, target.def.krate, &target.gate);
            self.tell(*first_node, first, judgement);
        }
        let mut written = (*first).to_owned();
        for (index, (name, node)) in rest.iter().enumerate() {
            let Some(parent) = at.targets.first().map(|target| target.def) else { return };
            written = format!("{written}::{name}");
            let world = self.resolver.world();
            let is_followed =
                matches!(world.item(parent).kind, ItemKind::Module(_) | ItemKind::Enum { .. });
            if !is_followed {
                if parent.krate != self.krate {
                    let reason = "members of types are not followed here";
                    let package = package_of(self.resolver, parent.krate);
                    self.tell(*node, &written, Judgement::unknown(reason).about(package));
                }
                return;
            }
            let namespace = step(index + 1 == rest.len());
            let found = self.resolver.member(parent, name, namespace, self.krate);
            if parent.krate == self.krate && found.targets.is_empty() {
                let reason = "the workspace's own code is not checked";
                self.tell(*node, &written, Judgement::unknown(reason));
                return;
            }
            let is_enum = matches!(world.item(parent).kind, ItemKind::Enum { .. });
            if is_enum && found.targets.is_empty() {
                let reason = "members of types are not followed here";
                self.tell(*node, &written, Judgement::unknown(reason));
                return;
            }
            if parent.krate != self.krate {
                let judgement = judge_member(self.resolver, parent, name, &found, self.krate);
                let package = found
                    .targets
                    .first()
                    .and_then(|target| package_of(self.resolver, target.def.krate));
                let judgement =
                    Judgement { package: package.or(judgement.package.clone()), ..judgement };
                self.tell(*node, &written, judgement);
            }
            at = found;
        }
    }

    /// Judges a path's first name that nothing at hand defines.
    fn undefined(&self, name: &str) -> Judgement {
        if self.resolved.members.contains(name) {
            return Judgement::unknown("the workspace's own code is not checked");
        }
        let own_modules = self.resolved.module_names.as_ref();
        let may_be_own = match own_modules {
            Some(names) => names.contains(name),
            None => self.part.is_cut,
        };
        if may_be_own {
            return Judgement::unknown(format!("`{name}` may be a module of this workspace"));
        }
        if name.starts_with(|c: char| c.is_uppercase()) || is_primitive(name) {
            return Judgement::unknown(format!("`{name}` is neither defined nor imported here"));
        }
        judge_unknown_crate(name, self.resolved)
    }

    fn tell(&mut self, node: Node<'_>, api: &str, judgement: Judgement) {
        if !self.part.is_told(node.start_byte()) {
            return;
        }
        let start = self.part.lines.line_col(node.start_byte());
        let end = self.part.lines.line_col(node.end_byte());
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
