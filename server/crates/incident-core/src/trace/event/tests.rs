use expect_test::{Expect, expect};

use super::super::*;

fn check(json: &str, expected: &Expect) {
    let input = RawInput { name: "event.json".to_owned(), text: json.to_owned() };
    let (traces, problems) = parse(&input);
    assert_eq!(problems, []);
    let mut out = String::new();
    for trace in &traces {
        out += &format!("{} {:?} {:?}\n", trace.language.as_str(), trace.kind, trace.order);
        for cause in &trace.causes {
            let [kind, message] =
                [&cause.kind, &cause.message].map(|it| it.as_deref().unwrap_or("-"));
            out += &format!("{} {kind}: {message}\n", cause.relation.as_str());
        }
        for (at, frame) in trace.frames.iter().enumerate() {
            let place = frame.location.as_ref();
            let mark = if trace.top_app_frame() == Some(at) { "* " } else { "  " };
            out += &format!(
                "{mark}{} {}{} {}:{} in the text as {}\n",
                frame.origin.as_str(),
                if frame.noise { "noise " } else { "" },
                frame.function.as_deref().unwrap_or("-"),
                place.map_or("-", |it| it.file.as_str()),
                place.and_then(|it| it.line).unwrap_or(0),
                place.and_then(|it| it.span.slice(json)).unwrap_or("-"),
            );
        }
    }
    expected.assert_eq(&out);
}

#[test]
fn a_panic_with_the_sdk_s_own_frames_on_top() {
    check(
        r#"{"event_id":"0123456789abcdef0123456789abcdef","platform":"native","timestamp":1,
         "exception":{"values":[{"type":"panic","value":"bad total","mechanism":{"type":"panic"},"stacktrace":{"frames":[
          {"function":"main","instruction_addr":"0x1"},
          {"function":"till::price::{{closure}}","filename":"price.rs","abs_path":"/build/till/src/price.rs","lineno":20,"in_app":true},
          {"function":"core::panicking::panic_fmt","filename":"panicking.rs","abs_path":"/rustc/1/library/core/src/panicking.rs","lineno":75,"in_app":false},
          {"function":"std::panicking::rust_panic_with_hook","in_app":false},
          {"function":"sentry_panic::register_panic_handler::{{closure}}","filename":"lib.rs","abs_path":"/reg/sentry-panic-0.49.0/src/lib.rs","lineno":60,"in_app":true}]}}]}}"#,
        &expect![[r#"
            rust Panic InnermostFirst
            root panic: bad total
              dependency noise sentry_panic::register_panic_handler::{{closure}} /reg/sentry-panic-0.49.0/src/lib.rs:60 in the text as /reg/sentry-panic-0.49.0/src/lib.rs
              std noise std::panicking::rust_panic_with_hook -:0 in the text as -
              std noise core::panicking::panic_fmt /rustc/1/library/core/src/panicking.rs:75 in the text as /rustc/1/library/core/src/panicking.rs
            * app till::price::{{closure}} /build/till/src/price.rs:20 in the text as /build/till/src/price.rs
              runtime main -:0 in the text as -
        "#]],
    );
}

#[test]
fn a_python_chain_from_the_web_api() {
    check(
        r#"{"eventID":"0123456789abcdef0123456789abcdef","platform":"python","entries":[{"type":"exception","data":{"values":[
          {"type":"KeyError","value":"'rate'","stacktrace":{"frames":[{"filename":"till/rates.py","function":"find","lineNo":4,"inApp":true}]}},
          {"type":"PriceError","value":"no rate","stacktrace":{"frames":[
            {"filename":"flask/app.py","function":"view","lineNo":99,"inApp":false},
            {"filename":"till/app.py","function":"price","lineNo":12,"inApp":true}]}}]}}]}"#,
        &expect![[r#"
            python Exception InnermostLast
            root PriceError: no rate
            caused_by KeyError: 'rate'
              dependency view flask/app.py:99 in the text as flask/app.py
              app price till/app.py:12 in the text as till/app.py
            * app find till/rates.py:4 in the text as till/rates.py
        "#]],
    );
}

#[test]
fn an_event_without_a_stack_says_what_was_logged() {
    let json = r#"{"event_id":"0123456789abcdef0123456789abcdef","platform":"rust","logentry":{"message":"pool exhausted"}}"#;
    let input = RawInput { name: "event.json".to_owned(), text: json.to_owned() };
    let (traces, problems) = parse(&input);
    assert_eq!(traces, []);
    assert!(
        problems[0].message.contains("no stack trace in event.json"),
        "{}",
        problems[0].message
    );
}
