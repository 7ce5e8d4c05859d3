//! The rows of a database over time, and the cached copies of them.

use redwind_sim::{Data, Event, Record, SimTime};

use crate::History;

/// Which cached key stands for which row. `{id}` in both stands for the same piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedRow {
    /// The key: `user:{id}`.
    pub key: String,
    /// The resource that has the row: `db`.
    pub source: String,
    /// Table and row: `users/{id}`.
    pub row: String,
    /// The one field that is cached, when it is not the whole row.
    pub field: Option<String>,
}

const PLACEHOLDER: &str = "{id}";

impl CachedRow {
    /// The row that `key` is a copy of: `users/42` for `user:42`.
    pub(crate) fn row_of(&self, key: &[u8]) -> Option<String> {
        let key = std::str::from_utf8(key).ok()?;
        let Some((before, after)) = self.key.split_once(PLACEHOLDER) else {
            return (key == self.key).then(|| self.row.clone());
        };
        let id = key.strip_prefix(before)?.strip_suffix(after)?;
        (!id.is_empty()).then(|| self.row.replace(PLACEHOLDER, id))
    }

    /// What the cached bytes say, and whether that is what this version of the row says.
    pub(crate) fn agrees(&self, cached: &[u8], row: Option<&Data>) -> bool {
        let source = match &self.field {
            Some(field) => row.and_then(|row| row.get(field)),
            None => row,
        };
        let source = source.unwrap_or(&Data::Null);
        // A cached value is JSON, or plain text.
        let json = serde_json::from_slice(cached).ok();
        json.is_some_and(|json| same(&json, source))
            || matches!(source, Data::Text(text) if text.as_bytes() == cached)
    }
}

/// Equal as values: the order of a map's fields says nothing.
fn same(json: &serde_json::Value, data: &Data) -> bool {
    use serde_json::Value as Json;
    match (json, data) {
        (Json::Null, Data::Null) => true,
        (Json::Bool(a), Data::Bool(b)) => a == b,
        (Json::Number(a), Data::Int(b)) => a.as_i64() == Some(*b),
        (Json::Number(a), Data::Float(b)) => a.as_f64() == Some(*b),
        (Json::String(a), Data::Text(b)) => a == b,
        (Json::Array(a), Data::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Data::Map(b)) => {
            a.len() == b.len()
                && b.iter()
                    .all(|(name, value)| a.get(name).is_some_and(|json| same(json, value)))
        }
        _ => false,
    }
}

/// What a row was, from when.
pub(crate) struct Version {
    pub(crate) since: SimTime,
    /// The write that made it; `None`: it was there from the start.
    pub(crate) by: Option<u32>,
    pub(crate) row: Option<Data>,
}

/// Every version of `target` (`users/42`) in `source`, oldest first.
pub(crate) fn versions(history: &History<'_>, source: &str, target: &str) -> Vec<Version> {
    let spec = history
        .scenario
        .resources
        .iter()
        .find(|spec| spec.name == source);
    let initial = spec.and_then(|spec| {
        let named = |table: &str, id: &str| {
            if id.is_empty() {
                table.to_owned()
            } else {
                format!("{table}/{id}")
            }
        };
        spec.initial
            .iter()
            .find(|(table, id, _)| named(table, id) == target)
            .map(|(_, _, row)| row.clone())
    });
    let mut versions = vec![Version {
        since: SimTime(0),
        by: None,
        row: initial,
    }];
    let place = history.resource(source);
    for record in history
        .records
        .iter()
        .filter(|record| Some(record.place) == place)
    {
        let current = versions.last().and_then(|version| version.row.as_ref());
        if let Some(row) = written(record, target, current) {
            versions.push(Version {
                since: record.at,
                by: Some(record.seq),
                row,
            });
        }
    }
    versions
}

/// What an accepted write made of the row.
pub(crate) fn written(
    record: &Record,
    target: &str,
    current: Option<&Data>,
) -> Option<Option<Data>> {
    let Event::Performed {
        call,
        effect: Some(effect),
        ..
    } = &record.event
    else {
        return None;
    };
    if !effect.accepted || effect.target != target {
        return None;
    }
    if call.method == "delete" {
        return Some(None);
    }
    let named = |name: &str| {
        call.named
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    };
    let value = call
        .args
        .get(2)
        .or_else(|| named("changes"))
        .or_else(|| named("row"))?;
    Some(Some(match (call.method.as_str(), current, value) {
        ("update", Some(Data::Map(old)), Data::Map(new)) => {
            let mut row = old.clone();
            for (name, value) in new {
                match row.iter_mut().find(|(known, _)| known == name) {
                    Some((_, old)) => *old = value.clone(),
                    None => row.push((name.clone(), value.clone())),
                }
            }
            Data::Map(row)
        }
        _ => value.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(field: Option<&str>) -> CachedRow {
        CachedRow {
            key: "user:{id}:profile".to_owned(),
            source: "db".to_owned(),
            row: "users/{id}".to_owned(),
            field: field.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_names_its_row_by_what_the_placeholder_stands_for() {
        assert_eq!(
            cached(None).row_of(b"user:42:profile").as_deref(),
            Some("users/42")
        );
        assert_eq!(cached(None).row_of(b"user:42"), None);
        assert_eq!(cached(None).row_of(b"user::profile"), None);
    }

    #[test]
    fn a_cached_copy_is_compared_as_a_value_not_as_text() {
        let row = Data::Map(vec![
            ("name".to_owned(), Data::Text("Ada".to_owned())),
            ("age".to_owned(), Data::Int(36)),
        ]);
        assert!(cached(None).agrees(br#"{"age": 36, "name": "Ada"}"#, Some(&row)));
        assert!(!cached(None).agrees(br#"{"age": 37, "name": "Ada"}"#, Some(&row)));
        assert!(cached(Some("name")).agrees(b"Ada", Some(&row)));
        assert!(cached(Some("age")).agrees(b"36", Some(&row)));
        assert!(cached(None).agrees(b"null", None));
    }
}
