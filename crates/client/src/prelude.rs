//! Python that is compiled with every program: the modules that live here, and what the rewriting calls.
//!
//! A program is started thousands of times and copied more often, and every line of the prelude with it. So a
//! program is given only what it mentions: of the redis-py API, the methods whose names occur in it.

use std::fmt::Write as _;

use crate::redis::METHODS;
use crate::rewrite::Facts;
use crate::rewrite::names::{REDIS_ERRORS, error_line};

macro_rules! pieces {
    ($($name:ident = $file:literal),* $(,)?) => {$(
        const $name: &str = include_str!(concat!("prelude/", $file, ".py"));
    )*};
}

pieces! {
    AGAIN = "again",
    BUILTIN = "builtin",
    CLIENT_CLOSE = "client_close",
    CLIENT_EXECUTE = "client_execute",
    CLIENT_LOCK = "client_lock",
    CLIENT_PIPELINE = "client_pipeline",
    CLIENT_PUBSUB = "client_pubsub",
    CLIENT_SCAN_ITER = "client_scan_iter",
    CLIENT_SCRIPT = "client_script",
    CLIENT_TRANSACTION = "client_transaction",
    CLIENT_WITH = "client_with",
    CLUSTER = "cluster",
    CLUSTER_CLIENT_PIPELINE = "cluster_client_pipeline",
    CLUSTER_PIPELINE = "cluster_pipeline",
    CLUSTER_PUBSUB = "cluster_pubsub",
    CLUSTER_SCAN = "cluster_scan",
    CLUSTER_VIEWS = "cluster_views",
    DB_TRANSACTION = "db_transaction",
    DB_TRANSACTION_REFUSED = "db_transaction_refused",
    DRESSED = "dressed",
    ERRORS = "errors",
    EXIT = "exit",
    FROM_URL = "from_url",
    KNOWN = "known",
    LEAVE = "leave",
    LEN = "len",
    LOCK = "lock",
    LOGGING = "logging",
    MARK = "mark",
    NAME = "name",
    PIPELINE = "pipeline",
    POOL = "pool",
    PUBSUB = "pubsub",
    RAISE = "raise",
    RANGE = "range",
    REDIS = "redis",
    RETRY = "retry",
    SCRIPT = "script",
    SECRETS = "secrets",
    SENTINEL = "sentinel",
    STDERR = "stderr",
    STEPS = "steps",
    THREADS = "threads",
    UUID_FULL = "uuid_full",
    UUID_OF = "uuid_of",
    UUID_SMALL = "uuid_small",
}

/// The resources, and what each can be asked.
const RESOURCES: &[(&str, &[&str])] = &[
    (
        "db",
        &[
            "get",
            "put",
            "insert",
            "update",
            "delete",
            "select",
            "begin",
            "commit",
            "rollback",
            TRANSACTION,
        ],
    ),
    ("storage", &["read", "write", "delete"]),
    ("mailer", &["send"]),
    ("objects", &["put", "get", "list", "delete"]),
];

/// The one thing that a resource has which is no call of it: a block that is committed, or rolled back, as a whole.
const TRANSACTION: &str = "transaction";

/// What each raises.
const RESOURCE_ERRORS: &[(&str, &[&str])] = &[
    (
        "db",
        &[
            "IntegrityError",
            "OperationalError",
            "DeadlockDetected",
            "LockNotAvailable",
            "ProgrammingError",
        ],
    ),
    ("storage", &["StaleToken", "Unavailable"]),
    ("mailer", &["Unavailable"]),
    ("objects", &["PreconditionFailed", "Unavailable"]),
];

/// Whether a name is that of an exception that a resource raises.
pub(crate) fn is_resource_error(name: &str) -> bool {
    RESOURCE_ERRORS
        .iter()
        .any(|(_, errors)| errors.contains(&name))
}

/// What can be imported from the modules that live here, besides the exceptions of redis.
const CONTENTS: &[(&str, &[&str])] = &[
    (
        "redis",
        &[
            "Redis",
            "StrictRedis",
            "ConnectionPool",
            "BlockingConnectionPool",
            "from_url",
            "exceptions",
            "retry",
            "backoff",
            "client",
            "connection",
            "lock",
            "cluster",
            "RedisCluster",
            "sentinel",
            "Sentinel",
        ],
    ),
    ("redis.cluster", CLUSTER_CONTENTS),
    ("redis.exceptions", &[]),
    ("redis.client", &["Redis", "StrictRedis", "Pipeline"]),
    (
        "redis.connection",
        &["ConnectionPool", "BlockingConnectionPool"],
    ),
    ("redis.lock", &["Lock"]),
    (
        "redis.sentinel",
        &["Sentinel", "MasterNotFoundError", "SlaveNotFoundError"],
    ),
    ("redis.retry", &["Retry"]),
    ("redis.backoff", BACKOFFS),
    (
        "threading",
        &["Thread", "Event", "Lock", "RLock", "current_thread"],
    ),
    ("uuid", &["UUID", "uuid4", "uuid1"]),
    (
        "secrets",
        &[
            "token_bytes",
            "token_hex",
            "token_urlsafe",
            "randbelow",
            "choice",
            "compare_digest",
        ],
    ),
    (
        "logging",
        &[
            "getLogger",
            "basicConfig",
            "debug",
            "info",
            "warning",
            "error",
            "exception",
            "critical",
            "DEBUG",
            "INFO",
            "WARNING",
            "ERROR",
            "CRITICAL",
        ],
    ),
    ("db", RESOURCES[0].1),
    ("storage", RESOURCES[1].1),
    ("mailer", RESOURCES[2].1),
    ("objects", RESOURCES[3].1),
];

const CLUSTER_CONTENTS: &[&str] = &[
    "RedisCluster",
    "ClusterNode",
    "ClusterPipeline",
    "LoadBalancingStrategy",
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
    let raises = RESOURCE_ERRORS
        .iter()
        .any(|(known, errors)| *known == module && errors.contains(&name));
    raises
        || CONTENTS
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
    names.extend(
        RESOURCE_ERRORS
            .iter()
            .filter(|(known, _)| *known == module)
            .flat_map(|(_, errors)| errors.iter().copied()),
    );
    if module == "redis" || module == "redis.exceptions" {
        names.extend(REDIS_ERRORS.iter().map(|(name, _)| *name));
    }
    format!("It has {}.", names.join(", "))
}

/// What a program is compiled with.
pub(crate) fn for_program(facts: &Facts) -> String {
    let needs = Needs::of(facts);
    let mut text = String::with_capacity(4096);
    if !facts.variables.is_empty() {
        text.push_str("_rw_variables = (");
        for variable in &facts.variables {
            let _ = write!(text, "'{variable}', ");
        }
        text.push_str(")\n");
        text.push_str(STEPS);
    }
    let uuid_of = facts.modules.contains("uuid");
    let uuid_full = uuid_of
        && ["UUID", "int", "bytes", "version", "fields"]
            .iter()
            .any(|name| facts.attributes.contains(*name));
    for (wanted, piece) in [
        (facts.errors || !facts.hurried.is_empty(), STDERR),
        (!facts.hurried.is_empty(), MARK),
        (facts.instances(), KNOWN),
        (facts.dressed || facts.types, DRESSED),
        (facts.lengths, LEN),
        (facts.leaves, LEAVE),
        (
            facts.attributes.contains("__name__") || facts.threaded,
            NAME,
        ),
        (facts.names.contains("range"), RANGE),
        (facts.errors, ERRORS),
        (facts.handlers, AGAIN),
        (facts.errors && facts.builtins, BUILTIN),
        (
            facts.raises || needs.pipelines || needs.locks || needs.cluster,
            RAISE,
        ),
        (facts.exits, EXIT),
        (uuid_full, UUID_FULL),
        (uuid_of && !uuid_full, UUID_SMALL),
        (uuid_of, UUID_OF),
        (facts.modules.contains("secrets"), SECRETS),
        (facts.modules.contains("logging"), LOGGING),
        (facts.threaded, THREADS),
    ] {
        if wanted {
            text.push_str(piece);
        }
    }
    if facts.threaded {
        for class in ["Thread", "Event", "Mutex"] {
            let _ = writeln!(text, "_rw_class({class}, False)");
        }
    }
    if uuid_of {
        text.push_str(
            "def _rw_uuid4():\n    return _rw_uuid_of('4')\ndef _rw_uuid1():\n    return _rw_uuid_of('1')\n\
             _rw_module_uuid = type('uuid', (), {'UUID': _rw_UUID, 'uuid4': _rw_uuid4, 'uuid1': _rw_uuid1})\n",
        );
    }
    if needs.redis {
        redis_module(&mut text, facts, &needs);
    }
    for (resource, methods) in RESOURCES {
        if facts.names.contains(*resource) || facts.modules.contains(*resource) {
            resource_module(&mut text, facts, resource, methods);
        }
    }
    if !facts.instances() {
        text = text.replace("_rw_known, ", "");
        text = text.replace("_rw_known", "");
    }
    text
}

fn resource_module(text: &mut String, facts: &Facts, resource: &str, methods: &[&str]) {
    let mut namespace = String::new();
    let blocks = methods.contains(&TRANSACTION) && facts.attributes.contains(TRANSACTION);
    if blocks {
        text.push_str(if facts.threaded {
            DB_TRANSACTION_REFUSED
        } else {
            DB_TRANSACTION
        });
        if facts.instances() && !facts.threaded {
            text.push_str("_rw_class(_rw_DbTransaction, True)\n");
        }
        namespace.push_str("'transaction': _rw_transaction, ");
    }
    for method in methods
        .iter()
        .filter(|method| **method != TRANSACTION && facts.attributes.contains(**method))
    {
        let _ = writeln!(
            text,
            "def _rw_{resource}_{method}(*args, **kwargs):\n    \
             return _rw_resource(_rw_known, '{resource}', '{method}', args, kwargs)"
        );
        let _ = write!(namespace, "'{method}': _rw_{resource}_{method}, ");
    }
    let errors = RESOURCE_ERRORS
        .iter()
        .filter(|(known, _)| *known == resource)
        .flat_map(|(_, errors)| errors.iter());
    for error in errors.filter(|error| facts.attributes.contains(**error)) {
        let _ = write!(namespace, "'{error}': _rw_kind('{}'), ", error_line(error));
    }
    let _ = writeln!(
        text,
        "_rw_module_{resource} = type('{resource}', (), {{{namespace}}})\n{resource} = _rw_module_{resource}"
    );
}

/// Which parts of redis-py a program uses.
pub(crate) struct Needs {
    redis: bool,
    pub(crate) pipelines: bool,
    pub(crate) locks: bool,
    scripts: bool,
    scan_iters: bool,
    retries: bool,
    pools: bool,
    pub(crate) cluster: bool,
    pub(crate) listens: bool,
    sentinels: bool,
}

impl Needs {
    pub(crate) fn of(facts: &Facts) -> Self {
        let attribute = |name: &str| facts.attributes.contains(name);
        let redis = facts
            .modules
            .iter()
            .any(|module| module.starts_with("redis"));
        let locks = redis && (attribute("lock") || attribute("Lock"));
        Self {
            redis,
            pipelines: redis
                && (attribute("pipeline") || attribute("transaction") || attribute("Pipeline")),
            locks,
            scripts: redis && (locks || attribute("register_script")),
            scan_iters: ["scan_iter", "hscan_iter", "sscan_iter", "zscan_iter"]
                .iter()
                .any(|name| attribute(name)),
            retries: attribute("Retry") || facts.modules.contains("redis.backoff"),
            listens: redis && attribute("pubsub"),
            cluster: redis
                && (facts.modules.contains("redis.cluster")
                    || attribute("RedisCluster")
                    || attribute("cluster")
                    || facts.imported.contains("RedisCluster")),
            sentinels: redis && attribute("Sentinel"),
            pools: attribute("ConnectionPool") || attribute("BlockingConnectionPool"),
        }
    }
}

/// The methods of a client or of a pipeline that the program, or a piece it is given, may call.
fn methods(text: &mut String, facts: &Facts, pieces: &[&str], call: &str, defined: &str) {
    let wanted = |name: &str| {
        let called = |by: &str| {
            pieces
                .iter()
                .any(|piece| piece.contains(&format!("{by}.{name}(")))
        };
        facts.attributes.contains(name)
            || ["self", "client", "_client", "redis"]
                .iter()
                .any(|by| called(by))
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

fn redis_module(text: &mut String, facts: &Facts, needs: &Needs) {
    let attribute = |name: &str| facts.attributes.contains(name);
    let client: Vec<&str> = [
        (facts.withs, CLIENT_WITH),
        (attribute("close"), CLIENT_CLOSE),
        (attribute("execute_command"), CLIENT_EXECUTE),
        (needs.pipelines, CLIENT_PIPELINE),
        (attribute("transaction"), CLIENT_TRANSACTION),
        (needs.scripts, CLIENT_SCRIPT),
        (needs.scan_iters, CLIENT_SCAN_ITER),
        (needs.listens, CLIENT_PUBSUB),
        (needs.locks, CLIENT_LOCK),
    ]
    .into_iter()
    .filter_map(|(wanted, piece)| wanted.then_some(piece))
    .collect();
    let own: Vec<&str> = [
        (needs.pipelines, PIPELINE),
        (needs.scripts, SCRIPT),
        (needs.locks, LOCK),
        (needs.listens, PUBSUB),
        (needs.sentinels, SENTINEL),
    ]
    .into_iter()
    .filter_map(|(wanted, piece)| wanted.then_some(piece))
    .collect();
    let all: Vec<&str> = own.iter().chain(&client).copied().collect();
    text.push_str(REDIS);
    methods(text, facts, &all, "_rw_redis(_rw_known, self._id, ", REDIS);
    client.iter().for_each(|piece| text.push_str(piece));
    text.push_str("_rw_Redis = Redis\n");
    for piece in own {
        // The methods of a pipeline belong into its class, which the last line of its piece names.
        match piece.strip_suffix("_rw_Pipeline = Pipeline\n") {
            Some(class) => {
                text.push_str(class);
                methods(text, facts, &all, "_rw_pipe(self, ", PIPELINE);
                if needs.scripts {
                    text.push_str(CLIENT_SCRIPT);
                }
                text.push_str("_rw_Pipeline = Pipeline\n");
            }
            None => text.push_str(piece),
        }
    }
    if needs.cluster {
        cluster_part(text, facts, needs);
    }
    for (wanted, piece) in [
        (attribute("from_url"), FROM_URL),
        (needs.pools, POOL),
        (needs.retries, RETRY),
    ] {
        if wanted {
            text.push_str(piece);
        }
    }
    if facts.instances() {
        for (wanted, class) in [
            (true, "Redis"),
            (needs.pipelines, "Pipeline"),
            (needs.scripts, "Script"),
            (needs.locks, "Lock"),
            (needs.listens, "PubSub"),
            (needs.cluster, "ClusterNode"),
            (needs.cluster, "RedisCluster"),
            (needs.cluster && needs.pipelines, "ClusterPipeline"),
            (needs.sentinels, "Sentinel"),
        ] {
            if wanted {
                let _ = writeln!(text, "_rw_class({class}, False)");
            }
        }
    }
    namespaces(text, facts, needs);
}

/// `redis.cluster`: a client that knows which node owns which slot.
fn cluster_part(text: &mut String, facts: &Facts, needs: &Needs) {
    let attribute = |name: &str| facts.attributes.contains(name);
    let views = facts
        .attributes
        .iter()
        .any(|name| name.starts_with("cluster_"));
    let own: Vec<&str> = [
        (needs.scripts, CLIENT_SCRIPT),
        (attribute("scan_iter"), CLUSTER_SCAN),
        (needs.locks, CLIENT_LOCK),
        (needs.listens, CLUSTER_PUBSUB),
        (needs.pipelines, CLUSTER_CLIENT_PIPELINE),
        (views, CLUSTER_VIEWS),
    ]
    .into_iter()
    .filter_map(|(wanted, piece)| wanted.then_some(piece))
    .collect();
    text.push_str(CLUSTER);
    let locks: &[&str] = if needs.locks { &[LOCK] } else { &[] };
    methods(text, facts, locks, "_rw_cluster_call(self, ", CLUSTER);
    own.iter().for_each(|piece| text.push_str(piece));
    text.push_str("_rw_RedisCluster = RedisCluster\n");
    if needs.pipelines
        && let Some(class) =
            CLUSTER_PIPELINE.strip_suffix("_rw_ClusterPipeline = ClusterPipeline\n")
    {
        text.push_str(class);
        methods(
            text,
            facts,
            &[],
            "_rw_cluster_queue(self, ",
            CLUSTER_PIPELINE,
        );
        text.push_str("_rw_ClusterPipeline = ClusterPipeline\n");
    }
}

/// `redis` and its parts, holding what the program names.
fn namespaces(text: &mut String, facts: &Facts, needs: &Needs) {
    let attribute = |name: &str| facts.attributes.contains(name);
    let mut errors = String::new();
    for (name, _) in REDIS_ERRORS {
        if attribute(name) {
            let _ = write!(errors, "'{name}': _rw_kind('{}'), ", error_line(name));
        }
    }
    let clients = "'Redis': _rw_Redis, 'StrictRedis': _rw_Redis, ";
    let only = |wanted: bool, text: &str| {
        if wanted {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let pools = only(
        needs.pools,
        "'ConnectionPool': _rw_Pool, 'BlockingConnectionPool': _rw_Pool, ",
    );
    let from_url = only(attribute("from_url"), "'from_url': _rw_from_url, ");
    let part = |name: &str| attribute(name) || facts.modules.contains(&format!("redis.{name}"));
    let sentinel = only(needs.sentinels, "'Sentinel': _rw_Sentinel, ");
    let mut parts = String::new();
    let pipeline = only(needs.pipelines, "'Pipeline': _rw_Pipeline, ");
    let cluster = only(
        needs.cluster,
        "'RedisCluster': _rw_RedisCluster, 'ClusterNode': _rw_ClusterNode, \
         'LoadBalancingStrategy': _rw_LoadBalancingStrategy, ",
    );
    let cluster = cluster
        + &only(
            needs.cluster && needs.pipelines,
            "'ClusterPipeline': _rw_ClusterPipeline, ",
        );
    let whole = only(needs.cluster, "'RedisCluster': _rw_RedisCluster, ");
    for (name, wanted, holds) in [
        ("exceptions", true, errors.clone()),
        ("connection", true, pools.clone()),
        ("client", true, format!("{clients}{pipeline}")),
        ("lock", needs.locks, "'Lock': _rw_Lock, ".to_owned()),
        ("cluster", needs.cluster, cluster.clone()),
        ("sentinel", true, format!("{sentinel}{errors}")),
        ("retry", needs.retries, "'Retry': _rw_Retry, ".to_owned()),
        ("backoff", needs.retries, "**_rw_backoffs".to_owned()),
    ] {
        if wanted && part(name) {
            let _ = write!(parts, "'{name}': type('redis.{name}', (), {{{holds}}}), ");
        }
    }
    let _ = writeln!(
        text,
        "_rw_module_redis = type('redis', (), {{{clients}{pools}{from_url}{whole}{sentinel}{errors}{parts}}})"
    );
}
