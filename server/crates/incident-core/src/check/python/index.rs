//! What a Python module binds, from its text: names, classes with their members, functions with
//! their parameters. Nothing is imported or run.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::{Node, Parser};

use super::expr::{Expr, Locals, expr, source, string_value};

/// One module.
#[derive(Clone, Debug, Default)]
pub struct PyModule {
    pub(crate) names: Bindings,
    /// Modules all of whose names are taken over.
    pub(crate) stars: Vec<String>,
    /// `__all__`, where it is plain to see.
    pub(crate) all: Option<BTreeSet<String>>,
    /// Why names may be there that the text does not show.
    pub(crate) open: Option<String>,
    /// Modules right in this package, with and without source.
    pub(crate) submodules: BTreeSet<String>,
}

/// Names with everything that is bound to each, in order.
pub(crate) type Bindings = BTreeMap<String, Vec<Binding>>;

#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// `import module` or `from module import name`.
    Import {
        module: String,
        name: Option<String>,
    },
    Function(Function),
    Class(Box<Class>),
    Value {
        annotation: Option<Expr>,
        value: Expr,
    },
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    pub(crate) params: Params,
    pub(crate) returns: Option<Expr>,
    /// What its `return`s give, where no annotation says it.
    pub(crate) returned: Vec<Expr>,
    /// `:rtype:` of its documentation.
    pub(crate) documented: Option<String>,
    /// Names of decorators, dotted.
    pub(crate) decorators: Vec<String>,
    pub(crate) is_async: bool,
    /// It has a `yield`, so that a call gives an iterator.
    pub(crate) is_generator: bool,
    pub(crate) deprecated: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    /// Names that may be given by keyword.
    pub(crate) by_name: BTreeSet<String>,
    /// `**rest`: any keyword is taken.
    pub(crate) takes_any: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    pub(crate) bases: Vec<Expr>,
    pub(crate) metaclass: Option<Expr>,
    pub(crate) members: Bindings,
    /// Set on instances: `self.name = …`.
    pub(crate) instance: Bindings,
    pub(crate) decorators: Vec<String>,
    /// Why the class may have names that its text does not show.
    pub(crate) open: Option<String>,
    /// The same of its instances alone.
    pub(crate) open_instance: Option<String>,
    pub(crate) deprecated: Option<String>,
}

/// Blocks nested deeper than this are not read.
pub(super) const MAX_DEPTH: usize = 60;

/// Indexes a module. `package` is what its relative imports start from: its own name if it is a
/// package, else its parent's.
pub fn index_python(text: &str, package: &str) -> PyModule {
    let mut module = PyModule::default();
    let mut parser = Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    let tree = match parser.set_language(&language) {
        Ok(()) => parser.parse(text, None),
        Err(_) => None,
    };
    let Some(tree) = tree else {
        module.open = Some("it could not be parsed".to_owned());
        return module;
    };
    if tree.root_node().has_error() && tree.root_node().is_error() {
        module.open = Some("it could not be parsed".to_owned());
    }
    let reader = Reader { text, package };
    let mut names = Bindings::new();
    let mut stars = Vec::new();
    reader.block(tree.root_node(), &mut names, &mut stars, 0);
    module.all = reader.dunder_all(tree.root_node());
    let computed = reader.computed_names(tree.root_node());
    if module.open.is_none() {
        module.open = open_reason(&names, computed.as_ref(), text);
    }
    for name in computed.into_iter().flatten() {
        bind(&mut names, &name, Binding::Value { annotation: None, value: Expr::Other });
    }
    // `Class.name = value` after the class.
    reader.late_members(tree.root_node(), &mut names);
    module.names = names;
    module.stars = stars;
    module
}

fn open_reason(
    names: &Bindings,
    computed: Option<&BTreeSet<String>>,
    text: &str,
) -> Option<String> {
    if names.contains_key("__getattr__") && computed.is_none() {
        return Some("it computes names in `__getattr__`".to_owned());
    }
    let dynamic = [
        "globals()[",
        "globals().",
        "= globals()",
        "(globals()",
        "vars()[",
        "= vars()",
        "sys.modules[__name__]",
        "._convert_(",
        "._convert(",
    ];
    let found = dynamic.iter().find(|word| text.contains(**word))?;
    let found = found.trim_matches(['.', '(', '=', ' ', '[']);
    Some(format!("it makes names with `{found}`"))
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) package: &'t str,
}

impl Reader<'_> {
    pub(super) fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    /// Reads what a block binds, whatever its conditions.
    fn block(&self, node: Node<'_>, names: &mut Bindings, stars: &mut Vec<String>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "import_statement" => self.import(child, names),
                "import_from_statement" => self.import_from(child, names, stars),
                "function_definition" => self.function(child, Vec::new(), None, names),
                "class_definition" => self.class(child, Vec::new(), names, depth),
                "decorated_definition" => self.decorated(child, names, depth),
                "expression_statement" => self.statement(child, names),
                "type_alias_statement" => {
                    if let Some(left) = child.named_child(0) {
                        let name = self.source(left).split('[').next().unwrap_or_default();
                        bind(names, name, Binding::Value { annotation: None, value: Expr::Other });
                    }
                }
                "for_statement" => {
                    if let Some(left) = child.child_by_field_name("left") {
                        self.pattern(left, names);
                    }
                    self.block(child, names, stars, depth + 1);
                }
                "if_statement"
                | "elif_clause"
                | "else_clause"
                | "try_statement"
                | "except_clause"
                | "except_group_clause"
                | "finally_clause"
                | "with_statement"
                | "while_statement"
                | "block"
                | "match_statement"
                | "case_clause"
                | "ERROR" => {
                    self.block(child, names, stars, depth + 1);
                }
                "with_clause" | "with_item" | "as_pattern" | "as_pattern_target" => {
                    if child.kind() == "as_pattern_target" {
                        self.pattern(child, names);
                    }
                    self.block(child, names, stars, depth + 1);
                }
                "named_expression" => {
                    if let Some(name) = child.child_by_field_name("name") {
                        self.pattern(name, names);
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the names that a module's `__getattr__` gives, where it compares with plain text
    /// and raises for every other name.
    fn computed_names(&self, root: Node<'_>) -> Option<BTreeSet<String>> {
        let mut cursor = root.walk();
        let function = root.named_children(&mut cursor).find(|child| {
            let name = child.child_by_field_name("name").map(|it| self.source(it));
            child.kind() == "function_definition" && name == Some("__getattr__")
        })?;
        let parameter = function.child_by_field_name("parameters")?.named_child(0)?;
        let parameter = parameter.named_child(0).unwrap_or(parameter);
        let body = function.child_by_field_name("body")?;
        let mut names = BTreeSet::new();
        let mut raises = false;
        let mut cursor = body.walk();
        for statement in body.named_children(&mut cursor) {
            match statement.kind() {
                "import_statement" | "import_from_statement" | "comment" => {}
                "expression_statement"
                    if statement.named_child(0).is_some_and(|it| it.kind() == "string") => {}
                "raise_statement" => raises = true,
                "if_statement" if statement.child_by_field_name("alternative").is_none() => {
                    let condition = statement.child_by_field_name("condition")?;
                    names.extend(self.compared_texts(condition, self.source(parameter))?);
                }
                _ => return None,
            }
        }
        raises.then_some(names)
    }

    /// Reads `name == "a"` and `name in ("a", "b")`.
    fn compared_texts(&self, condition: Node<'_>, name: &str) -> Option<Vec<String>> {
        let (left, right) = (condition.named_child(0)?, condition.named_child(1)?);
        let is_plain = condition.kind() == "comparison_operator"
            && condition.named_child_count() == 2
            && self.source(left) == name;
        let operator = condition.child(1).map(|it| self.source(it));
        (is_plain && matches!(operator, Some("==" | "in"))).then(|| self.strings(right))?
    }

    pub(super) fn statement(&self, node: Node<'_>, names: &mut Bindings) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if matches!(child.kind(), "assignment" | "augmented_assignment") {
                self.assignment(child, names, &Locals::default());
            }
            if child.kind() == "call" {
                self.told_names(child, names);
            }
        }
    }

    /// Names that a call at the top is told as text: it may well set them, `alias({"Old": …})`.
    fn told_names(&self, call: Node<'_>, names: &mut Bindings) {
        let mut pending = vec![(call, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            if node.kind() == "string"
                && let Some(text) = string_value(node, self.text)
                && text.len() < 60
                && text.chars().all(|c| c == '_' || c.is_alphanumeric())
            {
                bind(names, &text, Binding::Value { annotation: None, value: Expr::Other });
            } else if depth < 6 {
                let mut cursor = node.walk();
                pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
            }
        }
    }

    fn assignment(&self, node: Node<'_>, names: &mut Bindings, locals: &Locals) {
        let Some(left) = node.child_by_field_name("left") else { return };
        let right = node.child_by_field_name("right");
        let annotation = node
            .child_by_field_name("type")
            .map(|annotation| expr(annotation, self.text, &Locals::default()));
        if left.kind() == "identifier" {
            let value = match right {
                Some(right) if right.kind() == "assignment" => {
                    self.assignment(right, names, locals);
                    Expr::Other
                }
                Some(right) => expr(right, self.text, locals),
                None => Expr::Other,
            };
            bind(names, self.source(left), Binding::Value { annotation, value });
        } else {
            self.pattern(left, names);
        }
    }

    /// Binds every name in a target, to something.
    pub(super) fn pattern(&self, node: Node<'_>, names: &mut Bindings) {
        let mut pending = vec![(node, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            match node.kind() {
                "identifier" => {
                    let value = Binding::Value { annotation: None, value: Expr::Other };
                    bind(names, self.source(node), value);
                }
                "attribute" | "subscript" => {}
                _ if depth < MAX_DEPTH => {
                    let mut cursor = node.walk();
                    pending
                        .extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
                }
                _ => {}
            }
        }
    }

    /// `Class.name = value`, and `setattr(Class, …)`, outside of the class.
    fn late_members(&self, root: Node<'_>, names: &mut Bindings) {
        let mut pending = vec![(root, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            if node.kind() == "assignment"
                && let Some(left) = node.child_by_field_name("left")
                && left.kind() == "attribute"
                && let Some(object) = left.child_by_field_name("object")
                && let Some(member) = left.child_by_field_name("attribute")
                && let Some(bindings) = names.get_mut(self.source(object))
            {
                for binding in bindings {
                    if let Binding::Class(class) = binding {
                        let value = Binding::Value { annotation: None, value: Expr::Other };
                        bind(&mut class.members, self.source(member), value);
                    }
                }
            }
            self.late_setattr(node, names);
            if depth < MAX_DEPTH {
                let mut cursor = node.walk();
                pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
            }
        }
    }

    /// `setattr(name, …)` anywhere: what the module's own name has is no longer plain to see.
    fn late_setattr(&self, node: Node<'_>, names: &mut Bindings) {
        let function = node.child_by_field_name("function").map(|it| self.source(it));
        if node.kind() != "call" || function != Some("setattr") {
            return;
        }
        let first = node.child_by_field_name("arguments").and_then(|args| args.named_child(0));
        let Some(bindings) = first.and_then(|first| names.get_mut(self.source(first))) else {
            return;
        };
        for binding in bindings {
            match binding {
                Binding::Class(class) => {
                    class.open = Some("names are set on it with `setattr`".to_owned());
                }
                Binding::Value { annotation, value } => {
                    (*annotation, *value) = (None, Expr::Other);
                }
                _ => {}
            }
        }
    }

    /// Reads `__all__` where it is made of plain lists of strings.
    fn dunder_all(&self, root: Node<'_>) -> Option<BTreeSet<String>> {
        let mut all: Option<BTreeSet<String>> = None;
        let mut is_dynamic = self.text.contains("__all__.");
        let mut pending = vec![(root, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            let is_set = matches!(node.kind(), "assignment" | "augmented_assignment");
            let left = node.child_by_field_name("left").map(|it| self.source(it));
            if is_set && left == Some("__all__") {
                let right = node.child_by_field_name("right");
                match right.and_then(|right| self.strings(right)) {
                    Some(names) => all.get_or_insert_default().extend(names),
                    None => is_dynamic = true,
                }
                continue;
            }
            let is_flat = !matches!(node.kind(), "function_definition" | "class_definition");
            if depth < 8 && is_flat {
                let mut cursor = node.walk();
                pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
            }
        }
        all.filter(|_| !is_dynamic)
    }

    fn strings(&self, node: Node<'_>) -> Option<Vec<String>> {
        match node.kind() {
            "list" | "tuple" | "expression_list" | "parenthesized_expression" | "set" => {
                let mut names = Vec::new();
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    match child.kind() {
                        "comment" => {}
                        "string" => names.push(string_value(child, self.text)?),
                        _ => return None,
                    }
                }
                Some(names)
            }
            "string" => string_value(node, self.text).map(|name| vec![name]),
            _ => None,
        }
    }
}

pub(super) fn bind(names: &mut Bindings, name: &str, binding: Binding) {
    if !name.is_empty() {
        names.entry(name.to_owned()).or_default().push(binding);
    }
}
