use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{Query, StatementIndex, index_file};

/// Reads one file and shows its statements, one a line.
fn check(path: &str, text: &str, expected: Expect) {
    let file = index_file(path, text);
    let mut shown = String::new();
    for it in &file.statements {
        let level = it.level.as_deref().unwrap_or("-");
        shown.push_str(&format!("{} {:?} {level} {}", it.line, it.kind, it.pattern.template()));
        let names: Vec<&str> = it.pattern.names().collect();
        if !names.is_empty() {
            shown.push_str(&format!(" ({})", names.join(" | ")));
        }
        if !it.fields.is_empty() {
            shown.push_str(&format!(" +{}", it.fields.join(",")));
        }
        for (mark, value) in [("@", &it.logger), ("!", &it.error_type), ("in ", &it.function)] {
            if let Some(value) = value {
                shown.push_str(&format!(" {mark}{value}"));
            }
        }
        shown.push('\n');
    }
    expected.assert_eq(&shown);
}

#[test]
fn rust_macros_calls_and_attributes() {
    check(
        "src/pool.rs",
        r####"
use tracing::{error, info};
#[derive(thiserror::Error)]
enum PoolError {
    #[error("no connection to {host} after {0:?}")]
    Dial(u32),
}
fn acquire(&self) -> anyhow::Result<()> {
    info!(target: "pool::audit", host = %self.host, ?slot, "acquired {} of {max:>3}", self.used());
    log::warn!("{{braces}} \"quoted\" line one\nline two {x}");
    tokio::select! {
        _ = tick() => error!(%err, "tick \
            failed"),
    }
    let socket = dial(host).context("dial failed")?;
    let parsed = raw.parse::<u64>().expect("a number");
    anyhow::ensure!(parsed > 3, "too small: {parsed}");
    if gone { bail!("{} is gone", name) }
    tracing::event!(Level::DEBUG, "event seen");
    panic!(r#"raw "panic" {why}"#);
    println!("{}", nothing_to_tell_by);
    io::Error::new(ErrorKind::Other, "disk went away")
}
"####,
        expect![[r#"
            5 Error - no connection to <*> after <*> (host | )
            9 Log info acquired <*> of <*> (self.used() | max) +host,slot @pool::audit in acquire
            10 Log warn {braces} "quoted" line one<*> () in acquire
            12 Log error tick failed +err in acquire
            15 Error - dial failed in acquire
            16 Panic - a number in acquire
            17 Error - too small: <*> (parsed) in acquire
            18 Error - <*> is gone (name) in acquire
            19 Log debug event seen in acquire
            20 Panic - raw "panic" <*> (why) in acquire
            22 Error - disk went away !Error in acquire
        "#]],
    );
}

#[test]
fn javascript_loggers_and_errors() {
    check(
        "src/pool.js",
        r#"
const acquire = async (host) => {
  log.info({ host, port: 1 }, `acquired ${host} in ${await took()} ms`);
  this.logger.warn('waited %d ms for %s', ms, host);
  console.error('failed:', err, 'after ' + n + ' tries');
  logger.info("done", { took: 3 });
  if (gone) throw new PoolError(`pool ${name} is gone`);
};
class PoolError extends Error {
  constructor(host) { super('cannot reach ' + host); }
}
"#,
        expect![[r#"
            3 Log info acquired <*> in <*> ms (host | await took()) +host,port in acquire
            4 Log warn waited <*> ms for <*> (ms | host) in acquire
            5 Log error failed: <*> after <*> tries (err | n) in acquire
            6 Log info done +took in acquire
            7 Error - pool <*> is gone (name) !PoolError in acquire
            10 Error - cannot reach <*> (host) !PoolError in constructor
        "#]],
    );
    check(
        "src/pool.ts",
        "export class Pool { close(): void { this.log.debug(`closed ${this.n as number} sockets`); } }",
        expect![[r#"
            1 Log debug closed <*> sockets (this.n as number) in close
        "#]],
    );
}

#[test]
fn python_logging_and_raise() {
    check(
        "gateway/pool.py",
        r#"
logger = logging.getLogger("gateway.pool")
def acquire(host):
    logger.info("acquired %s after %.2f ms (%d%%)", host, ms, share)
    logger.error(f"lost {host!r} {{now}}", exc_info=True)
    logging.warning("{} waiters".format(n))
    log.info("pool ready", size=3)
    print("listening on", port, file=sys.stderr)
    raise PoolError("no slot in %s" % name)
    raise ValueError(
        f"bad size {size}"
        " for the pool"
    ) from err
"#,
        expect![[r#"
            4 Log info acquired <*> after <*> ms (<*>%) (host | ms | share) @gateway.pool in acquire
            5 Log error lost <*> {now} (host) @gateway.pool in acquire
            6 Log warn <*> waiters (n) @gateway.pool in acquire
            7 Log info pool ready +size @gateway.pool in acquire
            8 Print - listening on <*> (port) in acquire
            9 Error - no slot in <*> (name) !PoolError in acquire
            10 Error - bad size <*> for the pool (size) !ValueError in acquire
        "#]],
    );
}

#[test]
fn go_and_java() {
    check(
        "pool/pool.go",
        r#"package pool
func (p *Pool) Acquire() error {
	log.Printf("acquired %s of %d", host, max)
	slog.Info("pool ready", "size", n, slog.String("host", h))
	klog.ErrorS(err, "dial failed", "host", host)
	log.Error().Err(err).Msg("closed early")
	return fmt.Errorf("acquire %q: %w", name, err)
	return errors.Wrap(err, "no slot")
}
"#,
        expect![[r#"
            3 Log - acquired <*> of <*> (host | max) in Acquire
            4 Log info pool ready +size,host in Acquire
            5 Log error dial failed +host in Acquire
            6 Log error closed early in Acquire
            7 Error - acquire <*>: <*> (name | err) in Acquire
            8 Error - no slot: <*> (err) in Acquire
        "#]],
    );
    check(
        "src/Pool.java",
        r#"class Pool {
  void acquire() {
    log.info("acquired {} of {}", host, max);
    LOG.error("lost " + host + " after " + ms + " ms", e);
    throw new IllegalStateException(String.format("no slot in %s", name));
  }
}
"#,
        expect![[r#"
            3 Log info acquired <*> of <*> (host | max) in acquire
            4 Log error lost <*> after <*> ms (host | ms) in acquire
            5 Error - no slot in <*> (name) !IllegalStateException in acquire
        "#]],
    );
}

fn index(files: &[(&str, &str)]) -> StatementIndex {
    StatementIndex::new(files.iter().map(|(path, text)| Arc::new(index_file(path, text))).collect())
}

/// Shows what is found for a message, the likeliest first.
fn find(index: &StatementIndex, query: &Query<'_>) -> String {
    let found = index.find(query);
    let show = |it: &super::StatementMatch| {
        let values: Vec<String> = it.values.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let tied = if it.is_tied { " tied" } else { "" };
        let line = it.placed.statement().line;
        format!("{}:{line}{tied} {}\n", it.placed.path(), values.join(" "))
    };
    found.iter().map(show).collect()
}

#[test]
fn the_target_tells_like_statements_apart() {
    let index = index(&[
        ("src/storage/a.rs", "fn f() { log::error!(\"write failed: {}\", err); }"),
        ("src/storage/b.rs", "fn f() { log::error!(\"write failed: {}\", err); }"),
    ]);
    let query = Query {
        message: "write failed: No space left",
        target: Some("gateway::storage::b"),
        level: Some("ERROR"),
    };
    expect![[r#"
        src/storage/b.rs:1 err=No space left
        src/storage/a.rs:1 err=No space left
    "#]]
    .assert_eq(&find(&index, &query));
    expect![[r#"
        src/storage/a.rs:1 tied err=No space left
        src/storage/b.rs:1 tied err=No space left
    "#]]
    .assert_eq(&find(&index, &Query { target: None, ..query }));
}

#[test]
fn the_statement_that_says_more_comes_first() {
    let index = index(&[(
        "src/main.rs",
        "fn f() {\n error!(\"request failed: {}\", err);\n bail!(\"timeout after {s}s\");\n \
         error!(\"request failed: timeout after {s}s\"); info!(\"{}: {}\", a, b);}",
    )]);
    let query = Query { message: "request failed: timeout after 3s", ..Query::default() };
    expect![[r#"
        src/main.rs:4 s=3
        src/main.rs:2 err=timeout after 3s
        src/main.rs:3 s=3
    "#]]
    .assert_eq(&find(&index, &query));
}

#[test]
fn fields_and_error_types_are_no_part_of_the_message() {
    let index = index(&[
        ("a.rs", "fn f() { info!(method, status, \"request completed\"); }"),
        ("b.js", "function f() { throw new CacheError(`shard ${n} is poisoned`); }"),
    ]);
    let with_fields = Query {
        message: "request completed method=GET status=200 path=\"/a b\"",
        ..Query::default()
    };
    assert_eq!(find(&index, &with_fields), "a.rs:1 \n");
    let json = Query { message: "request completed {\"method\":\"GET\"}", ..Query::default() };
    assert_eq!(find(&index, &json), "a.rs:1 \n");
    let thrown = Query { message: "CacheError: shard 7 is poisoned", ..Query::default() };
    assert_eq!(find(&index, &thrown), "b.js:1 n=7\n");
    let other = Query { message: "nothing of the kind", ..Query::default() };
    assert_eq!(find(&index, &other), "");
}

#[test]
fn hostile_sources_and_messages_end() {
    let deep = "a(".repeat(20_000) + "log.info('x y z'" + &")".repeat(20_000);
    let sum = "'a' + ".repeat(5_000);
    let sources = [
        "error!(\"unterminated {",
        "#[error(",
        "panic!(\"\\u{110000} \\x {}}\", ",
        "log.error('%(', `${`)",
        "raise E(f\"{\")",
        "\u{0}\u{feff}println!(\"\\",
        &deep,
        &format!("console.log({sum} 'end');"),
    ];
    for ending in ["rs", "js", "ts", "tsx", "py", "go", "java"] {
        for source in sources {
            let file = index_file(&format!("a.{ending}"), source);
            let index = StatementIndex::new(vec![Arc::new(file)]);
            for message in ["", "x y z", ": : : :", "a=\"b c", "\u{0}", &": ".repeat(10_000)] {
                index.find(&Query { message, ..Query::default() });
            }
        }
    }
}
