//! Types as they are written in signatures, and their reader.

use serde::{Deserialize, Serialize};

use super::tokens::{Token, TokenKind, skip_tree};

/// A type as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum TypeRef {
    /// A path: `Vec<T>`, `Self::Item`, `<T as Trait>::Out`.
    Path(TypePath),
    /// `&T` or `&mut T`.
    Ref(Box<TypeRef>),
    /// `*const T` or `*mut T`.
    Pointer(Box<TypeRef>),
    /// `(A, B)`; `()` is the empty one.
    Tuple(Vec<TypeRef>),
    /// `[T]`.
    Slice(Box<TypeRef>),
    /// `[T; N]`.
    Array(Box<TypeRef>),
    /// `fn(A) -> B`.
    Fn(Vec<TypeRef>, Box<TypeRef>),
    /// `impl Bounds`.
    Impl(Vec<Bound>),
    /// `dyn Bounds`.
    Dyn(Vec<Bound>),
    /// `!`.
    Never,
    /// `_`, or what could not be read.
    #[default]
    Infer,
}

/// A path with type arguments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypePath {
    /// `<Type as ..>` in front; the path then starts after it.
    pub qself: Option<Box<TypeRef>>,
    /// With a `qself`: how many of the segments belong to `as Trait`.
    pub n_trait_segments: usize,
    /// It starts with `::`.
    pub is_global: bool,
    /// Never empty, unless there is a `qself` only.
    pub segments: Vec<PathSegment>,
}

/// One segment of a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PathSegment {
    /// Its name.
    pub name: String,
    /// Its type arguments, without lifetimes.
    pub args: Vec<TypeRef>,
    /// `Item = T` and `Item: Bound`.
    pub bindings: Vec<(String, TypeRef)>,
}

/// One bound of a parameter: a trait, by path.
pub type Bound = TypePath;

/// The parameters of an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generics {
    /// Type and const parameters in order; lifetimes are left out.
    pub params: Vec<GenericParam>,
    /// `where Type: Bounds`.
    pub wheres: Vec<(TypeRef, Vec<Bound>)>,
}

/// One parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GenericParam {
    /// Its name.
    pub name: String,
    /// Its bounds where it is declared.
    pub bounds: Vec<Bound>,
    /// Its default.
    pub default: Option<TypeRef>,
}

impl TypeRef {
    /// Returns `()`.
    pub fn unit() -> Self {
        Self::Tuple(Vec::new())
    }
}

/// Types deeper than this are not read.
const MAX_DEPTH: usize = 48;

/// A reader over tokens; every step moves on or says `None`.
pub(crate) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    /// Starts at the first token.
    pub(crate) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, at: 0, depth: 0 }
    }

    /// Returns the index of the next token.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Moves to `at`.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at.min(self.tokens.len());
    }

    /// Returns the next token.
    pub(crate) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    /// Returns the token `n` after the next.
    pub(crate) fn peek_nth(&self, n: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + n).copied()
    }

    /// Says whether nothing is left.
    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Takes one token.
    pub(crate) fn bump(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Takes the punctuation `byte` if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek().is_some_and(|token| token.is_punct(byte));
        self.at += usize::from(found);
        found
    }

    /// Takes the word if it is next.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(found);
        found
    }

    /// Takes `::` if it is next.
    pub(crate) fn eat_colons(&mut self) -> bool {
        let found = self.at_colons();
        self.at += if found { 2 } else { 0 };
        found
    }

    /// Says whether `::` is next.
    pub(crate) fn at_colons(&self) -> bool {
        self.peek().is_some_and(|token| token.is_punct(b':') && token.joint)
            && self.peek_nth(1).is_some_and(|token| token.is_punct(b':'))
    }

    /// Takes `->` if it is next.
    pub(crate) fn eat_arrow(&mut self) -> bool {
        let found = self.peek().is_some_and(|token| token.is_punct(b'-') && token.joint)
            && self.peek_nth(1).is_some_and(|token| token.is_punct(b'>'));
        self.at += if found { 2 } else { 0 };
        found
    }

    /// Takes one identifier.
    pub(crate) fn ident(&mut self) -> Option<&'a str> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Ident)?;
        self.at += 1;
        Some(token.text)
    }

    /// Takes a bracket group and returns what is inside.
    pub(crate) fn group(&mut self, open: u8) -> Option<&'t [Token<'a>]> {
        self.peek().filter(|token| token.opens(open))?;
        let end = skip_tree(self.tokens, self.at);
        let inner = self.tokens.get(self.at + 1..end.saturating_sub(1)).unwrap_or_default();
        self.at = end;
        Some(inner)
    }

    /// Skips one token or bracket group.
    pub(crate) fn skip_tree(&mut self) {
        self.at = skip_tree(self.tokens, self.at);
    }

    /// Reads a type; `Infer` where it makes no sense, which is then skipped by the caller.
    pub(crate) fn type_ref(&mut self) -> TypeRef {
        if self.depth >= MAX_DEPTH {
            return TypeRef::Infer;
        }
        self.depth += 1;
        let ty = self.type_inner();
        self.depth -= 1;
        ty
    }

    fn type_inner(&mut self) -> TypeRef {
        let Some(token) = self.peek() else { return TypeRef::Infer };
        match token.kind {
            TokenKind::Punct(b'&') => {
                self.at += 1;
                self.skip_lifetime();
                self.eat_word("mut");
                TypeRef::Ref(Box::new(self.type_ref()))
            }
            TokenKind::Punct(b'*') => {
                self.at += 1;
                let _ = self.eat_word("const") || self.eat_word("mut");
                TypeRef::Pointer(Box::new(self.type_ref()))
            }
            TokenKind::Punct(b'!') => {
                self.at += 1;
                TypeRef::Never
            }
            TokenKind::Punct(b'?') => TypeRef::Dyn(self.bounds()),
            TokenKind::Open(b'(') => self.tuple(),
            TokenKind::Open(b'[') => self.slice_or_array(),
            TokenKind::Ident => match token.text {
                "_" => {
                    self.at += 1;
                    TypeRef::Infer
                }
                "impl" => {
                    self.at += 1;
                    TypeRef::Impl(self.bounds())
                }
                "dyn" if !self.peek_nth(1).is_some_and(|next| next.is_punct(b':')) => {
                    self.at += 1;
                    TypeRef::Dyn(self.bounds())
                }
                "for" => {
                    self.skip_for();
                    self.type_ref()
                }
                "unsafe" | "extern" | "fn" => self.fn_pointer(),
                _ => TypeRef::Path(self.path()),
            },
            TokenKind::Punct(b'<') => TypeRef::Path(self.path()),
            TokenKind::Punct(b':') => TypeRef::Path(self.path()),
            _ => TypeRef::Infer,
        }
    }

    fn skip_lifetime(&mut self) {
        if self.peek().is_some_and(|token| token.kind == TokenKind::Lifetime) {
            self.at += 1;
        }
    }

    /// `for<'a>`.
    fn skip_for(&mut self) {
        if self.eat_word("for") {
            self.skip_angles();
        }
    }

    /// Skips `<..>` if it is next.
    pub(crate) fn skip_angles(&mut self) {
        if !self.eat(b'<') {
            return;
        }
        let mut depth = 1usize;
        while let Some(token) = self.peek() {
            match token.kind {
                TokenKind::Punct(b'-') if token.joint => {
                    self.at += 1; // `->` in `Fn() -> T`.
                }
                TokenKind::Punct(b'<') => depth += 1,
                TokenKind::Punct(b'>') => depth -= 1,
                _ => {}
            }
            self.skip_tree();
            if depth == 0 {
                return;
            }
        }
    }

    fn tuple(&mut self) -> TypeRef {
        let Some(inner) = self.group(b'(') else { return TypeRef::Infer };
        let mut cursor = Cursor { depth: self.depth, ..Cursor::new(inner) };
        let mut parts = Vec::new();
        let mut had_comma = false;
        while !cursor.at_end() {
            let before = cursor.at;
            let mut part = cursor.type_ref();
            if cursor.eat(b'+') {
                cursor.bounds();
            }
            had_comma = cursor.eat(b',');
            if cursor.at == before {
                cursor.skip_tree();
                part = TypeRef::Infer;
            }
            parts.push(part);
        }
        if parts.len() == 1 && !had_comma {
            return parts.remove(0);
        }
        TypeRef::Tuple(parts)
    }

    fn slice_or_array(&mut self) -> TypeRef {
        let Some(inner) = self.group(b'[') else { return TypeRef::Infer };
        let mut cursor = Cursor { depth: self.depth, ..Cursor::new(inner) };
        let element = Box::new(cursor.type_ref());
        if cursor.eat(b';') { TypeRef::Array(element) } else { TypeRef::Slice(element) }
    }

    fn fn_pointer(&mut self) -> TypeRef {
        while let Some(token) = self.peek() {
            self.at += 1;
            if token.is_word("fn") {
                break;
            }
        }
        let params = self.fn_pointer_params();
        let ret = if self.eat_arrow() { self.type_ref() } else { TypeRef::unit() };
        TypeRef::Fn(params, Box::new(ret))
    }

    /// The types in `(A, name: B)`.
    fn fn_pointer_params(&mut self) -> Vec<TypeRef> {
        let Some(inner) = self.group(b'(') else { return Vec::new() };
        let mut cursor = Cursor { depth: self.depth, ..Cursor::new(inner) };
        let mut params = Vec::new();
        while !cursor.at_end() {
            let before = cursor.at;
            let is_named = cursor.peek_nth(1).is_some_and(|token| token.is_punct(b':'))
                && !cursor.peek_nth(2).is_some_and(|token| token.is_punct(b':'));
            if is_named {
                cursor.at += 2;
            }
            params.push(cursor.type_ref());
            cursor.eat(b',');
            if cursor.at == before {
                cursor.skip_tree();
            }
        }
        params
    }

    /// Reads `A + B + 'a + ?Sized`; a `?` bound and a lifetime are left out.
    pub(crate) fn bounds(&mut self) -> Vec<Bound> {
        let mut bounds = Vec::new();
        loop {
            self.bound(&mut bounds);
            if !self.eat(b'+') {
                return bounds;
            }
        }
    }

    fn bound(&mut self, bounds: &mut Vec<Bound>) {
        let Some(token) = self.peek() else { return };
        match token.kind {
            TokenKind::Lifetime => self.at += 1,
            TokenKind::Open(b'(') if self.depth < MAX_DEPTH => {
                let Some(inner) = self.group(b'(') else { return };
                let mut cursor = Cursor { depth: self.depth + 1, ..Cursor::new(inner) };
                bounds.extend(cursor.bounds());
            }
            TokenKind::Open(b'[') => self.skip_tree(), // `[const] Trait`
            TokenKind::Punct(b'?') => {
                self.at += 1;
                self.skip_for();
                self.path();
            }
            TokenKind::Punct(b'~') => {
                self.at += 1;
                self.bound(bounds);
            }
            TokenKind::Ident if token.text == "for" => {
                self.skip_for();
                bounds.push(self.path());
            }
            TokenKind::Ident if matches!(token.text, "const" | "async") => {
                self.at += 1;
                self.bound(bounds);
            }
            TokenKind::Ident if token.text == "use" => {
                self.at += 1;
                self.skip_angles();
            }
            TokenKind::Ident | TokenKind::Punct(b':' | b'<') => bounds.push(self.path()),
            _ => {}
        }
        // `[const] Trait` left its trait behind.
        if token.opens(b'[') && self.peek().is_some_and(|next| next.kind == TokenKind::Ident) {
            bounds.push(self.path());
        }
    }

    /// Reads a path with its type arguments. Total: it may be empty.
    pub(crate) fn path(&mut self) -> TypePath {
        let mut path = TypePath::default();
        if self.depth >= MAX_DEPTH {
            return path;
        }
        self.depth += 1;
        if self.eat(b'<') {
            path.qself = Some(Box::new(self.type_ref()));
            if self.eat_word("as") {
                let of_trait = self.path();
                path.is_global = of_trait.is_global;
                path.n_trait_segments = of_trait.segments.len();
                path.segments = of_trait.segments;
            }
            self.eat(b'>');
            if !self.eat_colons() {
                self.depth -= 1;
                return path;
            }
        } else {
            path.is_global = self.eat_colons();
        }
        while let Some(segment) = self.segment() {
            path.segments.push(segment);
            if self.peek().is_some_and(|token| token.is_punct(b'!')) && path.qself.is_none() {
                // A macro in type position: nothing is known of it.
                if self.peek_nth(1).is_some_and(|token| matches!(token.kind, TokenKind::Open(_))) {
                    self.at += 1;
                    self.skip_tree();
                    self.depth -= 1;
                    return TypePath::default();
                }
            }
            if !self.eat_colons() {
                break;
            }
        }
        self.depth -= 1;
        path
    }

    fn segment(&mut self) -> Option<PathSegment> {
        if self.eat(b'$') {
            // `$crate` that an expansion left as it is.
            let name = self.ident()?;
            return Some(PathSegment { name: format!("${name}"), ..PathSegment::default() });
        }
        let name = self.ident()?.to_owned();
        let mut segment = PathSegment { name, ..PathSegment::default() };
        let turbofish = self.at_colons() && self.peek_nth(2).is_some_and(|t| t.is_punct(b'<'));
        if turbofish {
            self.at += 2;
        }
        if self.peek().is_some_and(|token| token.is_punct(b'<')) {
            self.generic_args(&mut segment);
        } else if self.peek().is_some_and(|token| token.opens(b'(')) && is_fn_trait(&segment.name) {
            let params = self.fn_pointer_params();
            let ret = if self.eat_arrow() { self.type_ref() } else { TypeRef::unit() };
            segment.args.push(TypeRef::Tuple(params));
            segment.bindings.push(("Output".to_owned(), ret));
        }
        Some(segment)
    }

    fn generic_args(&mut self, segment: &mut PathSegment) {
        self.at += 1; // `<`
        while let Some(token) = self.peek() {
            let before = self.at;
            match token.kind {
                TokenKind::Punct(b'>') => {
                    self.at += 1;
                    return;
                }
                TokenKind::Punct(b',') | TokenKind::Lifetime => self.at += 1,
                TokenKind::Literal | TokenKind::Open(b'{') => {
                    self.skip_tree();
                    segment.args.push(TypeRef::Infer);
                }
                TokenKind::Punct(b'-') => {
                    self.at += 1; // `-1`; its literal is the argument.
                }
                _ if token.kind == TokenKind::Ident && self.at_binding() => {
                    let name = token.text.to_owned();
                    self.at += 1;
                    if self.eat(b'=') {
                        let ty = self.type_ref();
                        segment.bindings.push((name, ty));
                    } else {
                        self.eat(b':');
                        let bounds = self.bounds();
                        segment.bindings.push((name, TypeRef::Impl(bounds)));
                    }
                }
                _ => {
                    let ty = self.type_ref();
                    segment.args.push(ty);
                }
            }
            if self.at == before {
                self.skip_tree();
            }
        }
    }

    fn at_binding(&self) -> bool {
        let Some(next) = self.peek_nth(1) else { return false };
        next.is_punct(b'=')
            || (next.is_punct(b':')
                && !self.peek_nth(2).is_some_and(|after| after.is_punct(b':') && next.joint))
    }

    /// Reads `<T: Bound, const N: usize>` if it is next.
    pub(crate) fn generic_params(&mut self) -> Generics {
        let mut generics = Generics::default();
        if !self.eat(b'<') {
            return generics;
        }
        while let Some(token) = self.peek() {
            let before = self.at;
            match token.kind {
                TokenKind::Punct(b'>') => {
                    self.at += 1;
                    return generics;
                }
                TokenKind::Punct(b'#') => {
                    self.at += 1;
                    self.skip_tree();
                }
                TokenKind::Lifetime => {
                    self.at += 1;
                    if self.eat(b':') {
                        self.bounds();
                    }
                }
                TokenKind::Ident => {
                    let is_const = self.eat_word("const");
                    let name = self.ident().unwrap_or_default().to_owned();
                    let mut param = GenericParam { name, ..GenericParam::default() };
                    if self.eat(b':') {
                        if is_const {
                            self.type_ref();
                        } else {
                            param.bounds = self.bounds();
                        }
                    }
                    if self.eat(b'=') {
                        if is_const {
                            self.skip_tree();
                        } else {
                            param.default = Some(self.type_ref());
                        }
                    }
                    generics.params.push(param);
                }
                _ => {}
            }
            if self.at == before {
                self.skip_tree();
            }
        }
        generics
    }

    /// Reads `where ..` if it is next, up to `{`, `;` or `=`.
    pub(crate) fn where_clause(&mut self, generics: &mut Generics) {
        if !self.eat_word("where") {
            return;
        }
        while let Some(token) = self.peek() {
            let before = self.at;
            match token.kind {
                TokenKind::Open(b'{') | TokenKind::Punct(b';' | b'=') => return,
                TokenKind::Punct(b',') => self.at += 1,
                TokenKind::Lifetime => {
                    self.at += 1;
                    if self.eat(b':') {
                        self.bounds();
                    }
                }
                _ => {
                    self.skip_for();
                    let ty = self.type_ref();
                    if self.eat(b':') {
                        let bounds = self.bounds();
                        generics.wheres.push((ty, bounds));
                    }
                }
            }
            if self.at == before {
                self.skip_tree();
            }
        }
    }
}

fn is_fn_trait(name: &str) -> bool {
    matches!(name, "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce")
}
