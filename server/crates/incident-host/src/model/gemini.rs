//! `POST {base}/models/{name}:streamGenerateContent?alt=sse`. The API's version is part of the
//! base address: servers in between speak one version only.

use incident_core::reply::Finish;
use serde_json::{Map, Value, json};

use super::{Choice, Form, Piece, Question, Request, Usage};

/// Makes the request.
pub(super) fn request(question: &Question, choice: &Choice, form: Form) -> Request {
    let contents: Vec<Value> = question
        .turns
        .iter()
        .map(|turn| {
            let role = if turn.by_model { "model" } else { "user" };
            json!({ "role": role, "parts": [{ "text": turn.text }] })
        })
        .collect();
    let mut config = Map::new();
    config.insert("maxOutputTokens".to_owned(), json!(question.max_tokens));
    config.insert("temperature".to_owned(), json!(0));
    if form != Form::Text {
        config.insert("responseMimeType".to_owned(), json!("application/json"));
    }
    if form == Form::Schema {
        config.insert("responseJsonSchema".to_owned(), question.schema.clone());
    }
    let body = json!({
        "systemInstruction": { "parts": [{ "text": question.system }] },
        "contents": contents,
        "generationConfig": config,
    });
    // A header, not the address: addresses end in logs.
    let headers = choice.key.iter().map(|key| ("x-goog-api-key", key.clone())).collect();
    Request {
        url: format!(
            "{}/models/{}:streamGenerateContent?alt=sse",
            choice.base_url,
            choice.name.trim_start_matches("models/")
        ),
        body: body.to_string().into_bytes(),
        headers,
    }
}

/// Reads the data of one event; `Err` holds the server's own words of an error.
pub(super) fn piece(data: &str) -> Result<Piece, String> {
    // Servers in between end their streams as others do.
    if data.trim() == "[DONE]" {
        return Ok(Piece::default());
    }
    let value = super::client::event(data)?;
    let blocked = value.pointer("/promptFeedback/blockReason").and_then(Value::as_str);
    let candidate = value.pointer("/candidates/0");
    let reason = candidate.and_then(|it| it.get("finishReason")).and_then(Value::as_str);
    let finish = match (blocked, reason) {
        (Some(_), _) => Some(Finish::Refused),
        (None, None | Some("FINISH_REASON_UNSPECIFIED")) => None,
        (None, Some("STOP")) => Some(Finish::Complete),
        (None, Some("MAX_TOKENS")) => Some(Finish::Length),
        (None, Some(_)) => Some(Finish::Refused),
    };
    let parts = candidate.and_then(|it| it.pointer("/content/parts")).and_then(Value::as_array);
    let text: String = parts
        .into_iter()
        .flatten()
        // What a model thinks aloud is no part of its answer.
        .filter(|part| part.get("thought").and_then(Value::as_bool) != Some(true))
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    let usage = value.get("usageMetadata").map(|usage| Usage {
        prompt: usage.get("promptTokenCount").and_then(Value::as_u64).unwrap_or(0),
        answer: usage.get("candidatesTokenCount").and_then(Value::as_u64).unwrap_or(0),
    });
    Ok(Piece { text, finish, usage })
}
