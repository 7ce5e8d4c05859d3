//! A lesson in the page's words.

use std::collections::BTreeMap;

use redwind_lesson::{Lesson, Variant};
use redwind_protocol::{
    Beat, LessonView, OpenError, ProgramView, Question, QuestionOption, Scene, VariantView,
};
use redwind_sim::Run;

/// The lesson, with the answers to its questions established by running it.
pub(crate) fn view(lesson: &Lesson) -> Result<LessonView, OpenError> {
    let mut runs = BTreeMap::new();
    for beat in lesson.beats.iter().filter(|beat| beat.question.is_some()) {
        if !runs.contains_key(&beat.variant) {
            let scene = Scene {
                lesson: lesson.id.clone(),
                variant: beat.variant.clone(),
                ..Scene::default()
            };
            runs.insert(beat.variant.clone(), crate::run(lesson, &scene)?);
        }
    }
    Ok(LessonView {
        id: lesson.id.clone(),
        title: lesson.title.clone(),
        track: lesson.track.clone(),
        summary: lesson.summary.clone(),
        minutes: lesson.minutes,
        content_hash: lesson.content_hash.clone(),
        beats: lesson
            .beats
            .iter()
            .map(|beat| self::beat(beat, runs.get(&beat.variant)))
            .collect(),
        variants: lesson.variants.iter().map(variant).collect(),
    })
}

/// For each beat, the record that its anchor names in this run.
pub(crate) fn anchors(lesson: &Lesson, run: &Run) -> Vec<Option<u32>> {
    let find =
        |beat: &redwind_lesson::Beat| beat.anchor.as_ref()?.at.find(run.scenario(), run.records());
    lesson.beats.iter().map(find).collect()
}

fn beat(beat: &redwind_lesson::Beat, run: Option<&Run>) -> Beat {
    let question = beat
        .question
        .as_ref()
        .zip(run)
        .map(|(question, run)| Question {
            ask: question.ask.clone(),
            options: question
                .options
                .iter()
                .map(|option| QuestionOption {
                    text: option.text.clone(),
                    happened: option.happens.is_true(run.scenario(), run.records()),
                })
                .collect(),
            because: question.because.clone(),
        });
    Beat {
        heading: beat.heading.clone(),
        html: beat.html.clone(),
        variant: Some(beat.variant.clone()),
        anchor: beat.anchor.as_ref().map(|anchor| anchor.at.to_string()),
        question,
    }
}

fn variant(variant: &Variant) -> VariantView {
    let program = |program: &redwind_lesson::Program| ProgramView {
        clients: program.clients.clone(),
        source: program.source.clone(),
    };
    VariantView {
        name: variant.name.clone(),
        title: variant.title.clone(),
        programs: variant.programs.iter().map(program).collect(),
    }
}
