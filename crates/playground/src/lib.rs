//! One session: open a lesson, run a scene, tell it in the page's words, answer the terminal.
//!
//! A scene is a lesson's variant with a person's edits and interventions; equal scenes give equal runs. Nothing here
//! knows of a browser: the worker, the command line and the build of the site all use it.

mod calls;
mod kind;
mod lanes;
mod lesson;
mod preview;
mod shown;
mod terminal;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use redwind_client::PythonSource;
use redwind_lesson::{Lesson, Setup, SourceError, judge_run};
use redwind_protocol::{LessonView, OpenError, Prepared, Scene};
use redwind_sim::{Intervention, Mistake, Names, Run, Source};

pub use terminal::{Typed, suggest};

/// Lessons that are open, and the run that was looked at last.
#[derive(Default)]
pub struct Playground {
    lessons: BTreeMap<String, Lesson>,
    /// Typing several commands at one run shall not run it again each time.
    last: Option<(Scene, Run)>,
}

impl Playground {
    /// Reads a lesson: scenes name it by its id from then on.
    ///
    /// # Errors
    /// The first thing that is wrong with its text.
    pub fn open(&mut self, markdown: &str) -> Result<LessonView, OpenError> {
        let lesson = parse(markdown)?;
        let view = lesson::view(&lesson)?;
        self.last = None;
        self.lessons.insert(lesson.id.clone(), lesson);
        Ok(view)
    }

    /// Runs a scene to its end.
    ///
    /// # Errors
    /// An unknown lesson or variant, a program that can't be run, an intervention that can't be read.
    pub fn run(&mut self, scene: &Scene) -> Result<redwind_protocol::Run, OpenError> {
        let (lesson, run) = self.ran(scene)?;
        Ok(tell(lesson, run))
    }

    /// What the terminal answers to a line typed on a node just after record `at`.
    ///
    /// # Errors
    /// As [`Playground::run`], an unknown node, or quotes that do not match.
    pub fn terminal(
        &mut self,
        scene: &Scene,
        node: &str,
        at: u32,
        line: &str,
    ) -> Result<Typed, OpenError> {
        let (_, run) = self.ran(scene)?;
        terminal::answer(run, node, at, line)
    }

    fn ran(&mut self, scene: &Scene) -> Result<(&Lesson, &Run), OpenError> {
        let lesson = self.lessons.get(&scene.lesson).ok_or_else(|| OpenError {
            message: format!("The lesson {} is not open.", scene.lesson),
            ..OpenError::default()
        })?;
        if self.last.as_ref().is_none_or(|(last, _)| last != scene) {
            self.last = Some((scene.clone(), run(lesson, scene)?));
        }
        match &self.last {
            Some((_, run)) => Ok((lesson, run)),
            None => Err(OpenError::default()),
        }
    }
}

/// Everything that is made of a lesson at build time.
///
/// # Errors
/// As [`Playground::open`] and [`Playground::run`].
pub fn prepare(markdown: &str) -> Result<Prepared, OpenError> {
    let lesson = parse(markdown)?;
    let runs = lesson.variants.iter().map(|variant| {
        let scene = Scene {
            lesson: lesson.id.clone(),
            variant: variant.name.clone(),
            ..Scene::default()
        };
        Ok(tell(&lesson, &run(&lesson, &scene)?))
    });
    Ok(Prepared {
        markdown: markdown.to_owned(),
        runs: runs.collect::<Result<_, OpenError>>()?,
        lesson: lesson::view(&lesson)?,
        vocabulary: redwind_sim::language::vocabulary::INTERVENTIONS
            .iter()
            .map(|(example, what)| ((*example).to_owned(), (*what).to_owned()))
            .collect(),
    })
}

/// Makes a client's program out of Python source.
///
/// # Errors
/// What is wrong with the source, and where.
pub fn compile(source: &str) -> Result<Arc<dyn Source>, SourceError> {
    let program = PythonSource::parse(source).map_err(|error| SourceError {
        message: error.message,
        remedy: error.remedy,
        line: Some(error.line),
        column: Some(error.column),
    })?;
    Ok(Arc::new(program))
}

/// Runs a scene of a lesson to its end.
///
/// # Errors
/// An unknown variant, a program that can't be run, an intervention that can't be read.
pub fn run(lesson: &Lesson, scene: &Scene) -> Result<Run, OpenError> {
    let variant = lesson.variant(&scene.variant).ok_or_else(|| {
        let known: Vec<&str> = lesson
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        OpenError {
            message: format!("The lesson {} has no variant {}.", lesson.id, scene.variant),
            remedy: Some(format!("There is {}.", known.join(", "))),
            ..OpenError::default()
        }
    })?;
    let edits: Vec<(usize, String)> = scene
        .edits
        .iter()
        .map(|(program, source)| (*program as usize, source.clone()))
        .collect();
    let mut setup = Setup {
        seed: scene.seed,
        edits: &edits,
        ..Setup::of(variant)
    };
    let scenario = lesson.scenario(&setup, &compile).map_err(wrong_program)?;
    let scenario = match &scene.interventions {
        None => scenario,
        Some(texts) => {
            let names = Names::of(&scenario);
            let read = texts.iter().map(|text| {
                Intervention::parse(text, &names).map_err(|mistake: Mistake| OpenError {
                    message: format!("\"{text}\" can't be done: {mistake}"),
                    ..OpenError::default()
                })
            });
            setup.interventions = Some(read.collect::<Result<_, _>>()?);
            lesson.scenario(&setup, &compile).map_err(wrong_program)?
        }
    };
    Run::new(scenario).map_err(|error| OpenError {
        message: error.to_string(),
        ..OpenError::default()
    })
}

/// A run in the page's words, with its verdicts and the lesson's moments in it.
#[must_use]
pub fn tell(lesson: &Lesson, run: &Run) -> redwind_protocol::Run {
    redwind_protocol::Run {
        trace: trace::trace(run, &judge_run(lesson, run)),
        anchors: lesson::anchors(lesson, run),
    }
}

fn parse(markdown: &str) -> Result<Lesson, OpenError> {
    Lesson::parse("this lesson", markdown).map_err(|problems| {
        let more = problems.list.len().saturating_sub(1);
        let Some(first) = problems.list.into_iter().next() else {
            return OpenError::default();
        };
        let message = match more {
            0 => first.message,
            1 => format!("{} (and one more problem)", first.message),
            _ => format!("{} (and {more} more problems)", first.message),
        };
        OpenError {
            message,
            remedy: first.remedy,
            line: Some(first.line),
            ..OpenError::default()
        }
    })
}

fn wrong_program(wrong: redwind_lesson::BuildError) -> OpenError {
    OpenError {
        message: wrong.error.message,
        remedy: wrong.error.remedy,
        program: u32::try_from(wrong.program).ok(),
        line: wrong.error.line,
        column: wrong.error.column,
    }
}
