//! The section `model`: where a model is and what it is called. Never a key, only the name of the
//! environment variable that holds it.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::ModelSettings;

/// Takes one key; `None` where there is no such key, `false` where its value does not fit.
pub(super) fn key(settings: &mut ModelSettings, key: &str, value: &toml::Value) -> Option<bool> {
    let natural = value.as_integer().and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0);
    let text = value.as_str().map(str::to_owned).filter(|it| !it.is_empty());
    match key {
        "provider" => settings.provider = text,
        "name" => settings.name = text,
        "base_url" => settings.base_url = text,
        "key_env" => settings.key_env = text.filter(|it| is_variable(it)),
        "ca_file" => settings.ca_file = text.map(PathBuf::from),
        "window" => settings.window = natural.and_then(|it| usize::try_from(it).ok()),
        "max_answer" => settings.max_answer = natural.and_then(|it| u32::try_from(it).ok()),
        "timeout_s" => settings.timeout = natural.map(Duration::from_secs),
        _ => return None,
    }
    Some(match key {
        "provider" => settings.provider.is_some(),
        "name" => settings.name.is_some(),
        "base_url" => settings.base_url.is_some(),
        "key_env" => settings.key_env.is_some(),
        "ca_file" => settings.ca_file.is_some(),
        "window" => settings.window.is_some(),
        "max_answer" => settings.max_answer.is_some(),
        _ => settings.timeout.is_some(),
    })
}

/// Says whether a text is the name of a variable; a key that somebody wrote down here is none.
pub(super) fn is_variable(text: &str) -> bool {
    text.len() <= 64
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
