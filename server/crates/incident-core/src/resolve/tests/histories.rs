//! Generated histories: a seeded program is edited at random, and every frame of the older one must
//! be found in the later one.

use super::*;

/// A frame must be found in at least this share of the cases.
const WANTED_SHARE: f64 = 0.98;
const N_HISTORIES: usize = 250;
const N_FRAMES_EACH: usize = 8;

/// The numbers of a seeded, small generator (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const NOUNS: &[&str] = &[
    "pool", "order", "user", "cache", "queue", "shard", "token", "batch", "offset", "header",
    "session", "invoice", "replica", "cursor", "buffer", "metric",
];
const VERBS: &[&str] =
    &["load", "store", "find", "merge", "flush", "parse", "apply", "notify", "resolve", "drain"];

#[derive(Clone)]
struct Statement {
    id: usize,
    /// One entry a line, without indentation.
    lines: Vec<String>,
}

#[derive(Clone)]
struct Function {
    name: String,
    statements: Vec<Statement>,
}

#[derive(Clone)]
struct Program {
    /// The functions of `src/a.rs` and of `src/b.rs`.
    files: [Vec<Function>; 2],
    next_id: usize,
}

/// Where a statement stands: file, function, first and last line.
#[derive(Debug, PartialEq, Eq)]
struct Truth {
    file: usize,
    function: String,
    first_line: u32,
    last_line: u32,
}

impl Program {
    fn new(random: &mut Random) -> Self {
        let mut program = Self { files: [Vec::new(), Vec::new()], next_id: 0 };
        for file in 0..2 {
            for number in 0..4 + random.below(6) {
                let name = format!("{}_{}_{file}{number}", random.pick(VERBS), random.pick(NOUNS));
                let n_statements = 3 + random.below(8);
                let statements = (0..n_statements).map(|_| program.statement(random)).collect();
                program.files[file].push(Function { name, statements });
            }
        }
        program
    }

    fn statement(&mut self, random: &mut Random) -> Statement {
        self.next_id += 1;
        let (noun, verb) = (random.pick(NOUNS), random.pick(VERBS));
        let (other, number) = (random.pick(NOUNS), random.below(50));
        let line = match random.below(5) {
            0 => format!("let {noun} = self.{other}s.{verb}(&{noun}_id).unwrap();"),
            1 => format!("let {noun}_{number} = self.{other}s[{noun}.index()].{verb}({number});"),
            2 => format!("self.{noun}.{verb}(\"{other} {number}\", {other})?;"),
            3 => format!("total_{noun} += {other}.len() * {number} - self.{verb}_count;"),
            _ => format!("assert!({noun}.{verb}() > {number}, \"{other} too small\");"),
        };
        Statement { id: self.next_id, lines: vec![line] }
    }

    /// Renders a file; `wanted` is the statement whose place is returned.
    fn render(&self, file: usize, wanted: usize) -> (String, Option<Truth>) {
        let (mut text, mut n_lines, mut truth) = (String::new(), 0u32, None);
        let mut push = |line: String| {
            text.push_str(&line);
            text.push('\n');
            n_lines += 1;
            n_lines
        };
        for function in &self.files[file] {
            push(format!("pub fn {}(&mut self) -> Result<()> {{", function.name));
            for statement in &function.statements {
                let lines: Vec<u32> = statement
                    .lines
                    .iter()
                    .enumerate()
                    .map(|(at, line)| {
                        push(format!("{}{line}", if at == 0 { "    " } else { "        " }))
                    })
                    .collect();
                if statement.id == wanted {
                    truth = Some(Truth {
                        file,
                        function: function.name.clone(),
                        first_line: lines[0],
                        last_line: lines[lines.len() - 1],
                    });
                }
            }
            push("    Ok(())".to_owned());
            push("}".to_owned());
            push(String::new());
        }
        (text, truth)
    }

    fn find(&self, wanted: usize) -> Option<Truth> {
        (0..2).find_map(|file| self.render(file, wanted).1)
    }

    fn statements(&mut self) -> impl Iterator<Item = (&mut Function, usize)> {
        self.files.iter_mut().flatten().map(|function| {
            let n_statements = function.statements.len();
            (function, n_statements)
        })
    }

    /// One change such as commits are made of; now and then of the wanted statement itself.
    fn edit(&mut self, random: &mut Random, wanted: &[usize]) {
        let new = self.statement(random);
        let file = random.below(2);
        let at = random.below(self.files[file].len());
        let function = &mut self.files[file][at];
        let place = random.below(function.statements.len() + 1);
        let random_idx = random.below(wanted.len());
        match random.below(8) {
            0..=2 => function.statements.insert(place, new),
            3 => {
                // Another statement goes; the wanted one stays.
                let place = place.min(function.statements.len().saturating_sub(1));
                if function.statements.len() > 2 && !wanted.contains(&function.statements[place].id)
                {
                    function.statements.remove(place);
                }
            }
            4 => {
                function.name = format!("{}_{}_{}", random.pick(VERBS), random.pick(NOUNS), new.id);
            }
            5 => {
                let moved = self.files[file].remove(at);
                let to = random.below(self.files[file].len() + 1);
                self.files[file].insert(to, moved);
            }
            6 => {
                if self.files[file].len() > 2 {
                    let moved = self.files[file].remove(at);
                    self.files[1 - file].push(moved);
                }
            }
            _ => self.change_wanted(random, wanted[random_idx]),
        }
    }

    fn change_wanted(&mut self, random: &mut Random, wanted: usize) {
        let layout = random.below(2) == 0;
        for (function, _) in self.statements() {
            for statement in function.statements.iter_mut().filter(|it| it.id == wanted) {
                let [line] = statement.lines.as_mut_slice() else { continue };
                match line.rfind('.').filter(|_| layout && line.contains(").")) {
                    Some(dot) => {
                        let tail = line.split_off(dot);
                        statement.lines.push(tail);
                    }
                    None => *line = line.replacen("self.", "self.inner.", 1),
                }
            }
        }
    }
}

#[test]
fn frames_are_found_after_random_edits() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let (mut n_frames, mut n_right, mut n_wrong_while_sure) = (0usize, 0usize, 0usize);
    let mut wrong = Vec::new();
    let names = ["src/a.rs", "src/b.rs"];
    for round in 0..N_HISTORIES {
        let before = Program::new(&mut random);
        let wanted: Vec<usize> =
            (0..N_FRAMES_EACH).map(|_| 1 + random.below(before.next_id)).collect();
        let mut after = before.clone();
        for _ in 0..1 + random.below(30) {
            after.edit(&mut random, &wanted);
        }
        let mut workspace = String::from("//- member my-app 0.1.0\n");
        for (file, name) in names.iter().enumerate() {
            workspace += &format!("//- deployed /{name}\n{}", before.render(file, 0).0);
            workspace += &format!("//- /{name}\n{}", after.render(file, 0).0);
        }
        let mut trace_text = String::from("boom\n");
        for wanted in &wanted {
            let old = before.find(*wanted).expect("ids are given in order");
            let (module, path) = (["a", "b"][old.file], names[old.file]);
            trace_text +=
                &format!("my_app::{module}::{} @ {path}:{}:5\n", old.function, old.first_line);
        }
        let fixture = fixture(&workspace);
        let input = ResolveInput {
            files: &fixture.files,
            symbols: &fixture.symbols,
            sources: &fixture.sources,
            packages: &fixture.packages,
            members: &fixture.members,
        };
        let (resolved, _) = resolve(trace(&trace_text), &input, &Cancel::new());
        for (wanted, resolution) in wanted.iter().zip(&resolved.frames) {
            let new = after.find(*wanted).expect("no edit takes a wanted statement away");
            let right = resolution.place.as_ref().is_some_and(|place| {
                let lines = new.first_line..=new.last_line;
                place.path == names[new.file]
                    && place.line.is_some_and(|line| lines.contains(&line))
                    && place.item.as_ref().is_some_and(|item| item.name == new.function)
            });
            n_frames += 1;
            n_right += usize::from(right);
            if !right {
                n_wrong_while_sure += usize::from(resolution.status != Status::Ambiguous);
                let mut shown = String::new();
                show(&mut shown, resolution);
                wrong.push(format!("{round}: wanted {new:?}, got {shown}"));
            }
        }
    }
    assert_eq!(n_frames, N_HISTORIES * N_FRAMES_EACH);
    let share = n_right as f64 / n_frames as f64;
    assert!(
        share >= WANTED_SHARE,
        "{n_right} of {n_frames} right, {n_wrong_while_sure} wrong while sure\n{}",
        wrong.iter().take(20).map(String::as_str).collect::<String>()
    );
}
