//! A run as text: what happened line by line, then each promise and what became of it.

use std::io;

use redwind_lesson::{Lesson, Variant};
use redwind_protocol::{LaneKind, Record, RecordKind, Scene, Trace, Verdict, VerdictOutcome};

use crate::console::{Console, Tone};

pub(crate) fn tell(
    lesson: &Lesson,
    variant: &Variant,
    scene: &Scene,
    trace: &Trace,
    all: bool,
    console: &mut Console,
) -> io::Result<()> {
    console.line(Tone::Heading, &lesson.title)?;
    let seed = scene.seed.unwrap_or(lesson.seed);
    let title = match variant.title == variant.name {
        true => String::new(),
        false => format!(" ({})", variant.title),
    };
    console.line(
        Tone::Faint,
        &format!(
            "{}, variant {}{title}, seed {seed}",
            lesson.id, variant.name
        ),
    )?;
    match trace.interventions.as_slice() {
        [] => console.line(Tone::Faint, "no faults")?,
        faults => {
            for fault in faults {
                console.line(Tone::Faint, &format!("fault: {fault}"))?;
            }
        }
    }
    console.blank()?;
    let hidden = records(trace, all, console)?;
    if let Some(cut) = &trace.cut {
        console.line(Tone::Unsure, &format!("{}.", capital(cut)))?;
    }
    if hidden > 0 {
        let note = format!(
            "({hidden} more: statements, requests sent and replies received; --all shows them)"
        );
        console.line(Tone::Faint, &note)?;
    }
    for verdict in &trace.verdicts {
        console.blank()?;
        self::verdict(trace, verdict, console)?;
    }
    console.blank()?;
    console.line(
        Tone::Faint,
        &format!("{} records, hash {}", trace.records.len(), trace.hash),
    )
}

/// Prints the records, and returns how many it left out.
fn records(trace: &Trace, all: bool, console: &mut Console) -> io::Result<usize> {
    let broken = trace
        .verdicts
        .iter()
        .filter(|verdict| verdict.outcome == VerdictOutcome::Violated);
    let evidence: Vec<usize> = broken
        .flat_map(|verdict| &verdict.evidence)
        .map(|seq| *seq as usize)
        .collect();
    let mut hidden = 0;
    for (seq, record) in trace.records.iter().enumerate() {
        if all || evidence.contains(&seq) || says_something_new(record.kind) {
            let mark = if evidence.contains(&seq) { "✗" } else { " " };
            line(trace, seq, record, mark, console)?;
        } else {
            hidden += 1;
        }
    }
    Ok(hidden)
}

/// A request that is executed is told when it is; a reply that arrives, when it was given.
fn says_something_new(kind: RecordKind) -> bool {
    !matches!(
        kind,
        RecordKind::Line | RecordKind::Sent | RecordKind::Received
    )
}

fn line(
    trace: &Trace,
    seq: usize,
    record: &Record,
    mark: &str,
    console: &mut Console,
) -> io::Result<()> {
    console.put(Tone::Bad, mark)?;
    console.put(
        Tone::Faint,
        &format!(" {:>4}  {:>10}  ", format!("#{seq}"), time(record.at)),
    )?;
    console.line(tone(trace, record), &record.sentence)
}

fn tone(trace: &Trace, record: &Record) -> Tone {
    match record.kind {
        RecordKind::Crashed
        | RecordKind::PowerCut
        | RecordKind::Partitioned
        | RecordKind::Raised
        | RecordKind::Refused
        | RecordKind::Unavailable
        | RecordKind::Deadlock
        | RecordKind::AgreedDown
        | RecordKind::StopsServing
        | RecordKind::Lost => {
            return Tone::Bad;
        }
        RecordKind::Paused
        | RecordKind::Resumed
        | RecordKind::Clock
        | RecordKind::Slowed
        | RecordKind::Role
        | RecordKind::Suspected
        | RecordKind::Returned
        | RecordKind::Stands
        | RecordKind::Voted
        | RecordKind::Elected
        | RecordKind::Moved
        | RecordKind::ServesAgain
        | RecordKind::Noticed
        | RecordKind::Delayed
        | RecordKind::Expired => {
            return Tone::Unsure;
        }
        _ => {}
    }
    match trace
        .lanes
        .get(usize::from(record.lane))
        .map(|lane| lane.kind)
    {
        Some(LaneKind::Client) => Tone::Client(record.lane),
        Some(LaneKind::Resource) => Tone::Resource,
        Some(LaneKind::Node | LaneKind::Sentinel) => Tone::Node,
        Some(LaneKind::Terminal) | None => Tone::Plain,
    }
}

fn verdict(trace: &Trace, verdict: &Verdict, console: &mut Console) -> io::Result<()> {
    let (mark, outcome, tone) = match verdict.outcome {
        VerdictOutcome::Held => ("✓", "held", Tone::Good),
        VerdictOutcome::Violated => ("✗", "VIOLATED", Tone::Bad),
        VerdictOutcome::Undecided => ("?", "undecided", Tone::Unsure),
    };
    console.line(tone, &format!("{mark} {}: {outcome}", verdict.name))?;
    console.line(Tone::Faint, &format!("  Promised: {}", verdict.promise))?;
    console.line(Tone::Plain, &format!("  {}", verdict.finding))?;
    if verdict.outcome == VerdictOutcome::Violated && !verdict.evidence.is_empty() {
        console.line(Tone::Plain, "  What led there:")?;
        for seq in &verdict.evidence {
            let seq = *seq as usize;
            if let Some(record) = trace.records.get(seq) {
                console.put(Tone::Plain, "  ")?;
                line(trace, seq, record, " ", console)?;
            }
        }
    }
    Ok(())
}

/// Seconds with milliseconds: `12.504s`.
fn time(micros: u64) -> String {
    format!("{}.{:03}s", micros / 1_000_000, micros / 1_000 % 1_000)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
