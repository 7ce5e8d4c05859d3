//! Sends messages that nobody can call back.

use super::Outcome;
use super::args::{Args, Signature, shorten, text};
use crate::{Data, Effect};

const SEND: Signature = Signature {
    text: "send(to, subject, body=None)",
    names: &["to", "subject", "body"],
    optional: 1,
};

/// What was sent, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailer {
    sent: Vec<(String, String)>,
}

impl Mailer {
    pub(super) fn call(&mut self, args: &Args<'_>) -> Outcome {
        if args.method() != "send" {
            return Err(args.no_such_method(&[SEND]));
        }
        let [to, subject, _] = args.bind(&SEND)?;
        let (to, subject) = (
            text(to.unwrap_or(&Data::Null)),
            text(subject.unwrap_or(&Data::Null)),
        );
        self.sent.push((to.clone(), subject.clone()));
        let effect = Effect {
            target: to,
            value: shorten(&subject, 60),
            token: None,
            accepted: true,
        };
        Ok((Data::Null, Some(effect)))
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
