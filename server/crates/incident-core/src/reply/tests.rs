use super::*;

const WHOLE: &str = r#"{"hypotheses":[{"title":"The list is empty","chain":[{"says":"first() has no item","evidence":[{"id":"F1","quote":"head.unwrap()"}]}],"confidence":0.6,"would_disprove":["an item was there"]}],"missing":[]}"#;

fn titles(text: &str, finish: Finish) -> Result<(Vec<String>, bool), ReplyError> {
    let read = read(text, finish)?;
    Ok((read.reply.hypotheses.into_iter().map(|claim| claim.title).collect(), read.was_cut))
}

fn whole() -> Result<(Vec<String>, bool), ReplyError> {
    Ok((vec!["The list is empty".to_owned()], false))
}

#[test]
fn an_answer_as_asked_for() {
    assert_eq!(titles(WHOLE, Finish::Complete), whole());
}

#[test]
fn an_answer_wrapped_in_prose() {
    for text in [
        format!("Here is what I found:\n```json\n{WHOLE}\n```\nHope this helps!"),
        format!("Sure. {WHOLE} Anything else?"),
        format!("The block `fn f() {{ x }}` fails. {WHOLE}"),
        format!("\u{feff}\n\n{WHOLE}"),
    ] {
        assert_eq!(titles(&text, Finish::Complete), whole(), "{text}");
    }
}

#[test]
fn no_answer() {
    assert_eq!(titles("", Finish::Complete), Err(ReplyError::Empty));
    assert_eq!(titles(" \n ", Finish::Complete), Err(ReplyError::Empty));
    assert_eq!(titles("The list is empty.", Finish::Complete), Err(ReplyError::NotJson));
    assert_eq!(titles("I'm sorry, I can’t help.", Finish::Complete), Err(ReplyError::Refused));
    assert_eq!(titles(WHOLE, Finish::Refused), Err(ReplyError::Refused));
    assert_eq!(titles("{", Finish::Length), Err(ReplyError::Truncated));
}

#[test]
fn a_cut_answer_keeps_its_whole_hypotheses() {
    let second = WHOLE.replace("\"hypotheses\":[{", "\"hypotheses\":[{\"title\":\"A\",\"chain\":[{\"says\":\"s\",\"evidence\":[{\"id\":\"F1\",\"quote\":\"head.unwrap()\"}]}],\"confidence\":0.1,\"would_disprove\":[\"d\"]},{");
    for end in 1..second.len() {
        if !second.is_char_boundary(end) {
            continue;
        }
        match titles(&second[..end], Finish::Length) {
            Ok((titles, was_cut)) => {
                assert!(was_cut && !titles.is_empty() && titles[0] == "A", "{end}: {titles:?}");
            }
            Err(err) => assert_eq!(err, ReplyError::Truncated, "{end}"),
        }
    }
}

#[test]
fn a_wrong_schema_is_named() {
    let wrong = |from: &str, to: &str| match titles(&WHOLE.replace(from, to), Finish::Complete) {
        Err(err @ ReplyError::WrongSchema(_)) => {
            assert!(err.ask_again().is_some());
            err.to_string()
        }
        other => panic!("{from} -> {to}: {other:?}"),
    };
    assert!(wrong("\"confidence\":0.6", "\"confidence\":6").contains("confidence"));
    assert!(wrong("\"confidence\":0.6", "\"confidence\":\"high\"").contains("string"));
    assert!(
        wrong("\"would_disprove\":[\"an item was there\"]", "\"would_disprove\":[]")
            .contains("would_disprove")
    );
    assert!(
        wrong("\"evidence\":[{\"id\":\"F1\",\"quote\":\"head.unwrap()\"}]", "\"evidence\":[]")
            .contains("evidence")
    );
    assert!(wrong("The list is empty", &"x".repeat(5000)).contains("title"));
    assert!(wrong("\"title\"", "\"name\"").contains("title"));
    assert!(wrong("\"hypotheses\"", "\"causes\"").contains("hypotheses"));
}

#[test]
fn deep_nesting_and_garbage_end_in_an_error() {
    for text in [
        "{\"a\":".repeat(100_000),
        "[".repeat(100_000),
        "{\"hypotheses\":[".to_owned() + &"{\"title\":".repeat(50_000),
        "{\"\0\u{1b}[31m".to_owned(),
    ] {
        assert!(titles(&text, Finish::Complete).is_err());
    }
}

#[test]
fn every_string_and_list_of_the_schema_is_bounded() {
    fn walk(value: &serde_json::Value) {
        if let Some(object) = value.as_object() {
            match object.get("type").and_then(|it| it.as_str()) {
                Some("string") if !object.contains_key("enum") => {
                    assert!(object.contains_key("maxLength"), "{value}");
                }
                Some("array") => assert!(object.contains_key("maxItems"), "{value}"),
                _ => {}
            }
            object.values().for_each(walk);
        }
    }
    walk(&schema(&[]));
    let listed = schema(&["F1".to_owned()]).to_string();
    assert!(listed.contains("\"enum\":[\"F1\"]"), "{listed}");
}
