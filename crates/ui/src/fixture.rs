//! A run to test with: two workers and one lock of ten seconds; the first stops for fifteen.

use redwind_protocol::{
    Beat, Belief, Effect, Key, KeyChange, Lane, LaneKind, LessonView, Local, Message, MessageState,
    Prepared, ProgramView, Question, QuestionOption, Record, RecordKind, Run, Trace, VariantView,
    Verdict, VerdictOutcome,
};

pub(crate) const A: u16 = 0;
pub(crate) const B: u16 = 1;
pub(crate) const REDIS: u16 = 2;
pub(crate) const STORAGE: u16 = 3;
const LOCK: &str = "lock:report";

const SOURCE: &str = "import time\n\nimport redis\nimport storage\n\nr = redis.Redis(host=\"redis\", decode_responses=True)\n\n\ndef add_to_report(line):\n    if not r.set(\"lock:report\", \"taken\", nx=True, px=10_000):\n        return False\n    try:\n        report = storage.read(\"report\")\n        storage.write(\"report\", report + \"; \" + line)  # a long garbage collection before this\n    finally:\n        r.delete(\"lock:report\")\n    return True\n\n\nline = r.lpop(\"totals\")\nwhile not add_to_report(line):\n    time.sleep(4)\n";

/// Writes records one after the other.
pub(crate) struct Script {
    pub(crate) trace: Trace,
    calls: u32,
}

impl Script {
    pub(crate) fn new() -> Self {
        let lane = |name: &str, kind| Lane {
            name: name.into(),
            kind,
            follows: None,
        };
        let lanes = vec![
            lane("worker-a", LaneKind::Client),
            lane("worker-b", LaneKind::Client),
            lane("redis", LaneKind::Node),
            lane("storage", LaneKind::Resource),
        ];
        Self {
            trace: Trace {
                lanes,
                hash: "f1".into(),
                ..Trace::default()
            },
            calls: 0,
        }
    }

    pub(crate) fn push(
        &mut self,
        at: u64,
        lane: u16,
        kind: RecordKind,
        label: &str,
    ) -> &mut Record {
        let name = self.trace.lanes[usize::from(lane)].name.clone();
        self.trace.records.push(Record {
            at,
            cause: None,
            lane,
            thread: None,
            kind,
            label: label.into(),
            sentence: format!("{name} {kind:?} {label}")
                .replace("Sent", "sends")
                .replace("Executed", "executes")
                .trim()
                .into(),
            message: None,
            line: None,
            locals: None,
            keys: vec![],
            effect: None,
            belief: None,
            until: None,
            cut: None,
            role: None,
            shown: None,
        });
        self.trace.records.last_mut().unwrap()
    }

    pub(crate) fn last(&self) -> u32 {
        u32::try_from(self.trace.records.len()).unwrap() - 1
    }

    pub(crate) fn line(&mut self, at: u64, lane: u16, line: u32, locals: &[(&str, &str)]) {
        let record = self.push(at, lane, RecordKind::Line, &format!("line {line}"));
        record.line = Some(line);
        let local = |(name, value): &(&str, &str)| Local {
            name: (*name).into(),
            value: (*value).into(),
        };
        record.locals = Some(locals.iter().map(local).collect());
    }

    /// A call: sent, carried out after `out`, answered after `back`. Returns the record that carried it out.
    pub(crate) fn call(
        &mut self,
        at: u64,
        from: u16,
        to: u16,
        label: &str,
        reply: &str,
        times: (u64, u64),
    ) -> u32 {
        self.calls += 1;
        let call = format!(
            "{}'s call {}",
            self.trace.lanes[usize::from(from)].name,
            self.calls
        );
        let message = |sent, to, state, reply| Message {
            sent,
            to,
            state,
            call: call.clone(),
            reply,
        };
        self.push(at, from, RecordKind::Sent, label);
        let sent = self.last();
        self.trace.records[sent as usize].message =
            Some(message(sent, to, MessageState::Sent, false));
        let kind = if to == REDIS {
            RecordKind::Executed
        } else {
            RecordKind::Performed
        };
        let done = self.push(at + times.0, to, kind, label);
        done.message = Some(message(sent, to, MessageState::Arrived, false));
        done.cause = Some(sent);
        done.sentence = format!(
            "{} {label} and answers {reply}",
            if to == REDIS {
                "redis executes"
            } else {
                "storage does"
            }
        );
        let executed = self.last();
        if times.1 > 0 {
            let received = self.push(at + times.0 + times.1, from, RecordKind::Received, reply);
            received.message = Some(message(executed, from, MessageState::Arrived, true));
            received.cause = Some(executed);
        }
        executed
    }

    pub(crate) fn key(&mut self, record: u32, what: &str, expires: Option<u64>, there: bool) {
        let at = self.trace.records[record as usize].at;
        let key = there.then(|| Key {
            kind: "string".into(),
            preview: vec!["\"taken\"".into()],
            length: 5,
            expires,
            expiry_set: expires.map(|_| at),
            writer: Some(record),
        });
        let change = KeyChange {
            node: REDIS,
            db: 0,
            name: LOCK.into(),
            what: what.into(),
            key,
        };
        self.trace.records[record as usize].keys.push(change);
    }

    pub(crate) fn belief(&mut self, at: u64, lane: u16, holds: bool) {
        let record = self.push(
            at,
            lane,
            RecordKind::Believes,
            if holds { "believes" } else { "knows better" },
        );
        record.belief = Some(Belief {
            lock: LOCK.into(),
            holds,
        });
        record.sentence = format!(
            "the client {} that it holds {LOCK}",
            if holds {
                "believes"
            } else {
                "no longer believes"
            }
        );
    }

    pub(crate) fn effect(&mut self, record: u32, by: u16, value: &str) {
        let effect = Effect {
            target: "report".into(),
            value: value.into(),
            by,
            token: None,
            accepted: true,
            believing: vec!["lock:report".into()],
        };
        self.trace.records[record as usize].effect = Some(effect);
    }
}

/// The run of the story.
pub(crate) fn gc_pause() -> Run {
    let mut s = Script::new();
    s.push(0, A, RecordKind::Started, "starts");
    s.line(10, A, 21, &[]);
    s.call(20, A, REDIS, "LPOP totals", "\"north 120\"", (2_000, 2_000));
    s.line(4_030, A, 22, &[("line", "'north 120'")]);
    s.line(4_040, A, 10, &[("line", "'north 120'")]);
    let set = s.call(
        4_050,
        A,
        REDIS,
        "SET lock:report taken NX PX 10000",
        "OK",
        (2_000, 2_000),
    );
    s.key(set, "set", Some(10_006_050), true);
    s.belief(8_050, A, true);
    s.line(8_060, A, 13, &[("line", "'north 120'")]);
    s.call(
        8_070,
        A,
        STORAGE,
        "storage.read report",
        "'Totals'",
        (3_000, 3_000),
    );
    let paused = s.push(14_070, A, RecordKind::Paused, "paused");
    paused.until = Some(15_014_070);
    s.push(500_000, B, RecordKind::Started, "starts");
    s.line(500_010, B, 21, &[]);
    s.call(
        500_020,
        B,
        REDIS,
        "LPOP totals",
        "\"south 80\"",
        (2_000, 2_000),
    );
    for at in [504_050, 4_508_100, 8_512_150] {
        s.line(at - 10, B, 10, &[("line", "'south 80'")]);
        s.call(
            at,
            B,
            REDIS,
            "SET lock:report taken NX PX 10000",
            "(nil)",
            (2_000, 2_000),
        );
        s.line(at + 4_010, B, 23, &[("line", "'south 80'")]);
        let slept = s.push(at + 4_020, B, RecordKind::Slept, "sleeps 4 s");
        slept.until = Some(at + 4_004_020);
        if at == 8_512_150 {
            s.push(
                10_006_050,
                REDIS,
                RecordKind::Expired,
                "lock:report expires",
            );
            let expired = s.last();
            s.key(expired, "expired", None, false);
        }
        s.push(at + 4_004_020, B, RecordKind::Woke, "wakes");
    }
    s.line(12_516_180, B, 10, &[("line", "'south 80'")]);
    let set = s.call(
        12_516_190,
        B,
        REDIS,
        "SET lock:report taken NX PX 10000",
        "OK",
        (2_000, 2_000),
    );
    s.key(set, "set", Some(22_518_190), true);
    let granted = set;
    s.belief(12_520_190, B, true);
    s.line(12_520_200, B, 13, &[("line", "'south 80'")]);
    s.call(
        12_520_210,
        B,
        STORAGE,
        "storage.read report",
        "'Totals'",
        (3_000, 3_000),
    );
    s.line(
        12_526_220,
        B,
        14,
        &[("line", "'south 80'"), ("report", "'Totals'")],
    );
    let wrote = s.call(
        12_526_230,
        B,
        STORAGE,
        "storage.write report",
        "None",
        (3_000, 3_000),
    );
    s.effect(wrote, B, "Totals; south 80");
    s.push(15_014_070, A, RecordKind::Resumed, "goes on");
    s.line(
        15_014_080,
        A,
        14,
        &[("line", "'north 120'"), ("report", "'Totals'")],
    );
    let late = s.call(
        15_014_090,
        A,
        STORAGE,
        "storage.write report",
        "None",
        (3_000, 3_000),
    );
    s.effect(late, A, "Totals; north 120");
    s.line(
        15_020_100,
        A,
        16,
        &[("line", "'north 120'"), ("report", "'Totals'")],
    );
    let del = s.call(
        15_020_110,
        A,
        REDIS,
        "DEL lock:report",
        "(integer) 1",
        (2_000, 2_000),
    );
    s.key(del, "del", None, false);
    s.belief(15_024_110, A, false);
    s.push(15_024_120, A, RecordKind::Finished, "ends");
    s.trace.interventions = vec!["pause worker-a after worker-a's 1st storage.read for 15s".into()];
    s.trace.verdicts = vec![Verdict {
        name: "Mutual exclusion".into(),
        promise: "only the newest holder of lock:report writes to storage".into(),
        outcome: VerdictOutcome::Violated,
        finding: "worker-a wrote to storage at 15.017 s, while worker-b had held lock:report since 12.518 s.".into(),
        evidence: vec![set.min(granted), granted, wrote, late],
    }];
    Run {
        trace: s.trace,
        anchors: vec![Some(0), Some(set), Some(late)],
    }
}

/// The lesson around it.
pub(crate) fn prepared() -> Prepared {
    let program = ProgramView {
        clients: vec!["worker-a".into(), "worker-b".into()],
        source: SOURCE.into(),
    };
    let variant = |name: &str, title: &str| VariantView {
        name: name.into(),
        title: title.into(),
        programs: vec![program.clone()],
    };
    let beat = |heading: Option<&str>, html: &str| Beat {
        heading: heading.map(Into::into),
        html: html.into(),
        ..Beat::default()
    };
    let mut asks = beat(
        Some("Both believe"),
        "<p>At 10.006 s Redis let the key go, as it promised. <code>worker-b</code> asked, was granted, and wrote.</p>",
    );
    asks.anchor = Some("x".into());
    asks.question = Some(Question {
        ask: "`worker-a` wakes up. What does its next line do?".into(),
        options: vec![
            QuestionOption {
                text: "It raises: the lock is lost".into(),
                happened: false,
            },
            QuestionOption {
                text: "It writes, and overwrites `worker-b`".into(),
                happened: true,
            },
        ],
        because: "Nothing told it that time had passed.".into(),
    });
    let mut late = beat(
        Some("The late write"),
        "<p>It overwrites the newer report.</p>",
    );
    late.anchor = Some("y".into());
    Prepared {
        markdown: String::new(),
        lesson: LessonView {
            id: "locks/gc-pause".into(),
            title: "The pause that outlives the lock".into(),
            track: "Locks".into(),
            summary: "A worker stops for fifteen seconds while it holds a lock of ten.".into(),
            minutes: 6,
            content_hash: "c1".into(),
            beats: vec![
                beat(
                    None,
                    "<p><code>worker-a</code> took the lock for ten seconds, then its process stopped: a garbage collection of fifteen. Nothing told it that time had passed.</p>",
                ),
                asks,
                late,
            ],
            variants: vec![
                variant("naive", "A lock with an expiry"),
                variant("token", "A lock with a token"),
            ],
        },
        runs: vec![gc_pause(), gc_pause()],
        vocabulary: vec![],
    }
}
