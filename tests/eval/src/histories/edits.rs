//! The changes that commits are made of, one kind at a time.

use super::program::{File, Function, Program, Statement, copy_of};
use super::random::Random;

/// What a history changes, for the table: each kind is measured alone, and all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Inserts,
    Deletes,
    RenamedFunctions,
    ReorderedFunctions,
    FunctionsToOtherFiles,
    RenamedAndMoved,
    RenamedFiles,
    SplitFiles,
    Reformatted,
    BrokenLines,
    Wrapped,
    EditedStatements,
    RewrittenNeighbours,
    ExtractedFunctions,
    ReorderedStatements,
    CopiedFunctions,
    Signatures,
    DeletedStatements,
    DeletedFunctions,
}

impl Kind {
    pub(super) const ALL: [Self; 19] = [
        Self::Inserts,
        Self::Deletes,
        Self::RenamedFunctions,
        Self::ReorderedFunctions,
        Self::FunctionsToOtherFiles,
        Self::RenamedAndMoved,
        Self::RenamedFiles,
        Self::SplitFiles,
        Self::Reformatted,
        Self::BrokenLines,
        Self::Wrapped,
        Self::EditedStatements,
        Self::RewrittenNeighbours,
        Self::ExtractedFunctions,
        Self::ReorderedStatements,
        Self::CopiedFunctions,
        Self::Signatures,
        Self::DeletedStatements,
        Self::DeletedFunctions,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inserts => "lines put in",
            Self::Deletes => "other lines taken out",
            Self::RenamedFunctions => "function renamed",
            Self::ReorderedFunctions => "functions reordered",
            Self::FunctionsToOtherFiles => "function to other file",
            Self::RenamedAndMoved => "renamed and to other file",
            Self::RenamedFiles => "file renamed",
            Self::SplitFiles => "file split",
            Self::Reformatted => "indentation changed",
            Self::BrokenLines => "statement's lines broken",
            Self::Wrapped => "put into a block",
            Self::EditedStatements => "statement edited",
            Self::RewrittenNeighbours => "neighbours edited",
            Self::ExtractedFunctions => "taken out into a function",
            Self::ReorderedStatements => "statements reordered",
            Self::CopiedFunctions => "function copied",
            Self::Signatures => "signature and docs changed",
            Self::DeletedStatements => "statement deleted",
            Self::DeletedFunctions => "function deleted",
        }
    }

    /// Changes the program once, about the statement `id`; a statement in `kept` is not taken away.
    pub(super) fn apply(
        self,
        program: &mut Program,
        id: usize,
        kept: &[usize],
        random: &mut Random,
    ) {
        let Some((file_idx, function_idx, at)) = program.position(id) else { return };
        match self {
            Self::Inserts => insert(program, (file_idx, function_idx), random),
            Self::Deletes => {
                let Some(function) = function(program, file_idx, function_idx) else { return };
                let place = random.below(function.statements.len());
                let goes = |it: &Statement| !kept.contains(&it.id);
                if function.statements.len() > 1 && function.statements.get(place).is_some_and(goes)
                {
                    function.statements.remove(place);
                }
            }
            Self::RenamedFunctions => {
                let name = program.name(random);
                if let Some(function) = function(program, file_idx, function_idx) {
                    function.name = name;
                }
            }
            Self::ReorderedFunctions => {
                let Some(file) = program.files.get_mut(file_idx) else { return };
                let moved = file.functions.remove(function_idx);
                let to = random.below(file.functions.len() + 1);
                file.functions.insert(to, moved);
            }
            Self::FunctionsToOtherFiles => move_function(program, file_idx, function_idx, random),
            Self::RenamedAndMoved => {
                Self::RenamedFunctions.apply(program, id, kept, random);
                move_function(program, file_idx, function_idx, random);
            }
            Self::RenamedFiles => {
                let path = format!("src/{}.rs", program.name(random));
                if let Some(file) = program.files.get_mut(file_idx) {
                    file.path = path;
                }
            }
            Self::SplitFiles => split_file(program, file_idx, random),
            Self::Reformatted => {
                if let Some(file) = program.files.get_mut(file_idx) {
                    file.indent = [2, 3, 8].get(random.below(3)).copied().unwrap_or(2);
                }
            }
            Self::BrokenLines => {
                if let Some(statement) = program.statement_mut(id) {
                    break_line(statement);
                }
            }
            Self::Wrapped => {
                let block = program.statement(random).lines.concat();
                let head = block.trim_end_matches(';').replace("let ", "").replace(['?', '"'], "");
                if let Some(statement) = program.statement_mut(id) {
                    statement.block = Some(format!("if {head}.is_some() {{"));
                }
            }
            Self::EditedStatements => {
                let other = program.name(random);
                if let Some(statement) = program.statement_mut(id) {
                    edit(statement, &other, random);
                }
            }
            Self::RewrittenNeighbours => {
                let fresh = [program.statement(random), program.statement(random)];
                let Some(function) = function(program, file_idx, function_idx) else { return };
                let neighbours = [at.checked_sub(1), at.checked_add(1)];
                for (neighbour, fresh) in neighbours.into_iter().flatten().zip(fresh) {
                    if let Some(statement) = function.statements.get_mut(neighbour)
                        && !kept.contains(&statement.id)
                    {
                        *statement = fresh;
                    }
                }
            }
            Self::ExtractedFunctions => extract(program, (file_idx, function_idx, at), random),
            Self::ReorderedStatements => {
                let Some(function) = function(program, file_idx, function_idx) else { return };
                let moved = function.statements.remove(at);
                let to = random.below(function.statements.len() + 1);
                function.statements.insert(to, moved);
            }
            Self::CopiedFunctions => {
                let name = program.name(random);
                let Some(mut copy) = function(program, file_idx, function_idx).cloned() else {
                    return;
                };
                copy.name = name;
                for statement in &mut copy.statements {
                    // A copy is another statement.
                    statement.id = copy_of(statement.id);
                }
                let to = random.below(program.files.len());
                if let Some(file) = program.files.get_mut(to) {
                    let place = random.below(file.functions.len() + 1);
                    file.functions.insert(place, copy);
                }
            }
            Self::Signatures => {
                let parameter = program.name(random);
                let Some(function) = function(program, file_idx, function_idx) else { return };
                function.parameters += &format!(", {parameter}: usize");
                function.doc.push(format!("/// Takes `{parameter}` into account."));
                function.doc.push("#[inline]".to_owned());
            }
            Self::DeletedStatements => {
                if let Some(function) = function(program, file_idx, function_idx)
                    && function.statements.len() > 1
                {
                    function.statements.remove(at);
                }
            }
            Self::DeletedFunctions => {
                if let Some(file) = program.files.get_mut(file_idx)
                    && file.functions.len() > 1
                {
                    file.functions.remove(function_idx);
                }
            }
        }
    }
}

fn function(program: &mut Program, file_idx: usize, function_idx: usize) -> Option<&mut Function> {
    program.files.get_mut(file_idx)?.functions.get_mut(function_idx)
}

fn insert(program: &mut Program, (file_idx, function_idx): (usize, usize), random: &mut Random) {
    match random.below(4) {
        0 => {
            let new = program.function(random, None);
            if let Some(file) = program.files.get_mut(file_idx) {
                let place = random.below(file.functions.len() + 1);
                file.functions.insert(place, new);
            }
        }
        1 => {
            let import = format!("use crate::{}::*;", program.name(random));
            if let Some(file) = program.files.get_mut(file_idx) {
                file.imports.push(import);
            }
        }
        _ => {
            let new = program.statement(random);
            if let Some(function) = function(program, file_idx, function_idx) {
                let place = random.below(function.statements.len() + 1);
                function.statements.insert(place, new);
            }
        }
    }
}

fn move_function(program: &mut Program, file_idx: usize, function_idx: usize, random: &mut Random) {
    let n_files = program.files.len();
    let Some(file) = program.files.get_mut(file_idx) else { return };
    if file.functions.len() < 2 || n_files < 2 {
        return;
    }
    let moved = file.functions.remove(function_idx);
    let to = (file_idx + 1 + random.below(n_files - 1)) % n_files;
    if let Some(file) = program.files.get_mut(to) {
        let place = random.below(file.functions.len() + 1);
        file.functions.insert(place, moved);
    }
}

fn split_file(program: &mut Program, file_idx: usize, random: &mut Random) {
    let name = program.name(random);
    let Some(file) = program.files.get_mut(file_idx) else { return };
    let at = 1 + random.below(file.functions.len());
    let functions = file.functions.split_off(at.min(file.functions.len()));
    if functions.is_empty() {
        return;
    }
    let stem = file.path.trim_end_matches(".rs");
    let (path, indent) = (format!("{stem}/{name}.rs"), file.indent);
    file.imports.push(format!("mod {name};"));
    let imports = vec!["use super::*;".to_owned()];
    program.files.push(File { path, imports, functions, indent });
}

/// Breaks the only line of a statement where rustfmt would.
fn break_line(statement: &mut Statement) {
    let [line] = statement.lines.as_slice() else { return };
    let broken: Vec<String> = match (line.rfind(")."), line.find('('), line.rfind(')')) {
        (Some(dot), ..) => {
            let (head, tail) = line.split_at(dot + 1);
            vec![head.to_owned(), format!("    {tail}")]
        }
        (None, Some(open), Some(close)) if close > open + 1 => {
            let (head, rest) = line.split_at(open + 1);
            let (arguments, tail) = rest.split_at(close - open - 1);
            vec![head.to_owned(), format!("    {arguments},"), tail.to_owned()]
        }
        _ => return,
    };
    statement.lines = broken;
}

/// Changes the text of a statement as a person would.
fn edit(statement: &mut Statement, other: &str, random: &mut Random) {
    let text = statement.lines.join("\n");
    let edited = match random.below(6) {
        0 if text.contains("self.") => text.replacen("self.", "self.inner.", 1),
        1 if text.contains(".unwrap()") => {
            text.replace(".unwrap()", &format!(".expect(\"{other}\")"))
        }
        2 if text.contains("()") => text.replacen("()", &format!("({other})"), 1),
        3 if text.contains(" > ") => text.replacen(" > ", " >= ", 1),
        4 if text.contains("let ") => text.replacen("let ", "let mut ", 1),
        _ => match text.rfind(')') {
            Some(close) => {
                let comma = if text.as_bytes().get(close.wrapping_sub(1)) == Some(&b'(') {
                    ""
                } else {
                    ", "
                };
                format!(
                    "{}{comma}{other}{}",
                    text.get(..close).unwrap_or_default(),
                    text.get(close..).unwrap_or_default()
                )
            }
            None => text.replacen(';', &format!(" + {other};"), 1),
        },
    };
    statement.lines = edited.lines().map(str::to_owned).collect();
}

/// Takes some statements, the one at `at` among them, out into a function of their own.
fn extract(
    program: &mut Program,
    (file_idx, function_idx, at): (usize, usize, usize),
    random: &mut Random,
) {
    let mut new = program.function(random, None);
    let mut call = program.statement(random);
    call.lines = vec![format!("self.{}()?;", new.name)];
    call.block = None;
    let Some(from) = function(program, file_idx, function_idx) else { return };
    if from.statements.len() < 3 {
        return;
    }
    let end = (at + 1 + random.below(3)).min(from.statements.len());
    new.statements = from.statements.splice(at..end, [call]).collect();
    new.holder = from.holder.clone();
    if let Some(file) = program.files.get_mut(file_idx) {
        file.functions.insert(function_idx + 1, new);
    }
}
