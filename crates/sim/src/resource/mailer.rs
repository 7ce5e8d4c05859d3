//! Sends messages that nobody can call back.

use std::collections::BTreeSet;

use super::Outcome;
use super::args::{Args, Signature, shorten, text};
use crate::{Data, Effect};

const SEND: Signature = Signature {
    text: "send(to, subject, body=None, key=None)",
    names: &["to", "subject", "body", "key"],
    optional: 2,
};

/// What was sent, in order, and the keys under which it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailer {
    sent: Vec<(String, String)>,
    keys: BTreeSet<String>,
}

impl Mailer {
    /// Sends a message, unless one with the same key has been sent; returns whether it went out.
    pub(super) fn call(&mut self, args: &Args<'_>) -> Outcome {
        if args.method() != "send" {
            return Err(args.no_such_method(&[SEND]));
        }
        let [to, subject, _, key] = args.bind(&SEND)?;
        let (to, subject) = (
            text(to.unwrap_or(&Data::Null)),
            text(subject.unwrap_or(&Data::Null)),
        );
        let fresh = match key {
            None | Some(Data::Null) => true,
            Some(key) => self.keys.insert(text(key)),
        };
        let effect = Effect {
            target: to.clone(),
            value: shorten(&subject, 60),
            token: None,
            accepted: fresh,
        };
        if fresh {
            self.sent.push((to, subject));
        }
        Ok((Data::Bool(fresh), Some(effect)))
    }

    pub(super) fn rows(&self) -> Vec<(String, String, Data)> {
        (1..)
            .zip(&self.sent)
            .map(|(number, (to, subject)): (u32, _)| {
                (to.clone(), number.to_string(), Data::Text(subject.clone()))
            })
            .collect()
    }
}
