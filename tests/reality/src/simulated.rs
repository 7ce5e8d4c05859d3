//! Simulated nodes: each thing that is done is one more line of the scenario, which is then run again.

use redwind_engine::Micros;
use redwind_resp::{Value, render};
use redwind_sim::{
    Bounds, Event, Fsync, Intervention, Latency, Message, NodeSpec, Persistence, Place, Run,
    Scenario, SimTime, Span,
};

use crate::{Server, Servers};

/// What lasts until it is ended lasts this long at first.
const LONG: &str = "3600s";

pub struct Simulated {
    scenario: Scenario,
    now: SimTime,
    /// What was done, each a line; those that last know when they began.
    done: Vec<(String, SimTime)>,
    follows: Vec<(String, String)>,
}

impl Simulated {
    #[must_use]
    pub fn start(servers: &[Server]) -> Self {
        let node = |server: &Server| NodeSpec {
            replica_of: server.follows.map(str::to_owned),
            persistence: match server.keeps {
                "always" => Persistence::Aof(Fsync::Always),
                "everysec" => Persistence::Aof(Fsync::EverySecond),
                "no-fsync" => Persistence::Aof(Fsync::No),
                _ => Persistence::None,
            },
            config: server
                .config
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..NodeSpec::named(server.name)
        };
        let follows = servers.iter().filter_map(|server| {
            let primary = server.follows?;
            Some((server.name.to_owned(), primary.to_owned()))
        });
        Self {
            scenario: Scenario {
                seed: 1,
                epoch: Micros(1_700_000_000_000_000),
                nodes: servers.iter().map(node).collect(),
                cluster: None,
                clients: Vec::new(),
                resources: Vec::new(),
                latency: Latency {
                    least: Span(100),
                    most: Span(300),
                },
                links: Vec::new(),
                setup: Vec::new(),
                locks: Vec::new(),
                interventions: Vec::new(),
                bounds: Bounds {
                    until: SimTime(7_200_000_000),
                    records: 100_000,
                },
            },
            now: SimTime(10_000),
            done: Vec::new(),
            follows: follows.collect(),
        }
    }

    /// Does something now, and lets a millisecond pass.
    fn act(&mut self, line: String) {
        self.now = self.now + Span::millis(1);
        self.done.push((line, self.now));
    }

    /// Ends what began earlier.
    fn end(&mut self, begins: &str) {
        self.now = self.now + Span::millis(1);
        let now = self.now;
        let open =
            |(line, _): &&mut (String, SimTime)| line.starts_with(begins) && line.ends_with(LONG);
        match self.done.iter_mut().rfind(open) {
            Some((line, began)) => *line = line.replace(LONG, &(now - *began).to_string()),
            None => panic!("nothing is to be ended: {begins}"),
        }
    }

    fn run(&self, until: SimTime) -> Run {
        let mut scenario = self.scenario.clone();
        let mut lines: Vec<String> = self.done.iter().map(|(line, _)| line.clone()).collect();
        // Somebody watches until then.
        let last = &scenario.nodes[scenario.nodes.len() - 1].name;
        lines.push(format!("type {last} at {until}: PING"));
        scenario.interventions = lines
            .iter()
            .map(|line| match line.parse::<Intervention>() {
                Ok(intervention) => intervention,
                Err(mistake) => panic!("{line}: {mistake}"),
            })
            .collect();
        match Run::new(scenario) {
            Ok(run) => run,
            Err(error) => panic!("{error}"),
        }
    }

    fn primary(&self, replica: &str) -> String {
        let mut follows = self.follows.iter().rev();
        match follows.find(|(who, _)| who == replica) {
            Some((_, primary)) => primary.clone(),
            None => panic!("{replica} follows nobody"),
        }
    }
}

impl Servers for Simulated {
    fn ask(&mut self, server: &str, command: &str) -> String {
        self.act(format!(
            "type {server} at {}: {command}",
            self.now + Span::millis(1)
        ));
        let asked = self.now;
        let run = self.run(asked + Span::seconds(21));
        let sent = run.records().iter().find_map(|record| match &record.event {
            Event::Sent { packet, to, .. }
                if record.at == asked && record.place == Place::Terminal =>
            {
                Some((*packet, *to))
            }
            _ => None,
        });
        let Some((sent, _)) = sent else {
            panic!("{command} was never sent");
        };
        for record in run.records() {
            match &record.event {
                Event::Received {
                    packet,
                    message: Message::Replies(replies),
                    ..
                } if *packet == sent => {
                    self.now = self.now.max(record.at);
                    return replies.last().map(reply).unwrap_or_default();
                }
                Event::Failed { packet, .. } if *packet == sent => break,
                _ => {}
            }
        }
        "no answer".to_owned()
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now + Span::millis(millis);
    }

    fn pause(&mut self, server: &str) {
        self.act(format!(
            "pause {server} at {} for {LONG}",
            self.now + Span::millis(1)
        ));
    }

    fn resume(&mut self, server: &str) {
        self.end(&format!("pause {server} "));
    }

    fn kill(&mut self, server: &str) {
        self.act(format!("kill {server} at {}", self.now + Span::millis(1)));
    }

    fn start(&mut self, server: &str) {
        self.act(format!(
            "restart {server} at {}",
            self.now + Span::millis(1)
        ));
    }

    fn cut(&mut self, replica: &str) {
        let primary = self.primary(replica);
        self.act(format!(
            "partition {replica} from {primary} at {} for {LONG}",
            self.now + Span::millis(1)
        ));
    }

    fn heal(&mut self, replica: &str) {
        self.end(&format!("partition {replica} "));
    }

    fn follow(&mut self, server: &str, primary: &str) {
        self.follows.push((server.to_owned(), primary.to_owned()));
        assert_eq!(self.ask(server, &format!("REPLICAOF {primary} 6379")), "OK");
    }

    fn hand_over(&mut self, server: &str, replica: &str) -> String {
        self.ask(server, &format!("FAILOVER TO {replica} 6379"))
    }
}

fn reply(value: &Value) -> String {
    render(value)
}
