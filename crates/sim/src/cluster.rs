//! A cluster: which nodes share the hash slots at the start, and what its nodes come to know of each other.

use std::sync::Arc;

use crate::{Place, Span};

/// Nodes that share the hash slots between them, as a Redis Cluster does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpec {
    /// Its nodes. Which of them are replicas is in their own descriptions.
    pub members: Vec<ClusterMember>,
    /// `cluster-node-timeout`: after so long without an answer a node is suspected.
    pub node_timeout: Span,
    /// `cluster-require-full-coverage`: whether a slot that nobody serves stops all of them.
    pub full_coverage: bool,
    /// `cluster-allow-reads-when-down`: whether a node that stopped serving still answers reads.
    pub reads_when_down: bool,
    /// `cluster-replica-validity-factor`: a replica that was without its primary for more than so many node timeouts
    /// does not stand for election; 0: it always does.
    pub replica_validity_factor: u32,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterMember {
    /// The node's name.
    pub node: String,
    /// The slots that it owns at the start, in ranges with both ends; none for a replica.
    pub slots: Vec<(u16, u16)>,
}

impl ClusterSpec {
    /// A cluster of these nodes with Redis's own settings.
    #[must_use]
    pub fn new(members: Vec<ClusterMember>) -> Self {
        Self {
            members,
            node_timeout: Span::seconds(15),
            full_coverage: true,
            reads_when_down: false,
            replica_validity_factor: 10,
        }
    }

    /// Divides all slots evenly between these primaries, in their order, as `redis-cli --cluster create` does.
    #[must_use]
    pub fn shares(primaries: usize) -> Vec<(u16, u16)> {
        let slots = usize::from(redwind_engine::SLOTS);
        // Rounded to the nearest, as redis-cli rounds: three primaries get 0-5460, 5461-10922 and 10923-16383.
        let border = |index: usize| (2 * slots * index + primaries) / (2 * primaries.max(1));
        (0..primaries)
            .map(|index| (border(index), border(index + 1)))
            .filter(|(first, next)| first < next)
            .map(|(first, next)| {
                let narrow = |slot: usize| u16::try_from(slot).unwrap_or(u16::MAX);
                (narrow(first), narrow(next - 1))
            })
            .collect()
    }
}

/// What a node of a cluster comes to know, or does because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterNews {
    /// It has not heard from another for too long (`PFAIL`): its own view only.
    Suspects {
        /// The other.
        member: Place,
    },
    /// A majority of the primaries suspects a node: it counts as failed (`FAIL`), and everybody is told.
    Fails {
        /// Which node.
        member: Place,
        /// Who suspects it.
        reporters: Arc<[Place]>,
    },
    /// A node that was suspected or had failed answers again.
    Reaches {
        /// Which node.
        member: Place,
    },
    /// A replica will stand for election in place of its failed primary, after a delay that lets others with newer
    /// data go first.
    Waits {
        /// The primary.
        primary: Place,
        /// How long it waits.
        lasts: Span,
        /// How many other replicas of that primary have newer data.
        rank: u32,
    },
    /// A replica asks the primaries for their votes.
    Stands {
        /// The primary that it wants to replace.
        primary: Place,
        /// The epoch of the election: a primary votes once in an epoch.
        epoch: u64,
    },
    /// A primary votes for a replica.
    Votes {
        /// The replica.
        candidate: Place,
        /// The epoch of the election.
        epoch: u64,
    },
    /// A replica takes its primary's place, with its slots.
    Wins {
        /// The primary that was.
        primary: Place,
        /// The epoch of its claim to the slots.
        epoch: u64,
        /// How many votes it got; 0: it asked nobody (`CLUSTER FAILOVER TAKEOVER`).
        votes: u32,
    },
    /// It learns that slots belong to another node than it thought.
    Learns {
        /// The node.
        owner: Place,
        /// The slots in ranges, both ends included.
        slots: Arc<[(u16, u16)]>,
        /// The epoch of the claim.
        epoch: u64,
    },
    /// It serves no clients any more.
    Stops {
        /// Why: it sees too few primaries; else a slot has no live owner.
        minority: bool,
    },
    /// It serves clients again.
    Serves,
    /// A primary takes no writes for a moment, so that a replica can catch up and replace it.
    HandsOver {
        /// The replica.
        replica: Place,
    },
    /// Keys of a slot that is being moved arrived here.
    Takes {
        /// From which node.
        from: Place,
        /// How many.
        keys: u32,
    },
    /// It deletes keys of slots that another node owns now.
    Drops,
}
