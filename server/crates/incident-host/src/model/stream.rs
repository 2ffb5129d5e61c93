//! Server-sent events, out of pieces that come as they like.

/// Cuts a stream of bytes into the data of its events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that is not finished yet.
    line: Vec<u8>,
    /// The data lines of the event that is not finished yet.
    data: Vec<String>,
    after_return: bool,
}

/// The longest line that is kept, in bytes; a longer one is cut.
const MAX_LINE: usize = 1 << 20;

impl Events {
    /// Takes a piece; returns the data of the events that it completes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut done = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => self.end_line(&mut done),
                _ if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => {}
            }
            self.after_return = byte == b'\r';
        }
        done
    }

    /// Takes the end of the stream: an event without its empty line counts as whole, as some
    /// servers leave it out.
    pub(super) fn finish(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        self.end_line(&mut done);
        self.end_line(&mut done);
        done
    }

    fn end_line(&mut self, done: &mut Vec<String>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            if !self.data.is_empty() {
                done.push(std::mem::take(&mut self.data).join("\n"));
            }
        } else if let Some(data) = line.strip_prefix("data:") {
            self.data.push(data.strip_prefix(' ').unwrap_or(data).to_owned());
        }
    }
}
