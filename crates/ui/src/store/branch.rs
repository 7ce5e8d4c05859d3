//! Branches: every run that is kept, the lesson's own and those that a person made.

use redwind_protocol::{Prepared, Run, Scene};

use crate::shared::Shared;
use crate::story::Story;

/// A scene and its run.
#[derive(Debug, Default)]
pub struct Branch {
    /// What is run.
    pub scene: Scene,
    /// How it went.
    pub story: Shared<Story>,
    /// Whether it came with the lesson.
    pub own: bool,
    /// The first record that is not as in the branch that it was made from, if that was another run of the same scene.
    pub departs: Option<u32>,
}

impl Branch {
    /// A branch from a run.
    pub(super) fn new(scene: Scene, run: Run, own: bool) -> Shared<Self> {
        Shared::new(Self {
            scene,
            story: Shared::new(Story::new(run)),
            own,
            departs: None,
        })
    }

    /// A branch that a person made from another.
    pub(super) fn from_another(scene: Scene, run: Run, before: &Story) -> Shared<Self> {
        let story = Story::new(run);
        let departs = first_difference(before, &story).filter(|record| *record < story.len());
        Shared::new(Self {
            scene,
            story: Shared::new(story),
            own: false,
            departs,
        })
    }

    /// What sets it apart, in words.
    #[must_use]
    pub fn title(&self, prepared: &Prepared) -> String {
        let variant = prepared
            .lesson
            .variants
            .iter()
            .find(|v| v.name == self.scene.variant);
        let variant = variant.map_or(self.scene.variant.as_str(), |v| v.title.as_str());
        if self.own {
            return variant.to_owned();
        }
        let mut title = variant.to_owned();
        if !self.scene.edits.is_empty() {
            title.push_str(", edited");
        }
        let own = prepared
            .lesson
            .variants
            .iter()
            .position(|v| v.name == self.scene.variant);
        let lessons = own
            .and_then(|i| prepared.runs.get(i))
            .map(|run| run.trace.interventions.as_slice());
        let lessons = lessons.unwrap_or_default();
        if let Some(ours) = &self.scene.interventions {
            for added in ours.iter().filter(|i| !lessons.contains(i)) {
                title.push_str(" + ");
                title.push_str(added);
            }
            for removed in lessons.iter().filter(|i| !ours.contains(i)) {
                title.push_str(" − ");
                title.push_str(removed);
            }
        }
        title
    }
}

/// The first record in which two runs differ; for an edit that changes nothing, none.
pub(super) fn first_difference(before: &Story, after: &Story) -> Option<u32> {
    let (a, b) = (&before.trace.records, &after.trace.records);
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    (same < a.len().max(b.len())).then(|| u32::try_from(same).unwrap_or(0))
}

/// One branch for each variant; an empty one when there is none, so that there is always something to show.
pub(super) fn prepared(prepared: &Prepared) -> Vec<Shared<Branch>> {
    let scene = |variant: &str| Scene {
        lesson: prepared.lesson.id.clone(),
        variant: variant.to_owned(),
        ..Scene::default()
    };
    let mut branches: Vec<_> = prepared
        .lesson
        .variants
        .iter()
        .zip(&prepared.runs)
        .map(|(variant, run)| Branch::new(scene(&variant.name), run.clone(), true))
        .collect();
    if branches.is_empty() {
        branches.push(Branch::new(scene(""), Run::default(), true));
    }
    branches
}
