//! What nodes of a cluster come to know, in words.

use super::Teller;
use crate::ClusterNews;

/// More ranges of slots than this are only counted.
const MOST_RANGES: usize = 3;

impl Teller<'_> {
    pub(super) fn of_the_cluster(&self, me: &str, news: &ClusterNews, changes: usize) -> String {
        match news {
            ClusterNews::Suspects { member } => {
                let member = self.name(*member);
                format!(
                    "{me} has not heard from {member} for too long and suspects that it is down"
                )
            }
            ClusterNews::Fails { member, reporters } => {
                let member = self.name(*member);
                let verb = if reporters.len() == 1 {
                    "suspects"
                } else {
                    "suspect"
                };
                format!(
                    "{me} declares {member} failed: {} {verb} it, a majority of the primaries",
                    self.names(reporters)
                )
            }
            ClusterNews::Reaches { member } => {
                format!("{me} hears from {} again", self.name(*member))
            }
            ClusterNews::Waits {
                primary,
                lasts,
                rank,
            } => {
                let others = match rank {
                    0 => String::new(),
                    1 => ", because another replica has newer data".to_owned(),
                    more => format!(", because {more} other replicas have newer data"),
                };
                let primary = self.name(*primary);
                format!("{me} will ask for votes to replace {primary} in {lasts}{others}")
            }
            ClusterNews::Stands { primary, epoch } => format!(
                "{me} asks the primaries for their votes to replace {}, in epoch {epoch}",
                self.name(*primary)
            ),
            ClusterNews::Votes { candidate, epoch } => {
                format!("{me} votes for {} in epoch {epoch}", self.name(*candidate))
            }
            ClusterNews::Wins {
                primary, votes: 0, ..
            } => format!(
                "{me} takes the slots of {} without asking",
                self.name(*primary)
            ),
            ClusterNews::Wins {
                primary,
                epoch,
                votes,
            } => {
                let votes = match votes {
                    1 => "1 vote".to_owned(),
                    more => format!("{more} votes"),
                };
                let primary = self.name(*primary);
                format!("{me} has {votes} and takes the slots of {primary}, in epoch {epoch}")
            }
            ClusterNews::Learns { owner, slots, .. } => {
                format!(
                    "{me} learns that {} now {} to {}",
                    slots_of(slots),
                    belong(slots),
                    self.name(*owner)
                )
            }
            ClusterNews::Stops { minority: true } => {
                format!("{me} stops serving clients: it reaches too few primaries")
            }
            ClusterNews::Stops { minority: false } => {
                format!("{me} stops serving clients: some slots have no live owner")
            }
            ClusterNews::Serves => format!("{me} serves clients again"),
            ClusterNews::HandsOver { replica } => format!(
                "{me} keeps its clients' writes waiting, so that {} can catch up and replace it",
                self.name(*replica)
            ),
            ClusterNews::Takes { from, keys } => {
                let keys = match keys {
                    1 => "a key".to_owned(),
                    more => format!("{more} keys"),
                };
                format!("{me} takes over {keys} from {}", self.name(*from))
            }
            ClusterNews::Drops => {
                let keys = match changes {
                    1 => "a key".to_owned(),
                    more => format!("{more} keys"),
                };
                format!("{me} deletes {keys} of slots that are no longer its own")
            }
        }
    }

    pub(super) fn cluster_label(&self, news: &ClusterNews) -> String {
        match news {
            ClusterNews::Suspects { member } => format!("{} down?", self.name(*member)),
            ClusterNews::Fails { member, .. } => format!("{} failed", self.name(*member)),
            ClusterNews::Reaches { member } => format!("{} is back", self.name(*member)),
            ClusterNews::Waits { lasts, .. } => format!("votes in {lasts}"),
            ClusterNews::Stands { epoch, .. } => format!("vote for me, {epoch}"),
            ClusterNews::Votes { candidate, .. } => format!("votes {}", self.name(*candidate)),
            ClusterNews::Wins { .. } => "elected".to_owned(),
            ClusterNews::Learns { owner, .. } => format!("slots of {}", self.name(*owner)),
            ClusterNews::Stops { .. } => "serves nobody".to_owned(),
            ClusterNews::Serves => "serves again".to_owned(),
            ClusterNews::HandsOver { replica } => format!("hands over to {}", self.name(*replica)),
            ClusterNews::Takes { keys, .. } => format!("takes {keys} keys"),
            ClusterNews::Drops => "deletes keys".to_owned(),
        }
    }
}

fn slots_of(ranges: &[(u16, u16)]) -> String {
    if ranges.len() > MOST_RANGES {
        let count: u32 = ranges
            .iter()
            .map(|(first, last)| u32::from(last - first) + 1)
            .sum();
        return format!("{count} slots");
    }
    let named: Vec<String> = ranges
        .iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    let noun = match ranges {
        [(first, last)] if first == last => "slot",
        _ => "slots",
    };
    format!("{noun} {}", crate::names::listed(&named))
}

fn belong(ranges: &[(u16, u16)]) -> &'static str {
    match ranges {
        [(first, last)] if first == last => "belongs",
        _ => "belong",
    }
}
