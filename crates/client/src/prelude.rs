//! Python that is compiled with every program: the modules that live here, and what the rewriting calls.
//!
//! A program is started thousands of times and copied more often, so it is given only what it mentions: of the
//! redis-py API, the methods whose names occur in it.

use std::fmt::Write as _;

use crate::redis::METHODS;
use crate::rewrite::names::REDIS_ERRORS;
use crate::rewrite::Facts;

const STEPS: &str = include_str!("prelude/steps.py");
const MARK: &str = include_str!("prelude/mark.py");
const RANGE: &str = include_str!("prelude/range.py");
const KNOWN: &str = include_str!("prelude/known.py");
const LEN: &str = include_str!("prelude/len.py");
const LEAVE: &str = include_str!("prelude/leave.py");
const STDERR: &str = include_str!("prelude/stderr.py");
const ERRORS: &str = include_str!("prelude/errors.py");
const LUCK: &str = include_str!("prelude/luck.py");
const UUID: &str = include_str!("prelude/uuid.py");
const SECRETS: &str = include_str!("prelude/secrets.py");
const LOGGING: &str = include_str!("prelude/logging.py");
const REDIS: &str = include_str!("prelude/redis.py");
const RETRY: &str = include_str!("prelude/retry.py");
const PIPELINE: &str = include_str!("prelude/pipeline.py");
const SCRIPT: &str = include_str!("prelude/script.py");
const LOCK: &str = include_str!("prelude/lock.py");
const CLIENT_PIPELINE: &str = include_str!("prelude/client_pipeline.py");
const CLIENT_TRANSACTION: &str = include_str!("prelude/client_transaction.py");
const CLIENT_SCRIPT: &str = include_str!("prelude/client_script.py");
const CLIENT_SCAN_ITER: &str = include_str!("prelude/client_scan_iter.py");
const CLIENT_LOCK: &str = include_str!("prelude/client_lock.py");

/// The resources, and what each can be asked.
const RESOURCES: &[(&str, &[&str])] = &[
    ("db", &["get", "put", "insert", "update", "delete", "select"]),
    ("storage", &["read", "write", "delete"]),
    ("mailer", &["send"]),
];

/// What can be imported from the modules that live here, besides the exceptions of redis.
const CONTENTS: &[(&str, &[&str])] = &[
    (
        "redis",
        &["Redis", "StrictRedis", "ConnectionPool", "BlockingConnectionPool", "from_url", "exceptions", "retry", "backoff", "client", "lock"],
    ),
    ("redis.exceptions", &[]),
    ("redis.client", &["Redis", "StrictRedis", "Pipeline"]),
    ("redis.connection", &["ConnectionPool", "BlockingConnectionPool"]),
    ("redis.lock", &["Lock"]),
    ("redis.retry", &["Retry"]),
    ("redis.backoff", BACKOFFS),
    ("uuid", &["UUID", "uuid4", "uuid1"]),
    ("secrets", &["token_bytes", "token_hex", "token_urlsafe", "randbelow", "choice", "compare_digest"]),
    ("logging", &["getLogger", "basicConfig", "debug", "info", "warning", "error", "exception", "critical", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
    ("db", RESOURCES[0].1),
    ("storage", &["read", "write", "delete", "StaleToken"]),
    ("mailer", RESOURCES[2].1),
];

const BACKOFFS: &[&str] = &[
    "NoBackoff",
    "ConstantBackoff",
    "ExponentialBackoff",
    "FullJitterBackoff",
    "EqualJitterBackoff",
    "ExponentialWithJitterBackoff",
];

/// Whether a module lives here.
pub(crate) fn provides(module: &str) -> bool {
    CONTENTS.iter().any(|(name, _)| *name == module)
}

/// Whether a module that lives here has something of that name.
pub(crate) fn has(module: &str, name: &str) -> bool {
    CONTENTS
        .iter()
        .any(|(known, contents)| *known == module && contents.contains(&name))
}

/// What a module that lives here has, as a sentence.
pub(crate) fn contents(module: &str) -> String {
    let mut names: Vec<&str> = CONTENTS
        .iter()
        .filter(|(known, _)| *known == module)
        .flat_map(|(_, contents)| contents.iter().copied())
        .collect();
    if module == "redis" || module == "redis.exceptions" {
        names.extend(REDIS_ERRORS.iter().map(|(name, _)| *name));
    }
    format!("It has {}.", names.join(", "))
}

/// What a program is compiled with.
pub(crate) fn for_program(facts: &Facts) -> String {
    let name = |name: &str| facts.names.contains(name);
    let attribute = |name: &str| facts.attributes.contains(name);
    let redis = facts.modules.iter().any(|module| module.starts_with("redis"));
    let resources: Vec<&(&str, &[&str])> = RESOURCES
        .iter()
        .filter(|(resource, _)| name(resource) || facts.modules.contains(*resource))
        .collect();
    let pipelines = redis && (attribute("pipeline") || attribute("transaction") || attribute("Pipeline"));
    let locks = redis && (attribute("lock") || name("Lock") || attribute("Lock"));
    let scripts = redis && (locks || attribute("register_script"));
    let uuids = facts.modules.contains("uuid");
    let secrets = facts.modules.contains("secrets");

    let mut text = String::with_capacity(4096);
    text.push_str(STEPS);
    text.push_str("_rw_variables = (");
    for variable in &facts.variables {
        let _ = write!(text, "'{variable}', ");
    }
    text.push_str(")\n");
    let errors = facts.errors || redis || !resources.is_empty() || !facts.classes.is_empty();
    if errors || !facts.hurried.is_empty() {
        text.push_str(STDERR);
    }
    if !facts.hurried.is_empty() {
        text.push_str(MARK);
    }
    if errors || uuids || facts.modules.contains("logging") {
        text.push_str(KNOWN);
    }
    if facts.lengths {
        text.push_str(LEN);
    }
    if facts.leaves {
        text.push_str(LEAVE);
    }
    if name("range") {
        text.push_str(RANGE);
    }
    if errors {
        text.push_str("_rw_lines = {");
        for (name, base) in REDIS_ERRORS {
            let _ = write!(text, "'{name}': '{base}', ");
        }
        text.push_str("}\n");
        text.push_str(ERRORS);
    }
    if locks || uuids || secrets {
        text.push_str(LUCK);
    }
    for (module, piece) in [("uuid", UUID), ("secrets", SECRETS), ("logging", LOGGING)] {
        if facts.modules.contains(module) {
            text.push_str(piece);
        }
    }
    if redis {
        redis_module(&mut text, facts, pipelines, scripts, locks);
    }
    for (resource, methods) in resources {
        resource_module(&mut text, resource, methods);
    }
    text
}

fn resource_module(text: &mut String, resource: &str, methods: &[&str]) {
    let mut namespace = String::new();
    for method in methods {
        let _ = writeln!(
            text,
            "def _rw_{resource}_{method}(*args, **kwargs):\n    return _rw_resource(_rw_known, '{resource}', '{method}', args, kwargs)"
        );
        let _ = write!(namespace, "'{method}': _rw_{resource}_{method}, ");
    }
    if resource == "storage" {
        namespace.push_str("'StaleToken': _rw_kind('StaleToken'), ");
    }
    let _ = writeln!(
        text,
        "_rw_module_{resource} = type('{resource}', (), {{{namespace}}})\n{resource} = _rw_module_{resource}"
    );
}

/// The methods of a client or of a pipeline that the program may call.
fn methods(text: &mut String, facts: &Facts, pieces: &[&str], call: &str, defined: &str) {
    let wanted = |name: &str| {
        facts.attributes.contains(name)
            // What the pieces themselves call.
            || pieces.iter().any(|piece| piece.contains(&format!(".{name}(")))
    };
    for method in METHODS.iter().flat_map(|group| group.iter()) {
        for name in method.names() {
            if wanted(name) && !defined.contains(&format!("def {name}(")) {
                let _ = writeln!(
                    text,
                    "    def {name}(self, *args, **kwargs):\n        return {call}'{name}', args, kwargs)"
                );
            }
        }
    }
}

fn redis_module(text: &mut String, facts: &Facts, pipelines: bool, scripts: bool, locks: bool) {
    let scan_iters = ["scan_iter", "hscan_iter", "sscan_iter", "zscan_iter"]
        .iter()
        .any(|name| facts.attributes.contains(*name));
    let mut pieces: Vec<&str> = Vec::new();
    let mut client: Vec<&str> = Vec::new();
    if pipelines {
        pieces.push(PIPELINE);
        client.push(CLIENT_PIPELINE);
        if facts.attributes.contains("transaction") {
            client.push(CLIENT_TRANSACTION);
        }
    }
    if scripts {
        pieces.push(SCRIPT);
        client.push(CLIENT_SCRIPT);
    }
    if locks {
        pieces.push(LOCK);
        client.push(CLIENT_LOCK);
    }
    if scan_iters {
        client.push(CLIENT_SCAN_ITER);
    }
    let all: Vec<&str> = pieces.iter().chain(&client).copied().collect();
    // The client's methods belong into its class, which is the first thing in its piece.
    let (class, rest) = REDIS.split_at(REDIS.find("_rw_Redis = Redis").unwrap_or(REDIS.len()));
    text.push_str(class);
    methods(text, facts, &all, "_rw_redis(_rw_known, self._id, ", REDIS);
    for piece in &client {
        text.push_str(piece);
    }
    text.push_str(rest);
    for piece in &pieces {
        text.push_str(piece);
        if *piece == PIPELINE {
            // Reopen the class: its last line names it.
            let name = "_rw_class(Pipeline, False)\n_rw_Pipeline = Pipeline\n";
            text.truncate(text.len() - name.len());
            methods(text, facts, &all, "_rw_pipe(self, ", PIPELINE);
            if scripts {
                text.push_str(CLIENT_SCRIPT);
            }
            text.push_str(name);
        }
    }
    let retries = facts.names.contains("Retry") || facts.attributes.contains("Retry") || facts.modules.contains("redis.backoff");
    if retries {
        text.push_str(RETRY);
    }
    namespaces(text, facts, pipelines, locks, retries);
}

/// `redis` and its parts, holding the exceptions that the program names.
fn namespaces(text: &mut String, facts: &Facts, pipelines: bool, locks: bool, retries: bool) {
    let mut errors = String::new();
    for (name, _) in REDIS_ERRORS {
        if facts.attributes.contains(*name) || facts.names.contains(*name) || facts.imported.contains(*name) {
            let _ = write!(errors, "'{name}': _rw_kind('{name}'), ");
        }
    }
    let clients = "'Redis': _rw_Redis, 'StrictRedis': _rw_Redis, ";
    let pools = "'ConnectionPool': _rw_Pool, 'BlockingConnectionPool': _rw_Pool, ";
    let mut parts = vec![("exceptions", errors.clone()), ("connection", pools.to_owned())];
    let pipeline = if pipelines { "'Pipeline': _rw_Pipeline, " } else { "" };
    parts.push(("client", format!("{clients}{pipeline}")));
    if locks {
        parts.push(("lock", "'Lock': _rw_Lock, ".to_owned()));
    }
    if retries {
        parts.push(("retry", "'Retry': _rw_Retry, ".to_owned()));
        let backoffs: Vec<String> = BACKOFFS
            .iter()
            .map(|name| format!("'{name}': _rw_backoffs['{name}'], "))
            .collect();
        parts.push(("backoff", backoffs.concat()));
    }
    text.push_str("_rw_redis_parts = {");
    for (part, holds) in parts {
        let _ = write!(text, "'{part}': type('redis.{part}', (), {{{holds}}}), ");
    }
    text.push_str("}\n");
    let _ = writeln!(
        text,
        "_rw_redis_names = {{{clients}{pools}'from_url': _rw_from_url, '__version__': '8.1.0', {errors}}}\n\
         _rw_redis_names.update(_rw_redis_parts)\n\
         _rw_module_redis = type('redis', (), _rw_redis_names)"
    );
}

