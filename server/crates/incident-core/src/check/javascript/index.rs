//! What a JavaScript or TypeScript file declares and exports, from its text.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::{Node, Parser, Tree};

use super::types::{
    MemberKind, Members, Signature, TypeExpr, TypeParam, deprecation, member, members, path,
    signature, source, type_expr, type_params,
};

/// One file.
#[derive(Clone, Debug, Default)]
pub struct JsModule {
    pub(crate) scope: Scope,
    /// `declare global { … }`.
    pub(crate) globals: Scope,
    /// `declare module "name" { … }`, by the name.
    pub(crate) ambient: BTreeMap<String, Scope>,
    /// It imports or exports; else what it declares is global.
    pub(crate) is_module: bool,
    /// Files and packages that belong to it: `/// <reference … />`.
    pub(crate) references: Vec<String>,
}

/// Declarations that see one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) names: BTreeMap<String, Vec<Decl>>,
    pub(crate) exports: BTreeMap<String, Export>,
    /// `export * from`.
    pub(crate) stars: Vec<String>,
    /// `export = a.b`.
    pub(crate) equals: Option<Vec<String>>,
    /// Why there may be exports that the text does not show.
    pub(crate) open: Option<String>,
    /// Declarations are exported without saying so.
    pub(crate) is_ambient: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Export {
    /// A name of the same scope.
    Local(Vec<String>),
    /// A name of another module.
    From(String, ImportName),
    /// A value that is not followed.
    Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImportName {
    Default,
    /// `* as name`.
    Namespace,
    Named(String),
    /// `import x = require("x")`.
    Equals,
}

#[derive(Clone, Debug)]
pub(crate) enum Decl {
    Interface {
        type_params: Vec<TypeParam>,
        extends: Vec<TypeExpr>,
        members: Arc<Members>,
    },
    Class(Arc<Class>),
    Alias {
        type_params: Vec<TypeParam>,
        of: TypeExpr,
    },
    Variable {
        of: Option<TypeExpr>,
        deprecated: Option<String>,
    },
    Function {
        signature: Arc<Signature>,
        deprecated: Option<String>,
    },
    Enum(Arc<Members>),
    Namespace(Box<Scope>),
    Import {
        module: String,
        name: ImportName,
    },
    /// `import a = b.c`.
    Path(Vec<String>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    pub(crate) type_params: Vec<TypeParam>,
    pub(crate) extends: Option<TypeExpr>,
    pub(crate) instance: Members,
    pub(crate) statics: Members,
    /// Its body is code: instances may have names that no declaration shows.
    pub(crate) is_code: bool,
}

/// Blocks nested deeper than this are not read.
const MAX_DEPTH: usize = 30;

/// Parses JavaScript, TypeScript or either with markup.
pub(crate) fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    let mut best: Option<Tree> = None;
    for language in
        [tree_sitter_typescript::LANGUAGE_TYPESCRIPT, tree_sitter_typescript::LANGUAGE_TSX]
    {
        parser.set_language(&language.into()).ok()?;
        let tree = parser.parse(text, None)?;
        if !tree.root_node().has_error() {
            return Some(tree);
        }
        best.get_or_insert(tree);
    }
    best
}

/// Indexes a file; `is_declaration` for one of types alone.
pub fn index_javascript(text: &str, is_declaration: bool) -> JsModule {
    let mut module = JsModule { references: references(text), ..JsModule::default() };
    let Some(tree) = parse(text) else {
        module.scope.open = Some("it could not be parsed".to_owned());
        return module;
    };
    let reader = Reader { text, is_declaration };
    let mut scope = Scope { is_ambient: is_declaration, ..Scope::default() };
    let mut is_module = false;
    let root = tree.root_node();
    let mut cursor = root.walk();
    for child in root.named_children(&mut cursor) {
        is_module |= matches!(child.kind(), "import_statement" | "export_statement");
        reader.statement(child, &mut scope, Some(&mut module), false, 0);
    }
    if !is_declaration {
        is_module |= scope.equals.is_some() || !scope.exports.is_empty();
        if text.contains("module.exports") || text.contains("exports.") {
            is_module = true;
        }
        common_js(text, &mut scope);
    }
    module.is_module = is_module;
    module.scope = scope;
    module
}

/// Reads `/// <reference path="…" />` and its like at the head of a file.
fn references(text: &str) -> Vec<String> {
    let head = text.lines().take(400).filter(|line| line.trim_start().starts_with("///"));
    head.filter_map(|line| {
        let quoted = |key: &str| {
            let (_, rest) = line.split_once(key)?;
            rest.split(['"', '\'']).nth(1).map(str::to_owned)
        };
        match quoted(" path=") {
            Some(path) if path.starts_with('.') => Some(path),
            Some(path) => Some(format!("./{path}")),
            None => None,
        }
    })
    .collect()
}

/// Reads the exports of a CommonJS source: those that are plain assignments.
fn common_js(text: &str, scope: &mut Scope) {
    if !text.contains("exports") || !scope.exports.is_empty() && !text.contains("module.exports") {
        return;
    }
    let dynamic = [
        "Object.assign(exports",
        "Object.assign(module.exports",
        "exports[",
        "__exportStar",
        "module.exports = ",
        "module.exports=",
        "__export(",
        "require(",
        "})(this",
        "define(",
    ];
    if let Some(found) = dynamic.iter().find(|word| text.contains(**word)) {
        let found = found.trim_matches(['(', '[', '=', ' ', '}', ')']);
        scope.open = Some(format!("its exports are made with `{found}`"));
    }
    for rest in text.split("exports.").skip(1) {
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
            .count();
        let name = rest.get(..length).unwrap_or_default();
        let is_set = rest.get(length..).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.starts_with('=') && !rest.starts_with("==")
        });
        if is_set && !name.is_empty() {
            scope.exports.insert(name.to_owned(), Export::Value);
        }
    }
    for rest in text.split("Object.defineProperty(exports, ").skip(1) {
        if let Some(name) = rest.split(['"', '\'']).nth(1) {
            scope.exports.insert(name.to_owned(), Export::Value);
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    is_declaration: bool,
}

impl Reader<'_> {
    fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    fn string(&self, node: Node<'_>) -> String {
        self.source(node).trim_matches(['"', '\'', '`']).to_owned()
    }

    fn statement(
        &self,
        node: Node<'_>,
        scope: &mut Scope,
        mut file: Option<&mut JsModule>,
        exported: bool,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        let name = node.child_by_field_name("name").map(|it| self.source(it).to_owned());
        let declare = |scope: &mut Scope, name: &str, decl: Decl| {
            if exported {
                scope.exports.insert(name.to_owned(), Export::Local(vec![name.to_owned()]));
            }
            scope.names.entry(name.to_owned()).or_default().push(decl);
        };
        match node.kind() {
            "import_statement" => self.import(node, scope),
            "export_statement" => self.export(node, scope, file, depth),
            "ambient_declaration" => self.ambient(node, scope, file, exported, depth),
            "expression_statement" => {
                if let Some(inner) = node.named_child(0)
                    && inner.kind() == "internal_module"
                {
                    self.statement(inner, scope, file, exported, depth + 1);
                }
            }
            "lexical_declaration" | "variable_declaration" => {
                let deprecated = self.deprecated(node);
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    let name = child.child_by_field_name("name");
                    let of = child.child_by_field_name("type");
                    let of = of.map(|of| type_expr(of, self.text, 0));
                    let Some(name) = name.filter(|it| it.kind() == "identifier") else { continue };
                    let name = self.source(name).to_owned();
                    let deprecated = deprecated.clone();
                    declare(scope, &name, Decl::Variable { of, deprecated });
                }
            }
            "function_signature" | "function_declaration" | "generator_function_declaration" => {
                let Some(name) = name else { return };
                let signature = Arc::new(signature(node, self.text, 0));
                let deprecated = self.deprecated(node);
                declare(scope, &name, Decl::Function { signature, deprecated });
            }
            "class_declaration" | "abstract_class_declaration" | "class" => {
                let Some(name) = name else { return };
                declare(scope, &name, Decl::Class(Arc::new(self.class(node))));
            }
            "interface_declaration" => {
                let Some(name) = name else { return };
                let mut extends = Vec::new();
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    if child.kind() == "extends_type_clause" {
                        let mut inner = child.walk();
                        extends.extend(
                            child.named_children(&mut inner).map(|it| type_expr(it, self.text, 0)),
                        );
                    }
                }
                let body = node.child_by_field_name("body");
                let members = body.map(|body| members(body, self.text, 0)).unwrap_or_default();
                let type_params = type_params(node, self.text, 0);
                let members = Arc::new(members);
                declare(scope, &name, Decl::Interface { type_params, extends, members });
            }
            "type_alias_declaration" => {
                let (Some(name), Some(of)) = (name, node.child_by_field_name("value")) else {
                    return;
                };
                let type_params = type_params(node, self.text, 0);
                let of = type_expr(of, self.text, 0);
                declare(scope, &name, Decl::Alias { type_params, of });
            }
            "enum_declaration" => {
                let (Some(name), Some(body)) = (name, node.child_by_field_name("body")) else {
                    return;
                };
                let mut found = Members::default();
                let mut cursor = body.walk();
                for child in body.named_children(&mut cursor) {
                    let key = child.child_by_field_name("name").unwrap_or(child);
                    if child.kind() != "comment" {
                        let kind = MemberKind::Property(Some(TypeExpr::Plain("any")));
                        found.add(self.string(key), kind, None);
                    }
                }
                declare(scope, &name, Decl::Enum(Arc::new(found)));
            }
            "module" | "internal_module" => {
                let (Some(name), Some(body)) = (name, node.child_by_field_name("body")) else {
                    return;
                };
                let mut inner = Scope { is_ambient: self.is_declaration, ..Scope::default() };
                self.block(body, &mut inner, file.as_deref_mut(), depth + 1);
                if name.starts_with(['"', '\'']) {
                    if let Some(file) = file {
                        inner.is_ambient = true;
                        let name = name.trim_matches(['"', '\'']).to_owned();
                        merge(file.ambient.entry(name).or_default(), inner);
                    }
                    return;
                }
                // `namespace a.b` is `b` in `a`.
                let parts: Vec<&str> = name.split('.').map(str::trim).collect();
                for part in parts.iter().skip(1).rev() {
                    let mut outer = Scope { is_ambient: true, ..Scope::default() };
                    let decl = Decl::Namespace(Box::new(inner));
                    outer.names.entry((*part).to_owned()).or_default().push(decl);
                    inner = outer;
                }
                let first = parts.first().copied().unwrap_or_default().to_owned();
                declare(scope, &first, Decl::Namespace(Box::new(inner)));
            }
            // `global { … }` in a `declare module`.
            "statement_block"
                if node.prev_sibling().is_some_and(|it| self.source(it).trim() == "global") =>
            {
                let mut inner = Scope { is_ambient: true, ..Scope::default() };
                self.block(node, &mut inner, None, depth + 1);
                if let Some(file) = file {
                    merge(&mut file.globals, inner);
                }
            }
            "import_alias" => {
                let (Some(name), Some(target)) = (node.named_child(0), node.named_child(1)) else {
                    return;
                };
                let name = self.source(name).to_owned();
                declare(scope, &name, Decl::Path(path(target, self.text)));
            }
            _ => {}
        }
    }

    fn block(
        &self,
        body: Node<'_>,
        scope: &mut Scope,
        mut file: Option<&mut JsModule>,
        depth: usize,
    ) {
        let mut cursor = body.walk();
        for child in body.named_children(&mut cursor) {
            self.statement(child, scope, file.as_deref_mut(), false, depth);
        }
    }

    /// Reads the note of a declaration, which stands before the `export` or `declare` around it.
    fn deprecated(&self, node: Node<'_>) -> Option<String> {
        let mut node = node;
        for _step in 0..3 {
            if let Some(note) = deprecation(node, self.text) {
                return Some(note);
            }
            node = node
                .parent()
                .filter(|it| matches!(it.kind(), "export_statement" | "ambient_declaration"))?;
        }
        None
    }

    fn ambient(
        &self,
        node: Node<'_>,
        scope: &mut Scope,
        mut file: Option<&mut JsModule>,
        exported: bool,
        depth: usize,
    ) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if child.kind() == "statement_block" {
                // `declare global { … }`.
                let mut inner = Scope { is_ambient: true, ..Scope::default() };
                self.block(child, &mut inner, None, depth + 1);
                match file.as_deref_mut() {
                    Some(file) => merge(&mut file.globals, inner),
                    None => scope.open = Some("it adds to what is global".to_owned()),
                }
            } else {
                self.statement(child, scope, file.as_deref_mut(), exported, depth + 1);
            }
        }
    }

    fn import(&self, node: Node<'_>, scope: &mut Scope) {
        let mut cursor = node.walk();
        for clause in node.named_children(&mut cursor) {
            match clause.kind() {
                "import_require_clause" => {
                    let module = clause.child_by_field_name("source").map(|it| self.string(it));
                    let name = clause.named_child(0).map(|it| self.source(it).to_owned());
                    if let (Some(module), Some(name)) = (module, name) {
                        let decl = Decl::Import { module, name: ImportName::Equals };
                        scope.names.entry(name).or_default().push(decl);
                    }
                }
                "import_clause" => {
                    let Some(module) = node.child_by_field_name("source") else { continue };
                    let module = self.string(module);
                    for (name, local) in imported(clause, self.text) {
                        let decl = Decl::Import { module: module.clone(), name };
                        let local = self.source(local).to_owned();
                        scope.names.entry(local).or_default().push(decl);
                    }
                }
                _ => {}
            }
        }
    }

    fn export(&self, node: Node<'_>, scope: &mut Scope, file: Option<&mut JsModule>, depth: usize) {
        let module = node.child_by_field_name("source").map(|it| self.string(it));
        let token = |kind: &str| {
            let mut cursor = node.walk();
            node.children(&mut cursor).any(|child| child.kind() == kind)
        };
        if self.source(node).starts_with("export as namespace") {
            return;
        }
        if let Some(declaration) = node.child_by_field_name("declaration") {
            if token("default") {
                let name = declaration.child_by_field_name("name").map(|it| self.source(it));
                let export =
                    name.map_or(Export::Value, |name| Export::Local(vec![name.to_owned()]));
                scope.exports.insert("default".to_owned(), export);
                self.statement(declaration, scope, file, false, depth + 1);
            } else {
                self.statement(declaration, scope, file, true, depth + 1);
            }
            return;
        }
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        if token("=") || token("default") {
            let value = node.child_by_field_name("value").or(children.last().copied());
            let names = value
                .filter(|it| matches!(it.kind(), "identifier" | "member_expression"))
                .map(|it| path(it, self.text));
            match (token("default"), names) {
                (true, Some(names)) => {
                    scope.exports.insert("default".to_owned(), Export::Local(names));
                }
                (true, None) => {
                    scope.exports.insert("default".to_owned(), Export::Value);
                }
                (false, Some(names)) => scope.equals = Some(names),
                (false, None) => scope.open = Some("what it exports is not followed".to_owned()),
            }
            return;
        }
        for child in children {
            match child.kind() {
                "export_clause" => {
                    let mut inner = child.walk();
                    for specifier in child.named_children(&mut inner) {
                        let Some(name) = specifier.child_by_field_name("name") else { continue };
                        let alias = specifier.child_by_field_name("alias").unwrap_or(name);
                        let (name, alias) = (self.string(name), self.string(alias));
                        let export = match &module {
                            Some(module) if name == "default" => {
                                Export::From(module.clone(), ImportName::Default)
                            }
                            Some(module) => Export::From(module.clone(), ImportName::Named(name)),
                            None => Export::Local(vec![name]),
                        };
                        scope.exports.insert(alias, export);
                    }
                }
                "namespace_export" => {
                    if let (Some(module), Some(name)) = (&module, child.named_child(0)) {
                        let export = Export::From(module.clone(), ImportName::Namespace);
                        scope.exports.insert(self.string(name), export);
                    }
                }
                "import_alias" => self.statement(child, scope, None, true, depth + 1),
                _ => {}
            }
        }
        if let Some(module) = module
            && token("*")
        {
            scope.stars.push(module);
        }
    }

    fn class(&self, node: Node<'_>) -> Class {
        let mut class = Class {
            type_params: type_params(node, self.text, 0),
            is_code: !self.is_declaration,
            ..Class::default()
        };
        let mut cursor = node.walk();
        for heritage in node.named_children(&mut cursor) {
            if heritage.kind() != "class_heritage" {
                continue;
            }
            let mut inner = heritage.walk();
            for clause in heritage.named_children(&mut inner) {
                if clause.kind() != "extends_clause" {
                    continue;
                }
                let Some(value) = clause.child_by_field_name("value") else { continue };
                let is_name = matches!(value.kind(), "identifier" | "member_expression");
                let mut args = Vec::new();
                if let Some(list) = clause.child_by_field_name("type_arguments") {
                    let mut cursor = list.walk();
                    args.extend(
                        list.named_children(&mut cursor).map(|it| type_expr(it, self.text, 0)),
                    );
                }
                class.extends = Some(match is_name {
                    true => TypeExpr::Name(path(value, self.text), args),
                    false => TypeExpr::Other,
                });
            }
        }
        let Some(body) = node.child_by_field_name("body") else { return class };
        let mut cursor = body.walk();
        for child in body.named_children(&mut cursor) {
            let is_static = child.children(&mut child.walk()).any(|it| it.kind() == "static");
            let is_constructor = child
                .child_by_field_name("name")
                .is_some_and(|name| self.source(name) == "constructor");
            if is_constructor {
                let found = signature(child, self.text, 0);
                class.statics.constructs.push(Arc::new(found));
                self.parameter_properties(child, &mut class.instance);
                continue;
            }
            let found = if is_static { &mut class.statics } else { &mut class.instance };
            member(child, self.text, 0, found);
        }
        class
    }

    /// `constructor(public name: string)` declares a property.
    fn parameter_properties(&self, constructor: Node<'_>, instance: &mut Members) {
        let Some(params) = constructor.child_by_field_name("parameters") else { return };
        let mut cursor = params.walk();
        for param in params.named_children(&mut cursor) {
            let is_property = param
                .children(&mut param.walk())
                .any(|it| matches!(it.kind(), "accessibility_modifier" | "readonly"));
            let name = param.child_by_field_name("pattern").map(|it| self.source(it).to_owned());
            if let (true, Some(name)) = (is_property, name) {
                let of = param.child_by_field_name("type");
                let of = of.map(|of| type_expr(of, self.text, 0));
                instance.add(name, MemberKind::Property(of), None);
            }
        }
    }
}

fn merge(into: &mut Scope, from: Scope) {
    for (name, decls) in from.names {
        into.names.entry(name).or_default().extend(decls);
    }
    into.exports.extend(from.exports);
    into.stars.extend(from.stars);
    into.equals = into.equals.take().or(from.equals);
    into.open = into.open.take().or(from.open);
    into.is_ambient |= from.is_ambient;
}

/// Returns what an import clause binds: what it takes, and the node of the local name.
pub(crate) fn imported<'t>(clause: Node<'t>, text: &str) -> Vec<(ImportName, Node<'t>)> {
    let mut found = Vec::new();
    let mut cursor = clause.walk();
    for child in clause.named_children(&mut cursor) {
        match child.kind() {
            "identifier" => found.push((ImportName::Default, child)),
            "namespace_import" => {
                if let Some(name) = child.named_child(0) {
                    found.push((ImportName::Namespace, name));
                }
            }
            "named_imports" => {
                let mut inner = child.walk();
                for specifier in child.named_children(&mut inner) {
                    let Some(name) = specifier.child_by_field_name("name") else { continue };
                    let local = specifier.child_by_field_name("alias").unwrap_or(name);
                    let taken = source(name, text).trim_matches(['"', '\'']).to_owned();
                    let taken = match taken.as_str() {
                        "default" => ImportName::Default,
                        _ => ImportName::Named(taken),
                    };
                    found.push((taken, local));
                }
            }
            _ => {}
        }
    }
    found
}
