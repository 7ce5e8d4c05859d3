//! Each situation is played by real redis-server processes and by simulated nodes; what they answer must be the same.
//! Without a redis-server of the right version the tests say so and pass.

use redwind_reality::real::Real;
use redwind_reality::simulated::Simulated;
use redwind_reality::{Server, Servers};

/// Plays a situation twice and compares what came of it.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a test that cannot run must say so")]
fn compare(what: &str, servers: &[Server], play: fn(&mut dyn Servers) -> Vec<String>) {
    let simulated = play(&mut Simulated::start(servers));
    let Some(program) = redwind_reference::find() else {
        eprintln!("SKIPPED: no redis-server 8.2; `cargo xtask reference` fetches one");
        return;
    };
    let real = match Real::start(program, what, servers) {
        Ok(mut real) => play(&mut real),
        Err(why) => panic!("{why}"),
    };
    assert_eq!(simulated, real, "simulated on the left, real on the right");
}

const PRIMARY: Server = Server::named("primary");
const REPLICA: Server = Server {
    follows: Some("primary"),
    ..Server::named("replica")
};

#[test]
fn a_lock_that_the_replica_had_not_got_is_lost_by_its_promotion() {
    compare("lost-lock", &[PRIMARY, REPLICA], |on| {
        let mut told = vec![
            on.ask("primary", "SET other 1"),
            on.until("replica", "GET other", "\"1\""),
        ];
        on.cut("replica");
        told.push(on.ask("primary", "SET lock a NX PX 60000"));
        on.kill("primary");
        told.extend([
            on.ask("replica", "REPLICAOF NO ONE"),
            on.ask("replica", "SET lock b NX PX 60000"),
            on.ask("replica", "GET other"),
        ]);
        told
    });
}

#[test]
fn an_old_primary_that_follows_the_new_one_gives_up_what_only_it_had() {
    compare("old-primary", &[PRIMARY, REPLICA], |on| {
        let mut told = vec![
            on.ask("primary", "SET other 1"),
            on.until("replica", "GET other", "\"1\""),
        ];
        on.cut("replica");
        told.push(on.ask("primary", "SET lock a NX PX 60000"));
        told.push(on.ask("replica", "REPLICAOF NO ONE"));
        told.push(on.ask("replica", "SET lock b NX PX 60000"));
        told.push(on.ask("primary", "GET lock"));
        on.heal("replica");
        on.follow("primary", "replica");
        told.push(on.until("primary", "GET lock", "\"b\""));
        told.push(on.ask("primary", "SET lock c"));
        told
    });
}

#[test]
fn a_server_with_data_of_its_own_that_is_made_a_replica_gives_it_up() {
    let other = Server::named("other");
    compare("stranger", &[PRIMARY, other], |on| {
        let mut told = vec![
            on.ask("primary", "SET k first"),
            on.ask("primary", "SET k theirs"),
            on.ask("other", "SET own 1"),
            on.ask("other", "GET k"),
        ];
        on.follow("other", "primary");
        told.extend([
            on.until("other", "GET k", "\"theirs\""),
            on.ask("other", "DBSIZE"),
            on.ask("other", "GET own"),
            on.ask("primary", "SET k later"),
            on.until("other", "GET k", "\"later\""),
            on.ask("other", "REPLICAOF NO ONE"),
            on.ask("other", "GET k"),
            on.ask("other", "SET own 2"),
            on.ask("primary", "GET own"),
        ]);
        told
    });
}

#[test]
fn a_paused_replica_repeats_what_it_missed_even_if_its_primary_is_gone_by_then() {
    compare("paused-replica", &[PRIMARY, REPLICA], |on| {
        on.pause("replica");
        let mut told = vec![
            on.ask("primary", "SET lock a NX PX 60000"),
            on.ask("primary", "WAIT 1 300"),
        ];
        on.kill("primary");
        on.resume("replica");
        told.extend([
            on.until("replica", "GET lock", "\"a\""),
            on.ask("replica", "REPLICAOF NO ONE"),
            on.ask("replica", "SET lock b NX PX 60000"),
        ]);
        told
    });
}

#[test]
fn a_killed_server_has_what_it_had_written_whatever_appendfsync_says() {
    for (what, keeps) in [
        ("kill-none", "none"),
        ("kill-always", "always"),
        ("kill-everysec", "everysec"),
        ("kill-no", "no-fsync"),
    ] {
        let server = Server { keeps, ..PRIMARY };
        compare(what, &[server], |on| {
            let mut told = vec![
                on.ask("primary", "SET a 1"),
                on.ask("primary", "RPUSH jobs x y z"),
                on.ask("primary", "LPOP jobs"),
                on.ask("primary", "SET gone 1 PX 300"),
            ];
            on.kill("primary");
            told.push(on.ask("primary", "PING"));
            on.pass(400);
            on.start("primary");
            told.extend([
                on.ask("primary", "GET a"),
                on.ask("primary", "LRANGE jobs 0 -1"),
                on.ask("primary", "EXISTS gone"),
            ]);
            told
        });
    }
}

#[test]
fn a_snapshot_brings_back_what_it_had_and_no_more() {
    compare("snapshot", &[PRIMARY], |on| {
        let mut told = vec![
            on.ask("primary", "SET a 1"),
            on.ask("primary", "SAVE"),
            on.ask("primary", "SET b 2"),
        ];
        on.kill("primary");
        on.start("primary");
        told.push(on.ask("primary", "MGET a b"));
        on.kill("primary");
        on.start("primary");
        told.push(on.ask("primary", "MGET a b"));
        told
    });
}

#[test]
fn a_process_that_stood_still_past_a_deadline_never_shows_the_key_again() {
    compare("stopped", &[PRIMARY], |on| {
        let mut told = vec![on.ask("primary", "SET lock a NX PX 300")];
        on.pause("primary");
        on.pass(500);
        on.resume("primary");
        told.extend([
            on.ask("primary", "GET lock"),
            on.ask("primary", "SET lock b NX PX 60000"),
            on.ask("primary", "SET slept v PX 300"),
            on.ask("primary", "DEBUG SLEEP 0.5"),
            on.ask("primary", "EXISTS slept"),
        ]);
        told
    });
}

#[test]
fn waiting_over_a_cut_link_counts_nobody_and_everybody_once_it_is_healed() {
    compare("wait", &[PRIMARY, REPLICA], |on| {
        on.cut("replica");
        let mut told = vec![
            on.ask("primary", "SET a 1"),
            on.ask("primary", "WAIT 1 300"),
            on.ask("primary", "WAIT 0 0"),
        ];
        on.heal("replica");
        told.extend([
            on.ask("primary", "WAIT 1 15000"),
            on.ask("replica", "GET a"),
            on.ask("replica", "WAIT 1 10"),
            on.ask("primary", "WAIT x 0"),
            on.ask("primary", "WAIT 0 -1"),
        ]);
        told
    });
}

#[test]
fn waiting_for_disks_answers_as_their_policies_let_it() {
    let primary = Server {
        keeps: "everysec",
        ..PRIMARY
    };
    let replica = Server {
        keeps: "always",
        ..REPLICA
    };
    compare("waitaof", &[primary, replica], |on| {
        vec![
            on.ask("primary", "SET a 1"),
            on.ask("primary", "WAITAOF 1 1 10000"),
            on.ask("primary", "WAITAOF 2 0 0"),
            on.ask("primary", "WAITAOF 1 -1 0"),
            on.ask("replica", "WAITAOF 1 0 0"),
        ]
    });
    compare("waitaof-none", &[PRIMARY], |on| {
        vec![
            on.ask("primary", "WAITAOF 1 0 0"),
            on.ask("primary", "WAITAOF 0 1 100"),
        ]
    });
}

#[test]
fn a_replica_hides_an_expired_key_and_keeps_it_until_its_primary_says_so() {
    compare("replica-expiry", &[PRIMARY, REPLICA], |on| {
        let mut told = vec![
            on.ask("primary", "SET k v PX 3000"),
            on.until("replica", "GET k", "\"v\""),
        ];
        on.cut("replica");
        on.pass(3_500);
        told.extend([
            on.ask("replica", "GET k"),
            on.ask("replica", "TTL k"),
            on.ask("replica", "DBSIZE"),
            on.ask("primary", "DBSIZE"),
        ]);
        on.heal("replica");
        told.push(on.until("replica", "DBSIZE", "(integer) 0"));
        told
    });
}

#[test]
fn a_watched_key_that_expires_ends_the_transaction() {
    compare("watch", &[PRIMARY], |on| {
        let mut told = vec![
            on.ask("primary", "SET k v PX 2000"),
            on.ask("primary", "WATCH k"),
        ];
        on.pass(2_500);
        told.extend([
            on.ask("primary", "MULTI"),
            on.ask("primary", "SET other 1"),
            on.ask("primary", "EXEC"),
            on.ask("primary", "EXISTS other"),
            on.ask("primary", "WATCH k"),
            on.ask("primary", "MULTI"),
            on.ask("primary", "SET other 1"),
            on.ask("primary", "EXEC"),
        ]);
        told
    });
}

#[test]
fn a_primary_that_hears_of_too_few_replicas_refuses_writes_until_it_does() {
    let config = &[
        ("min-replicas-to-write", "1"),
        ("min-replicas-max-lag", "2"),
    ];
    let primary = Server { config, ..PRIMARY };
    compare("min-replicas", &[primary, REPLICA], |on| {
        let mut told = vec![
            on.until("primary", "SET a 1", "OK"),
            on.ask("primary", "MULTI"),
            on.ask("primary", "SET a 2"),
        ];
        on.cut("replica");
        on.pass(5_000);
        told.extend([
            on.ask("primary", "EXEC"),
            on.ask("primary", "SET a 3"),
            on.ask("primary", "GET a"),
            on.ask("primary", "EVAL \"return redis.call('GET', 'a')\" 0"),
        ]);
        on.heal("replica");
        told.push(on.until("primary", "SET a 4", "OK"));
        told.push(on.until("replica", "GET a", "\"4\""));
        told
    });
}

#[test]
fn a_replica_without_its_primary_answers_only_what_has_nothing_to_do_with_data() {
    let config = &[("replica-serve-stale-data", "no")];
    let replica = Server { config, ..REPLICA };
    compare("stale", &[PRIMARY, replica], |on| {
        let mut told = vec![
            on.ask("primary", "SET a 1"),
            on.until("replica", "GET a", "\"1\""),
        ];
        on.kill("primary");
        told.push(on.until(
            "replica",
            "GET a",
            "(error) MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        ));
        for command in [
            "PING",
            "SET a 2",
            "EVAL \"return 1\" 0",
            "EVAL \"#!lua flags=allow-stale\\nreturn 2\" 0",
            "EVAL \"#!lua flags=no-writes\\nreturn 3\" 0",
            "SELECT 1",
            "DBSIZE",
            "MULTI",
            "GET a",
            "EXEC",
        ] {
            told.push(on.ask("replica", command));
        }
        on.start("primary");
        told.push(on.until("replica", "GET a", "(nil)"));
        told
    });
}

#[test]
fn a_primary_that_hands_over_loses_nothing_and_takes_no_more_writes() {
    compare("failover", &[PRIMARY, REPLICA], |on| {
        let mut told = vec![
            on.ask("primary", "SET a 1"),
            on.ask("primary", "FAILOVER ABORT"),
            on.ask("primary", "FAILOVER TO nowhere 1"),
            on.ask("replica", "FAILOVER"),
            on.hand_over("primary", "replica"),
            on.until("replica", "ROLE", "1) \"master\""),
            on.until("primary", "ROLE", "1) \"slave\""),
            on.until("replica", "SET b 2", "OK"),
            on.ask("replica", "GET a"),
        ];
        told.push(on.ask("primary", "SET c 3"));
        told.push(on.until("primary", "GET b", "\"2\""));
        told
    });
}

#[test]
fn a_writable_replica_takes_writes_that_nobody_else_gets() {
    let config = &[("replica-read-only", "no")];
    let replica = Server { config, ..REPLICA };
    compare("writable", &[PRIMARY, replica], |on| {
        vec![
            on.ask("replica", "SET own 1"),
            on.ask("primary", "GET own"),
            on.ask("primary", "SET a 1"),
            on.until("replica", "GET a", "\"1\""),
            on.ask("replica", "GET own"),
        ]
    });
}
