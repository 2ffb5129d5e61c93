//! Looking ahead for what few lines have: one search over a window instead of one a line.

use memchr::memmem::Finder;

/// Where a text comes next in a window that is read from front to back.
#[derive(Debug)]
pub(super) struct Ahead<'a> {
    window: &'a [u8],
    finder: Finder<'static>,
    /// The next place; the window's end where there is none.
    next: usize,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(window: &'a [u8], text: &'static [u8]) -> Self {
        let finder = Finder::new(text);
        let next = finder.find(window).unwrap_or(window.len());
        Self { window, finder, next }
    }

    /// Returns the first place in `from..to`; `from` never goes back.
    pub(super) fn within(&mut self, from: usize, to: usize) -> Option<usize> {
        if self.next < from {
            let rest = self.window.get(from..).unwrap_or_default();
            self.next = self.finder.find(rest).map_or(self.window.len(), |at| from + at);
        }
        (self.next < to).then_some(self.next)
    }
}
