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
const MAX_DEPTH: usize = 60;

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

struct Reader<'t> {
    text: &'t str,
    package: &'t str,
}

impl Reader<'_> {
    fn source(&self, node: Node<'_>) -> &str {
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

    fn import(&self, node: Node<'_>, names: &mut Bindings) {
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

    fn import_from(&self, node: Node<'_>, names: &mut Bindings, stars: &mut Vec<String>) {
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

    fn decorated(&self, node: Node<'_>, names: &mut Bindings, depth: usize) {
        let mut decorators = Vec::new();
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if child.kind() == "decorator" {
                let written = self.source(child).trim_start_matches('@').trim();
                decorators.push(written.to_owned());
            }
        }
        match node.child_by_field_name("definition") {
            Some(it) if it.kind() == "class_definition" => {
                let is_global = decorators.iter().any(|it| it.contains("global_enum"));
                self.class(it, decorators, names, depth);
                if is_global {
                    self.global_members(it, names);
                }
            }
            Some(it) => self.function(it, decorators, None, names),
            None => {}
        }
    }

    /// `@global_enum` makes an enum's members names of the module.
    fn global_members(&self, class: Node<'_>, names: &mut Bindings) {
        let name = class.child_by_field_name("name").map(|it| self.source(it)).unwrap_or_default();
        let found = names.get(name).and_then(|bindings| bindings.last());
        let Some(Binding::Class(class)) = found else { return };
        let members: Vec<String> = class.members.keys().cloned().collect();
        for member in members {
            bind(names, &member, Binding::Value { annotation: None, value: Expr::Other });
        }
    }

    fn statement(&self, node: Node<'_>, names: &mut Bindings) {
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
    fn pattern(&self, node: Node<'_>, names: &mut Bindings) {
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

    fn function(
        &self,
        node: Node<'_>,
        decorators: Vec<String>,
        class: Option<&mut Class>,
        names: &mut Bindings,
    ) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let name = self.source(name).to_owned();
        let mut function = Function {
            is_async: self.source(node).starts_with("async"),
            deprecated: deprecation(&decorators),
            ..Function::default()
        };
        let mut locals = Locals::default();
        let mut positional = Vec::new();
        if let Some(parameters) = node.child_by_field_name("parameters") {
            self.parameters(parameters, &mut function.params, &mut locals, &mut positional);
        }
        let is_static = decorators.iter().any(|it| it == "staticmethod");
        let is_class = decorators.iter().any(|it| it.ends_with("classmethod")) || name == "__new__";
        if class.is_some()
            && !is_static
            && let Some(first) = positional.first()
        {
            function.params.by_name.remove(first);
            locals.typed.retain(|(typed, _)| typed != first);
            locals.bound.remove(first);
            if is_class {
                locals.receiver_class = Some(first.clone());
            } else {
                locals.receiver = Some(first.clone());
            }
        }
        function.returns = node
            .child_by_field_name("return_type")
            .map(|annotation| expr(annotation, self.text, &Locals::default()));
        if let Some(body) = node.child_by_field_name("body") {
            self.body(&name, body, &mut locals, &mut function, class);
        }
        function.decorators = decorators
            .into_iter()
            .map(|it| it.split('(').next().unwrap_or_default().trim().to_owned())
            .collect();
        bind(names, &name, Binding::Function(function));
    }

    fn parameters(
        &self,
        node: Node<'_>,
        params: &mut Params,
        locals: &mut Locals,
        positional: &mut Vec<String>,
    ) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let name = match child.kind() {
                "identifier" => Some(child),
                "default_parameter" | "typed_default_parameter" => {
                    child.child_by_field_name("name")
                }
                "typed_parameter" => child.named_child(0),
                "dictionary_splat_pattern" => {
                    params.takes_any = true;
                    child.named_child(0)
                }
                "list_splat_pattern" => child.named_child(0),
                // Everything before the sign is by position only.
                "positional_separator" => {
                    params.by_name.clear();
                    continue;
                }
                _ => None,
            };
            let Some(name) = name else { continue };
            let is_any = name.kind() == "dictionary_splat_pattern";
            params.takes_any |= is_any;
            let is_splat = is_any || name.kind() == "list_splat_pattern";
            let plain = self.source(name).trim_start_matches('*').to_owned();
            match child.child_by_field_name("type") {
                Some(annotation) if !is_splat => {
                    let of = expr(annotation, self.text, &Locals::default());
                    locals.typed.push((plain.clone(), of));
                }
                _ => {
                    locals.bound.insert(plain.clone());
                }
            }
            if name.kind() == "identifier" && !child.kind().ends_with("splat_pattern") {
                params.by_name.insert(plain.clone());
                positional.push(plain);
            }
        }
    }

    /// Reads a function's returns, and what its method sets on the receiver.
    fn body(
        &self,
        name: &str,
        body: Node<'_>,
        locals: &mut Locals,
        function: &mut Function,
        class: Option<&mut Class>,
    ) {
        function.documented = self.docstring(body).and_then(|text| rtype(&text));
        let mut returns = Vec::new();
        let mut assignments = Vec::new();
        let mut opens = false;
        let mut set = Vec::new();
        let mut pending = vec![(body, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            match node.kind() {
                "function_definition" | "class_definition" | "lambda" => {
                    if let Some(name) = node.child_by_field_name("name") {
                        locals.bound.insert(self.source(name).to_owned());
                    }
                    continue;
                }
                "return_statement" => returns.push(node),
                "yield" => function.is_generator = true,
                "assignment" | "augmented_assignment" => assignments.push(node),
                // A method of this name is asked to set what others name.
                "call" if name != "__setattr__" => match self.set_name(node) {
                    Some(Some(name)) => set.push(name),
                    Some(None) => opens = true,
                    None => {}
                },
                _ => {}
            }
            // Names that are bound inside are not the module's.
            if let Some(left) = node.child_by_field_name("left") {
                let mut bound = Bindings::new();
                self.pattern(left, &mut bound);
                locals.bound.extend(bound.into_keys());
            }
            if matches!(
                node.kind(),
                "as_pattern_target"
                    | "import_statement"
                    | "import_from_statement"
                    | "named_expression"
            ) {
                let mut bound = Bindings::new();
                match node.kind() {
                    "import_statement" => self.import(node, &mut bound),
                    "import_from_statement" => {
                        self.import_from(node, &mut bound, &mut Vec::new());
                    }
                    _ => self.pattern(node, &mut bound),
                }
                locals.bound.extend(bound.into_keys());
            }
            if depth < MAX_DEPTH {
                let mut cursor = node.walk();
                pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
            }
        }
        for node in returns {
            let value = node.named_child(0);
            let value = value.map_or(Expr::None, |value| expr(value, self.text, locals));
            function.returned.push(value);
        }
        let Some(class) = class else { return };
        if opens && class.open_instance.is_none() {
            class.open_instance = Some("its instances get names from `setattr`".to_owned());
        }
        for name in set {
            let value = Binding::Value { annotation: None, value: Expr::Other };
            bind(&mut class.instance, &name, value);
        }
        let receivers = [locals.receiver.clone(), locals.receiver_class.clone()];
        for node in assignments {
            self.receiver_members(node, &receivers, locals, class);
        }
    }

    /// Says whether a call sets names on an object: `setattr(self, "name", …)` gives the name where
    /// it is plain text.
    fn set_name(&self, call: Node<'_>) -> Option<Option<String>> {
        let function = self.source(call.child_by_field_name("function")?);
        if function == "vars" || function.ends_with(".__dict__.update") {
            return Some(None);
        }
        let at = match function {
            "setattr" | "object.__setattr__" => 1,
            _ if function.ends_with(".__setattr__") => 0,
            _ => return None,
        };
        let named = call.child_by_field_name("arguments")?.named_child(at)?;
        Some(string_value(named, self.text).filter(|_| named.kind() == "string"))
    }

    fn receiver_members(
        &self,
        node: Node<'_>,
        receivers: &[Option<String>],
        locals: &Locals,
        class: &mut Class,
    ) {
        let Some(left) = node.child_by_field_name("left") else { return };
        let annotation = node
            .child_by_field_name("type")
            .map(|annotation| expr(annotation, self.text, &Locals::default()));
        let mut pending = vec![(left, 0usize)];
        while let Some((target, depth)) = pending.pop() {
            if target.kind() == "attribute" {
                let object = target.child_by_field_name("object").map(|it| self.source(it));
                let name = target.child_by_field_name("attribute").map(|it| self.source(it));
                let is_own = receivers.iter().flatten().any(|it| Some(it.as_str()) == object);
                if let (true, Some(name)) = (is_own, name) {
                    let value = match node.child_by_field_name("right") {
                        Some(right) if depth == 0 && right.kind() != "assignment" => {
                            expr(right, self.text, locals)
                        }
                        _ => Expr::Other,
                    };
                    let binding = Binding::Value { annotation: annotation.clone(), value };
                    bind(&mut class.instance, name, binding);
                }
            } else if depth < MAX_DEPTH {
                let mut cursor = target.walk();
                pending.extend(target.named_children(&mut cursor).map(|it| (it, depth + 1)));
            }
        }
    }

    fn docstring(&self, body: Node<'_>) -> Option<String> {
        let first = body.named_child(0).filter(|it| it.kind() == "expression_statement")?;
        let text = first.named_child(0).filter(|it| it.kind() == "string")?;
        Some(self.source(text).to_owned())
    }

    fn class(&self, node: Node<'_>, decorators: Vec<String>, names: &mut Bindings, depth: usize) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let mut class =
            Class { deprecated: deprecation(&decorators), decorators, ..Class::default() };
        if let Some(bases) = node.child_by_field_name("superclasses") {
            let mut cursor = bases.walk();
            for base in bases.named_children(&mut cursor) {
                match base.kind() {
                    "keyword_argument" => {
                        let key = base.child_by_field_name("name").map(|it| self.source(it));
                        let value = base.child_by_field_name("value");
                        if let (Some("metaclass"), Some(value)) = (key, value) {
                            class.metaclass = Some(expr(value, self.text, &Locals::default()));
                        }
                    }
                    "comment" => {}
                    _ => class.bases.push(expr(base, self.text, &Locals::default())),
                }
            }
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.class_body(body, &mut class, depth + 1);
        }
        bind(names, self.source(name), Binding::Class(Box::new(class)));
    }

    fn class_body(&self, body: Node<'_>, class: &mut Class, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut cursor = body.walk();
        for child in body.named_children(&mut cursor) {
            let mut members = std::mem::take(&mut class.members);
            match child.kind() {
                "function_definition" => {
                    self.function(child, Vec::new(), Some(class), &mut members);
                }
                "decorated_definition" => {
                    let definition = child.child_by_field_name("definition");
                    if definition.is_some_and(|it| it.kind() == "function_definition") {
                        let mut inner = child.walk();
                        let decorators = child
                            .named_children(&mut inner)
                            .filter(|it| it.kind() == "decorator")
                            .map(|it| self.source(it).trim_start_matches('@').trim().to_owned())
                            .collect();
                        if let Some(definition) = definition {
                            self.function(definition, decorators, Some(class), &mut members);
                        }
                    } else {
                        self.decorated(child, &mut members, depth);
                    }
                }
                "if_statement" | "else_clause" | "elif_clause" | "try_statement"
                | "except_clause" | "finally_clause" | "with_statement" | "block" | "ERROR" => {
                    class.members = members;
                    self.class_body(child, class, depth + 1);
                    // Hidden from type checkers: its author says that the class has no more names
                    // than those that are written down.
                    let condition =
                        child.child_by_field_name("condition").map(|it| self.source(it));
                    if condition
                        .is_some_and(|it| it.starts_with("not ") && it.ends_with("TYPE_CHECKING"))
                    {
                        class.members.remove("__getattr__");
                        class.members.remove("__getattribute__");
                    }
                    continue;
                }
                "for_statement" | "while_statement" => {
                    class.open = Some("its body makes names in a loop".to_owned());
                }
                "expression_statement" => {
                    if self.source(child).contains("locals()") {
                        class.open = Some("its body makes names with `locals()`".to_owned());
                    }
                    self.statement(child, &mut members);
                }
                "class_definition" => self.class(child, Vec::new(), &mut members, depth),
                "import_statement" => self.import(child, &mut members),
                "import_from_statement" => {
                    self.import_from(child, &mut members, &mut Vec::new());
                }
                _ => {}
            }
            class.members = members;
        }
        // `__slots__` names instance attributes.
        if class.members.contains_key("__slots__") {
            let mut cursor = body.walk();
            for child in body.named_children(&mut cursor) {
                let written = self.source(child);
                if written.starts_with("__slots__") {
                    for name in written.split(['"', '\'']).skip(1).step_by(2) {
                        let value = Binding::Value { annotation: None, value: Expr::Other };
                        bind(&mut class.instance, name, value);
                    }
                }
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

fn bind(names: &mut Bindings, name: &str, binding: Binding) {
    if !name.is_empty() {
        names.entry(name.to_owned()).or_default().push(binding);
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

/// Reads `@deprecated("use x")`.
fn deprecation(decorators: &[String]) -> Option<String> {
    let found = decorators.iter().find(|it| {
        let name = it.split('(').next().unwrap_or_default();
        name.rsplit('.').next() == Some("deprecated")
    })?;
    let note = found.split(['"', '\'']).nth(1).unwrap_or_default();
    Some(note.to_owned())
}

/// Reads `:rtype: requests.Response`.
fn rtype(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(":rtype:")?;
    let line = rest.lines().next()?.trim().trim_matches(['`', '~']);
    let name = line.trim_start_matches(":class:").trim_matches(['`', '~', '.']);
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    // Only a class' name: `dict` or `list of str` says too little.
    let last = name.rsplit('.').next().unwrap_or_default();
    (is_name && last.starts_with(|c: char| c.is_ascii_uppercase())).then(|| name.to_owned())
}
