//! What does worse than it should, in words.

use super::Teller;
use crate::{Disturbance, Sides};

impl Teller<'_> {
    pub(super) fn disturbed(&self, me: &str, what: &Disturbance) -> String {
        match what {
            Disturbance::SlowDisk { by } => {
                format!("the disk of {me} is slow: to force data to it takes {by}")
            }
            Disturbance::SlowCpu { times } => format!("{me} works {times} times slower"),
            Disturbance::Loss { between, ppm } => {
                let percent = crate::language::percent(*ppm);
                let between = self.between(between);
                format!(
                    "the network {between} loses {percent} of all packets, which are sent again"
                )
            }
            Disturbance::SlowLink { between, by } => {
                format!("the network {} takes {by} longer", self.between(between))
            }
            Disturbance::Reset { between } => {
                format!("connections {} are reset", self.between(between))
            }
        }
    }

    pub(super) fn mended(&self, me: &str, what: &Disturbance) -> String {
        match what {
            Disturbance::SlowDisk { .. } => format!("the disk of {me} is as quick as before"),
            Disturbance::SlowCpu { .. } => format!("{me} is as quick as before"),
            Disturbance::Loss { between, .. }
            | Disturbance::SlowLink { between, .. }
            | Disturbance::Reset { between } => {
                format!("the network {} is as good as before", self.between(between))
            }
        }
    }

    fn between(&self, sides: &Sides) -> String {
        let (from, to) = (self.names(&sides.from), self.names(&sides.to));
        match sides.both_ways {
            true => format!("between {from} and {to}"),
            false => format!("from {from} to {to}"),
        }
    }
}
