//! Named values, behind a door that can check a fencing token.

use std::collections::BTreeMap;

use super::args::{Args, Signature, shown, text};
use super::{Outcome, Refused};
use crate::{Data, Effect};

const WRITE: Signature = Signature {
    text: "write(name, value, token=None)",
    names: &["name", "value", "token"],
    optional: 1,
};
const READ: Signature = Signature {
    text: "read(name)",
    names: &["name"],
    optional: 0,
};
const DELETE: Signature = Signature {
    text: "delete(name, token=None)",
    names: &["name", "token"],
    optional: 1,
};

/// Named values, and the highest token seen for each name: it is remembered even when the value is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Storage {
    values: BTreeMap<String, Data>,
    highest: BTreeMap<String, i64>,
}

impl Storage {
    pub(super) fn new(initial: &[(String, String, Data)]) -> Self {
        let values = initial
            .iter()
            .map(|(name, _, value)| (name.clone(), value.clone()))
            .collect();
        Self {
            values,
            highest: BTreeMap::new(),
        }
    }

    pub(super) fn call(&mut self, args: &Args<'_>) -> Outcome {
        match args.method() {
            "write" => {
                let [name, value, token] = args.bind(&WRITE)?;
                let (name, value) = (
                    text(name.unwrap_or(&Data::Null)),
                    value.unwrap_or(&Data::Null),
                );
                let effect = self.admit(args, &WRITE, &name, shown(value), token)?;
                self.values.insert(name, value.clone());
                Ok((Data::Bool(true), Some(effect)))
            }
            "delete" => {
                let [name, token] = args.bind(&DELETE)?;
                let name = text(name.unwrap_or(&Data::Null));
                let effect = self.admit(args, &DELETE, &name, "deleted".to_owned(), token)?;
                let existed = self.values.remove(&name).is_some();
                Ok((Data::Bool(existed), existed.then_some(effect)))
            }
            "read" => {
                let [name] = args.bind(&READ)?;
                let value = self.values.get(&text(name.unwrap_or(&Data::Null)));
                Ok((value.cloned().unwrap_or(Data::Null), None))
            }
            _ => Err(args.no_such_method(&[WRITE, READ, DELETE])),
        }
    }

    /// Lets a write in unless its token is lower than one seen before. A write without a token is not checked:
    /// a store can only refuse what it is told.
    fn admit(
        &mut self,
        args: &Args<'_>,
        signature: &Signature,
        name: &str,
        value: String,
        token: Option<&Data>,
    ) -> Result<Effect, Refused> {
        let token = match token {
            None | Some(Data::Null) => None,
            Some(Data::Int(token)) => Some(*token),
            // Replies are text when a client decodes them, so a token often comes as digits.
            Some(Data::Text(digits)) if digits.parse::<i64>().is_ok() => digits.parse().ok(),
            Some(other) => {
                let why = format!("token must be a whole number, not {other}");
                return Err(args.wrong(signature, &why));
            }
        };
        let mut effect = Effect {
            target: name.to_owned(),
            value,
            token,
            accepted: true,
        };
        let Some(token) = token else {
            return Ok(effect);
        };
        match self.highest.get(name).copied() {
            Some(highest) if token < highest => {
                effect.accepted = false;
                Err(Refused {
                    kind: "StaleToken",
                    message: format!("token {token} is lower than {highest}"),
                    effect: Some(effect),
                })
            }
            _ => {
                self.highest.insert(name.to_owned(), token);
                Ok(effect)
            }
        }
    }

    pub(super) fn rows(&self) -> Vec<(String, String, Data)> {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), String::new(), value.clone()))
            .collect()
    }
}
