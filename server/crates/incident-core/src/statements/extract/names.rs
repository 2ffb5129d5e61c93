//! What the names of functions, macros and types say about a statement.

/// Returns the level that a name stands for: `warn`, `Warnf`, `error_once`, `log_debug`.
pub(super) fn level(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    level_of_word(&lower)
        .or_else(|| level_of_word(without_suffix(&lower)))
        .or_else(|| lower.split('_').find_map(level_of_word))
}

fn level_of_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "trace" | "silly" | "finest" | "finer" => "trace",
        "debug" | "verbose" | "fine" => "debug",
        "info" | "notice" | "success" => "info",
        "warn" | "warning" => "warn",
        "error" | "err" | "exception" | "severe" => "error",
        "fatal" | "critical" | "crit" | "panic" | "dpanic" | "emerg" | "alert" => "fatal",
        _ => return None,
    })
}

/// Drops what loggers append for a formatted, structured or contextual variant.
pub(super) fn without_suffix(lower: &str) -> &str {
    ["contextf", "context", "ctxf", "ctx", "depthf", "depth", "ln", "f", "w", "s"]
        .iter()
        .find_map(|suffix| lower.strip_suffix(suffix).filter(|stem| stem.len() >= 3))
        .unwrap_or(lower)
}

/// Says whether a name is that of a type of errors.
pub(super) fn is_error_type(name: &str) -> bool {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    let is_type = last.starts_with(|c: char| c.is_uppercase());
    let endings = ["Error", "Exception", "Failure", "Fault", "Warning", "Timeout", "Exit"];
    is_type && (last == "HttpResponseServerError" || endings.iter().any(|it| last.ends_with(it)))
}

/// Says whether the object of a call is a logger, by its last name: `this.logger`, `req.log`, `LOG`.
pub(super) fn is_logger(object: &str) -> bool {
    let last = object.trim_end_matches("()").rsplit(['.', ':', '>']).next().unwrap_or(object);
    let lower = last.trim_matches(['_', '&', '*', '?', '!']).to_ascii_lowercase();
    lower.ends_with("log")
        || lower.contains("logger")
        || lower.contains("logging")
        || matches!(lower.as_str(), "console" | "winston" | "pino" | "slog" | "klog" | "zap" | "l")
}
