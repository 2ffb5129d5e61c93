//! Templates: a message with its values masked.

/// What stands for a value.
const VALUE: &str = "<*>";

/// Masks every word that holds a digit, and what stands in quotes; blanks are folded.
///
/// `order 4711 of "Ann" took 12ms` gives `order <*> of "<*>" took <*>`.
pub(super) fn mask(message: &str) -> String {
    let mut template = String::with_capacity(message.len());
    let mut quote: Option<char> = None;
    for word in message.split_whitespace() {
        if let Some(open) = quote {
            // Inside a quoted value: only its end shows.
            if let Some(at) = word.rfind(open) {
                template.push_str(&word[at..]);
                quote = None;
            }
            continue;
        }
        if !template.is_empty() {
            template.push(' ');
        }
        let opening = word.char_indices().find(|(_, c)| matches!(c, '"' | '`'));
        match opening {
            Some((at, mark)) => {
                let inside = &word[at + mark.len_utf8()..];
                template.push_str(&word[..at]);
                template.push(mark);
                template.push_str(VALUE);
                match inside.rfind(mark) {
                    Some(end) => template.push_str(&inside[end..]),
                    None => quote = Some(mark),
                }
            }
            None => push_masked(&mut template, word),
        }
    }
    template
}

/// Pushes a word, or what stands for it, keeping the punctuation around it and a `key=` before it.
fn push_masked(template: &mut String, word: &str) {
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        template.push_str(word);
        return;
    }
    let is_edge = |c: char| matches!(c, ',' | ';' | ':' | '.' | '(' | ')' | '[' | ']' | '\'');
    let core = word.trim_matches(is_edge);
    let start = word.find(core).unwrap_or_default();
    template.push_str(&word[..start]);
    match core.split_once('=') {
        Some((key, _)) if !key.bytes().any(|byte| byte.is_ascii_digit()) => {
            template.push_str(key);
            template.push('=');
        }
        _ => {}
    }
    template.push_str(VALUE);
    template.push_str(&word[start + core.len()..]);
}
