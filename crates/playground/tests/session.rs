//! A session as the page has it: open a lesson, run it, break it, type into it.

use redwind_playground::{Playground, Typed, prepare};
use redwind_protocol::{RecordKind, Run, Scene, VerdictOutcome};

const GC_PAUSE: &str = include_str!("../../../lessons/locks/gc-pause.md");

fn opened() -> Playground {
    let mut playground = Playground::default();
    playground.open(GC_PAUSE).unwrap();
    playground
}

fn scene(variant: &str) -> Scene {
    Scene {
        lesson: "locks/gc-pause".to_owned(),
        variant: variant.to_owned(),
        ..Scene::default()
    }
}

fn outcome(run: &Run) -> VerdictOutcome {
    run.trace.verdicts[0].outcome
}

/// The last record at which both workers believe that they hold the lock.
fn both_believe(run: &Run) -> Option<usize> {
    let mut holds = [false; 2];
    run.trace.records.iter().position(|record| {
        if let Some(belief) = &record.belief {
            holds[usize::from(record.lane)] = belief.holds;
        }
        holds == [true, true]
    })
}

#[test]
fn the_pause_breaks_the_lock_and_the_fence_survives_it() {
    let mut playground = opened();
    let naive = playground.run(&scene("naive")).unwrap();
    assert_eq!(outcome(&naive), VerdictOutcome::Violated);
    let found = &naive.trace.verdicts[0];
    assert!(
        found.finding.contains("worker-a") && found.finding.contains("worker-b"),
        "{}",
        found.finding
    );
    assert!(both_believe(&naive).is_some());

    let fencing = playground.run(&scene("fencing")).unwrap();
    assert_eq!(outcome(&fencing), VerdictOutcome::Held);
    assert!(both_believe(&fencing).is_some());
    assert!(
        fencing
            .trace
            .records
            .iter()
            .any(|record| record.kind == RecordKind::Refused)
    );
}

#[test]
fn without_the_pause_nothing_breaks() {
    let calm = Scene {
        interventions: Some(Vec::new()),
        ..scene("naive")
    };
    assert_eq!(outcome(&opened().run(&calm).unwrap()), VerdictOutcome::Held);
}

#[test]
fn a_branch_shares_its_past_with_the_run_it_left() {
    let mut playground = opened();
    let calm = Scene {
        interventions: Some(Vec::new()),
        ..scene("naive")
    };
    let first = playground.run(&calm).unwrap().trace;
    let at = first
        .records
        .iter()
        .position(|record| record.label.contains("storage"))
        .unwrap();
    let line = format!("pause worker-a at {}us for 15s", first.records[at].at);
    let paused = Scene {
        interventions: Some(vec![line]),
        ..scene("naive")
    };
    let second = playground.run(&paused).unwrap().trace;
    assert_eq!(first.records[..at], second.records[..at]);
    assert_ne!(first.hash, second.hash);
}

#[test]
fn every_message_that_arrives_was_sent_earlier() {
    let run = opened().run(&scene("naive")).unwrap();
    let mut arrivals = 0;
    for (seq, record) in run.trace.records.iter().enumerate() {
        assert!(record.cause.is_none_or(|cause| (cause as usize) < seq));
        if let Some(message) = &record.message
            && message.sent as usize != seq
        {
            arrivals += 1;
            let sender = &run.trace.records[message.sent as usize];
            assert!(
                sender.at <= record.at && sender.lane != record.lane,
                "{}",
                record.sentence
            );
        }
    }
    assert!(arrivals > 10);
}

#[test]
fn the_terminal_looks_for_free_and_writes_into_history() {
    let mut playground = opened();
    let naive = scene("naive");
    let run = playground.run(&naive).unwrap();
    let locked = run
        .trace
        .records
        .iter()
        .position(|r| r.keys.iter().any(|k| k.name == "lock:report"))
        .unwrap();
    let at = u32::try_from(locked).unwrap();
    let mut answer = |line: &str| playground.terminal(&naive, "redis", at, line).unwrap();
    assert_eq!(
        answer("GET lock:report"),
        Typed::Answered("\"taken\"".to_owned())
    );
    assert_eq!(
        answer("PTTL lock:report"),
        Typed::Answered("(integer) 10000".to_owned())
    );
    assert_eq!(
        answer("NOPE now"),
        Typed::Answered(
            "(error) ERR unknown command 'NOPE', with args beginning with: 'now' ".to_owned()
        )
    );
    // A command that fails changes nothing, so it is no reason for a branch.
    let wrong = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_eq!(
        answer("LPUSH lock:report x"),
        Typed::Answered(wrong.to_owned())
    );
    assert_eq!(answer("2 PING"), Typed::Answered("PONG\nPONG".to_owned()));
    let Typed::Writes(lines) = answer("2 DEL lock:report") else {
        panic!("DEL writes")
    };
    assert_eq!(lines.len(), 2);
    let line = lines[0].clone();
    assert!(
        line.starts_with("type redis at ") && line.ends_with("DEL lock:report"),
        "{line}"
    );

    let mut lines = run.trace.interventions;
    lines.push(line);
    let branch = playground
        .run(&Scene {
            interventions: Some(lines),
            ..naive
        })
        .unwrap();
    let typed = branch
        .trace
        .records
        .iter()
        .find(|r| r.kind == RecordKind::Executed && r.label.starts_with("DEL"));
    assert!(typed.is_some_and(|record| record.keys.iter().any(|change| change.key.is_none())));
}

#[test]
fn what_cannot_be_run_says_where_it_is_wrong() {
    let mut playground = opened();
    let edited = |source: &str| Scene {
        edits: vec![(0, source.to_owned())],
        ..scene("naive")
    };
    let wrong = playground
        .run(&edited("x = 1\nif x\n    pass\n"))
        .unwrap_err();
    assert_eq!(
        (wrong.program, wrong.line),
        (Some(0), Some(2)),
        "{}",
        wrong.message
    );
    let wrong = playground
        .run(&edited("class A(B):\n    pass\n"))
        .unwrap_err();
    assert_eq!(wrong.line, Some(1));
    assert!(wrong.remedy.is_some(), "{}", wrong.message);
    let named = Scene {
        interventions: Some(vec!["pause worker-c at 1s for 1s".to_owned()]),
        ..scene("naive")
    };
    assert!(
        playground
            .run(&named)
            .unwrap_err()
            .message
            .contains("worker-c")
    );
    assert!(
        playground
            .run(&scene("fenced"))
            .unwrap_err()
            .remedy
            .is_some_and(|text| text.contains("fencing"))
    );
}

#[test]
fn an_endless_loop_ends_the_program_not_the_page() {
    let endless = Scene {
        edits: vec![(0, "while True:\n    pass\n".to_owned())],
        ..scene("naive")
    };
    let run = opened().run(&endless).unwrap();
    assert!(
        run.trace
            .records
            .iter()
            .any(|record| record.kind == RecordKind::Raised)
            || run.trace.cut.is_some()
    );
}

#[test]
fn what_is_prepared_is_what_is_run() {
    let prepared = prepare(GC_PAUSE).unwrap();
    let mut playground = opened();
    for (variant, run) in prepared.lesson.variants.iter().zip(&prepared.runs) {
        assert_eq!(playground.run(&scene(&variant.name)).unwrap(), *run);
    }
    for beat in prepared
        .lesson
        .beats
        .iter()
        .filter_map(|beat| beat.question.as_ref())
    {
        assert_eq!(
            beat.options.iter().filter(|option| option.happened).count(),
            1,
            "{}",
            beat.ask
        );
    }
}

#[test]
fn what_sentinels_do_and_what_each_thread_knows_reaches_the_page_by_kind_and_by_thread() {
    let kinds = |markdown: &str| -> Vec<RecordKind> {
        let records = prepare(markdown).unwrap().runs.into_iter();
        records
            .flat_map(|run| run.trace.records)
            .map(|record| record.kind)
            .collect()
    };
    let sentinels = kinds(include_str!("../../../lessons/sentinels/two-primaries.md"));
    for wanted in [
        RecordKind::Suspected,
        RecordKind::AgreedDown,
        RecordKind::Stands,
        RecordKind::Voted,
        RecordKind::Elected,
        RecordKind::Moved,
        RecordKind::Confirmed,
    ] {
        assert!(sentinels.contains(&wanted), "{wanted:?}");
    }
    let renewal = prepare(include_str!("../../../lessons/locks/renewal.md")).unwrap();
    let of_threads: Vec<_> = renewal
        .runs
        .iter()
        .flat_map(|run| &run.trace.records)
        .filter(|record| record.thread.is_some() && record.locals.is_some())
        .collect();
    assert!(!of_threads.is_empty());
    assert!(
        renewal
            .vocabulary
            .iter()
            .any(|(example, _)| example.starts_with("partition"))
    );
}

/// Types lines that write, each on what the one before left; gives what the terminal shows and what the prompt tells then.
fn typed(lines: &[&str]) -> Vec<(String, String)> {
    let mut playground = opened();
    let naive = scene("naive");
    let ran = playground.run(&naive).unwrap();
    let mut interventions = ran.trace.interventions;
    let (mut shown, mut at) = (Vec::new(), 0);
    for line in lines {
        let scene = Scene {
            interventions: Some(interventions.clone()),
            ..naive.clone()
        };
        let typed = playground.terminal(&scene, "redis", at, line).unwrap();
        let Typed::Writes(added) = typed else {
            panic!("{line} is answered at once: {typed:?}")
        };
        interventions.extend(added);
        let branch = playground.run(&Scene {
            interventions: Some(interventions.clone()),
            ..naive.clone()
        });
        let records = branch.unwrap().trace.records;
        // The page goes to where the answer came.
        let answered = records.iter().rposition(|record| record.shown.is_some());
        at = answered.map_or(at, |index| u32::try_from(index).unwrap());
        shown = records.into_iter().filter_map(|r| r.shown).collect();
    }
    let told = |shown: redwind_protocol::Shown| (shown.text, shown.prompt);
    shown.into_iter().map(told).collect()
}

fn pair((text, prompt): &(String, String)) -> (&str, &str) {
    (text, prompt)
}

#[test]
fn the_prompt_tells_that_the_connection_listens_until_it_does_no_more() {
    let shown = typed(&["SUBSCRIBE a b", "SUBSCRIBE c", "UNSUBSCRIBE", "INCR visits"]);
    let shown: Vec<_> = shown.iter().map(pair).collect();
    let prompts: Vec<&str> = shown.iter().map(|(_, prompt)| *prompt).collect();
    let listens = "(subscribed mode)";
    assert_eq!(prompts, [listens, listens, "", ""], "{shown:?}");
    assert_eq!(
        shown[0].0,
        "1) \"subscribe\"\n2) \"a\"\n3) (integer) 1\n1) \"subscribe\"\n2) \"b\"\n3) (integer) 2"
    );
    assert!(shown[2].0.ends_with("(integer) 0"), "{shown:?}");
    assert_eq!(shown[3].0, "(integer) 1");
}

#[test]
fn a_terminal_that_listens_shows_each_message_when_it_is_published() {
    let mut playground = Playground::default();
    playground
        .open(include_str!("../../../lessons/pubsub/fanout.md"))
        .unwrap();
    let publish = Scene {
        lesson: "pubsub/fanout".to_owned(),
        variant: "publish".to_owned(),
        ..Scene::default()
    };
    let ran = playground.run(&publish).unwrap();
    let mut interventions = ran.trace.interventions;
    for (at, line) in [(0, "SUBSCRIBE paid"), (0, "PSUBSCRIBE p*")] {
        let scene = Scene {
            interventions: Some(interventions.clone()),
            ..publish.clone()
        };
        match playground.terminal(&scene, "redis", at, line).unwrap() {
            Typed::Writes(added) => interventions.extend(added),
            answered => panic!("{line}: {answered:?}"),
        }
    }
    let branch = playground.run(&Scene {
        interventions: Some(interventions),
        ..publish.clone()
    });
    let trace = branch.unwrap().trace;
    let heard: Vec<_> = trace
        .records
        .iter()
        .filter(|record| record.shown.as_ref().is_some_and(|s| s.asked.is_none()))
        .collect();
    let texts: Vec<&str> = heard
        .iter()
        .map(|r| &*r.shown.as_ref().unwrap().text)
        .collect();
    assert_eq!(
        texts[..2],
        [
            "1) \"message\"\n2) \"paid\"\n3) \"order-1\"",
            "1) \"pmessage\"\n2) \"p*\"\n3) \"paid\"\n4) \"order-1\""
        ]
    );
    assert_eq!(
        heard[0].sentence,
        "the terminal hears \"order-1\" on paid from redis"
    );
    for record in heard {
        let published = &trace.records[record.cause.unwrap() as usize];
        assert!(published.label.starts_with("PUBLISH paid"), "{published:?}");
        assert_eq!(published.at, record.at);
        assert_eq!(record.shown.as_ref().unwrap().prompt, "(subscribed mode)");
    }
}

#[test]
fn a_branch_shows_what_redis_cli_would_have_shown_in_full() {
    let shown = typed(&[
        "HSET user name 'Ada Lovelace' born 1815",
        "INCR visits",
        "SELECT 3",
        "MULTI",
        "LPUSH l a b",
        "NOPE",
        "EXEC",
        "CONFIG GET maxmemory-policy",
        "CLIENT SETNAME me",
        "BLPOP nothing 0.01",
        "BLPOP nothing 0",
    ]);
    let shown: Vec<(&str, &str)> = shown.iter().map(pair).collect();
    let abort = "(error) EXECABORT Transaction discarded because of previous errors.";
    assert_eq!(
        shown,
        [
            ("(integer) 2", ""),
            ("(integer) 1", ""),
            ("OK", "[3]"),
            ("OK", "[3](TX)"),
            ("QUEUED", "[3](TX)"),
            (
                "(error) ERR unknown command 'NOPE', with args beginning with: ",
                "[3](TX)"
            ),
            (abort, "[3]"),
            ("1) \"maxmemory-policy\"\n2) \"noeviction\"", "[3]"),
            ("OK", "[3]"),
            ("(nil)", "[3]"),
        ]
    );
}

#[test]
fn what_is_typed_can_go_on_as_a_command_of_the_engine_or_of_the_world() {
    let known = redwind_playground::suggest;
    assert_eq!(known("getde").completions, ["GETDEL"]);
    assert_eq!(known("GETDEL ").hint, "key");
    assert_eq!(known("sentinel ckq").completions, ["SENTINEL CKQUORUM"]);
    assert_eq!(known("SENTINEL MASTER ").hint, "master-name");
    assert_eq!(known("replicaof").hint, " host port|NO ONE");
    assert_eq!(known("CLUSTER FAILOVER ").hint, "[FORCE|TAKEOVER]");
    assert!(
        known("cluster ").hint.contains("NODES") && known("cluster ").hint.contains("FAILOVER")
    );
    assert_eq!(known("help @sen").completions, ["help @sentinel"]);
}
