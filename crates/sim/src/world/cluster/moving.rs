//! A person moves a slot, as `redis-cli --cluster reshard` does: both ends are told, then the keys go, then the slot.

use redwind_engine::key_slot;

use super::World;
use crate::world::queue::{Act, Class};
use crate::{Place, Span};

/// How long a person waits before looking again whether the keys have gone.
const LOOK: Span = Span::millis(1);

/// How often, before giving up.
const MOST_LOOKS: u32 = 5_000;

/// A slot's move under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    slot: u16,
    from: u16,
    to: u16,
    /// Whether the keys were told to go.
    sent: bool,
    looks: u32,
}

impl World {
    /// A slot begins to move; its keys go after `lasts`.
    pub(crate) fn move_slot(&mut self, slot: u16, to: u16, lasts: Span) {
        let Some(view) = self.view(to) else {
            return;
        };
        let Some(owner) = view.owner(slot).filter(|owner| *owner != view.myself()) else {
            return;
        };
        let Place::Node(from) = self.plan.members.place(owner) else {
            return;
        };
        self.say_setslot(to, slot, "IMPORTING", from);
        self.say_setslot(from, slot, "MIGRATING", to);
        let moving = Move {
            slot,
            from,
            to,
            sent: false,
            looks: 0,
        };
        self.queue
            .push(self.now + lasts, Class::Ordinary, Act::MoveKeys(moving));
    }

    /// The keys of a moving slot go, or have gone: then the slot follows.
    pub(crate) fn move_keys(&mut self, mut moving: Move) {
        let place = &self.nodes[usize::from(moving.from)];
        let of_slot = |key: &&[u8]| key_slot(key) == moving.slot;
        let keys: Vec<String> = place
            .engine
            .keys(0)
            .filter(of_slot)
            .map(redwind_resp::render_quoted)
            .collect();
        let name = |node: u16| self.plan.scenario.nodes[usize::from(node)].name.clone();
        let (from, to) = (name(moving.from), name(moving.to));
        if keys.is_empty() && !place.migrating {
            // The new owner first: else for a moment each would send clients to the other.
            self.say_setslot(moving.to, moving.slot, "NODE", moving.to);
            self.say_setslot(moving.from, moving.slot, "NODE", moving.to);
            return;
        }
        if !moving.sent && place.runs() {
            let line = format!("MIGRATE {to} 6379 \"\" 0 5000 KEYS {}", keys.join(" "));
            self.typed(&from, &line);
            moving.sent = true;
        }
        moving.looks += 1;
        if moving.looks < MOST_LOOKS {
            self.queue
                .push(self.now + LOOK, Class::Ordinary, Act::MoveKeys(moving));
        }
    }

    fn say_setslot(&mut self, on: u16, slot: u16, how: &str, member: u16) {
        let names = &self.plan.scenario.nodes;
        let id = super::identity(&names[usize::from(member)].name);
        let on = names[usize::from(on)].name.clone();
        let id = String::from_utf8_lossy(&id).into_owned();
        self.typed(&on, &format!("CLUSTER SETSLOT {slot} {how} {id}"));
    }
}
