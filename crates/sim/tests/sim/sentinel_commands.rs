//! What a terminal on a sentinel answers. The replies were compared with those of a real one, word by word; only the addresses
//! are names here.

use redwind_resp::render;
use redwind_sim::{Event, Message, Place, Run};

use crate::common::run;
use crate::sentinels::{check_story, quiet};

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
            "SENTINEL monitor mymaster n1 6379 1",
            "SENTINEL monitor x n1 abc 1",
            "SENTINEL monitor x n1 6379 abc",
            "SENTINEL monitor x n1 6379 0",
            "SENTINEL monitor x n1 99999 1",
            "SENTINEL monitor x nowhere 6379 1",
            "SENTINEL monitor x",
            "SENTINEL remove",
            "SENTINEL remove nope",
            "SENTINEL set mymaster quorum 0",
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
        "(error) ERR Duplicate master name.",
        "(error) ERR Invalid port",
        "(error) ERR Invalid quorum",
        "(error) ERR Quorum must be 1 or greater.",
        "(error) ERR Invalid port number.",
        "(error) ERR Invalid IP address or hostname specified",
        "(error) ERR wrong number of arguments for 'sentinel|monitor' command",
        "(error) ERR wrong number of arguments for 'sentinel|remove' command",
        "(error) ERR No such master with that name",
        "(error) ERR Invalid argument '0' for SENTINEL SET 'quorum'",
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

#[test]
fn a_sentinel_watches_no_longer_and_again_and_finds_out_by_itself_whom_there_is() {
    check_story(
        &quiet(
            "40s",
            2,
            &[
                "type s1 at 2s: SENTINEL REMOVE mymaster",
                "type s1 at 6s: SENTINEL MONITOR mymaster n1 6379 2",
                "type s1 at 6.5s: SENTINEL SET mymaster down-after-milliseconds 1000 failover-timeout 6000",
                "crash n1 at 20s",
            ],
        ),
        &[],
        "
            2s s1 -monitor master mymaster n1 6379
            6s s1 +monitor master mymaster n1 6379 quorum 2
            6.021s s1 +sentinel sentinel s3 s3 26379 @ mymaster n1 6379
            6.025s s1 +slave slave n2:6379 n2 6379 @ mymaster n1 6379
            6.025s s1 +slave slave n3:6379 n3 6379 @ mymaster n1 6379
            6.224s s1 +sentinel sentinel s2 s2 26379 @ mymaster n1 6379
            6.5s s1 +set master mymaster n1 6379 down-after-milliseconds 1000
            6.5s s1 +set master mymaster n1 6379 failover-timeout 6000
            21.037s s2 +sdown master mymaster n1 6379
            21.054s s3 +sdown master mymaster n1 6379
            21.054s s1 +sdown master mymaster n1 6379
            21.112s s3 +odown master mymaster n1 6379 #quorum 3/2
            21.112s s3 +new-epoch 1
            21.112s s3 +try-failover master mymaster n1 6379
            21.112s s3 +vote-for-leader s3 1
            21.112s s1 +odown master mymaster n1 6379 #quorum 3/2
            21.112s s1 +new-epoch 1
            21.112s s1 +try-failover master mymaster n1 6379
            21.112s s1 +vote-for-leader s1 1
            21.113s s2 +new-epoch 1
            21.113s s2 +vote-for-leader s3 1
            21.183s s3 +elected-leader master mymaster n1 6379
            21.183s s3 +failover-state-select-slave master mymaster n1 6379
            21.245s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            21.245s s3 +failover-state-send-slaveof-noone slave n3:6379 n3 6379 @ mymaster n1 6379
            21.345s s3 +failover-state-wait-promotion slave n3:6379 n3 6379 @ mymaster n1 6379
            21.346s n3 is a primary
            22.127s s2 +odown master mymaster n1 6379 #quorum 3/2
            22.129s s2 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            22.131s s3 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            22.131s s3 +promoted-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            22.131s s3 +failover-state-reconf-slaves master mymaster n1 6379
            22.172s s1 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            22.229s s3 +slave-reconf-sent slave n2:6379 n2 6379 @ mymaster n1 6379
            22.23s n2 is a replica of n3
            22.23s s1 +config-update-from sentinel s3 s3 26379 @ mymaster n1 6379
            22.23s s1 +switch-master mymaster n1 6379 n3 6379
            22.23s s1 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            22.23s s1 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            22.23s s2 +config-update-from sentinel s3 s3 26379 @ mymaster n1 6379
            22.23s s2 +switch-master mymaster n1 6379 n3 6379
            22.23s s2 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            22.23s s2 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            22.782s s3 +slave-reconf-inprog slave n2:6379 n2 6379 @ mymaster n1 6379
            22.782s s3 +slave-reconf-done slave n2:6379 n2 6379 @ mymaster n1 6379
            22.832s s3 +failover-end master mymaster n1 6379
            22.832s s3 +switch-master mymaster n1 6379 n3 6379
            22.832s s3 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            22.832s s3 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            23.272s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            23.297s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            23.85s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            ",
    );
}

#[test]
fn another_primary_is_watched_beside_the_first_and_letters_are_not_mixed_up() {
    let told = answers(
        &[
            "SENTINEL MONITOR second n2 6379 1",
            "SENTINEL REMOVE mymaster",
            "PING",
            "SENTINEL GET-MASTER-ADDR-BY-NAME second",
            "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster",
            "SENTINEL MASTER mymaster",
            "ROLE",
            "INFO sentinel",
        ],
        &[],
    );
    let expected = [
        "OK",
        "OK",
        "PONG",
        "1) \"n2\"\n2) \"6379\"",
        "(nil)",
        "(error) ERR No such master with that name",
        "1) \"sentinel\"\n2) 1) \"second\"",
    ];
    assert_eq!(told[..7], expected);
    assert!(
        told[7].contains("master0:name=second,status=ok,address="),
        "{}",
        told[7]
    );
}
