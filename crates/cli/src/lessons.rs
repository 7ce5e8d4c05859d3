//! `redwind lesson`: list, show and prove lessons.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use redwind_lesson::Lesson;

use crate::Ending;
use crate::console::{Console, Tone};
use crate::library::{self, Text};

pub(crate) fn list(console: &mut Console) -> Result<Ending> {
    for track in library::index()?.tracks {
        console.line(Tone::Heading, &track.title)?;
        for id in &track.lessons {
            let Some(text) = library::built_in(id) else {
                continue;
            };
            let lesson = text.parse()?;
            console.put(Tone::Plain, &format!("  {id:<24}"))?;
            console.put(Tone::Plain, &lesson.title)?;
            console.line(
                Tone::Faint,
                &format!("  ({}, {} min)", lesson.level.name(), lesson.minutes),
            )?;
            let variants: Vec<&str> = lesson
                .variants
                .iter()
                .map(|variant| variant.name.as_str())
                .collect();
            console.line(
                Tone::Faint,
                &format!("  {:<24}variants: {}", "", variants.join(", ")),
            )?;
        }
    }
    Ok(Ending::Good)
}

pub(crate) fn show(name: &str, console: &mut Console) -> Result<Ending> {
    console.put(Tone::Plain, &library::find(name)?.text)?;
    Ok(Ending::Good)
}

pub(crate) fn check(paths: &[PathBuf], console: &mut Console) -> Result<Ending> {
    let texts = gather(paths)?;
    let (mut unreadable, mut wrong) = (0, 0);
    let mut ids: Vec<(String, String)> = Vec::new();
    for text in &texts {
        let lesson = match text.parse() {
            Ok(lesson) => lesson,
            Err(problems) => {
                unreadable += 1;
                complain(&text.file, &problems.to_string(), console)?;
                continue;
            }
        };
        if let Some((_, other)) = ids.iter().find(|(id, _)| *id == lesson.id) {
            wrong += 1;
            complain(
                &text.file,
                &format!("{}: {other} has the same id, {}", text.file, lesson.id),
                console,
            )?;
        }
        ids.push((lesson.id.clone(), text.file.clone()));
        match redwind_lesson::check(&lesson, &redwind_playground::compile) {
            Ok(()) => {
                console.put(Tone::Good, "✓ ")?;
                console.put(Tone::Plain, &lesson.id)?;
                console.line(Tone::Faint, &format!("  {}", proven(&lesson)))?;
            }
            Err(problems) => {
                wrong += 1;
                complain(&lesson.id, &problems.to_string(), console)?;
            }
        }
        // Each lesson takes a moment: whoever waits sees how far it is.
        console.flush()?;
    }
    match (unreadable, wrong) {
        (0, 0) => Ok(Ending::Good),
        (0, _) => Ok(Ending::Broken),
        _ => {
            console.flush()?;
            bail!("{unreadable} of {} lessons can't be read", texts.len())
        }
    }
}

fn complain(what: &str, problems: &str, console: &mut Console) -> io::Result<()> {
    console.put(Tone::Bad, "✗ ")?;
    console.line(Tone::Plain, what)?;
    for line in problems.lines() {
        console.line(Tone::Plain, &format!("  {line}"))?;
    }
    Ok(())
}

/// `3 variants, 8 moments, 2 questions`
fn proven(lesson: &Lesson) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let moments = lesson
        .beats
        .iter()
        .filter(|beat| beat.anchor.is_some())
        .count();
    let questions = lesson
        .beats
        .iter()
        .filter(|beat| beat.question.is_some())
        .count();
    format!(
        "{}, {}, {}",
        count(lesson.variants.len(), "variant"),
        count(moments, "moment"),
        count(questions, "question")
    )
}

/// The lessons to prove: all built-in ones, or those at the paths and below.
fn gather(paths: &[PathBuf]) -> Result<Vec<Text>> {
    if paths.is_empty() {
        let index = library::index()?;
        return Ok(index.lessons().filter_map(library::built_in).collect());
    }
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = texts.len();
            below(path, &mut texts)?;
            if texts.len() == before {
                bail!(
                    "there is no lesson (a file ending in .md) below {}",
                    path.display()
                );
            }
        } else if path.exists() {
            texts.push(library::read(path)?);
        } else {
            texts.push(library::find(&path.to_string_lossy())?);
        }
    }
    Ok(texts)
}

fn below(folder: &Path, texts: &mut Vec<Text>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, texts)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            texts.push(library::read(&path)?);
        }
    }
    Ok(())
}
