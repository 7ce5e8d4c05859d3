//! How long things take on their way: latency, bandwidth, and packets that TCP has to send again.
//!
//! A lost packet is never a lost message: TCP sends it again after 200 ms, then after twice as long each time, and what
//! follows on the connection waits for it. After fifteen attempts it would give up, a quarter of an hour later; here
//! such a message never arrives.

use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::{Message, Place, SimTime, Span, Travel};

/// What TCP waits at first for the confirmation of a packet (`TCP_RTO_MIN`).
const FIRST_RETRY: Span = Span::millis(200);
/// What it waits at most (`TCP_RTO_MAX`).
const LAST_RETRY: Span = Span::seconds(120);
/// How often it tries again (`tcp_retries2`).
const MOST_RETRIES: u32 = 15;

/// What a message goes through on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Journey {
    /// How long it takes.
    pub(crate) takes: Span,
    /// How long it had to be sent again before; `None`: all attempts are lost.
    pub(crate) resent: Option<Span>,
}

impl Journey {
    /// All of it; `None`: it never arrives.
    pub(crate) fn whole(self) -> Option<Span> {
        Some(Span(self.takes.0.saturating_add(self.resent?.0)))
    }
}

impl World {
    /// What a message goes through from one place to another; the circumstances tell it from others.
    pub(crate) fn travel(&self, from: Place, to: Place, circumstances: &[u64]) -> Journey {
        if from == Place::Terminal || to == Place::Terminal {
            let takes = Span(0);
            return Journey {
                takes,
                resent: Some(takes),
            };
        }
        let seed = self.plan.scenario.seed;
        let mut luck = Luck::new(seed, Purpose::Latency, circumstances);
        let drawn = match self.plan.latency(from, to) {
            Travel::Range(range) => {
                let most = range.most.0.saturating_sub(range.least.0);
                Span(range.least.0.saturating_add(luck.up_to(most)))
            }
            Travel::Percentiles(points) => percentile(&points, luck.up_to(999_999)),
        };
        let (slower, ppm) = self.troubles(from, to);
        let ppm = ppm.saturating_add(self.plan.loss_ppm(from, to));
        Journey {
            takes: Span(drawn.0.saturating_add(slower.0)),
            resent: resent(seed, ppm, circumstances),
        }
    }

    /// When a message has been put on a link of limited bandwidth, behind what was sent there before.
    pub(crate) fn put_through(
        &mut self,
        from: Place,
        to: Place,
        bytes: impl FnOnce() -> u64,
    ) -> SimTime {
        let Some(per_second) = self.plan.bytes_per_second(from, to) else {
            return self.now;
        };
        let lasts = u128::from(bytes()) * 1_000_000 / u128::from(per_second.max(1));
        let lasts = Span(u64::try_from(lasts).unwrap_or(u64::MAX));
        let free = self.links_free.entry((from, to)).or_default();
        *free = (*free).max(self.now) + lasts;
        *free
    }
}

/// How long it takes until a packet gets through that is lost so often.
fn resent(seed: u64, ppm: u32, circumstances: &[u64]) -> Option<Span> {
    let mut waited = Span(0);
    if ppm == 0 {
        return Some(waited);
    }
    let mut luck = Luck::new(seed, Purpose::Loss, circumstances);
    let mut patience = FIRST_RETRY;
    for _ in 0..=MOST_RETRIES {
        if luck.up_to(999_999) >= u64::from(ppm) {
            return Some(waited);
        }
        waited = Span(waited.0 + patience.0);
        patience = Span((patience.0 * 2).min(LAST_RETRY.0));
    }
    None
}

/// The length at a place (in millionths) between points that are known.
fn percentile(points: &[(u32, Span)], at: u64) -> Span {
    let after = points.partition_point(|(share, _)| u64::from(*share) <= at);
    let (Some((low, short)), Some((high, long))) = (
        points.get(after.saturating_sub(1)),
        points.get(after.min(points.len().saturating_sub(1))),
    ) else {
        return Span(0);
    };
    if after == 0 || high <= low {
        return *short;
    }
    let (at, width) = (at - u64::from(*low), u64::from(high - low));
    let more = u128::from(long.0.saturating_sub(short.0)) * u128::from(at) / u128::from(width);
    Span(short.0 + u64::try_from(more).unwrap_or(u64::MAX))
}

/// How many bytes a message takes.
pub(crate) fn size(message: &Message) -> u64 {
    let mut bytes = Vec::new();
    match message {
        Message::Commands { commands, .. } => {
            for argv in commands.iter() {
                redwind_resp::encode_request(argv, &mut bytes);
            }
        }
        Message::Replies(values) => {
            return values.iter().map(encoded).sum();
        }
        Message::Push(value) => return encoded(value),
        Message::Call(call) => {
            let words: usize = call.args.iter().map(|arg| arg.to_string().len() + 1).sum();
            let named = call.named.iter();
            let named: usize = named
                .map(|(name, arg)| name.len() + arg.to_string().len())
                .sum();
            return (call.method.len() + words + named) as u64;
        }
        Message::Returned(data) => return data.to_string().len() as u64,
        Message::Refused { kind, message } => return (kind.len() + message.len()) as u64,
    }
    bytes.len() as u64
}

/// How many bytes a reply takes.
pub(crate) fn encoded(value: &redwind_resp::Value) -> u64 {
    let mut bytes = Vec::new();
    redwind_resp::encode(value, redwind_resp::Protocol::Resp2, &mut bytes);
    bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_met_at_their_points_and_in_between() {
        let points = [
            (0, Span(100)),
            (500_000, Span(200)),
            (990_000, Span(1_180)),
            (1_000_000, Span(5_000)),
        ];
        for (at, expected) in [(0, 100), (250_000, 150), (500_000, 200), (500_500, 201)] {
            assert_eq!(percentile(&points, at), Span(expected), "{at}");
        }
        assert_eq!(percentile(&points[1..2], 3), Span(200));
        assert_eq!(percentile(&points[1..3], 3), Span(200));
        assert_eq!(percentile(&points[1..3], 999_999), Span(1_180));
        assert_eq!(percentile(&[], 3), Span(0));
    }

    #[test]
    fn a_packet_that_is_always_lost_never_arrives_and_one_that_never_is_comes_at_once() {
        assert_eq!(resent(1, 1_000_000, &[1]), None);
        assert_eq!(resent(1, 0, &[1]), Some(Span(0)));
        let waits: Vec<Option<Span>> = (0..1_000).map(|n| resent(1, 200_000, &[n])).collect();
        let at_once = waits.iter().filter(|wait| **wait == Some(Span(0))).count();
        assert!((760..840).contains(&at_once), "{at_once}");
        assert!(waits.contains(&Some(Span::millis(200))));
        assert!(waits.contains(&Some(Span::millis(600))));
    }
}
