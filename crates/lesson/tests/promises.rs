//! Invariants as authors write them: limits, sums, waits, and those made of others.

#[expect(dead_code, reason = "nothing is run here")]
mod small;

use redwind_lesson::Lesson;

use small::SMALL;

fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    match Lesson::parse("small.md", &text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

/// The small lesson with more invariants, which must be read without a mistake or with these.
fn with_invariants(more: &str) -> String {
    changed(
        "over = \"storage\"\n",
        &format!("over = \"storage\"\n{more}"),
    )
}

#[test]
fn limits_sums_waits_and_combinations_are_read() {
    let more = r#"
[[invariant]]
is = "limit in any window"
most = 5
within = "1s"
prints = "allowed"
per = "client"

[[invariant]]
is = "sum conserved"
keys = "balance:*"
when = "in the end"

[[invariant]]
is = "no unbounded wait"
within = "2s"
lock = "lock"

[[invariant]]
is = "eventually free"
lock = "lock"
part = true

[[invariant]]
is = "any of"
of = ["mutual exclusion", "eventually free"]

[[invariant]]
is = "unless"
of = "eventually free"
moment = "when worker-a crashes"
"#;
    let text = SMALL.replacen(
        "over = \"storage\"\n",
        &format!("over = \"storage\"\n{more}"),
        1,
    );
    let lesson = Lesson::parse("small.md", &text).unwrap();
    let names: Vec<&str> = lesson
        .world
        .promises
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "mutual exclusion",
            "limit in any window",
            "sum conserved",
            "no unbounded wait",
            "any of",
            "unless"
        ],
        "a part is no promise by itself"
    );
}

#[test]
fn an_invariant_that_is_half_said_is_answered_with_what_is_missing() {
    for (more, message) in [
        (
            "[[invariant]]\nis = \"limit in any window\"\nmost = 5\nwithin = \"1s\"\n",
            "nobody knows what this limit counts",
        ),
        (
            "[[invariant]]\nis = \"limit in any window\"\nmost = 5\nwithin = \"1s\"\non = \"storage\"\nper = \"user\"\n",
            "Write one of \"all\", \"client\", \"target\".",
        ),
        (
            "[[invariant]]\nis = \"sum conserved\"\nrows = \"accounts/*\"\n",
            "nobody knows what is to be added up",
        ),
        (
            "[[invariant]]\nis = \"no unbounded wait\"\n",
            "Add `within = \"2s\"`.",
        ),
        (
            "[[invariant]]\nis = \"any of\"\nof = [\"mutual exclusion\", \"mutual exclusoin\"]\nname = \"x\"\n",
            "there is no invariant `mutual exclusoin` above this one",
        ),
        (
            "[[invariant]]\nis = \"all of\"\nof = \"mutual exclusion\"\n",
            "there is nothing to combine",
        ),
        (
            "[[invariant]]\nis = \"unless\"\nof = \"mutual exclusion\"\nmoment = \"when ada crashes\"\n",
            "the moment \"when ada crashes\" can't be",
        ),
    ] {
        let told = with_invariants(more);
        assert!(told.contains(message), "{more}\n{told}");
    }
}
