//! What a text imports or requires: binds the names, judges the modules and what is taken of them.

use tree_sitter::Node;

use crate::check::Verdict;

use super::index::{ImportName, imported};
use super::infer::{ANY_NAME, Attr, Ty};
use super::judge::exists;
use super::walk::{Bound, HERE, Walk};
use super::world::{Found, ModuleRef, Resolution, Target, unseen_words};

impl Walk<'_> {
    pub(super) fn import(&mut self, node: Node<'_>) {
        let Some(from) = node.child_by_field_name("source") else { return };
        let specifier = self.source(from).trim_matches(['"', '\'']).to_owned();
        let mut cursor = node.walk();
        let clauses: Vec<Node<'_>> =
            node.named_children(&mut cursor).filter(|it| it.kind() == "import_clause").collect();
        let taken: Vec<(ImportName, Node<'_>)> =
            clauses.into_iter().flat_map(|clause| imported(clause, self.text)).collect();
        let module = self.specifier(from, &specifier);
        for (name, local) in taken {
            let bound = self.source(local).to_owned();
            let ty = match &module {
                Ok(module) => self.taken(module, &specifier, &name, local),
                Err(why) => Ty::Unknown(why.clone()),
            };
            let shown = match &name {
                ImportName::Named(name) => format!("{specifier}.{name}"),
                _ => specifier.clone(),
            };
            let import = module.is_ok().then_some(shown);
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(bound, Bound { ty, import });
            }
        }
    }

    /// Judges the module of an import.
    fn specifier(&mut self, node: Node<'_>, specifier: &str) -> Result<ModuleRef, String> {
        if specifier.starts_with(['.', '/', '#', '~', '@']) && !is_package(specifier) {
            return Err("the workspace's own code is not checked".to_owned());
        }
        match self.lookup.import(HERE, specifier) {
            Ok(module) => {
                let reason = "its declarations were read";
                self.tell(node, specifier, specifier, Verdict::Exists, reason.to_owned(), None);
                Ok(module)
            }
            Err(why) => {
                let words = unseen_words(&why);
                let (verdict, near) = match &why {
                    Resolution::NoPackage(_) => {
                        let near = self.lookup.world.packages.keys().cloned().collect();
                        (Verdict::UnknownPackage, Some(near))
                    }
                    Resolution::NoModule(_) => (Verdict::Missing, None),
                    _ => (Verdict::Unknown, None),
                };
                let reason = match verdict {
                    Verdict::UnknownPackage => {
                        format!(
                            "no package `{}` is installed here or in the lock file",
                            package_of(specifier)
                        )
                    }
                    _ => words.clone(),
                };
                self.tell(node, specifier, specifier, verdict, reason, near);
                Err(words)
            }
        }
    }

    /// Judges one name of an import and returns what it is.
    fn taken(
        &mut self,
        module: &ModuleRef,
        specifier: &str,
        name: &ImportName,
        local: Node<'_>,
    ) -> Ty {
        // The name that is taken stands before the one that it is given.
        let node = local
            .parent()
            .filter(|it| it.kind() == "import_specifier")
            .and_then(|it| it.child_by_field_name("name"))
            .unwrap_or(local);
        let api = match name {
            ImportName::Named(name) => format!("{specifier}.{name}"),
            _ => specifier.to_owned(),
        };
        match self.lookup.taken(module, name, 0) {
            Found::Target(Target::Member(of, member)) => {
                // A member of what is exported whole; that any name may be there makes it none.
                let of = self.lookup.value(&of, 0);
                let attr = self.lookup.attr(&of, &member, 0);
                let (verdict, reason, near, ty) = match attr {
                    Attr::Found(ty, _) if is_any_name(&ty) => {
                        let reason = format!("`{specifier}` exports no such name");
                        (Verdict::Missing, reason, None, *ty)
                    }
                    Attr::Found(ty, note) => {
                        let (verdict, reason) = exists(&api, note);
                        (verdict, reason, None, *ty)
                    }
                    Attr::Missing(near) => {
                        let reason = format!("`{specifier}` exports no such name");
                        let ty = Ty::Unknown(format!("`{api}` is not there"));
                        (Verdict::Missing, reason, Some(near), ty)
                    }
                    Attr::Unseen(why) => (Verdict::Unknown, why.clone(), None, Ty::Unknown(why)),
                };
                self.tell(node, specifier, &api, verdict, reason, near);
                ty
            }
            Found::Target(target) => {
                let note = self.lookup.deprecated(&target, 0);
                let (verdict, reason) = exists(&api, note);
                self.tell(node, specifier, &api, verdict, reason, None);
                self.lookup.value(&target, 0)
            }
            Found::Missing(near) => {
                let reason = format!("`{specifier}` exports no such name");
                self.tell(node, specifier, &api, Verdict::Missing, reason, Some(near));
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Found::Unseen(why) => {
                self.tell(node, specifier, &api, Verdict::Unknown, why.clone(), None);
                Ty::Unknown(why)
            }
        }
    }

    /// Tells of a type that was imported.
    pub(super) fn type_name(&mut self, node: Node<'_>) {
        let bound = self.bound(self.source(node)).and_then(|bound| bound.import.clone());
        if let Some(import) = bound {
            let specifier = import.split('.').next().unwrap_or_default().to_owned();
            let reason = "imported above".to_owned();
            self.tell(node, &specifier, &import, Verdict::Exists, reason, None);
        }
    }

    /// Judges `module.Type`.
    pub(super) fn nested_type(&mut self, node: Node<'_>) {
        let (Some(of), Some(name)) =
            (node.child_by_field_name("module"), node.child_by_field_name("name"))
        else {
            return;
        };
        let Some(bound) = self.bound(self.source(of)).cloned() else { return };
        let (Some(import), Ty::Module(module)) = (bound.import, bound.ty) else { return };
        let written = self.source(name).to_owned();
        let api = format!("{import}.{written}");
        match self.lookup.export(&module, &written, 0) {
            Found::Target(_) => {
                self.tell(name, &import, &api, Verdict::Exists, "declared".to_owned(), None);
            }
            Found::Missing(near) => {
                let reason = format!("`{import}` exports no such name");
                self.tell(name, &import, &api, Verdict::Missing, reason, Some(near));
            }
            Found::Unseen(why) => self.tell(name, &import, &api, Verdict::Unknown, why, None),
        }
    }

    /// Judges `require("x")` and returns what it gives.
    pub(super) fn required(&mut self, node: Node<'_>) -> Option<Ty> {
        let function = node.child_by_field_name("function")?;
        if node.kind() != "call_expression" || self.source(function) != "require" {
            return None;
        }
        let from = node.child_by_field_name("arguments")?.named_child(0)?;
        if from.kind() != "string" {
            return None;
        }
        let specifier = self.source(from).trim_matches(['"', '\'']).to_owned();
        let module = self.specifier(from, &specifier).ok()?;
        match self.lookup.taken(&module, &ImportName::Equals, 0) {
            Found::Target(target) => Some(self.lookup.value(&target, 0)),
            _ => None,
        }
    }
}

/// Says whether a member is there only because its type takes any name.
fn is_any_name(ty: &Ty) -> bool {
    matches!(ty, Ty::Unknown(why) if why == ANY_NAME)
}

/// Says whether a specifier names a package with a scope, not a path alias.
fn is_package(specifier: &str) -> bool {
    specifier.starts_with('@') && specifier.len() > 2 && !specifier.starts_with("@/")
}

/// Returns the package of a specifier: `@scope/name` of `@scope/name/part`.
pub(super) fn package_of(specifier: &str) -> &str {
    let n_parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(n_parts - 1).map(|(at, _)| at);
    specifier.get(..end.unwrap_or(specifier.len())).unwrap_or(specifier)
}
