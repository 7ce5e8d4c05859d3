//! Runs of the built-in lessons, with their Python programs: the same records every time, from every checkpoint,
//! and up to the moment of an intervention.

use std::fs;
use std::path::Path;

use redwind_lesson::{Index, Lesson};
use redwind_protocol::Scene;
use redwind_sim::{Event, Intervention, Names, Place, Position, Record, Run, SimTime, TraceHash};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../lessons")
        .join(path);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Every variant of every lesson: its name, and its run under the lesson's own faults.
fn runs() -> Vec<(String, Run)> {
    let index = Index::parse("lessons/index.toml", &file("index.toml"))
        .unwrap_or_else(|problems| panic!("{problems}"));
    let mut runs = Vec::new();
    for id in index.lessons() {
        let lesson = Lesson::parse(&format!("lessons/{id}.md"), &file(&format!("{id}.md")))
            .unwrap_or_else(|problems| panic!("{problems}"));
        for variant in &lesson.variants {
            let scene = Scene {
                lesson: id.to_owned(),
                variant: variant.name.clone(),
                ..Scene::default()
            };
            let run = redwind_playground::run(&lesson, &scene)
                .unwrap_or_else(|error| panic!("{}", error.message));
            runs.push((format!("{id} ({})", variant.name), run));
        }
    }
    runs
}

fn with(run: &Run, intervention: &str) -> Run {
    let mut scenario = run.scenario().clone();
    let names = Names::of(&scenario);
    let read = Intervention::parse(intervention, &names)
        .unwrap_or_else(|mistake| panic!("{intervention}: {mistake}"));
    scenario.interventions.push(read);
    Run::new(scenario).unwrap_or_else(|error| panic!("{error}"))
}

fn same(a: &Record, b: &Record) -> bool {
    TraceHash::of(std::slice::from_ref(a)) == TraceHash::of(std::slice::from_ref(b))
}

#[test]
fn a_run_is_a_function_of_its_scenario() {
    for (name, run) in runs() {
        let again = Run::new(run.scenario().clone()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(run.hash(), again.hash(), "{name}");
        assert!(run.records().len() > 20, "{name}: something happens");
        assert_eq!(run.cut(), None, "{name}: a lesson's run comes to its end");
    }
}

#[test]
fn a_world_goes_on_from_every_record_as_the_run_did() {
    for (name, run) in runs() {
        let last = run.records().len() as u32 - 1;
        // So many places that the longest run takes a second, not a minute.
        let step = (last as usize / 16).max(7);
        for seq in (0..last).step_by(step).chain([last]) {
            let mut world = run.world_at(seq);
            let mut records = run.records()[..world.records() as usize].to_vec();
            while world.step(&mut records) {}
            assert_eq!(
                TraceHash::of(&records),
                run.hash(),
                "{name} from record {seq}"
            );
        }
    }
}

#[test]
fn a_fault_changes_nothing_before_its_moment() {
    for (name, run) in runs() {
        let end = run.records().last().map_or(0, |record| record.at.0);
        let client = &run.scenario().clients[0].name;
        let node = &run.scenario().nodes[0].name;
        for at in [0, end / 5, end / 2, end * 4 / 5].map(SimTime) {
            for intervention in [
                format!("pause {client} at {at} for 3s"),
                format!("crash {client} at {at}"),
                format!("crash {node} at {at}, restart after 10ms"),
                format!("type {node} at {at}: FLUSHALL"),
            ] {
                let branch = with(&run, &intervention);
                let mut pairs = run.records().iter().zip(branch.records());
                let parted = pairs
                    .find(|(a, b)| !same(a, b))
                    .map(|(a, b)| a.at.min(b.at));
                assert!(
                    parted.is_none_or(|parted| parted >= at),
                    "{name}: {intervention} parted at {parted:?}"
                );
            }
        }
    }
}

#[test]
fn every_call_can_be_named_and_is_found_again() {
    for (name, run) in runs() {
        let (scenario, records) = (run.scenario(), run.records());
        let mut lines = 0;
        for record in records {
            let Place::Client(client) = record.place else {
                continue;
            };
            let client = &scenario.clients[usize::from(client)].name;
            match &record.event {
                Event::Sent { .. } => {
                    let calls = records[..=record.seq as usize]
                        .iter()
                        .filter(|other| {
                            other.place == record.place && matches!(other.event, Event::Sent { .. })
                        })
                        .count();
                    let position: Position = format!("before {client}'s {calls} call")
                        .parse()
                        .expect("it is a position");
                    assert_eq!(
                        position.find(scenario, records),
                        Some(record.seq),
                        "{name}: {position}"
                    );
                }
                Event::Line { line, .. } => {
                    let position: Position = format!("at line {line} of {client}")
                        .parse()
                        .expect("it is a position");
                    let found = position.find(scenario, records).expect("it gets there");
                    assert!(found <= record.seq, "{name}: {position}");
                    lines += 1;
                }
                _ => {}
            }
        }
        assert!(lines > 5, "{name}: programs are stepped line by line");
    }
}

#[test]
fn every_record_has_a_sentence_a_label_and_a_cause_before_it() {
    for (name, run) in runs() {
        for record in run.records() {
            let sentence = record.sentence(run.scenario());
            assert!(
                sentence.len() > 5 && !sentence.contains('\n'),
                "{name}: {sentence}"
            );
            assert!(
                !record.label(run.scenario()).is_empty(),
                "{name}: {sentence}"
            );
            assert!(
                record.cause.is_none_or(|cause| cause < record.seq),
                "{name}: {sentence}"
            );
        }
    }
}

/// Recorded hashes: a change of them is a change of what every shared link shows, and must be meant.
/// `REDWIND_RECORD_HASHES=1 cargo test -p redwind-tests --test traces` writes them anew.
#[test]
fn the_lessons_traces_are_the_recorded_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("trace_hashes.txt");
    let mut found = String::from(
        "# lesson, variant, hash of its trace: the same natively and in a browser, today and tomorrow\n",
    );
    for (name, run) in runs() {
        let (lesson, variant) = name.split_once(" (").unwrap_or((&name, ""));
        found += &format!(
            "{lesson} {} {}\n",
            variant.trim_end_matches(')'),
            run.hash()
        );
    }
    if std::env::var_os("REDWIND_RECORD_HASHES").is_some() {
        fs::write(&path, &found).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, recorded,
        "see how to record them anew, above this test"
    );
}
