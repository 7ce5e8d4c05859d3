//! What a node of a cluster knows of the others, and where it therefore sends a command.
//!
//! The tables are fed by the host, which carries the cluster's own messages; only `CLUSTER SETSLOT` changes them from
//! inside. The decision follows Redis's `getNodeByQuery`.

use bytes::Bytes;
use triomphe::Arc;

use crate::commands::key_places;
use crate::sorted::Sorted;
use crate::{Command, Engine, Flags, Micros, Refusal, SessionId};

/// How many hash slots there are.
pub const SLOTS: u16 = 16_384;

/// The hash slot of a key: of what stands between its first `{` and the next `}`, if that is anything.
pub fn key_slot(key: &[u8]) -> u16 {
    let tag = key
        .iter()
        .position(|byte| *byte == b'{')
        .and_then(|open| {
            let rest = &key[open + 1..];
            let close = rest.iter().position(|byte| *byte == b'}')?;
            (close > 0).then(|| &rest[..close])
        })
        .unwrap_or(key);
    crc16(tag) % SLOTS
}

/// Where the keys of a command line are, its name being 0, and whether the command only reads.
pub fn command_keys(argv: &[Bytes]) -> (Vec<usize>, bool) {
    let Ok(command) = crate::commands::resolve_name(argv) else {
        return (Vec::new(), false);
    };
    let reads = command.flags.has(Flags::READ);
    (key_places(command, argv), reads)
}

/// CRC-16/XMODEM, bit by bit: keys are short.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            }
        })
    })
}

/// What a node thinks of another one's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    #[default]
    Online,
    /// This node has not heard from it for too long (`PFAIL`).
    Suspected,
    /// A majority of primaries agreed that it is down (`FAIL`).
    Failed,
}

/// A node of the cluster, as another one knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Forty hexadecimal digits.
    pub id: Bytes,
    /// Where clients are sent.
    pub host: Bytes,
    /// The port that goes with it.
    pub port: u16,
    /// The member that it is a replica of, by index; `None`: it is a primary.
    pub primary: Option<usize>,
    /// The epoch of its configuration.
    pub epoch: u64,
    /// Whether it is thought to be alive.
    pub health: Health,
    /// How far it has got in its stream of writes.
    pub offset: u64,
    /// When a ping was sent that is still unanswered, in milliseconds; 0: none is.
    pub pinged_ms: u64,
    /// When it answered last.
    pub ponged_ms: u64,
}

impl Member {
    /// A healthy primary of epoch 0.
    pub fn new(id: impl Into<Bytes>, host: impl Into<Bytes>, port: u16) -> Self {
        Self {
            id: id.into(),
            host: host.into(),
            port,
            primary: None,
            epoch: 0,
            health: Health::Online,
            offset: 0,
            pinged_ms: 0,
            ponged_ms: 0,
        }
    }
}

/// The cluster as one node knows it.
#[derive(Clone, Debug)]
pub struct Cluster {
    members: Vec<Member>,
    myself: usize,
    /// The owner of each slot: copied only when one changes hands.
    owners: Arc<Vec<Option<u16>>>,
    /// How many slots each member owns.
    owned: Vec<u16>,
    /// Counts the changes of owners.
    version: u64,
    migrating: Sorted<u16, usize>,
    importing: Sorted<u16, usize>,
    /// The highest epoch that this node has heard of.
    pub current_epoch: u64,
    /// `cluster-require-full-coverage`: a slot without a live owner stops the whole node.
    full_coverage: bool,
    /// `cluster-allow-reads-when-down`
    reads_when_down: bool,
    /// Whether the host says when the node serves; else it follows what the node sees at once.
    hosted: bool,
    up: bool,
    /// How many messages of the cluster it has sent and received.
    pub messages: (u64, u64),
}

impl Cluster {
    /// A cluster of these members, nobody owning a slot yet. `None` when `myself` is no index into them.
    pub fn new(members: Vec<Member>, myself: usize) -> Option<Self> {
        members.get(myself)?;
        Some(Self {
            current_epoch: members.iter().map(|member| member.epoch).max().unwrap_or(0),
            owned: vec![0; members.len()],
            members,
            myself,
            owners: Arc::new(vec![None; usize::from(SLOTS)]),
            version: 0,
            migrating: Sorted::default(),
            importing: Sorted::default(),
            full_coverage: true,
            reads_when_down: false,
            hosted: false,
            up: false,
            messages: (0, 0),
        })
    }

    /// How it takes missing slots: `cluster-require-full-coverage` and `cluster-allow-reads-when-down`.
    pub fn configure(&mut self, full_coverage: bool, reads_when_down: bool) {
        (self.full_coverage, self.reads_when_down) = (full_coverage, reads_when_down);
        self.refresh();
    }

    /// Every member that this node knows; itself too.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Which of them it is.
    pub fn myself(&self) -> usize {
        self.myself
    }

    /// The member that owns a slot.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let owner = self.owners.get(usize::from(slot)).copied().flatten();
        owner.map(usize::from)
    }

    /// How many slots a member owns.
    pub fn slots_of(&self, member: usize) -> u16 {
        self.owned.get(member).copied().unwrap_or(0)
    }

    /// Another number whenever a slot has changed hands.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether this node serves clients.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// From now on the host says whether this node serves clients: a server waits a little before it serves again.
    pub fn serve(&mut self, up: bool) {
        (self.hosted, self.up) = (true, up);
    }

    /// Whether a majority of the primaries that own slots can be reached.
    pub fn sees_majority(&self) -> bool {
        let voters = self.voters();
        let reached = voters
            .iter()
            .filter(|voter| self.members[**voter].health == Health::Online);
        reached.count() > voters.len() / 2
    }

    /// Whether this node may serve clients as far as it knows: it sees a majority, and (unless told not to mind) every
    /// slot has an owner that has not failed.
    pub fn sees_service(&self) -> bool {
        let covered = self.owned_by(|owner| owner.health != Health::Failed);
        (!self.full_coverage || covered == usize::from(SLOTS)) && self.sees_majority()
    }

    /// Learns something about a member.
    pub fn update(&mut self, member: usize, learn: impl FnOnce(&mut Member)) {
        if let Some(known) = self.members.get_mut(member) {
            learn(known);
            self.current_epoch = self.current_epoch.max(known.epoch);
            self.refresh();
        }
    }

    /// Gives slots to a member, or (`None`) to nobody. A move of a slot that this node was part of is over then.
    pub fn assign(&mut self, slots: impl IntoIterator<Item = u16>, owner: Option<usize>) {
        let owner = owner.filter(|owner| *owner < self.members.len());
        let given = owner.and_then(|owner| u16::try_from(owner).ok());
        for slot in slots {
            let before = self.owner(slot);
            if slot >= SLOTS {
                continue;
            }
            if owner == Some(self.myself) {
                self.importing.remove(&slot);
            } else {
                self.migrating.remove(&slot);
            }
            if before == owner {
                continue;
            }
            self.version += 1;
            Arc::make_mut(&mut self.owners)[usize::from(slot)] = given;
            if let Some(before) = before {
                self.owned[before] -= 1;
            }
            if let Some(owner) = owner {
                self.owned[owner] += 1;
            }
        }
        self.refresh();
    }

    /// The slots of a member in ranges, both ends included.
    pub fn ranges(&self, member: usize) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        let wanted = u16::try_from(member).ok();
        for (slot, owner) in (0..SLOTS).zip(self.owners.iter()) {
            match ranges.last_mut() {
                _ if owner.is_none() || *owner != wanted => {}
                Some((_, last)) if *last + 1 == slot => *last = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        ranges
    }

    /// The member with this identity.
    pub fn find(&self, id: &[u8]) -> Option<usize> {
        self.members.iter().position(|member| member.id == id)
    }

    /// Slots that are being moved away from this node and towards it, each with the member at the other end.
    pub fn moves(&self) -> (&Sorted<u16, usize>, &Sorted<u16, usize>) {
        (&self.migrating, &self.importing)
    }

    pub(crate) fn migrate(&mut self, slot: u16, to: usize) {
        self.migrating.insert(slot, to);
    }

    pub(crate) fn import(&mut self, slot: u16, from: usize) {
        self.importing.insert(slot, from);
    }

    pub(crate) fn stop_moving(&mut self, slot: u16) {
        self.migrating.remove(&slot);
        self.importing.remove(&slot);
    }

    /// Gives up every move of a slot, as a node does that becomes a replica.
    pub fn stop_all_moves(&mut self) {
        self.migrating.clear();
        self.importing.clear();
    }

    pub(crate) fn stop_migrating(&mut self, slot: u16) {
        self.migrating.remove(&slot);
    }

    pub(crate) fn owned_by(&self, suits: impl Fn(&Member) -> bool) -> usize {
        let members = self.members.iter().zip(&self.owned);
        members
            .filter(|(member, _)| suits(member))
            .map(|(_, owned)| usize::from(*owned))
            .sum()
    }

    /// The primaries that own slots: those who vote.
    pub fn voters(&self) -> Vec<usize> {
        (0..self.members.len())
            .filter(|member| self.owned[*member] > 0)
            .collect()
    }

    fn refresh(&mut self) {
        if !self.hosted {
            self.up = self.sees_service();
        }
    }
}

/// What a session has told the node about its next commands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Redirection {
    /// `ASKING`: the next command may use a slot that is still being imported.
    pub(crate) asking: bool,
    /// `READONLY`: a replica may answer reads.
    pub(crate) readonly: bool,
}

impl Engine {
    /// Makes this server a node of a cluster, or (`None`) a server of its own. Only with the feature `cluster`.
    pub fn join(&mut self, cluster: Option<Cluster>) {
        self.cluster = cluster.map(triomphe::Arc::new);
    }

    /// The cluster that this server is a node of.
    pub fn cluster(&self) -> Option<&Cluster> {
        // So the compiler sees what cannot be reached.
        self.cluster
            .as_deref()
            .filter(|_| cfg!(feature = "cluster"))
    }

    /// The same, to teach it what the cluster's own messages tell.
    pub fn cluster_mut(&mut self) -> Option<&mut Cluster> {
        let cluster = self.cluster.as_mut();
        let cluster = cluster.filter(|_| cfg!(feature = "cluster"));
        cluster.map(triomphe::Arc::make_mut)
    }

    /// Whether the commands of a session must be run elsewhere, and what it is told then. Several are those of a
    /// transaction.
    pub(crate) fn route<'a>(
        &self,
        now: Micros,
        from: SessionId,
        command: &'static Command,
        calls: impl IntoIterator<Item = (&'static Command, &'a [Bytes])>,
    ) -> Result<(), Refusal> {
        let Some(cluster) = self.cluster() else {
            return Ok(());
        };
        if self.primary_link == Some(from) {
            return Ok(());
        }
        let told = self.sessions.get(&from).map(|session| session.redirection);
        let told = told.unwrap_or_default();
        let mut first: Option<(&Bytes, u16, usize)> = None;
        let (mut several, mut missing, mut existing, mut writes) = (false, false, false, false);
        for (call, argv) in calls {
            writes |= call.flags.has(Flags::WRITE);
            for at in key_places(call, argv) {
                let Some(key) = argv.get(at) else {
                    continue;
                };
                let slot = key_slot(key);
                match first {
                    None => {
                        let owner = cluster.owner(slot).ok_or(Refusal::SlotNotServed)?;
                        first = Some((key, slot, owner));
                    }
                    Some((_, of_first, _)) if of_first != slot => return Err(Refusal::CrossSlot),
                    Some((known, ..)) => several |= known != key,
                }
                let entry = self.dbs[0].get(key);
                if entry.is_some_and(|entry| !entry.is_expired(now.millis())) {
                    existing = true;
                } else {
                    missing = true;
                }
            }
        }
        let Some((_, slot, owner)) = first else {
            return Ok(());
        };
        if !cluster.is_up() {
            if !cluster.reads_when_down {
                return Err(Refusal::ClusterDown);
            }
            if writes || command.flags.has(Flags::WRITE) {
                return Err(Refusal::ClusterDownForWrites);
            }
        }
        let elsewhere = |how: &str, member: usize| {
            let member = &cluster.members[member];
            let host = String::from_utf8_lossy(&member.host);
            Err(Refusal::Text(format!(
                "{how} {slot} {host}:{}",
                member.port
            )))
        };
        let mine = owner == cluster.myself;
        if let Some(to) = cluster.migrating.get(&slot).filter(|_| mine && missing) {
            return if existing {
                Err(Refusal::TryAgain)
            } else {
                elsewhere("ASK", *to)
            };
        }
        if cluster.importing.contains_key(&slot) && !mine && told.asking {
            return if several && missing {
                Err(Refusal::TryAgain)
            } else {
                Ok(())
            };
        }
        let reads_here = told.readonly
            && !writes
            && !command.flags.has(Flags::WRITE)
            && cluster.members[cluster.myself].primary == Some(owner);
        if mine || reads_here {
            return Ok(());
        }
        elsewhere("MOVED", owner)
    }
}
