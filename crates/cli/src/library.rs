//! Lessons: those in the binary by their ids, others by their paths.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use redwind_lesson::{Index, Lesson, Problems};

include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// A lesson's text, and the name to use for it in messages.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Text {
    pub(crate) fn parse(&self) -> Result<Lesson, Problems> {
        Lesson::parse(&self.file, &self.text)
    }
}

/// The built-in lessons' index.
pub(crate) fn index() -> Result<Index> {
    Ok(Index::parse("lessons/index.toml", INDEX)?)
}

/// A built-in lesson.
pub(crate) fn built_in(id: &str) -> Option<Text> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == id)?;
    Some(Text {
        file: format!("lessons/{id}.md"),
        text: (*text).to_owned(),
    })
}

/// The lesson that somebody means: a path if it looks like one, else an id.
pub(crate) fn find(name: &str) -> Result<Text> {
    let path = Path::new(name);
    if path.extension().is_some_and(|ending| ending == "md") || path.is_file() {
        return read(path);
    }
    match built_in(name) {
        Some(text) => Ok(text),
        None => {
            let near =
                nearest(name).map_or_else(String::new, |near| format!("did you mean {near}? "));
            bail!(
                "there is no lesson {name}: {near}`redwind lesson list` shows what there is; a lesson of your own is \
                 named by its path, such as ./mine.md"
            )
        }
    }
}

pub(crate) fn read(path: &Path) -> Result<Text> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Text {
        file: path.display().to_string(),
        text,
    })
}

/// A built-in lesson whose id, or the part behind its track, holds what was asked for or is held by it.
fn nearest(name: &str) -> Option<&'static str> {
    let ids = || FILES.iter().map(|(id, _)| *id);
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = last(name).to_lowercase();
    redwind_lesson::closest(name, ids()).or_else(|| {
        ids().find(|id| {
            !wanted.is_empty() && (last(id).contains(&wanted) || wanted.contains(&last(id)))
        })
    })
}
