//! Commands that are newer than the reference server: what they reply follows their documentation, so the
//! files in `tests/conformance/documented` are written, not recorded.

use std::path::PathBuf;

use redwind_conformance::ours::Ours;
use redwind_conformance::script;
use redwind_engine::Micros;

const START: Micros = Micros(1_700_000_000_000_000);

#[test]
fn newer_commands_reply_as_their_documentation_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("documented");
    let entries = std::fs::read_dir(&folder).expect("tests/conformance/documented is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no files found");
    for path in files {
        let written = std::fs::read_to_string(&path).expect("a readable file");
        let steps = script::parse(&written);
        let mut ours = Ours::new(START);
        let played = script::play(&steps, &mut ours, |ours| *ours = Ours::new(START));
        let pairs = written.lines().zip(played.lines()).enumerate();
        for (at, (expected, got)) in pairs {
            assert_eq!(expected, got, "{}:{}", path.display(), at + 1);
        }
        assert_eq!(written.len(), played.len(), "{}", path.display());
    }
}
