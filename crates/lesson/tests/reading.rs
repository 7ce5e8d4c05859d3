//! Lessons as authors write them, and the answers they get when something is wrong.

mod small;

use std::sync::Arc;

use redwind_explore::Outcome;
use redwind_lesson::{Lesson, Level, Setup, SourceError};
use redwind_sim::{Intervention, Source};

use small::{Nothing, SMALL};

fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    match Lesson::parse("small.md", &text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_lesson_is_read_as_it_is_written() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    assert_eq!(
        (lesson.id.as_str(), lesson.level, lesson.minutes),
        ("locks/small", Level::Beginner, 1)
    );
    let names: Vec<(&str, &str)> = lesson
        .variants
        .iter()
        .map(|v| (v.name.as_str(), v.title.as_str()))
        .collect();
    assert_eq!(names, [("naive", "As it is"), ("fixed", "fixed")]);
    assert_eq!(
        lesson.variants[0].claims,
        [("mutual exclusion".to_owned(), Outcome::Violated)]
    );
    assert_eq!(lesson.variants[1].programs[0].source, "two()\n");
    assert_eq!(lesson.world.faults.len(), 1);

    let beats: Vec<_> = lesson
        .beats
        .iter()
        .map(|b| (b.heading.as_deref(), b.html.as_str(), b.variant.as_str()))
        .collect();
    assert_eq!(
        beats,
        [
            (
                None,
                "<p>Read <span class=\"who-a\">worker-a</span>.</p>\n",
                "naive"
            ),
            (Some("Later"), "<p>What now?</p>\n", "naive"),
            (None, "<p>And so.</p>\n", "naive"),
            (Some("Better"), "", "fixed"),
        ]
    );
    assert!(lesson.beats[1].anchor.is_some());
    assert_eq!(
        lesson.beats[1].question.as_ref().map(|q| q.options.len()),
        Some(2)
    );
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_to_do() {
    let mut wrong = String::new();
    for (from, to, expected) in [
        (
            "minutes = 1",
            "minuts = 1",
            "small.md:2: the front matter has no `minutes`\n  Add `minutes = 5`.\n\
             small.md:6: the front matter has no key `minuts`\n  Did you mean `minutes`?",
        ),
        (
            "\"locks/small\"",
            "\"Small\"",
            "small.md:2: `Small` can't be the id of a lesson\n  Write track and name in small letters, digits and dashes: \"locks/gc-pause\".",
        ),
        (
            "level = \"beginner\"",
            "level = \"beginer\"",
            "small.md:5: there is no level `beginer`\n  Did you mean `beginner`?",
        ),
        (
            "locks = [",
            "lokcs = [",
            "small.md:15: the world has no key `lokcs`\n  Did you mean `locks`?\nsmall.md:26: `lock` is not among the world's locks\n  Add `locks = [\"lock\"]` to the world.",
        ),
        (
            "pause worker-a after",
            "pause worker-c after",
            "small.md:16: the fault \"pause worker-c after worker-a's 1st SET for 15s\" can't be: it names the client worker-c, which does not exist: did you mean worker-a?\n  Write it as in: pause worker-a after worker-a's 1st SET for 15s.",
        ),
        (
            "starts = \"1s\"",
            "starts = \"soon\"",
            "small.md:19: `starts = \"soon\"` can't be read\n  Write a time with its unit, such as \"250us\", \"31ms\", \"1.5s\" or \"2m\".",
        ),
        (
            "[client.worker-b]",
            "[client.worker-d]",
            "small.md:18: there is no client `worker-d`\n  Did you mean `worker-a`?",
        ),
        (
            "[resource.storage]",
            "[resource.store]",
            "small.md:21: there is no resource called `store`\n  Did you mean `storage`?\nsmall.md:27: there is no resource `storage`\n  Add it to the world: `[resource.storage]`.",
        ),
        (
            "is = \"mutual exclusion\"",
            "is = \"mutual exlusion\"",
            "small.md:25: there is no invariant `mutual exlusion`\n  Did you mean `mutual exclusion`?",
        ),
        (
            "fixed = \"held\"",
            "",
            "small.md:31: no verdict is claimed for the variant `fixed`\n  Add `fixed = \"held\"`, or what it violates.",
        ),
        (
            "fixed = \"held\"",
            "fixd = \"held\"",
            "small.md:32: there is no variant `fixd`\n  Did you mean `fixed`?",
        ),
        (
            "violated = [\"mutual exclusion\"]",
            "violated = [\"exclusion\"]",
            "small.md:31: there is no invariant `exclusion` in the world\n  There is `mutual exclusion`.",
        ),
        (
            "client=worker-a,worker-b variant=naive",
            "client=worker-a,worker-x variant=naive",
            "small.md:35: there is no client `worker-x` in the world\n  Did you mean `worker-a`?",
        ),
        (
            "client=worker-a,worker-b variant=naive",
            "client=worker-a,worker-b",
            "small.md:35: this program does not say its `variant`\n  Write it behind the fence: ```python … variant=naive",
        ),
        (
            "variant=fixed",
            "variant=naive",
            "small.md:61: the variant `naive` already has a program for `worker-a` and `worker-b`\n  Give this variant another name, or take the client out of one of the blocks.",
        ),
        (
            "one()\n```",
            "one()\n",
            "small.md:35: the block that begins here is never closed",
        ),
        (
            "<!-- at: when lock expires -->",
            "<!-- at: when lock is gone -->",
            "small.md:40: the moment \"when lock is gone\" can't be: ",
        ),
        (
            "happens = \"when lock expires\"",
            "happens = \"sometime\"",
            "small.md:50: the moment \"sometime\" can't be: ",
        ),
        (
            "```toml predict",
            "```toml predikt",
            "small.md:44: there is no block called `predikt`\n  Did you mean `predict`?",
        ),
        (
            "```toml world",
            "```toml",
            "small.md:1: the lesson has no `world` block\n  Add one that begins with ```toml world",
        ),
    ] {
        let found = changed(from, to);
        if !found.contains(expected) {
            wrong.push_str(&format!(
                "{from} -> {to}\n--- expected\n{expected}\n--- found\n{found}\n\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_their_lines() {
    let text = SMALL
        .replace("minutes = 1", "minutes = \"one\"")
        .replace("starts", "strats")
        .replace("because", "becuase");
    let problems = Lesson::parse("small.md", &text).unwrap_err();
    let lines: Vec<u32> = problems.list.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [6, 19, 45, 46], "{problems}");
}

#[test]
fn a_scenario_takes_the_variants_programs_with_a_persons_changes() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compiled = std::cell::RefCell::new(Vec::new());
    let compile = |text: &str| -> Result<Arc<dyn Source>, SourceError> {
        compiled.borrow_mut().push(text.to_owned());
        Ok(Arc::new(Nothing))
    };
    let fault: Intervention = "crash worker-b at 2s".parse().unwrap();
    let setup = Setup {
        seed: Some(9),
        edits: &[(0, "three()\n".to_owned())],
        interventions: Some(vec![fault.clone()]),
        ..Setup::of(&lesson.variants[0])
    };
    let scenario = lesson.scenario(&setup, &compile).unwrap();
    assert_eq!(*compiled.borrow(), ["three()\n"]);
    assert_eq!(scenario.seed, 9);
    assert_eq!(scenario.interventions, [fault]);
    let clients: Vec<(&str, u64)> = scenario
        .clients
        .iter()
        .map(|c| (c.name.as_str(), c.starts_at.0))
        .collect();
    assert_eq!(clients, [("worker-a", 0), ("worker-b", 1_000_000)]);
}

#[test]
fn a_program_that_cannot_be_run_is_named_by_its_line_in_the_lesson() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compile = |text: &str| -> Result<Arc<dyn Source>, SourceError> {
        let message = "generators are not supported".to_owned();
        match text {
            "two()\n" => Err(SourceError {
                message,
                line: Some(1),
                ..SourceError::default()
            }),
            _ => Ok(Arc::new(Nothing)),
        }
    };
    let problems = redwind_lesson::check(&lesson, &compile).unwrap_err();
    let told = problems.to_string();
    assert!(
        told.contains("small.md:62: variant `fixed`: generators are not supported"),
        "{told}"
    );
}

#[test]
fn claims_that_are_not_so_are_named() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compile = |_: &str| -> Result<Arc<dyn Source>, SourceError> { Ok(Arc::new(Nothing)) };
    let told = redwind_lesson::check(&lesson, &compile)
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        "small.md:31: variant `naive`: `mutual exclusion` is claimed to be violated, but it is held: \
         Nobody wrote to storage.\n\
         small.md:40: the moment \"when lock expires\" does not come in the variant `naive`\n  \
         Look at what does: redwind run locks/small --variant naive"
    );
}

#[test]
fn no_damage_to_a_file_makes_reading_it_panic() {
    let read = |text: &str| drop(Lesson::parse("small.md", text));
    for (at, _) in SMALL.char_indices() {
        read(&SMALL[..at]);
        read(&SMALL[at..]);
    }
    let lines: Vec<&str> = SMALL.lines().collect();
    for at in 0..lines.len() {
        let (before, after) = lines.split_at(at);
        read(&[before, &after[1..]].concat().join("\n"));
        read(
            &[before, &[after[0], after[0]], &after[1..]]
                .concat()
                .join("\n"),
        );
        for odd in [
            "```",
            "+++",
            "<!-- at: ",
            "-->",
            "\u{0}\u{feff}é = [[[",
            "## ",
            "[[option]]",
            "~~~~toml world",
        ] {
            read(&[before, &[odd], after].concat().join("\n"));
        }
    }
    read(&"[".repeat(100_000));
    read(&format!("+++\nid = {}\n+++\n", "[".repeat(100_000)));
    read(&format!("+++\n+++\n{}\n", "> ".repeat(10_000)));
}
