//! A stub server on a raw socket that breaks its answers in every way that is known of servers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::reply::{Finish, ReplyError, read};
use serde_json::json;

use super::*;
use crate::command::Environment;

/// No test may take longer, back-off included.
const LIMIT: Duration = Duration::from_secs(12);

const ANSWER: &str = r#"{"hypotheses":[]}"#;

/// What the stub does with the n-th connection, from 0.
type Act = dyn Fn(usize, &mut TcpStream) + Send + Sync;

struct Stub {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

fn stub(act: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (seen, act): (_, Arc<Act>) = (Arc::clone(&bodies), Arc::new(act));
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let (seen, act) = (Arc::clone(&seen), Arc::clone(&act));
            std::thread::spawn(move || {
                seen.lock().unwrap().push(body(&mut stream));
                act(at, &mut stream);
            });
        }
    });
    Stub { url, bodies }
}

/// Reads one request and returns its body.
fn body(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.lines().find_map(|it| it.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |it| it.trim().parse().unwrap());
            if bytes.len() >= head + 4 + length {
                return bytes[head + 4..].to_vec();
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return bytes,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
        }
    }
}

fn status(code: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A stream as its events say, without an end of its own.
fn stream(events: &[String]) -> String {
    let events: String = events.iter().map(|it| format!("data: {it}\n\n")).collect();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}"
    )
}

fn text(text: &str) -> String {
    json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] }).to_string()
}

fn stop(reason: &str) -> String {
    json!({ "choices": [{ "delta": {}, "finish_reason": reason }] }).to_string()
}

fn whole() -> String {
    stream(&[text(ANSWER), stop("stop"), "[DONE]".to_owned()])
}

fn choice(asked: &str, url: &str) -> Choice {
    let environment = Environment::default().with("OPENAI_API_KEY", "key-of-a-test");
    let settings =
        ModelSettings { timeout: Some(Duration::from_secs(2)), ..ModelSettings::default() };
    Choice::of(asked, Some(url), &settings, &environment).unwrap()
}

fn question() -> Question {
    Question {
        system: "rules".to_owned(),
        turns: vec![Turn { by_model: false, text: "why?".to_owned() }],
        schema: incident_core::reply::schema(&[]),
        max_tokens: 100,
    }
}

fn asked(asked: &str, stub: &Stub) -> Result<Asked, ModelError> {
    let began = Instant::now();
    let answer = ask(&question(), &choice(asked, &stub.url), &Cancel::new(), &mut |_| {});
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    answer
}

/// Checks that one way of breaking ends in a sentence that holds `words`.
#[track_caller]
fn fails(words: &str, act: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) {
    let stub = stub(act);
    let sentence = asked("openai/m", &stub).unwrap_err().to_string();
    assert!(sentence.contains(words), "{sentence}");
    assert!(sentence.lines().count() == 1 && sentence.len() < 400, "{sentence}");
    assert!(!sentence.contains("key-of-a-test"), "{sentence}");
}

fn send(stream: &mut TcpStream, text: &str) {
    // The client may have left: that is its right.
    let _ = stream.write_all(text.as_bytes());
}

#[test]
fn a_whole_stream_is_an_answer() {
    let stub = stub(|_, it| send(it, &whole()));
    let answer = asked("openai/m", &stub).unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.finish, answer.n_tries),
        (ANSWER, Finish::Complete, 1)
    );
    let sent = stub.bodies.lock().unwrap().clone();
    let shown = request(&question(), &choice("openai/m", &stub.url), Form::Schema);
    assert_eq!(sent, [shown.body], "what is shown is what is sent");
}

#[test]
fn statuses_are_said_in_words() {
    let said = |code, words| {
        fails(words, move |_, it| {
            send(it, &status(code, "", r#"{"error":{"message":"own words"}}"#))
        })
    };
    said(401, "does not accept the key");
    said(403, "may not use m");
    said(404, "does not know m");
    said(418, "own words");
    fails("redirect", |_, it| send(it, &status(302, "location: http://127.0.0.1:9/\r\n", "")));
    fails("down or overloaded", |_, it| send(it, &status(500, "retry-after: 0\r\n", "{}")));
    fails("down or overloaded", |_, it| send(it, &status(503, "retry-after: 0\r\n", "not json")));
    fails("in time", |_, it| send(it, &status(408, "retry-after: 0\r\n", "")));
    fails("limit of requests", |_, it| send(it, &status(429, "retry-after: 3600\r\n", "{}")));
    fails("limit of requests", |_, it| send(it, &status(429, "", "{}")));
}

#[test]
fn a_wait_that_the_server_asks_for_is_kept() {
    for busy in [
        status(429, "retry-after: 0\r\n", ""),
        status(
            429,
            "",
            r#"{"error":{"message":"quota","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.2s"}]}}"#,
        ),
        status(503, "", "{}"),
    ] {
        let stub = stub(move |at, it| send(it, &if at == 0 { busy.clone() } else { whole() }));
        assert_eq!(asked("openai/m", &stub).unwrap().n_tries, 2);
        assert_eq!(stub.bodies.lock().unwrap().len(), 2);
    }
}

#[test]
fn broken_streams_are_no_answers() {
    let half = || stream(&[text("{\"hypo")]);
    fails("counts as cut", move |_, it| send(it, &half()));
    fails("before it had said anything", |_, it| send(it, &stream(&[])));
    fails("no stream of events", |_, it| send(it, &status(200, "", ANSWER)));
    fails("no stream of events", |_, it| {
        send(it, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>");
    });
    fails("no JSON", |_, it| send(it, &stream(&["{\"choices\"".to_owned()])));
    fails("own words", |_, it| {
        send(it, &stream(&[text("{"), json!({ "error": { "message": "own words" } }).to_string()]));
    });
    fails("out of order", |_, it| send(it, &stream(&[stop("stop"), text(ANSWER)])));
    // Chunked, and cut before its last chunk.
    fails("broke the connection off", |_, it| {
        let event = format!("data: {}\n\n", text("{"));
        send(
            it,
            &format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{event}\r\n",
                event.len()
            ),
        );
    });
    // Reset before the head.
    fails("127.0.0.1", |_, it| drop(it.shutdown(std::net::Shutdown::Both)));
}

#[test]
fn slow_endless_and_huge_streams_end_at_a_limit() {
    fails("within", |_, it| {
        send(it, &stream(&[text("{")]));
        // Silence, until the client leaves.
        let _ = it.read(&mut [0; 64]);
    });
    fails("within", |_, it| {
        let _ = it.read(&mut [0; 64]);
    });
    // One byte at a time, for ever.
    fails("within", |_, it| {
        send(it, &stream(&[]));
        while it.write_all(b":").is_ok() {
            std::thread::park_timeout(Duration::from_millis(100));
        }
    });
    // As fast as it goes: 100 MB and more.
    fails("more than", |_, it| {
        send(it, &stream(&[]));
        let event = format!("data: {}\n\n", text(&"x".repeat(60_000)));
        while it.write_all(event.as_bytes()).is_ok() {}
    });
}

#[test]
fn doubled_chunks_refusals_and_limits_are_told_by_the_reply() {
    let reply = |events: Vec<String>| {
        let stub = stub(move |_, it| send(it, &stream(&events)));
        let answer = asked("openai/m", &stub).unwrap();
        read(&answer.text, answer.finish)
    };
    assert!(
        reply(vec![text("{\"hypo"), text("{\"hypo"), text("theses\":[]}"), stop("stop")]).is_err()
    );
    assert_eq!(reply(vec![text("no"), stop("content_filter")]), Err(ReplyError::Refused));
    assert_eq!(reply(vec![text("{\"hypotheses\":[{"), stop("length")]), Err(ReplyError::Truncated));
    assert!(reply(vec![text(ANSWER), stop("stop")]).is_ok());
}

#[test]
fn bytes_one_by_one_are_the_same_answer() {
    let stub = stub(|_, it| {
        for byte in whole().bytes() {
            let _ = it.write_all(&[byte]);
        }
    });
    assert_eq!(asked("openai/m", &stub).unwrap().text, ANSWER);
}

#[test]
fn a_server_without_schemas_is_asked_in_an_easier_form() {
    let stub = stub(|at, it| {
        let no = r#"{"error":{"message":"response_format is not supported"}}"#;
        send(it, &if at < 2 { status(400, "", no) } else { whole() });
    });
    assert_eq!(asked("openai/m", &stub).unwrap().text, ANSWER);
    let bodies = stub.bodies.lock().unwrap().clone();
    let forms = bodies.iter().map(|it| String::from_utf8_lossy(it).into_owned());
    let forms: Vec<bool> = forms.map(|it| it.contains("response_format")).collect();
    assert_eq!(forms, [true, true, false]);
}

#[test]
fn a_window_that_is_too_small_is_told_apart() {
    let stub = stub(|_, it| {
        send(
            it,
            &status(
                400,
                "",
                r#"{"error":{"type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}"#,
            ),
        );
    });
    assert!(matches!(asked("openai/m", &stub), Err(ModelError::TooLong(Some(8192)))));
}

#[test]
fn cancel_ends_it_at_once() {
    let stub = stub(|_, it| {
        send(it, &stream(&[text("{")]));
        let _ = it.read(&mut [0; 64]);
    });
    let cancel = Cancel::new();
    let began = Instant::now();
    let choice = Choice { timeout: Duration::from_secs(60), ..choice("openai/m", &stub.url) };
    let answer = ask(&question(), &choice, &cancel, &mut |_| cancel.cancel());
    assert!(matches!(answer, Err(ModelError::Http(crate::http::HttpError::Cancelled))));
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn gemini_and_anthropic_streams_are_read() {
    let gemini = |events: Vec<serde_json::Value>| {
        let events: Vec<String> = events.iter().map(ToString::to_string).collect();
        let stub = stub(move |_, it| send(it, &stream(&events)));
        asked("gemini/g", &stub)
    };
    let part =
        |text: &str| json!({ "candidates": [{ "content": { "parts": [{ "text": text }] } }] });
    let end = |reason: &str| json!({ "candidates": [{ "content": { "parts": [] }, "finishReason": reason }], "usageMetadata": { "promptTokenCount": 7, "candidatesTokenCount": 3 } });
    let answer = gemini(vec![part("{\"hypo"), part("theses\":[]}"), end("STOP")]).unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), (ANSWER, Finish::Complete));
    assert_eq!(answer.usage, Usage { prompt: 7, answer: 3 });
    assert_eq!(gemini(vec![part("{"), end("MAX_TOKENS")]).unwrap().finish, Finish::Length);
    assert_eq!(gemini(vec![part("{"), end("SAFETY")]).unwrap().finish, Finish::Refused);
    let blocked = json!({ "promptFeedback": { "blockReason": "OTHER" } });
    assert_eq!(gemini(vec![blocked]).unwrap().finish, Finish::Refused);
    assert!(gemini(vec![part("{")]).unwrap_err().to_string().contains("counts as cut"));

    let events = [
        json!({ "type": "message_start", "message": { "usage": { "input_tokens": 5 } } }),
        json!({ "type": "content_block_delta", "delta": { "text": ANSWER } }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 4 } }),
        json!({ "type": "message_stop" }),
    ];
    let events: Vec<String> = events.iter().map(ToString::to_string).collect();
    let stub = stub(move |_, it| send(it, &stream(&events)));
    let answer = asked("anthropic/a", &stub).unwrap();
    assert_eq!((answer.text.as_str(), answer.usage), (ANSWER, Usage { prompt: 5, answer: 4 }));
}

#[test]
fn no_key_goes_where_it_should_not() {
    let environment = Environment::default().with("OPENAI_API_KEY", "k");
    let of = |asked: &str, url: Option<&str>, settings: &ModelSettings| {
        Choice::of(asked, url, settings, &environment)
            .map(|it| it.base_url)
            .map_err(|it| it.to_string())
    };
    let plain = ModelSettings::default();
    assert!(of("openai/m", Some("http://example.com/v1"), &plain).unwrap_err().contains("https"));
    assert!(of("gemini/m", None, &plain).unwrap_err().contains("GEMINI_API_KEY"));
    assert!(of("configured", None, &plain).unwrap_err().contains("no model is configured"));
    assert!(of("cohere/m", None, &plain).unwrap_err().contains("no provider"));
    assert!(of("openai", None, &plain).unwrap_err().contains("which model"));
    assert_eq!(of("ollama/q", None, &plain).unwrap(), "http://127.0.0.1:11434/v1");
    // The settings named an address, and they do not count: nothing is sent elsewhere instead.
    let ignored = ModelSettings { was_ignored: true, ..plain };
    assert!(of("openai/m", None, &ignored).unwrap_err().contains("not trusted"));
    assert!(of("configured", None, &ignored).unwrap_err().contains("not trusted"));
    let shown = format!("{:?}", choice("openai/m", "http://127.0.0.1:1/v1"));
    assert!(!shown.contains("key-of-a-test"), "{shown}");
}
