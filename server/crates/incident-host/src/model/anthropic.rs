//! `POST {base}/messages`, streamed. A schema is not enforced there; the rules carry its words.

use incident_core::reply::Finish;
use serde_json::{Value, json};

use super::{Choice, Piece, Question, Request, Usage};

/// Makes the request.
pub(super) fn request(question: &Question, choice: &Choice) -> Request {
    let messages: Vec<Value> = question
        .turns
        .iter()
        .map(|turn| {
            json!({ "role": if turn.by_model { "assistant" } else { "user" }, "content": turn.text })
        })
        .collect();
    let body = json!({
        "model": choice.name,
        "max_tokens": question.max_tokens,
        "stream": true,
        "system": question.system,
        "messages": messages,
    });
    let mut headers = vec![("anthropic-version", "2023-06-01".to_owned())];
    headers.extend(choice.key.iter().map(|key| ("x-api-key", key.clone())));
    Request {
        url: format!("{}/messages", choice.base_url),
        body: body.to_string().into_bytes(),
        headers,
    }
}

/// Reads the data of one event; `Err` holds the server's own words of an error.
pub(super) fn piece(data: &str) -> Result<Piece, String> {
    let value = super::client::event(data)?;
    let number = |path: &str| value.pointer(path).and_then(Value::as_u64);
    let mut piece = Piece::default();
    match value.get("type").and_then(Value::as_str) {
        // With an `error` it has been told already.
        Some("error") => return Err(super::client::error_words(&Value::Null)),
        Some("message_start") => {
            let prompt = number("/message/usage/input_tokens").unwrap_or(0);
            piece.usage = Some(Usage { prompt, answer: 0 });
        }
        Some("content_block_delta") => {
            let text = value.pointer("/delta/text").and_then(Value::as_str);
            piece.text = text.unwrap_or_default().to_owned();
        }
        Some("message_delta") => {
            piece.finish = match value.pointer("/delta/stop_reason").and_then(Value::as_str) {
                None => None,
                Some("max_tokens" | "model_context_window_exceeded") => Some(Finish::Length),
                Some("refusal") => Some(Finish::Refused),
                Some(_) => Some(Finish::Complete),
            };
            let answer = number("/usage/output_tokens").unwrap_or(0);
            piece.usage = Some(Usage { prompt: 0, answer });
        }
        _ => {}
    }
    Ok(piece)
}
