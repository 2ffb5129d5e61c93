//! Java and other languages of its machine: `at package.Class.method(File.java:1)`.

use super::{Dialect, Heading, MAX_FRAME, add, begin, error_name, located, names_error};
use crate::input::Language;
use crate::text::ByteSpan;
use crate::trace::unwrap::Line;
use crate::trace::{Frame, Origin, PackageRef, Relation, Trace};

/// Foreign lines after which a trace is over.
const MAX_FOREIGN: usize = 2;

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    heading: Option<Heading>,
    open: Option<Trace>,
    n_foreign: usize,
}

impl Dialect for Reader {
    fn push(&mut self, line: &Line<'_>, done: &mut Vec<Trace>) {
        let text = line.body().trim();
        if let Some(frame) = frame(line, text) {
            self.n_foreign = 0;
            let heading = self.heading.take();
            let open = self.open.get_or_insert_with(|| begin(Language::Java, heading, frame.span));
            return add(open, frame);
        }
        if text.is_empty() {
            return;
        }
        if self.open.is_some() && text.starts_with("... ") {
            self.n_foreign = 0;
            return;
        }
        if let Some(heading) = heading(line, text) {
            if let Some(open) = self.open.as_mut().filter(|_| heading.relation != Relation::Root) {
                self.n_foreign = 0;
                open.span = ByteSpan::new(open.span.start, open.span.end.max(heading.span.end));
                return open.causes.push(heading.into_cause());
            }
            done.extend(self.open.take());
            self.heading = Some(heading);
            return;
        }
        if self.open.is_some() {
            self.n_foreign += 1;
            if self.n_foreign > MAX_FOREIGN {
                done.extend(self.open.take());
            }
        } else if let Some(heading) = &mut self.heading {
            heading.add(line);
            if heading.age > super::MAX_MESSAGE_LINES {
                self.heading = None;
            }
        }
    }

    fn finish(mut self, done: &mut Vec<Trace>) {
        done.extend(self.open.take());
    }
}

/// `Exception in thread "main" a.b.C: ..`, `a.b.C: ..`, `Caused by: a.b.C: ..`, `Suppressed: ..`.
fn heading(line: &Line<'_>, text: &str) -> Option<Heading> {
    let (relation, rest) = if let Some(rest) = text.strip_prefix("Caused by: ") {
        (Relation::CausedBy, rest)
    } else if let Some(rest) = text.strip_prefix("Suppressed: ") {
        (Relation::Suppressed, rest)
    } else {
        (Relation::Root, text)
    };
    let rest = rest.strip_prefix("[CIRCULAR REFERENCE: ").unwrap_or(rest);
    let (thread, rest) = match rest.strip_prefix("Exception in thread \"") {
        Some(rest) => rest.split_once("\" ").map(|(thread, rest)| (Some(thread), rest))?,
        None => (None, rest),
    };
    let (name, message) = error_name(rest)?;
    let is_class = name.contains('.')
        || (names_error(name) && (thread.is_some() || relation != Relation::Root));
    let mut heading = Heading::new(line, text, name, message);
    heading.relation = relation;
    heading.thread = thread.map(str::to_owned);
    is_class.then_some(heading)
}

fn frame(line: &Line<'_>, text: &str) -> Option<Frame> {
    let call = text.strip_prefix("at ").filter(|_| text.len() <= MAX_FRAME)?;
    let (name, rest) = call.split_once('(')?;
    let (inside, behind) = rest.split_once(')')?;
    // `java.base/java.lang.Thread`, `app//com.example.Main`: what stands before is the module.
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name).trim();
    let is_name = name.contains('.') && !name.contains([' ', ':', '\\', '@']);
    if !is_name {
        return None;
    }
    let location = match inside.rsplit_once(':') {
        Some((file, number)) if is_source(file) => {
            Some(located(line, inside, file, (number.parse().ok(), None)))
        }
        _ if is_source(inside) => Some(located(line, inside, inside, (None, None))),
        _ if matches!(inside, "Native Method" | "Unknown Source" | "<generated>")
            || inside.is_empty() =>
        {
            None
        }
        _ => return None,
    };
    let jar =
        behind.trim().trim_start_matches('~').strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let package = jar.and_then(package);
    let origin = origin(name, jar);
    let noise = origin == Origin::Std || name.contains("$$");
    let (function, span) = (Some(name.to_owned()), line.span_of(text));
    Some(Frame { function, location, package, origin, noise, span, ..Frame::default() })
}

fn is_source(file: &str) -> bool {
    const ENDINGS: [&str; 8] =
        [".java", ".kt", ".kts", ".scala", ".groovy", ".clj", ".rb", ".gradle"];
    ENDINGS.iter().any(|ending| file.ends_with(ending))
}

/// Reads `spring-aop-5.0.10.RELEASE.jar!/:5.0.10.RELEASE`.
fn package(jar: &str) -> Option<PackageRef> {
    let (file, _) = jar.split_once(".jar")?;
    let at = file.match_indices('-').map(|(at, _)| at).find(|at| {
        file.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    let (name, version) = file.split_at_checked(at)?;
    let version = version.trim_start_matches('-').to_owned();
    Some(PackageRef { name: name.to_owned(), version: Some(version) })
}

fn origin(name: &str, jar: Option<&str>) -> Origin {
    const STD: [&str; 8] =
        ["java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "scala.", "groovy.lang."];
    const PACKAGES: [&str; 26] = [
        "hudson.",
        "jenkins.",
        "akka.",
        "android.",
        "androidx.",
        "ch.qos.",
        "clojure.",
        "com.android.",
        "com.fasterxml.",
        "com.google.",
        "com.mysql.",
        "com.netflix.",
        "com.squareup.",
        "com.zaxxer.",
        "io.grpc.",
        "io.ktor.",
        "io.micrometer.",
        "io.netty.",
        "io.quarkus.",
        "io.reactivex.",
        "io.vertx.",
        "jakarta.",
        "kotlinx.",
        "net.bytebuddy.",
        "okhttp3.",
        "reactor.",
    ];
    /// Homes of libraries; the program itself may be below `org` as well.
    const ORG: [&str; 28] = [
        "apache",
        "aspectj",
        "codehaus",
        "eclipse",
        "elasticsearch",
        "glassfish",
        "gradle",
        "h2",
        "hibernate",
        "jboss",
        "jetbrains",
        "jruby",
        "json",
        "junit",
        "logstash",
        "mockito",
        "mortbay",
        "mybatis",
        "neo4j",
        "opensearch",
        "postgresql",
        "quartz",
        "scalatest",
        "slf4j",
        "springframework",
        "testng",
        "thymeleaf",
        "xerial",
    ];
    if STD.iter().any(|start| name.starts_with(start)) {
        return Origin::Std;
    }
    let below_org = name.strip_prefix("org.").and_then(|rest| rest.split('.').next());
    let is_library = jar.is_some_and(|jar| package(jar).is_some())
        || PACKAGES.iter().any(|start| name.starts_with(start))
        || below_org.is_some_and(|home| ORG.contains(&home));
    if is_library { Origin::Dependency } else { Origin::App }
}
