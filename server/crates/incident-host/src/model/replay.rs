//! A recorded answer in a file, for demonstrations and tests: no network at all.

use incident_core::reply::Finish;

use super::{Choice, ModelError, Piece};

/// The longest recording that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Reads the recording; its text is the answer.
pub(super) fn piece(choice: &Choice) -> Result<Piece, ModelError> {
    let no_answer = |what: String| ModelError::NoAnswer { host: "(a recording)".to_owned(), what };
    let size = std::fs::metadata(&choice.name).map(|meta| meta.len());
    let text = match size {
        Ok(size) if size > MAX_BYTES => return Err(no_answer("is too large".to_owned())),
        _ => std::fs::read(&choice.name),
    };
    let shown = crate::message::plain(&choice.name);
    let text = text.map_err(|err| no_answer(format!("can't be read from {shown}: {err}")))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(Piece { text, finish: Some(Finish::Complete), usage: None })
}
