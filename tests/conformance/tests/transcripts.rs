//! Every transcript in `tests/conformance/transcripts` was recorded from a real redis-server; the engine must give
//! the same, byte for byte.

use std::path::PathBuf;

use redwind_conformance::ours::Ours;
use redwind_conformance::reference::Reference;
use redwind_conformance::script;
use redwind_engine::Micros;

/// The engine's clock when a transcript starts.
const START: Micros = Micros(1_700_000_000_000_000);

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let entries = std::fs::read_dir(&folder).expect("tests/conformance/transcripts is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    files
}

/// The lines of a transcript, a block for each line that is played.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        match (script::parse(line).is_empty(), blocks.last_mut()) {
            (true, Some(block)) => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    blocks
}

#[test]
fn the_engine_repeats_what_was_recorded_from_a_real_server() {
    let files = files();
    assert!(!files.is_empty(), "no transcripts found");
    let mut failures = Vec::new();
    for path in files {
        let recorded = std::fs::read_to_string(&path).expect("a readable transcript");
        let steps = script::parse(&recorded);
        let mut ours = Ours::new(START);
        let played = script::play(&steps, &mut ours, |ours| *ours = Ours::new(START));
        let (expected, got) = (blocks(&recorded), blocks(&played));
        for (recorded, engine) in expected.iter().zip(&got).filter(|(a, b)| a != b) {
            failures.push(format!(
                "{}\n{}\n  but the engine says\n{}",
                path.display(),
                recorded.join("\n"),
                engine[1..].join("\n")
            ));
        }
        assert_eq!(
            expected.len(),
            got.len(),
            "{} has odd lines",
            path.display()
        );
    }
    assert!(
        failures.is_empty(),
        "{} differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// `cargo xtask record` runs this: it plays each transcript on the real server and writes what came.
#[test]
#[ignore = "writes the transcripts anew; run by `cargo xtask record`"]
fn record() {
    let mut server = match Reference::start() {
        Ok(server) => server,
        Err(why) => panic!("{why}"),
    };
    let only = std::env::var("REDWIND_TRANSCRIPT").unwrap_or_default();
    for path in files() {
        if !path.to_string_lossy().contains(&only) {
            continue;
        }
        let steps = script::parse(&std::fs::read_to_string(&path).expect("a readable transcript"));
        server.clear();
        let text = script::play(&steps, &mut server, Reference::clear);
        std::fs::write(&path, text).expect("a writable transcript");
    }
}
