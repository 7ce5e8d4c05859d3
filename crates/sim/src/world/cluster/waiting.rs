//! Clients that wait for a key in a slot which is no longer served here: nothing will ever come for them.

use redwind_engine::{command_keys, key_slot};
use redwind_resp::Value;

use super::World;
use crate::world::network::Connection;
use crate::world::node::Answered;

impl World {
    /// Sends clients away that wait where the key can no longer come.
    pub(super) fn redirect_waiters(&mut self, node: u16) {
        for connection in self.nodes[usize::from(node)].connections_blocked() {
            let Some(error) = self.refuses_waiter(node, connection) else {
                continue;
            };
            let place = &mut *self.nodes[usize::from(node)];
            let Some(session) = place.sessions.get(&connection) else {
                continue;
            };
            let to = session.id;
            // Who waits for replicas or for a pause to end waits for no key.
            if !place.engine.give_up_waiting(to) {
                continue;
            }
            let answered = Answered {
                to,
                value: Value::error(error),
                changes: Vec::new(),
            };
            self.unblock(node, vec![answered], None);
        }
    }

    /// What Redis answers to a client that waits in vain.
    fn refuses_waiter(&self, node: u16, connection: Connection) -> Option<String> {
        let view = self.view(node)?;
        let session = self.nodes[usize::from(node)].sessions.get(&connection)?;
        let work = session.work.front()?;
        let argv = work.packet.commands().get(work.replies.len())?;
        let (keys, reads) = command_keys(argv);
        let slot = key_slot(argv.get(*keys.first()?)?);
        if !view.is_up() {
            return Some("CLUSTERDOWN The cluster is down".to_owned());
        }
        let me = view.myself();
        let Some(owner) = view.owner(slot) else {
            return Some("CLUSTERDOWN Hash slot not served".to_owned());
        };
        let served = owner == me || reads && view.members()[me].primary == Some(owner);
        if served || view.moves().1.contains_key(&slot) {
            return None;
        }
        let member = &view.members()[owner];
        let host = String::from_utf8_lossy(&member.host);
        Some(format!("MOVED {slot} {host}:{}", member.port))
    }
}
