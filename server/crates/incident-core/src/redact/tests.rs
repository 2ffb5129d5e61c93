use expect_test::{Expect, expect};

use super::*;

/// A made-up secret, put together here so that scanners of repositories do not take it for one.
fn made_up(parts: &[&str]) -> String {
    parts.concat()
}

fn check(text: &str, expected: Expect) {
    let redacted = redact(text);
    expected.assert_eq(&redacted.text);
    assert_eq!(redacted.restore(&redacted.text), text);
    assert_eq!(redact(&redacted.text).text, redacted.text, "a second time changes nothing");
}

#[track_caller]
fn hidden(secret: &str, around: &str, kind: &str) {
    let text = around.replace("{}", secret);
    let redacted = redact(&text);
    assert_eq!(redacted.text, around.replace("{}", &format!("<secret:{kind}:1>")), "{text}");
    assert_eq!(redacted.restore(&redacted.text), text);
}

#[test]
fn every_pattern_compiles() {
    let (compiled, all) = patterns::n_compiled();
    assert_eq!(compiled, all);
}

#[test]
fn keys_of_known_forms() {
    let long = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5";
    for (secret, kind) in [
        (made_up(&["AKIA", "IOSFODNN7EXAMPLE"]), "aws-key"),
        (made_up(&["gh", "p_", long]), "github-token"),
        (made_up(&["github", "_pat_", long]), "github-token"),
        (made_up(&["glp", "at-", long]), "gitlab-token"),
        (made_up(&["sk_", "live_", long]), "stripe-key"),
        (made_up(&["xo", "xb-1234567890-", long]), "slack-token"),
        (made_up(&["AI", "za", &long[..35]]), "google-key"),
        (made_up(&["sk-", "ant-", long]), "model-key"),
        (made_up(&["eyJhbGciOiJ9", ".eyJzdWIiOiIxIn0", ".c2lnbmF0dXJl"]), "jwt"),
    ] {
        hidden(&secret, "used {} here", kind);
        hidden(&secret, "{\"key\": \"{}\"}".replace("{\"", "{ \"").as_str(), kind);
    }
}

#[test]
fn headers_and_links() {
    hidden("dXNlcjpwYXNz", "Authorization: Basic {}\n", "authorization");
    hidden("abcd1234efgh5678ijkl", "-H 'authorization: Bearer {}'", "authorization");
    hidden("sid=abc123; theme=dark", "Cookie: {}\r\nHost: x", "cookie");
    hidden("hunter2!", "postgres://app:{}@db.internal:5432/app", "password");
    hidden("p%40ss", "redis://:{}@cache", "password");
}

#[test]
fn names_and_values() {
    for around in [
        "DB_PASSWORD={}",
        "export API_KEY={}\nPATH=/bin",
        "{\"client_secret\": \"{}\", \"id\": 1}",
        "password = \"{}\"",
        "access_token: '{}'",
        "GET /cb?token={}&state=1",
        "host=db password={} user=app",
        "\\\"apiKey\\\":\\\"{}\\\"",
        "secret: {}",
    ] {
        hidden("s3cr3t-value-9", around, "secret");
    }
}

#[test]
fn private_keys_whole_and_cut() {
    let head = made_up(&["-----BEGIN RSA ", "PRIVATE KEY-----"]);
    let end = made_up(&["-----END RSA ", "PRIVATE KEY-----"]);
    let key = format!("{head}\nMIIEpAIBAAKCAQEA\nabcd+/==\n{end}");
    hidden(&key, "key:\n{}\ndone.", "private-key");
    hidden(&format!("{head}\nMIIEpAIBAAKC"), "{}", "private-key");
    hidden(&format!("{head}\\nMIIEpAIBAAKC\\n{end}"), "\"{}\"", "private-key");
}

#[test]
fn people_and_cards() {
    hidden("ada.lovelace@example.org", "mail to {} bounced", "email");
    hidden("4111 1111 1111 1111", "card {} declined", "card");
    hidden("378282246310005", "card={}", "card");
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for text in [
        "commit 0f27565b1c9d4e5f6a7b8c9d0e1f2a3b4c5d6e7f and 4111111",
        "request 550e8400-e29b-41d4-a716-446655440000 took 1700000000000 ms",
        "trace 4111111111111112 span 00f067aa0ba902b7",
        "serde 1.0.203 at /home/user/.cargo/registry/src/serde-1.0.203/src/de.rs:12:5",
        "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
        "let token = self.tokens.next();",
        "fn login(password: &str, token: Option<String>) -> Result<Session>",
        "error: expected token: identifier",
        "token: unexpected end of input, PWD=/srv/app",
        "password=${DB_PASSWORD} token=<redacted> secret=******",
        "max_tokens=4096, token_count: 123456789, tokens = 99999999",
        "git clone git@github.com:serde-rs/serde.git",
        "getty@tty1.service failed; logo@2x.png; memcpy@GLIBC_2.14",
        "https://example.org:8080/a?b=c",
        "Authorization: required",
        "called `Option::unwrap()` on a `None` value",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "",
    ] {
        assert_eq!(redact(text).text, text);
    }
}

#[test]
fn one_secret_has_one_name_in_all_texts() {
    let mut redactor = Redactor::default();
    assert_eq!(redactor.redact("password=hunter22"), "password=<secret:secret:1>");
    assert_eq!(redactor.redact("password=other333"), "password=<secret:secret:2>");
    let third = redactor.redact("again password=hunter22");
    assert_eq!(third, "again password=<secret:secret:1>");
    assert_eq!(redactor.restore(&third), "again password=hunter22");
    assert!(!format!("{redactor:?}").contains("hunter22"), "debug output ends in logs");
}

#[test]
fn a_placeholder_in_the_text_is_not_taken_for_one_of_ours() {
    check(
        "note <secret:secret:1> password=hunter22",
        expect!["note <secret:secret:1> password=<secret:secret:2>"],
    );
}

#[test]
fn many_in_one_line() {
    check(
        "user ada@example.org password=hunter22 url https://a:b3c4d@h/ again ada@example.org",
        expect![
            "user <secret:email:1> password=<secret:secret:1> url https://a:<secret:password:1>@h/ again <secret:email:1>"
        ],
    );
}

#[test]
fn hostile_text_ends_soon() {
    for piece in
        ["password=", "eyJ", "-----BEGIN PRIVATE KEY-----", "a@a.", "4111 ", "://a:", "\u{0}é\"'"]
    {
        let text = piece.repeat(20_000);
        let redacted = redact(&text);
        assert_eq!(redacted.restore(&redacted.text), text);
    }
}
