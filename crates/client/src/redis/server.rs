//! The server, scripts, and connections.

use super::Api;

pub(super) const METHODS: &[Api] = &[
    Api::new("ping", "", "PING"),
    Api::new("echo", "value", "ECHO value"),
    Api::new("time", "", "TIME"),
    Api::new("dbsize", "", "DBSIZE"),
    Api::new(
        "flushdb",
        "asynchronous=False",
        "FLUSHDB asynchronous?ASYNC",
    ),
    Api::new(
        "flushall",
        "asynchronous=False",
        "FLUSHALL asynchronous?ASYNC",
    ),
    Api::new("select", "index", "SELECT index"),
    Api::new("swapdb", "first, second", "SWAPDB first second"),
    Api::coded("info", "section=None, *args", |call, words| {
        words.word("INFO");
        if call.has("section") {
            words.value(call.get("section"))?;
        }
        words.values(call.rest())
    }),
    Api::new("lastsave", "", "LASTSAVE"),
    Api::new("wait", "num_replicas, timeout", "WAIT num_replicas timeout"),
    Api::new("publish", "channel, message", "PUBLISH channel message"),
    Api::new(
        "config_get",
        "pattern='*', *args",
        "CONFIG GET pattern +args",
    ),
    Api::new(
        "config_set",
        "name, value, *args",
        "CONFIG SET name value +args",
    ),
    Api::new("client_id", "", "CLIENT ID"),
    Api::new("client_setname", "name", "CLIENT SETNAME name"),
    Api::new("client_getname", "", "CLIENT GETNAME"),
    Api::new(
        "eval",
        "script, numkeys, *keys_and_args",
        "EVAL script numkeys +keys_and_args",
    ),
    Api::new(
        "evalsha",
        "sha, numkeys, *keys_and_args",
        "EVALSHA sha numkeys +keys_and_args",
    ),
    Api::new(
        "eval_ro",
        "script, numkeys, *keys_and_args",
        "EVAL_RO script numkeys +keys_and_args",
    ),
    Api::new(
        "evalsha_ro",
        "sha, numkeys, *keys_and_args",
        "EVALSHA_RO sha numkeys +keys_and_args",
    ),
    Api::new("script_load", "script", "SCRIPT LOAD script"),
    Api::new("script_exists", "*args", "SCRIPT EXISTS +args"),
    Api::coded("script_flush", "sync_type=None", |call, words| {
        words.template("SCRIPT FLUSH", call)?;
        if call.has("sync_type") {
            words.value(call.get("sync_type"))?;
        }
        Ok(())
    }),
    Api::new(
        "sentinel_get_master_addr_by_name",
        "service_name, return_responses=False",
        "SENTINEL GET-MASTER-ADDR-BY-NAME service_name",
    ),
    Api::new(
        "sentinel_master",
        "service_name, return_responses=False",
        "SENTINEL MASTER service_name",
    ),
    Api::new("sentinel_masters", "", "SENTINEL MASTERS"),
    Api::new(
        "sentinel_monitor",
        "name, ip, port, quorum",
        "SENTINEL MONITOR name ip port quorum",
    ),
    Api::new("sentinel_remove", "name", "SENTINEL REMOVE name"),
    Api::new(
        "sentinel_sentinels",
        "service_name, return_responses=False",
        "SENTINEL SENTINELS service_name",
    ),
    Api::new(
        "sentinel_set",
        "name, option, value",
        "SENTINEL SET name option value",
    ),
    Api::new(
        "sentinel_slaves",
        "service_name, return_responses=False",
        "SENTINEL SLAVES service_name",
    ),
    Api::new("sentinel_reset", "pattern", "SENTINEL RESET pattern"),
    Api::new(
        "sentinel_failover",
        "new_master_name",
        "SENTINEL FAILOVER new_master_name",
    ),
    Api::new(
        "sentinel_ckquorum",
        "new_master_name",
        "SENTINEL CKQUORUM new_master_name",
    ),
    Api::new("sentinel_flushconfig", "", "SENTINEL FLUSHCONFIG"),
    Api::new("watch", "*names", "WATCH +names"),
    Api::new("unwatch", "", "UNWATCH"),
];
