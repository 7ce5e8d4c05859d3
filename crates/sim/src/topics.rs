//! What a terminal knows of the commands that the world adds to its nodes' engines.

use redwind_engine::Topic;

const fn topic(
    name: &'static str,
    group: &'static str,
    since: &'static str,
    syntax: &'static str,
    summary: &'static str,
) -> Topic {
    Topic {
        name,
        group,
        since,
        syntax,
        summary,
    }
}

const fn sentinel(
    name: &'static str,
    since: &'static str,
    syntax: &'static str,
    summary: &'static str,
) -> Topic {
    topic(name, "sentinel", since, syntax, summary)
}

/// Commands that need other nodes, or that only a sentinel has.
pub const TOPICS: &[Topic] = &[
    topic(
        "replicaof",
        "server",
        "5.0.0",
        "<host port | NO ONE>",
        "Makes the node a replica of another one, or a primary.",
    ),
    topic(
        "slaveof",
        "server",
        "1.0.0",
        "<host port | NO ONE>",
        "The old name of REPLICAOF.",
    ),
    topic(
        "failover",
        "server",
        "6.2.0",
        "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
        "Hands a primary's role over to one of its replicas.",
    ),
    topic(
        "migrate",
        "generic",
        "2.6.0",
        "host port <key | \"\"> destination-db timeout [COPY] [REPLACE] [KEYS key [key ...]]",
        "Moves keys to another node.",
    ),
    topic(
        "cluster|bumpepoch",
        "cluster",
        "3.0.0",
        "",
        "Gives this node the highest configuration epoch.",
    ),
    topic(
        "cluster|count-failure-reports",
        "cluster",
        "3.0.0",
        "node-id",
        "Counts the nodes that find another one down.",
    ),
    topic(
        "cluster|failover",
        "cluster",
        "3.0.0",
        "[FORCE | TAKEOVER]",
        "Lets a replica take its primary's place.",
    ),
    topic(
        "cluster|replicate",
        "cluster",
        "3.0.0",
        "node-id",
        "Makes the node a replica of another one.",
    ),
    sentinel(
        "sentinel",
        "2.8.4",
        "",
        "What a sentinel knows and does, by its subcommands.",
    ),
    sentinel(
        "sentinel|ckquorum",
        "2.8.4",
        "master-name",
        "Says whether enough sentinels can be reached to fail over.",
    ),
    sentinel(
        "sentinel|config",
        "6.2.0",
        "GET pattern [pattern ...]",
        "Gives settings of the sentinel.",
    ),
    sentinel(
        "sentinel|debug",
        "7.0.0",
        "",
        "Lists the times that a sentinel goes by.",
    ),
    sentinel(
        "sentinel|failover",
        "2.8.4",
        "master-name",
        "Fails over without asking other sentinels.",
    ),
    sentinel(
        "sentinel|flushconfig",
        "2.8.4",
        "",
        "Writes the configuration.",
    ),
    sentinel(
        "sentinel|get-master-addr-by-name",
        "2.8.4",
        "master-name",
        "Gives the address of the primary of that name.",
    ),
    sentinel("sentinel|help", "6.2.0", "", "Lists the subcommands."),
    sentinel(
        "sentinel|is-master-down-by-addr",
        "2.8.4",
        "ip port current-epoch runid",
        "Says whether this sentinel finds that primary down, and its vote.",
    ),
    sentinel(
        "sentinel|master",
        "2.8.4",
        "master-name",
        "Tells what is known about a primary.",
    ),
    sentinel(
        "sentinel|masters",
        "2.8.4",
        "",
        "Tells what is known about all primaries.",
    ),
    sentinel(
        "sentinel|monitor",
        "2.8.4",
        "master-name ip port quorum",
        "Watches another primary.",
    ),
    sentinel(
        "sentinel|myid",
        "6.2.0",
        "",
        "Gives this sentinel's identity.",
    ),
    sentinel(
        "sentinel|pending-scripts",
        "2.8.4",
        "",
        "Lists notification scripts that wait: there are none.",
    ),
    sentinel(
        "sentinel|remove",
        "2.8.4",
        "master-name",
        "Watches a primary no longer.",
    ),
    sentinel(
        "sentinel|replicas",
        "5.0.0",
        "master-name",
        "Tells what is known about the replicas.",
    ),
    sentinel(
        "sentinel|reset",
        "2.8.4",
        "pattern",
        "Forgets replicas and other sentinels of primaries with such a name.",
    ),
    sentinel(
        "sentinel|sentinels",
        "2.8.4",
        "master-name",
        "Tells what is known about the other sentinels.",
    ),
    sentinel(
        "sentinel|set",
        "2.8.4",
        "master-name option value [option value ...]",
        "Changes how a primary is watched.",
    ),
    sentinel(
        "sentinel|slaves",
        "2.8.0",
        "master-name",
        "The old name of SENTINEL REPLICAS.",
    ),
];
