use super::*;

const PAGE: &str = "\
# Pool exhaustion

Signals: `pool_wait_seconds` high, log lines `timed out acquiring connection`.

## First look

1. Compare `pool_in_use` with `max_size`.

## Mitigation

- Restore the last good pool values.

```sh
kubectl rollout undo deploy/edge
```

## History

We tried a longer timeout; it was rolled back the next day.
";

fn passages(markdown: &str) -> Vec<String> {
    let page = read(markdown);
    let lines =
        page.passages.iter().map(|it| format!("{}:{} {}", it.line, it.heading, it.role.as_str()));
    lines.collect()
}

#[test]
fn a_page_is_cut_at_its_headings() {
    assert_eq!(
        passages(PAGE),
        [
            "1:Pool exhaustion other",
            "5:First look diagnosis",
            "9:Mitigation mitigation",
            "17:History tried"
        ]
    );
    let page = read(PAGE);
    assert!(page.passages[2].text.contains("kubectl rollout undo"), "code stays");
    assert!(page.passages[0].text.contains("pool_wait_seconds"));
}

#[test]
fn a_front_matter_names_fingerprints() {
    let page = read(
        "---\r\ntitle: \"May outage\"\r\nfingerprints:\r\n  - 0123456789ab\r\n  - zz\r\ndate: 2026-05-01\r\n---\r\nBody\r\n",
    );
    assert_eq!(page.title, "May outage");
    assert_eq!(page.fingerprints, ["0123456789ab"]);
    assert_eq!(page.passages[0].heading, "May outage");
    assert_eq!(page.passages[0].text, "Body");
    assert_eq!(read("---\nno end").fingerprints, [""; 0]);
}

#[test]
fn any_text_is_a_page() {
    for text in [
        "",
        "\n",
        "plain",
        "# ",
        "#",
        "---\n---\n",
        "```\nopen fence",
        "| a | b |\n|--|--|\n| c | d |",
    ] {
        let page = read(text);
        assert!(page.passages.len() <= 1, "{text:?}");
    }
    let nested = "> ".repeat(20_000) + "x";
    read(&nested);
}

fn found(path: &str, line: u32, heading: &str, role: Role, score: f64, text: &str) -> Retrieved {
    Retrieved {
        path: path.to_owned(),
        line,
        heading: heading.to_owned(),
        role,
        score,
        text: text.to_owned(),
        same_fingerprint: false,
    }
}

#[test]
fn what_to_do_comes_before_what_matched() {
    let question = Question::of_text("timed out acquiring connection after 250 ms pool_in_use");
    let hits = rank(
        vec![
            found("pool.md", 1, "Pool", Role::Other, 4.0, "timed out acquiring connection"),
            found("pool.md", 9, "Mitigation", Role::Mitigation, 0.0, "Restore the pool"),
            found("pool.md", 20, "Tried", Role::Tried, 0.5, "longer timeout"),
            found("cache.md", 1, "Cache", Role::Other, 1.0, "connection refused after a stampede"),
        ],
        &question,
    );
    let shown: Vec<String> = hits.iter().map(|it| format!("{}:{}", it.path, it.heading)).collect();
    assert_eq!(shown, ["pool.md:Mitigation", "pool.md:Tried", "pool.md:Pool"]);
}

#[test]
fn one_shared_word_is_chance() {
    let question = Question::of_text("connection lost to the billing host");
    let hits = rank(
        vec![found("db.md", 1, "Backups", Role::Other, 3.0, "a connection string is needed")],
        &question,
    );
    assert_eq!(hits, []);
}

#[test]
fn the_same_fingerprint_comes_first() {
    let question = Question::of_text("timed out acquiring connection");
    let mut known = found("post/2026-05.md", 1, "May", Role::Other, 0.1, "x");
    known.same_fingerprint = true;
    let other = found("pool.md", 1, "Pool", Role::Other, 9.0, "timed out acquiring connection");
    let hits = rank(vec![other, known], &question);
    assert_eq!(hits[0].path, "post/2026-05.md");
}

#[test]
fn questions_keep_names_whole() {
    let question =
        Question::of_text("Pool::acquire: acquire_timeout_ms 250 The thread main panicked");
    assert_eq!(question.names().collect::<Vec<_>>(), ["Pool::acquire", "acquire_timeout_ms"]);
    assert_eq!(question.words().collect::<Vec<_>>(), ["pool", "acquire", "timeout"]);
}
