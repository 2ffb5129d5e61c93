//! TOML, YAML and JSON by their grammars, which also read files that are broken somewhere.

use std::collections::HashMap;

use tree_sitter::{Node, Parser};

use super::leaves::{Leaves, put};

/// Which grammar reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Toml,
    Yaml,
    Json,
}

/// Longest key that is built; past it stands nesting without end.
const MAX_KEY: usize = 400;

/// Reads every value with its whole key.
///
/// Items of a list are called by the `name`, `id` or `key` that they give themselves, else by their
/// number; a list of plain values is one value.
pub(super) fn read(text: &str, grammar: Grammar) -> Leaves {
    let language = match grammar {
        Grammar::Toml => tree_sitter_toml_ng::LANGUAGE,
        Grammar::Yaml => tree_sitter_yaml::LANGUAGE,
        Grammar::Json => tree_sitter_json::LANGUAGE,
    };
    let mut leaves = Leaves::new();
    let mut parser = Parser::new();
    if parser.set_language(&language.into()).is_err() {
        return leaves;
    }
    let Some(tree) = parser.parse(text, None) else { return leaves };
    let mut n_tables: HashMap<String, usize> = HashMap::new();
    let mut documents = 0_usize;
    let mut stack = vec![(tree.root_node(), String::new())];
    while let Some((node, key)) = stack.pop() {
        if key.len() > MAX_KEY {
            continue;
        }
        let below = stack.len();
        match node.kind() {
            "pair" | "block_mapping_pair" | "flow_pair" => {
                let Some((name, value)) = pair(node, text) else { continue };
                let key = joined(&key, &name);
                match value {
                    Some(value) => stack.push((value, key)),
                    None => put(&mut leaves, key, "", line(node)),
                }
            }
            "table" | "table_array_element" => {
                let mut children = named_children(node).into_iter();
                let Some(name) = children.next().map(|child| key_text(child, text)) else {
                    continue;
                };
                let rest: Vec<Node<'_>> = children.collect();
                let key = if node.kind() == "table" {
                    name
                } else {
                    let nth = n_tables.entry(name.clone()).or_default();
                    *nth += 1;
                    let label = own_name(&rest, text).unwrap_or_else(|| nth.to_string());
                    format!("{name}[{label}]")
                };
                stack.extend(rest.into_iter().map(|child| (child, key.clone())));
            }
            "array" | "block_sequence" | "flow_sequence" => {
                let items = named_children(node);
                let is_plain = items.iter().all(|item| is_plain(*item));
                if is_plain {
                    put(&mut leaves, key, node_text(node, text), line(node));
                    continue;
                }
                for (nth, item) in items.into_iter().enumerate() {
                    let pairs = pairs_of(item);
                    let label = own_name(&pairs, text).unwrap_or_else(|| (nth + 1).to_string());
                    stack.push((item, format!("{key}[{label}]")));
                }
            }
            "document" if grammar == Grammar::Yaml => {
                documents += 1;
                // Several manifests in one file are told apart by kind and name.
                let prefix = if documents > 1 || node.next_named_sibling().is_some() {
                    manifest_name(node, text).unwrap_or_else(|| format!("[{documents}]"))
                } else {
                    String::new()
                };
                stack.extend(named_children(node).into_iter().map(|it| (it, prefix.clone())));
            }
            kind if is_scalar(kind) && !key.is_empty() => {
                put(&mut leaves, key, node_text(node, text), line(node));
            }
            "comment" => {}
            _ => {
                let children = named_children(node);
                stack.extend(children.into_iter().map(|child| (child, key.clone())));
            }
        }
        // Children were pushed in their order; the first one is to be read first.
        if let Some(pushed) = stack.get_mut(below..) {
            pushed.reverse();
        }
    }
    leaves
}

/// Returns a pair's own key and its value.
fn pair<'tree>(node: Node<'tree>, text: &str) -> Option<(String, Option<Node<'tree>>)> {
    let children = named_children(node);
    let key = node.child_by_field_name("key").or_else(|| children.first().copied())?;
    let value = node
        .child_by_field_name("value")
        .or_else(|| children.last().copied().filter(|last| last.id() != key.id()));
    Some((key_text(key, text), value))
}

/// Returns the pairs that an item of a list consists of.
fn pairs_of(item: Node<'_>) -> Vec<Node<'_>> {
    let mut nodes = vec![item];
    // YAML wraps a mapping in an item and two nodes.
    for _ in 0..4 {
        let is_pair = |node: &Node<'_>| node.kind().ends_with("pair");
        if nodes.iter().any(is_pair) || nodes.len() != 1 {
            break;
        }
        nodes = nodes.into_iter().flat_map(named_children).collect();
    }
    nodes
}

/// Returns the name that an item gives itself among its pairs.
fn own_name(pairs: &[Node<'_>], text: &str) -> Option<String> {
    ["name", "id", "key"].into_iter().find_map(|wanted| {
        pairs.iter().find_map(|node| {
            if !node.kind().ends_with("pair") {
                return None;
            }
            let (key, value) = pair(*node, text)?;
            let value = key_text(value?, text);
            (key == wanted && !value.is_empty() && value.len() <= 80).then_some(value)
        })
    })
}

/// Names a YAML document by its `kind` and `metadata.name`.
fn manifest_name(document: Node<'_>, text: &str) -> Option<String> {
    let mut nodes = vec![document];
    for _ in 0..3 {
        nodes = nodes.into_iter().flat_map(named_children).collect();
        if nodes.iter().any(|node| node.kind() == "block_mapping_pair") {
            break;
        }
    }
    let find = |nodes: &[Node<'_>], wanted: &str| {
        nodes.iter().find_map(|node| {
            let (key, value) = pair(*node, text)?;
            (key == wanted).then_some(value)?.map(|value| key_text(value, text))
        })
    };
    let kind = find(&nodes, "kind")?;
    let metadata = nodes.iter().find_map(|node| {
        let (key, value) = pair(*node, text)?;
        (key == "metadata").then_some(value)?
    });
    let name = metadata.and_then(|node| find(&pairs_of(node), "name"));
    Some(match name {
        Some(name) => format!("{kind}[{name}]"),
        None => kind,
    })
}

fn is_plain(node: Node<'_>) -> bool {
    let mut node = node;
    for _ in 0..5 {
        if is_scalar(node.kind()) || node.kind() == "comment" {
            return true;
        }
        let children = named_children(node);
        match children.as_slice() {
            [only] if !only.kind().ends_with("pair") => node = *only,
            _ => return false,
        }
    }
    false
}

fn is_scalar(kind: &str) -> bool {
    matches!(
        kind,
        "string"
            | "integer"
            | "float"
            | "boolean"
            | "number"
            | "true"
            | "false"
            | "null"
            | "offset_date_time"
            | "local_date_time"
            | "local_date"
            | "local_time"
            | "plain_scalar"
            | "double_quote_scalar"
            | "single_quote_scalar"
            | "block_scalar"
            | "alias"
    )
}

fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}

fn node_text<'a>(node: Node<'_>, text: &'a str) -> &'a str {
    text.get(node.byte_range()).unwrap_or_default()
}

fn key_text(node: Node<'_>, text: &str) -> String {
    let key = crate::text::cut(node_text(node, text), MAX_KEY).trim();
    key.trim_matches(['"', '\'']).to_owned()
}

fn joined(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

fn line(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX).saturating_add(1)
}
