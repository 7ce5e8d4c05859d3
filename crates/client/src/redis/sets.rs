//! Sets.

use super::Api;

pub(super) const METHODS: &[Api] = &[
    Api::new("sadd", "name, *values", "SADD name +values"),
    Api::new("srem", "name, *values", "SREM name +values"),
    Api::new("smembers", "name", "SMEMBERS name"),
    Api::new("sismember", "name, value", "SISMEMBER name value"),
    Api::new(
        "smismember",
        "name, values, *args",
        "SMISMEMBER name *values",
    ),
    Api::new("scard", "name", "SCARD name"),
    Api::coded("spop", "name, count=None", |call, words| {
        words.template("SPOP name", call)?;
        if call.has("count") {
            words.value(call.get("count"))?;
        }
        Ok(())
    }),
    Api::coded("srandmember", "name, number=None", |call, words| {
        words.template("SRANDMEMBER name", call)?;
        if call.has("number") {
            words.value(call.get("number"))?;
        }
        Ok(())
    }),
    Api::new("smove", "src, dst, value", "SMOVE src dst value"),
    Api::new("sinter", "keys, *args", "SINTER *keys"),
    Api::new("sunion", "keys, *args", "SUNION *keys"),
    Api::new("sdiff", "keys, *args", "SDIFF *keys"),
    Api::new("sinterstore", "dest, keys, *args", "SINTERSTORE dest *keys"),
    Api::new("sunionstore", "dest, keys, *args", "SUNIONSTORE dest *keys"),
    Api::new("sdiffstore", "dest, keys, *args", "SDIFFSTORE dest *keys"),
    Api::new(
        "sintercard",
        "numkeys, keys, limit=0",
        "SINTERCARD numkeys *keys LIMIT limit",
    ),
];
