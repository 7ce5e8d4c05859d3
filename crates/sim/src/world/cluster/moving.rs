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
    /// How long its keys stay behind.
    lasts: Span,
    stage: Stage,
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The old owner is told, after the new one.
    Opens,
    /// The keys go.
    Keys,
    /// They are on their way; looked after so often.
    Going(u32),
    /// The old owner is told that the slot is gone, after the new one was told that it has it.
    Closes,
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
        // The new owner first: the old one sends clients there at once.
        self.say_setslot(to, slot, "IMPORTING", from);
        let moving = Move {
            slot,
            from,
            to,
            lasts,
            stage: Stage::Opens,
        };
        self.agenda.push_back(Act::MoveKeys(moving));
    }

    /// The next step of a slot's move.
    pub(crate) fn move_keys(&mut self, mut moving: Move) {
        let (slot, from, to) = (moving.slot, moving.from, moving.to);
        match moving.stage {
            Stage::Opens => {
                self.say_setslot(from, slot, "MIGRATING", to);
                moving.stage = Stage::Keys;
                let at = self.now + moving.lasts;
                self.queue.push(at, Class::Ordinary, Act::MoveKeys(moving));
            }
            Stage::Keys | Stage::Going(_) => self.carry_keys(moving),
            Stage::Closes => self.say_setslot(from, slot, "NODE", to),
        }
    }

    /// Sends the keys, or looks whether they have gone: then the slot follows.
    fn carry_keys(&mut self, mut moving: Move) {
        let place = &self.nodes[usize::from(moving.from)];
        let of_slot = |key: &&[u8]| key_slot(key) == moving.slot;
        let keys: Vec<String> = place
            .engine
            .keys(0)
            .filter(of_slot)
            .map(redwind_resp::render_quoted)
            .collect();
        if keys.is_empty() && !place.migrating {
            // The new owner first again: else for a moment each would send clients to the other.
            self.say_setslot(moving.to, moving.slot, "NODE", moving.to);
            moving.stage = Stage::Closes;
            return self.agenda.push_back(Act::MoveKeys(moving));
        }
        let looks = match moving.stage {
            Stage::Going(looks) => looks + 1,
            _ if place.runs() => {
                let name = |node: u16| self.plan.scenario.nodes[usize::from(node)].name.clone();
                let (from, to) = (name(moving.from), name(moving.to));
                let keys = keys.join(" ");
                self.typed(&from, &format!("MIGRATE {to} 6379 \"\" 0 5000 KEYS {keys}"));
                0
            }
            _ => 0,
        };
        if looks < MOST_LOOKS {
            moving.stage = Stage::Going(looks);
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
