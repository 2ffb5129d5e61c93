//! Asks: makes the request, reads the stream, tries again where that is worth it.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;

use incident_core::cancel::Cancel;
use incident_core::neutral;
use incident_core::redact::redact;
use incident_core::reply::Finish;
use serde_json::Value;

use super::stream::Events;
use super::{
    Choice, Form, ModelError, Piece, Provider, Question, Request, Usage, anthropic, gemini, openai,
    replay, retry,
};
use crate::http::{self, Client, Head, HttpError, Limits};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The model's text.
    pub text: String,
    /// How it stopped.
    pub finish: Finish,
    /// As the server counts; zero where it says nothing.
    pub usage: Usage,
    /// How often it was asked until it answered.
    pub n_tries: u32,
}

/// Returns the request that `ask` sends first.
pub fn request(question: &Question, choice: &Choice, form: Form) -> Request {
    match choice.provider {
        Provider::OpenAi => openai::request(question, choice, form),
        Provider::Gemini => gemini::request(question, choice, form),
        Provider::Anthropic => anthropic::request(question, choice),
        // The same bytes as a chat server would get, so that a recording can be made from them.
        Provider::Replay => openai::request(question, choice, form),
    }
}

/// Asks once, and again where that is worth it; `on_text` sees the text so far as it grows.
pub fn ask(
    question: &Question,
    choice: &Choice,
    cancel: &Cancel,
    on_text: &mut dyn FnMut(&str),
) -> Result<Asked, ModelError> {
    if choice.provider == Provider::Replay {
        let piece = replay::piece(choice)?;
        on_text(&piece.text);
        let finish = piece.finish.unwrap_or(Finish::Complete);
        return Ok(Asked { text: piece.text, finish, usage: Usage::default(), n_tries: 1 });
    }
    let plain = Limits::default();
    let limits = Limits {
        total: choice.timeout,
        first_byte: choice.timeout,
        idle: plain.idle.min(choice.timeout / 2),
        ..plain
    };
    let client = Client::new(limits, choice.ca_file.as_deref())?;
    let (mut form, mut n_tries) = (Form::Schema, 1);
    loop {
        let request = request(question, choice, form);
        let failure = match exchange(&request, choice, &client, cancel, on_text) {
            Ok(Exchanged::Answer(asked)) => return Ok(Asked { n_tries, ..asked }),
            Ok(Exchanged::Refused { head, body }) => Failure::Status { head, body },
            Err(ModelError::Http(err)) if retry::is_worth_it_after(&err) => Failure::Http(err),
            Err(err) => return Err(err),
        };
        let wait = match &failure {
            Failure::Status { head, body } => {
                if let Some(easier) = easier_form(form, head, body) {
                    form = easier;
                    continue;
                }
                if !retry::is_worth_it(head.status) {
                    return Err(failure.into_error(choice, &request));
                }
                retry::asked(head, body, jiff::Timestamp::now())
            }
            Failure::Http(_) => None,
        };
        let wait = wait.unwrap_or_else(|| retry::back_off(n_tries + 1, chance()));
        if n_tries >= retry::MAX_TRIES || wait > retry::MAX_WAIT || wait > choice.timeout {
            return Err(failure.into_error(choice, &request));
        }
        if !http::wait(wait, cancel) {
            return Err(HttpError::Cancelled.into());
        }
        n_tries += 1;
    }
}

enum Exchanged {
    Answer(Asked),
    Refused { head: Head, body: Vec<u8> },
}

enum Failure {
    Status { head: Head, body: Vec<u8> },
    Http(HttpError),
}

/// One request and its stream.
fn exchange(
    request: &Request,
    choice: &Choice,
    client: &Client,
    cancel: &Cancel,
    on_text: &mut dyn FnMut(&str),
) -> Result<Exchanged, ModelError> {
    let host = http::host(&request.url)?;
    let mut answer = Answer { provider: choice.provider, ..Answer::default() };
    let mut headers = request.headers.clone();
    headers.push(("content-type", "application/json".to_owned()));
    headers.push(("accept", "text/event-stream".to_owned()));
    let outgoing =
        http::Request { url: &request.url, headers: &headers, body: Some(&request.body) };
    let sent = client.send(&outgoing, cancel, &mut |head, bytes| {
        if !head.header("content-type").is_some_and(|it| it.contains("text/event-stream")) {
            answer.fault = Some("answered with something that is no stream of events".to_owned());
            return ControlFlow::Break(());
        }
        for data in answer.events.push(bytes) {
            answer.take(&data, on_text)?;
        }
        ControlFlow::Continue(())
    });
    let no_answer = |what: String| ModelError::NoAnswer { host: host.clone(), what };
    let head = match sent {
        Ok((head, body)) if !head.is_success() => return Ok(Exchanged::Refused { head, body }),
        Ok((head, _)) => head,
        // What was said to be whole is whole, whatever the connection does then.
        Err(_) if answer.finish.is_some() && answer.fault.is_none() && !cancel.is_cancelled() => {
            Head::default()
        }
        Err(err) => return Err(err.into()),
    };
    if answer.fault.is_none() && answer.finish.is_none() {
        let rest = answer.events.finish();
        let _ = rest.iter().try_for_each(|data| answer.take(data, on_text));
    }
    if let Some(fault) = answer.fault {
        return Err(no_answer(fault));
    }
    let Some(finish) = answer.finish else {
        let is_empty = answer.n_events == 0 && head.is_success();
        let what = match is_empty {
            true => "ended its answer before it had said anything",
            false => "ended its answer without saying that it was whole, so it counts as cut",
        };
        return Err(no_answer(what.to_owned()));
    };
    let Answer { text, usage, .. } = answer;
    Ok(Exchanged::Answer(Asked { text, finish, usage, n_tries: 1 }))
}

/// An answer as it comes.
struct Answer {
    provider: Provider,
    events: Events,
    text: String,
    finish: Option<Finish>,
    usage: Usage,
    n_events: usize,
    /// What is wrong with the stream, as the end of a sentence about the server.
    fault: Option<String>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            provider: Provider::OpenAi,
            events: Events::default(),
            text: String::new(),
            finish: None,
            usage: Usage::default(),
            n_events: 0,
            fault: None,
        }
    }
}

impl Answer {
    fn take(&mut self, data: &str, on_text: &mut dyn FnMut(&str)) -> ControlFlow<()> {
        self.n_events += 1;
        let piece: Result<Piece, String> = match self.provider {
            Provider::Gemini => gemini::piece(data),
            Provider::Anthropic => anthropic::piece(data),
            Provider::OpenAi | Provider::Replay => openai::piece(data),
        };
        let piece = match piece {
            Ok(piece) => piece,
            Err(said) => {
                self.fault = Some(said);
                return ControlFlow::Break(());
            }
        };
        if !piece.text.is_empty() {
            if self.finish.is_some() {
                self.fault = Some("sent its answer out of order: text after its end".to_owned());
                return ControlFlow::Break(());
            }
            self.text.push_str(&piece.text);
            on_text(&self.text);
        }
        if let Some(usage) = piece.usage {
            self.usage.prompt = self.usage.prompt.max(usage.prompt);
            self.usage.answer = self.usage.answer.max(usage.answer);
        }
        self.finish = self.finish.or(piece.finish);
        if data.trim() == "[DONE]" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Returns an easier form where the server does not know this one.
fn easier_form(form: Form, head: &Head, body: &[u8]) -> Option<Form> {
    if !matches!(head.status, 400 | 422 | 501) || context_window(body).is_some() {
        return None;
    }
    let said = String::from_utf8_lossy(body).to_lowercase();
    let about_form = ["response_format", "schema", "json_object", "grammar", "responsemime"];
    about_form.iter().any(|it| said.contains(it)).then_some(())?;
    match form {
        Form::Schema => Some(Form::Json),
        Form::Json => Some(Form::Text),
        Form::Text => None,
    }
}

/// Returns the window that a server names when a prompt is too long for it.
fn context_window(body: &[u8]) -> Option<Option<usize>> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = value.get("error").unwrap_or(&value);
    let said = error.to_string().to_lowercase();
    let is_too_long = [
        "exceed_context_size",
        "context_length_exceeded",
        "maximum context length",
        "exceeds the maximum number of tokens",
        "prompt is too long",
        "context size",
        "exceeds the available context",
    ]
    .iter()
    .any(|it| said.contains(it));
    let window = error.get("n_ctx").and_then(Value::as_u64);
    is_too_long.then(|| window.and_then(|n| usize::try_from(n).ok()))
}

impl Failure {
    fn into_error(self, choice: &Choice, request: &Request) -> ModelError {
        let (head, body) = match self {
            Self::Http(err) => return err.into(),
            Self::Status { head, body } => (head, body),
        };
        if let Some(window) =
            context_window(&body).filter(|_| matches!(head.status, 400 | 413 | 422))
        {
            return ModelError::TooLong(window);
        }
        let name = crate::message::plain(&choice.name);
        let said = match head.status {
            300..=399 => "answers with a redirect, which is not followed: give its final address \
                          as `model.base_url`"
                .to_owned(),
            400 => "can't use the request".to_owned(),
            401 => {
                "does not accept the key: look at the environment variable that holds it".to_owned()
            }
            403 => format!("refuses: this key may not use {name}"),
            404 => format!(
                "does not know {name} at this address: look at the model's name and at \
                            `model.base_url`, which ends in the API's version"
            ),
            408 => "got no whole request in time".to_owned(),
            413 => "takes no request of this size".to_owned(),
            429 => {
                "says that its limit of requests or tokens is reached: wait, or use another model"
                    .to_owned()
            }
            500..=599 => "failed: it is down or overloaded".to_owned(),
            _ => "said no".to_owned(),
        };
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let detail = match value.get("error") {
            Some(error) => format!(": {}", error_words(error)),
            None => String::new(),
        };
        let host = http::host(&request.url).unwrap_or_default();
        ModelError::Status { host, status: head.status, said, detail }
    }
}

/// Reads the data of one event as JSON; `Err` says in words what is wrong with it, or holds the
/// server's own words where it reports an error in the place of an answer.
pub(super) fn event(data: &str) -> Result<Value, String> {
    let value: Value =
        serde_json::from_str(data).map_err(|_| "sent an event that is no JSON".to_owned())?;
    match value.get("error").filter(|error| !error.is_null()) {
        Some(error) => Err(error_words(error)),
        None => Ok(value),
    }
}

/// Returns a server's own words about an error, short, safe to show and without secrets.
pub(super) fn error_words(error: &Value) -> String {
    let message = error.get("message").or(Some(error)).and_then(Value::as_str);
    let words = neutral::headline(&redact(message.unwrap_or("no reason given")).text, 200);
    format!("reports an error: {words}")
}

/// Returns a number from 0 to 1 that differs between processes and calls.
fn chance() -> f64 {
    let hash = RandomState::new().hash_one(0u8);
    f64::from(u32::try_from(hash >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
