//! The list of lessons: tracks in their order, lessons in theirs.

use std::cell::RefCell;

use crate::fields::Source;
use crate::problem::Problems;

/// `lessons/index.toml`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Tracks in their order.
    pub tracks: Vec<IndexTrack>,
}

/// Lessons about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTrack {
    /// `Caching`, `Locks` …
    pub title: String,
    /// Ids of its lessons: each is the file `<id>.md` beside the index.
    pub lessons: Vec<String>,
}

impl Index {
    /// Reads an index. `file` names it in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let problems = RefCell::new(Vec::new());
        let mut tracks = Vec::new();
        let source = Source::new(text, 1, &problems);
        if let Some(table) = source.parse() {
            let section = source.section(&table, "the index");
            for track in section.many("track") {
                let title = track.must("title", track.text("title"), "\"Locks\"");
                let lessons = track
                    .texts("lessons")
                    .into_iter()
                    .map(|lesson| lesson.it)
                    .collect();
                track.finish();
                if let Some(title) = title {
                    tracks.push(IndexTrack {
                        title: title.it,
                        lessons,
                    });
                }
            }
            section.finish();
        }
        let problems = problems.into_inner();
        if problems.is_empty() {
            Ok(Self { tracks })
        } else {
            Err(Problems::new(file, problems))
        }
    }

    /// The ids of all lessons, in order.
    pub fn lessons(&self) -> impl Iterator<Item = &str> {
        self.tracks
            .iter()
            .flat_map(|track| track.lessons.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_lists_tracks_and_lessons_in_their_order() {
        let index = Index::parse(
            "index.toml",
            "[[track]]\ntitle = \"B\"\nlessons = [\"b/2\", \"b/1\"]\n",
        )
        .unwrap();
        assert_eq!(index.lessons().collect::<Vec<_>>(), ["b/2", "b/1"]);
        let wrong = Index::parse("index.toml", "[[track]]\nname = \"B\"\n").unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "index.toml:1: this track has no `title`\n  Add `title = \"Locks\"`.\n\
             index.toml:2: this track has no key `name`\n  There is `title` and `lessons`."
        );
    }
}
