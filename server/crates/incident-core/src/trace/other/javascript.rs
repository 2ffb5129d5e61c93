//! JavaScript and TypeScript: V8's `at f (file:1:2)`, and `f@file:1:2` of Firefox and Safari.

use super::{Dialect, Heading, MAX_FRAME, add, begin, error_name, is_clock, located, names_error};
use crate::input::Language;
use crate::trace::location;
use crate::trace::unwrap::Line;
use crate::trace::{Frame, Origin, Relation, SourceLocation, Trace};

/// Foreign lines after which a trace is over.
const MAX_FOREIGN: usize = 2;

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    heading: Option<Heading>,
    /// The heading makes a trace without frames.
    stands_alone: bool,
    open: Option<Trace>,
    n_foreign: usize,
}

impl Dialect for Reader {
    fn push(&mut self, line: &Line<'_>, done: &mut Vec<Trace>) {
        let text = line.body().trim();
        if text.is_empty() || is_clock(text) {
            return;
        }
        if let Some(frame) = frame(line, text) {
            self.n_foreign = 0;
            let heading = self.heading.take();
            self.stands_alone = false;
            let open =
                self.open.get_or_insert_with(|| begin(Language::JavaScript, heading, frame.span));
            return add(open, frame);
        }
        if let Some((relation, name, message, alone)) = heading(text) {
            let mut heading = Heading::new(line, text, name, message);
            if let Some(open) = self.open.as_mut().filter(|_| relation != Relation::Root) {
                heading.relation = relation;
                return open.causes.push(heading.into_cause());
            }
            self.close(done);
            self.stands_alone = alone;
            self.heading = Some(heading);
            return;
        }
        if self.open.is_some() {
            self.n_foreign += 1;
            if self.n_foreign > MAX_FOREIGN {
                self.close(done);
            }
        } else if let Some(heading) = &mut self.heading {
            if !self.stands_alone {
                heading.add(line);
            }
            if heading.age > super::MAX_MESSAGE_LINES {
                self.heading = None;
            }
        }
    }

    fn finish(mut self, done: &mut Vec<Trace>) {
        self.close(done);
    }
}

impl Reader {
    fn close(&mut self, done: &mut Vec<Trace>) {
        self.n_foreign = 0;
        if let Some(trace) = self.open.take() {
            let has_javascript = |frame: &Frame| frame.location.as_ref().is_some_and(is_javascript);
            if !trace.causes.is_empty() || trace.frames.iter().any(has_javascript) {
                done.push(trace);
            }
        } else if let Some(heading) = self.heading.take().filter(|_| self.stands_alone) {
            let span = heading.span;
            done.push(begin(Language::JavaScript, Some(heading), span));
        }
        self.stands_alone = false;
        self.heading = None;
    }
}

/// Reads `TypeError: ..`, `Uncaught TypeError: ..`, `[cause]: Error: ..` and `[Name: ..] {`; the last
/// field says that it needs no frames to be one.
fn heading(text: &str) -> Option<(Relation, &str, &str, bool)> {
    let caused = ["[cause]: ", "Caused by: "].iter().find_map(|mark| text.strip_prefix(mark));
    if let Some((name, message)) = caused.and_then(error_name) {
        return names_error(name).then_some((Relation::CausedBy, name, message, false));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (inner, _) = inner.rsplit_once(']')?;
        let (name, message) = error_name(inner)?;
        let is_error = names_error(name) && !message.is_empty();
        return is_error.then_some((Relation::Root, name, message, true));
    }
    let uncaught = ["Uncaught (in promise) ", "Uncaught ", "Unhandled Rejection "]
        .iter()
        .find_map(|mark| text.strip_prefix(mark));
    let (name, message) = error_name(uncaught.unwrap_or(text))?;
    names_error(name).then_some((Relation::Root, name, message, uncaught.is_some()))
}

fn frame(line: &Line<'_>, text: &str) -> Option<Frame> {
    if text.len() > MAX_FRAME {
        return None;
    }
    let span = line.span_of(text);
    let (function, location) = match text.strip_prefix("at ") {
        // The error's own properties follow in braces.
        Some(call) => v8(line, call.trim_end_matches(" {").trim_start())?,
        None => gecko(line, text)?,
    };
    let origin = location.as_ref().map_or(Origin::Runtime, origin);
    let noise = origin == Origin::Runtime;
    let function = function.map(str::to_owned);
    Some(Frame { function, location, span, origin, noise, ..Frame::default() })
}

type Call<'a> = (Option<&'a str>, Option<SourceLocation>);

/// `f (file:1:2)`, `async f (file:1:2)`, `file:1:2`, `f (<anonymous>)`.
fn v8<'a>(line: &Line<'_>, call: &'a str) -> Option<Call<'a>> {
    let call = call.strip_prefix("async ").unwrap_or(call);
    let Some((name, inside)) = call.strip_suffix(')').and_then(|call| call.split_once(" (")) else {
        let place = located_at(line, call)?;
        return is_javascript(&place).then_some((None, Some(place)));
    };
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    // The innermost place of `eval at f (file:1:2), <anonymous>:1:1`.
    let inside = match inside.strip_prefix("eval at ") {
        Some(outer) => outer
            .split_once(" (")
            .map_or(outer, |(_, place)| place.split_once(')').map_or(place, |(place, _)| place)),
        None => inside,
    };
    if inside == "<anonymous>" || inside == "native" || inside.starts_with("index ") {
        return Some((name, None));
    }
    let place = located_at(line, inside)?;
    let is_other =
        [".rs", ".java", ".kt", ".scala", ".cs", ".py"].iter().any(|ext| place.file.ends_with(ext));
    (!is_other && place.column.is_some()).then_some((name, Some(place)))
}

/// `f@file:1:2`, `@file:1:2`.
fn gecko<'a>(line: &Line<'_>, text: &'a str) -> Option<Call<'a>> {
    let (name, place) = text.split_once('@')?;
    let is_name = name.len() < 200 && !name.contains([' ', ':', '\\']);
    let place = located_at(line, place).filter(|_| is_name)?;
    let is_place = place.column.is_some() && is_javascript(&place);
    is_place.then_some((Some(name).filter(|name| !name.is_empty()), Some(place)))
}

fn located_at(line: &Line<'_>, text: &str) -> Option<SourceLocation> {
    let place = location::parse(text)?;
    Some(located(line, place.text, place.file, (place.line, place.column)))
}

fn is_javascript(place: &SourceLocation) -> bool {
    const ENDINGS: [&str; 10] =
        [".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte"];
    const STARTS: [&str; 6] = ["node:", "http://", "https://", "file://", "webpack", "internal/"];
    let file = place.file.split(['?', '#']).next().unwrap_or_default();
    ENDINGS.iter().any(|ending| file.ends_with(ending))
        || STARTS.iter().any(|start| file.starts_with(start))
}

fn origin(place: &SourceLocation) -> Origin {
    const RUNTIME: [&str; 8] = [
        "node:",
        "internal/",
        "deno:",
        "ext:",
        "bun:",
        "chrome-extension:",
        "native:",
        "timers.js",
    ];
    let file = place.file.as_str();
    let is_runtime = RUNTIME.iter().any(|start| file.starts_with(start));
    let is_node = !file.contains(['/', '\\', ':'])
        && matches!(
            file,
            "events.js"
                | "net.js"
                | "fs.js"
                | "module.js"
                | "vm.js"
                | "domain.js"
                | "_http_server.js"
                | "_stream_readable.js"
                | "bootstrap_node.js"
        );
    let is_bundle = file.starts_with("http") && has_content_hash(file);
    if is_runtime || is_node || is_bundle || file.starts_with('<') {
        return Origin::Runtime;
    }
    let is_installed = ["node_modules/", "node_modules\\", "/.yarn/", "/.pnpm/", "deno.land/"]
        .iter()
        .any(|folder| file.contains(folder));
    if is_installed { Origin::Dependency } else { Origin::App }
}

/// Says whether a script is a bundle, whose names and lines are nobody's own: `index.78c07bfe.js`.
fn has_content_hash(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.split(['.', '-', '_']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}
