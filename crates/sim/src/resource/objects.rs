//! Named objects, each with a tag that changes whenever the object does: writes can ask for the tag they know.

use std::collections::BTreeMap;

use super::args::{Args, Signature, shown, text};
use super::{Outcome, Refused};
use crate::{Data, Effect};

const PUT: Signature = Signature {
    text: "put(name, data, if_match=None, if_none_match=None)",
    names: &["name", "data", "if_match", "if_none_match"],
    optional: 2,
};
const GET: Signature = Signature {
    text: "get(name)",
    names: &["name"],
    optional: 0,
};
const LIST: Signature = Signature {
    text: "list(prefix=None)",
    names: &["prefix"],
    optional: 1,
};
const DELETE: Signature = Signature {
    text: "delete(name, if_match=None)",
    names: &["name", "if_match"],
    optional: 1,
};

#[derive(Clone, Debug)]
struct Object {
    data: Data,
    etag: String,
}

/// Objects by name. Reads see every write that was answered before, and a write takes effect whole or not at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    objects: BTreeMap<String, Object>,
    /// How many writes there were: each gives its object a new tag.
    writes: u64,
}

impl Objects {
    pub(super) fn new(initial: &[(String, String, Data)]) -> Self {
        let mut objects = Self::default();
        for (name, _, data) in initial {
            objects.store(name.clone(), data.clone());
        }
        objects
    }

    fn store(&mut self, name: String, data: Data) -> String {
        self.writes += 1;
        let etag = format!("v{}", self.writes);
        let object = Object {
            data,
            etag: etag.clone(),
        };
        self.objects.insert(name, object);
        etag
    }

    pub(super) fn call(&mut self, args: &Args<'_>) -> Outcome {
        match args.method() {
            "put" => {
                let [name, data, if_match, if_none_match] = args.bind(&PUT)?;
                let name = text(name.unwrap_or(&Data::Null));
                let data = data.unwrap_or(&Data::Null);
                let effect = effect(&name, shown(data));
                self.admit(&name, if_match, &effect)?;
                match if_none_match {
                    None | Some(Data::Null) => {}
                    Some(Data::Text(any)) if any == "*" => {
                        if self.objects.contains_key(&name) {
                            let why = format!("{name} exists");
                            return Err(refused(why, effect));
                        }
                    }
                    Some(other) => {
                        let why = format!("if_none_match can only be '*', not {other}");
                        return Err(args.wrong(&PUT, &why));
                    }
                }
                let etag = self.store(name, data.clone());
                Ok((Data::Text(etag), Some(effect)))
            }
            "get" => {
                let [name] = args.bind(&GET)?;
                let object = self.objects.get(&text(name.unwrap_or(&Data::Null)));
                let found = object.map_or(Data::Null, |object| {
                    Data::Map(vec![
                        ("data".to_owned(), object.data.clone()),
                        ("etag".to_owned(), Data::Text(object.etag.clone())),
                    ])
                });
                Ok((found, None))
            }
            "list" => {
                let [prefix] = args.bind(&LIST)?;
                let prefix = match prefix {
                    None | Some(Data::Null) => String::new(),
                    Some(prefix) => text(prefix),
                };
                let names = self.objects.keys();
                let names = names.filter(|name| name.starts_with(&prefix));
                let names = names.map(|name| Data::Text(name.clone()));
                Ok((Data::List(names.collect()), None))
            }
            "delete" => {
                let [name, if_match] = args.bind(&DELETE)?;
                let name = text(name.unwrap_or(&Data::Null));
                let effect = effect(&name, "deleted".to_owned());
                self.admit(&name, if_match, &effect)?;
                let existed = self.objects.remove(&name).is_some();
                Ok((Data::Bool(existed), existed.then_some(effect)))
            }
            _ => Err(args.no_such_method(&[PUT, GET, LIST, DELETE])),
        }
    }

    /// Lets a write in that names the tag that the object has, or none.
    fn admit(&self, name: &str, if_match: Option<&Data>, effect: &Effect) -> Result<(), Refused> {
        let wanted = match if_match {
            None | Some(Data::Null) => return Ok(()),
            Some(wanted) => text(wanted),
        };
        match self.objects.get(name) {
            Some(object) if object.etag == wanted => Ok(()),
            Some(object) => {
                let why = format!("{name} has the tag {}, not {wanted}", object.etag);
                Err(refused(why, effect.clone()))
            }
            None => Err(refused(format!("there is no {name}"), effect.clone())),
        }
    }

    pub(super) fn rows(&self) -> Vec<(String, String, Data)> {
        self.objects
            .iter()
            .map(|(name, object)| (name.clone(), String::new(), object.data.clone()))
            .collect()
    }
}

fn effect(name: &str, value: String) -> Effect {
    Effect {
        target: name.to_owned(),
        value,
        token: None,
        accepted: true,
    }
}

fn refused(message: String, mut effect: Effect) -> Refused {
    effect.accepted = false;
    Refused {
        kind: "PreconditionFailed",
        message,
        effect: Some(effect),
    }
}
