//! Messages between two lanes, found from the records that send, take in and lose them.

use std::collections::BTreeMap;

use redwind_protocol::{LaneKind, MessageState, RecordKind, Trace};

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The record that sent it.
    pub sent: u32,
    /// The lane it left.
    pub from: u16,
    /// The lane it goes to.
    pub to: u16,
    /// How it ended.
    pub end: End,
    /// Whether it answers a call.
    pub reply: bool,
    /// Whether a fault held it up.
    pub delayed: bool,
    /// The call as the fault language names it.
    pub call: String,
    /// The client whose call it is: decides its colour.
    pub client: u16,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// This record took it in.
    Arrived(u32),
    /// This record lost it.
    Lost(u32),
    /// It was still under way when the run ended.
    UnderWay,
}

impl Flight {
    /// The record that ends it.
    #[must_use]
    pub fn ends(&self) -> Option<u32> {
        match self.end {
            End::Arrived(record) | End::Lost(record) => Some(record),
            End::UnderWay => None,
        }
    }
}

/// All messages in the order they were sent, and for each record the one it is about.
pub(super) fn find(trace: &Trace) -> (Vec<Flight>, Vec<Option<u32>>) {
    let mut flights: Vec<Flight> = Vec::new();
    let mut flight_of = vec![None; trace.records.len()];
    // One record may send to several: a published message.
    let mut known: BTreeMap<(u32, bool, u16), u32> = BTreeMap::new();
    let lane_of = |record: u32| trace.records.get(record as usize).map_or(0, |r| r.lane);
    for (index, record) in (0_u32..).zip(&trace.records) {
        if record.kind == RecordKind::Delayed {
            let sent = record.message.as_ref().map(|m| m.sent).or(record.cause);
            let held = sent.and_then(|sent| flights.iter_mut().rev().find(|f| f.sent == sent));
            if let Some(flight) = held {
                flight.delayed = true;
            }
        }
        let Some(message) = &record.message else {
            continue;
        };
        let flight = *known
            .entry((message.sent, message.reply, message.to))
            .or_insert_with(|| {
                let from = lane_of(message.sent);
                let ours = |lane: u16| {
                    let kind = trace.lanes.get(usize::from(lane)).map(|lane| lane.kind);
                    matches!(kind, Some(LaneKind::Client | LaneKind::Terminal))
                };
                flights.push(Flight {
                    sent: message.sent,
                    from,
                    to: message.to,
                    end: End::UnderWay,
                    reply: message.reply,
                    delayed: false,
                    call: message.call.clone(),
                    client: if ours(from) { from } else { message.to },
                });
                u32::try_from(flights.len() - 1).unwrap_or(u32::MAX)
            });
        flight_of[index as usize] = Some(flight);
        let Some(flight) = flights.get_mut(flight as usize) else {
            continue;
        };
        match message.state {
            // The commands of one pipeline arrive together: the first record stands for the message.
            MessageState::Arrived if flight.end == End::UnderWay => {
                flight.end = End::Arrived(index)
            }
            MessageState::Lost => flight.end = End::Lost(index),
            MessageState::Arrived | MessageState::Sent => {}
        }
    }
    // A reply is known only from its end, a long time after requests that were sent later than it.
    let mut order: Vec<u32> = (0_u32..).take(flights.len()).collect();
    order.sort_by_key(|i| flights[*i as usize].sent);
    let mut place = vec![0_u32; flights.len()];
    for (new, old) in (0_u32..).zip(&order) {
        place[*old as usize] = new;
    }
    for flight in flight_of.iter_mut().flatten() {
        *flight = place[*flight as usize];
    }
    (
        order.iter().map(|i| flights[*i as usize].clone()).collect(),
        flight_of,
    )
}
