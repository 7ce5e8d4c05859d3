//! Names the rewriting knows: errors, modules, and where Python code runs without being able to stop.

/// What the rewriting adds begins with this; a learner never sees it.
pub(crate) const HIDDEN: &str = "_rw_";

/// The exception classes that Python has without an import, each with its base.
pub(crate) const BUILTIN_ERRORS: &[(&str, &str)] = &[
    ("BaseException", ""),
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("AttributeError", "Exception"),
    ("NameError", "Exception"),
    ("ValueError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("OSError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("AssertionError", "Exception"),
    ("MemoryError", "Exception"),
    ("StopIteration", "Exception"),
    ("TypeError", "Exception"),
];

/// A built-in exception class and everything above it, itself first.
pub(crate) fn builtin_line(name: &str) -> Vec<&'static str> {
    let mut line = Vec::new();
    let mut next = name;
    while let Some((name, base)) = BUILTIN_ERRORS.iter().find(|(known, _)| *known == next) {
        line.push(*name);
        next = base;
    }
    line
}

/// The exception classes of redis-py, each with its base.
pub(crate) const REDIS_ERRORS: &[(&str, &str)] = &[
    ("RedisError", "Exception"),
    ("ConnectionError", "RedisError"),
    ("TimeoutError", "RedisError"),
    ("AuthenticationError", "ConnectionError"),
    ("BusyLoadingError", "ConnectionError"),
    ("MaxConnectionsError", "ConnectionError"),
    ("InvalidResponse", "RedisError"),
    ("ResponseError", "RedisError"),
    ("DataError", "RedisError"),
    ("PubSubError", "RedisError"),
    ("WatchError", "RedisError"),
    ("NoScriptError", "ResponseError"),
    ("OutOfMemoryError", "ResponseError"),
    ("ExecAbortError", "ResponseError"),
    ("ReadOnlyError", "ResponseError"),
    ("NoPermissionError", "ResponseError"),
    ("LockError", "RedisError"),
    ("LockNotOwnedError", "LockError"),
    ("ClusterError", "RedisError"),
    ("ClusterDownError", "ClusterError"),
    ("AskError", "ResponseError"),
    ("MovedError", "AskError"),
    ("TryAgainError", "ResponseError"),
    ("ClusterCrossSlotError", "ResponseError"),
    ("MasterDownError", "ClusterDownError"),
    ("RedisClusterException", "Exception"),
    ("SlotNotCoveredError", "RedisClusterException"),
    ("CrossSlotTransactionError", "RedisClusterException"),
    ("InvalidPipelineStack", "RedisClusterException"),
    ("MasterNotFoundError", "ConnectionError"),
    ("SlaveNotFoundError", "ConnectionError"),
];

/// The exception classes of a database that are below another, as PostgreSQL's drivers have them.
const DATABASE_ERRORS: &[(&str, &str)] = &[
    ("DeadlockDetected", "OperationalError"),
    ("LockNotAvailable", "OperationalError"),
];

/// An exception class of redis-py or of a resource and those above it, with commas between.
pub(crate) fn error_line(name: &str) -> String {
    let mut line = name.to_owned();
    let mut next = name;
    let known = || REDIS_ERRORS.iter().chain(DATABASE_ERRORS);
    while let Some((_, base)) = known().find(|(known, _)| *known == next) {
        if *base == "Exception" {
            break;
        }
        line.push(',');
        line.push_str(base);
        next = base;
    }
    line
}

/// The modules that the interpreter brings.
pub(crate) const MODULES: &[&str] = &[
    "__future__",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "os",
    "random",
    "re",
    "sys",
    "time",
    "typing",
    "unicodedata",
];

/// Modules that are not here, and what to do without each.
pub(crate) const ABSENT: &[(&[&str], &str)] = &[
    (
        &["_thread", "multiprocessing", "concurrent", "queue", "sched"],
        "A program here is one client process; it may have threads of `threading`. To have more at work, run several clients.",
    ),
    (
        &["asyncio", "trio", "anyio", "aioredis"],
        "Write the plain form: every call here waits for its answer, and other clients run meanwhile.",
    ),
    (
        &[
            "socket",
            "ssl",
            "http",
            "urllib",
            "requests",
            "httpx",
            "aiohttp",
            "select",
            "subprocess",
        ],
        "A program reaches Redis with `redis`, and the outside with `db`, `storage` and `mailer`.",
    ),
    (
        &[
            "enum",
            "abc",
            "string",
            "statistics",
            "operator",
            "heapq",
            "contextlib",
            "traceback",
            "types",
            "warnings",
        ],
        "Write the few lines that you need of it in the program.",
    ),
    (
        &[
            "signal", "atexit", "pathlib", "shutil", "tempfile", "io", "pickle", "sqlite3", "csv",
            "argparse",
        ],
        "A program has no files, no signals and no command line; keep data in Redis, `db` or `storage`.",
    ),
];

/// Functions that call what they are given without letting the interpreter stop in between.
pub(crate) const CALLERS: &[&str] = &[
    "sorted",
    "min",
    "max",
    "map",
    "filter",
    "reduce",
    "sum",
    "any",
    "all",
    "list",
    "tuple",
    "set",
    "dict",
    "iter",
    "next",
    "sort",
    "defaultdict",
    "partial",
    "groupby",
    "takewhile",
    "dropwhile",
    "accumulate",
    "starmap",
    "filterfalse",
    "sub",
];

/// The special methods in which a program may stop and wait, as in any function.
pub(crate) const WAITING_METHODS: &[&str] = &["__init__", "__call__", "__enter__", "__exit__"];
