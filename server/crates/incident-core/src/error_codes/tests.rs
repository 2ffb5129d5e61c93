use std::collections::BTreeSet;

use super::*;

/// Explanations that fit; none may be contradicted.
const RIGHT: &[&str] = &[
    "ECONNREFUSED means that nothing is listening on port 5432.",
    "`ECONNREFUSED` is a refusal: the host answered and the connection was refused.",
    "ECONNRESET means the peer reset the connection.",
    "ECONNRESET says that the other side closed the connection in the middle.",
    "ETIMEDOUT means that no answer came in time.",
    "ETIMEDOUT indicates a firewall that drops packets rather than a refused connection.",
    "EPIPE means a broken pipe: the reader is gone.",
    "ENOENT means there is no such file.",
    "ENOENT is the code for a path that does not exist.",
    "EACCES means permission denied.",
    "EPERM indicates that the operation is not permitted.",
    "EADDRINUSE means that the port is already taken by another process.",
    "EADDRNOTAVAIL means there is no local port left, e.g. ephemeral ports are used up.",
    "EMFILE means too many open files in this process.",
    "ENOSPC means no space is left, or the inotify watches are used up.",
    "ENOMEM means the kernel ran out of memory.",
    "EEXIST means that the file already exists.",
    "EXDEV means a rename across file systems.",
    "EHOSTUNREACH means no route to the host.",
    "EAGAIN means try again: the call would block.",
    "os error 111 means connection refused.",
    "errno 28 stands for a full disk.",
    "ENOTFOUND means that the DNS lookup found no such host.",
    "EAI_AGAIN means that name resolution failed for the moment, not that the port is closed.",
    "ERR_REQUIRE_ESM means that require() met an ES module.",
    "ERR_HTTP_HEADERS_SENT means that headers were already sent.",
    "CERT_HAS_EXPIRED means that the certificate has expired.",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE means an intermediate certificate is missing.",
    "HTTP 401 means that credentials are missing.",
    "A 403 means the caller is known and access is denied.",
    "Status 404 means that the path does not exist.",
    "HTTP 409 indicates a conflict with the state of the resource.",
    "HTTP 429 Too Many Requests means that a rate limit was hit.",
    "HTTP 413 means the body is too large.",
    "A 415 means the content type is not accepted.",
    "HTTP 500 means an internal error of the server.",
    "A 502 Bad Gateway means that the gateway got an invalid response from the upstream.",
    "HTTP 503 means the service is unavailable.",
    "HTTP 504 means that the upstream did not answer in time.",
    "nginx logs 499 when the client closed the connection first.",
    "gRPC status DEADLINE_EXCEEDED means that the deadline passed.",
    "grpc status UNAVAILABLE means that the service cannot be reached now; it is unavailable.",
    "RESOURCE_EXHAUSTED means that a quota is used up.",
    "UNAUTHENTICATED is the status for missing credentials; says grpc.",
    "SQLSTATE 23505 means that a unique constraint is violated.",
    "SQLSTATE 23503 means a foreign key has no matching row.",
    "Postgres error 23502 means a null value where none may be.",
    "40P01 means that a deadlock was detected.",
    "40001 is the SQLSTATE of a serialization failure.",
    "SQLSTATE 42P01 means that the table does not exist.",
    "42703 (undefined column) comes from PostgreSQL and means the column does not exist.",
    "SQLSTATE 53300 means too many connections.",
    "TLS alert 48 means that the issuer is unknown.",
    "The alert handshake_failure means no common parameters, such as ciphers.",
    "certificate_expired means that the certificate is expired.",
    "exit code 137 means that the process was killed, mostly for memory.",
    "exit code 139 means a segmentation fault.",
    "exit status 127 means the command was not found.",
    "SIGTERM means that the process was asked to stop.",
    "Exit code 101 means that a Rust program hit a panic.",
    "The call failed with ECONNREFUSED because the pod ran out of memory and was restarted.",
    "It answered 503 since the DNS of the backend was wrong.",
    "ECONNREFUSED does not mean that DNS failed.",
];

/// Explanations that give the code another meaning; each must be contradicted.
const WRONG: &[&str] = &[
    "ECONNREFUSED means that the DNS lookup failed.",
    "ECONNREFUSED indicates that the request timed out.",
    "`ECONNREFUSED` means the password is wrong.",
    "ECONNRESET means that nothing is listening on that port.",
    "ECONNRESET is a DNS error.",
    "ETIMEDOUT means the connection was refused by the server.",
    "ETIMEDOUT says that the credentials were rejected.",
    "EPIPE means that the disk is full.",
    "EPIPE indicates a permission problem.",
    "ENOENT means that permission was denied.",
    "ENOENT indicates that the disk is full.",
    "EACCES means that the file does not exist.",
    "EACCES stands for an address that is already in use.",
    "EPERM means the process ran out of memory.",
    "EADDRINUSE means that the network is unreachable.",
    "EADDRINUSE is raised when too many open files are held.",
    "EMFILE means the file is too large.",
    "EMFILE, a permission error, comes from the container.",
    "ENOSPC means out of memory.",
    "ENOMEM means that no space is left on the disk.",
    "EEXIST means that the directory is missing.",
    "EXDEV means permission denied on the target.",
    "EHOSTUNREACH means that the certificate has expired.",
    "EAGAIN indicates that the file already exists.",
    "os error 111 means the connection timed out.",
    "errno 28 means too many open files.",
    "ENOTFOUND means that the server refused the connection.",
    "EAI_AGAIN means the port is already in use.",
    "ERR_REQUIRE_ESM means that the request timed out.",
    "ERR_HTTP_HEADERS_SENT means the header is too large.",
    "CERT_HAS_EXPIRED means that the issuer is not trusted.",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE means that the certificate has expired.",
    "ERR_TLS_CERT_ALTNAME_INVALID means the certificate is self-signed.",
    "HTTP 401 means that a rate limit was reached.",
    "A 403 means that the page was not found.",
    "Status 404 means that the user lacks permission.",
    "HTTP 409 indicates that the request timed out.",
    "HTTP 429 Too Many Requests means the server crashed.",
    "HTTP 413 means too many requests in a short time.",
    "A 415 means that the credentials are wrong.",
    "HTTP 500 means that the client sent wrong credentials.",
    "A 502 Bad Gateway means that the client is not authenticated.",
    "HTTP 503 means that the resource was not found.",
    "HTTP 504 means that the certificate is expired.",
    "HTTP 422 means the server is overloaded.",
    "DEADLINE_EXCEEDED means that a rate limit was hit.",
    "PERMISSION_DENIED means that the deadline passed.",
    "RESOURCE_EXHAUSTED means the caller has no valid credentials.",
    "grpc status UNAVAILABLE means that the method is not implemented.",
    "SQLSTATE 23505 means that a foreign key is missing.",
    "SQLSTATE 23503 means a duplicate key.",
    "Postgres error 23502 means a deadlock was detected.",
    "40P01 means that the table does not exist.",
    "SQLSTATE 42P01 means that the password is wrong.",
    "SQLSTATE 42703 means that the table does not exist.",
    "SQLSTATE 53300 means the disk is full.",
    "TLS alert 48 means that the certificate has expired.",
    "certificate_expired means that the host name does not match.",
    "exit code 137 means a segmentation fault.",
    "exit code 139 means that the process was killed by the out of memory killer.",
    "exit status 127 means that permission was denied.",
    "SIGSEGV means that the process was asked to stop.",
    "Exit code 143 means that the process ran out of memory.",
];

#[test]
fn right_explanations_stand() {
    assert!(RIGHT.len() >= 60);
    for sentence in RIGHT {
        assert_eq!(wrong_meanings(sentence), [], "{sentence}");
    }
    let named = RIGHT.iter().filter(|sentence| !find(sentence).is_empty()).count();
    assert!(named >= 60, "the codes are seen in {named}");
}

#[test]
fn wrong_explanations_are_contradicted() {
    assert!(WRONG.len() >= 60);
    let missed: Vec<&&str> =
        WRONG.iter().filter(|sentence| wrong_meanings(sentence).len() != 1).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn numbers_are_codes_only_where_the_words_say_so() {
    for text in [
        "it took 404 ms for 500 rows",
        "pool of 503 connections",
        "line 137 of main.rs",
        "we sold 23505 tickets",
        "the INTERNAL name is UNKNOWN",
        "EVERYTHING is EFFECTIVE",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn every_topic_of_a_code_can_be_spoken_of_by_some_phrase() {
    let known = meaning::known_topics();
    // Codes about which nobody writes a sentence have topics without phrases.
    let silent: BTreeSet<&str> = CODES
        .iter()
        .filter(|code| !code.topics.iter().any(|topic| known.contains(topic)))
        .map(|code| code.name)
        .collect();
    assert!(silent.len() < CODES.len() / 6, "{silent:?}");
    let lines = include_str!("codes.txt").lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(CODES.len(), lines, "every line of the table is read");
}

#[test]
fn lookups_by_name_and_by_number() {
    let names = |name| lookup(name).iter().map(|code| code.line()).collect::<Vec<_>>();
    assert_eq!(names("econnrefused").len(), 1);
    assert_eq!(names("exit 137").len(), 1);
    assert_eq!(names("111"), names("ECONNREFUSED"));
    assert_eq!(names("137").len(), 1);
    assert!(names("9").len() >= 2, "an errno and a signal");
    assert!(names("nothing").is_empty());
}

#[test]
fn a_reference_says_what_the_code_means() {
    let references = references("HTTP 503 means that the resource was not found.");
    let [reference] = references.as_slice() else { panic!("{references:?}") };
    assert_eq!(reference.verdict, crate::check::Verdict::WrongMeaning);
    assert_eq!((reference.line, reference.column, reference.end_column), (1, 6, 9));
    assert!(reference.reason.contains("Service Unavailable"), "{}", reference.reason);
}

#[test]
fn hostile_text_takes_linear_time() {
    let long = "exit code 137 ".repeat(20_000);
    assert_eq!(find(&long).len(), 20_000);
    assert!(wrong_meanings(&long).is_empty());
}
