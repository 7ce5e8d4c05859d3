//! The arguments of a call, by position or by name as in Python.

use super::Refused;
use crate::{Data, ResourceCall};

/// How much of a value an effect shows.
const MOST_SHOWN: usize = 60;

pub(super) struct Args<'a>(&'a ResourceCall);

/// A method's parameters: names, the optional ones last.
pub(super) struct Signature {
    /// As Python would write it, without the resource's name: `get(table, id)`.
    pub(super) text: &'static str,
    pub(super) names: &'static [&'static str],
    /// How many of the names may be left out.
    pub(super) optional: usize,
}

impl<'a> Args<'a> {
    pub(super) fn new(call: &'a ResourceCall) -> Self {
        Self(call)
    }

    pub(super) fn method(&self) -> &'a str {
        &self.0.method
    }

    /// The values in the signature's order.
    pub(super) fn bind<const N: usize>(
        &self,
        signature: &Signature,
    ) -> Result<[Option<&'a Data>; N], Refused> {
        let mut values = [None; N];
        if self.0.args.len() > signature.names.len() {
            return Err(self.wrong(signature, "too many arguments"));
        }
        for (slot, value) in values.iter_mut().zip(&self.0.args) {
            *slot = Some(value);
        }
        for (name, value) in &self.0.named {
            match signature.names.iter().position(|known| known == name) {
                Some(at) if values[at].is_none() => values[at] = Some(value),
                Some(_) => return Err(self.wrong(signature, &format!("{name} is given twice"))),
                None => return Err(self.wrong(signature, &format!("it takes no {name}"))),
            }
        }
        let wanted = signature.names.len() - signature.optional;
        match (0..wanted).find(|at| values[*at].is_none()) {
            Some(at) => Err(self.wrong(signature, &format!("{} is missing", signature.names[at]))),
            None => Ok(values),
        }
    }

    pub(super) fn wrong(&self, signature: &Signature, why: &str) -> Refused {
        let resource = &self.0.resource;
        Refused::arguments(format!("{resource}.{}: {why}", signature.text))
    }

    pub(super) fn no_such_method(&self, signatures: &[Signature]) -> Refused {
        let ResourceCall {
            resource, method, ..
        } = self.0;
        let known: Vec<&str> = signatures.iter().map(|signature| signature.text).collect();
        Refused {
            kind: "AttributeError",
            message: format!(
                "{resource} has no method {method}; it has {}",
                known.join(", ")
            ),
            effect: None,
        }
    }
}

/// A name or an id as text: what a program gave as a string or a number.
pub(super) fn text(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value, shortened for an effect.
pub(super) fn shown(data: &Data) -> String {
    shorten(&text(data), MOST_SHOWN)
}

/// At most so many characters, the last one being an ellipsis if there were more.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            kept + "…"
        }
    }
}
