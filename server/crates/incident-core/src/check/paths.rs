//! Paths in code: `use` trees, types, functions, constants, macros; each segment is judged.

use tree_sitter::Node;

use crate::api::{CrateKey, DefId, ItemKind, Lookup, Namespace, PathKind, Target};

use super::names::{
    Judgement, judge_gate, judge_member, judge_unknown_crate, missing_member, package_of,
};
use super::solve::{Member, MethodLookup, TraitTy, Ty};
use super::walk::{Walk, is_primitive};

/// One segment of a path in the text.
pub(crate) struct Segment<'t> {
    pub(crate) name: String,
    pub(crate) node: Node<'t>,
    /// `::<..>` after it.
    pub(crate) args: Option<Node<'t>>,
}

/// Where a path in the text leads.
pub(crate) enum PathEnd<'w> {
    /// To an item, with the type arguments of the last segment that had some.
    Item(DefId, Vec<Ty>),
    /// To an associated item.
    Member(Box<Member<'w>>),
    /// To a type that is no item: a parameter, `Self`, a primitive.
    Type(Ty),
    /// To a local variable.
    Local(Ty),
    /// Nowhere that can be told.
    Nowhere,
}

impl<'w> Walk<'_, 'w> {
    /// Judges the names of a `use` tree.
    pub(crate) fn use_declaration(&mut self, node: Node<'_>) {
        self.use_tree(node, &mut Vec::new(), 0);
    }

    fn use_tree<'t>(&mut self, node: Node<'t>, prefix: &mut Vec<Segment<'t>>, depth: usize) {
        if depth > 32 {
            return;
        }
        let n_before = prefix.len();
        match node.kind() {
            "use_list" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
                children.into_iter().for_each(|child| self.use_tree(child, prefix, depth + 1));
            }
            "scoped_use_list" => {
                if let Some(path) = node.child_by_field_name("path") {
                    self.segments(path, prefix, 0);
                }
                if let Some(list) = node.child_by_field_name("list") {
                    self.use_tree(list, prefix, depth + 1);
                }
            }
            "use_as_clause" => {
                if let Some(path) = node.child_by_field_name("path") {
                    self.use_tree(path, prefix, depth + 1);
                }
            }
            "use_wildcard" => {
                if let Some(path) = node.named_child(0) {
                    self.segments(path, prefix, 0);
                    self.follow(prefix, Namespace::Type, PathKind::Use);
                }
            }
            "line_comment" | "block_comment" => {}
            _ => {
                if self.segments(node, prefix, 0) {
                    let is_self = prefix.last().is_some_and(|last| last.name == "self");
                    if prefix.len() > 1 && is_self {
                        prefix.pop();
                    }
                    self.follow(prefix, Namespace::Any, PathKind::Use);
                }
            }
        }
        prefix.truncate(n_before);
    }

    /// Judges a path in type position.
    pub(crate) fn type_path(&mut self, node: Node<'_>) {
        if let Some(args) = node.child_by_field_name("type_arguments") {
            self.children(args);
        }
        self.path(node, Namespace::Type);
    }

    /// Judges a path and returns where it leads.
    pub(crate) fn path(&mut self, node: Node<'_>, namespace: Namespace) -> PathEnd<'w> {
        let mut segments = Vec::new();
        if let Some(base) = qualified(node) {
            return self.qualified_path(node, base);
        }
        if !self.segments(node, &mut segments, 0) {
            self.children(node);
            return PathEnd::Nowhere;
        }
        for segment in &segments {
            // The arguments of a type in type position were visited with it.
            if let Some(args) = segment.args
                && node.child_by_field_name("type_arguments").map(|own| own.id()) != Some(args.id())
            {
                self.children(args);
            }
        }
        self.follow(&segments, namespace, PathKind::Expression)
    }

    /// `<Type as Trait>::name`.
    fn qualified_path(&mut self, node: Node<'_>, base: Node<'_>) -> PathEnd<'w> {
        self.children(base);
        let Some(inner) = base.named_child(0) else { return PathEnd::Nowhere };
        let Some(name_node) = node.child_by_field_name("name") else { return PathEnd::Nowhere };
        let name = self.text(name_node).to_owned();
        let written = inner.child_by_field_name("type").unwrap_or(inner);
        let ty = self.lower_node(written);
        let Some(alias) = inner.child_by_field_name("alias") else {
            return self.member_of(&ty, &name, name_node, &name);
        };
        match self.lower_node(alias) {
            Ty::Bounded(traits) if traits.len() == 1 => {
                let Some(one) = traits.into_iter().next() else { return PathEnd::Nowhere };
                self.trait_item_of(one, &ty, &name, name_node)
            }
            _ => PathEnd::Nowhere,
        }
    }

    /// Collects the segments of a plain path; `false` where it has a part that is none.
    pub(crate) fn segments<'t>(
        &self,
        node: Node<'t>,
        segments: &mut Vec<Segment<'t>>,
        depth: usize,
    ) -> bool {
        if depth > 32 {
            return false;
        }
        let name_of = |node: Node<'t>, text: &str| Segment {
            name: text.strip_prefix("r#").unwrap_or(text).to_owned(),
            node,
            args: None,
        };
        match node.kind() {
            "identifier"
            | "type_identifier"
            | "crate"
            | "self"
            | "super"
            | "primitive_type"
            | "field_identifier"
            | "shorthand_field_identifier"
            | "metavariable" => {
                segments.push(name_of(node, self.text(node)));
                true
            }
            "scoped_identifier" | "scoped_type_identifier" => {
                if let Some(path) = node.child_by_field_name("path")
                    && !self.segments(path, segments, depth + 1)
                {
                    return false;
                }
                let Some(name) = node.child_by_field_name("name") else { return false };
                segments.push(name_of(name, self.text(name)));
                true
            }
            "generic_type" | "generic_type_with_turbofish" | "generic_function" => {
                let inner = node
                    .child_by_field_name("type")
                    .or_else(|| node.child_by_field_name("function"));
                let is_path = inner.is_some_and(|inner| self.segments(inner, segments, depth + 1));
                if let Some(last) = segments.last_mut() {
                    last.args = node.child_by_field_name("type_arguments");
                }
                is_path
            }
            _ => false,
        }
    }

    /// Judges each segment, as far as the path can be followed.
    pub(crate) fn follow(
        &mut self,
        segments: &[Segment<'_>],
        namespace: Namespace,
        kind: PathKind,
    ) -> PathEnd<'w> {
        let outer = self.muted;
        let end = self.follow_inner(segments, namespace, kind);
        self.muted = outer;
        end
    }

    fn follow_inner(
        &mut self,
        segments: &[Segment<'_>],
        namespace: Namespace,
        kind: PathKind,
    ) -> PathEnd<'w> {
        let Some((first, rest)) = segments.split_first() else { return PathEnd::Nowhere };
        let first_namespace = if rest.is_empty() { namespace } else { Namespace::Type };
        if kind == PathKind::Expression
            && let Some(end) = self.own_name(first, rest, namespace)
        {
            return end;
        }
        let at =
            self.resolver.first_segment(self.module, &first.name, false, first_namespace, kind);
        let is_own = matches!(first.name.as_str(), "crate" | "self" | "super");
        let mut written = self.imported_name(&first.name, kind);
        if at.targets.is_empty() && !is_own {
            let judgement = match &at.unseen {
                Some(why) => Judgement::unknown(why.clone()),
                None if kind == PathKind::Expression && self.is_imported(&first.name) => {
                    Judgement::unknown("what it is imported from is not at hand")
                }
                None if rest.is_empty() && kind == PathKind::Expression => {
                    if first.name.starts_with(|c: char| c.is_lowercase())
                        && namespace != Namespace::Macro
                    {
                        return PathEnd::Nowhere; // A variable or function from around the snippet.
                    }
                    let reason = format!("`{}` is neither defined nor imported here", first.name);
                    Judgement::unknown(reason)
                }
                None => self.undefined(&first.name),
            };
            self.tell(first.node, &written, judgement);
            return PathEnd::Nowhere;
        }
        if let Some(target) = at.targets.first()
            && target.def.krate != self.krate
        {
            let judgement = judge_gate(self.resolver, &first.name, target.def.krate, &target.gate);
            if !target.gate.is_open() && written != first.name {
                self.muted = Some("it was judged where it is imported");
            }
            self.tell(first.node, &written, judgement);
            self.mute_behind(target);
        }
        let mut at = at;
        let mut args = self.type_args(first);
        for (index, segment) in rest.iter().enumerate() {
            let Some(parent) = at.targets.first().map(|target| target.def) else {
                return PathEnd::Nowhere;
            };
            written = format!("{written}::{}", segment.name);
            let is_last = index + 1 == rest.len();
            let namespace = if is_last { namespace } else { Namespace::Type };
            let found = match self.step(parent, segment, &written, namespace, &args) {
                Step::On(found) => found,
                Step::End(end) => return end,
            };
            let own_args = self.type_args(segment);
            if !own_args.is_empty() {
                args = own_args;
            }
            at = found;
        }
        match at.targets.first() {
            Some(target) => PathEnd::Item(target.def, args),
            None => PathEnd::Nowhere,
        }
    }

    /// Follows one segment below `parent`.
    fn step(
        &mut self,
        parent: DefId,
        segment: &Segment<'_>,
        written: &str,
        namespace: Namespace,
        args: &[Ty],
    ) -> Step<'w> {
        let world = self.resolver.world();
        let name = segment.name.as_str();
        match &world.item(parent).kind {
            ItemKind::Module(_) => {}
            ItemKind::Trait { .. } => {
                let one = TraitTy { def: parent, args: args.to_vec(), bindings: Vec::new() };
                let end = self.trait_item_of(one, &Ty::Unknown, name, segment.node);
                return Step::End(end);
            }
            ItemKind::Enum { .. } => {
                let found = self.resolver.member(parent, name, namespace, self.krate);
                if found.targets.is_empty() {
                    let ty = self.solver.instantiate(parent, args.to_vec());
                    return Step::End(self.member_of(&ty, name, segment.node, written));
                }
            }
            ItemKind::Struct { .. } | ItemKind::TypeAlias { .. } => {
                let ty = self.solver.instantiate(parent, args.to_vec());
                if let Ty::Adt(def, _) = &ty
                    && matches!(world.item(*def).kind, ItemKind::Enum { .. })
                {
                    let found = self.resolver.member(*def, name, namespace, self.krate);
                    if !found.targets.is_empty() {
                        return Step::On(found);
                    }
                }
                return Step::End(self.member_of(&ty, name, segment.node, written));
            }
            _ => return Step::End(PathEnd::Nowhere),
        }
        let mut found = self.resolver.member(parent, name, namespace, self.krate);
        if found.targets.is_empty() && namespace != Namespace::Any {
            // The name of another kind is there: rustc says so too, but it is not "missing".
            let other = self.resolver.member(parent, name, Namespace::Any, self.krate);
            let is_open = other.targets.first().is_some_and(|target| target.gate.is_open());
            if is_open
                || found.unseen.is_none() && found.turned_off.is_none() && other.unseen.is_some()
            {
                found = other;
            }
        }
        if parent.krate == self.krate {
            if found.targets.is_empty() {
                let reason = "the workspace's own code is not checked";
                self.tell(segment.node, written, Judgement::unknown(reason));
            }
            return Step::On(found);
        }
        let judgement = judge_member(self.resolver, parent, name, &found, self.krate);
        let package =
            found.targets.first().and_then(|target| package_of(self.resolver, target.def.krate));
        let package = package.or_else(|| judgement.package.clone());
        self.tell(segment.node, written, Judgement { package, ..judgement });
        if let Some(target) = found.targets.first() {
            self.mute_behind(target);
        }
        Step::On(found)
    }

    /// What follows a name that cannot be used is not accused as well.
    fn mute_behind(&mut self, target: &Target) {
        if !target.gate.is_open() {
            self.muted = Some("it follows a name that cannot be used");
        }
    }

    /// `Trait::name`, or `<ty as Trait>::name`.
    fn trait_item_of(&mut self, one: TraitTy, ty: &Ty, name: &str, node: Node<'_>) -> PathEnd<'w> {
        let world = self.resolver.world();
        let own = one.def;
        let written = format!("{}::{name}", world.path(own));
        for above in self.solver.all_supers(&[one]) {
            let Some(member) = self.solver.trait_member(&above, name, ty) else { continue };
            if member.krate != self.krate {
                let judgement = judge_gate(self.resolver, name, member.krate, &member.gate);
                self.tell(node, &written, judgement);
            }
            return PathEnd::Member(Box::new(member));
        }
        if own.krate != self.krate {
            let names = self.solver.trait_names(own);
            let judgement = missing_member(self.resolver, &world.path(own), own.krate, name, names);
            self.tell(node, &written, judgement);
        }
        PathEnd::Nowhere
    }

    /// `Type::name`.
    fn member_of(&mut self, ty: &Ty, name: &str, node: Node<'_>, written: &str) -> PathEnd<'w> {
        let traits = self.traits();
        match self.solver.assoc(ty, name, &traits, self.krate) {
            MethodLookup::Found(member) => {
                if member.krate != self.krate {
                    let judgement = judge_gate(self.resolver, name, member.krate, &member.gate);
                    self.tell(node, written, judgement);
                }
                PathEnd::Member(Box::new(member))
            }
            MethodLookup::Unknown(why) => {
                self.tell(node, written, Judgement::unknown(why));
                PathEnd::Nowhere
            }
            MethodLookup::Missing(names) => {
                if let Some((krate, owner)) = self.outside_owner(ty) {
                    let judgement = missing_member(self.resolver, &owner, krate, name, names);
                    self.tell(node, written, judgement);
                }
                PathEnd::Nowhere
            }
        }
    }

    /// Returns the crate and the name of a type that is not the snippet's own.
    pub(crate) fn outside_owner(&self, ty: &Ty) -> Option<(crate::api::CrateId, String)> {
        let world = self.resolver.world();
        let core = || world.find(&CrateKey::Toolchain("core".to_owned()));
        match ty {
            Ty::Adt(def, _) => (def.krate != self.krate).then(|| (def.krate, world.path(*def))),
            Ty::Ref(inner) => self.outside_owner(inner),
            Ty::Prim(name) => Some((core()?, (*name).to_owned())),
            Ty::Int => Some((core()?, "i32".to_owned())),
            Ty::Float => Some((core()?, "f64".to_owned())),
            Ty::Slice(_) => Some((core()?, "slice".to_owned())),
            Ty::Array(_) => Some((core()?, "array".to_owned())),
            Ty::Bounded(traits) => {
                let first = traits.first()?;
                let is_own = traits.iter().any(|one| one.def.krate == self.krate);
                (!is_own).then(|| (first.def.krate, world.path(first.def)))
            }
            _ => None,
        }
    }

    /// Names that need no look-up among items: variables, parameters, `Self`, primitives.
    fn own_name(
        &mut self,
        first: &Segment<'_>,
        rest: &[Segment<'_>],
        namespace: Namespace,
    ) -> Option<PathEnd<'w>> {
        let name = first.name.as_str();
        if rest.is_empty()
            && matches!(namespace, Namespace::Value | Namespace::Any)
            && let Some(ty) = self.local(name)
        {
            return Some(PathEnd::Local(ty));
        }
        let ty = match name {
            "Self" => self.self_ty.clone().unwrap_or(Ty::Unknown),
            _ => match self.params.get(name) {
                Some(ty) => ty.clone(),
                None if is_primitive(name) && first.node.kind() == "primitive_type" => {
                    super::solve::primitive(name).unwrap_or(Ty::Unknown)
                }
                None if is_primitive(name) => {
                    let found = self.resolver.first_segment(
                        self.module,
                        name,
                        false,
                        Namespace::Type,
                        PathKind::Expression,
                    );
                    if !found.targets.is_empty() {
                        return None; // `use std::u32;`
                    }
                    super::solve::primitive(name).unwrap_or(Ty::Unknown)
                }
                None => return None,
            },
        };
        let Some((second, rest)) = rest.split_first() else { return Some(PathEnd::Type(ty)) };
        if ty.is_unknown() || (!rest.is_empty() && namespace != Namespace::Type) {
            return Some(PathEnd::Nowhere);
        }
        if let Ty::Adt(def, args) = &ty
            && let ItemKind::Enum { .. } = self.resolver.world().item(*def).kind
        {
            let found = self.resolver.member(*def, &second.name, namespace, self.krate);
            if let Some(target) = found.targets.first() {
                return Some(PathEnd::Item(target.def, args.clone()));
            }
        }
        let written = format!("{name}::{}", second.name);
        Some(self.member_of(&ty, &second.name, second.node, &written))
    }

    fn type_args(&self, segment: &Segment<'_>) -> Vec<Ty> {
        let Some(args) = segment.args else { return Vec::new() };
        let mut cursor = args.walk();
        args.named_children(&mut cursor)
            .filter(|child| !matches!(child.kind(), "lifetime" | "type_binding"))
            .map(|child| self.lower_node(child))
            .collect()
    }

    /// Returns a first name as an import of the snippet spells it out.
    fn imported_name(&self, name: &str, kind: PathKind) -> String {
        if kind == PathKind::Use {
            return name.to_owned();
        }
        let world = self.resolver.world();
        let mut module = self.module;
        loop {
            let scope = world.scope(module);
            let import = scope.and_then(|scope| {
                scope.imports.iter().find(|one| one.name.as_deref() == Some(name) && !one.is_glob)
            });
            if let Some(import) = import {
                return import.path.join("::");
            }
            let parent = world.item(module).parent;
            if parent == module.item || !scope.is_some_and(|scope| scope.is_block) {
                return name.to_owned();
            }
            module.item = parent;
        }
    }

    /// Says whether an import of the snippet brings `name` in.
    fn is_imported(&self, name: &str) -> bool {
        let world = self.resolver.world();
        let mut module = self.module;
        loop {
            let Some(scope) = world.scope(module) else { return false };
            if scope.imports.iter().any(|import| import.name.as_deref() == Some(name)) {
                return true;
            }
            let parent = world.item(module).parent;
            if parent == module.item || !scope.is_block {
                return false;
            }
            module.item = parent;
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
}

enum Step<'w> {
    On(Lookup),
    End(PathEnd<'w>),
}

/// Returns the `<..>` that a path starts with.
fn qualified(node: Node<'_>) -> Option<Node<'_>> {
    let path = match node.kind() {
        "generic_function" => node.child_by_field_name("function")?.child_by_field_name("path"),
        _ => node.child_by_field_name("path"),
    };
    path.filter(|path| path.kind() == "bracketed_type")
}
