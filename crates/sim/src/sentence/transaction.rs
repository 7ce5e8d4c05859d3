//! What a database does about transactions, in words.

use super::words::called;
use super::{MOST_OF_AN_ARGUMENT, Teller};
use crate::resource::shorten;
use crate::{Effect, Place, ResourceCall, RolledBackBecause, TransactionNews};

impl Teller<'_> {
    /// A write has its effect at last.
    pub(super) fn committed(
        &self,
        me: &str,
        by: Place,
        call: &ResourceCall,
        it: &Effect,
    ) -> String {
        let value = shorten(&it.value, MOST_OF_AN_ARGUMENT);
        let who = self.name(by);
        let (method, target) = (&call.method, &it.target);
        format!("{who}'s {method} of {target} takes effect in {me}: {value}")
    }

    pub(super) fn transaction(&self, me: &str, by: Place, news: &TransactionNews) -> String {
        let who = self.name(by);
        match news {
            TransactionNews::Waits {
                call, lock, holder, ..
            } => format!(
                "{me} lets {who}'s {} wait: {lock} is locked by a transaction of {}",
                called(call),
                self.name(*holder)
            ),
            TransactionNews::RolledBack { writes, because } => {
                let what = match writes {
                    0 => "it had written nothing".to_owned(),
                    1 => "its one write is undone".to_owned(),
                    n => format!("its {n} writes are undone"),
                };
                let why = match because {
                    RolledBackBecause::Left => "whose connection is closed",
                    RolledBackBecause::Failed => "which could not go on",
                    RolledBackBecause::Deadlock => "which would wait for ever",
                };
                format!("{me} rolls back the transaction of {who}, {why}: {what}")
            }
        }
    }
}
