//! The worker's messages, in a browser: the same runs as anywhere, and an answer to everything.

use include_dir::{Dir, include_dir};
use redwind_protocol::{FromWorker, Request, Scene, ToWorker};
use redwind_worker::Session;
use serde::Serialize;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Every lesson there is: one that is added is compared without being named here.
static LESSONS: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../lessons");

/// `lesson variant hash` a line: what the same runs give natively.
const HASHES: &str = include_str!("../../../tests/trace_hashes.txt");

fn ask(session: &mut Session, request: Request) -> FromWorker {
    let message = ToWorker { number: 7, request };
    let message = message
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .unwrap();
    serde_wasm_bindgen::from_value(session.handle(message).unwrap()).unwrap()
}

fn opened() -> Session {
    let mut session = Session::new();
    for file in LESSONS.dirs().flat_map(Dir::files) {
        let markdown = file.contents_utf8().unwrap();
        let opened = ask(
            &mut session,
            Request::Open {
                markdown: markdown.to_owned(),
            },
        );
        assert!(
            matches!(opened, FromWorker::Opened { number: 7, .. }),
            "{opened:?}"
        );
    }
    session
}

fn scene(lesson: &str, variant: &str) -> Scene {
    Scene {
        lesson: lesson.to_owned(),
        variant: variant.to_owned(),
        ..Scene::default()
    }
}

#[wasm_bindgen_test]
fn every_lesson_gives_the_trace_that_it_gives_natively() {
    let mut session = opened();
    let mut compared = 0;
    for line in HASHES.lines().filter(|line| !line.starts_with('#')) {
        let [lesson, variant, hash] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("not a line of hashes: {line}")
        };
        let FromWorker::Ran { run, .. } = ask(&mut session, Request::Run(scene(lesson, variant)))
        else {
            panic!("{lesson} ({variant}) does not run")
        };
        assert_eq!(run.trace.hash, hash, "{lesson} ({variant})");
        compared += 1;
    }
    assert!(compared >= 8, "{compared} runs compared");
}

#[wasm_bindgen_test]
fn a_typed_line_is_answered_or_becomes_an_intervention() {
    let mut session = opened();
    let mut typed = |line: &str| {
        let (scene, node) = (scene("locks/gc-pause", "naive"), "redis".to_owned());
        ask(
            &mut session,
            Request::Terminal {
                scene,
                node,
                at: 0,
                line: line.to_owned(),
            },
        )
    };
    assert_eq!(
        typed("LLEN totals"),
        FromWorker::Answered {
            number: 7,
            text: "(integer) 2".to_owned()
        }
    );
    assert!(matches!(typed("SET a 1"), FromWorker::Writes { .. }));
    assert!(matches!(typed("SET \"a"), FromWorker::Refused { .. }));
}

#[wasm_bindgen_test]
fn what_cannot_be_run_is_refused_with_its_place() {
    let mut session = opened();
    let edits = vec![(0, "x = (\n".to_owned())];
    let wrong = Scene {
        edits,
        ..scene("locks/gc-pause", "naive")
    };
    let FromWorker::Refused { error, .. } = ask(&mut session, Request::Run(wrong)) else {
        panic!("it cannot run")
    };
    assert!(error.line.is_some(), "{}", error.message);
    let strange = wasm_bindgen::JsValue::from_str("hello");
    assert!(session.handle(strange).is_err());
}
