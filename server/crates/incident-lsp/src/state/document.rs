//! An open document: its text as the client has it, edit by edit.

use std::sync::{Arc, OnceLock};

use incident_core::trace::Trace;
use ropey::Rope;
use tower_lsp::lsp_types::TextDocumentContentChangeEvent;

use crate::lsp::position::{self, Encoding, Shift};
use crate::trace_document;

/// An open document at one version; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    language_id: Arc<str>,
    version: i32,
    rope: Rope,
    /// The whole text, made when it is first asked for.
    text: Arc<OnceLock<Arc<str>>>,
    /// Its traces, read when they are first asked for.
    traces: Arc<OnceLock<Arc<[Trace]>>>,
}

impl Document {
    /// Opens a document.
    pub(crate) fn new(language_id: &str, version: i32, text: &str) -> Self {
        Self {
            language_id: language_id.into(),
            version,
            rope: Rope::from_str(text),
            text: Arc::default(),
            traces: Arc::default(),
        }
    }

    /// Returns what the client calls its language.
    pub(crate) fn language_id(&self) -> &str {
        &self.language_id
    }

    /// Returns the client's number for this state of the text.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }

    /// Returns the text as a rope, with LSP's line ends.
    pub(crate) fn rope(&self) -> &Rope {
        &self.rope
    }

    /// Returns the text; made at most once for each version.
    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(self.text.get_or_init(|| self.rope.to_string().into()))
    }

    /// Returns the line around an offset in bytes, without its end; `None` outside the text.
    pub(crate) fn line_at(&self, offset: usize) -> Option<String> {
        let line_idx = self.rope.try_byte_to_line(offset).ok()?;
        let line = self.rope.get_line(line_idx)?.to_string();
        Some(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Returns the traces in the text; read at most once for each version. Not for the message loop.
    pub(crate) fn traces(&self) -> Arc<[Trace]> {
        let read = || trace_document::read_traces(&self.text()).into();
        Arc::clone(self.traces.get_or_init(read))
    }

    /// Applies the changes of one notification in their order.
    ///
    /// Calls `on_shift` for each, with how positions behind it move.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
        mut on_shift: impl FnMut(&Shift),
    ) {
        for change in changes {
            let chars = match change.range {
                Some(range) => {
                    let start = position::char_offset(&self.rope, range.start, encoding);
                    let end = position::char_offset(&self.rope, range.end, encoding);
                    start.min(end)..start.max(end)
                }
                None => 0..self.rope.len_chars(),
            };
            on_shift(&Shift::new(&self.rope, chars.clone(), &change.text, encoding));
            let at = chars.start;
            if chars == (0..self.rope.len_chars()) {
                self.rope = Rope::from_str(&change.text);
            } else {
                self.rope.remove(chars);
                self.rope.insert(at, &change.text);
            }
        }
        self.version = version;
        self.text = Arc::default();
        self.traces = Arc::default();
    }
}
