//! Calls: functions, constructors, methods, closures; what their arguments say about the result.

use tree_sitter::Node;

use crate::api::{FnSig, ItemKind, Namespace, TypePath, TypeRef};

use super::Verdict;
use super::names::{Judgement, judge_gate, missing_member, package_of};
use super::paths::PathEnd;
use super::solve::{Callable, Ctx, Env, MethodLookup, Ty, named};
use super::walk::Walk;

impl<'w> Walk<'_, 'w> {
    /// Infers a value whose type was written: what is known of it helps to infer its parts.
    pub(crate) fn infer_expecting(&mut self, node: Node<'_>, expected: &Ty) -> Ty {
        match (node.kind(), expected) {
            ("closure_expression", Ty::Fn(params, _)) => self.closure(node, Some(params)),
            _ => self.infer(node),
        }
    }

    /// `function(arguments)` and `receiver.method(arguments)`.
    pub(crate) fn call(&mut self, node: Node<'_>) -> Ty {
        let Some(function) = node.child_by_field_name("function") else { return Ty::Unknown };
        let arguments = node.child_by_field_name("arguments");
        let (target, turbofish) = match function.kind() {
            "generic_function" => (
                function.child_by_field_name("function").unwrap_or(function),
                function.child_by_field_name("type_arguments"),
            ),
            _ => (function, None),
        };
        match target.kind() {
            "field_expression" => {
                if let Some(types) = turbofish {
                    self.children(types);
                }
                self.method_call(target, turbofish, arguments)
            }
            "identifier" | "scoped_identifier" => {
                let end = self.path(function, Namespace::Value);
                self.call_path(end, target, turbofish, arguments)
            }
            _ => {
                let called = self.infer(function);
                self.infer_arguments(arguments);
                match called.peeled() {
                    Ty::Fn(_, ret) => (**ret).clone(),
                    _ => Ty::Unknown,
                }
            }
        }
    }

    fn infer_arguments(&mut self, arguments: Option<Node<'_>>) -> Vec<Ty> {
        argument_nodes(arguments).into_iter().map(|argument| self.infer(argument)).collect()
    }

    fn call_path(
        &mut self,
        end: PathEnd<'w>,
        function: Node<'_>,
        turbofish: Option<Node<'_>>,
        arguments: Option<Node<'_>>,
    ) -> Ty {
        let world = self.resolver.world();
        let name_node = function.child_by_field_name("name").unwrap_or(function);
        match end {
            PathEnd::Member(member) => {
                let Some(callable) = member.callable() else {
                    self.infer_arguments(arguments);
                    return Ty::Unknown;
                };
                if member.krate != self.krate && member.gate.is_open() && member.is_certain {
                    let n_params =
                        callable.sig.params.len() + usize::from(callable.sig.receiver.is_some());
                    self.judge_arity(
                        name_node,
                        callable.sig,
                        n_params,
                        arguments,
                        &member.item.name,
                    );
                }
                self.apply(&callable, None, turbofish, arguments)
            }
            PathEnd::Item(def, args) => match &world.item(def).kind {
                ItemKind::Fn(sig) => {
                    let module = self.solver.module_of(def);
                    let callable =
                        Callable { sig, module, self_ty: None, of_trait: None, env: Env::new() };
                    if def.krate != self.krate {
                        let name = world.item(def).name.clone();
                        self.judge_arity(name_node, sig, sig.params.len(), arguments, &name);
                    }
                    self.apply(&callable, None, turbofish, arguments)
                }
                ItemKind::Struct { .. } | ItemKind::Variant(_) => {
                    self.construct(def, &args, arguments)
                }
                ItemKind::Const(_) | ItemKind::Static(_) | ItemKind::TypeAlias { .. } => {
                    self.infer_arguments(arguments);
                    self.solver.instantiate(def, args)
                }
                _ => {
                    self.infer_arguments(arguments);
                    Ty::Unknown
                }
            },
            PathEnd::Local(ty) | PathEnd::Type(ty) => {
                self.infer_arguments(arguments);
                match ty.peeled() {
                    Ty::Fn(_, ret) => (**ret).clone(),
                    Ty::Adt(..) if self.text(function) == "Self" => ty,
                    _ => Ty::Unknown,
                }
            }
            PathEnd::Nowhere => {
                self.infer_arguments(arguments);
                Ty::Unknown
            }
        }
    }

    /// `Some(value)`: the value tells the type argument.
    fn construct(
        &mut self,
        def: crate::api::DefId,
        args: &[Ty],
        arguments: Option<Node<'_>>,
    ) -> Ty {
        let world = self.resolver.world();
        let types = self.infer_arguments(arguments);
        let (of_type, fields) = match &world.item(def).kind {
            ItemKind::Struct { fields, .. } => (def, fields),
            ItemKind::Variant(fields) => (self.enum_of(def), fields),
            _ => return Ty::Unknown,
        };
        let generics = match &world.item(of_type).kind {
            ItemKind::Struct { generics, .. } | ItemKind::Enum { generics, .. } => generics,
            _ => return Ty::Unknown,
        };
        let mut env = named(generics, args);
        let module = self.solver.module_of(def);
        let empty = Env::new();
        let ctx = Ctx { module, self_ty: None, of_trait: None, env: &empty };
        for (field, ty) in fields.fields.iter().zip(&types) {
            self.solver.unify(&field.ty, ty, ctx, &mut env);
        }
        let args = generics.params.iter().map(|param| env.remove(&param.name));
        let args = args.map(|ty| ty.unwrap_or(Ty::Unknown)).collect();
        self.solver.instantiate(of_type, args)
    }

    fn method_call(
        &mut self,
        field: Node<'_>,
        turbofish: Option<Node<'_>>,
        arguments: Option<Node<'_>>,
    ) -> Ty {
        let receiver =
            field.child_by_field_name("value").map_or(Ty::Unknown, |value| self.infer(value));
        let Some(name_node) = field.child_by_field_name("field") else { return Ty::Unknown };
        let name = self.text(name_node);
        let outer = self.muted;
        if self.solver.is_turned_off(&receiver) {
            self.muted = Some("its type is not part of this build");
        }
        let ty = self.method_named(&receiver, name, name_node, turbofish, arguments);
        self.muted = outer;
        ty
    }

    fn method_named(
        &mut self,
        receiver: &Ty,
        name: &str,
        name_node: Node<'_>,
        turbofish: Option<Node<'_>>,
        arguments: Option<Node<'_>>,
    ) -> Ty {
        let traits = self.traits();
        let api = match self.outside_owner(receiver) {
            Some((_, owner)) => format!("{owner}::{name}"),
            None => name.to_owned(),
        };
        match self.solver.method(receiver, name, &traits, self.krate) {
            MethodLookup::Found(member) => {
                if member.krate != self.krate {
                    let judgement = judge_gate(self.resolver, name, member.krate, &member.gate);
                    self.tell(name_node, &api, judgement);
                }
                let Some(callable) = member.callable() else { return Ty::Unknown };
                if member.krate != self.krate && member.gate.is_open() && member.is_certain {
                    let sig = callable.sig;
                    self.judge_arity(name_node, sig, sig.params.len(), arguments, name);
                }
                self.apply(&callable, Some(receiver), turbofish, arguments)
            }
            MethodLookup::Unknown(why) => {
                self.tell(name_node, &api, Judgement::unknown(why));
                self.infer_arguments(arguments);
                Ty::Unknown
            }
            MethodLookup::Missing(names) => {
                if let Some((krate, owner)) = self.outside_owner(receiver)
                    && !self.has_own_part(receiver)
                {
                    let mut judgement = missing_member(self.resolver, &owner, krate, name, names);
                    if let Some(of_trait) = self.trait_to_import(receiver, name) {
                        judgement.reason = format!(
                            "`{name}` is a method of `{of_trait}`, which is not imported here"
                        );
                        judgement.suggestions.insert(0, of_trait);
                    }
                    self.tell(name_node, &api, judgement);
                }
                self.infer_arguments(arguments);
                Ty::Unknown
            }
        }
    }

    /// Finds a trait that has the method and the type, and is not in scope.
    fn trait_to_import(&self, receiver: &Ty, name: &str) -> Option<String> {
        let world = self.resolver.world();
        let traits = world.crates().flat_map(|(krate, _)| {
            let ids = world.tables(krate).traits_with(name);
            ids.iter().map(move |item| crate::api::DefId { krate, item: *item })
        });
        let mut found = traits.filter(|def| {
            let is_public = world.item(*def).vis == crate::api::Vis::Public;
            is_public && self.solver.implements(receiver, *def) == super::solve::Holds::Yes
        });
        found.next().map(|def| world.path(def))
    }

    fn judge_arity(
        &mut self,
        node: Node<'_>,
        sig: &FnSig,
        n_params: usize,
        arguments: Option<Node<'_>>,
        name: &str,
    ) {
        let Some(arguments) = arguments else { return };
        let n_given = argument_nodes(Some(arguments)).len();
        let has_error = arguments.has_error();
        if sig.is_variadic || n_given == n_params || has_error || self.is_accused(node) {
            return;
        }
        let plural = if n_params == 1 { "" } else { "s" };
        let reason = format!("`{name}` takes {n_params} argument{plural}, {n_given} given");
        self.tell(node, name, Judgement::new(Verdict::WrongArity, reason));
    }

    /// What a function returns for these arguments.
    fn apply(
        &mut self,
        callable: &Callable<'w>,
        receiver: Option<&Ty>,
        turbofish: Option<Node<'_>>,
        arguments: Option<Node<'_>>,
    ) -> Ty {
        let sig = callable.sig;
        let mut env = callable.env.clone();
        env.extend(named(&sig.generics, &self.turbofish(turbofish)));
        let nodes = argument_nodes(arguments);
        let mut params: Vec<&TypeRef> = sig.params.iter().collect();
        let self_ref = TypeRef::Path(TypePath {
            segments: vec![crate::api::PathSegment {
                name: "Self".to_owned(),
                ..Default::default()
            }],
            ..TypePath::default()
        });
        if sig.receiver.is_some() && receiver.is_none() {
            params.insert(0, &self_ref); // `Type::method(value)`
        }
        let mut self_ty = callable.self_ty.clone();
        let mut closures = Vec::new();
        for (index, argument) in nodes.iter().enumerate() {
            let param = params.get(index).copied();
            let is_closure = argument.kind() == "closure_expression";
            if is_closure && let Some(param) = param {
                closures.push((*argument, param));
                continue;
            }
            let ty = self.infer(*argument);
            let Some(param) = param else { continue };
            if index == 0
                && sig.receiver.is_some()
                && receiver.is_none()
                && self_ty.as_ref().is_none_or(Ty::is_unknown)
            {
                self_ty = Some(ty.peeled().clone());
                continue;
            }
            self.learn(callable, self_ty.as_ref(), param, &ty, &mut env);
        }
        self.learn_bounds(callable, self_ty.as_ref(), &mut env);
        for (closure, param) in closures {
            self.apply_closure(callable, self_ty.as_ref(), closure, param, &mut env);
        }
        self.learn_bounds(callable, self_ty.as_ref(), &mut env);
        let ctx = Ctx {
            module: callable.module,
            self_ty: self_ty.as_ref(),
            of_trait: callable.of_trait,
            env: &env,
        };
        let bounds = bounds_of(sig);
        let bounds = bounds.into_iter().map(|(name, bound)| (name.to_owned(), bound.clone()));
        self.solver.bounds.replace(bounds.collect());
        let ret = self.solver.lower(&sig.ret, ctx);
        self.solver.bounds.take();
        if sig.is_async { self.solver.future(ret) } else { ret }
    }

    fn turbofish(&self, node: Option<Node<'_>>) -> Vec<Ty> {
        let Some(node) = node else { return Vec::new() };
        let mut cursor = node.walk();
        node.named_children(&mut cursor)
            .filter(|child| child.kind() != "lifetime")
            .map(|child| self.lower_node(child))
            .collect()
    }

    fn learn(
        &self,
        callable: &Callable<'_>,
        self_ty: Option<&Ty>,
        param: &TypeRef,
        ty: &Ty,
        env: &mut Env,
    ) {
        let known = env.clone();
        let ctx =
            Ctx { module: callable.module, self_ty, of_trait: callable.of_trait, env: &known };
        if self.solver.unify(param, ty, ctx, env) {
            return;
        }
        // `&String` where `&str` is asked for, `&Vec<T>` for `&[T]`.
        *env = known.clone();
        if let (TypeRef::Ref(inner), Ty::Ref(given)) = (param, ty) {
            for step in self.solver.autoderef(given).into_iter().skip(1) {
                let mut tried = known.clone();
                if self.solver.unify(inner, &step, ctx, &mut tried) {
                    *env = tried;
                    return;
                }
            }
        }
    }

    /// Bounds such as `Fut: Future<Output = T>` tell `T` once `Fut` is known.
    fn learn_bounds(&self, callable: &Callable<'_>, self_ty: Option<&Ty>, env: &mut Env) {
        for (param, bound) in bounds_of(callable.sig) {
            let Some(ty) = env.get(param).cloned().filter(|ty| !ty.is_unknown()) else { continue };
            let Some(last) = bound.segments.last() else { continue };
            if last.bindings.is_empty() {
                continue;
            }
            let known = env.clone();
            let ctx =
                Ctx { module: callable.module, self_ty, of_trait: callable.of_trait, env: &known };
            let Some(of_trait) = self.solver.lower_trait(bound, ctx) else { continue };
            for (name, pattern) in &last.bindings {
                let bare = super::solve::TraitTy { bindings: Vec::new(), ..of_trait.clone() };
                let actual = self.solver.project(&ty, &bare, name);
                self.solver.unify(pattern, &actual, ctx, env);
            }
        }
    }

    /// Infers a closure with the parameter types that the function's bounds give it.
    fn apply_closure(
        &mut self,
        callable: &Callable<'_>,
        self_ty: Option<&Ty>,
        closure: Node<'_>,
        param: &TypeRef,
        env: &mut Env,
    ) {
        let name = match param {
            TypeRef::Path(path) if path.segments.len() == 1 => {
                path.segments.first().map(|segment| segment.name.as_str())
            }
            _ => None,
        };
        let declared = bounds_of(callable.sig);
        let mut bound = declared
            .iter()
            .filter(|(param, _)| Some(*param) == name)
            .map(|(_, bound)| *bound)
            .find(|bound| is_fn_bound(bound));
        if let TypeRef::Impl(bounds) | TypeRef::Dyn(bounds) = param {
            bound = bounds.iter().find(|bound| is_fn_bound(bound));
        }
        let known = env.clone();
        let ctx =
            Ctx { module: callable.module, self_ty, of_trait: callable.of_trait, env: &known };
        let last = bound.and_then(|bound| bound.segments.last());
        let given: Option<Vec<Ty>> = match (last.and_then(|last| last.args.first()), param) {
            (Some(TypeRef::Tuple(params)), _) | (None, TypeRef::Fn(params, _)) => {
                Some(params.iter().map(|param| self.solver.lower(param, ctx)).collect())
            }
            _ => None,
        };
        let ty = self.closure(closure, given.as_deref());
        if let (Some(last), Ty::Fn(_, ret)) = (last, &ty) {
            for (_, pattern) in &last.bindings {
                self.solver.unify(pattern, ret, ctx, env);
            }
        }
        if let Some(name) = name
            && let Some(slot) = env.get_mut(name)
        {
            *slot = ty;
        }
    }

    /// `|a, b: T| body`.
    pub(crate) fn closure(&mut self, node: Node<'_>, given: Option<&[Ty]>) -> Ty {
        self.scoped(node, |walk| {
            let mut types = Vec::new();
            if let Some(params) = node.child_by_field_name("parameters") {
                for (index, child) in super::patterns::parts(params).into_iter().enumerate() {
                    let mut ty = given.and_then(|given| given.get(index)).cloned();
                    let mut pattern = Some(child);
                    if child.kind() == "parameter" {
                        if let Some(written) = child.child_by_field_name("type") {
                            walk.visit(written);
                            let lowered = walk.lower_node(written);
                            let known = ty.unwrap_or(Ty::Unknown);
                            ty = Some(super::infer::merged(&lowered, &known));
                        }
                        pattern = child.child_by_field_name("pattern");
                    }
                    let ty = ty.unwrap_or(Ty::Unknown);
                    if let Some(pattern) = pattern {
                        walk.bind(pattern, &ty);
                    }
                    types.push(ty);
                }
            }
            if let Some(ret) = node.child_by_field_name("return_type") {
                walk.visit(ret);
            }
            let body = node.child_by_field_name("body");
            let mut ret = body.map_or(Ty::Unknown, |body| walk.infer(body));
            if walk.text(node).starts_with("async") {
                ret = walk.solver.future(ret);
            }
            Ty::Fn(types, Box::new(ret))
        })
    }

    /// A function or constructor as a value: `map(Some)`, `map(str::len)`.
    pub(crate) fn as_function(&mut self, end: &PathEnd<'w>) -> Ty {
        let world = self.resolver.world();
        match end {
            PathEnd::Member(member) => {
                let Some(callable) = member.callable() else { return Ty::Unknown };
                let mut env = callable.env.clone();
                env.extend(named(&callable.sig.generics, &[]));
                let ctx = Ctx {
                    module: callable.module,
                    self_ty: callable.self_ty.as_ref(),
                    of_trait: callable.of_trait,
                    env: &env,
                };
                let mut params: Vec<Ty> =
                    callable.sig.params.iter().map(|one| self.solver.lower(one, ctx)).collect();
                if callable.sig.receiver.is_some() {
                    params.insert(0, Ty::Unknown);
                }
                Ty::Fn(params, Box::new(self.solver.lower(&callable.sig.ret, ctx)))
            }
            PathEnd::Item(def, args) => match &world.item(*def).kind {
                ItemKind::Fn(sig) => {
                    let env = named(&sig.generics, args);
                    let module = self.solver.module_of(*def);
                    let ctx = Ctx { module, self_ty: None, of_trait: None, env: &env };
                    let params = sig.params.iter().map(|one| self.solver.lower(one, ctx)).collect();
                    let ret = self.solver.lower(&sig.ret, ctx);
                    let ret = if sig.is_async { self.solver.future(ret) } else { ret };
                    Ty::Fn(params, Box::new(ret))
                }
                ItemKind::Struct { fields, .. } => {
                    let ret = self.solver.instantiate(*def, args.clone());
                    Ty::Fn(vec![Ty::Unknown; fields.fields.len()], Box::new(ret))
                }
                ItemKind::Variant(fields) => {
                    let ret = self.solver.instantiate(self.enum_of(*def), args.clone());
                    Ty::Fn(vec![Ty::Unknown; fields.fields.len()], Box::new(ret))
                }
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    /// Judges the items of `impl Trait for Type`: each must be one of the trait's.
    pub(crate) fn implemented_items(&mut self, of_trait: Node<'_>, body: Node<'_>) {
        let Ty::Bounded(traits) = self.lower_node(of_trait) else { return };
        let Some(one) = traits.into_iter().next() else { return };
        if one.def.krate == self.krate {
            return;
        }
        let world = self.resolver.world();
        let mut cursor = body.walk();
        let items: Vec<Node<'_>> = body.named_children(&mut cursor).collect();
        for item in items {
            let is_named = matches!(item.kind(), "function_item" | "type_item" | "const_item");
            let Some(name_node) = item.child_by_field_name("name").filter(|_| is_named) else {
                continue;
            };
            let name = self.text(name_node);
            let path = world.path(one.def);
            let api = format!("{path}::{name}");
            match self.solver.trait_member(&one, name, &Ty::Unknown) {
                Some(_) => {
                    let judgement = Judgement::new(Verdict::Exists, format!("an item of `{path}`"))
                        .about(package_of(self.resolver, one.def.krate));
                    self.tell(name_node, &api, judgement);
                }
                None => {
                    let ItemKind::Trait { items, .. } = &world.item(one.def).kind else { return };
                    let names = items.iter().map(|item| item.name.clone()).collect();
                    let judgement =
                        missing_member(self.resolver, &path, one.def.krate, name, names);
                    self.tell(name_node, &api, judgement);
                }
            }
        }
    }
}

fn argument_nodes(arguments: Option<Node<'_>>) -> Vec<Node<'_>> {
    let Some(arguments) = arguments else { return Vec::new() };
    let mut cursor = arguments.walk();
    arguments
        .named_children(&mut cursor)
        .filter(|child| {
            !matches!(child.kind(), "line_comment" | "block_comment" | "attribute_item")
        })
        .collect()
}

/// Bounds of a function's plain parameters, from both places where they can stand.
fn bounds_of(sig: &FnSig) -> Vec<(&str, &TypePath)> {
    let declared = sig
        .generics
        .params
        .iter()
        .flat_map(|param| param.bounds.iter().map(move |bound| (param.name.as_str(), bound)));
    let wheres = sig.generics.wheres.iter().flat_map(|(ty, bounds)| {
        let name = match ty {
            TypeRef::Path(path) if path.segments.len() == 1 => {
                path.segments.first().map_or("", |segment| segment.name.as_str())
            }
            _ => "",
        };
        bounds.iter().map(move |bound| (name, bound))
    });
    declared.chain(wheres).filter(|(name, _)| !name.is_empty()).collect()
}

fn is_fn_bound(bound: &TypePath) -> bool {
    bound.segments.last().is_some_and(|last| {
        matches!(
            last.name.as_str(),
            "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce"
        )
    })
}
