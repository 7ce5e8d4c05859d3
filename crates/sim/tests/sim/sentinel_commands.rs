//! What a terminal on a sentinel answers. The replies were compared with those of a real one, word by word; only the addresses
//! are names here.

use redwind_resp::render;
use redwind_sim::{Event, Message, Place, Run};

use crate::common::run;
use crate::sentinels::quiet;

/// What the terminal shows for each line, typed on `s1` one second after the other from the second second on.
fn answers(lines: &[&str], faults: &[&str]) -> Vec<String> {
    let typed: Vec<String> = (2..)
        .zip(lines)
        .map(|(second, line)| format!("type s1 at {second}s: {line}"))
        .collect();
    let mut interventions: Vec<&str> = typed.iter().map(String::as_str).collect();
    interventions.extend(faults);
    shown(&run(quiet("20s", 2, &interventions)))
}

fn shown(run: &Run) -> Vec<String> {
    let reply = |record: &redwind_sim::Record| match &record.event {
        Event::Received {
            message: Message::Replies(replies),
            ..
        } if record.place == Place::Terminal => replies.first().map(render),
        _ => None,
    };
    run.records().iter().filter_map(reply).collect()
}

#[test]
fn it_says_who_the_primary_is_and_what_it_thinks_of_the_others() {
    let told = answers(
        &[
            "PING",
            "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster",
            "SENTINEL get-master-addr-by-name nope",
            "SENTINEL ckquorum mymaster",
            "INFO sentinel",
            "ROLE",
            "SENTINEL is-master-down-by-addr n1 6379 0 *",
        ],
        &[],
    );
    let expected = [
        "PONG",
        "1) \"n1\"\n2) \"6379\"",
        "(nil)",
        "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
        "\"# Sentinel\\r\\nsentinel_masters:1\\r\\nsentinel_tilt:0\\r\\nsentinel_tilt_since_seconds:-1\\r\\n\
         sentinel_running_scripts:0\\r\\nsentinel_scripts_queue_length:0\\r\\nsentinel_simulate_failure_flags:0\\r\\n\
         master0:name=mymaster,status=ok,address=n1:6379,slaves=2,sentinels=3\\r\\n\"",
        "1) \"sentinel\"\n2) 1) \"mymaster\"",
        "1) (integer) 0\n2) \"*\"\n3) (integer) 0",
    ];
    assert_eq!(told, expected);
}

#[test]
fn it_holds_no_data_and_refuses_as_redis_does() {
    let told = answers(
        &[
            "SET a 1",
            "SENTINEL",
            "SENTINEL master",
            "SENTINEL master nope",
            "SENTINEL nope",
            "SENTINEL failover nope",
            "SENTINEL set mymaster nope 2",
            "SENTINEL set mymaster quorum x",
            "SENTINEL is-master-down-by-addr n1 x 0 *",
            "PUBLISH news hello",
            "MULTI",
        ],
        &[],
    );
    let expected = [
        "(error) ERR unknown command 'SET', with args beginning with: 'a' '1' ",
        "(error) ERR wrong number of arguments for 'sentinel' command",
        "(error) ERR wrong number of arguments for 'sentinel|master' command",
        "(error) ERR No such master with that name",
        "(error) ERR unknown subcommand 'nope'. Try SENTINEL HELP.",
        "(error) ERR No such master with that name",
        "(error) ERR Unknown option or number of arguments for SENTINEL SET 'nope'",
        "(error) ERR Invalid argument 'x' for SENTINEL SET 'quorum'",
        "(error) ERR value is not an integer or out of range",
        "(error) ERR Only HELLO messages are accepted by Sentinel instances.",
        "(error) ERR unknown command 'MULTI', with args beginning with: ",
    ];
    assert_eq!(told, expected);
}

/// The names among names and values in turn, as a terminal shows them.
fn names(text: &str) -> Vec<String> {
    let values: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    values
        .chunks(2)
        .map(|pair| pair.first().copied().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn it_tells_about_primary_replicas_and_sentinels_in_the_fields_of_redis() {
    let told = answers(
        &[
            "SENTINEL master mymaster",
            "SENTINEL replicas mymaster",
            "SENTINEL sentinels mymaster",
        ],
        &[],
    );
    let begin = [
        "name",
        "ip",
        "port",
        "runid",
        "flags",
        "link-pending-commands",
        "link-refcount",
        "last-ping-sent",
        "last-ok-ping-reply",
        "last-ping-reply",
        "down-after-milliseconds",
    ];
    let role = ["info-refresh", "role-reported", "role-reported-time"];
    let primary = [
        "config-epoch",
        "num-slaves",
        "num-other-sentinels",
        "quorum",
        "failover-timeout",
        "parallel-syncs",
    ];
    let replica = [
        "master-link-down-time",
        "master-link-status",
        "master-host",
        "master-port",
        "slave-priority",
        "slave-repl-offset",
        "replica-announced",
    ];
    let sentinel = ["last-hello-message", "voted-leader", "voted-leader-epoch"];
    let whole = |parts: &[&[&str]]| -> Vec<String> {
        parts
            .concat()
            .iter()
            .map(|name| (*name).to_owned())
            .collect()
    };
    assert_eq!(names(&told[0]), whole(&[&begin, &role, &primary]));
    let two = whole(&[&begin, &role, &replica]);
    assert_eq!(names(&told[1]), [two.clone(), two].concat());
    let two = whole(&[&begin, &sentinel]);
    assert_eq!(names(&told[2]), [two.clone(), two].concat());
}

#[test]
fn a_sentinel_without_a_majority_says_that_it_could_not_fail_over() {
    let told = answers(
        &["PING", "PING", "SENTINEL ckquorum mymaster"],
        &["crash s2 at 1s", "crash s3 at 1s"],
    );
    assert_eq!(
        told[2],
        "(error) NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. \
         Not enough available Sentinels to reach the majority and authorize a failover"
    );
}

#[test]
fn what_a_reset_forgets_is_found_again() {
    let told = answers(
        &[
            "SENTINEL reset my*",
            "SENTINEL ckquorum mymaster",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "PING",
            "INFO sentinel",
        ],
        &[],
    );
    assert_eq!(told[0], "(integer) 1");
    assert!(
        told[12].contains("status=ok,address=n1:6379,slaves=2,sentinels=3"),
        "{}",
        told[12]
    );
}
