//! The items of a Rust file, read from its tokens.
//!
//! Items are found on tokens and not on a syntax tree for three reasons: a function in the
//! argument of a macro (`cfg_if!`, `cfg_rt!`) is only tokens in a tree as well, a buffer that is
//! half typed still has the functions that a person sees, and a million lines are indexed in the
//! time that a tree of a tenth of them takes. What an *expression* is, is asked of the tree.

use crate::syntax::rust::lex::{Lexer, Token, TokenKind};
use crate::syntax::{Item, ItemKind, ModuleFile};
use crate::text::{ByteSpan, LineIndex};

/// Items nested deeper than this are not looked at; generated text may nest without end.
const MAX_NESTING: usize = 64;

/// Returns the items of `text` by start, and its `mod name;` declarations.
pub(super) fn scan(text: &str) -> (Vec<Item>, Vec<ModuleFile>) {
    let mut scanner = Scanner { text, ..Scanner::default() };
    for token in Lexer::new(text) {
        scanner.take(token);
    }
    scanner.finish()
}

/// One open bracket.
#[derive(Clone, Copy, Debug)]
struct Open {
    bracket: u8,
    /// The item whose body it opens.
    item: Option<usize>,
    /// It opens the argument of a macro, or the body of `macro_rules!`.
    is_macro: bool,
}

/// An item whose body or end was not seen yet.
#[derive(Clone, Debug)]
struct Header {
    kind: ItemKind,
    start: usize,
    /// Where the words after the keyword begin.
    after_keyword: usize,
    name: String,
    /// How many brackets were open at its keyword.
    depth: usize,
}

#[derive(Default)]
struct Scanner<'t> {
    text: &'t str,
    items: Vec<Item>,
    module_files: Vec<ModuleFile>,
    open: Vec<Open>,
    /// Labels of the items whose bodies are open, outermost first.
    containers: Vec<String>,
    n_open_macros: usize,
    header: Option<Header>,
    /// Start of the modifiers (`pub`, `async`, ...) that stand right before.
    modifiers: Option<usize>,
    /// Brackets of a `pub(..)` that are open.
    visibility_depth: Option<usize>,
    previous: [Option<Token>; 3],
    path_attribute: Option<String>,
}

impl<'t> Scanner<'t> {
    fn word(&self, token: Option<Token>) -> &'t str {
        match token {
            Some(Token { kind: TokenKind::Word, start, end }) => {
                self.text.get(start..end).unwrap_or_default()
            }
            _ => "",
        }
    }

    fn take(&mut self, token: Token) {
        match token.kind {
            TokenKind::Word => self.take_word(token),
            TokenKind::Open(bracket) => self.take_open(token, bracket),
            TokenKind::Close(bracket) => self.take_close(token, bracket),
            TokenKind::Punct(b';') => self.take_semicolon(token),
            TokenKind::Str => self.take_string(token),
            _ => self.modifiers = None,
        }
        self.previous = [self.previous[1], self.previous[2], Some(token)];
    }

    fn take_word(&mut self, token: Token) {
        let word = self.word(Some(token));
        let before = self.word(self.previous[2]);
        if let Some(kind) = named_by(before) {
            // `const` is a modifier until a name other than a keyword follows.
            let named =
                !matches!(word, "fn" | "unsafe" | "extern" | "async" | "mut" | "move" | "_");
            if named && self.may_begin_item(kind) {
                let keyword = self.previous[2].map_or(token.start, |keyword| keyword.start);
                self.begin(kind, keyword, token.end, word);
                return;
            }
        }
        if before == "mut" && self.word(self.previous[1]) == "static" && self.header.is_none() {
            self.begin(ItemKind::Static, token.start, token.end, word);
            return;
        }
        match word {
            "impl" if self.at_item_position() => {
                self.begin(ItemKind::Impl, token.start, token.end, "");
            }
            "pub" | "async" | "unsafe" | "extern" | "default" | "safe" | "auto" | "const"
            | "crate" | "fn" | "mod" | "trait" | "struct" | "enum" | "union" | "static" | "mut"
            | "type" => {
                self.modifiers.get_or_insert(token.start);
            }
            _ if self.visibility_depth.is_some() => {}
            _ => self.modifiers = None,
        }
    }

    /// Says whether a keyword of this kind right before `name` stands where items stand.
    fn may_begin_item(&self, kind: ItemKind) -> bool {
        match kind {
            // No type has `fn` before a name: where a header never got its body, as in half-typed
            // text, a new function begins anyway.
            ItemKind::Function => true,
            _ if self.header.is_some() => false,
            // `const` also stands in raw pointers and generic parameters, `union` is a plain name.
            ItemKind::Const | ItemKind::Static | ItemKind::Union | ItemKind::TypeAlias => {
                self.keyword_follows_item_end()
            }
            _ => true,
        }
    }

    /// Says whether the keyword that stands before a name begins a statement or an item.
    fn keyword_follows_item_end(&self) -> bool {
        let keyword_start = self.previous[2].map_or(0, |keyword| keyword.start);
        match self.modifiers {
            Some(start) if start < keyword_start => true,
            _ => self.previous[1].is_none_or(|token| ends_item(token.kind)),
        }
    }

    fn at_item_position(&self) -> bool {
        if self.header.is_some() {
            return false;
        }
        match self.word(self.previous[2]) {
            "unsafe" | "default" | "const" => true,
            _ => self.previous[2].is_none_or(|token| ends_item(token.kind)),
        }
    }

    fn begin(&mut self, kind: ItemKind, keyword: usize, after_keyword: usize, name: &str) {
        let start = self.modifiers.take().unwrap_or(keyword);
        let depth = self.open.len();
        self.header = Some(Header { kind, start, after_keyword, name: name.to_owned(), depth });
    }

    fn take_open(&mut self, token: Token, bracket: u8) {
        let [_, before_previous, previous] = self.previous;
        if bracket == b'(' && self.word(previous) == "pub" {
            self.visibility_depth = Some(self.open.len());
        } else if self.visibility_depth.is_none() {
            self.modifiers = None;
        }
        let bang = |token: Option<Token>| {
            matches!(token, Some(Token { kind: TokenKind::Punct(b'!'), .. }))
        };
        let is_call = bang(previous) && !self.word(before_previous).is_empty();
        let is_definition = bang(before_previous) && !self.word(previous).is_empty();
        let mut item = None;
        let at_header = self.header.as_ref().is_some_and(|header| header.depth == self.open.len());
        let in_angle = matches!(previous, Some(Token { kind: TokenKind::Punct(b'<'), .. }));
        if is_definition && self.word(self.previous[0]) == "macro_rules" && self.header.is_none() {
            let start = self.previous[0].map_or(token.start, |token| token.start);
            let name = self.word(previous).to_owned();
            item = self.enter(
                Header {
                    kind: ItemKind::Macro,
                    start,
                    after_keyword: token.start,
                    name,
                    depth: self.open.len(),
                },
                token.start,
            );
        } else if bracket == b'{' && at_header && !in_angle {
            let is_value = self.header.as_ref().is_some_and(|header| {
                matches!(header.kind, ItemKind::Const | ItemKind::Static | ItemKind::TypeAlias)
            });
            if !is_value && let Some(header) = self.header.take() {
                item = self.enter(header, token.start);
            }
        }
        let is_macro = is_call || is_definition;
        self.n_open_macros += usize::from(is_macro);
        self.open.push(Open { bracket, item, is_macro });
    }

    /// Puts an item on the list whose body begins at `body`; it ends with its bracket.
    fn enter(&mut self, header: Header, body: usize) -> Option<usize> {
        let label = label_of(self.text, &header, body);
        let name = match header.kind {
            ItemKind::Impl => label.strip_prefix("impl ").unwrap_or_default().to_owned(),
            _ => header.name,
        };
        if self.containers.len() >= MAX_NESTING {
            return None;
        }
        self.items.push(Item {
            kind: header.kind,
            name,
            containers: self.containers.clone(),
            start_line: 0,
            end_line: 0,
            span: ByteSpan::new(header.start, self.text.len()),
            inside_macro: self.n_open_macros > 0,
        });
        self.containers.push(label);
        Some(self.items.len() - 1)
    }

    fn take_close(&mut self, token: Token, bracket: u8) {
        let opening = match bracket {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        // A bracket that fits nothing is left out; one that fits an outer one closes what is between.
        let Some(at) = self.open.iter().rposition(|open| open.bracket == opening) else { return };
        // A stray `)` or `]` must not close a body: only a brace may.
        if bracket != b'}' && self.open.iter().skip(at + 1).any(|open| open.bracket == b'{') {
            return;
        }
        for open in self.open.drain(at..).rev() {
            self.n_open_macros -= usize::from(open.is_macro);
            if let Some(item) = open.item {
                self.containers.pop();
                if let Some(item) = self.items.get_mut(item) {
                    item.span = ByteSpan::new(item.span.start, token.end);
                }
            }
        }
        if self.header.as_ref().is_some_and(|header| header.depth > self.open.len()) {
            self.header = None;
        }
        match self.visibility_depth {
            Some(depth) if depth == self.open.len() => self.visibility_depth = None,
            _ => self.modifiers = None,
        }
        if bracket == b'}' {
            self.path_attribute = None;
        }
    }

    fn take_semicolon(&mut self, token: Token) {
        self.modifiers = None;
        if self.header.as_ref().is_none_or(|header| header.depth != self.open.len()) {
            return;
        }
        let Some(header) = self.header.take() else { return };
        let path_attribute = self.path_attribute.take();
        match header.kind {
            ItemKind::Module => self.module_files.push(ModuleFile {
                name: header.name,
                inside: self
                    .containers
                    .iter()
                    .filter_map(|label| label.strip_prefix("mod ").map(str::to_owned))
                    .collect(),
                path_attribute,
            }),
            // A declaration without a body runs nothing.
            ItemKind::Function | ItemKind::Impl | ItemKind::Trait => {}
            kind => self.items.push(Item {
                kind,
                name: header.name,
                containers: self.containers.clone(),
                start_line: 0,
                end_line: 0,
                span: ByteSpan::new(header.start, token.end),
                inside_macro: self.n_open_macros > 0,
            }),
        }
    }

    fn take_string(&mut self, token: Token) {
        let [path, equals, _] = [self.previous[1], self.previous[2], None::<Token>];
        if self.word(path) == "path"
            && matches!(equals, Some(Token { kind: TokenKind::Punct(b'='), .. }))
        {
            let value = self.text.get(token.start..token.end).unwrap_or_default();
            self.path_attribute = Some(value.trim_matches(['r', '#', '"']).to_owned());
        }
        // `extern "C" fn` keeps its modifiers.
        if self.word(self.previous[2]) != "extern" {
            self.modifiers = None;
        }
    }

    fn finish(mut self) -> (Vec<Item>, Vec<ModuleFile>) {
        let lines = LineIndex::new(self.text);
        for item in &mut self.items {
            item.start_line = lines.line_col(item.span.start).line;
            item.end_line = lines.line_col(item.span.end.saturating_sub(1)).line;
        }
        self.items.sort_by_key(|item| (item.span.start, std::cmp::Reverse(item.span.end)));
        (self.items, self.module_files)
    }
}

/// Says whether an item may follow a token of this kind.
fn ends_item(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Open(bracket) => bracket != b'[',
        TokenKind::Close(bracket) => bracket != b')',
        TokenKind::Punct(byte) => byte == b';' || byte == b'>',
        _ => false,
    }
}

/// Returns the kind of item whose name follows this keyword.
fn named_by(keyword: &str) -> Option<ItemKind> {
    Some(match keyword {
        "fn" => ItemKind::Function,
        "mod" => ItemKind::Module,
        "trait" => ItemKind::Trait,
        "struct" => ItemKind::Struct,
        "enum" => ItemKind::Enum,
        "union" => ItemKind::Union,
        "const" => ItemKind::Const,
        "static" => ItemKind::Static,
        "type" => ItemKind::TypeAlias,
        _ => return None,
    })
}

/// Returns how an item is named in the containers of what it holds.
fn label_of(text: &str, header: &Header, body: usize) -> String {
    let keyword = match header.kind {
        ItemKind::Function => "fn",
        ItemKind::Module => "mod",
        ItemKind::Trait => "trait",
        ItemKind::Struct => "struct",
        ItemKind::Enum => "enum",
        ItemKind::Union => "union",
        ItemKind::Macro => "macro",
        ItemKind::Impl => {
            return impl_label(text.get(header.after_keyword..body).unwrap_or_default());
        }
        ItemKind::Const | ItemKind::Static | ItemKind::TypeAlias => "",
    };
    format!("{keyword} {}", header.name)
}

/// Returns `impl Type` or `impl Trait for Type`, without generics and paths.
fn impl_label(header: &str) -> String {
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    let mut angle_depth = 0usize;
    let mut bracket_depth = 0usize;
    let mut previous = TokenKind::Punct(b' ');
    let mut tokens = Lexer::new(header).peekable();
    while let Some(token) = tokens.next() {
        let part_text = header.get(token.start..token.end).unwrap_or_default();
        match token.kind {
            TokenKind::Punct(b'<') => angle_depth += 1,
            TokenKind::Punct(b'>') if previous != TokenKind::Punct(b'-') => {
                angle_depth = angle_depth.saturating_sub(1);
            }
            TokenKind::Open(_) => bracket_depth += 1,
            TokenKind::Close(_) => bracket_depth = bracket_depth.saturating_sub(1),
            TokenKind::Word if angle_depth == 0 && part_text == "where" => break,
            TokenKind::Word if angle_depth == 0 && bracket_depth == 0 && part_text == "for" => {
                // `for<'a>` binds lifetimes and parts nothing.
                let binds = tokens.peek().is_some_and(|next| next.kind == TokenKind::Punct(b'<'));
                if !binds {
                    parts.push(Vec::new());
                }
            }
            TokenKind::Word if angle_depth == 0 => {
                let part = parts.last_mut();
                let follows_path = previous == TokenKind::Punct(b':');
                match part_text {
                    "dyn" | "mut" | "const" | "as" | "unsafe" => {}
                    _ => {
                        if let Some(part) = part {
                            if follows_path {
                                part.pop();
                            }
                            part.push(part_text);
                        }
                    }
                }
            }
            _ => {}
        }
        previous = token.kind;
    }
    let name = |part: &Vec<&str>| part.first().copied().unwrap_or("_").to_owned();
    match parts.as_slice() {
        [of_trait, of_type, ..] => format!("impl {} for {}", name(of_trait), name(of_type)),
        [of_type] => format!("impl {}", name(of_type)),
        [] => "impl _".to_owned(),
    }
}
