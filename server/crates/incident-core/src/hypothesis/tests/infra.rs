//! What a service stands on: each family by the words of drivers, kernels and services, and ties to
//! changed settings and metrics.

use super::*;
use crate::hypothesis::signatures::infra;
use crate::metrics;

/// Reads a log alone, and tells the families of its hypotheses.
fn families(message: &str) -> String {
    let world = log_world(&format!("//- log\n2026-03-03T14:05:00Z ERROR svc::io: {message}\n"));
    let proposed = from_signatures(&world.input());
    let names = proposed.iter().map(|it| match &it.origin {
        HypothesisOrigin::Signature(name) => *name,
        HypothesisOrigin::Model(_) => "model",
    });
    names.collect::<Vec<&str>>().join(" ")
}

/// A fixture without a trace: the log is the incident.
fn log_world(fixture: &str) -> World {
    let mut world = world(fixture);
    let suspects = world.incident.suspects.clone();
    let incident = crate::incident::burst(&world.logs, &[]);
    world.incident = incident.expect("the log has errors").with_suspects(suspects, None);
    for commit in world.history.commits.iter() {
        let changes = commit.files.iter().flat_map(crate::config_changes::from_hunks).collect();
        world.history.config.insert(commit.id.clone(), changes);
    }
    world
}

#[test]
fn drivers_and_kernels_are_understood() {
    let cases = [
        ("QueuePool limit of size 5 overflow 10 reached, connection timed out", "pool-exhausted"),
        ("FATAL: sorry, too many clients already", "pool-exhausted"),
        ("Knex: Timeout acquiring a connection. The pool is probably full", "pool-exhausted"),
        ("dial tcp: lookup db.internal on 10.0.0.2:53: no such host", "name-resolution"),
        ("getaddrinfo EAI_AGAIN redis", "name-resolution"),
        ("x509: certificate signed by unknown authority", "certificate-invalid"),
        ("SSL: CERTIFICATE_VERIFY_FAILED", "certificate-invalid"),
        ("accept4: too many open files; retrying in 5ms", "retry-storm"),
        ("open /etc/app.toml: Too many open files (os error 24)", "file-descriptors-exhausted"),
        ("Reached heap limit Allocation failed - JavaScript heap out of memory", "out-of-memory"),
        ("worker 7 exited with code 137", "out-of-memory"),
        ("write /var/lib/app/wal: no space left on device", "disk-full"),
        ("ERROR: deadlock detected", "database-contention"),
        ("could not serialize access due to concurrent update", "database-contention"),
        ("column users.tier does not exist", "schema-mismatch"),
        ("json: cannot unmarshal string into Go struct field Order.total", "decode-error"),
        ("missing field `currency` at line 1 column 80", "decode-error"),
        ("JWT rejected: token used before issued", "clock-skew"),
        ("RejectedExecutionException: Task rejected from ThreadPoolExecutor", "executor-starved"),
        ("429 from billing: Too Many Requests", "rate-limited"),
        ("connect ECONNREFUSED 10.0.0.1:5432", "connection-refused"),
        ("read ECONNRESET", "connection-reset"),
        ("mailbox of actor orders is full", "backpressure"),
        ("context deadline exceeded", "timeout"),
        ("order 4711 has no customer", ""),
    ];
    let told: Vec<(&str, String)> = cases.iter().map(|(it, _)| (*it, families(it))).collect();
    let right: Vec<(&str, String)> = cases.iter().map(|(a, b)| (*a, (*b).to_owned())).collect();
    assert_eq!(told, right);
}

#[test]
fn symptoms_of_one_change_are_one_claim() {
    let mut world = log_world(
        "//- /conf/db.yaml
db:
  checkout_timeout_ms: 300
  connections: 5
  label: main
//- commit Tune the database client
--- a/conf/db.yaml
+++ b/conf/db.yaml
@@ -1,4 +1,4 @@
 db:
-  checkout_timeout_ms: 5000
-  connections: 40
+  checkout_timeout_ms: 300
+  connections: 5
   label: main
//- log
2026-03-03T14:05:00Z ERROR ledger::db: no connections available after 300 ms
2026-03-03T14:05:01Z ERROR ledger::db: no connections available after 300 ms
2026-03-03T14:05:02Z ERROR ledger::intake: intake queue is full, 900 pending
",
    );
    let answer = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":
        {"__name__":"db_connections_busy"},"values":[VALUES]}]}}"#;
    let value = |at: i32| if at < 40 { 2 } else { 5 };
    let values: Vec<String> =
        (0..80).map(|at| format!("[{},\"{}\"]", 1_772_546_100 + at * 15, value(at))).collect();
    let text = answer.replace("VALUES", &values.join(","));
    let input = RawInput { name: "busy.json".to_owned(), text };
    world.incident.metrics = metrics::read(&[input], &Cancel::new()).0.changes;
    let input = world.input();
    let checked = verify(from_signatures(&input), &input);
    let mut out = String::new();
    checked.iter().for_each(|it| render(it.hypothesis(), &mut out));
    assert_eq!(cause_class(checked.first()), "config");
    expect![[r#"
        The connection pool runs dry: checkout_timeout_ms: 5000 -> 300, connections: 40 -> 5 [pool-exhausted 0.80]
          The log says `no connections available after <*> ms` 2 times since 14:05.
          Commit aaa0123 (Tune the database client) changed checkout_timeout_ms: 5000 -> 300, connections: 40 -> 5.
          Every connection is taken, so that callers wait for one until they give up.
          The messages hold the new value of checkout_timeout_ms, 300.
          The metric db_connections_busy went 2 -> 5 at 14:05:00.
          L1: 2026-03-03T14:05:00Z ERROR ledger::db: no connections available after 300 ms
          H1: +  checkout_timeout_ms: 300
          H1: +  connections: 5
          N1: db_connections_busy 2 -> 5 at 14:05:00
          fix: Undo what commit aaa0123 changed here
            -  checkout_timeout_ms: 300
            -  connections: 5
            +  checkout_timeout_ms: 5000
            +  connections: 40
          note: May follow from it: a queue is full and turns work away.
    "#]].assert_eq(&out);
}

#[test]
fn what_only_describes_brings_nothing_about() {
    let world = log_world(
        "//- /conf/pool.yaml
pool:
  name: main
//- commit Name the pool
--- a/conf/pool.yaml
+++ b/conf/pool.yaml
@@ -1,2 +1,2 @@
 pool:
-  name: primary
+  name: main
//- log
2026-03-03T14:05:00Z ERROR ledger::db: connection pool exhausted
",
    );
    let proposed = from_signatures(&world.input());
    assert!(proposed.iter().all(|it| it.evidence.iter().all(|it| it.kind == EvidenceKind::Log)));
    assert_eq!(cause_class(verify(proposed, &world.input()).first()), "load");
    assert_eq!(infra::cause_class("disk-full"), Some("infrastructure"));
}
