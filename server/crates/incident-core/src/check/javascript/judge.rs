//! Judges members, calls and the keys of options, and tells of what was found.

use std::collections::BTreeSet;

use tree_sitter::Node;

use crate::check::names::nearest;
use crate::check::{Reference, Verdict};
use crate::deps::PackageId;

use super::bindings::parameter_nodes;
use super::imports::package_of;
use super::infer::{Attr, Ty};
use super::walk::{MAX_DEPTH, Walk};

impl Walk<'_> {
    pub(super) fn member(&mut self, node: Node<'_>, depth: usize) -> Ty {
        let object = node.child_by_field_name("object");
        let property = node.child_by_field_name("property");
        let (Some(object), Some(property)) = (object, property) else {
            return Ty::unknown("it is cut");
        };
        let ty = self.node(object, depth + 1);
        let written = self.source(object).to_owned();
        self.judge(property, &ty, &written)
    }

    /// Judges a member and returns its type.
    pub(super) fn judge(&mut self, property: Node<'_>, ty: &Ty, written: &str) -> Ty {
        let name = self.source(property).to_owned();
        let owner = self.owner(ty).unwrap_or_else(|| written.to_owned());
        let api = format!("{owner}.{name}");
        let package = self.package(ty);
        match self.lookup.attr(ty, &name, 0) {
            Attr::Found(ty, note) => {
                let (verdict, reason) = exists(&api, note);
                self.tell_of(property, &api, verdict, reason, None, package);
                *ty
            }
            Attr::Missing(near) => {
                let is_doubted = self.doubted.contains(&format!("{written}.{name}"))
                    || self.doubted.contains(&format!("*.{name}"))
                    || self.doubted.contains(written);
                let reason = format!("`{owner}` has no `{name}`");
                let (verdict, reason) = match (is_doubted, self.is_augmented(&package)) {
                    (true, _) => (Verdict::Unknown, "the code asks whether it is there".to_owned()),
                    (_, true) => {
                        (Verdict::Unknown, "other files add to its declarations".to_owned())
                    }
                    _ => (Verdict::Missing, reason),
                };
                self.tell_of(property, &api, verdict, reason, Some(near), package);
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Attr::Unseen(why) => {
                let is_long = api.len() > 80 || api.contains('\n');
                let api = if is_long { format!("….{name}") } else { api };
                self.tell_of(property, &api, Verdict::Unknown, why.clone(), None, package);
                Ty::Unknown(why)
            }
        }
    }

    fn is_augmented(&self, package: &Option<PackageId>) -> bool {
        package.as_ref().is_some_and(|package| {
            let name = package.name.strip_prefix("@types/").unwrap_or(&package.name);
            self.lookup.world.augmented.contains(name)
        })
    }

    /// Names what a member is looked up on.
    fn owner(&self, ty: &Ty) -> Option<String> {
        match ty {
            Ty::Named { name, place, .. } | Ty::Value(place, name) => {
                let mut shown = place.spaces.clone();
                shown.push(name.clone());
                Some(shown.join("."))
            }
            Ty::Plain(global) => Some((*global).to_owned()),
            Ty::Text(_) => Some("String".to_owned()),
            Ty::Array(_) => Some("Array".to_owned()),
            Ty::Module(module) => {
                let id = module.ambient.clone().or_else(|| module.files.first().cloned())?;
                Some(match id.rsplit_once("node_modules/") {
                    Some((_, rest)) => package_of(rest).to_owned(),
                    None => id,
                })
            }
            Ty::Either(all) | Ty::Both(all) => all.iter().find_map(|ty| self.owner(ty)),
            _ => None,
        }
    }

    /// Returns the package that declares a type.
    fn package(&mut self, ty: &Ty) -> Option<PackageId> {
        let module = match ty {
            Ty::Named { place, .. } | Ty::Value(place, _) => place.module.clone()?,
            Ty::Module(module) => module.clone(),
            Ty::Shape(_, env) | Ty::Function(_, env) => env.place.module.clone()?,
            Ty::Either(all) | Ty::Both(all) => {
                return all.iter().find_map(|ty| self.package(ty));
            }
            _ => return None,
        };
        let id = module.files.first()?.clone();
        let packages = &self.lookup.world.packages;
        self.sources
            .entry(id)
            .or_insert_with_key(|id| {
                let (_, rest) = id.rsplit_once("node_modules/")?;
                packages.get(package_of(rest)).cloned()
            })
            .clone()
    }

    pub(super) fn call(&mut self, node: Node<'_>, depth: usize, is_new: bool) -> Ty {
        let callee = node.child_by_field_name(if is_new { "constructor" } else { "function" });
        if !is_new && let Some(ty) = self.required(node) {
            return ty;
        }
        let ty = callee.map_or(Ty::Undefined, |callee| self.node(callee, depth + 1));
        let mut given = Vec::new();
        if let Some(list) = node.child_by_field_name("type_arguments") {
            let mut cursor = list.walk();
            given.extend(list.named_children(&mut cursor).map(|of| self.annotated(of)));
        }
        let Some(arguments) = node.child_by_field_name("arguments") else {
            return self.lookup.call(&ty, is_new, &[], &given, 0);
        };
        let mut cursor = arguments.walk();
        let nodes: Vec<Node<'_>> =
            arguments.named_children(&mut cursor).filter(|it| it.kind() != "comment").collect();
        let has_spread = nodes.iter().any(|it| it.kind() == "spread_element");
        let mut args: Vec<Ty> = vec![Ty::unknown("an argument"); nodes.len()];
        for (at, argument) in nodes.iter().enumerate() {
            let expected = match (argument.kind(), has_spread) {
                ("object" | "arrow_function" | "function_expression", false) => {
                    self.lookup.argument_types(&ty, is_new, at, &args, 0)
                }
                _ => Vec::new(),
            };
            let found = match argument.kind() {
                "arrow_function" | "function_expression" => {
                    let n_params = parameter_nodes(*argument).len();
                    // The first signature whose function takes as many is the one that is meant.
                    let context = expected.iter().find_map(|ty| {
                        self.lookup
                            .signatures(ty, false, 0)
                            .into_iter()
                            .find(|(it, _)| it.params.len() >= n_params)
                    });
                    self.function(*argument, context, depth + 1);
                    Ty::unknown("it is this text's own")
                }
                "object" => {
                    self.options(*argument, &expected, depth, 0);
                    self.node(*argument, depth + 1)
                }
                _ => self.node(*argument, depth + 1),
            };
            if let Some(slot) = args.get_mut(at) {
                *slot = found;
            }
        }
        if has_spread {
            return Ty::unknown("its arguments are spread");
        }
        self.lookup.call(&ty, is_new, &args, &given, 0)
    }

    /// Judges the keys of an object that is given where one of `expected` is taken.
    pub(super) fn options(
        &mut self,
        object: Node<'_>,
        expected: &[Ty],
        depth: usize,
        nested: usize,
    ) {
        if expected.is_empty() || nested > 3 || depth > MAX_DEPTH {
            return;
        }
        let taken = Ty::either(expected.to_vec());
        let mut cursor = object.walk();
        for child in object.named_children(&mut cursor) {
            let (key, value) = match child.kind() {
                "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
                "shorthand_property_identifier" => (Some(child), None),
                "method_definition" => (child.child_by_field_name("name"), None),
                _ => (None, None),
            };
            let Some(key) = key.filter(|key| {
                matches!(
                    key.kind(),
                    "property_identifier" | "string" | "shorthand_property_identifier"
                )
            }) else {
                continue;
            };
            let name = self.source(key).trim_matches(['"', '\'']).to_owned();
            let attr = self.lookup.attr(&taken, &name, 0);
            let owner = self.owner(&taken).unwrap_or_else(|| "options".to_owned());
            let package = self.package(&taken);
            let api = format!("{owner}.{name}");
            match attr {
                Attr::Found(of, note) => {
                    let (verdict, reason) = exists(&api, note);
                    self.tell_of(key, &api, verdict, reason, None, package);
                    if let Some(value) = value.filter(|it| it.kind() == "object") {
                        self.options(value, &[*of], depth + 1, nested + 1);
                    }
                }
                Attr::Missing(near) => {
                    let (verdict, reason) = match self.is_augmented(&package) {
                        true => {
                            (Verdict::Unknown, "other files add to its declarations".to_owned())
                        }
                        false => (Verdict::Missing, format!("`{owner}` takes no `{name}`")),
                    };
                    self.tell_of(key, &api, verdict, reason, Some(near), package);
                }
                Attr::Unseen(why) => {
                    self.tell_of(key, &api, Verdict::Unknown, why, None, package);
                }
            }
        }
    }

    pub(super) fn tell(
        &mut self,
        node: Node<'_>,
        specifier: &str,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: Option<BTreeSet<String>>,
    ) {
        let packages = &self.lookup.world.packages;
        let name = package_of(specifier);
        let package = packages.get(name).cloned();
        self.tell_of(node, api, verdict, reason, near, package);
    }

    fn tell_of(
        &mut self,
        node: Node<'_>,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: Option<BTreeSet<String>>,
        package: Option<PackageId>,
    ) {
        let start = self.lines.line_col(node.start_byte());
        let end = self.lines.line_col(node.end_byte());
        let name = match verdict {
            Verdict::UnknownPackage => api,
            _ => api.rsplit('.').next().unwrap_or_default(),
        };
        let reason = match &package {
            Some(package) if verdict == Verdict::Missing => format!("{reason} in {package}"),
            _ => reason,
        };
        let suggestions = near.filter(|_| verdict.is_accusation()).map(|near| nearest(name, near));
        self.references.push(Reference {
            api: api.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            verdict,
            package,
            suggestions: suggestions.unwrap_or_default(),
            exists_in: None,
            reason,
        });
    }
}

pub(super) fn exists(api: &str, note: Option<String>) -> (Verdict, String) {
    match note {
        Some(note) => (Verdict::Deprecated, format!("`{api}` is deprecated: {note}")),
        None => (Verdict::Exists, "declared by what is installed".to_owned()),
    }
}
