//! Moments found in the records of a run.

use redwind_sim::{Position, Record, Run};

use crate::common::{run, with, world};

fn a_run() -> Run {
    run(with(
        world(&[
            (
                "worker-a",
                &[
                    "SET lock a NX PX 1000",
                    "storage.write report A 1",
                    "sleep 3s",
                    "DEL lock",
                    "print all done",
                ],
            ),
            (
                "worker-b",
                &[
                    "sleep 2s",
                    "SET lock b NX PX 1000",
                    "storage.write report B 2",
                    "pipeline: SET n 1; SET m 2; INCR n",
                    "GET nothing",
                    "storage.write report C 1",
                ],
            ),
            ("worker-c", &["timeout 1s", "GET x", "print never"]),
        ]),
        &[
            "pause worker-a after worker-a's 1st SET for 1s",
            "drop worker-c's 1st GET",
            "crash worker-c at 500ms, restart after 1s",
        ],
    ))
}

fn at(run: &Run, position: &str) -> Option<String> {
    let position: Position = match position.parse() {
        Ok(position) => position,
        Err(mistake) => panic!("{position}: {mistake}"),
    };
    let record: &Record = &run.records()[position.find(run.scenario(), run.records())? as usize];
    Some(format!("{} {}", record.at, record.sentence(run.scenario())))
}

#[test]
fn every_kind_of_moment_is_found() {
    let run = a_run();
    for (position, wanted) in [
        ("at the start", "0s worker-a starts"),
        ("at line 2 of worker-a", "1.00201s worker-a is at line 2"),
        (
            "before worker-a's 1st SET",
            "10us worker-a sends SET lock a NX PX 1000 to redis",
        ),
        (
            "after worker-a's 1st SET",
            "2.01ms worker-a receives OK from redis",
        ),
        (
            "when worker-a's 1st SET is executed",
            "1.01ms redis executes SET lock a NX PX 1000 for worker-a and answers OK",
        ),
        (
            "when worker-a pauses",
            "2.01ms worker-a is paused for 1s: its process stops, the world goes on",
        ),
        (
            "when worker-a resumes",
            "1.00201s worker-a goes on after its pause",
        ),
        ("when lock expires", "1.002s lock expires on redis"),
        (
            "when lock expires, 2nd time",
            "3.002s lock expires on redis",
        ),
        (
            "when worker-a believes it holds lock",
            "2.01ms worker-a now believes that it holds lock",
        ),
        (
            "when worker-b believes it holds lock",
            "2.00202s worker-b now believes that it holds lock",
        ),
        (
            "when worker-b's 1st storage.write is accepted",
            "2.00403s storage carries out worker-b's write('report', 'B', 2) and returns True; worker-b believed that it held lock",
        ),
        (
            "when worker-b's 2nd storage.write is refused",
            "2.01106s storage refuses worker-b's write of report: token 1 is lower than 2; worker-b believed that it held lock",
        ),
        (
            "when worker-b's 3rd SET answers OK",
            "2.00704s worker-b receives 3 replies from redis: OK; OK; 2",
        ),
        (
            "when worker-b's 1st INCR answers 2",
            "2.00704s worker-b receives 3 replies from redis: OK; OK; 2",
        ),
        (
            "when worker-b's 1st GET answers nil",
            "2.00905s worker-b receives nil from redis",
        ),
        (
            "after worker-b's 4th call",
            "2.00905s worker-b receives nil from redis",
        ),
        ("when worker-a wakes", "4.00503s worker-a wakes"),
        (
            "when worker-c's 1st GET is lost",
            "1.02ms the network loses the request to redis",
        ),
        (
            "when worker-c crashes",
            "500ms worker-c crashes: its memory and its connections are gone",
        ),
        (
            "when worker-c restarts",
            "1.5s worker-c starts again from its first line, its 1st restart",
        ),
        (
            "when worker-c starts, 2nd time",
            "1.5s worker-c starts again from its first line, its 1st restart",
        ),
        (
            "after worker-c's 2nd GET",
            "1.50202s worker-c receives nil from redis",
        ),
        (
            "when worker-a prints \"done\"",
            "4.00705s worker-a prints: all done",
        ),
        ("when worker-a ends", "4.00705s worker-a ends"),
        ("at the end", "4.00705s worker-a ends"),
        ("at 1.002s", "1.002s lock expires on redis"),
    ] {
        assert_eq!(at(&run, position).as_deref(), Some(wanted), "{position}");
    }
}

#[test]
fn a_moment_that_never_comes_is_not_found() {
    let run = a_run();
    for position in [
        "at line 99 of worker-a",
        "before worker-a's 2nd SET",
        "after worker-c's 1st GET",
        "when lock expires, 3rd time",
        "when worker-a's 1st SET answers nil",
        "when worker-a's 1st storage.write is refused",
        "when worker-b's 2nd storage.write is accepted",
        "when worker-b pauses",
        "when worker-c prints \"never ever\"",
    ] {
        assert_eq!(at(&run, position), None, "{position}");
    }
}

#[test]
fn records_are_numbered_in_order_and_caused_by_earlier_ones() {
    let run = a_run();
    for (index, record) in (0..).zip(run.records()) {
        assert_eq!(record.seq, index);
        assert!(record.cause.is_none_or(|cause| cause < record.seq));
        assert!(!record.label(run.scenario()).is_empty());
    }
}
