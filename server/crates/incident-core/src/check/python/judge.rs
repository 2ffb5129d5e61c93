//! Judges what leads out of a text: imported modules and names, members, keywords of calls.

use std::collections::BTreeSet;

use tree_sitter::Node;

use crate::check::names::nearest;
use crate::check::{Reference, Verdict};
use crate::deps::PackageId;

use super::builtins::BUILTINS;
use super::imports::from_import;
use super::members::is_transparent;
use super::walk::{HERE, Walk};
use super::world::{Absent, Attr, ClassRef, FunctionRef, Ty};

impl Walk<'_> {
    pub(super) fn import(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let path = child.child_by_field_name("name").unwrap_or(child);
            let written = self.source(path).to_owned();
            self.module_path(path);
            match child.child_by_field_name("alias") {
                Some(alias) => {
                    let alias = self.source(alias).to_owned();
                    self.bind(&alias, Ty::Module(written));
                }
                None => {
                    let first = written.split('.').next().unwrap_or_default().to_owned();
                    self.bind(&first.clone(), Ty::Module(first));
                }
            }
        }
    }

    /// Judges each module of a dotted path; returns whether the whole path may be there.
    fn module_path(&mut self, path: Node<'_>) -> bool {
        let mut cursor = path.walk();
        let mut module = String::new();
        for part in path.named_children(&mut cursor) {
            let name = self.source(part).to_owned();
            let outer = module.clone();
            if !module.is_empty() {
                module.push('.');
            }
            module.push_str(&name);
            let (verdict, reason, near) = self.judge_module(&outer, &module, &name);
            self.tell(part, &module, &module.clone(), verdict, reason, near);
            if verdict != Verdict::Exists {
                return false;
            }
        }
        true
    }

    fn judge_module(
        &self,
        outer: &str,
        module: &str,
        name: &str,
    ) -> (Verdict, String, BTreeSet<String>) {
        let world = self.lookup.world();
        if outer.is_empty() && world.own.contains(name) {
            let reason = "it may be the workspace's own code, which is not checked";
            return (Verdict::Unknown, reason.to_owned(), BTreeSet::new());
        }
        match self.lookup.module(module) {
            Ok(_) => (Verdict::Exists, "its source was read".to_owned(), BTreeSet::new()),
            Err(Absent::Unseen(why)) => (Verdict::Unknown, why, BTreeSet::new()),
            Err(Absent::Nowhere) if outer.is_empty() => {
                let near = world.packages.keys().cloned().collect();
                if world.is_whole {
                    let reason = format!(
                        "no package that this environment installs brings a module `{name}`"
                    );
                    (Verdict::UnknownPackage, reason, near)
                } else {
                    let reason = "no environment of this project was found to look in".to_owned();
                    (Verdict::Unknown, reason, BTreeSet::new())
                }
            }
            Err(Absent::Nowhere) => match self.lookup.module_attr(outer, name, 0) {
                // A module that code puts together, such as `six.moves` or `os.path`.
                Attr::Found(..) => {
                    let reason = format!("`{outer}` names it, and makes it itself");
                    (Verdict::Unknown, reason, BTreeSet::new())
                }
                Attr::Unseen(why) => (Verdict::Unknown, why, BTreeSet::new()),
                Attr::Missing(_) => {
                    let near = self
                        .lookup
                        .module(outer)
                        .map(|module| module.submodules.clone())
                        .unwrap_or_default();
                    (Verdict::Missing, format!("`{outer}` has no module `{name}`"), near)
                }
            },
        }
    }

    pub(super) fn import_from(&mut self, node: Node<'_>) {
        let Some(path) = node.child_by_field_name("module_name") else { return };
        let is_relative = path.kind() == "relative_import";
        let imported = from_import(node, self.text, "");
        let is_there = !is_relative && self.module_path(path);
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let is_name = matches!(child.kind(), "dotted_name" | "aliased_import");
            if child.id() == path.id() || !is_name {
                continue;
            }
            let name_node = child.child_by_field_name("name").unwrap_or(child);
            let name = self.source(name_node).to_owned();
            let alias = child.child_by_field_name("alias").map(|it| self.source(it).to_owned());
            let bound = alias.unwrap_or_else(|| name.clone());
            let Some((module, _)) = imported.as_ref().filter(|_| is_there) else {
                let why = if is_relative {
                    "the workspace's own code is not checked"
                } else {
                    "its module could not be seen"
                };
                self.bind(&bound, Ty::unknown(why));
                continue;
            };
            let attr = self.lookup.imported(module, &name, 0);
            let api = format!("{module}.{name}");
            let ty = self.judge(name_node, module, &api, &name, module, &attr);
            self.bind(&bound, ty);
        }
    }

    /// Tells what a look-up gave, and returns the type to go on with.
    pub(super) fn judge(
        &mut self,
        node: Node<'_>,
        package: &str,
        api: &str,
        name: &str,
        owner: &str,
        attr: &Attr,
    ) -> Ty {
        match attr {
            Attr::Found(ty, deprecated) => {
                let (verdict, reason) = match deprecated {
                    Some(note) => (Verdict::Deprecated, format!("`{name}` is deprecated: {note}")),
                    None => (Verdict::Exists, "found in the source that is installed".to_owned()),
                };
                self.tell(node, package, api, verdict, reason, BTreeSet::new());
                ty.clone()
            }
            Attr::Missing(near) => {
                let reason = format!("`{owner}` has no `{name}`");
                self.tell(node, package, api, Verdict::Missing, reason, near.clone());
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Attr::Unseen(why) => {
                self.tell(node, package, api, Verdict::Unknown, why.clone(), BTreeSet::new());
                Ty::Unknown(why.clone())
            }
        }
    }

    pub(super) fn tell(
        &mut self,
        node: Node<'_>,
        module: &str,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: BTreeSet<String>,
    ) {
        let (verdict, reason) = match &self.guarded {
            Some(why) if verdict.is_accusation() => (Verdict::Unknown, why.clone()),
            _ => (verdict, reason),
        };
        let top = module.split('.').next().unwrap_or_default();
        let package = self.lookup.world().packages.get(top).cloned();
        let place: Option<&PackageId> = package.as_ref();
        let reason = match (verdict.is_accusation(), place) {
            (true, Some(package)) if verdict == Verdict::Missing => {
                format!("{reason} in {package}")
            }
            _ => reason,
        };
        let name = api.rsplit(['.', '(']).next().unwrap_or_default().trim_end_matches(')');
        let start = self.lines.line_col(node.start_byte());
        let end = self.lines.line_col(node.end_byte());
        let suggestions = match verdict.is_accusation() {
            true => nearest(name, near.into_iter().filter(|it| !it.starts_with('_')).collect()),
            false => Vec::new(),
        };
        self.references.push(Reference {
            api: api.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            verdict,
            package,
            suggestions,
            exists_in: None,
            reason,
        });
    }

    /// Returns the path and the module of what a name is looked up on.
    pub(super) fn owner(&self, ty: &Ty) -> Option<(String, String)> {
        match ty {
            Ty::Module(module) => Some((module.clone(), module.clone())),
            Ty::Class(class) | Ty::Instance(class) => {
                let shown =
                    if class.module == BUILTINS { class.path.join(".") } else { class.shown() };
                Some((shown, class.module.clone()))
            }
            Ty::Function(function) if function.module != HERE => {
                let class = function.class.as_ref().map(ClassRef::shown);
                let owner = class.unwrap_or_else(|| function.module.clone());
                Some((format!("{owner}.{}", function.name), function.module.clone()))
            }
            Ty::Either(all) => all.iter().find_map(|ty| self.owner(ty)),
            _ => None,
        }
    }

    /// Judges a keyword against the parameters of what is called.
    pub(super) fn keyword(&mut self, node: Node<'_>, called: &Ty) {
        let Some(name_node) = node.child_by_field_name("name") else { return };
        let name = self.source(name_node).to_owned();
        let Some((owner, module)) =
            self.owner(called).filter(|(_, module)| module != HERE && module != BUILTINS)
        else {
            return;
        };
        let function = match called {
            Ty::Function(function) => function.clone(),
            Ty::Class(class) => match self.constructor(class) {
                Ok(Some(function)) => function,
                Ok(None) => return,
                Err(why) => {
                    let api = format!("{owner}({name})");
                    self.tell(name_node, &module, &api, Verdict::Unknown, why, BTreeSet::new());
                    return;
                }
            },
            _ => return,
        };
        let functions = self.lookup.functions(&function);
        if functions.is_empty() {
            return;
        }
        let mut near = BTreeSet::new();
        let mut unseen = None;
        let mut is_there = false;
        for one in functions {
            is_there |= one.params.by_name.contains(&name);
            near.extend(one.params.by_name.iter().cloned());
            if one.params.takes_any {
                unseen = Some("it takes any keyword".to_owned());
            } else if let Some(odd) = one.decorators.iter().find(|it| !is_transparent(it)) {
                unseen = Some(format!("`@{odd}` may change its parameters"));
            }
        }
        let (verdict, reason) = match unseen {
            _ if is_there => (Verdict::Exists, "a parameter in the source".to_owned()),
            Some(why) => (Verdict::Unknown, why),
            None => (Verdict::Missing, format!("`{owner}` takes no `{name}`")),
        };
        let api = format!("{owner}({name})");
        self.tell(name_node, &module, &api, verdict, reason, near);
    }

    /// Returns the function that takes a class' arguments; none where a class takes what it likes.
    fn constructor(&self, class: &ClassRef) -> Result<Option<FunctionRef>, String> {
        let (family, unseen) = self.lookup.family(class);
        for current in &family {
            let Some(found) = self.lookup.class(current) else { break };
            if found.decorators.iter().any(|it| it.contains("dataclass") || it.contains("attr")) {
                return Err("its decorator makes its parameters".to_owned());
            }
            if found.metaclass.is_some() && current.module != "abc" {
                let is_abstract = matches!(&found.metaclass,
                    Some(super::expr::Expr::Name(name) | super::expr::Expr::Attribute(_, name))
                        if name.ends_with("ABCMeta"));
                if !is_abstract {
                    return Err("its metaclass may take the arguments".to_owned());
                }
            }
            let has_new = found.members.contains_key("__new__") && current.module != BUILTINS;
            if found.members.contains_key("__init__") && current.module != BUILTINS {
                if has_new {
                    return Err("it has both `__new__` and `__init__`".to_owned());
                }
                return Ok(Some(FunctionRef {
                    module: current.module.clone(),
                    class: Some(current.clone()),
                    name: "__init__".to_owned(),
                    receiver: None,
                }));
            }
            if has_new {
                return Err("`__new__` takes the arguments".to_owned());
            }
        }
        match unseen {
            Some(why) => Err(why),
            None => Ok(None),
        }
    }
}
