//! The fault language: what it reads, that it prints the same form back, and what it says about mistakes.

use redwind_sim::{Call, Fault, Intervention, Leg, Moment, Names, Position, SimTime, Span};

fn names() -> Names {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names {
        clients: list(&["worker-a", "worker-b", "producer"]),
        nodes: list(&["redis"]),
        resources: list(&["db", "storage", "mailer"]),
    }
}

fn wrong(text: &str) -> String {
    match Intervention::parse(text, &names()) {
        Ok(read) => panic!("{text} was read as {read}"),
        Err(mistake) => mistake.to_string(),
    }
}

#[test]
fn every_form_prints_back_as_it_was_written() {
    for text in [
        "pause worker-a at 31ms for 15s",
        "pause worker-a after worker-a's 1st SET for 15s",
        "pause worker-a at line 12 of worker-a for 15s",
        "pause worker-b at line 12 of worker-a, 3rd time for 250us",
        "pause worker-a when lock:report expires for 1s",
        "pause worker-a when worker-b believes it holds lock:report for 1s",
        "pause worker-a when worker-b stops believing it holds lock:report for 1s",
        "pause worker-a when worker-b wakes, 22nd time for 1s",
        "pause worker-a when worker-b's 11th SET answers nil for 1s",
        "pause worker-a when worker-b prints \"all done\" for 1s",
        "pause worker-a when \"a key\" expires for 1s",
        "pause worker-a at the start for 1s",
        "pause redis at 1s for 3s",
        "crash redis when worker-a starts, restart after 1s",
        "cut-power redis at 2s, restart after 1s",
        "jump-clock redis by +10s at 2s",
        "jump-clock worker-b by -1.5s after worker-b's 1st SET",
        "drift redis by -200ppm at the start",
        "partition {worker-a, redis} from {worker-b, db} at 2s for 5s",
        "partition redis towards worker-a when lock expires",
        "failover redis at 1s",
        "slow-disk redis by 300ms at 2s for 5s",
        "slow-disk redis by 300ms after worker-a's 2nd SET",
        "slow-cpu redis by 100x at line 12 of worker-a for 5s",
        "slow-cpu worker-a by 20x at 2s",
        "lose 20% between worker-a and {redis, db} at 2s for 5s",
        "lose 0.5% from redis towards worker-a at 2s",
        "slow-link between worker-a and redis by 200ms at 2s for 5s",
        "slow-link from {worker-a, worker-b} towards redis by 1.5s when lock expires",
        "reset between {worker-a, worker-b} and redis after worker-a's 1st SET",
        "restart redis at 5s with an empty disk",
        "crash worker-a at 2s",
        "crash worker-a before worker-a's 1st LREM, restart after 3s",
        "crash worker-a when worker-a's 2nd storage.write is accepted",
        "crash worker-a when producer's 3rd call is executed, restart after 1.5s",
        "restart worker-a at 5s",
        "restart worker-a when worker-b crashes",
        "drop worker-a's 2nd SET",
        "drop the reply to worker-a's 2nd SET",
        "delay worker-a's 1st storage.write by 5s",
        "delay the reply to worker-a's 1st storage.write by 5s",
        "fail worker-a's 1st storage.write",
        "type redis at 11.2s: DEL lock:report",
        "type redis at 1s: SET k \"a: b\"",
    ] {
        match Intervention::parse(text, &names()) {
            Ok(read) => assert_eq!(read.to_string(), text),
            Err(mistake) => panic!("{text}: {mistake}"),
        }
    }
}

#[test]
fn positions_print_back_as_they_were_written() {
    for text in [
        "at 31ms",
        "at the start",
        "at the end",
        "at line 12 of worker-a",
        "before worker-a's 2nd SET",
        "after worker-a's 3rd call",
        "when worker-a starts",
        "when worker-a pauses",
        "when worker-a resumes",
        "when worker-a crashes",
        "when worker-a restarts",
        "when worker-a ends, 2nd time",
        "when worker-a's 2nd storage.write is refused",
        "when worker-a's 2nd storage.write is lost",
        "when worker-a's 2nd SET fails",
        "when worker-b's 1st SET answers OK",
        "when worker-b's 1st GET answers \"\"",
        "when worker-b's 1st GET answers \"two words, one\\nbreak\"",
    ] {
        match Position::parse(text, &names()) {
            Ok(read) => assert_eq!(read.to_string(), text),
            Err(mistake) => panic!("{text}: {mistake}"),
        }
    }
}

#[test]
fn it_reads_what_people_are_likely_to_type() {
    let pause = Intervention::Fault {
        fault: Fault::Pause {
            client: "worker-a".to_owned(),
            lasts: Span::seconds(15),
        },
        at: Position::Call {
            call: Call {
                client: "worker-a".to_owned(),
                name: Some("SET".to_owned()),
                nth: 2,
            },
            moment: Moment::After,
        },
    };
    for text in [
        "pause worker-a after worker-a's 2nd SET for 15s",
        "pause worker-a after worker-a's 2 set for 15s",
        "pause worker-a for 15s after worker-a\u{2019}s second set",
        "  Pause worker-a   AFTER worker-a's 2nd SET for 15000ms",
    ] {
        assert_eq!(
            Intervention::parse(text, &names()),
            Ok(pause.clone()),
            "{text}"
        );
    }
    assert_eq!(
        "drop the request of worker-a's SET".parse(),
        Ok(Intervention::Drop {
            call: Call {
                client: "worker-a".to_owned(),
                name: Some("SET".to_owned()),
                nth: 1,
            },
            leg: Leg::Request,
        })
    );
    assert_eq!("at 1m".parse(), Ok(Position::At(SimTime(60_000_000))));
    assert!(
        "crash worker-a at 2s and restart after 3s"
            .parse::<Intervention>()
            .is_ok()
    );
}

#[test]
fn a_mistake_says_what_was_expected_and_where() {
    assert_eq!(
        wrong("pause worker-a whilst busy"),
        "expected a moment (at 31ms, at line 12 of worker-a, before or after worker-a's 2nd SET, when …) after \
         \"pause worker-a\", found \"whilst\""
    );
    assert_eq!(
        wrong("pause worker-a at 31ms"),
        "expected \"for\" after \"pause worker-a at 31ms\", but the text ends there"
    );
    assert_eq!(
        wrong("pause worker-a at noon for 1s"),
        "expected a time such as 31ms, 1.5s or 2m after \"pause worker-a at\", found \"noon\""
    );
    assert_eq!(
        wrong("stop worker-a at 1s"),
        "expected pause, crash, restart, cut-power, slow-disk, slow-cpu, jump-clock, drift, partition, lose, slow-link, \
         reset, failover, move-slot, drop, delay, fail or type, found \"stop\""
    );
    assert_eq!(
        wrong("slow-cpu redis by 50 at 1s"),
        "expected how many times slower, such as 50x after \"slow-cpu redis by\", found \"50\""
    );
    assert_eq!(
        wrong("lose 120% between worker-a and redis at 1s"),
        "expected a share such as 20% or 0.5%, at most 100% after \"lose\", found \"120%\""
    );
    assert_eq!(
        wrong("lose 20% worker-a and redis at 1s"),
        "expected \"between … and …\" (both directions) or \"from … towards …\" (one) after \"lose 20%\", found \"worker-a\""
    );
    assert_eq!(
        wrong("reset worker-a at 1s"),
        "expected \"between\", as in: reset between worker-a and n1 at 2s after \"reset\", found \"worker-a\""
    );
    assert_eq!(
        wrong("drop worker-a SET"),
        "expected a call such as worker-a's 2nd SET after \"drop\", found \"worker-a\""
    );
    assert_eq!(
        wrong("crash worker-a at 1s, please"),
        "expected nothing more after \"crash worker-a at 1s,\", found \"please\""
    );
    assert_eq!(
        wrong("pause worker-a at the end for 1s"),
        "a fault can't be \"at the end\": name the time or what happens then"
    );
    assert_eq!(
        wrong("type redis at 1s DEL k"),
        "expected a command after a colon, as in: type redis at 11.2s: DEL lock:report"
    );
    assert_eq!(
        wrong("type redis at 1s: SET k \"v"),
        "a quote is not closed, or not followed by a space, in: SET k \"v"
    );
    assert_eq!(
        wrong("pause worker-a when worker-b dances for 1s"),
        "expected expires, starts, pauses, resumes, crashes, restarts, ends, wakes, becomes primary, becomes replica, stops serving, serves again, votes, is declared failed, believes, stops believing, reports or \
         prints after \"pause worker-a when worker-b\", found \"dances\""
    );
}

#[test]
fn a_name_that_is_not_there_is_answered_with_the_nearest_one() {
    assert_eq!(
        wrong("pause worker-c at 1s for 1s"),
        "it names the client worker-c, which does not exist: did you mean worker-a?"
    );
    assert_eq!(
        wrong("crash worker-a before worker-a's 1st storge.write"),
        "it names the resource storge, which does not exist: did you mean storage?"
    );
    assert_eq!(
        wrong("type cache at 1s: PING"),
        "it names the node cache, which does not exist: there is redis"
    );
    assert_eq!(
        wrong("drop worker-a's 1st SETT"),
        "there is no command SETT: did you mean SET?"
    );
}
