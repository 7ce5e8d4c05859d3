//! Keys, their expiry, and scanning.

use super::Api;
use super::arg::{Call, Refusal};
use super::argv::Words;

pub(super) const METHODS: &[Api] = &[
    Api::new("delete", "*names", "DEL +names"),
    Api::new("unlink", "*names", "UNLINK +names"),
    Api::new("exists", "*names", "EXISTS +names"),
    Api::new("touch", "*args", "TOUCH +args"),
    Api::new(
        "expire",
        "name, time, nx=False, xx=False, gt=False, lt=False",
        "EXPIRE name time: nx?NX xx?XX gt?GT lt?LT",
    ),
    Api::new(
        "pexpire",
        "name, time, nx=False, xx=False, gt=False, lt=False",
        "PEXPIRE name time:: nx?NX xx?XX gt?GT lt?LT",
    ),
    Api::new(
        "expireat",
        "name, when, nx=False, xx=False, gt=False, lt=False",
        "EXPIREAT name when: nx?NX xx?XX gt?GT lt?LT",
    ),
    Api::new(
        "pexpireat",
        "name, when, nx=False, xx=False, gt=False, lt=False",
        "PEXPIREAT name when:: nx?NX xx?XX gt?GT lt?LT",
    ),
    Api::new("expiretime", "key", "EXPIRETIME key"),
    Api::new("pexpiretime", "key", "PEXPIRETIME key"),
    Api::new("ttl", "name", "TTL name"),
    Api::new("pttl", "name", "PTTL name"),
    Api::new("persist", "name", "PERSIST name"),
    Api::new("type", "name", "TYPE name"),
    Api::new("rename", "src, dst", "RENAME src dst"),
    Api::new("renamenx", "src, dst", "RENAMENX src dst"),
    Api::new("randomkey", "", "RANDOMKEY"),
    Api::new("keys", "pattern='*'", "KEYS pattern"),
    Api::new("dump", "name", "DUMP name"),
    Api::new("move", "name, db", "MOVE name db"),
    Api::new(
        "copy",
        "source, destination, destination_db=None, replace=False",
        "COPY source destination destination_db=DB replace?REPLACE",
    ),
    Api::new("object", "infotype, key", "OBJECT infotype key"),
    Api::coded(
        "scan",
        "cursor=0, match=None, count=None, _type=None",
        |call, words| {
            words.word("SCAN");
            scan(call, words)?;
            words.template("_type=TYPE", call)
        },
    ),
    Api::coded(
        "sscan",
        "name, cursor=0, match=None, count=None",
        |call, words| {
            words.word("SSCAN");
            words.value(call.get("name"))?;
            scan(call, words)
        },
    ),
    Api::coded(
        "hscan",
        "name, cursor=0, match=None, count=None, no_values=None",
        |call, words| {
            words.word("HSCAN");
            words.value(call.get("name"))?;
            scan(call, words)?;
            words.template("no_values?NOVALUES", call)
        },
    ),
    Api::coded(
        "zscan",
        "name, cursor=0, match=None, count=None, score_cast_func=None",
        |call, words| {
            words.word("ZSCAN");
            words.value(call.get("name"))?;
            scan(call, words)
        },
    ),
];

fn scan(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.template("cursor match=MATCH count=COUNT", call)
}
