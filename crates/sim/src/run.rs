//! A scenario's whole run: its records, and the world at any of them.

use crate::hash::TraceHash;
use crate::world::{Cut, ScenarioError};
use crate::{KeyChange, Place, Record, Scenario, World};

/// How many records lie between two checkpoints, at first.
const SPACING: u32 = 64;

/// With more checkpoints than this, every other one is given up: memory stays bounded, seeking stays quick.
const MOST_CHECKPOINTS: usize = 256;

/// A scenario, run to its end.
pub struct Run {
    records: Vec<Record>,
    /// Worlds, each with how many records came before it; the first one has none.
    checkpoints: Vec<World>,
    spacing: u32,
    cut: Option<Cut>,
    hash: TraceHash,
}

impl Run {
    /// Runs a scenario to its end.
    ///
    /// # Errors
    /// When the scenario names something that it does not have, or a command of its setup fails.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let world = World::new(scenario)?;
        let mut run = Self {
            records: Vec::new(),
            checkpoints: vec![world.clone()],
            spacing: SPACING,
            cut: None,
            hash: TraceHash::default(),
        };
        run.go_on(world);
        Ok(run)
    }

    fn go_on(&mut self, mut world: World) {
        let mut last = world.records();
        while world.step(&mut self.records) {
            if world.records() - last >= self.spacing {
                last = world.records();
                self.checkpoints.push(world.clone());
                self.thin_out();
            }
        }
        self.cut = world.cut();
        self.hash = TraceHash::of(&self.records);
    }

    fn thin_out(&mut self) {
        if self.checkpoints.len() > MOST_CHECKPOINTS {
            self.spacing *= 2;
            let mut even = false;
            self.checkpoints.retain(|_| {
                even = !even;
                even
            });
        }
    }

    /// What was run.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        self.checkpoints[0].scenario()
    }

    /// What happened, in order; a record's `seq` is its index.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Why the run was cut short, if it was.
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// A hash of the records: equal wherever the same scenario is run.
    #[must_use]
    pub fn hash(&self) -> TraceHash {
        self.hash
    }

    /// The keys there before the first record, and the node that each is on.
    #[must_use]
    pub fn initial_keys(&self) -> Vec<(Place, KeyChange)> {
        self.checkpoints[0].keys()
    }

    /// The world before the first record.
    #[must_use]
    pub fn start(&self) -> &World {
        &self.checkpoints[0]
    }

    /// The world just after a record: replayed from the nearest checkpoint before it. Beyond the last record it is
    /// the world at the run's end.
    #[must_use]
    pub fn world_at(&self, seq: u32) -> World {
        let wanted = seq.saturating_add(1);
        let after = self
            .checkpoints
            .partition_point(|world| world.records() <= wanted);
        let mut world = self.checkpoints[after.saturating_sub(1)].clone();
        let mut replayed = Vec::new();
        while world.records() < wanted && world.step(&mut replayed) {}
        world
    }
}
