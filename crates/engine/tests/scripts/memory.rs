//! Nothing that a script does at once takes much more memory than a script may have.

use redwind_engine::Value;

use super::eval;

fn is_stopped(script: &str) {
    let reply = eval(script);
    let stopped =
        matches!(&reply, Value::Error(text) if text.starts_with(b"ERR Script stopped after"));
    let shown = format!("{reply:?}");
    assert!(stopped, "{script}: {}", &shown[..shown.len().min(200)]);
}

#[test]
fn what_would_be_too_long_is_not_made() {
    for script in [
        "return string.rep('x', 1e9)",
        "return string.gsub(string.rep('x', 1e6), 'x', string.rep('y', 1000))",
        "return string.gsub(string.rep('x', 1e6), '.*', string.rep('%0', 1000))",
        "local big = string.rep('x', 1e7) return string.gsub('xxxxxxxxxx', 'x', function() return big end)",
        "local big = string.rep('x', 1e7) return string.gsub('xxxxxxxxxx', 'x', {x = big})",
        "local big = string.rep('x', 3e6) return string.find(big, string.rep('(', 30) .. '.*' .. string.rep(')', 30))",
        "local big, t = string.rep('x', 1e6), {} for i = 1, 100 do t[i] = big end return table.concat(t)",
        "local big, t = string.rep('x', 1e6), {} for i = 1, 100 do t[i] = big end return cjson.encode(t)",
        "local big, t = string.rep('x', 1e6), {} for i = 1, 100 do t[i] = big end return cmsgpack.pack(t)",
        "local big, t = string.rep('x', 1e6), {} for i = 1, 100 do t[i] = big end return t",
        "local big, t = string.rep('x', 1e6), {} for i = 1, 100 do t[i] = big end
         return redis.call('rpush', 'k', unpack(t))",
        "local big = string.rep('x', 1e7) return string.format('%s%s%s%s%s%s%s', big, big, big, big, big, big, big)",
        "local big = string.rep('x', 1e7) return struct.pack('ssssssss', big, big, big, big, big, big, big, big)",
    ] {
        is_stopped(script);
    }
}

#[test]
fn tables_that_are_in_many_places_of_themselves_are_not_followed_for_ever() {
    let double = "local t = {1} for i = 1, 60 do t = {t, t} end";
    is_stopped(&format!("{double} return t"));
    is_stopped(&format!("{double} return cjson.encode(t)"));
    // It goes no deeper than 16, so that is not much.
    assert!(matches!(
        eval(&format!("{double} return #cmsgpack.pack(t)")),
        Value::Int(_)
    ));
}

#[test]
fn texts_are_not_joined_without_limit() {
    let chain = vec!["s"; 150].join(" .. ");
    is_stopped(&format!("local s = string.rep('x', 2e6) return {chain}"));
    is_stopped(&format!(
        "local s = string.rep('x', 2e6) return loadstring('local s = ... return {chain}')(s)"
    ));
    is_stopped("local s = 'x' while true do s = s .. s .. s .. s end");
    // Short ones are.
    let joined = eval(&format!("local s = 'xy' return #({chain})"));
    assert_eq!(joined, Value::Int(300));
}

#[test]
fn patterns_take_a_bounded_number_of_steps() {
    is_stopped(
        "return string.match(string.rep('a', 300), string.rep('a?', 150) .. string.rep('a', 290))",
    );
    is_stopped("return string.find(string.rep('a', 5000), '.-.-.-.-b')");
    let deep = eval("return string.match('', string.rep('(', 300))");
    assert!(matches!(&deep, Value::Error(_)), "{deep:?}");
}

#[test]
fn what_fits_is_made() {
    let half = 1 << 25;
    assert_eq!(
        eval(&format!("return #string.rep('x', {half})")),
        Value::Int(half)
    );
    let replaced = "return #(string.gsub(string.rep('x', 1000), 'x', string.rep('y', 1000)))";
    assert_eq!(eval(replaced), Value::Int(1_000_000));
}
