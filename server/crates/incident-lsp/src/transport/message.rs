//! From a body to a JSON-RPC message that tower-lsp takes, with the tolerance that clients need.

use serde_json::{Map, Value};
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

/// A message of the client's.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A request, or a notification where it has no id.
    Request(Request),
    /// The answer to a request of ours.
    Response(Response),
}

/// A body that is no message, with the answer that it gets.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// An error, tied to the message's id where that could be read.
    pub(crate) response: Response,
}

impl Rejected {
    /// Says why something was not understood.
    pub(crate) fn new(id: Id, code: ErrorCode, message: String) -> Self {
        let error = Error { code, message: message.into(), data: None };
        Self { response: Response::from_error(id, error) }
    }
}

/// Understands one body.
pub(crate) fn parse(body: &[u8]) -> Result<Incoming, Rejected> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Rejected::new(Id::Null, ErrorCode::ParseError, format!("message is not JSON: {error}"))
    })?;
    let Value::Object(mut fields) = value else {
        return Err(invalid(Id::Null, "message is not a JSON object"));
    };
    let id = match fields.remove("id") {
        None => None,
        Some(id) => Some(
            serde_json::from_value::<Id>(id)
                .map_err(|_| invalid(Id::Null, "the id is neither a whole number nor a string"))?,
        ),
    };
    match fields.remove("method") {
        Some(Value::String(method)) => request(method, id, fields.remove("params")),
        Some(_) => Err(invalid(id.unwrap_or_default(), "the method is not a string")),
        None => response(id, fields),
    }
}

fn request(method: String, id: Option<Id>, params: Option<Value>) -> Result<Incoming, Rejected> {
    if id == Some(Id::Null) {
        return Err(invalid(Id::Null, "the id is null"));
    }
    let params = match method.as_str() {
        // They have no parameters, but clients send `null` or `{}`, which tower-lsp refuses.
        "shutdown" | "exit" => None,
        "initialized" if params.as_ref().is_none_or(Value::is_null) => {
            Some(Value::Object(Map::new()))
        }
        _ => params,
    };
    let mut builder = Request::build(method);
    if let Some(params) = params {
        builder = builder.params(params);
    }
    if let Some(id) = id {
        builder = builder.id(id);
    }
    Ok(Incoming::Request(builder.finish()))
}

fn response(id: Option<Id>, mut fields: Map<String, Value>) -> Result<Incoming, Rejected> {
    let Some(id) = id else {
        return Err(invalid(Id::Null, "the message has neither a method nor an id"));
    };
    let response = match fields.remove("error") {
        Some(Value::Object(error)) => Response::from_error(id, client_error(error)),
        // Some clients leave out a result that is null.
        _ => Response::from_ok(id, fields.remove("result").unwrap_or_default()),
    };
    Ok(Incoming::Response(response))
}

fn client_error(mut error: Map<String, Value>) -> Error {
    let code =
        error.get("code").and_then(Value::as_i64).map_or(ErrorCode::InternalError, ErrorCode::from);
    let message = match error.remove("message") {
        Some(Value::String(message)) => message,
        _ => code.description().to_owned(),
    };
    Error { code, message: message.into(), data: error.remove("data") }
}

fn invalid(id: Id, reason: &str) -> Rejected {
    Rejected::new(id, ErrorCode::InvalidRequest, reason.to_owned())
}
