//! One step back from a crash: what made the value that was not there.
//!
//! The line that panics is seldom the one that is wrong. From the expression that failed this
//! follows the local's `let`, the method that gives `None`, the function of the workspace with its
//! own empty exits, the field's writes, and the call that brought a parameter.

use crate::cancel::Cancel;
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::library::{
    Absence, function_is_empty_when, method_is_empty_when, passes_on,
};
use crate::syntax::rust::{Chain, DefinitionKind, Link, LinkKind, RootKind, Snippet};
use crate::syntax::{Item, ItemKind, index_file};
use crate::text::{ByteSpan, LineIndex};

/// Steps back at most: beyond that the story is longer than the code.
const MAX_STEPS: usize = 4;
/// Empty exits of a called function that are named.
const MAX_EXITS: usize = 3;
/// Functions of one name that may be meant; more are not guessed among.
const MAX_NAMESAKES: usize = 1;

/// The way back from an expression, nearest step first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail {
    /// Each with a source line.
    pub(super) steps: Vec<Step>,
    /// When the value is not there, in words.
    pub(super) because: Option<String>,
    /// How many of the steps come before that is known.
    n_before: usize,
    /// What the first local on the way was set from, as source.
    pub(super) made_by: Option<String>,
    /// Where the value is really made, if that is another place than the crash.
    pub(super) producer: Option<Producer>,
}

impl Trail {
    /// Returns the story in sentences, nearest step first; `lead` opens the one that says when.
    pub(super) fn sentences(&self, lead: &str) -> Vec<String> {
        let mut said: Vec<String> = self.steps.iter().map(|step| step.says.clone()).collect();
        if let Some(because) = &self.because {
            said.insert(self.n_before.min(said.len()), format!("{lead} {because}."));
        }
        said
    }

    /// Returns the same steps without saying when the value is not there.
    pub(super) fn without_reason(self) -> Self {
        Self { because: None, ..self }
    }

    fn is_because(&mut self, because: String, producer: Producer) {
        self.because = Some(because);
        self.n_before = self.steps.len();
        self.producer.get_or_insert(producer);
    }
}

/// One step back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Workspace path of the line.
    pub(super) path: String,
    /// From 1.
    pub(super) line: u32,
    /// The line's text, trimmed.
    pub(super) quote: String,
    /// A sentence about it.
    pub(super) says: String,
    /// The line makes the value; otherwise it only passes it on.
    pub(super) makes: bool,
}

/// What a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Producer {
    /// A method or function of a library.
    Library,
    /// A function of the workspace.
    Function,
    /// A field that is set elsewhere.
    Field,
    /// A caller's argument.
    Parameter,
}

/// Follows the value of `subject` back from the crash site.
pub(super) fn follow(
    crash: &Crash<'_>,
    site: &Site<'_>,
    subject: ByteSpan,
    absence: Absence,
) -> Trail {
    let mut trail = Trail::default();
    let mut span = subject;
    for _ in 0..MAX_STEPS {
        let cancel = Cancel::new();
        let Some(snippet) = Snippet::at(site.text, span.start, &cancel) else { break };
        let Some(chain) = snippet.chain(span) else { break };
        let walk = Walk { crash, site, snippet: &snippet, chain: &chain, absence };
        match walk.step(&mut trail) {
            Some(next) => span = next,
            None => break,
        }
    }
    trail
}

/// Describes where the names inside an expression come from: an index, a divisor, an argument.
pub(super) fn describe_names(
    crash: &Crash<'_>,
    site: &Site<'_>,
    expression: ByteSpan,
) -> Vec<Step> {
    let Some(snippet) = &site.snippet else { return Vec::new() };
    let mut trail = Trail::default();
    for name in snippet.names(expression).into_iter().take(2) {
        let mut offset = expression.start;
        let mut name = name;
        // An index is often computed in a `let` from another local: two steps tell the story.
        for _ in 0..2 {
            let Some(value) = define(crash, site, snippet, offset, &name, &mut trail) else {
                break;
            };
            let names = snippet.function_names(value, &Cancel::new());
            let Some(next) = names.into_iter().next() else { break };
            (offset, name) = (value.start, next);
        }
    }
    trail.steps
}

struct Walk<'a, 'c> {
    crash: &'c Crash<'a>,
    site: &'c Site<'a>,
    snippet: &'c Snippet<'a>,
    chain: &'c Chain,
    absence: Absence,
}

impl Walk<'_, '_> {
    /// Takes one step back; returns the expression to go on with.
    fn step(&self, trail: &mut Trail) -> Option<ByteSpan> {
        for link in self.chain.links.iter().rev() {
            match link.kind {
                LinkKind::Await | LinkKind::Question => {}
                LinkKind::Index => return None,
                LinkKind::Field => {
                    self.field(link, trail);
                    return None;
                }
                LinkKind::Method => {
                    let name = self.site.slice(link.name);
                    if self.empty_method(name, link, trail) {
                        return None;
                    }
                    if passes_on(name) {
                        continue;
                    }
                    self.own_function(name, trail);
                    return None;
                }
            }
        }
        match self.chain.root_kind {
            RootKind::Name => {
                let name = self.site.slice(self.chain.root);
                define(self.crash, self.site, self.snippet, self.chain.root.start, name, trail)
            }
            RootKind::Call => {
                self.called_function(trail);
                None
            }
            _ => None,
        }
    }

    /// Says when a method of the standard library gives nothing.
    fn empty_method(&self, name: &str, link: &Link, trail: &mut Trail) -> bool {
        let Some(when) = method_is_empty_when(name, self.absence) else { return false };
        // A method of the workspace with the same name is the better answer, if the receiver's
        // written type says that it is meant.
        if !typed_functions(self.crash, name).is_empty() && self.own_function(name, trail) {
            return true;
        }
        let receiver = self.receiver(link);
        let arguments = link.arguments.map(|span| bare(self.site.slice(span))).unwrap_or_default();
        trail.is_because(fill(when, receiver, arguments), Producer::Library);
        if let Some(arguments) = link.arguments {
            trail.steps.extend(describe_names(self.crash, self.site, arguments));
        }
        true
    }

    fn receiver(&self, link: &Link) -> &str {
        let text = self.site.slice(link.span);
        let end = link.name.start.saturating_sub(link.span.start);
        text.get(..end).unwrap_or_default().trim_end().trim_end_matches('.').trim_end()
    }

    fn called_function(&self, trail: &mut Trail) {
        let path = self.site.slice(self.chain.root);
        let arguments =
            self.chain.root_arguments.map(|span| bare(self.site.slice(span))).unwrap_or_default();
        let name = path.rsplit("::").next().unwrap_or_default();
        if self.own_function(name, trail) {
            return;
        }
        if let Some(when) = function_is_empty_when(path, self.absence) {
            trail.is_because(fill(when, "", arguments), Producer::Library);
        }
        if let Some(arguments) = self.chain.root_arguments {
            trail.steps.extend(describe_names(self.crash, self.site, arguments));
        }
    }

    /// Names the places where a function of the workspace gives nothing.
    fn own_function(&self, name: &str, trail: &mut Trail) -> bool {
        let mut namesakes = typed_functions(self.crash, name);
        if namesakes.is_empty() {
            namesakes = functions_named(self.crash, name);
        }
        let [function] = namesakes.as_slice() else { return false };
        let wanted = match self.absence {
            Absence::None => "None",
            Absence::Err => "an error",
        };
        let cancel = Cancel::new();
        let Some(snippet) = Snippet::at(function.text, function.item.span.start, &cancel) else {
            return false;
        };
        let mut exits = snippet.empty_exits(&cancel, MAX_EXITS + 1);
        if let Some(tail) = snippet.tail(&cancel)
            && exits.is_empty()
            && is_library_call(&snippet, function.text, tail, self.absence)
        {
            exits.push(tail);
        }
        exits.truncate(MAX_EXITS);
        if exits.is_empty() {
            return false;
        }
        let lines = LineIndex::new(function.text);
        for exit in exits {
            let line = lines.line_col(exit.start).line;
            let quote = lines.line_span(line).and_then(|span| span.slice(function.text));
            let source = exit.slice(function.text).unwrap_or_default();
            trail.steps.push(Step {
                path: function.path.to_owned(),
                line,
                quote: quote.unwrap_or_default().trim().to_owned(),
                says: format!(
                    "`{name}` can give {wanted} at {}:{line}: {}.",
                    function.path,
                    shown(source)
                ),
                makes: true,
            });
        }
        trail.producer = Some(Producer::Function);
        true
    }

    /// Names the places where a field is set to `None`.
    fn field(&self, link: &Link, trail: &mut Trail) {
        let name = self.site.slice(link.name);
        if self.absence != Absence::None || name.is_empty() {
            return;
        }
        for (path, text) in &self.crash.input.sources.current {
            for (line_idx, line) in text.lines().enumerate() {
                let Some(how) = empties_field(line, name) else { continue };
                if trail.steps.len() >= MAX_EXITS {
                    break;
                }
                let line_number = u32::try_from(line_idx + 1).unwrap_or(u32::MAX);
                trail.steps.push(Step {
                    path: path.clone(),
                    line: line_number,
                    quote: line.trim().to_owned(),
                    says: format!("The field `{name}` {how} at {path}:{line_number}."),
                    makes: true,
                });
                trail.producer = Some(Producer::Field);
            }
        }
    }
}

/// Names what made a local; returns the expression that it was made from.
fn define(
    crash: &Crash<'_>,
    site: &Site<'_>,
    snippet: &Snippet<'_>,
    offset: usize,
    name: &str,
    trail: &mut Trail,
) -> Option<ByteSpan> {
    let definition = snippet.definition_of_local(offset, name, &Cancel::new())?;
    let line = site.line_of(definition.span.start);
    let value = definition.value.map(|span| shown(site.slice(span)));
    let says = match (definition.kind, value) {
        (DefinitionKind::Parameter, _) => {
            parameter(crash, site, name, trail);
            trail.producer.get_or_insert(Producer::Parameter);
            return None;
        }
        (DefinitionKind::For, Some(value)) => {
            format!("`{name}` runs over {value} from line {line}.")
        }
        (DefinitionKind::MatchArm | DefinitionKind::Condition, Some(value)) => {
            format!("`{name}` is taken out of {value} on line {line}.")
        }
        (DefinitionKind::Let | DefinitionKind::Assignment, Some(value)) => {
            trail.made_by.get_or_insert(value.clone());
            let is_literal = definition.value.is_some_and(|span| is_literal(site.slice(span)));
            let verb = if is_literal { "is" } else { "is set from" };
            format!("`{name}` {verb} {value} on line {line}.")
        }
        _ => return None,
    };
    if line != site.line {
        push_once(
            trail,
            Step {
                path: site.path.to_owned(),
                line,
                quote: site.line_text(line).to_owned(),
                says,
                makes: true,
            },
        );
    }
    definition.value
}

/// Names the call that brought a parameter.
fn parameter(crash: &Crash<'_>, site: &Site<'_>, name: &str, trail: &mut Trail) {
    let function = site.function_name();
    let Some(caller) = crash.caller() else { return };
    let Some((line, quote)) = caller.line.zip(caller.line_text.as_deref()) else { return };
    let called_from = match &caller.item {
        Some(item) => format!("`{}`", item.name),
        None => "its caller".to_owned(),
    };
    push_once(
        trail,
        Step {
            path: caller.path.clone(),
            line,
            quote: quote.trim().to_owned(),
            says: format!(
                "`{name}` is a parameter of {function}; {called_from} passes it at {}:{line}.",
                caller.path
            ),
            makes: false,
        },
    );
}

fn push_once(trail: &mut Trail, step: Step) {
    let known = |other: &Step| other.path == step.path && other.line == step.line;
    if !step.quote.is_empty() && !trail.steps.iter().any(known) {
        trail.steps.push(step);
    }
}

/// A function of the workspace whose text is at hand.
pub(super) struct OwnFunction<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) item: Item,
}

/// Returns the functions of one name that the types near the crash lead to.
fn typed_functions<'a>(crash: &Crash<'a>, name: &str) -> Vec<OwnFunction<'a>> {
    let meant = crash.producers.iter().filter(|producer| producer.function == name);
    meant
        .filter_map(|producer| {
            let (path, text) = crash.input.sources.current.get_key_value(&producer.path)?;
            let items = index_file(path, text).items;
            let item = items.into_iter().find(|item| {
                item.kind == ItemKind::Function
                    && item.name == name
                    && item.start_line == producer.start_line
            })?;
            Some(OwnFunction { path, text, item })
        })
        .collect()
}

/// Returns the functions of one name in the texts at hand.
pub(super) fn functions_named<'a>(crash: &Crash<'a>, name: &str) -> Vec<OwnFunction<'a>> {
    let mut found = Vec::new();
    if name.is_empty() {
        return found;
    }
    let declared = format!("fn {name}");
    for (path, text) in &crash.input.sources.current {
        // Reading a file's items costs a scan; most files do not have the words at all.
        if !text.contains(&declared) {
            continue;
        }
        let symbols = index_file(path, text);
        for item in symbols.items {
            if item.kind == ItemKind::Function && item.name == name {
                found.push(OwnFunction { path, text, item });
            }
        }
        if found.len() > MAX_NAMESAKES {
            break;
        }
    }
    found
}

fn is_library_call(snippet: &Snippet<'_>, text: &str, tail: ByteSpan, absence: Absence) -> bool {
    let Some(chain) = snippet.chain(tail) else { return false };
    let last = chain
        .links
        .iter()
        .rev()
        .filter(|link| link.kind == LinkKind::Method)
        .filter_map(|link| link.name.slice(text))
        .find(|name| !passes_on(name));
    last.is_some_and(|name| method_is_empty_when(name, absence).is_some())
}

/// Says how a line empties a field, if it does.
fn empties_field(line: &str, field: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    let mut from = 0;
    while let Some(found) = code.get(from..)?.find(field) {
        let (start, end) = (from + found, from + found + field.len());
        let before = code.get(..start)?.chars().next_back();
        let after = code.get(end..)?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let whole = !before.is_some_and(is_word) && !after.starts_with(is_word);
        let set = after.trim_start();
        if whole && before == Some('.') && set.starts_with('=') && !set.starts_with("==") {
            let value = set.trim_start_matches('=').trim_start();
            if value.starts_with("None") {
                return Some("is set to None");
            }
        }
        if whole && before == Some('.') && after.starts_with(".take()") {
            return Some("is emptied by `.take()`");
        }
        if whole && before != Some('.') && set.starts_with(':') && !set.starts_with("::") {
            let value = set.trim_start_matches(':').trim_start();
            if value.starts_with("None") && !value.starts_with("None =>") {
                return Some("starts as None");
            }
        }
        from = end;
    }
    None
}

fn is_literal(source: &str) -> bool {
    source.starts_with(|c: char| c.is_ascii_digit() || c == '"')
        && !source.contains([' ', '(', '.', '+', '-', '*'])
}

/// Returns arguments without their parentheses.
fn bare(arguments: &str) -> &str {
    arguments.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(arguments)
}

fn fill(when: &str, receiver: &str, arguments: &str) -> String {
    let arguments = if arguments.trim().is_empty() { "it".to_owned() } else { shown(arguments) };
    // The receiver goes in last: it is source and may hold braces.
    let (before, after) = when.split_once("{r}").map_or((when, None), |(b, a)| (b, Some(a)));
    let filled = |part: &str| part.replace("{a}", &arguments);
    match after {
        Some(after) => format!("{}{}{}", filled(before), shown(receiver), filled(after)),
        None => filled(before),
    }
}
