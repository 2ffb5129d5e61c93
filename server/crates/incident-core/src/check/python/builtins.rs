//! The built-in classes, whose source is not Python: their members over all versions in use, so
//! that what is not here is in none of them.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::index::{PyModule, index_python};

/// Name, base, members. A member may say what it gives: `upper>str`.
const CLASSES: &[(&str, &str, &str)] = &[
    (
        "object",
        "",
        "__init__ __new__ __class__ __dict__ __doc__ __module__ __eq__ __ne__ __lt__ __le__ __gt__ \
         __ge__ __hash__ __str__ __repr__ __format__ __getattribute__ __setattr__ __delattr__ \
         __dir__ __sizeof__ __reduce__ __reduce_ex__ __getstate__ __subclasshook__ \
         __init_subclass__ __annotations__ __weakref__ __slots__",
    ),
    (
        "type",
        "object",
        "__name__ __qualname__ __mro__ __bases__ __base__ __subclasses__ mro __call__ __prepare__ \
         __instancecheck__ __subclasscheck__ __abstractmethods__ __or__ __ror__ __text_signature__ \
         __basicsize__ __itemsize__ __flags__ __weakrefoffset__ __dictoffset__ __type_params__ \
         __static_attributes__ __firstlineno__ __annotate__ __class_getitem__",
    ),
    ("ABCMeta", "type", "register _dump_registry _abc_caches_clear _abc_registry_clear"),
    (
        "str",
        "object",
        "capitalize>str casefold>str center>str count>int encode>bytes endswith>bool \
         expandtabs>str find>int format>str format_map>str index>int isalnum isalpha isascii \
         isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper \
         join>str ljust>str lower>str lstrip>str maketrans partition>tuple removeprefix>str \
         removesuffix>str replace>str rfind>int rindex>int rjust>str rpartition>tuple rsplit>list \
         rstrip>str split>list splitlines>list startswith>bool strip>str swapcase>str title>str \
         translate>str upper>str zfill>str __len__ __getitem__ __contains__ __iter__ __add__ \
         __mul__ __rmul__ __mod__ __rmod__ __getnewargs__",
    ),
    (
        "bytes",
        "object",
        "capitalize>bytes center>bytes count>int decode>str endswith>bool expandtabs>bytes \
         find>int fromhex hex>str index>int isalnum isalpha isascii isdigit islower isspace istitle \
         isupper join>bytes ljust>bytes lower>bytes lstrip>bytes maketrans partition>tuple \
         removeprefix>bytes removesuffix>bytes replace>bytes rfind>int rindex>int rjust>bytes \
         rpartition>tuple rsplit>list rstrip>bytes split>list splitlines>list startswith>bool \
         strip>bytes swapcase>bytes title>bytes translate>bytes upper>bytes zfill>bytes __len__ \
         __getitem__ __contains__ __iter__ __add__ __mul__ __rmul__ __mod__ __rmod__ __bytes__ \
         __getnewargs__ __buffer__",
    ),
    (
        "list",
        "object",
        "append clear copy>list count>int extend index>int insert pop remove reverse sort __len__ \
         __getitem__ __setitem__ __delitem__ __contains__ __iter__ __reversed__ __add__ __iadd__ \
         __mul__ __imul__ __rmul__ __class_getitem__",
    ),
    (
        "tuple",
        "object",
        "count>int index>int __len__ __getitem__ __contains__ __iter__ __add__ __mul__ __rmul__ \
         __class_getitem__ __getnewargs__",
    ),
    (
        "dict",
        "object",
        "clear copy>dict fromkeys>dict get items keys pop popitem setdefault update values __len__ \
         __getitem__ __setitem__ __delitem__ __contains__ __iter__ __reversed__ __or__ __ior__ \
         __ror__ __class_getitem__ __missing__",
    ),
    (
        "set",
        "object",
        "add clear copy>set difference>set difference_update discard intersection>set \
         intersection_update isdisjoint>bool issubset>bool issuperset>bool pop remove \
         symmetric_difference>set symmetric_difference_update union>set update __len__ \
         __contains__ __iter__ __and__ __or__ __sub__ __xor__ __iand__ __ior__ __isub__ __ixor__ \
         __rand__ __ror__ __rsub__ __rxor__ __class_getitem__",
    ),
    (
        "frozenset",
        "object",
        "copy difference intersection isdisjoint issubset issuperset symmetric_difference union \
         __len__ __contains__ __iter__ __and__ __or__ __sub__ __xor__ __rand__ __ror__ __rsub__ \
         __rxor__ __class_getitem__",
    ),
    (
        "int",
        "object",
        "as_integer_ratio bit_count>int bit_length>int conjugate denominator>int from_bytes>int \
         imag>int is_integer>bool numerator>int real>int to_bytes>bytes __abs__ __add__ __and__ \
         __bool__ __ceil__ __divmod__ __float__ __floor__ __floordiv__ __index__ __int__ \
         __invert__ __lshift__ __mod__ __mul__ __neg__ __or__ __pos__ __pow__ __radd__ __rand__ \
         __rdivmod__ __rfloordiv__ __rlshift__ __rmod__ __rmul__ __ror__ __round__ __rpow__ \
         __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __sub__ __truediv__ __trunc__ \
         __xor__ __getnewargs__",
    ),
    ("bool", "int", "__and__"),
    (
        "float",
        "object",
        "as_integer_ratio conjugate fromhex from_number hex>str imag is_integer>bool real __abs__ \
         __add__ __bool__ __ceil__ __divmod__ __float__ __floor__ __floordiv__ __int__ __mod__ \
         __mul__ __neg__ __pos__ __pow__ __radd__ __rdivmod__ __rfloordiv__ __rmod__ __rmul__ \
         __round__ __rpow__ __rsub__ __rtruediv__ __sub__ __truediv__ __trunc__ __getformat__ \
         __getnewargs__",
    ),
    (
        "property",
        "object",
        "getter setter deleter fget fset fdel __get__ __set__ __delete__ __name__",
    ),
    (
        "BaseException",
        "object",
        "args>tuple with_traceback add_note __cause__ __context__ __suppress_context__ \
         __traceback__ __notes__ __setstate__",
    ),
    ("BaseExceptionGroup", "BaseException", "message exceptions subgroup split derive"),
    ("Exception", "BaseException", ""),
    ("ExceptionGroup", "Exception", "message exceptions subgroup split derive"),
    ("OSError", "Exception", "errno strerror filename filename2 winerror characters_written"),
    ("StopIteration", "Exception", "value"),
    ("SystemExit", "BaseException", "code"),
    ("ImportError", "Exception", "name path msg name_from"),
    (
        "SyntaxError",
        "Exception",
        "msg filename lineno offset text end_lineno end_offset print_file_and_line",
    ),
    ("UnicodeError", "ValueError", "encoding object start end reason"),
    ("UnicodeDecodeError", "UnicodeError", "encoding object start end reason"),
    ("UnicodeEncodeError", "UnicodeError", "encoding object start end reason"),
    ("NameError", "Exception", "name"),
    ("AttributeError", "Exception", "name obj"),
];

/// Exceptions without members of their own, with what they are.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("GeneratorExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("FloatingPointError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("UnboundLocalError", "NameError"),
    ("BlockingIOError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("ConnectionError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopAsyncIteration", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("SyntaxWarning", "Warning"),
    ("ImportWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("UnicodeWarning", "Warning"),
    ("BytesWarning", "Warning"),
    ("ResourceWarning", "Warning"),
    ("EncodingWarning", "Warning"),
];

/// The module that holds the built-in classes under this name.
pub(crate) const BUILTINS: &str = "builtins";

/// Returns the built-in classes as a module.
pub(crate) fn module() -> &'static PyModule {
    static MODULE: OnceLock<PyModule> = OnceLock::new();
    MODULE.get_or_init(|| {
        let mut stub = String::new();
        let plain = EXCEPTIONS.iter().map(|(name, base)| (*name, *base, ""));
        for (name, base, members) in CLASSES.iter().copied().chain(plain) {
            // Writing to a string does not fail.
            let _ = writeln!(stub, "class {name}({base}):\n    pass");
            for member in members.split_whitespace() {
                let (member, gives) = member.split_once('>').unwrap_or((member, ""));
                let gives = if gives.is_empty() { String::new() } else { format!(" -> {gives}") };
                let _ = writeln!(stub, "    def {member}(self, *a, **k){gives}: ...");
            }
        }
        let mut module = index_python(&stub, BUILTINS);
        module.open = Some("built-in functions are not listed".to_owned());
        module
    })
}
