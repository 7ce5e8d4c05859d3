//! From a long sequence in which something goes wrong to a short one.

use crate::sequence::Step;

/// Leaves out whatever can be left out while something still goes wrong. `fails` tells at which step something does.
pub fn shrink(mut steps: Vec<Step>, fails: &mut dyn FnMut(&[Step]) -> Option<usize>) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            match fails(&fewer) {
                Some(end) => {
                    fewer.truncate(end + 1);
                    steps = fewer;
                }
                None => at += size,
            }
        }
        // Once more with single steps as long as that helps: the last to go may free one before it.
        size /= 2;
    }
    without_words(steps, fails)
}

/// Leaves out arguments that do not matter.
fn without_words(
    mut steps: Vec<Step>,
    fails: &mut dyn FnMut(&[Step]) -> Option<usize>,
) -> Vec<Step> {
    for at in 0..steps.len() {
        let mut word = steps[at].argv().len();
        while word > 1 {
            word -= 1;
            let mut fewer = steps.clone();
            if let Step::Send { argv, .. } = &mut fewer[at] {
                argv.remove(word);
            }
            if fails(&fewer) == Some(steps.len() - 1) {
                steps = fewer;
            }
        }
    }
    steps
}
