use std::fmt::Write as _;
use std::io::BufReader;

use expect_test::{Expect, expect};
use tower_lsp::jsonrpc::Id;

use super::{Frame, FrameReader, Incoming, parse};

fn check_frames(stream: &[u8], expected: &Expect) {
    // A reader that gives a byte at a time stands for every way in which a pipe may cut.
    for capacity in [1, 7, 8192] {
        let mut reader =
            FrameReader::new(BufReader::with_capacity(capacity, stream)).with_limit(64);
        let mut seen = String::new();
        while let Some(frame) = reader.next_frame().expect("a slice can be read") {
            match frame {
                Frame::Body(body) => writeln!(seen, "body {}", String::from_utf8_lossy(&body)),
                Frame::TooLong { n_bytes } => writeln!(seen, "too long {n_bytes}"),
                Frame::BadHeader => writeln!(seen, "bad header"),
            }
            .expect("a string can be written");
        }
        expected.assert_eq(&seen);
    }
}

#[test]
fn frames_follow_each_other() {
    check_frames(
        b"Content-Length: 2\r\n\r\n{}content-length:4\r\nContent-Type: x/y; charset=utf-8\r\n\r\nnull",
        &expect![[r"
            body {}
            body null
        "]],
    );
}

#[test]
fn bare_line_feeds_and_empty_lines_do_no_harm() {
    check_frames(
        b"\r\n\nContent-Length: 2\n\n{}\r\n\r\nContent-Length:   2  \r\n\r\n[]",
        &expect![[r"
            body {}
            body []
        "]],
    );
}

#[test]
fn reading_goes_on_behind_garbage() {
    check_frames(
        b"GET / HTTP/1.1\nHello?\n\nContent-Length: 2\r\n\r\n{}\x00\xff\r\n\r\nContent-Length: 2\r\n\r\n[]",
        &expect![[r"
            bad header
            body {}
            bad header
            body []
        "]],
    );
}

#[test]
fn a_length_that_is_none_is_a_bad_header() {
    for length in ["-1", "abc", "", "99999999999999999999999", "18446744073709551615"] {
        let stream = format!("Content-Length: {length}\r\n\r\n{{}}Content-Length: 2\r\n\r\n[]");
        check_frames(
            stream.as_bytes(),
            &expect![[r"
                bad header
                body []
            "]],
        );
    }
}

#[test]
fn a_body_that_is_longer_than_told_costs_only_itself() {
    check_frames(
        b"Content-Length: 3\r\n\r\n{\"a\":1}Content-Length: 2\r\n\r\n{}",
        &expect![[r#"
            body {"a
            body {}
        "#]],
    );
}

#[test]
fn a_body_over_the_limit_is_skipped() {
    let stream =
        format!("Content-Length: 65\r\n\r\n{}Content-Length: 2\r\n\r\n{{}}", "x".repeat(65));
    check_frames(
        stream.as_bytes(),
        &expect![[r"
            too long 65
            body {}
        "]],
    );
}

#[test]
fn input_that_ends_inside_a_frame_ends() {
    for stream in ["", "Content-Le", "Content-Length: 5\r\n\r\n{", "Content-Length: 99\r\n\r\n{"] {
        check_frames(stream.as_bytes(), &expect![[""]]);
    }
}

fn check_message(body: &str, expected: &Expect) {
    let seen = match parse(body.as_bytes()) {
        Ok(Incoming::Request(request)) => {
            let id = request.id().map_or("-".to_owned(), Id::to_string);
            let params = request.params().map_or("-".to_owned(), ToString::to_string);
            format!("request {} id {id} params {params}", request.method())
        }
        Ok(Incoming::Response(response)) => format!("response {response:?}"),
        Err(rejected) => serde_json::to_string(&rejected.response).expect("a response is JSON"),
    };
    expected.assert_eq(&seen);
}

#[test]
fn shutdown_takes_null_and_empty_params() {
    for params in ["", r#","params":null"#, r#","params":{}"#] {
        check_message(
            &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shutdown"{params}}}"#),
            &expect!["request shutdown id 1 params -"],
        );
    }
}

#[test]
fn initialized_may_come_without_params() {
    check_message(
        r#"{"jsonrpc":"2.0","method":"initialized"}"#,
        &expect!["request initialized id - params {}"],
    );
}

#[test]
fn what_is_no_json_gets_a_parse_error() {
    check_message(
        r#"{"jsonrpc":"2.0","id":1"#,
        &expect![[
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"message is not JSON: EOF while parsing an object at line 1 column 23"},"id":null}"#
        ]],
    );
    let deep = "[".repeat(100_000);
    assert!(parse(deep.as_bytes()).is_err(), "nesting is bounded");
}

#[test]
fn what_is_no_message_gets_an_invalid_request() {
    let bodies = [
        "[]",
        "1",
        "{}",
        r#"{"method":1}"#,
        r#"{"id":1.5,"method":"x"}"#,
        r#"{"id":null,"method":"x"}"#,
    ];
    for body in bodies {
        let Err(rejected) = parse(body.as_bytes()) else { panic!("{body} was taken") };
        let error = rejected.response.error().expect("it is an error");
        assert_eq!(error.code.code(), -32600, "{body}");
    }
}

#[test]
fn a_response_may_leave_out_its_null_result() {
    check_message(
        r#"{"jsonrpc":"2.0","id":0}"#,
        &expect![[r#"response Response { jsonrpc: Version, result: Null, id: Number(0) }"#]],
    );
    check_message(
        r#"{"id":"a","error":{"code":-32601,"message":"no","more":1}}"#,
        &expect![[
            r#"response Response { jsonrpc: Version, error: Error { code: MethodNotFound, message: "no", data: None }, id: String("a") }"#
        ]],
    );
}
