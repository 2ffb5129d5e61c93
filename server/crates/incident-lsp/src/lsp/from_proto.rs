//! From the client's words to ours.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_lsp::jsonrpc;
use tower_lsp::lsp_types::{InitializeParams, Url};

use super::ext::InitOptions;

/// Returns the workspace's folders on disk, in the client's order, each once.
pub(crate) fn roots(params: &InitializeParams) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    for uri in folders {
        push_root(&mut roots, uri);
    }
    if roots.is_empty()
        && let Some(uri) = &params.root_uri
    {
        push_root(&mut roots, uri);
    }
    roots
}

/// Adds a folder, unless it is known or not on disk.
pub(crate) fn push_root(roots: &mut Vec<PathBuf>, uri: &Url) {
    match uri.to_file_path() {
        Ok(path) if !roots.contains(&path) => roots.push(path),
        Ok(_) => {}
        Err(()) => tracing::info!("the workspace folder {uri} is not on disk"),
    }
}

/// Returns the client's options; what is not understood is as good as left out.
pub(crate) fn init_options(params: &InitializeParams) -> InitOptions {
    let Some(options) = &params.initialization_options else { return InitOptions::default() };
    serde_json::from_value(options.clone()).unwrap_or_else(|error| {
        tracing::warn!("initializationOptions were not understood: {error}");
        InitOptions::default()
    })
}

/// Returns a command's only argument; without one, what an empty object means.
pub(crate) fn argument<T: DeserializeOwned>(
    command: &str,
    arguments: Vec<Value>,
) -> jsonrpc::Result<T> {
    let mut arguments = arguments.into_iter();
    let first = arguments.next().filter(|first| !first.is_null());
    if arguments.next().is_some() {
        return Err(invalid(command, "it takes one object"));
    }
    let first = first.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    serde_json::from_value(first).map_err(|error| invalid(command, &error.to_string()))
}

fn invalid(command: &str, reason: &str) -> jsonrpc::Error {
    jsonrpc::Error::invalid_params(format!(
        "the argument of {command} was not understood: {reason}"
    ))
}
