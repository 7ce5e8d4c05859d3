//! Scripts that make more than the collector leaves lying about, and that take more memory than they may have.

mod memory;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, Value};

/// Runs a script without keys in a new engine.
fn eval(script: &str) -> Value {
    let now = Micros(1_700_000_000_000_000);
    let mut engine = Engine::new(Config::default());
    let client = engine.connect(now);
    let mut out = Outputs::new();
    let argv = ["EVAL", script, "0"].map(|word| Bytes::copy_from_slice(word.as_bytes()));
    engine.execute(now, &mut FirstChoice, client, &argv, &mut out);
    let reply = out.into_iter().find_map(|output| match output {
        Output::Reply { value, .. } => Some(value),
        _ => None,
    });
    reply.expect("a script is answered")
}

#[test]
fn what_a_script_still_holds_outlives_every_collection() {
    let script = "
        local kept = {}
        for i = 1, 3000 do
            local text = cjson.encode({ name = 'job:' .. i, tags = { i, i + 1, 'x' .. i } })
            local packed = cmsgpack.pack(cjson.decode(text))
            redis.call('HSET', 'h', 'f' .. i % 50, packed)
            kept[i % 500] = cmsgpack.unpack(redis.call('HGET', 'h', 'f' .. i % 50))
            if kept[i % 500].name ~= 'job:' .. i then return redis.error_reply('lost ' .. i) end
        end
        for slot, job in pairs(kept) do
            local i = job.tags[1]
            if i % 500 ~= slot or job.tags[3] ~= 'x' .. i then return redis.error_reply('mixed up ' .. i) end
        end
        collectgarbage()
        return redis.sha1hex(cjson.encode(kept[7].tags))";
    // 2507 is the last number that is 7 modulo 500.
    let kept = "return redis.sha1hex('[2507,2508,\"x2507\"]')";
    let reply = eval(script);
    assert!(matches!(reply, Value::Bulk(_)), "{reply:?}");
    assert_eq!(reply, eval(kept));
}

#[test]
fn replies_that_a_script_drops_do_not_fill_its_memory() {
    let script = "
        redis.call('SET', 'k', string.rep('x', 100000))
        for i = 1, 3000 do redis.call('GET', 'k') end
        return redis.call('STRLEN', 'k')";
    assert_eq!(eval(script), Value::Int(100_000));
}

#[test]
fn a_script_that_hoards_is_stopped_and_the_next_one_runs() {
    let script = "local t = {} while true do t[#t + 1] = string.rep('x', 100000) .. #t end";
    let Value::Error(text) = eval(script) else {
        panic!("it cannot end by itself");
    };
    assert!(text.starts_with(b"ERR Script stopped after"), "{text:?}");
    assert_eq!(eval("return 1"), Value::Int(1));
}
