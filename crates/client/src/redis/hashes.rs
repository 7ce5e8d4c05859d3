//! Hashes.

use super::Api;
use super::arg::{Arg, Call, Refusal};
use super::argv::Words;

pub(super) const METHODS: &[Api] = &[
    Api::coded(
        "hset",
        "name, key=None, value=None, mapping=None, items=None",
        hset,
    ),
    Api::new("hsetnx", "name, key, value", "HSETNX name key value"),
    Api::new("hget", "name, key", "HGET name key"),
    Api::new("hgetall", "name", "HGETALL name"),
    Api::new("hmget", "name, keys, *args", "HMGET name *keys"),
    Api::coded("hmset", "name, mapping", |call, words| {
        words.template("HMSET name", call)?;
        match words.mapping(call.get("mapping"))? {
            0 => Err(Refusal::data("'hmset' with 'mapping' of length 0")),
            _ => Ok(()),
        }
    }),
    Api::new("hdel", "name, *keys", "HDEL name +keys"),
    Api::new("hexists", "name, key", "HEXISTS name key"),
    Api::new("hlen", "name", "HLEN name"),
    Api::new("hkeys", "name", "HKEYS name"),
    Api::new("hvals", "name", "HVALS name"),
    Api::new("hincrby", "name, key, amount=1", "HINCRBY name key amount"),
    Api::new(
        "hincrbyfloat",
        "name, key, amount=1.0",
        "HINCRBYFLOAT name key amount",
    ),
    Api::new("hstrlen", "name, key", "HSTRLEN name key"),
    Api::coded(
        "hrandfield",
        "key, count=None, withvalues=False",
        |call, words| {
            words.template("HRANDFIELD key", call)?;
            if call.has("count") {
                words.value(call.get("count"))?;
            }
            words.template("withvalues?WITHVALUES", call)
        },
    ),
    Api::coded(
        "hexpire",
        "name, seconds, *fields, nx=False!, xx=False!, gt=False!, lt=False!",
        |call, words| {
            words.template("HEXPIRE name seconds: nx?NX xx?XX gt?GT lt?LT", call)?;
            fields(call, words)
        },
    ),
    Api::coded(
        "hpexpire",
        "name, milliseconds, *fields, nx=False!, xx=False!, gt=False!, lt=False!",
        |call, words| {
            words.template("HPEXPIRE name milliseconds:: nx?NX xx?XX gt?GT lt?LT", call)?;
            fields(call, words)
        },
    ),
    Api::coded("httl", "key, *fields", |call, words| {
        words.template("HTTL key", call)?;
        fields(call, words)
    }),
    Api::coded("hpttl", "key, *fields", |call, words| {
        words.template("HPTTL key", call)?;
        fields(call, words)
    }),
    Api::coded("hpersist", "name, *fields", |call, words| {
        words.template("HPERSIST name", call)?;
        fields(call, words)
    }),
];

fn fields(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.word("FIELDS");
    words.int(call.rest().len() as i64);
    words.values(call.rest())
}

fn hset(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    let nothing = !call.has("key") && !call.flag("mapping") && !call.flag("items");
    if nothing {
        return Err(Refusal::data("'hset' with no key value pairs"));
    }
    if call.has("key") && !call.has("value") {
        return Err(Refusal::data("'key' provided, but 'value' is None"));
    }
    words.template("HSET name", call)?;
    if let Arg::List(items) = call.get("items") {
        words.values(items)?;
    }
    if call.has("key") {
        words.template("key value", call)?;
    }
    if call.flag("mapping") {
        words.mapping(call.get("mapping"))?;
    }
    Ok(())
}
