//! `[fix]`: which commands prove a fix, and what they may do.

use std::time::Duration;

use super::words;

/// How long a command may take where nothing is said: a cold build of a large workspace.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How often a load is run on each side: enough for the rank test to say something.
const DEFAULT_REPEATS: u32 = 5;

/// More repeats than the rank test looks at would be waste.
const MAX_REPEATS: u32 = 20;

/// How much memory a command may use where nothing is said, in MiB.
const DEFAULT_MEMORY_MIB: u64 = 8 << 10;

/// The settings of `[fix]`. In an untrusted root all of them are the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixSettings {
    /// `check`: does it compile; program and arguments.
    pub check: Option<Vec<String>>,
    /// `test`: do the tests pass.
    pub test: Option<Vec<String>>,
    /// `load`: how does it behave under load. There is no default for it.
    pub load: Option<Vec<String>>,
    /// `staging`: a last command, run only when it is asked for, each time.
    pub staging: Option<Vec<String>>,
    /// `check_timeout_s`.
    pub check_timeout: Duration,
    /// `test_timeout_s`.
    pub test_timeout: Duration,
    /// `load_timeout_s`.
    pub load_timeout: Duration,
    /// `repeats`: how often the load is run on each side.
    pub repeats: u32,
    /// `memory_mib`: of all processes of a command together.
    pub memory_mib: u64,
    /// `network`: the commands may reach the network.
    pub network: bool,
    /// `hosts`: endpoints besides the loopback that a command may be pointed at.
    pub hosts: Vec<String>,
    /// `env`: names of variables that the commands get to see besides the usual few.
    pub env: Vec<String>,
    /// `env_file`: a file of `NAME=value` lines for the commands, relative to the workspace.
    pub env_file: Option<String>,
    /// `load_rate`: requests a second that the incident had.
    pub load_rate: Option<u32>,
    /// `load_concurrency`: so many at a time.
    pub load_concurrency: Option<u32>,
}

impl Default for FixSettings {
    fn default() -> Self {
        Self {
            check: None,
            test: None,
            load: None,
            staging: None,
            check_timeout: DEFAULT_TIMEOUT,
            test_timeout: DEFAULT_TIMEOUT,
            load_timeout: DEFAULT_TIMEOUT,
            repeats: DEFAULT_REPEATS,
            memory_mib: DEFAULT_MEMORY_MIB,
            network: false,
            hosts: Vec::new(),
            env: Vec::new(),
            env_file: None,
            load_rate: None,
            load_concurrency: None,
        }
    }
}

/// What became of a key.
pub(super) enum Taken {
    /// It was taken.
    Yes,
    /// Its value does not fit.
    WrongValue,
    /// There is no such key.
    NoKey,
}

impl FixSettings {
    /// Says whether a key makes something run or reach out, so that only a trusted root may set it.
    pub(super) fn needs_trust(key: &str) -> bool {
        matches!(
            key,
            "check" | "test" | "load" | "staging" | "network" | "hosts" | "env" | "env_file"
        )
    }

    /// Takes one key.
    pub(super) fn take(&mut self, key: &str, value: &toml::Value) -> Taken {
        match self.try_take(key, value) {
            None => Taken::NoKey,
            Some(Some(())) => Taken::Yes,
            Some(None) => Taken::WrongValue,
        }
    }

    /// `None` for a key that is none; `Some(None)` for a value that does not fit.
    fn try_take(&mut self, key: &str, value: &toml::Value) -> Option<Option<()>> {
        let natural = value.as_integer().and_then(|number| u64::try_from(number).ok());
        let natural = natural.filter(|number| *number > 0);
        let small = natural.and_then(|number| u32::try_from(number).ok());
        let seconds = natural.map(Duration::from_secs);
        Some(match key {
            "check" => put(&mut self.check, words(value).map(Some)),
            "test" => put(&mut self.test, words(value).map(Some)),
            "load" => put(&mut self.load, words(value).map(Some)),
            "staging" => put(&mut self.staging, words(value).map(Some)),
            "check_timeout_s" => put(&mut self.check_timeout, seconds),
            "test_timeout_s" => put(&mut self.test_timeout, seconds),
            "load_timeout_s" => put(&mut self.load_timeout, seconds),
            "repeats" => put(&mut self.repeats, small.filter(|number| *number <= MAX_REPEATS)),
            "memory_mib" => put(&mut self.memory_mib, natural),
            "network" => put(&mut self.network, value.as_bool()),
            "hosts" => put(&mut self.hosts, strings(value)),
            "env" => put(&mut self.env, strings(value)),
            "env_file" => put(&mut self.env_file, value.as_str().map(|path| Some(path.to_owned()))),
            "load_rate" => put(&mut self.load_rate, small.map(Some)),
            "load_concurrency" => put(&mut self.load_concurrency, small.map(Some)),
            _ => return None,
        })
    }
}

fn put<T>(slot: &mut T, value: Option<T>) -> Option<()> {
    *slot = value?;
    Some(())
}

fn strings(value: &toml::Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
