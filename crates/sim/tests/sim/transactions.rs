//! A database's transactions: who sees what, who waits for whom, and what is undone.

use redwind_sim::{Run, Scenario, Span};

use crate::common::{check, run, timeline, with, world};

/// A world whose database works in no time, so that a call is carried out 1 ms after it was sent.
fn bank(clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.resources[0].takes = Span(0);
    let row =
        |balance| redwind_sim::Data::Map(vec![("n".to_owned(), redwind_sim::Data::Int(balance))]);
    scenario.resources[0].initial = vec![
        ("accounts".to_owned(), "1".to_owned(), row(10)),
        ("accounts".to_owned(), "2".to_owned(), row(20)),
    ];
    scenario
}

/// What the database has in the end, as `accounts/1 {'n': 10}`.
fn rows(run: &Run) -> Vec<String> {
    let end = run.world_at(u32::MAX);
    let db = end.resource(0).expect("a database");
    let row = |(table, id, row)| format!("{table}/{id} {row}");
    db.rows().into_iter().map(row).collect()
}

fn told(run: &Run, what: &str) -> bool {
    timeline(run).iter().any(|line| line.ends_with(what))
}

#[test]
fn what_a_transaction_writes_is_seen_by_others_when_it_is_committed() {
    let run = check(
        bank(&[
            (
                "a",
                &[
                    "db.begin",
                    "db.update accounts 1 n=5",
                    "db.get accounts 1",
                    "sleep 1ms",
                    "db.commit",
                ],
            ),
            ("b", &["sleep 4ms", "db.get accounts 1", "sleep 4ms", "db.get accounts 1"]),
        ]),
        "
            0s a starts
            0s b starts
            10us a asks db for begin()
            10us b sleeps for 4ms
            1.01ms db carries out a's begin()
            2.01ms a hears from db that it is done
            2.02ms a asks db for update('accounts', 1, {'n': 5})
            3.02ms db carries out a's update('accounts', 1, {'n': 5}) and returns 1, for its transaction alone
            4.01ms b wakes
            4.02ms a receives 1 from db
            4.02ms b asks db for get('accounts', 1)
            4.03ms a asks db for get('accounts', 1)
            5.02ms db carries out b's get('accounts', 1) and returns {'n': 10}
            5.03ms db carries out a's get('accounts', 1) and returns {'n': 5}
            6.02ms b receives {'n': 10} from db
            6.03ms a receives {'n': 5} from db
            6.03ms b sleeps for 4ms
            6.04ms a sleeps for 1ms
            7.04ms a wakes
            7.05ms a asks db for commit()
            8.05ms db carries out a's commit()
            8.05ms a's update of accounts/1 takes effect in db: {'n': 5}
            9.05ms a hears from db that it is done
            9.05ms a ends
            10.03ms b wakes
            10.04ms b asks db for get('accounts', 1)
            11.04ms db carries out b's get('accounts', 1) and returns {'n': 5}
            12.04ms b receives {'n': 5} from db
            12.04ms b ends
            ",
    );
    assert_eq!(rows(&run), ["accounts/1 {'n': 5}", "accounts/2 {'n': 20}"]);
}

#[test]
fn a_write_waits_for_the_row_and_goes_on_with_what_was_committed() {
    let run = check(
        bank(&[
            (
                "a",
                &[
                    "db.begin",
                    "db.update accounts 1 n=5",
                    "sleep 20ms",
                    "db.commit",
                ],
            ),
            (
                "b",
                &[
                    "sleep 5ms",
                    "db.update accounts 2 n=21",
                    "db.update accounts 1 n=6 n=5",
                ],
            ),
            ("c", &["sleep 5ms", "db.update accounts 1 n=7 n=10"]),
        ]),
        "
            0s a starts
            0s b starts
            0s c starts
            10us a asks db for begin()
            10us b sleeps for 5ms
            10us c sleeps for 5ms
            1.01ms db carries out a's begin()
            2.01ms a hears from db that it is done
            2.02ms a asks db for update('accounts', 1, {'n': 5})
            3.02ms db carries out a's update('accounts', 1, {'n': 5}) and returns 1, for its transaction alone
            4.02ms a receives 1 from db
            4.03ms a sleeps for 20ms
            5.01ms b wakes
            5.01ms c wakes
            5.02ms b asks db for update('accounts', 2, {'n': 21})
            5.02ms c asks db for update('accounts', 1, {'n': 7}, {'n': 10})
            6.02ms db carries out b's update('accounts', 2, {'n': 21}) and returns 1
            6.02ms db lets c's update('accounts', 1, {'n': 7}, {'n': 10}) wait: accounts/1 is locked by a transaction of a
            7.02ms b receives 1 from db
            7.03ms b asks db for update('accounts', 1, {'n': 6}, {'n': 5})
            8.03ms db lets b's update('accounts', 1, {'n': 6}, {'n': 5}) wait: accounts/1 is locked by a transaction of a
            24.03ms a wakes
            24.04ms a asks db for commit()
            25.04ms db carries out a's commit()
            25.04ms a's update of accounts/1 takes effect in db: {'n': 5}
            25.04ms db carries out c's update('accounts', 1, {'n': 7}, {'n': 10}), which changes nothing, and returns 0
            25.04ms db carries out b's update('accounts', 1, {'n': 6}, {'n': 5}) and returns 1
            26.04ms a hears from db that it is done
            26.04ms a ends
            26.04ms c receives 0 from db
            26.04ms c ends
            26.04ms b receives 1 from db
            26.04ms b ends
            ",
    );
    // The row as it was for c when it asked is not the row that it finds.
    assert_eq!(rows(&run), ["accounts/1 {'n': 6}", "accounts/2 {'n': 21}"]);
}

#[test]
fn a_row_read_for_update_is_kept_from_others_and_one_only_read_is_not() {
    let second: &[&str] = &["sleep 5ms", "db.update accounts 1 n=7"];
    let reads = |read: &'static str| {
        let first: &[&str] = &[
            "db.begin",
            read,
            "sleep 20ms",
            "db.update accounts 1 n=5",
            "db.commit",
        ];
        rows(&run(bank(&[("a", first), ("b", second)])))[0].clone()
    };
    // b's write between a's read and a's write is lost, unless it has to wait.
    assert_eq!(reads("db.get accounts 1"), "accounts/1 {'n': 5}");
    assert_eq!(reads("db.get accounts 1 1"), "accounts/1 {'n': 7}");
}

#[test]
fn a_transaction_is_rolled_back_when_its_client_crashes_and_the_rows_are_free_again() {
    let scenario = bank(&[
        (
            "a",
            &[
                "db.begin",
                "db.update accounts 1 n=5",
                "db.insert accounts 3 n=1",
                "sleep 1s",
                "db.commit",
            ],
        ),
        ("b", &["sleep 10ms", "db.update accounts 1 n=6"]),
    ]);
    let run = run(with(scenario, &["crash a at 50ms"]));
    assert!(
        told(
            &run,
            "51ms db rolls back the transaction of a, whose connection is closed: its 2 writes are undone"
        ),
        "{:#?}",
        timeline(&run)
    );
    assert_eq!(rows(&run), ["accounts/1 {'n': 6}", "accounts/2 {'n': 20}"]);
}

#[test]
fn a_program_that_ends_without_committing_has_written_nothing() {
    let run = run(bank(&[("a", &["db.begin", "db.delete accounts 1"])]));
    assert!(told(
        &run,
        "whose connection is closed: its one write is undone"
    ));
    assert_eq!(rows(&run).len(), 2);
}

#[test]
fn a_transaction_is_rolled_back_when_its_connection_is_reset_or_its_database_fails() {
    let steps: &[&str] = &[
        "db.begin",
        "db.update accounts 1 n=5",
        "sleep 10ms",
        "db.commit",
    ];
    for fault in ["reset between a and db at 10ms", "fail a's 1st db.commit"] {
        let run = run(with(bank(&[("a", steps)]), &[fault]));
        assert!(
            told(&run, "its one write is undone"),
            "{fault}: {:#?}",
            timeline(&run)
        );
        assert_eq!(rows(&run)[0], "accounts/1 {'n': 10}", "{fault}");
    }
}

#[test]
fn who_waits_too_long_for_a_row_gets_an_error_and_the_transaction_goes_on() {
    let mut scenario = bank(&[
        (
            "a",
            &[
                "db.begin",
                "db.update accounts 1 n=5",
                "sleep 1s",
                "db.commit",
            ],
        ),
        ("b", &["sleep 5ms", "db.update accounts 1 n=6"]),
    ]);
    scenario.resources[0].lock_timeout = Span::millis(100);
    let run = run(scenario);
    assert!(
        told(
            &run,
            "b ends with LockNotAvailable at line 2: lock wait timeout exceeded: accounts/1 has been locked by a transaction of a for 100ms"
        ),
        "{:#?}",
        timeline(&run)
    );
    assert_eq!(rows(&run)[0], "accounts/1 {'n': 5}");
}

#[test]
fn of_two_that_wait_for_each_other_one_is_rolled_back() {
    let first: &[&str] = &[
        "db.begin",
        "db.update accounts 1 n=11",
        "sleep 5ms",
        "db.update accounts 2 n=12",
        "db.commit",
    ];
    let second: &[&str] = &[
        "db.begin",
        "db.update accounts 2 n=22",
        "sleep 10ms",
        "db.update accounts 1 n=21",
        "db.commit",
    ];
    let run = check(bank(&[("a", first), ("b", second)]), "
            0s a starts
            0s b starts
            10us a asks db for begin()
            10us b asks db for begin()
            1.01ms db carries out a's begin()
            1.01ms db carries out b's begin()
            2.01ms a hears from db that it is done
            2.01ms b hears from db that it is done
            2.02ms a asks db for update('accounts', 1, {'n': 11})
            2.02ms b asks db for update('accounts', 2, {'n': 22})
            3.02ms db carries out a's update('accounts', 1, {'n': 11}) and returns 1, for its transaction alone
            3.02ms db carries out b's update('accounts', 2, {'n': 22}) and returns 1, for its transaction alone
            4.02ms a receives 1 from db
            4.02ms b receives 1 from db
            4.03ms a sleeps for 5ms
            4.03ms b sleeps for 10ms
            9.03ms a wakes
            9.04ms a asks db for update('accounts', 2, {'n': 12})
            10.04ms db lets a's update('accounts', 2, {'n': 12}) wait: accounts/2 is locked by a transaction of b
            14.03ms b wakes
            14.04ms b asks db for update('accounts', 1, {'n': 21})
            15.04ms db refuses b's update of accounts: deadlock detected: accounts/1 is locked by a, which waits for this transaction; it was rolled back
            15.04ms db rolls back the transaction of b, which would wait for ever: its one write is undone
            15.04ms db carries out a's update('accounts', 2, {'n': 12}) and returns 1, for its transaction alone
            16.04ms b hears db refuse with DeadlockDetected: deadlock detected: accounts/1 is locked by a, which waits for this transaction; it was rolled back
            16.04ms b ends with DeadlockDetected at line 4: deadlock detected: accounts/1 is locked by a, which waits for this transaction; it was rolled back
            16.04ms a receives 1 from db
            16.05ms a asks db for commit()
            17.05ms db carries out a's commit()
            17.05ms a's update of accounts/1 takes effect in db: {'n': 11}
            17.05ms a's update of accounts/2 takes effect in db: {'n': 12}
            18.05ms a hears from db that it is done
            18.05ms a ends
            ");
    assert_eq!(rows(&run), ["accounts/1 {'n': 11}", "accounts/2 {'n': 12}"]);
}

#[test]
fn a_circle_of_three_is_a_deadlock_too_and_the_others_get_through() {
    let mut scenario = bank(&[
        (
            "a",
            &[
                "db.begin",
                "db.update accounts 1 n=1",
                "sleep 10ms",
                "db.update accounts 2 n=1",
                "db.commit",
            ],
        ),
        (
            "b",
            &[
                "db.begin",
                "db.update accounts 2 n=2",
                "sleep 20ms",
                "db.update accounts 3 n=2",
                "db.commit",
            ],
        ),
        (
            "c",
            &[
                "db.begin",
                "db.insert accounts 3 n=3",
                "sleep 30ms",
                "db.update accounts 1 n=3",
                "db.commit",
            ],
        ),
    ]);
    scenario.resources[0].lock_timeout = Span::seconds(1);
    let run = run(scenario);
    assert!(
        told(
            &run,
            "c ends with DeadlockDetected at line 4: deadlock detected: accounts/1 is locked by a, which waits for this transaction; it was rolled back"
        ),
        "{:#?}",
        timeline(&run)
    );
    assert_eq!(rows(&run), ["accounts/1 {'n': 1}", "accounts/2 {'n': 1}"]);
}

#[test]
fn a_unique_value_is_free_again_when_the_transaction_that_took_it_is_undone() {
    let with_end = |end: &'static str| {
        let first: &[&str] = &["db.begin", "db.insert users 1 mail=x", "sleep 10ms", end];
        let mut scenario = bank(&[
            ("a", first),
            ("b", &["sleep 5ms", "db.insert users 2 mail=x"]),
        ]);
        scenario.resources[0].unique = vec!["users.mail".to_owned()];
        run(scenario)
    };
    let (undone, done) = (with_end("db.rollback"), with_end("db.commit"));
    for run in [&undone, &done] {
        assert!(
            told(
                run,
                "wait: users.mail = 'x' is locked by a transaction of a"
            ),
            "{:#?}",
            timeline(run)
        );
    }
    assert_eq!(rows(&undone)[2], "users/2 {'mail': 'x'}");
    assert_eq!(rows(&done)[2], "users/1 {'mail': 'x'}");
    assert!(told(
        &done,
        "users.mail must be unique: users/1 has 'x' too"
    ));
}

#[test]
fn a_request_that_is_under_way_when_its_client_dies_leaves_no_transaction_behind() {
    let mut scenario = bank(&[
        ("a", &["db.begin", "db.update accounts 1 n=5", "db.commit"]),
        ("b", &["sleep 50ms", "db.update accounts 1 n=6"]),
    ]);
    // The database is still busy with it when the connection is gone.
    scenario.resources[0].takes = Span::millis(10);
    let run = run(with(scenario, &["crash a after a's 1st db.begin"]));
    assert_eq!(rows(&run)[0], "accounts/1 {'n': 6}");
    let mut early = bank(&[
        ("a", &["db.begin", "db.update accounts 1 n=5", "db.commit"]),
        ("b", &["sleep 50ms", "db.update accounts 1 n=6"]),
    ]);
    early.resources[0].takes = Span::millis(10);
    let early = crate::common::run(with(early, &["crash a at 500us"]));
    assert!(
        told(&early, "whose connection is closed: it had written nothing"),
        "{:#?}",
        timeline(&early)
    );
    assert_eq!(rows(&early)[0], "accounts/1 {'n': 6}");
}

#[test]
fn a_transaction_begins_once_and_ends_quietly_when_there_is_none() {
    let run = run(bank(&[(
        "a",
        &["db.commit", "db.rollback", "db.begin", "db.begin"],
    )]));
    assert!(told(
        &run,
        "a ends with ProgrammingError at line 4: a transaction has begun and not ended: commit() or rollback() first"
    ));
}
