//! The signals of the ranking and their weights, as data.

/// One thing that speaks for or against a commit. Each is measured from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// It last changed the very line of a frame.
    BlamedLine,
    /// It last changed lines near a frame, in the same function.
    BlamedNear,
    /// It changed the function around a frame, though the lines may be others' by now.
    FunctionChanged,
    /// It changed a function that one on the stack calls.
    CalleeChanged,
    /// It changed the function that made the value which failed: the crash, one step back. It
    /// weighs as much as the line of the crash and what is near it together.
    ProducerChanged,
    /// It removed code in the function around a frame without putting other code in its place.
    CodeRemoved,
    /// It touched a file of the stack.
    FileTouched,
    /// It touched files that change together with those of the stack.
    Coupled,
    /// It shares rare words with the failure.
    SharedWords,
    /// It introduced the text of the message.
    MessageIntroduced,
    /// It changed a setting that the failure speaks of or that the code on the stack reads.
    SettingChanged,
    /// It changed the resolved version of a package on the stack.
    PackageChanged,
    /// It is one of the newest changes.
    Recent,
    /// It changed much.
    Large,
    /// It changed tests, documents or build files only.
    NotCode,
    /// Much of it lies in the files of the stack.
    Focused,
    /// Its subject announces no change of behaviour: a release, a merge, formatting.
    Mechanical,
    /// It brought the code in rather than changed it: a first commit, an import.
    Import,
}

/// How many signals there are.
pub const N_SIGNALS: usize = 18;

/// A weight for each signal, in the order of [`Signal`].
pub type Weights = [f64; N_SIGNALS];

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct WeightRow {
    /// The signal.
    pub signal: Signal,
    /// Its stable snake_case name, used in JSON.
    pub name: &'static str,
    /// What reason gives before any case was seen. A fit may not turn its sign.
    pub prior: f64,
    /// The fitted weight.
    pub weight: f64,
}

/// The signals with their weights.
///
/// The priors are round numbers set by reason alone, before any case was scored. The weights are
/// what `incident-eval regressions DIR --fit` makes of them: a conditional logit over 25 real
/// regressions of 11 repositories, pulled towards the priors so that a signal which the cases
/// hardly show stays where reason put it. `message_introduced`, `callee_changed`,
/// `producer_changed`, `setting_changed`, `package_changed` and `import` are such: those cases hold
/// no source text. The same command prints how the fit does on repositories that it has not seen.
pub const TABLE: [WeightRow; N_SIGNALS] = [
    row(Signal::BlamedLine, "blamed_line", 3.0, 3.0),
    row(Signal::BlamedNear, "blamed_near", 2.0, 3.0),
    row(Signal::FunctionChanged, "function_changed", 1.5, 1.2),
    row(Signal::CalleeChanged, "callee_changed", 1.5, 1.5),
    row(Signal::ProducerChanged, "producer_changed", 6.0, 6.0),
    row(Signal::CodeRemoved, "code_removed", 0.5, 1.0),
    row(Signal::FileTouched, "file_touched", 1.5, 1.4),
    row(Signal::Coupled, "coupled", 1.0, 1.3),
    row(Signal::SharedWords, "shared_words", 2.0, 3.3),
    row(Signal::MessageIntroduced, "message_introduced", 2.0, 2.0),
    row(Signal::SettingChanged, "setting_changed", 9.0, 9.0),
    row(Signal::PackageChanged, "package_changed", 4.0, 4.0),
    row(Signal::Recent, "recent", 0.5, 1.8),
    row(Signal::Large, "large", 0.5, 1.3),
    row(Signal::NotCode, "not_code", -2.0, -2.1),
    row(Signal::Focused, "focused", 0.5, 1.2),
    row(Signal::Mechanical, "mechanical", -1.0, -1.3),
    row(Signal::Import, "import", -4.0, -4.0),
];

const fn row(signal: Signal, name: &'static str, prior: f64, weight: f64) -> WeightRow {
    WeightRow { signal, name, prior, weight }
}

/// Returns the weights of [`TABLE`].
pub fn weights() -> Weights {
    TABLE.map(|row| row.weight)
}
