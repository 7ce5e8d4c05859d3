//! `redwind run`: one run of a lesson, told and judged.

use anyhow::{Result, bail};
use redwind_lesson::{Lesson, Variant};
use redwind_protocol::{OpenError, Scene, Trace, VerdictOutcome};

use crate::args::{Format, RunArgs};
use crate::console::Console;
use crate::library::{self, Text};
use crate::{Ending, timeline};

pub(crate) fn run(args: &RunArgs, console: &mut Console) -> Result<Ending> {
    let text = library::find(&args.lesson)?;
    let lesson = text.parse()?;
    let variant = variant(&lesson, args.variant.as_deref())?;
    let scene = scene(&lesson, variant, args);
    let run = redwind_playground::run(&lesson, &scene)
        .map_err(|wrong| wrong_in(&text, variant, &wrong))?;
    let trace = redwind_playground::tell(&lesson, &run).trace;
    match args.format {
        Format::Text => timeline::tell(&lesson, variant, &scene, &trace, args.all, console)?,
        Format::Json => {
            let whole = serde_json::json!({ "scene": scene, "trace": trace });
            console.line(
                crate::console::Tone::Plain,
                &serde_json::to_string_pretty(&whole)?,
            )?;
        }
    }
    Ok(ending(&trace))
}

fn variant<'a>(lesson: &'a Lesson, name: Option<&str>) -> Result<&'a Variant> {
    let names: Vec<&str> = lesson
        .variants
        .iter()
        .map(|variant| variant.name.as_str())
        .collect();
    let found = match name {
        Some(name) => lesson.variant(name),
        None => lesson.variants.first(),
    };
    match (found, name) {
        (Some(variant), _) => Ok(variant),
        (None, Some(name)) => bail!(
            "{} has no variant {name}: it has {}",
            lesson.id,
            names.join(", ")
        ),
        (None, None) => bail!("{} has no variant", lesson.id),
    }
}

fn scene(lesson: &Lesson, variant: &Variant, args: &RunArgs) -> Scene {
    let own = lesson
        .world
        .faults
        .iter()
        .map(ToString::to_string)
        .filter(|_| !args.no_faults);
    let interventions = (args.no_faults || !args.faults.is_empty())
        .then(|| own.chain(args.faults.clone()).collect());
    Scene {
        lesson: lesson.id.clone(),
        variant: variant.name.clone(),
        seed: args.seed,
        edits: Vec::new(),
        interventions,
    }
}

/// What is wrong, with the line of the file when it is in a program.
fn wrong_in(text: &Text, variant: &Variant, wrong: &OpenError) -> anyhow::Error {
    let program = wrong
        .program
        .and_then(|index| variant.programs.get(index as usize));
    let place = program.map_or_else(String::new, |program| {
        let line = program
            .line
            .saturating_add(wrong.line.unwrap_or(1))
            .saturating_sub(1);
        let column = wrong
            .column
            .map_or_else(String::new, |column| format!(":{column}"));
        format!("{}:{line}{column}: ", text.file)
    });
    let remedy = wrong
        .remedy
        .as_ref()
        .map_or_else(String::new, |remedy| format!("\n  {remedy}"));
    anyhow::anyhow!("{place}{}{remedy}", wrong.message)
}

fn ending(trace: &Trace) -> Ending {
    let any = |outcome| {
        trace
            .verdicts
            .iter()
            .any(|verdict| verdict.outcome == outcome)
    };
    if any(VerdictOutcome::Violated) {
        Ending::Broken
    } else if any(VerdictOutcome::Undecided) {
        Ending::Undecided
    } else {
        Ending::Good
    }
}
