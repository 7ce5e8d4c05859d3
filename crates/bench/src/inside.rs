//! Commands in process: an engine, and nothing else.

use anyhow::{Result, bail};
use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, SessionId, Value};

use crate::processor;
use crate::workload::Workload;

/// An engine with one client.
#[derive(Clone)]
pub(crate) struct Inside {
    engine: Engine,
    client: SessionId,
    now: Micros,
    out: Outputs,
}

impl Inside {
    pub(crate) fn new() -> Inside {
        let mut config = Config::default();
        // As in the server, nobody repeats or draws what happens.
        config.report_effects = false;
        config.report_events = false;
        let mut engine = Engine::new(config);
        let now = Micros(1_767_225_600_000_000);
        let client = engine.connect(now);
        Inside {
            engine,
            client,
            now,
            out: Outputs::new(),
        }
    }

    /// Runs a command, a microsecond after the last one.
    pub(crate) fn run(&mut self, argv: &[Bytes]) {
        self.out.clear();
        self.now = self.now + 1;
        self.engine
            .execute(self.now, &mut FirstChoice, self.client, argv, &mut self.out);
    }

    /// Runs a command that must be answered, and not with an error.
    pub(crate) fn check(&mut self, argv: &[Bytes]) -> Result<()> {
        self.run(argv);
        match self.out.first() {
            Some(Output::Reply {
                value: Value::Error(text),
                ..
            }) => {
                bail!("{argv:?}: {}", String::from_utf8_lossy(text))
            }
            Some(Output::Reply { .. }) => Ok(()),
            _ => bail!("{argv:?} was not answered"),
        }
    }

    /// Runs a command given as text.
    pub(crate) fn say(&mut self, line: &str) {
        let argv: Vec<Bytes> = line
            .split(' ')
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        self.run(&argv);
    }
}

/// Commands a second of processor time.
pub(crate) fn rate(workload: &Workload, count: u64) -> Result<f64> {
    let mut inside = Inside::new();
    for argv in workload.prepared(count) {
        inside.check(&argv)?;
    }
    let commands = workload.drawn(count);
    let Some((first, rest)) = commands.split_first() else {
        bail!("nothing to measure");
    };
    inside.check(first)?;
    let seconds = processor::seconds(|| {
        for argv in rest {
            inside.run(argv);
        }
    });
    Ok(rest.len() as f64 / seconds)
}
