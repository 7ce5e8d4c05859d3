//! The `[[invariant]]` tables of a world.

use bytes::Bytes;
use redwind_explore::{
    BoundedStaleness, CacheMatchesSource, CachedRow, Drained, EffectCount, EventuallyFree,
    FencingMonotone, How, Invariant, MutualExclusion, NoLostJob, Times, TtlRequired,
};

use crate::combining;
use crate::fields::{At, Section};
use crate::problem::did_you_mean;
use crate::world::{self, World};

const KINDS: [&str; 17] = [
    "mutual exclusion",
    "fencing tokens only grow",
    "no lost job",
    "at most once",
    "at least once",
    "exactly once",
    "bounded staleness",
    "cache matches source",
    "no key without ttl",
    "eventually free",
    "eventually drained",
    "limit in any window",
    "sum conserved",
    "no unbounded wait",
    "all of",
    "any of",
    "unless",
];

/// Reads one; its name is what verdicts call it by.
pub(crate) fn read(section: &Section<'_>, world: &World) -> (String, Option<Invariant>) {
    let Some(kind) = section.must("is", section.text("is"), "\"mutual exclusion\"") else {
        return (String::new(), None);
    };
    let name = section
        .text("name")
        .map_or_else(|| kind.it.clone(), |name| name.it);
    let invariant = match kind.it.as_str() {
        "mutual exclusion" => {
            let lock = lock(section, world);
            let over = resource(section, world, "over");
            lock.map(|lock| Invariant::MutualExclusion(MutualExclusion { lock, over }))
        }
        "fencing tokens only grow" => required_resource(section, world, "over")
            .map(|over| Invariant::FencingMonotone(FencingMonotone { over })),
        "no lost job" => {
            let queue = key(section, "queue", "\"orders\"");
            let kept_in = section
                .texts("kept_in")
                .into_iter()
                .map(|key| Bytes::from(key.it))
                .collect();
            let done_in = required_resource(section, world, "done_in");
            let group = section.text("group").map(|group| Bytes::from(group.it));
            let pending = section.text("pending");
            if let Some(pending) = &pending
                && !matches!(pending.it.as_str(), "kept" | "lost")
            {
                let message = format!("`pending` is \"kept\" or \"lost\", not `{}`", pending.it);
                section.report(
                    pending.line,
                    message,
                    "\"kept\" if somebody is sure to claim what is pending in the end.",
                );
            }
            let pending_counts = pending.is_some_and(|pending| pending.it == "kept");
            queue.zip(done_in).map(|(queue, done_in)| {
                Invariant::NoLostJob(NoLostJob {
                    queue,
                    kept_in,
                    done_in,
                    group,
                    pending_counts,
                })
            })
        }
        "at most once" => effect_count(section, world, Times::AtMostOnce),
        "at least once" => effect_count(section, world, Times::AtLeastOnce),
        "exactly once" => effect_count(section, world, Times::ExactlyOnce),
        "bounded staleness" => {
            let copy = copy(section, world);
            let within = combining::within(section, "\"30s\"");
            copy.zip(within).map(|(copy, within)| {
                Invariant::BoundedStaleness(BoundedStaleness { copy, within })
            })
        }
        "cache matches source" => copy(section, world)
            .map(|copy| Invariant::CacheMatchesSource(CacheMatchesSource { copy })),
        "no key without ttl" => section
            .must("pattern", section.text("pattern"), "\"session:*\"")
            .map(|pattern| {
                Invariant::TtlRequired(TtlRequired {
                    pattern: pattern.it,
                })
            }),
        "eventually free" => {
            lock(section, world).map(|lock| Invariant::EventuallyFree(EventuallyFree { lock }))
        }
        "eventually drained" => {
            key(section, "queue", "\"orders\"").map(|queue| Invariant::Drained(Drained { queue }))
        }
        "limit in any window" => combining::limit(section, world),
        "sum conserved" => combining::sum(section, world),
        "no unbounded wait" => combining::wait(section, world),
        "all of" => combining::combined(section, world, How::All),
        "any of" => combining::combined(section, world, How::Any),
        "unless" => combining::unless(section, world),
        unknown => {
            section.report(
                kind.line,
                format!("there is no invariant `{unknown}`"),
                did_you_mean(unknown, &KINDS),
            );
            return (name, None);
        }
    };
    section.finish();
    (name, invariant)
}

fn effect_count(section: &Section<'_>, world: &World, times: Times) -> Option<Invariant> {
    let on = required_resource(section, world, "on");
    let queue = section.text("queue").map(|queue| Bytes::from(queue.it));
    if queue.is_none() && times != Times::AtMostOnce {
        let message = "without a queue nobody knows what should have had an effect";
        section.report(
            section.line(),
            message,
            "Add `queue = \"…\"`, or promise `at most once`.",
        );
        return None;
    }
    on.map(|on| Invariant::EffectCount(EffectCount { times, on, queue }))
}

fn copy(section: &Section<'_>, world: &World) -> Option<CachedRow> {
    let key = section.must("key", section.text("key"), "\"user:{id}\"");
    let row = section.must("row", section.text("row"), "\"users/{id}\"");
    let source = required_resource(section, world, "source");
    let field = section.text("field").map(|field| field.it);
    Some(CachedRow {
        key: key?.it,
        row: row?.it,
        source: source?,
        field,
    })
}

fn key(section: &Section<'_>, name: &'static str, example: &str) -> Option<Bytes> {
    section
        .must(name, section.text(name), example)
        .map(|key| Bytes::from(key.it))
}

/// A lock must be one of the world's: beliefs are kept only about those.
pub(crate) fn lock(section: &Section<'_>, world: &World) -> Option<Bytes> {
    let At { line, it } = section.must("lock", section.text("lock"), "\"lock:report\"")?;
    let lock = Bytes::from(it.clone());
    if world.locks.iter().any(|known| known.key == lock) {
        return Some(lock);
    }
    let known: Vec<String> = world.locks.iter().map(world::lock_name).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let remedy = match known.is_empty() {
        true => format!("Add `locks = [\"{it}\"]` to the world."),
        false => did_you_mean(&it, &known),
    };
    section.report(
        line,
        format!("`{it}` is not among the world's locks"),
        remedy,
    );
    None
}

pub(crate) fn resource(section: &Section<'_>, world: &World, key: &'static str) -> Option<String> {
    let At { line, it } = section.text(key)?;
    if world.resources.iter().any(|resource| resource.name == it) {
        return Some(it);
    }
    let known: Vec<&str> = world
        .resources
        .iter()
        .map(|resource| resource.name.as_str())
        .collect();
    let remedy = match known.is_empty() {
        true => format!("Add it to the world: `[resource.{it}]`."),
        false => did_you_mean(&it, &known),
    };
    section.report(line, format!("there is no resource `{it}`"), remedy);
    None
}

fn required_resource(section: &Section<'_>, world: &World, key: &'static str) -> Option<String> {
    let found = resource(section, world, key);
    if found.is_none() {
        section.must::<String>(key, None, "\"storage\"");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use redwind_explore::{
        Combined, Counted, LimitInWindow, NoUnboundedWait, Per, SumConserved, Unless,
    };
    use redwind_sim::{Position, Span};

    #[test]
    fn an_invariant_is_written_as_it_is_called() {
        let kinds = KINDS.to_vec();
        let lock = Bytes::from("k");
        let copy = CachedRow {
            key: String::new(),
            source: String::new(),
            row: String::new(),
            field: None,
        };
        let count = |times| {
            Invariant::EffectCount(EffectCount {
                times,
                on: String::new(),
                queue: None,
            })
        };
        let waits = Invariant::NoUnboundedWait(NoUnboundedWait {
            within: Span(1),
            client: None,
            lock: None,
        });
        let all = [
            Invariant::MutualExclusion(MutualExclusion {
                lock: lock.clone(),
                over: None,
            }),
            Invariant::FencingMonotone(FencingMonotone {
                over: String::new(),
            }),
            Invariant::NoLostJob(NoLostJob {
                queue: lock.clone(),
                kept_in: Vec::new(),
                done_in: String::new(),
                group: None,
                pending_counts: false,
            }),
            count(Times::AtMostOnce),
            count(Times::AtLeastOnce),
            count(Times::ExactlyOnce),
            Invariant::BoundedStaleness(BoundedStaleness {
                copy: copy.clone(),
                within: Span(0),
            }),
            Invariant::CacheMatchesSource(CacheMatchesSource { copy }),
            Invariant::TtlRequired(TtlRequired {
                pattern: String::new(),
            }),
            Invariant::EventuallyFree(EventuallyFree { lock: lock.clone() }),
            Invariant::Drained(Drained { queue: lock }),
            Invariant::LimitInWindow(LimitInWindow {
                most: 1,
                within: Span(1),
                what: Counted::Prints {
                    text: String::new(),
                },
                per: Per::All,
            }),
            Invariant::SumConserved(SumConserved {
                rows: None,
                keys: None,
                field: None,
                total: None,
                at_rest: false,
            }),
            waits.clone(),
            Invariant::Combined(Combined {
                how: How::All,
                of: Vec::new(),
            }),
            Invariant::Combined(Combined {
                how: How::Any,
                of: Vec::new(),
            }),
            Invariant::Unless(Unless {
                promise: Box::new(waits),
                moment: Position::End,
            }),
        ];
        let names: Vec<String> = all
            .iter()
            .map(|invariant| invariant.name().to_lowercase())
            .collect();
        assert_eq!(names, kinds);
    }
}
