use super::model::{Draft, Verb, leg, messages};
use crate::fixture::{self, A, B, REDIS, STORAGE};
use crate::story::Story;

#[test]
fn faults_are_written_in_the_fault_language() {
    let story = Story::new(fixture::gc_pause());
    let mut draft = Draft::new(&story, Verb::Pause, A, 31_000, 5);
    let mut check = |verb, expected: &str| {
        draft.verb = verb;
        assert_eq!(draft.intervention(&story).unwrap(), expected);
    };
    check(Verb::Pause, "pause worker-a at 31ms for 15s");
    check(Verb::Crash, "crash worker-a at 31ms, restart after 3s");
    check(Verb::Restart, "restart worker-a at 31ms");
    draft.restart_after = " ".into();
    draft.verb = Verb::Crash;
    assert_eq!(
        draft.intervention(&story).unwrap(),
        "crash worker-a at 31ms"
    );
    draft.verb = Verb::Drop;
    let flight = &story.flights[draft.flight.unwrap() as usize];
    assert_eq!(
        draft.intervention(&story).unwrap(),
        format!("drop {}", leg(flight))
    );
    draft.verb = Verb::Delay;
    draft.lasts = "200 ms".into();
    assert_eq!(
        draft.intervention(&story).unwrap(),
        format!("delay {} by 200ms", leg(flight))
    );
}

#[test]
fn a_node_can_lose_power_be_cut_off_and_have_its_clock_set() {
    let story = Story::new(fixture::gc_pause());
    let said = |draft: &Draft| draft.intervention(&story).unwrap();
    let mut crash = Draft::new(&story, Verb::Crash, REDIS, 31_000, 5);
    crash.power = true;
    assert_eq!(said(&crash), "cut-power redis at 31ms, restart after 3s");
    let mut restart = Draft::new(&story, Verb::Restart, REDIS, 31_000, 5);
    restart.empty = true;
    assert_eq!(said(&restart), "restart redis at 31ms with an empty disk");
    let mut slow = Draft::new(&story, Verb::Slow, REDIS, 31_000, 5);
    assert_eq!(said(&slow), "slow-cpu redis by 100x at 31ms for 5s");
    slow.lasts = "300 ms".into();
    slow.slow_for.clear();
    assert_eq!(said(&slow), "slow-disk redis by 300ms at 31ms");
    let mut slow = Draft::new(&story, Verb::Slow, A, 31_000, 5);
    slow.lasts = "300ms".into();
    assert!(slow.intervention(&story).unwrap_err().starts_with("By:"));
    let mut clock = Draft::new(&story, Verb::Clock, REDIS, 31_000, 5);
    assert_eq!(said(&clock), "jump-clock redis by +10s at 31ms");
    clock.lasts = "-500 ms".into();
    assert_eq!(said(&clock), "jump-clock redis by -500ms at 31ms");
    clock.lasts = "-200ppm".into();
    assert_eq!(said(&clock), "drift redis by -200ppm at 31ms");
    clock.lasts = "soon".into();
    assert!(clock.intervention(&story).unwrap_err().starts_with("By:"));
    let mut cut = Draft::new(&story, Verb::Partition, A, 31_000, 5);
    assert_eq!(said(&cut), "partition worker-a from redis at 31ms for 5s");
    cut.toggle(0, B);
    cut.one_way = true;
    cut.lasts.clear();
    assert_eq!(
        said(&cut),
        "partition {worker-a, worker-b} towards redis at 31ms"
    );
    cut.toggle(0, REDIS);
    assert!(cut.intervention(&story).is_err(), "one side is empty now");
}

#[test]
fn what_no_form_has_can_be_written() {
    let story = Story::new(fixture::gc_pause());
    let mut draft = Draft::new(&story, Verb::Write, A, 31_000, 5);
    assert_eq!(
        draft.intervention(&story).unwrap(),
        "slow-cpu worker-a by 100x at 31ms for 5s"
    );
    draft.written = " reset between worker-a and redis at 2s ".into();
    assert_eq!(
        draft.intervention(&story).unwrap(),
        "reset between worker-a and redis at 2s"
    );
    draft.written.clear();
    assert!(draft.intervention(&story).is_err());
}

#[test]
fn what_cannot_be_done_to_this_run_is_not_offered() {
    let mut run = fixture::gc_pause();
    assert!(!Verb::Failover.offered(&Story::new(run.clone())));
    assert!(!Verb::Pause.fits(&Story::new(run.clone()), STORAGE));
    let mut replica = run.trace.lanes[usize::from(REDIS)].clone();
    replica.name = "n2".into();
    replica.follows = Some(REDIS);
    run.trace.lanes.push(replica);
    let story = Story::new(run);
    assert!(Verb::Failover.offered(&story));
    let draft = Draft::new(&story, Verb::Failover, A, 31_000, 5);
    assert_eq!(draft.intervention(&story).unwrap(), "failover n2 at 31ms");
}

#[test]
fn a_field_that_makes_no_sense_is_named() {
    let story = Story::new(fixture::gc_pause());
    let mut draft = Draft::new(&story, Verb::Pause, A, 0, 0);
    draft.lasts = "a while".into();
    assert!(draft.intervention(&story).unwrap_err().starts_with("For:"));
    draft.at = "soon".into();
    assert!(draft.intervention(&story).unwrap_err().starts_with("When:"));
    draft.verb = Verb::Drop;
    draft.flight = Some(9_999);
    assert!(
        draft
            .intervention(&story)
            .unwrap_err()
            .starts_with("Message:")
    );
}

#[test]
fn only_messages_that_have_not_ended_are_offered() {
    let story = Story::new(fixture::gc_pause());
    for position in 0..story.len() {
        for index in messages(&story, position) {
            assert!(
                story.flights[index as usize]
                    .ends()
                    .is_none_or(|end| end > position)
            );
        }
    }
    assert!(messages(&story, story.last()).is_empty());
}
