//! Reads what `import` and `from … import` bind, with relative imports resolved.

use tree_sitter::Node;

use super::expr::source;
use super::index::{Binding, Bindings, Reader, bind};

impl Reader<'_> {
    pub(super) fn import(&self, node: Node<'_>, names: &mut Bindings) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "dotted_name" => {
                    let first = self.source(child).split('.').next().unwrap_or_default();
                    let module = first.trim().to_owned();
                    bind(names, first.trim(), Binding::Import { module, name: None });
                }
                "aliased_import" => {
                    let module = child.child_by_field_name("name").map(|it| self.source(it));
                    let alias = child.child_by_field_name("alias").map(|it| self.source(it));
                    if let (Some(module), Some(alias)) = (module, alias) {
                        let module = module.to_owned();
                        bind(names, alias, Binding::Import { module, name: None });
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn import_from(
        &self,
        node: Node<'_>,
        names: &mut Bindings,
        stars: &mut Vec<String>,
    ) {
        let Some((module, imported)) = from_import(node, self.text, self.package) else { return };
        for (name, alias) in imported {
            match name {
                None => stars.push(module.clone()),
                Some(name) => {
                    let binding =
                        Binding::Import { module: module.clone(), name: Some(name.to_owned()) };
                    bind(names, alias.unwrap_or(name), binding);
                }
            }
        }
    }
}

/// Reads `from module import name as alias`; a name that is `None` stands for all of them.
#[allow(clippy::type_complexity)]
pub(crate) fn from_import<'t>(
    node: Node<'_>,
    text: &'t str,
    package: &str,
) -> Option<(String, Vec<(Option<&'t str>, Option<&'t str>)>)> {
    let module_node = node.child_by_field_name("module_name")?;
    let module = absolute(source(module_node, text), package)?;
    let mut names = Vec::new();
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        if child.id() == module_node.id() {
            continue;
        }
        match child.kind() {
            "wildcard_import" => names.push((None, None)),
            "dotted_name" => names.push((Some(source(child, text)), None)),
            "aliased_import" => {
                let name = child.child_by_field_name("name").map(|it| source(it, text));
                let alias = child.child_by_field_name("alias").map(|it| source(it, text));
                if let Some(name) = name {
                    names.push((Some(name), alias));
                }
            }
            _ => {}
        }
    }
    Some((module, names))
}

/// Resolves `..sibling` against the package it stands in.
fn absolute(written: &str, package: &str) -> Option<String> {
    let written: String = written.chars().filter(|c| !c.is_whitespace()).collect();
    let dots = written.len() - written.trim_start_matches('.').len();
    if dots == 0 {
        return Some(written);
    }
    let parts: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
    let kept = parts.len().checked_sub(dots - 1)?;
    let mut path = parts.get(..kept)?.join(".");
    let rest = written.trim_start_matches('.');
    if !rest.is_empty() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(rest);
    }
    (!path.is_empty()).then_some(path)
}
