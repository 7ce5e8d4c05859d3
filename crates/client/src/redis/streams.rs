//! Streams.

use super::Api;
use super::arg::{Arg, Call, Refusal};
use super::argv::Words;

pub(super) const METHODS: &[Api] = &[
    Api::coded(
        "xadd",
        "name, fields, id='*', maxlen=None, approximate=True, nomkstream=False, minid=None, limit=None, ref_policy=None",
        xadd,
    ),
    Api::new("xlen", "name", "XLEN name"),
    Api::new(
        "xrange",
        "name, min='-', max='+', count=None",
        "XRANGE name min max count=COUNT",
    ),
    Api::new(
        "xrevrange",
        "name, max='+', min='-', count=None",
        "XREVRANGE name max min count=COUNT",
    ),
    Api::coded("xread", "streams, count=None, block=None", |call, words| {
        words.template("XREAD block=BLOCK count=COUNT", call)?;
        streams(call, words)
    }),
    Api::coded(
        "xreadgroup",
        "groupname, consumername, streams, count=None, block=None, noack=False, claim_min_idle_time=None",
        |call, words| {
            words.template(
                "XREADGROUP GROUP groupname consumername count=COUNT block=BLOCK noack?NOACK claim_min_idle_time=CLAIM",
                call,
            )?;
            streams(call, words)
        },
    ),
    Api::new(
        "xgroup_create",
        "name, groupname, id='$', mkstream=False, entries_read=None",
        "XGROUP CREATE name groupname id mkstream?MKSTREAM entries_read=ENTRIESREAD",
    ),
    Api::new(
        "xgroup_destroy",
        "name, groupname",
        "XGROUP DESTROY name groupname",
    ),
    Api::new(
        "xgroup_createconsumer",
        "name, groupname, consumername",
        "XGROUP CREATECONSUMER name groupname consumername",
    ),
    Api::new(
        "xgroup_delconsumer",
        "name, groupname, consumername",
        "XGROUP DELCONSUMER name groupname consumername",
    ),
    Api::new(
        "xgroup_setid",
        "name, groupname, id, entries_read=None",
        "XGROUP SETID name groupname id entries_read=ENTRIESREAD",
    ),
    Api::new("xack", "name, groupname, *ids", "XACK name groupname +ids"),
    Api::new("xpending", "name, groupname", "XPENDING name groupname"),
    Api::coded(
        "xpending_range",
        "name, groupname, min, max, count, consumername=None, idle=None",
        |call, words| {
            words.template("XPENDING name groupname idle=IDLE min max count", call)?;
            if call.has("consumername") {
                words.value(call.get("consumername"))?;
            }
            Ok(())
        },
    ),
    Api::coded(
        "xclaim",
        "name, groupname, consumername, min_idle_time, message_ids, idle=None, time=None, retrycount=None, force=False, justid=False",
        |call, words| {
            words.template("XCLAIM name groupname consumername min_idle_time", call)?;
            words.list(call.get("message_ids"), &[])?;
            words.template(
                "idle=IDLE time=TIME retrycount=RETRYCOUNT force?FORCE justid?JUSTID",
                call,
            )
        },
    ),
    Api::new(
        "xautoclaim",
        "name, groupname, consumername, min_idle_time, start_id='0-0', count=None, justid=False",
        "XAUTOCLAIM name groupname consumername min_idle_time start_id count=COUNT justid?JUSTID",
    ),
    Api::new("xdel", "name, *ids", "XDEL name +ids"),
    Api::coded(
        "xtrim",
        "name, maxlen=None, approximate=True, minid=None, limit=None, ref_policy=None",
        |call, words| {
            words.template("XTRIM name", call)?;
            if call.has("maxlen") == call.has("minid") {
                return Err(Refusal::data(
                    "One of ``maxlen`` or ``minid`` must be specified",
                ));
            }
            trim(call, words)
        },
    ),
    Api::coded("xinfo_stream", "name, full=False", |call, words| {
        words.template("XINFO STREAM name full?FULL", call)
    }),
    Api::new("xinfo_groups", "name", "XINFO GROUPS name"),
    Api::new(
        "xinfo_consumers",
        "name, groupname",
        "XINFO CONSUMERS name groupname",
    ),
];

fn trim(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    for (name, word) in [("maxlen", "MAXLEN"), ("minid", "MINID")] {
        if call.has(name) {
            words.word(word);
            if call.flag("approximate") {
                words.word("~");
            }
            words.value(call.get(name))?;
        }
    }
    words.template("limit=LIMIT", call)?;
    if call.has("ref_policy") {
        words.value(call.get("ref_policy"))?;
    }
    Ok(())
}

fn xadd(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    if call.has("maxlen") && call.has("minid") {
        return Err(Refusal::data(
            "Only one of ``maxlen`` or ``minid`` may be specified",
        ));
    }
    words.template("XADD name nomkstream?NOMKSTREAM", call)?;
    trim(call, words)?;
    words.template("id", call)?;
    match call.get("fields") {
        Arg::Map(pairs) if !pairs.is_empty() => words.mapping(call.get("fields")).map(|_| ()),
        _ => Err(Refusal::data("XADD fields must be a non-empty dict")),
    }
}

fn streams(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    let Arg::Map(pairs) = call.get("streams") else {
        return Err(Refusal::data("streams must be a non empty dict"));
    };
    if pairs.is_empty() {
        return Err(Refusal::data("streams must be a non empty dict"));
    }
    words.word("STREAMS");
    pairs.iter().try_for_each(|(name, _)| words.value(name))?;
    pairs.iter().try_for_each(|(_, id)| words.value(id))
}
