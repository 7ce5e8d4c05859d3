//! Invariants made of others, and the parameters of limits, sums and waits.

use bytes::Bytes;
use redwind_explore::{
    Combined, Counted, How, Invariant, LimitInWindow, NoUnboundedWait, Per, SumConserved, Unless,
};
use redwind_sim::{Position, Span};

use crate::fields::{At, Section};
use crate::problem::did_you_mean;
use crate::promises::{lock, resource};
use crate::world::World;

pub(crate) fn within(section: &Section<'_>, example: &str) -> Option<Span> {
    let remedy = format!("Write a time with its unit, such as {example}.");
    let within = section.parsed("within", Span::parse, &remedy);
    section
        .must("within", within, example)
        .map(|within| within.it)
}

/// One of these words, or the first of them.
fn one_of<T: Copy>(section: &Section<'_>, key: &'static str, words: &[(&str, T)]) -> Option<T> {
    let Some(At { line, it }) = section.text(key) else {
        return words.first().map(|(_, meaning)| *meaning);
    };
    let found = words.iter().find(|(word, _)| *word == it);
    if found.is_none() {
        let words: Vec<String> = words
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        let remedy = format!("Write one of {}.", words.join(", "));
        section.report(line, format!("`{key} = \"{it}\"` can't be read"), remedy);
    }
    found.map(|(_, meaning)| *meaning)
}

pub(crate) fn limit(section: &Section<'_>, world: &World) -> Option<Invariant> {
    let most = section.must("most", section.number("most"), "5");
    let within = within(section, "\"1s\"");
    let on = resource(section, world, "on");
    let prints = section.text("prints");
    let per = one_of(
        section,
        "per",
        &[
            ("all", Per::All),
            ("client", Per::Client),
            ("target", Per::Target),
        ],
    );
    let what = match (on, prints) {
        (Some(on), None) => Counted::Effects { on },
        (None, Some(text)) => Counted::Prints { text: text.it },
        (on, _) => {
            let message = if on.is_some() {
                "a limit counts either effects or printed lines"
            } else {
                "nobody knows what this limit counts"
            };
            section.report(
                section.line(),
                message,
                "Write `on = \"mailer\"` for a resource's effects, or `prints = \"allowed\"` for lines of the programs.",
            );
            return None;
        }
    };
    Some(Invariant::LimitInWindow(LimitInWindow {
        most: u32::try_from(most?.it).unwrap_or(u32::MAX),
        within: within?,
        what,
        per: per?,
    }))
}

pub(crate) fn sum(section: &Section<'_>, world: &World) -> Option<Invariant> {
    let source = resource(section, world, "source");
    let rows = section.text("rows").map(|rows| rows.it);
    let keys = section.text("keys").map(|keys| keys.it);
    let field = section.text("field").map(|field| field.it);
    let total = section.number("total");
    let at_rest = one_of(section, "when", &[("always", false), ("in the end", true)]);
    if rows.is_some() != source.is_some() || (rows.is_none() && keys.is_none()) {
        section.report(
            section.line(),
            "nobody knows what is to be added up",
            "Write `source = \"db\"` with `rows = \"accounts/*\"`, or `keys = \"balance:*\"`, or all three.",
        );
        return None;
    }
    Some(Invariant::SumConserved(SumConserved {
        rows: source.zip(rows),
        keys,
        field,
        total: total.map(|total| i64::try_from(total.it).unwrap_or(i64::MAX)),
        at_rest: at_rest?,
    }))
}

pub(crate) fn wait(section: &Section<'_>, world: &World) -> Option<Invariant> {
    let within = within(section, "\"2s\"");
    let client = section.text("client");
    let known: Vec<&str> = world
        .clients
        .iter()
        .map(|client| client.name.as_str())
        .collect();
    if let Some(At { line, it }) = &client
        && !known.contains(&it.as_str())
    {
        let message = format!("there is no client `{it}`");
        section.report(*line, message, did_you_mean(it, &known));
        return None;
    }
    let for_lock: Option<Bytes> = match section.text("lock") {
        Some(_) => Some(lock(section, world)?),
        None => None,
    };
    Some(Invariant::NoUnboundedWait(NoUnboundedWait {
        within: within?,
        client: client.map(|client| client.it),
        lock: for_lock,
    }))
}

/// An invariant that stands above, by its name. What could not be read has been told already.
fn named(section: &Section<'_>, world: &World, name: &At<String>) -> Option<Invariant> {
    let above = || world.parts.iter().chain(&world.promises);
    if let Some((_, invariant)) = above().find(|(known, _)| *known == name.it) {
        return Some(invariant.clone());
    }
    if !world.unread.contains(&name.it) {
        let known: Vec<&str> = above().map(|(known, _)| known.as_str()).collect();
        let message = format!("there is no invariant `{}` above this one", name.it);
        let remedy = match known.is_empty() {
            true => "Write it before this one: `[[invariant]]`, with `part = true` if it is no promise by itself."
                .to_owned(),
            false => did_you_mean(&name.it, &known),
        };
        section.report(name.line, message, remedy);
    }
    None
}

pub(crate) fn combined(section: &Section<'_>, world: &World, how: How) -> Option<Invariant> {
    let names = section.texts("of");
    if names.len() < 2 {
        section.report(
            section.line(),
            "there is nothing to combine",
            "Name two invariants or more: `of = [\"mutual exclusion\", \"eventually free\"]`.",
        );
        return None;
    }
    let of: Vec<Invariant> = names
        .iter()
        .filter_map(|name| named(section, world, name))
        .collect();
    (of.len() == names.len()).then_some(Invariant::Combined(Combined { how, of }))
}

pub(crate) fn unless(section: &Section<'_>, world: &World) -> Option<Invariant> {
    let promise = section.must("of", section.text("of"), "\"no lost job\"");
    let moment = section.must("moment", section.text("moment"), "\"when redis crashes\"");
    let promise = promise.and_then(|name| named(section, world, &name));
    let At { line, it } = moment?;
    match Position::parse(&it, &world.names()) {
        Ok(moment) => Some(Invariant::Unless(Unless {
            promise: Box::new(promise?),
            moment,
        })),
        Err(mistake) => {
            section.report(
                line,
                format!("the moment \"{it}\" can't be: {mistake}"),
                "Write it as in: when worker-a crashes.",
            );
            None
        }
    }
}
