//! Whether what an intervention or a position names is there.

use super::Mistake;
use crate::names::closest;
use crate::{Call, Fault, Happening, Intervention, Names, Position};

impl Intervention {
    /// Whether everything it names is there.
    ///
    /// # Errors
    /// Says what is not, and what there is instead.
    pub fn check(&self, names: &Names) -> Result<(), Mistake> {
        match self {
            Self::Fault { fault, at } => {
                fault.check(names)?;
                at.check(names)
            }
            Self::Drop { call, .. } | Self::Delay { call, .. } => call.check(names),
            Self::Fail { call } => {
                if !call.name.as_ref().is_some_and(|name| name.contains('.')) {
                    let why = "only a named call of a resource can fail so, such as worker-a's 1st db.update; \
                               a command can be dropped or delayed, and a node can crash";
                    return Err(Mistake(why.to_owned()));
                }
                call.check(names)
            }
            Self::Type { node, .. } => known("node", node, &names.nodes),
        }
    }
}

impl Fault {
    fn check(&self, names: &Names) -> Result<(), Mistake> {
        match self {
            Self::Restart {
                client,
                empty: true,
            } => known("node", client, &names.nodes),
            Self::Pause { client, .. }
            | Self::Crash { client, .. }
            | Self::Restart { client, .. } => known_process(client, names),
            Self::JumpClock { place, .. } | Self::Drift { place, .. } => {
                known_process(place, names)
            }
            Self::PowerCut { node, .. }
            | Self::Failover { node }
            | Self::SlowDisk { node, .. }
            | Self::MoveSlot { to: node, .. } => known("node", node, &names.nodes),
            Self::SlowCpu { place, .. } => known_process(place, names),
            Self::Partition { from, to, .. }
            | Self::Lose { from, to, .. }
            | Self::SlowLink { from, to, .. }
            | Self::Reset { from, to } => {
                let all: Vec<String> = names.all().collect();
                from.iter()
                    .chain(to)
                    .try_for_each(|name| known("place", name, &all))?;
                match from.iter().find(|name| to.contains(name)) {
                    Some(name) => Err(Mistake(format!("{name} can't be on both sides"))),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Position {
    /// Whether everything it names is there.
    ///
    /// # Errors
    /// Says what is not, and what there is instead.
    pub fn check(&self, names: &Names) -> Result<(), Mistake> {
        match self {
            Self::At(_) | Self::Start | Self::End => Ok(()),
            Self::Line { client, .. } => known_client(client, names),
            Self::Call { call, .. } => call.check(names),
            Self::When { what, .. } => match what {
                Happening::Expires { .. } => Ok(()),
                Happening::Reports { node, event } => {
                    known("node", node, &names.nodes)?;
                    if crate::notice::CHANNELS.contains(&event.as_str()) {
                        return Ok(());
                    }
                    Err(Mistake(format!(
                        "sentinels announce no {event}: they do {}",
                        crate::names::listed(&crate::notice::CHANNELS)
                    )))
                }
                Happening::Client { client, .. } => known_process(client, names),
                Happening::Believes { client, .. } | Happening::Prints { client, .. } => {
                    known_client(client, names)
                }
                Happening::Call { call, .. } => call.check(names),
            },
        }
    }
}

impl Call {
    fn check(&self, names: &Names) -> Result<(), Mistake> {
        known_client(&self.client, names)?;
        let Some(name) = &self.name else {
            return Ok(());
        };
        if let Some((resource, _)) = name.split_once('.') {
            return known("resource", resource, &names.resources);
        }
        let commands: Vec<String> = redwind_engine::commands()
            .map(|command| command.name.to_uppercase())
            .chain(crate::world::OWN_COMMANDS.map(str::to_owned))
            .collect();
        if commands.iter().any(|known| known == name) {
            return Ok(());
        }
        let near = closest(name, &commands);
        match near.rsplit_once("did you mean ") {
            Some((_, meant)) => Err(Mistake(format!(
                "there is no command {name}: did you mean {meant}"
            ))),
            None => Err(Mistake(format!("there is no command {name}"))),
        }
    }
}

/// A client or a node: something with a process and a clock.
fn known_process(name: &str, names: &Names) -> Result<(), Mistake> {
    let all: Vec<String> = names.clients.iter().chain(&names.nodes).cloned().collect();
    known("client", name, &all)
}

fn known_client(name: &str, names: &Names) -> Result<(), Mistake> {
    known("client", name, &names.clients)
}

fn known(what: &str, name: &str, all: &[String]) -> Result<(), Mistake> {
    if all.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(Mistake(format!(
        "it names the {what} {name}, {}",
        closest(name, all)
    )))
}
