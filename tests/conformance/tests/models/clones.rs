//! An engine and its clone share what neither has written since; no one can tell.

use proptest::prelude::*;
use redwind_conformance::Subject;
use redwind_conformance::ours::{Dice, Ours};
use redwind_conformance::random::{TEMPLATES, command};

use super::{cases, server};

/// Everything that can be seen of a server, in a fixed order.
fn look(server: &Ours) -> Vec<String> {
    let view = |db: u32, key: &[u8]| {
        let view = server.engine.view(server.now, db, key, usize::MAX);
        format!("{db} {} {view:?}", key.escape_ascii())
    };
    let of_db = |db| server.engine.keys(db).map(move |key| view(db, key));
    (0..16).flat_map(of_db).collect()
}

/// Random commands, and now and then a little time.
fn play(server: &mut Ours, luck: &mut Dice, count: usize) -> Vec<String> {
    let mut replies = Vec::new();
    for _ in 0..count {
        let argv = command(TEMPLATES, luck);
        replies.push(format!("{argv:?} {:?}", server.send("a", &argv, false)));
        if luck.below(8) == 0 {
            server.pass(luck.below(50) as u64);
        }
    }
    replies
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn what_happens_to_a_clone_does_not_happen_to_the_original(
        before in 0..150usize,
        after in 1..150usize,
        seed in any::<u64>(),
    ) {
        let mut original = server();
        let mut luck = Dice::new(seed);
        play(&mut original, &mut luck, before);
        let seen = look(&original);
        let mut clone = original.clone();
        prop_assert_eq!(&look(&clone), &seen);
        let same_luck = luck.clone();
        let replies = play(&mut clone, &mut luck, after);
        prop_assert_eq!(&look(&original), &seen);
        // Nor is anything changed that cannot be seen: the same commands do the same to it as they did to the clone.
        let ends = look(&clone);
        let mut luck = same_luck;
        prop_assert_eq!(play(&mut original, &mut luck, after), replies);
        prop_assert_eq!(&look(&original), &ends);
        prop_assert_eq!(&look(&clone), &ends);
    }
}
