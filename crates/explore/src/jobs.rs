//! The jobs of a queue, and which effects are theirs.

use bytes::Bytes;
use redwind_engine::Preview;
use redwind_sim::{Effect, Event, KeyChange, Place, Record};

use crate::History;
use crate::history::text;
use crate::keys::elements;

/// A job of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// What it is called.
    pub(crate) name: String,
    /// The ids of its entries, when the queue is a stream: usually one, more if it was added again.
    pub(crate) ids: Vec<Bytes>,
}

/// Every job that was ever seen in the list or stream at `queue`, in the order of first sight.
pub(crate) fn jobs(history: &History<'_>, queue: &[u8]) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut see = |name: String, id: Option<&Bytes>| {
        let known = jobs.iter().position(|job| job.name == name);
        let at = known.unwrap_or_else(|| {
            jobs.push(Job {
                name,
                ids: Vec::new(),
            });
            jobs.len() - 1
        });
        if let Some(id) = id
            && !jobs[at].ids.contains(id)
        {
            jobs[at].ids.push(id.clone());
        }
    };
    let mut seen = |change: &KeyChange| match change.view.as_ref().map(|view| &view.preview) {
        Some(Preview::Stream { entries, .. }) => {
            // The newest is first.
            for (id, fields) in entries.iter().rev() {
                see(entry_name(fields), Some(id));
            }
        }
        _ => {
            for job in change.view.iter().flat_map(elements) {
                see(name(job), None);
            }
        }
    };
    let initial = history.initial.iter().map(|(_, change)| change);
    initial
        .filter(|change| change.key == queue)
        .for_each(&mut seen);
    for record in history.records {
        let changes = History::changes(record).iter();
        changes
            .filter(|change| change.key == queue)
            .for_each(&mut seen);
    }
    // A long list shows only its beginning: what is pushed is also read off the commands.
    for record in history.records {
        for job in pushed(record, queue) {
            let name = name(job);
            if !jobs.iter().any(|job| job.name == name) {
                jobs.push(Job {
                    name,
                    ids: Vec::new(),
                });
            }
        }
    }
    jobs
}

fn pushed<'a>(record: &'a Record, queue: &[u8]) -> &'a [Bytes] {
    let Event::Executed {
        argv,
        reply: Some(reply),
        ..
    } = &record.event
    else {
        return &[];
    };
    match &argv[..] {
        [name, key, jobs @ ..]
            if key == queue
                && !reply.is_error()
                && (name.eq_ignore_ascii_case(b"LPUSH") || name.eq_ignore_ascii_case(b"RPUSH")) =>
        {
            jobs
        }
        _ => &[],
    }
}

/// What an entry of a stream is called: its field `id`, or else its first value.
pub(crate) fn entry_name(fields: &[(Bytes, Bytes)]) -> String {
    let id = fields.iter().find(|(field, _)| field.as_ref() == b"id");
    id.or(fields.first())
        .map_or_else(String::new, |(_, value)| name(value))
}

/// What a job is called: its text, or the `id` of a JSON object.
pub(crate) fn name(job: &[u8]) -> String {
    let id = serde_json::from_slice::<serde_json::Value>(job)
        .ok()
        .and_then(|json| match json.get("id") {
            Some(serde_json::Value::String(id)) => Some(id.clone()),
            Some(serde_json::Value::Number(id)) => Some(id.to_string()),
            _ => None,
        });
    id.unwrap_or_else(|| text(job))
}

/// Whether an effect is this job's: its target or value has the job's name in it, as a whole word.
pub(crate) fn is_effect_of(effect: &Effect, name: &str) -> bool {
    mentions(&effect.target, name) || mentions(&effect.value, name)
}

fn mentions(text: &str, name: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
}

/// The effects that a resource accepted, each with its record and who asked for it.
pub(crate) fn accepted<'a>(
    history: &'a History<'_>,
    resource: &str,
) -> impl Iterator<Item = (&'a Record, Place, &'a Effect)> {
    let place = history.resource(resource);
    history
        .records
        .iter()
        .filter_map(move |record| match &record.event {
            Event::Performed {
                by,
                effect: Some(effect),
                ..
            } if Some(record.place) == place && effect.accepted => Some((record, *by, effect)),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_by_its_text_or_by_the_id_it_carries() {
        assert_eq!(name(b"order-17"), "order-17");
        assert_eq!(name(br#"{"id": "order-17", "to": "ada"}"#), "order-17");
        assert_eq!(name(br#"{"id": 17}"#), "17");
    }

    #[test]
    fn an_entry_is_named_by_its_field_id_or_by_its_first_value() {
        let pair =
            |field: &'static str, value: &'static str| (Bytes::from(field), Bytes::from(value));
        let fields = [pair("order", "order-17"), pair("to", "ada")];
        assert_eq!(entry_name(&fields), "order-17");
        assert_eq!(entry_name(&[pair("to", "ada"), pair("id", "17")]), "17");
    }

    #[test]
    fn an_effect_belongs_to_the_job_whose_whole_name_it_bears() {
        let effect = Effect {
            target: "ada@example.com: Receipt for order-17".to_owned(),
            value: String::new(),
            token: None,
            accepted: true,
        };
        assert!(is_effect_of(&effect, "order-17"));
        assert!(!is_effect_of(&effect, "order-1"));
        assert!(!is_effect_of(&effect, "17"));
    }
}
