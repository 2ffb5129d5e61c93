//! What well-known errors mean, read from their `{:?}` as panics print it.

/// Beginnings of printed errors, and their meaning as a clause.
const MEANINGS: &[(&str, &str)] = &[
    ("ParseIntError { kind: InvalidDigit", "the text holds a character that is no digit"),
    ("ParseIntError { kind: Empty", "the text is empty where a number was expected"),
    ("ParseIntError { kind: PosOverflow", "the number in the text is too large for its type"),
    ("ParseIntError { kind: NegOverflow", "the number in the text is too small for its type"),
    ("ParseIntError { kind: Zero", "the number is zero where that is not allowed"),
    ("ParseFloatError { kind: Empty", "the text is empty where a number was expected"),
    ("ParseFloatError", "the text is no decimal number"),
    ("ParseBoolError", "the text is neither `true` nor `false`"),
    ("ParseCharError", "the text is not exactly one character"),
    ("CharErrorKind", "the text is not exactly one character"),
    ("TooManyChars", "the text is not exactly one character"),
    ("AddrParseError", "the text is no IP address, or no address with a port"),
    ("TryFromIntError", "the number does not fit the target type"),
    ("TryFromSliceError", "the slice does not have the length of the array"),
    ("Utf8Error", "the bytes are not valid UTF-8"),
    ("FromUtf8Error", "the bytes are not valid UTF-8"),
    ("NotPresent", "the environment variable is not set"),
    ("NotUnicode", "the environment variable is not valid Unicode"),
    ("SystemTimeError", "the clock stands before the time that it was compared with"),
    ("PoisonError", "another thread panicked while it held the lock"),
    ("SendError", "every receiver of the channel is gone"),
    ("Disconnected", "the other side of the channel is gone"),
    ("Full(", "the channel is full"),
    ("RecvError", "every sender of the channel is gone"),
    ("Canceled", "the sender was dropped without sending"),
    ("Timeout", "nothing came in time"),
    ("Elapsed(()", "the time limit passed before the work was done"),
    ("JoinError::Panic", "the task panicked; its own panic message stands earlier in the log"),
    ("JoinError::Cancelled", "the task was cancelled, by `abort` or by the runtime's shutdown"),
    ("Any { ..", "the thread panicked; its own panic message stands earlier in the log"),
    ("BorrowMutError", "the cell is borrowed already"),
    ("BorrowError", "the cell is mutably borrowed already"),
    ("StripPrefixError", "the path does not begin with the prefix"),
    ("SetLoggerError", "a logger was installed already"),
    ("SetGlobalDefaultError", "a global subscriber was installed already"),
    ("TryInitError", "a global subscriber was installed already"),
    ("CapacityError", "the fixed capacity is used up"),
    ("LayoutError", "the size is larger than memory can be"),
    ("TryReserveError", "the memory could not be reserved"),
    ("PoolTimedOut", "no connection of the pool came free in time"),
    ("PoolClosed", "the connection pool was closed already"),
    ("RowNotFound", "the query found no row"),
];

/// Operating system errors by the kind that Rust prints.
const KINDS: &[(&str, &str)] = &[
    ("NotFound", "the file or folder is not there"),
    ("PermissionDenied", "the process is not allowed to do this"),
    ("AlreadyExists", "the file or folder exists already"),
    ("AddrInUse", "another process listens at that address"),
    ("AddrNotAvailable", "this machine does not have that address"),
    ("ConnectionRefused", "nothing listens at that address"),
    ("ConnectionReset", "the other side dropped the connection"),
    ("ConnectionAborted", "the connection was dropped"),
    ("NotConnected", "the socket is not connected"),
    ("BrokenPipe", "the reader of the pipe or socket is gone"),
    ("TimedOut", "the operation took too long"),
    ("WouldBlock", "the operation would have to wait"),
    ("UnexpectedEof", "the data ended too early"),
    ("InvalidData", "the data does not have the expected form"),
    ("InvalidInput", "an argument of the operation is not valid"),
    ("StorageFull", "the disk is full"),
    ("OutOfMemory", "memory ran out"),
    ("IsADirectory", "the path is a folder"),
    ("NotADirectory", "a part of the path is not a folder"),
    ("DirectoryNotEmpty", "the folder is not empty"),
    ("ReadOnlyFilesystem", "the file system is read-only"),
    ("TooManyLinks", "the file has too many links"),
    ("Uncategorized", "the operating system refused it"),
];

/// Says what a printed error means, as a clause; `None` for errors that are not known.
pub(super) fn explain(printed: &str) -> Option<String> {
    let kind = io_kind(printed);
    if let Some((_, meaning)) = KINDS.iter().find(|(known, _)| Some(*known) == kind) {
        return Some(match between(printed, "code: ", &[',', ' ', '}']) {
            Some("24") => "the process has too many files open".to_owned(),
            Some("28") => "the disk is full".to_owned(),
            _ => (*meaning).to_owned(),
        });
    }
    if let Some(json) = printed.strip_prefix("Error(\"")
        && let Some((what, place)) = json.split_once("\", line: ")
    {
        let line = place.split(',').next().unwrap_or_default();
        let column = between(place, "column: ", &[')', ',']).unwrap_or("?");
        let what = what.replace('`', "'");
        return Some(format!("JSON does not fit at its line {line}, column {column}: {what}"));
    }
    if let Some(offset) = between(printed, "valid_up_to: ", &[',', ' ', '}']) {
        return Some(format!("the bytes are not valid UTF-8 after byte {offset}"));
    }
    let (_, meaning) = MEANINGS
        .iter()
        .find(|(start, _)| printed.starts_with(start) || printed.contains(&format!("({start}")))?;
    Some((*meaning).to_owned())
}

/// Returns the kind of an `std::io::Error` anywhere in a printed error.
fn io_kind(printed: &str) -> Option<&str> {
    let is_io = ["Os {", "Custom {", "Error { kind:"].iter().any(|form| printed.contains(form));
    if is_io {
        return between(printed, "kind: ", &[',', ' ', '}']);
    }
    between(printed.strip_prefix("Kind(")?, "", &[')'])
}

fn between<'a>(text: &'a str, after: &str, until: &[char]) -> Option<&'a str> {
    let (_, rest) = text.split_once(after)?;
    rest.split(|c| until.contains(&c)).next()
}
