//! Whether what a lesson claims is so.

use std::collections::BTreeMap;

use redwind_explore::{History, Outcome, Verdict, judge};
use redwind_sim::{Cut, Event, Place, Run, Scenario};

use crate::build::{Compile, Setup};
use crate::model::{Lesson, Question, Variant};
use crate::problem::{Problem, Problems};

/// Runs every variant under the lesson's own faults and compares what happens with what the lesson says.
///
/// # Errors
/// Everything that is not as the lesson says.
pub fn check(lesson: &Lesson, compile: &Compile<'_>) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for variant in &lesson.variants {
        match run(lesson, variant, compile) {
            Ok(run) => {
                verdicts(lesson, variant, &judge_run(lesson, &run), &mut problems);
                beats(
                    lesson,
                    variant,
                    run.scenario(),
                    run.records(),
                    &mut problems,
                );
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problems::new(&lesson.file, problems))
    }
}

/// The outcome of each of the lesson's invariants in a run.
#[must_use]
pub fn judge_run(lesson: &Lesson, run: &Run) -> Vec<Verdict> {
    let initial = run.initial_keys();
    let history = History {
        scenario: run.scenario(),
        initial: &initial,
        records: run.records(),
        cut: cut_in_words(run),
    };
    judge(&lesson.invariants(), &history)
}

/// Why a run was cut short, if it was; when it grew too long, with the line that made it so: most likely a loop that
/// never ends.
#[must_use]
pub fn cut_in_words(run: &Run) -> Option<String> {
    let cut = run.cut()?;
    let Cut::Records(_) = cut else {
        return Some(cut.to_string());
    };
    let mut times: BTreeMap<(Place, u32), u32> = BTreeMap::new();
    for record in run.records() {
        if let Event::Line { line, .. } = record.event {
            *times.entry((record.place, line)).or_default() += 1;
        }
    }
    let most = times.into_iter().max_by_key(|(_, times)| *times);
    Some(match most {
        Some(((place, line), times)) => {
            let who = redwind_sim::place_name(run.scenario(), place);
            format!(
                "{cut}, when {who} had come to line {line} {times} times, as in a loop that never ends"
            )
        }
        None => cut.to_string(),
    })
}

fn run(lesson: &Lesson, variant: &Variant, compile: &Compile<'_>) -> Result<Run, Problem> {
    let scenario = lesson
        .scenario(&Setup::of(variant), compile)
        .map_err(|wrong| {
            let begins = variant
                .programs
                .get(wrong.program)
                .map_or(1, |program| program.line);
            let line = wrong
                .error
                .line
                .map_or(begins, |line| begins.saturating_add(line).saturating_sub(1));
            let problem =
                Problem::new(line, format!("variant `{}`: {}", variant.name, wrong.error));
            match wrong.error.remedy {
                Some(remedy) => problem.remedy(remedy),
                None => problem,
            }
        })?;
    Run::new(scenario).map_err(|wrong| {
        Problem::new(
            variant.claimed_at,
            format!("variant `{}` can't be run: {wrong}", variant.name),
        )
    })
}

fn verdicts(lesson: &Lesson, variant: &Variant, found: &[Verdict], problems: &mut Vec<Problem>) {
    for ((name, _), verdict) in lesson.world.promises.iter().zip(found) {
        let claimed = variant
            .claims
            .iter()
            .find(|(of, _)| of == name)
            .map_or(Outcome::Held, |(_, outcome)| *outcome);
        if claimed != verdict.outcome {
            let message = format!(
                "variant `{}`: `{name}` is claimed to be {}, but it is {}: {}",
                variant.name,
                in_words(claimed),
                in_words(verdict.outcome),
                verdict.finding
            );
            problems.push(Problem::new(variant.claimed_at, message));
        }
    }
}

/// As verdicts say it: held, violated, undecided.
fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "held",
        Outcome::Violated => "violated",
        Outcome::Undecided => "undecided",
    }
}

fn beats(
    lesson: &Lesson,
    variant: &Variant,
    scenario: &Scenario,
    records: &[redwind_sim::Record],
    problems: &mut Vec<Problem>,
) {
    for beat in lesson
        .beats
        .iter()
        .filter(|beat| beat.variant == variant.name)
    {
        if let Some(anchor) = &beat.anchor
            && anchor.at.find(scenario, records).is_none()
        {
            let message = format!(
                "the moment \"{}\" does not come in the variant `{}`",
                anchor.at, variant.name
            );
            let remedy = format!(
                "Look at what does: redwind run {} --variant {}",
                lesson.id, variant.name
            );
            problems.push(Problem::new(anchor.line, message).remedy(remedy));
        }
        if let Some(question) = &beat.question {
            answers(question, variant, scenario, records, problems);
        }
    }
}

fn answers(
    question: &Question,
    variant: &Variant,
    scenario: &Scenario,
    records: &[redwind_sim::Record],
    problems: &mut Vec<Problem>,
) {
    let right = question
        .options
        .iter()
        .filter(|option| option.happens.is_true(scenario, records));
    let right: Vec<&str> = right.map(|option| option.text.as_str()).collect();
    let message = match right.as_slice() {
        [_] => return,
        [] => format!(
            "no answer to this question is right in the variant `{}`",
            variant.name
        ),
        many => format!(
            "{} answers are right in the variant `{}`: {}",
            many.len(),
            variant.name,
            many.join("; ")
        ),
    };
    problems.push(Problem::new(question.line, message).remedy("Exactly one option must happen."));
}
