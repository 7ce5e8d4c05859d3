//! `prepare`: what the page needs before the simulator's wasm has arrived.
//!
//! A file is written only when its content has changed, so that a build that watches for changes sees none in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use redwind_lesson::{Index, Lesson};
use redwind_protocol::{Catalogue, Listed, Prepared, Track};

/// Where Trunk takes them from; not in the repository.
const PREPARED: &str = "web/prepared";
/// Where the lessons are.
const LESSONS: &str = "lessons";

/// Writes the prepared lessons, and removes what an earlier run wrote that is no longer among them.
pub(crate) fn run() -> Result<()> {
    let folder = Path::new(PREPARED);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {PREPARED}"))?;
    let files = files()?;
    for (name, content) in &files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|old| old == *content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for path in super::files::below(folder)? {
        if !files.contains_key(&super::files::name(folder, &path)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The files to write, by their path inside `web/prepared`.
fn files() -> Result<BTreeMap<String, Vec<u8>>> {
    let index = format!("{LESSONS}/index.toml");
    let index = Index::parse(&index, &read(&index)?)?;
    let mut files = BTreeMap::new();
    let mut catalogue = Catalogue::default();
    for track in index.tracks {
        let mut lessons = Vec::new();
        for id in track.lessons {
            let path = format!("{LESSONS}/{id}.md");
            // Everything that is wrong with the file, not only the first thing as on the page.
            Lesson::parse(&path, &read(&path)?)?;
            let prepared = redwind_playground::prepare(&read(&path)?)
                .map_err(|error| anyhow!("{path}: {}", error.message))?;
            lessons.push(Listed {
                id: prepared.lesson.id.clone(),
                title: prepared.lesson.title.clone(),
                summary: prepared.lesson.summary.clone(),
                minutes: prepared.lesson.minutes,
            });
            files.insert(Prepared::file_name(&id), serde_json::to_vec(&prepared)?);
        }
        catalogue.tracks.push(Track {
            title: track.title,
            lessons,
        });
    }
    files.insert("index.json".to_owned(), serde_json::to_vec(&catalogue)?);
    Ok(files)
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}
