//! A program made up from a seed: files, functions and statements that keep their identity while
//! the text around them changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::random::Random;

const NOUNS: &[&str] = &[
    "pool", "order", "user", "cache", "queue", "shard", "token", "batch", "offset", "header",
    "session", "invoice", "replica", "cursor", "buffer", "metric", "ledger", "tenant", "lease",
    "packet", "segment", "manifest", "quota", "ticket",
];
const VERBS: &[&str] = &[
    "load", "store", "find", "merge", "flush", "parse", "apply", "notify", "resolve", "drain",
    "commit", "acquire", "rotate", "publish", "compact",
];
const HOLDERS: &[&str] = &["Pool", "Router", "Ledger", "Scheduler", "Session", "Index"];

/// One statement; `id` stays whatever happens to its text.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) id: usize,
    /// One entry a line, without the function's indentation; never empty.
    pub(super) lines: Vec<String>,
    /// The head of a block around it: `if self.ready {`.
    pub(super) block: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// The type of the `impl` block that holds it.
    pub(super) holder: Option<String>,
    pub(super) parameters: String,
    pub(super) doc: Vec<String>,
    pub(super) statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) struct File {
    /// Relative, below `src/`.
    pub(super) path: String,
    pub(super) imports: Vec<String>,
    pub(super) functions: Vec<Function>,
    /// Blanks of one level.
    pub(super) indent: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) files: Vec<File>,
    next_id: usize,
}

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) path: String,
    pub(super) function: String,
    pub(super) first_line: u32,
    pub(super) last_line: u32,
}

impl Program {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut program = Self { files: Vec::new(), next_id: 0 };
        for file_idx in 0..2 + random.below(4) {
            let mut file = File {
                path: format!("src/{}_{file_idx}.rs", random.pick(NOUNS)),
                imports: vec!["use crate::prelude::*;".to_owned()],
                functions: Vec::new(),
                indent: 4,
            };
            let mut holder = None;
            for _ in 0..3 + random.below(6) {
                if random.once_in(3) {
                    holder = random.once_in(2).then(|| random.pick(HOLDERS).to_owned());
                }
                file.functions.push(program.function(random, holder.clone()));
            }
            program.files.push(file);
        }
        program
    }

    pub(super) fn function(&mut self, random: &mut Random, holder: Option<String>) -> Function {
        let name = self.name(random);
        let n_statements = 2 + random.below(10);
        let mut statements: Vec<Statement> = Vec::new();
        for _ in 0..n_statements {
            let mut statement = self.statement(random);
            // People copy: the same line stands twice in a function now and then.
            if random.once_in(25)
                && let Some(earlier) = statements.last()
            {
                statement.lines = earlier.lines.clone();
            }
            statements.push(statement);
        }
        Function {
            name,
            holder,
            parameters: format!("&mut self, {}: &{}", random.pick(NOUNS), random.pick(HOLDERS)),
            doc: Vec::new(),
            statements,
        }
    }

    /// Returns a new name; a quarter are such as every type has.
    pub(super) fn name(&mut self, random: &mut Random) -> String {
        self.next_id += 1;
        format!("{}_{}_{}", random.pick(VERBS), random.pick(NOUNS), self.next_id)
    }

    pub(super) fn statement(&mut self, random: &mut Random) -> Statement {
        self.next_id += 1;
        let (noun, verb, other) = (random.pick(NOUNS), random.pick(VERBS), random.pick(NOUNS));
        let (second, number) = (random.pick(VERBS), random.below(50));
        let lines: Vec<String> = match random.below(11) {
            0 => vec![format!("let {noun} = self.{other}s.{verb}(&{noun}_id).unwrap();")],
            1 => vec![format!(
                "let {noun}_{number} = self.{other}s[{noun}.index()].{verb}({number});"
            )],
            2 => vec![format!("self.{noun}.{verb}(\"{other} {number}\", {other})?;")],
            3 => vec![format!("total_{noun} += {other}.len() * {number} - self.{verb}_count;")],
            4 => vec![format!("assert!({noun}.{verb}() > {number}, \"{other} too small\");")],
            5 => vec![
                format!("let {noun} = self"),
                format!("    .{other}s"),
                "    .iter()".to_owned(),
                format!("    .find(|{other}| {other}.{verb}() == {number})"),
                format!("    .expect(\"a {other} to {second}\");"),
            ],
            6 => vec![
                format!("match {noun}.{verb}({number}) {{"),
                format!("    Some({other}) => self.{second}({other}),"),
                format!("    None => return Err(Error::{}),", capital(noun)),
                "}".to_owned(),
            ],
            7 => vec![format!("{noun}.{verb}();")],
            8 => vec![format!("let ({noun}, {other}) = {verb}_{second}({noun}, {number} as u8);")],
            9 => vec![
                format!("self.{noun}.{verb}("),
                format!("    {other}.{second}(),"),
                format!("    &self.{other}s[{number}],"),
                ");".to_owned(),
            ],
            _ => vec![format!("drop(self.{noun}.borrow_mut().{verb}({other}, {number}));")],
        };
        let block = random.once_in(6).then(|| match random.below(3) {
            0 => format!("if self.{noun}.is_ready() {{"),
            1 => format!("for {other} in &self.{other}s {{"),
            _ => format!("while let Some({noun}) = {verb}.next() {{"),
        });
        Statement { id: self.next_id, lines, block }
    }

    /// Returns the ids of all statements.
    pub(super) fn ids(&self) -> Vec<usize> {
        let functions = self.files.iter().flat_map(|file| &file.functions);
        functions.flat_map(|function| function.statements.iter().map(|it| it.id)).collect()
    }

    /// Returns where a statement is: the file, the function, its place there.
    pub(super) fn position(&self, id: usize) -> Option<(usize, usize, usize)> {
        self.files.iter().enumerate().find_map(|(file_idx, file)| {
            file.functions.iter().enumerate().find_map(|(function_idx, function)| {
                let at = function.statements.iter().position(|it| it.id == id)?;
                Some((file_idx, function_idx, at))
            })
        })
    }

    pub(super) fn statement_mut(&mut self, id: usize) -> Option<&mut Statement> {
        let functions = self.files.iter_mut().flat_map(|file| &mut file.functions);
        functions.flat_map(|function| &mut function.statements).find(|it| it.id == id)
    }

    /// Renders every file, with the place of every statement.
    pub(super) fn render(&self) -> (BTreeMap<String, Arc<str>>, BTreeMap<usize, Truth>) {
        let (mut texts, mut places) = (BTreeMap::new(), BTreeMap::new());
        for file in &self.files {
            let mut page = Page { text: String::new(), n_lines: 0, unit: file.indent };
            for import in &file.imports {
                page.push(0, import);
            }
            let mut open: Option<&str> = None;
            for function in &file.functions {
                let holder = function.holder.as_deref();
                if holder != open {
                    if open.is_some() {
                        page.push(0, "}");
                    }
                    if let Some(holder) = holder {
                        page.push(0, &format!("impl {holder} {{"));
                    }
                    open = holder;
                }
                page.function(function, usize::from(open.is_some()), &file.path, &mut places);
            }
            if open.is_some() {
                page.push(0, "}");
            }
            texts.insert(file.path.clone(), page.text.into());
        }
        (texts, places)
    }
}

/// A text that is being written.
struct Page {
    text: String,
    n_lines: u32,
    unit: usize,
}

impl Page {
    fn push(&mut self, depth: usize, line: &str) -> u32 {
        // A line's own indentation is in steps of four.
        let own = (line.len() - line.trim_start().len()) / 4;
        self.text.push_str(&" ".repeat((depth + own) * self.unit));
        self.text.push_str(line.trim_start());
        self.text.push('\n');
        self.n_lines += 1;
        self.n_lines
    }

    fn function(
        &mut self,
        function: &Function,
        depth: usize,
        path: &str,
        places: &mut BTreeMap<usize, Truth>,
    ) {
        for line in &function.doc {
            self.push(depth, line);
        }
        let head = format!("pub fn {}({}) -> Result<()> {{", function.name, function.parameters);
        self.push(depth, &head);
        for statement in &function.statements {
            let inner = depth + 1 + usize::from(statement.block.is_some());
            if let Some(block) = &statement.block {
                self.push(depth + 1, block);
            }
            let first_line = self.n_lines + 1;
            for line in &statement.lines {
                self.push(inner, line);
            }
            let truth = Truth {
                path: path.to_owned(),
                function: function.name.clone(),
                first_line,
                last_line: self.n_lines,
            };
            places.insert(statement.id, truth);
            if statement.block.is_some() {
                self.push(depth + 1, "}");
            }
        }
        self.push(depth + 1, "Ok(())");
        self.push(depth, "}");
        self.push(0, "");
    }
}

/// Returns the id of the copy of a statement, and of the copy the statement's own.
pub(super) fn copy_of(id: usize) -> usize {
    usize::MAX - id
}

pub(super) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
