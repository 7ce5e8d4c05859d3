//! Sorted sets.

use super::Api;
use super::arg::{Arg, Call, Refusal};
use super::argv::{Words, weighed_keys};
use super::lists::wait_on;

pub(super) const METHODS: &[Api] = &[
    Api::coded(
        "zadd",
        "name, mapping, nx=False, xx=False, ch=False, incr=False, gt=False, lt=False",
        zadd,
    ),
    Api::new("zrem", "name, *values", "ZREM name +values"),
    Api::new("zscore", "name, value", "ZSCORE name value"),
    Api::new("zmscore", "key, members", "ZMSCORE key *members"),
    Api::new(
        "zincrby",
        "name, amount, value",
        "ZINCRBY name amount value",
    ),
    Api::new("zcard", "name", "ZCARD name"),
    Api::new("zcount", "name, min, max", "ZCOUNT name min max"),
    Api::new("zlexcount", "name, min, max", "ZLEXCOUNT name min max"),
    Api::coded(
        "zrange",
        "name, start, end, desc=False, withscores=False, score_cast_func=None, byscore=False, bylex=False, offset=None, num=None",
        |call, words| {
            if !call.flag("byscore")
                && !call.flag("bylex")
                && !call.has("offset")
                && !call.has("num")
                && call.flag("desc")
            {
                return words.template("ZREVRANGE name start end withscores?WITHSCORES", call);
            }
            range(call, words, &["ZRANGE"], &["name"])
        },
    ),
    Api::coded(
        "zrangestore",
        "dest, name, start, end, byscore=False, bylex=False, desc=False, offset=None, num=None",
        |call, words| range(call, words, &["ZRANGESTORE"], &["dest", "name"]),
    ),
    Api::new(
        "zrevrange",
        "name, start, end, withscores=False, score_cast_func=None",
        "ZREVRANGE name start end withscores?WITHSCORES",
    ),
    Api::coded(
        "zrangebyscore",
        "name, min, max, start=None, num=None, withscores=False, score_cast_func=None",
        |call, words| {
            words.template("ZRANGEBYSCORE name min max", call)?;
            limit(call, words, "start")?;
            words.template("withscores?WITHSCORES", call)
        },
    ),
    Api::coded(
        "zrevrangebyscore",
        "name, max, min, start=None, num=None, withscores=False, score_cast_func=None",
        |call, words| {
            words.template("ZREVRANGEBYSCORE name max min", call)?;
            limit(call, words, "start")?;
            words.template("withscores?WITHSCORES", call)
        },
    ),
    Api::coded(
        "zrangebylex",
        "name, min, max, start=None, num=None",
        |call, words| {
            words.template("ZRANGEBYLEX name min max", call)?;
            limit(call, words, "start")
        },
    ),
    Api::coded(
        "zrevrangebylex",
        "name, max, min, start=None, num=None",
        |call, words| {
            words.template("ZREVRANGEBYLEX name max min", call)?;
            limit(call, words, "start")
        },
    ),
    Api::new(
        "zrank",
        "name, value, withscore=False, score_cast_func=None",
        "ZRANK name value withscore?WITHSCORE",
    ),
    Api::new(
        "zrevrank",
        "name, value, withscore=False, score_cast_func=None",
        "ZREVRANK name value withscore?WITHSCORE",
    ),
    Api::new(
        "zremrangebyrank",
        "name, min, max",
        "ZREMRANGEBYRANK name min max",
    ),
    Api::new(
        "zremrangebyscore",
        "name, min, max",
        "ZREMRANGEBYSCORE name min max",
    ),
    Api::new(
        "zremrangebylex",
        "name, min, max",
        "ZREMRANGEBYLEX name min max",
    ),
    Api::coded("zpopmin", "name, count=None", |call, words| {
        words.word("ZPOPMIN");
        pop(call, words)
    }),
    Api::coded("zpopmax", "name, count=None", |call, words| {
        words.word("ZPOPMAX");
        pop(call, words)
    }),
    Api::coded("bzpopmin", "keys, timeout=0", |call, words| {
        words.word("BZPOPMIN");
        wait_on(call, words)
    }),
    Api::coded("bzpopmax", "keys, timeout=0", |call, words| {
        words.word("BZPOPMAX");
        wait_on(call, words)
    }),
    Api::coded(
        "zrandmember",
        "key, count=None, withscores=False",
        |call, words| {
            words.template("ZRANDMEMBER key", call)?;
            if call.has("count") {
                words.value(call.get("count"))?;
            }
            words.template("withscores?WITHSCORES", call)
        },
    ),
    Api::coded(
        "zunionstore",
        "dest, keys, aggregate=None",
        |call, words| {
            words.template("ZUNIONSTORE dest", call)?;
            combine(call, words)
        },
    ),
    Api::coded(
        "zinterstore",
        "dest, keys, aggregate=None",
        |call, words| {
            words.template("ZINTERSTORE dest", call)?;
            combine(call, words)
        },
    ),
    Api::coded(
        "zunion",
        "keys, aggregate=None, withscores=False, score_cast_func=None",
        |call, words| {
            words.word("ZUNION");
            combine(call, words)
        },
    ),
    Api::coded(
        "zinter",
        "keys, aggregate=None, withscores=False",
        |call, words| {
            words.word("ZINTER");
            combine(call, words)
        },
    ),
    Api::coded("zdiff", "keys, withscores=False", |call, words| {
        words.word("ZDIFF");
        combine(call, words)
    }),
];

fn pop(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.value(call.get("name"))?;
    if call.has("count") {
        words.value(call.get("count"))?;
    }
    Ok(())
}

fn limit(call: &Call, words: &mut Words, start: &str) -> Result<(), Refusal> {
    match (call.has(start), call.has("num")) {
        (false, false) => Ok(()),
        (true, true) => {
            words.word("LIMIT");
            words.value(call.get(start))?;
            words.value(call.get("num"))
        }
        _ => Err(Refusal::data(format!(
            "``{start}`` and ``num`` must both be specified"
        ))),
    }
}

fn range(
    call: &Call,
    words: &mut Words,
    command: &[&'static str],
    names: &[&str],
) -> Result<(), Refusal> {
    if call.flag("byscore") && call.flag("bylex") {
        return Err(Refusal::data(
            "``byscore`` and ``bylex`` can not be specified together.",
        ));
    }
    if call.flag("withscores") && call.flag("bylex") {
        return Err(Refusal::data(
            "``withscores`` not supported in combination with ``bylex``.",
        ));
    }
    command.iter().for_each(|word| words.word(word));
    for name in names {
        words.value(call.get(name))?;
    }
    words.template("start end byscore?BYSCORE bylex?BYLEX desc?REV", call)?;
    limit(call, words, "offset")?;
    words.template("withscores?WITHSCORES", call)
}

fn combine(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    weighed_keys(words, call.get("keys"))?;
    words.template("aggregate=AGGREGATE withscores?WITHSCORES", call)
}

fn zadd(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    let Arg::Map(pairs) = call.get("mapping") else {
        return Err(Refusal::data(
            "ZADD requires at least one element/score pair",
        ));
    };
    if pairs.is_empty() {
        return Err(Refusal::data(
            "ZADD requires at least one element/score pair",
        ));
    }
    if call.flag("nx") && call.flag("xx") {
        return Err(Refusal::data("ZADD allows either 'nx' or 'xx', not both"));
    }
    if call.flag("gt") && call.flag("lt") {
        return Err(Refusal::data("ZADD allows either 'gt' or 'lt', not both"));
    }
    if call.flag("incr") && pairs.len() != 1 {
        return Err(Refusal::data(
            "ZADD option 'incr' only works when passing a single element/score pair",
        ));
    }
    if call.flag("nx") && (call.flag("gt") || call.flag("lt")) {
        return Err(Refusal::data(
            "Only one of 'nx', 'lt', or 'gt' may be defined.",
        ));
    }
    words.template("ZADD name nx?NX xx?XX gt?GT lt?LT ch?CH incr?INCR", call)?;
    for (member, score) in pairs {
        words.value(score)?;
        words.value(member)?;
    }
    Ok(())
}
