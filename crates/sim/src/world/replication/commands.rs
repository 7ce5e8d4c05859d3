//! Commands about a node's place among others and about its disk, which its engine knows nothing of.

use bytes::Bytes;
use redwind_resp::Value;

use super::roles::Why;
use crate::world::World;
use crate::world::network::Connection;

/// Their names: faults and positions may name them as they name the engine's.
pub(crate) const NAMES: [&str; 11] = [
    "WAIT",
    "WAITAOF",
    "ROLE",
    "REPLICAOF",
    "SLAVEOF",
    "FAILOVER",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "LASTSAVE",
    "MIGRATE",
];

impl World {
    /// Carries out a command that is not the engine's. `Some(None)`: its answer comes later.
    pub(crate) fn own_command(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Option<Value>> {
        if self.is_sentinel(node) {
            return self.sentinel_command(node, connection, argv);
        }
        let name = argv.first()?.to_ascii_uppercase();
        let outcome = match name.as_slice() {
            b"WAIT" => self.wait(node, connection, argv),
            b"WAITAOF" => self.wait_for_disks(node, connection, argv),
            b"ROLE" if argv.len() == 1 => Ok(Some(self.role(node))),
            b"REPLICAOF" | b"SLAVEOF" if argv.len() == 3 => self.replicaof(node, argv),
            b"FAILOVER" => return Some(Some(self.failover_asked(node, argv))),
            b"SAVE" if argv.len() == 1 => Ok(Some(self.save(node, Value::OK))),
            b"BGSAVE" if argv.len() <= 2 => {
                let schedule = |mode: &Bytes| mode.eq_ignore_ascii_case(b"schedule");
                match argv.get(1).is_none_or(schedule) {
                    true => Ok(Some(
                        self.save(node, Value::simple("Background saving started")),
                    )),
                    false => Err("syntax error"),
                }
            }
            b"BGREWRITEAOF" if argv.len() == 1 => Ok(Some(Value::simple(
                "Background append only file rewriting started",
            ))),
            b"LASTSAVE" if argv.len() == 1 => {
                let place = &self.nodes[usize::from(node)];
                let seconds = place.now(place.disk.saved_at()).0 / 1_000_000;
                Ok(Some(Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX))))
            }
            _ => return None,
        };
        Some(outcome.unwrap_or_else(|text| Some(Value::error(format!("ERR {text}")))))
    }

    fn replicaof(&mut self, node: u16, argv: &[Bytes]) -> Result<Option<Value>, &'static str> {
        if argv[1].eq_ignore_ascii_case(b"no") && argv[2].eq_ignore_ascii_case(b"one") {
            self.promote(node, None);
            return Ok(Some(Value::OK));
        }
        let replication = &self.nodes[usize::from(node)].replication;
        if replication.failover.is_some() {
            return Err("REPLICAOF not allowed while failing over.");
        }
        let host = String::from_utf8_lossy(&argv[1]).into_owned();
        let primary = self.plan.node(Some(&host)).filter(|it| *it != node);
        match primary {
            Some(primary) if replication.primary == Some(primary) => Ok(Some(Value::simple(
                "OK Already connected to specified master",
            ))),
            Some(primary) => {
                self.follow(node, primary, Why::Asked, None);
                Ok(Some(Value::OK))
            }
            None => Err("no such node"),
        }
    }

    /// Writes a snapshot to the node's disk. Nothing comes between its beginning and its end.
    fn save(&mut self, node: u16, done: Value) -> Value {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        place.save(now);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::NAMES;
    use crate::TOPICS;

    #[test]
    fn a_terminal_knows_every_command_of_the_engines_or_of_the_worlds() {
        for name in NAMES.map(str::to_ascii_lowercase) {
            let engines = redwind_engine::topics();
            let mut known = engines.iter().chain(TOPICS);
            assert!(known.any(|topic| topic.name == name), "{name}");
        }
    }
}
