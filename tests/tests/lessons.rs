//! Every claim of every built-in lesson is proven, and the stories they tell are the ones that happen.

use std::fs;
use std::path::Path;

use redwind_lesson::{Index, Lesson};
use redwind_protocol::{Scene, Trace, VerdictOutcome};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../lessons")
        .join(path);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn lesson(id: &str) -> Lesson {
    Lesson::parse(&format!("lessons/{id}.md"), &file(&format!("{id}.md")))
        .unwrap_or_else(|problems| panic!("\n{problems}"))
}

fn ids() -> Vec<String> {
    let index = Index::parse("lessons/index.toml", &file("index.toml"))
        .unwrap_or_else(|problems| panic!("\n{problems}"));
    index.lessons().map(str::to_owned).collect()
}

fn run(id: &str, variant: &str, interventions: Option<&[&str]>) -> Trace {
    let lesson = lesson(id);
    let scene = Scene {
        lesson: id.to_owned(),
        variant: variant.to_owned(),
        interventions: interventions.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
        ..Scene::default()
    };
    let run = redwind_playground::run(&lesson, &scene)
        .unwrap_or_else(|error| panic!("{}", error.message));
    redwind_playground::tell(&lesson, &run).trace
}

/// What was found about the promise of this name, and how it came out.
fn verdict(trace: &Trace, name: &str) -> (VerdictOutcome, String) {
    let verdict = trace
        .verdicts
        .iter()
        .find(|verdict| verdict.name == name)
        .expect("it is promised");
    (verdict.outcome, verdict.finding.clone())
}

/// The sentences of the records that prove the promise broken.
fn evidence(trace: &Trace, name: &str) -> Vec<String> {
    let verdict = trace
        .verdicts
        .iter()
        .find(|verdict| verdict.name == name)
        .expect("it is promised");
    verdict
        .evidence
        .iter()
        .map(|seq| trace.records[*seq as usize].sentence.clone())
        .collect()
}

#[test]
fn every_lesson_is_as_it_says() {
    let mut wrong = String::new();
    for id in ids() {
        let lesson = lesson(&id);
        assert_eq!(lesson.id, id, "the id is the file's place");
        if let Err(problems) = redwind_lesson::check(&lesson, &redwind_playground::compile) {
            wrong.push_str(&format!("{problems}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_lesson_stands_in_the_track_that_it_names() {
    let index = Index::parse("lessons/index.toml", &file("index.toml")).expect("it is read above");
    for track in index.tracks {
        for id in track.lessons {
            assert_eq!(lesson(&id).track, track.title, "{id}");
        }
    }
}

#[test]
fn a_lesson_run_twice_gives_the_same_trace() {
    for id in ids() {
        for variant in &lesson(&id).variants {
            let (once, again) = (run(&id, &variant.name, None), run(&id, &variant.name, None));
            assert_eq!(once.hash, again.hash, "{id} {}", variant.name);
            assert_eq!(once, again, "{id} {}", variant.name);
        }
    }
}

/// First variants that are wrong by themselves, whatever happens to them, and end with the exception that shows it: a
/// program for one server meets a cluster.
const WRONG_BY_ITSELF: [(&str, &str); 1] = [("cluster/slots", "single")];

#[test]
fn no_program_of_a_lesson_ends_with_an_exception() {
    for id in ids() {
        for variant in &lesson(&id).variants {
            if WRONG_BY_ITSELF.contains(&(&id, &variant.name)) {
                continue;
            }
            let trace = run(&id, &variant.name, None);
            let raised = trace
                .records
                .iter()
                .find(|record| record.kind == redwind_protocol::RecordKind::Raised);
            assert_eq!(
                raised.map(|record| record.sentence.as_str()),
                None,
                "{id} {}",
                variant.name
            );
        }
    }
}

/// A lesson that needs a fault to break must not break without: else it teaches the wrong cause. A later variant may
/// be a repair that makes things worse by itself, and a lesson without faults breaks by plain interleaving.
#[test]
fn without_its_faults_the_first_variant_keeps_its_promises() {
    for id in ids() {
        let lesson = lesson(&id);
        if lesson.world.faults.is_empty() {
            continue;
        }
        let variant = &lesson.variants[0].name;
        if WRONG_BY_ITSELF.contains(&(&id, variant)) {
            continue;
        }
        let trace = run(&id, variant, Some(&[]));
        for verdict in &trace.verdicts {
            let (outcome, finding) = (verdict.outcome, &verdict.finding);
            assert_ne!(
                outcome,
                VerdictOutcome::Violated,
                "{id} {variant}: {finding}"
            );
        }
    }
}

#[test]
fn the_pause_makes_two_holders_and_the_late_write_is_named() {
    for variant in ["naive", "token"] {
        let trace = run("locks/gc-pause", variant, None);
        let (outcome, finding) = verdict(&trace, "Mutual exclusion");
        assert_eq!(outcome, VerdictOutcome::Violated);
        assert!(
            finding.contains("worker-a wrote report") && finding.contains("worker-b had taken it"),
            "{finding}"
        );
        let proof = evidence(&trace, "Mutual exclusion");
        assert_eq!(proof.len(), 5, "{proof:#?}");
        assert!(proof[1].contains("paused for 15s"), "{proof:#?}");
        assert!(proof[2].contains("lock:report expires"), "{proof:#?}");
    }
}

#[test]
fn the_fence_refuses_the_late_write_and_both_lines_arrive() {
    let trace = run("locks/gc-pause", "fencing", None);
    assert_eq!(verdict(&trace, "Mutual exclusion").0, VerdictOutcome::Held);
    let effects: Vec<(&str, Option<i64>, bool)> = trace
        .records
        .iter()
        .filter_map(|record| record.effect.as_ref())
        .map(|effect| (effect.value.as_str(), effect.token, effect.accepted))
        .collect();
    assert_eq!(
        effects,
        [
            ("Totals; south 80", Some(34), true),
            ("Totals; north 120", Some(33), false),
            ("Totals; south 80; north 120", Some(35), true),
        ]
    );
}

#[test]
fn a_copy_without_an_expiry_is_stale_for_ever_and_one_with_it_is_not() {
    let forever = run("caching/cache-aside", "forever", None);
    let (outcome, finding) = verdict(&forever, "Bounded staleness");
    assert_eq!(outcome, VerdictOutcome::Violated);
    assert!(finding.contains("worker-b read from user:42"), "{finding}");
    let printed = |trace: &Trace| -> Vec<String> {
        let printed = trace
            .records
            .iter()
            .filter(|record| record.kind == redwind_protocol::RecordKind::Printed);
        printed.map(|record| record.label.clone()).collect()
    };
    assert!(
        printed(&forever).iter().all(|line| line.contains("Lisbon")),
        "{:?}",
        printed(&forever)
    );
    let ttl = run("caching/cache-aside", "ttl", None);
    assert_eq!(verdict(&ttl, "Bounded staleness").0, VerdictOutcome::Held);
    assert!(
        printed(&ttl)
            .last()
            .is_some_and(|line| line.contains("Porto")),
        "{:?}",
        printed(&ttl)
    );
}

#[test]
fn a_popped_job_dies_with_its_worker_a_moved_one_is_done_twice_an_idempotent_one_once() {
    let pop = run("queues/reliable", "pop", None);
    let (outcome, finding) = verdict(&pop, "No lost job");
    assert_eq!(outcome, VerdictOutcome::Violated);
    assert!(finding.starts_with("worker-a took order-1 at"), "{finding}");
    assert!(
        evidence(&pop, "No lost job")
            .last()
            .is_some_and(|last| last.contains("worker-a crashes"))
    );

    let blmove = run("queues/reliable", "blmove", None);
    assert_eq!(verdict(&blmove, "No lost job").0, VerdictOutcome::Held);
    let (outcome, finding) = verdict(&blmove, "At most once");
    assert_eq!(outcome, VerdictOutcome::Violated);
    assert!(
        finding.contains("order-2") && finding.contains("worker-b, which crashed"),
        "{finding}"
    );

    let idempotent = run("queues/reliable", "idempotent", None);
    assert_eq!(verdict(&idempotent, "At most once").0, VerdictOutcome::Held);
    let refused = idempotent
        .records
        .iter()
        .filter_map(|record| record.effect.as_ref())
        .filter(|effect| !effect.accepted);
    assert_eq!(
        refused.count(),
        1,
        "the second receipt was asked for, and not sent"
    );
}
