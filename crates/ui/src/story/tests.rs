use redwind_protocol::{Cut, Lane, LaneKind, Local, RecordKind, Role};

use super::*;
use crate::fixture::{self, A, B, REDIS, Script};
use crate::seek::{Seek, next_violation, resolve};

fn story() -> Story {
    Story::new(fixture::gc_pause())
}

#[test]
fn keys_are_as_the_last_change_left_them_in_either_direction() {
    let story = story();
    let holder = |at| {
        let keys = story.keys_at(story.at_time(at));
        keys.first()
            .and_then(|key| key.key)
            .and_then(|key| story.actor(key.writer?))
    };
    for (at, who) in [
        (20_000_000, None),
        (13_000_000, Some(B)),
        (11_000_000, None),
        (1_000_000, Some(A)),
        (3_000, None),
    ] {
        assert_eq!(holder(at), who, "{at}");
    }
}

#[test]
fn a_key_that_this_very_record_removed_is_shown_as_gone_and_then_no_more() {
    let story = story();
    let expired = (0..story.len())
        .find(|i| story.record(*i).unwrap().kind == RecordKind::Expired)
        .unwrap();
    let gone = story.keys_at(expired);
    assert_eq!(
        (gone.len(), gone[0].key, gone[0].what, gone[0].fresh),
        (1, None, "expired", true)
    );
    assert!(story.keys_at(expired + 1).is_empty());
    assert!(story.keys_at(expired - 1)[0].key.is_some());
}

#[test]
fn keys_there_from_the_start_are_there_before_anything_happens() {
    let mut run = fixture::gc_pause();
    let mut change = run
        .trace
        .records
        .iter()
        .flat_map(|r| r.keys.clone())
        .next()
        .unwrap();
    change.name = "config".into();
    change.key.as_mut().unwrap().writer = None;
    run.trace.initial_keys.push(change);
    let story = Story::new(run);
    let names: Vec<_> = story
        .keys_at(0)
        .iter()
        .map(|key| key.name.to_owned())
        .collect();
    assert_eq!(names, ["config"]);
}

#[test]
fn a_client_is_at_its_line_with_its_variables_whatever_it_is_about() {
    let story = story();
    let a = |at| story.client_at(A, story.at_time(at)).unwrap();
    assert_eq!((a(4_040).line, a(4_040).doing), (Some(10), Doing::Running));
    assert_eq!(a(4_040).locals[0].value, "'north 120'");
    assert!(matches!(a(5_000).doing, Doing::Waiting(_)));
    assert_eq!(
        (a(9_000_000).line, a(9_000_000).doing),
        (Some(13), Doing::Paused(15_014_070))
    );
    assert_eq!(
        a(15_014_070).doing,
        Doing::Running,
        "a pause that is over uncovers what it covered"
    );
    assert_eq!(a(16_000_000).doing, Doing::Finished);
    let b = |at| story.client_at(B, story.at_time(at)).unwrap();
    assert_eq!(b(0).doing, Doing::NotStarted);
    assert_eq!(b(1_000_000).doing, Doing::Sleeping(4_508_070));
    assert!(story.client_at(REDIS, 0).is_none());
}

#[test]
fn messages_know_where_they_left_and_how_they_ended() {
    let story = story();
    let flight = &story.flights[0];
    assert_eq!(
        (flight.from, flight.to, flight.client, flight.reply),
        (A, REDIS, A, false)
    );
    assert!(
        story
            .flights
            .windows(2)
            .all(|pair| pair[0].sent <= pair[1].sent),
        "in the order they were sent"
    );
    let replies = story.flights.iter().filter(|flight| flight.reply);
    assert!(replies.clone().count() > 5);
    for reply in replies {
        assert_eq!(
            (reply.to, reply.client),
            (story.record(reply.ends().unwrap()).unwrap().lane, reply.to)
        );
        assert_eq!(story.flight_of(reply.ends().unwrap()), Some(reply));
    }
}

#[test]
fn a_lost_message_ends_where_it_is_lost_and_one_under_way_does_not_end() {
    let mut script = Script::new();
    script.call(0, A, REDIS, "GET a", "1", (5, 0));
    script.push(9, REDIS, RecordKind::Lost, "lost").message = {
        let sent = 1;
        Some(redwind_protocol::Message {
            sent,
            to: A,
            state: redwind_protocol::MessageState::Lost,
            call: "worker-a's 1st GET".into(),
            reply: true,
        })
    };
    script.call(20, B, REDIS, "GET b", "1", (5, 0));
    script.trace.records.pop();
    let story = Story::new(Run {
        trace: script.trace,
        anchors: vec![],
    });
    let ends: Vec<_> = story.flights.iter().map(|flight| flight.end).collect();
    assert_eq!(ends, [End::Arrived(1), End::Lost(2), End::UnderWay]);
}

#[test]
fn belief_outlives_truth_and_two_believe_at_once() {
    let story = story();
    let holds = |kind| {
        story
            .holds
            .iter()
            .filter(move |hold| hold.kind == kind)
            .collect::<Vec<_>>()
    };
    let believed = holds(HoldKind::Believed);
    assert_eq!(
        believed.iter().map(|hold| hold.client).collect::<Vec<_>>(),
        [A, B]
    );
    assert!(story.at(believed[0].to.unwrap()) > story.at(believed[1].from));
    let held = holds(HoldKind::True);
    assert_eq!(
        held.iter()
            .map(|hold| (hold.client, hold.expired))
            .collect::<Vec<_>>(),
        [(A, true), (B, false)]
    );
    assert_eq!(story.at(held[0].to.unwrap()), 10_006_050);
}

#[test]
fn steps_pass_over_lines_unless_asked_and_follow_one_client_when_asked() {
    let story = story();
    let step = |position, forward, by_line, lane| {
        resolve(
            &story,
            position,
            Seek::Step {
                forward,
                by_line,
                lane,
            },
        )
    };
    assert_eq!(step(0, true, false, None), 2);
    assert_eq!(step(0, true, true, None), 1);
    assert_eq!(step(2, false, false, None), 0);
    let b = step(0, true, false, Some(B));
    assert_eq!((story.record(b).unwrap().lane, story.at(b)), (B, 500_000));
    let last = story.last();
    assert_eq!(
        step(last, true, false, Some(B)),
        last,
        "nothing more of that client: the cursor stays"
    );
    for position in 0..last {
        let on = step(position, true, false, None);
        assert!(on > position);
        assert!(
            step(on, false, false, None) <= position,
            "a step back undoes a step on"
        );
    }
}

#[test]
fn the_cursor_finds_moments_and_the_next_violation_and_never_leaves_the_run() {
    let story = story();
    let broken = next_violation(&story, 0).unwrap();
    assert_eq!(resolve(&story, 0, Seek::NextViolation), broken);
    assert_eq!(
        resolve(&story, broken, Seek::NextViolation),
        broken,
        "there is only one"
    );
    assert_eq!(resolve(&story, 5, Seek::Time(0)), 0);
    assert_eq!(resolve(&story, 5, Seek::Time(u64::MAX)), story.last());
    assert_eq!(resolve(&story, 5, Seek::Record(u32::MAX)), story.last());
    let empty = Story::new(Run::default());
    for seek in [
        Seek::Start,
        Seek::End,
        Seek::Record(9),
        Seek::Time(9),
        Seek::NextViolation,
    ] {
        assert_eq!(resolve(&empty, 0, seek), 0);
    }
    assert_eq!(
        empty.broken().len() + empty.keys_at(0).len() + empty.effects_at(0).count(),
        0
    );
}

#[test]
fn a_trace_that_was_tampered_with_is_drawn_as_far_as_it_makes_sense() {
    let mut run = fixture::gc_pause();
    for (index, record) in run.trace.records.iter_mut().enumerate() {
        record.cause = Some(u32::MAX - u32::try_from(index).unwrap());
        record.lane = record.lane.wrapping_mul(7919);
        if let Some(message) = &mut record.message {
            message.sent = message.sent.wrapping_mul(31);
            message.to = 999;
        }
    }
    run.trace.verdicts[0].evidence = vec![u32::MAX];
    let story = Story::new(run);
    for position in 0..story.len() {
        let _ = (
            story.keys_at(position),
            story.client_at(A, position),
            story.actor(position),
        );
    }
    let axis = crate::diagram::axis::Axis::new(&story, 50.0);
    let frame = crate::diagram::frame::Frame::new(&story, false, 300.0);
    let _ = crate::diagram::Picture::new(&story, axis, frame);
}

/// A primary loses its machine, and its replica takes over; meanwhile they did not hear each other.
fn failover() -> Story {
    const REPLICA: u16 = 4;
    let mut s = Script::new();
    s.trace.lanes.push(Lane {
        name: "replica".into(),
        kind: LaneKind::Node,
        follows: Some(REDIS),
    });
    let cut = Cut {
        from: vec![REDIS],
        to: vec![REPLICA],
        both_ways: true,
    };
    s.push(10, REDIS, RecordKind::Partitioned, "").cut = Some(cut.clone());
    s.push(20, REDIS, RecordKind::PowerCut, "");
    s.push(30, REPLICA, RecordKind::Role, "").role = Some(Role::Primary);
    s.push(40, REDIS, RecordKind::Healed, "").cut = Some(cut);
    s.push(50, REDIS, RecordKind::Started, "");
    s.push(60, REDIS, RecordKind::Role, "").role = Some(Role::Replica(REPLICA));
    Story::new(redwind_protocol::Run {
        trace: s.trace,
        anchors: vec![],
    })
}

#[test]
fn a_node_has_the_role_that_the_last_change_gave_it() {
    let story = failover();
    let roles = |at| (story.role_at(REDIS, at), story.role_at(4, at));
    assert_eq!(roles(1), (Some(Role::Primary), Some(Role::Replica(REDIS))));
    assert_eq!(roles(2), (Some(Role::Primary), Some(Role::Primary)));
    assert_eq!(roles(5), (Some(Role::Replica(4)), Some(Role::Primary)));
    assert_eq!(story.role_at(A, 5), None, "a client has none");
    let alone = Story::new(fixture::gc_pause());
    assert_eq!(alone.role_at(REDIS, 5), None, "nor has a node among none");
}

#[test]
fn a_cut_lasts_until_the_same_sides_are_whole_and_a_power_cut_until_the_node_starts() {
    let story = failover();
    let [cut] = &story.cuts[..] else {
        panic!("{:?}", story.cuts);
    };
    assert_eq!((cut.from, cut.to), (0, Some(3)));
    let [down] = &story.spells[..] else {
        panic!("{:?}", story.spells);
    };
    assert_eq!(
        (down.kind, down.lane, down.from, down.to),
        (SpellKind::Down, REDIS, 1, Some(4))
    );
}

#[test]
fn each_thread_of_a_client_is_at_a_line_of_its_own_until_it_ends() {
    let mut run = fixture::gc_pause();
    let trace = &mut run.trace;
    let first = trace
        .records
        .iter()
        .position(|record| record.lane == A && record.line.is_some())
        .unwrap();
    let mut beside = trace.records[first].clone();
    beside.thread = Some("renew".to_owned());
    beside.line = Some(3);
    beside.locals = Some(vec![Local {
        name: "lease".to_owned(),
        value: "2".to_owned(),
    }]);
    let mut ends = beside.clone();
    ends.locals = None;
    ends.line = None;
    ends.kind = RecordKind::Woke;
    ends.label = "thread ends".to_owned();
    let at = beside.at;
    trace.records.insert(first + 1, beside);
    trace.records.insert(first + 2, ends);
    for record in &mut trace.records {
        record.cause = None;
    }
    let story = Story::new(run);
    let here = u32::try_from(first).unwrap() + 1;
    let [thread] = story.threads_at(A, here)[..] else {
        panic!("{:?}", story.threads_at(A, here));
    };
    assert_eq!((thread.name, thread.line), ("renew", 3));
    assert_eq!(thread.doing, Doing::Running);
    assert_eq!(thread.locals[0].name, "lease");
    assert!(story.threads_at(A, here + 1).is_empty());
    let main = story.client_at(A, here).unwrap();
    assert_ne!(main.line, Some(3), "at {at}");
    assert!(main.locals.iter().all(|local| local.name != "lease"));
}
