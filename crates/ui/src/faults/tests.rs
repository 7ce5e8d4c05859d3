use super::model::{Draft, Verb, leg, messages};
use crate::fixture::{self, A};
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
