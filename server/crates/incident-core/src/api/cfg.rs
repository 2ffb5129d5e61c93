//! `#[cfg(..)]` as a predicate that is kept, and answered when somebody asks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::tokens::{Token, TokenKind, skip_tree};

/// When an item is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cfg {
    /// Always.
    #[default]
    Always,
    /// `feature = "name"`.
    Feature(String),
    /// A bare flag, `unix`, or one with a value, `target_os = "linux"`.
    Flag(String, Option<String>),
    /// All of them.
    All(Vec<Cfg>),
    /// At least one of them.
    Any(Vec<Cfg>),
    /// Not it.
    Not(Box<Cfg>),
    /// It cannot be read.
    Unreadable,
}

/// Whether a predicate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CfgValue {
    /// It holds.
    On,
    /// Nobody can tell without running a build script.
    Maybe,
    /// It does not hold.
    Off,
}

/// What a crate is built with.
#[derive(Clone, Debug, Default)]
pub struct CfgContext {
    /// The features that are on.
    pub features: BTreeSet<String>,
    /// The features cannot be told: every feature may be on.
    pub features_unknown: bool,
    /// Flags that the build script may set, from its text.
    pub build_cfgs: BTreeSet<String>,
}

impl Cfg {
    /// Says whether there is no condition.
    pub fn is_always(&self) -> bool {
        *self == Self::Always
    }

    /// Returns the predicate that holds where both do.
    pub fn and(self, other: Cfg) -> Cfg {
        match (self, other) {
            (Self::Always, one) | (one, Self::Always) => one,
            (Self::All(mut all), one) => {
                all.push(one);
                Self::All(all)
            }
            (one, another) => Self::All(vec![one, another]),
        }
    }

    /// Returns the opposite.
    pub fn negated(self) -> Cfg {
        Self::Not(Box::new(self))
    }

    /// Answers the predicate.
    pub fn eval(&self, context: &CfgContext) -> CfgValue {
        match self {
            Self::Always => CfgValue::On,
            Self::Feature(name) if context.features.contains(name) => CfgValue::On,
            Self::Feature(_) if context.features_unknown => CfgValue::Maybe,
            Self::Feature(_) => CfgValue::Off,
            Self::Flag(name, value) => flag(name, value.as_deref(), context),
            Self::All(all) => all.iter().map(|cfg| cfg.eval(context)).fold(CfgValue::On, least),
            Self::Any(any) => any.iter().map(|cfg| cfg.eval(context)).fold(CfgValue::Off, most),
            Self::Not(cfg) => match cfg.eval(context) {
                CfgValue::On => CfgValue::Off,
                CfgValue::Off => CfgValue::On,
                CfgValue::Maybe => CfgValue::Maybe,
            },
            Self::Unreadable => CfgValue::Maybe,
        }
    }

    /// Returns what would have to be on for the predicate to hold: features first, else flags.
    pub fn missing(&self, context: &CfgContext) -> Vec<String> {
        let mut wanted = Vec::new();
        self.collect_missing(context, &mut wanted);
        wanted.sort();
        wanted.dedup();
        wanted
    }

    fn collect_missing(&self, context: &CfgContext, wanted: &mut Vec<String>) {
        if self.eval(context) != CfgValue::Off {
            return;
        }
        match self {
            Self::Feature(name) => wanted.push(format!("feature `{name}`")),
            Self::Flag(name, None) => wanted.push(format!("cfg `{name}`")),
            Self::Flag(name, Some(value)) => wanted.push(format!("cfg `{name} = \"{value}\"`")),
            Self::All(all) => all.iter().for_each(|cfg| cfg.collect_missing(context, wanted)),
            Self::Any(any) => any.iter().for_each(|cfg| cfg.collect_missing(context, wanted)),
            Self::Not(_) => wanted.push("another configuration".to_owned()),
            Self::Always | Self::Unreadable => {}
        }
    }
}

fn least(a: CfgValue, b: CfgValue) -> CfgValue {
    match (a, b) {
        (CfgValue::Off, _) | (_, CfgValue::Off) => CfgValue::Off,
        (CfgValue::Maybe, _) | (_, CfgValue::Maybe) => CfgValue::Maybe,
        _ => CfgValue::On,
    }
}

fn most(a: CfgValue, b: CfgValue) -> CfgValue {
    match (a, b) {
        (CfgValue::On, _) | (_, CfgValue::On) => CfgValue::On,
        (CfgValue::Maybe, _) | (_, CfgValue::Maybe) => CfgValue::Maybe,
        _ => CfgValue::Off,
    }
}

/// Answers a flag for the platform that the program was built for.
///
/// FIXME: the target comes from our own build; a project that cross-compiles says it elsewhere.
fn flag(name: &str, value: Option<&str>, context: &CfgContext) -> CfgValue {
    let on = match (name, value) {
        ("unix" | "windows" | "debug_assertions" | "panic" | "overflow_checks", _)
            if name != "unix" && name != "windows" =>
        {
            return CfgValue::Maybe;
        }
        ("unix", None) => cfg!(unix),
        ("windows", None) => cfg!(windows),
        ("target_os", Some(os)) => os == std::env::consts::OS,
        ("target_arch", Some(arch)) => arch == std::env::consts::ARCH,
        ("target_family", Some(family)) => family == std::env::consts::FAMILY,
        ("target_pointer_width", Some(width)) => {
            width == if cfg!(target_pointer_width = "64") { "64" } else { "32" }
        }
        ("target_endian", Some(endian)) => (endian == "little") == cfg!(target_endian = "little"),
        ("target_has_atomic" | "target_has_atomic_load_store", width) => width != Some("128"),
        ("target_has_atomic_equal_alignment", _) => true,
        ("target_has_reliable_f16" | "target_has_reliable_f128", _) => true,
        ("target_env" | "target_vendor" | "target_feature" | "target_abi", _) => {
            return CfgValue::Maybe;
        }
        ("true", None) => true,
        ("test" | "doc" | "doctest" | "miri" | "docsrs" | "bootstrap" | "false", _) => false,
        ("no_global_oom_handling" | "no_rc" | "no_sync" | "feature", _) => false,
        _ if context.build_cfgs.contains(name) => return CfgValue::Maybe,
        _ => false,
    };
    if on { CfgValue::On } else { CfgValue::Off }
}

/// Reads the predicate in `tokens`: what stands between the brackets of `cfg(..)`.
pub(crate) fn parse_cfg(tokens: &[Token<'_>]) -> Cfg {
    parse_predicate(tokens, 0)
}

fn parse_predicate(tokens: &[Token<'_>], depth: usize) -> Cfg {
    let Some(first) = tokens.first() else { return Cfg::Unreadable };
    if first.kind != TokenKind::Ident || depth > 32 {
        return Cfg::Unreadable;
    }
    match tokens.get(1).map(|token| token.kind) {
        Some(TokenKind::Punct(b'=')) => {
            let value = tokens.get(2).map(|token| unquoted(token.text));
            match value {
                Some(value) if first.text == "feature" => Cfg::Feature(value),
                Some(value) => Cfg::Flag(first.text.to_owned(), Some(value)),
                None => Cfg::Unreadable,
            }
        }
        Some(TokenKind::Open(_)) => {
            let end = skip_tree(tokens, 1);
            let inner = tokens.get(2..end.saturating_sub(1)).unwrap_or_default();
            let parts =
                || split_commas(inner).into_iter().map(|part| parse_predicate(part, depth + 1));
            match first.text {
                "all" => Cfg::All(parts().collect()),
                "any" => Cfg::Any(parts().collect()),
                "not" => parts().next().map_or(Cfg::Unreadable, Cfg::negated),
                _ => Cfg::Unreadable,
            }
        }
        _ => Cfg::Flag(first.text.to_owned(), None),
    }
}

/// Splits at the commas outside all brackets; an empty last part is left out.
pub(crate) fn split_commas<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is_punct(b',') {
            parts.push(&tokens[start..at]);
            start = at + 1;
            at += 1;
        } else {
            at = skip_tree(tokens, at);
        }
    }
    if start < tokens.len() {
        parts.push(&tokens[start..]);
    }
    parts
}

/// Returns the text of a string literal without its quotes; escapes stay as written.
pub(crate) fn unquoted(literal: &str) -> String {
    literal.trim_start_matches(['r', 'b', 'c', '#']).trim_end_matches('#').trim_matches('"').into()
}

/// Answers the key of a manifest's `target` table: `cfg(..)` or a platform's name.
pub(crate) fn parse_target(target: &str) -> CfgValue {
    let predicate = target.trim().strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')'));
    match predicate {
        Some(predicate) => {
            parse_cfg(&super::tokens::tokenize(predicate)).eval(&CfgContext::default())
        }
        None => {
            let is_here =
                target.contains(std::env::consts::ARCH) && target.contains(std::env::consts::OS);
            if is_here { CfgValue::Maybe } else { CfgValue::Off }
        }
    }
}
