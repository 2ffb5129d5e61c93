//! Which model, where, and with which key.

use std::path::PathBuf;
use std::time::Duration;

use crate::command::Environment;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Google's `generateContent`.
    Gemini,
    /// `chat/completions`, as many servers speak it.
    OpenAi,
    /// Anthropic's `messages`.
    Anthropic,
    /// A recorded answer in a file.
    Replay,
}

/// What the settings say of the model. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelSettings {
    /// `model.provider`.
    pub provider: Option<String>,
    /// `model.name`.
    pub name: Option<String>,
    /// `model.base_url`, with the API's version.
    pub base_url: Option<String>,
    /// `model.key_env`: the name of the environment variable that holds the key.
    pub key_env: Option<String>,
    /// `model.ca_file`: further roots, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// `model.window`, in tokens.
    pub window: Option<usize>,
    /// `model.max_answer`, in tokens.
    pub max_answer: Option<u32>,
    /// `model.timeout_s`, for the whole answer.
    pub timeout: Option<Duration>,
    /// `model.price_per_million`: prompt and answer, in the person's own currency.
    pub prices: Option<(u64, u64)>,
    /// The file has such a section and it was ignored, since the tree is not trusted.
    pub was_ignored: bool,
}

/// The model that will be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Choice {
    /// The wire format.
    pub provider: Provider,
    /// The provider's own word, for people: `ollama`, `openai`.
    pub label: String,
    /// The model's name; for a replay the file.
    pub name: String,
    /// Without a slash at its end.
    pub base_url: String,
    /// Never shown.
    pub(super) key: Option<String>,
    /// Further roots.
    pub ca_file: Option<PathBuf>,
    /// In tokens, for prompt and answer.
    pub window: usize,
    /// In tokens.
    pub max_answer: u32,
    /// For one answer.
    pub timeout: Duration,
}

impl std::fmt::Debug for Choice {
    /// Leaves the key out: debug output ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Choice")
            .field("provider", &self.provider)
            .field("name", &self.name)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Why no model can be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No such provider.
    #[error(
        "`{0}` is no provider of models; there are gemini, openai (any server that speaks its \
         chat/completions), anthropic, ollama and replay"
    )]
    NoProvider(String),
    /// `--model configured`, and nothing is.
    #[error(
        "no model is configured: set `model.provider` and `model.name` in .incident.toml, or give --model PROVIDER/NAME"
    )]
    NotConfigured,
    /// The tree is not trusted, so its settings do not count, and guessing would send elsewhere.
    #[error(
        "the settings name a model, and this tree is not trusted, so they are ignored; `incident-lsp trust` allows them, or give both --model and --model-url"
    )]
    Untrusted,
    /// No key.
    #[error("the key for {label} is missing: put it into the environment variable {variable}")]
    NoKey {
        /// The provider.
        label: String,
        /// The variable that was looked at.
        variable: String,
    },
    /// No name.
    #[error("which model of {0}? Give --model {0}/NAME or set `model.name`")]
    NoName(String),
    /// A key over plain http to another machine.
    #[error("the key is not sent to {0} without https")]
    KeyInTheClear(String),
}

/// The window where nothing is said, in tokens: what small local servers have.
const WINDOW: usize = 16_000;
/// The longest answer where nothing is said, in tokens.
const MAX_ANSWER: u32 = 2_000;

impl Choice {
    /// Chooses the model: what was asked for (`PROVIDER[/NAME]` or `configured`), the address that
    /// was given with it, then the settings.
    pub fn of(
        asked: &str,
        url: Option<&str>,
        settings: &ModelSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let is_configured = asked == "configured";
        let (label, name) = match asked.split_once('/') {
            _ if is_configured => {
                if settings.was_ignored {
                    return Err(SettingsError::Untrusted);
                }
                let provider = settings.provider.clone().ok_or(SettingsError::NotConfigured)?;
                (provider, settings.name.clone())
            }
            Some((provider, name)) => (provider.to_owned(), Some(name.to_owned())),
            None => (asked.to_owned(), None),
        };
        let (provider, default_url, variable) = match label.as_str() {
            "gemini" => (
                Provider::Gemini,
                "https://generativelanguage.googleapis.com/v1beta",
                Some("GEMINI_API_KEY"),
            ),
            "openai" => (Provider::OpenAi, "https://api.openai.com/v1", Some("OPENAI_API_KEY")),
            "anthropic" => {
                (Provider::Anthropic, "https://api.anthropic.com/v1", Some("ANTHROPIC_API_KEY"))
            }
            "ollama" => (Provider::OpenAi, "http://127.0.0.1:11434/v1", None),
            "replay" => (Provider::Replay, "", None),
            _ => return Err(SettingsError::NoProvider(crate::message::plain(&label))),
        };
        // The settings' address belongs to the settings' provider.
        let is_same = settings.provider.as_deref().is_none_or(|it| it == label);
        let configured = settings.base_url.as_deref().filter(|_| is_same || is_configured);
        if url.is_none() && settings.was_ignored && provider != Provider::Replay {
            return Err(SettingsError::Untrusted);
        }
        let base_url = url.or(configured).unwrap_or(default_url).trim_end_matches('/').to_owned();
        let name = name.or_else(|| settings.name.clone().filter(|_| is_same));
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| SettingsError::NoName(label.clone()))?;
        let key = key(&label, &base_url, url.is_some(), variable, settings, environment)?;
        Ok(Self {
            provider,
            label,
            name,
            base_url,
            key,
            ca_file: settings.ca_file.clone(),
            window: settings.window.unwrap_or(WINDOW),
            max_answer: settings.max_answer.unwrap_or(MAX_ANSWER),
            timeout: settings.timeout.unwrap_or(Duration::from_secs(180)),
        })
    }

    /// Returns how many tokens the prompt may take.
    pub fn prompt_room(&self) -> usize {
        let answer = usize::try_from(self.max_answer).unwrap_or(usize::MAX);
        // The schema and the turns' marks take some too.
        self.window.saturating_sub(answer.min(self.window / 3)).saturating_mul(95) / 100
    }

    /// Returns how it is called: `gemini/gemini-2.5-flash`.
    pub fn title(&self) -> String {
        let name = match self.provider {
            Provider::Replay => "recorded",
            _ => self.name.as_str(),
        };
        format!("{}/{name}", self.label)
    }
}

/// Reads the key from the environment; a server on this machine may go without.
fn key(
    label: &str,
    base_url: &str,
    is_given: bool,
    default: Option<&str>,
    settings: &ModelSettings,
    environment: &Environment,
) -> Result<Option<String>, SettingsError> {
    let named = settings.key_env.as_deref().filter(|_| !is_given);
    let Some(variable) = named.or(default) else { return Ok(None) };
    let key =
        environment.get(variable).and_then(|key| key.to_str()).map(|key| key.trim().to_owned());
    let key = key.filter(|key| !key.is_empty());
    let is_here = is_loopback(base_url);
    match key {
        Some(_) if !is_here && !base_url.starts_with("https://") => {
            Err(SettingsError::KeyInTheClear(crate::message::plain(base_url)))
        }
        None if !is_here => {
            Err(SettingsError::NoKey { label: label.to_owned(), variable: variable.to_owned() })
        }
        key => Ok(key),
    }
}

fn is_loopback(base_url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(base_url) else { return false };
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]" | "::1"))
}
