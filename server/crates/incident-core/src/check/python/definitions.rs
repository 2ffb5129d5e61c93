//! Reads definitions: functions with their parameters and what they give, classes with their
//! members, and what decorators say of both.

use tree_sitter::Node;

use super::expr::{Expr, Locals, expr, string_value};
use super::index::{Binding, Bindings, Class, Function, MAX_DEPTH, Params, Reader, bind};

impl Reader<'_> {
    pub(super) fn decorated(&self, node: Node<'_>, names: &mut Bindings, depth: usize) {
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

    pub(super) fn function(
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

    pub(super) fn class(
        &self,
        node: Node<'_>,
        decorators: Vec<String>,
        names: &mut Bindings,
        depth: usize,
    ) {
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
