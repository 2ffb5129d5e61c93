//! When well-known functions of the standard library give `None` or an error, in words.

/// What was missing where a value was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// A `None`.
    None,
    /// An `Err`.
    Err,
}

/// Methods that pass on what their receiver lacks.
const PASS_ON: &[&str] = &[
    "as_deref",
    "as_deref_mut",
    "as_mut",
    "as_ref",
    "cloned",
    "context",
    "copied",
    "inspect",
    "inspect_err",
    "into_iter",
    "iter",
    "iter_mut",
    "map",
    "map_err",
    "take",
    "to_owned",
    "transpose",
    "with_context",
    "wrap_err",
    "wrap_err_with",
    "clone",
    "borrow",
    "as_slice",
];

/// Says whether a method passes on what its receiver lacks.
pub(super) fn passes_on(method: &str) -> bool {
    PASS_ON.contains(&method)
}

/// Says when a method of the standard library gives nothing; `{r}` stands for the receiver and
/// `{a}` for the arguments, both shown as source.
pub(super) fn method_is_empty_when(method: &str, absence: Absence) -> Option<&'static str> {
    Some(match (absence, method) {
        (Absence::None, "get" | "get_mut") => "{r} has nothing at {a}",
        (Absence::None, "remove") => "{r} has no entry for {a}",
        (
            Absence::None,
            "first" | "first_mut" | "last" | "last_mut" | "split_first" | "split_last",
        ) => "{r} is empty",
        (Absence::None, "pop" | "pop_front" | "pop_back" | "front" | "back" | "peek") => {
            "{r} is empty"
        }
        (Absence::None, "min" | "max" | "min_by" | "max_by" | "min_by_key" | "max_by_key") => {
            "{r} has no item to compare"
        }
        (Absence::None, "next" | "next_back" | "nth") => "{r} has no item left",
        (Absence::None, "find" | "find_map" | "position" | "rposition" | "rfind") => {
            "nothing in {r} matches {a}"
        }
        (Absence::None, "split_once" | "rsplit_once") => "{r} does not hold {a}",
        (Absence::None, "strip_prefix") => "{r} does not begin with {a}",
        (Absence::None, "strip_suffix") => "{r} does not end with {a}",
        (Absence::None, "file_name" | "file_stem") => "the path {r} ends in `..` or is a root",
        (Absence::None, "extension") => "the file name in {r} has no extension",
        (Absence::None, "parent") => "the path {r} is a root or empty",
        (Absence::None, "to_str" | "into_string") => "{r} is not valid UTF-8",
        (Absence::None, "filter") => "the condition {a} turns it down",
        (Absence::None, "and_then") => "the step {a} gives None",
        (Absence::None, "ok") => "{r} is an error, and `.ok()` throws its reason away",
        (Absence::None, "err") => "{r} is no error",
        (Absence::None, "upgrade") => "what {r} points to was dropped already",
        (Absence::None, "to_digit") => "the character {r} is no digit in that base",
        (Absence::None, "captures") => "the pattern does not match {a}",
        (
            Absence::None,
            "as_str" | "as_u64" | "as_i64" | "as_f64" | "as_bool" | "as_array" | "as_object",
        ) => "{r} holds another kind of value, or none",
        (
            Absence::None,
            "checked_add" | "checked_sub" | "checked_mul" | "checked_div" | "checked_rem"
            | "checked_pow" | "checked_neg" | "checked_shl" | "checked_shr",
        ) => "the result does not fit the type",
        (Absence::None, "checked_duration_since") => "{a} is later than {r}",
        (Absence::None, "recv" | "next_line") => "the other side is closed and {r} is drained",
        (Absence::Err, "parse") => "the text in {r} is not of that form",
        (Absence::Err, "try_into") => "the value of {r} does not fit the target type",
        (Absence::Err, "lock" | "read" | "write") => "a thread panicked while it held {r}",
        (Absence::Err, "try_lock" | "try_read" | "try_write") => "{r} is held by somebody else",
        (Absence::Err, "join") => "the thread behind {r} panicked",
        (Absence::Err, "send") => "every receiver of {r} is gone",
        (Absence::Err, "try_send") => "{r} is full, or its receiver is gone",
        (Absence::Err, "recv") => "every sender of {r} is gone",
        (Absence::Err, "recv_timeout") => "nothing came in time, or every sender of {r} is gone",
        (Absence::Err, "try_recv") => "{r} is empty, or every sender is gone",
        (Absence::Err, "try_borrow" | "try_borrow_mut") => "{r} is borrowed elsewhere",
        (Absence::Err, "strip_prefix") => "the path {r} does not begin with {a}",
        (Absence::Err, "duration_since") => "{a} is later than {r}",
        (Absence::Err, "into_string") => "{r} is not valid UTF-8",
        (Absence::Err, "binary_search" | "binary_search_by" | "binary_search_by_key") => {
            "{r} does not hold {a}"
        }
        _ => return None,
    })
}

/// Says when a function of the standard library or a well-known crate gives nothing, by the end of
/// its path; `{a}` stands for the arguments.
pub(super) fn function_is_empty_when(path: &str, absence: Absence) -> Option<&'static str> {
    let mut segments =
        path.rsplit("::").map(|segment| segment.split('<').next().unwrap_or(segment));
    let name = segments.next()?.trim();
    let owner = segments.next().unwrap_or_default().trim();
    Some(match (absence, owner, name) {
        (Absence::Err, "env", "var") => "the environment variable {a} is not set",
        (Absence::None, "env", "var_os") => "the environment variable {a} is not set",
        (Absence::Err, "env", "current_dir") => "the working directory is gone or not readable",
        (Absence::Err, "File", "open") => "the file {a} can't be opened",
        (Absence::Err, "File", "create") => "the file {a} can't be created",
        (Absence::Err, "fs", "read" | "read_to_string" | "read_dir" | "metadata") => {
            "the path {a} can't be read"
        }
        (Absence::Err, "fs", "write" | "create_dir" | "create_dir_all") => {
            "the path {a} can't be written"
        }
        (Absence::Err, "TcpListener" | "UdpSocket", "bind") => {
            "the address {a} is taken or not allowed"
        }
        (Absence::Err, "TcpStream", "connect") => "nothing answers at {a}",
        (Absence::Err, "str" | "String", "from_utf8") => "the bytes of {a} are not valid UTF-8",
        (Absence::Err, "serde_json", "from_str" | "from_slice" | "from_reader" | "from_value") => {
            "the JSON in {a} does not have the expected shape"
        }
        (Absence::Err, "toml", "from_str") => "the TOML in {a} does not have the expected shape",
        (Absence::Err, "Regex", "new") => "the pattern {a} is not a valid regular expression",
        (Absence::Err, "Url", "parse") => "{a} is not an absolute URL",
        (Absence::Err, "Uuid", "parse_str") => "{a} is not a UUID",
        (Absence::None, "char", "from_u32" | "from_digit") => "{a} is no character",
        _ => return None,
    })
}
