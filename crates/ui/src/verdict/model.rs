//! How a promise stands at a position: a reader is told what has happened, not what will.

use redwind_protocol::{Verdict, VerdictOutcome};

use crate::story::Story;

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing has broken it so far, and the run goes on.
    SoFar,
    /// This record, at or before the cursor, broke it.
    Broken(u32),
    /// The run is over and it held.
    Held,
    /// The run is over and it can't be told.
    Undecided,
}

/// How a promise stands at a position.
#[must_use]
pub fn standing(story: &Story, verdict: &Verdict, position: u32) -> Standing {
    let over = position >= story.last();
    match (verdict.outcome, verdict.evidence.last()) {
        (VerdictOutcome::Violated, Some(at)) if *at <= position => Standing::Broken(*at),
        (VerdictOutcome::Violated, None) if over => Standing::Broken(story.last()),
        (VerdictOutcome::Held, _) if over => Standing::Held,
        (VerdictOutcome::Undecided, _) if over => Standing::Undecided,
        _ => Standing::SoFar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_reader_is_told_of_a_broken_promise_when_it_breaks_and_of_a_held_one_at_the_end() {
        let story = Story::new(fixture::gc_pause());
        let mut verdict = story.trace.verdicts[0].clone();
        let broken = *verdict.evidence.last().unwrap();
        assert_eq!(standing(&story, &verdict, broken - 1), Standing::SoFar);
        assert_eq!(standing(&story, &verdict, broken), Standing::Broken(broken));
        verdict.outcome = VerdictOutcome::Held;
        assert_eq!(standing(&story, &verdict, broken), Standing::SoFar);
        assert_eq!(standing(&story, &verdict, story.last()), Standing::Held);
        verdict.outcome = VerdictOutcome::Undecided;
        assert_eq!(
            standing(&story, &verdict, story.last()),
            Standing::Undecided
        );
    }
}
