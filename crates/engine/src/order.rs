//! Sorting that takes little code for each type.
//!
//! The standard library's sort is some three kilobytes of WebAssembly for each type and comparison. Here only places are
//! sorted, by one and the same code; then what lies there follows.

use std::cmp::Ordering;

/// Sorts; what is equal keeps its order.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut to = places(items.len(), &|a, b| compare(&items[a], &items[b]));
    for at in 0..items.len() {
        while to[at] != at {
            let there = to[at];
            items.swap(at, there);
            to.swap(at, there);
        }
    }
}

/// Sorts; what is equal keeps its order.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// For each item the place where it belongs.
fn places(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    from.sort_by(|a, b| compare(*a, *b));
    let mut to = vec![0; len];
    for (place, item) in from.into_iter().enumerate() {
        to[item] = place;
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_keeps_its_order() {
        for len in [0, 1, 2, 3, 20, 500] {
            let items: Vec<(usize, usize)> = (0..len).map(|at| (at * 7_919 % 13, at)).collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            sort_by(&mut ours, |a, b| b.0.cmp(&a.0));
            theirs.sort_by_key(|item| std::cmp::Reverse(item.0));
            assert_eq!(ours, theirs);
            sort(&mut ours);
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
