//! Which grammar a file has.

use tree_sitter::{Language, Parser, Tree};

/// Parses a text with the grammar of `path`; `None` where no grammar is at hand.
pub(crate) fn parse(path: &str, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar(path)?).ok()?;
    parser.parse(text, None)
}

/// Returns the grammar of a file, by the end of its name.
fn grammar(path: &str) -> Option<Language> {
    let end = path.rsplit('.').next()?;
    Some(match end {
        "rs" => tree_sitter_rust::LANGUAGE.into(),
        "js" | "mjs" | "cjs" | "jsx" => tree_sitter_javascript::LANGUAGE.into(),
        "ts" | "mts" | "cts" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        "tsx" => tree_sitter_typescript::LANGUAGE_TSX.into(),
        "py" => tree_sitter_python::LANGUAGE.into(),
        "go" => tree_sitter_go::LANGUAGE.into(),
        "java" => tree_sitter_java::LANGUAGE.into(),
        "sh" | "bash" => tree_sitter_bash::LANGUAGE.into(),
        "yaml" | "yml" => tree_sitter_yaml::LANGUAGE.into(),
        "json" => tree_sitter_json::LANGUAGE.into(),
        "toml" => tree_sitter_toml_ng::LANGUAGE.into(),
        _ => return None,
    })
}
