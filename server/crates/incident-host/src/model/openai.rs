//! `POST {base}/chat/completions`, streamed: llama.cpp, vLLM, Ollama, LiteLLM and many others.

use incident_core::reply::Finish;
use serde_json::{Map, Value, json};

use super::{Choice, Form, Piece, Question, Request, Usage};

/// Makes the request.
pub(super) fn request(question: &Question, choice: &Choice, form: Form) -> Request {
    let mut messages = vec![json!({ "role": "system", "content": question.system })];
    messages.extend(question.turns.iter().map(|turn| {
        json!({ "role": if turn.by_model { "assistant" } else { "user" }, "content": turn.text })
    }));
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(choice.name));
    body.insert("messages".to_owned(), Value::Array(messages));
    body.insert("max_tokens".to_owned(), json!(question.max_tokens));
    body.insert("temperature".to_owned(), json!(0));
    body.insert("stream".to_owned(), json!(true));
    body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    match form {
        Form::Schema => {
            let schema = json!({ "name": "causes", "strict": true, "schema": question.schema });
            body.insert(
                "response_format".to_owned(),
                json!({ "type": "json_schema", "json_schema": schema }),
            );
        }
        Form::Json => {
            body.insert("response_format".to_owned(), json!({ "type": "json_object" }));
        }
        Form::Text => {}
    }
    let headers = choice.key.iter().map(|key| ("authorization", format!("Bearer {key}"))).collect();
    Request {
        url: format!("{}/chat/completions", choice.base_url),
        body: Value::Object(body).to_string().into_bytes(),
        headers,
    }
}

/// Reads the data of one event; `Err` holds the server's own words of an error.
pub(super) fn piece(data: &str) -> Result<Piece, String> {
    if data.trim() == "[DONE]" {
        return Ok(Piece::default());
    }
    let value = super::client::event(data)?;
    let choice = value.pointer("/choices/0");
    let text = |path: &str| choice.and_then(|it| it.pointer(path)).and_then(Value::as_str);
    let refused = text("/delta/refusal").is_some_and(|it| !it.is_empty());
    let finish = match choice.and_then(|it| it.get("finish_reason")).and_then(Value::as_str) {
        _ if refused => Some(Finish::Refused),
        None => None,
        Some("length") => Some(Finish::Length),
        Some("content_filter") => Some(Finish::Refused),
        Some(_) => Some(Finish::Complete),
    };
    let usage = value.get("usage").filter(|usage| usage.is_object()).map(|usage| Usage {
        prompt: usage.get("prompt_tokens").and_then(Value::as_u64).unwrap_or(0),
        answer: usage.get("completion_tokens").and_then(Value::as_u64).unwrap_or(0),
    });
    Ok(Piece { text: text("/delta/content").unwrap_or_default().to_owned(), finish, usage })
}
