//! From a lesson to a scenario that can be run.

use std::sync::Arc;

use redwind_engine::Micros;
use redwind_sim::{ClientSpec, Intervention, ResourceSpec, Scenario, Source};
use thiserror::Error;

use crate::model::{Lesson, Variant};

/// What every clock of a lesson shows when its world begins: the first instant of 2026, UTC.
const EPOCH: Micros = Micros(1_767_225_600_000_000);

/// Makes something that can be run out of a program's text.
pub type Compile<'a> = dyn Fn(&str) -> Result<Arc<dyn Source>, SourceError> + 'a;

/// What is wrong with a program's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SourceError {
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The line of the program, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// A program of a variant can't be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct BuildError {
    /// Its index among the variant's programs.
    pub program: usize,
    /// What is wrong with it.
    pub error: SourceError,
}

/// What to run of a lesson.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// Which variant.
    pub variant: &'a Variant,
    /// Another seed than the lesson's.
    pub seed: Option<u64>,
    /// Whole new sources: `(index of the program in the variant, source)`.
    pub edits: &'a [(usize, String)],
    /// Other interventions than the lesson's own.
    pub interventions: Option<Vec<Intervention>>,
}

impl<'a> Setup<'a> {
    /// A variant as the lesson has it.
    #[must_use]
    pub fn of(variant: &'a Variant) -> Self {
        Self {
            variant,
            seed: None,
            edits: &[],
            interventions: None,
        }
    }
}

impl Lesson {
    /// The scenario of a variant.
    ///
    /// # Errors
    /// When a program can't be run.
    pub fn scenario(
        &self,
        setup: &Setup<'_>,
        compile: &Compile<'_>,
    ) -> Result<Scenario, BuildError> {
        let world = &self.world;
        let programs = &setup.variant.programs;
        let mut sources = Vec::with_capacity(programs.len());
        for (index, program) in programs.iter().enumerate() {
            let edit = setup
                .edits
                .iter()
                .rev()
                .find(|(edited, _)| *edited == index);
            let text = edit.map_or(program.source.as_str(), |(_, text)| text);
            sources.push(compile(text).map_err(|error| BuildError {
                program: index,
                error,
            })?);
        }
        let clients = world.clients.iter().filter_map(|client| {
            let program = programs
                .iter()
                .position(|program| program.clients.contains(&client.name))?;
            Some(ClientSpec {
                name: client.name.clone(),
                source: Arc::clone(&sources[program]),
                starts_at: client.starts,
                restarts_after: client.restarts,
                clock: client.clock,
            })
        });
        let clients: Vec<ClientSpec> = clients.collect();
        let taking_part: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
        let links = world.links_of(&taking_part);
        let resources = world.resources.iter().map(|resource| ResourceSpec {
            name: resource.name.clone(),
            kind: resource.kind,
            takes: resource.takes,
            initial: resource.initial.clone(),
            unique: resource.unique.clone(),
            lock_timeout: resource.lock_timeout,
        });
        Ok(Scenario {
            seed: setup.seed.unwrap_or(self.seed),
            epoch: EPOCH,
            nodes: world.nodes.iter().map(|node| node.spec.clone()).collect(),
            cluster: world.cluster.clone(),
            clients,
            resources: resources.collect(),
            latency: world.latency,
            links,
            setup: world
                .nodes
                .iter()
                .flat_map(|node| {
                    let commands = node.setup.iter().cloned();
                    commands.map(|argv| (node.spec.name.clone(), argv))
                })
                .collect(),
            locks: world.locks.clone(),
            interventions: setup
                .interventions
                .clone()
                .unwrap_or_else(|| world.faults.clone()),
            bounds: world.bounds,
        })
    }
}
