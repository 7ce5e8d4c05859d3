//! Resources: exactly what they do and refuse.

use redwind_sim::{Intervention, Names, ResourceKind, Span};

use crate::common::{check, with, world};

#[test]
fn a_resource_works_on_one_call_at_a_time() {
    let mut scenario = world(&[
        ("worker-a", &["db.put users 42 name=Ada"]),
        (
            "worker-b",
            &[
                "db.get users 42",
                "db.update users 42 age=36 age=35",
                "db.insert users 42 x",
            ],
        ),
    ]);
    scenario.resources[0].takes = Span::millis(10);
    check(scenario, "
            0s worker-a starts
            0s worker-b starts
            10us worker-a asks db for put('users', 42, {'name': 'Ada'})
            10us worker-b asks db for get('users', 42)
            11.01ms db carries out worker-a's put('users', 42, {'name': 'Ada'})
            12.01ms worker-a hears from db that it is done
            12.01ms worker-a ends
            21.01ms db carries out worker-b's get('users', 42) and returns {'name': 'Ada'}
            22.01ms worker-b receives {'name': 'Ada'} from db
            22.02ms worker-b asks db for update('users', 42, {'age': 36}, {'age': 35})
            33.02ms db carries out worker-b's update('users', 42, {'age': 36}, {'age': 35}), which changes nothing, and returns 0
            34.02ms worker-b receives 0 from db
            34.03ms worker-b asks db for insert('users', 42, 'x')
            45.03ms db refuses worker-b's insert of users: users/42 already exists
            46.03ms worker-b hears db refuse with IntegrityError: users/42 already exists
            46.03ms worker-b ends with IntegrityError at line 3: users/42 already exists
            ");
}

#[test]
fn what_must_be_unique_is_refused_to_a_second_row() {
    let mut scenario = world(&[(
        "a",
        &[
            "db.insert users 1 mail=x",
            "db.put users 2 mail=y",
            "db.update users 1 mail=x",
            "db.update users 2 mail=x",
        ],
    )]);
    scenario.resources[0].unique = vec!["users.mail".to_owned()];
    check(scenario, "
            0s a starts
            10us a asks db for insert('users', 1, {'mail': 'x'})
            2.01ms db carries out a's insert('users', 1, {'mail': 'x'})
            3.01ms a hears from db that it is done
            3.02ms a asks db for put('users', 2, {'mail': 'y'})
            5.02ms db carries out a's put('users', 2, {'mail': 'y'})
            6.02ms a hears from db that it is done
            6.03ms a asks db for update('users', 1, {'mail': 'x'})
            8.03ms db carries out a's update('users', 1, {'mail': 'x'}) and returns 1
            9.03ms a receives 1 from db
            9.04ms a asks db for update('users', 2, {'mail': 'x'})
            11.04ms db refuses a's update of users: users.mail must be unique: users/1 has 'x' too
            12.04ms a hears db refuse with IntegrityError: users.mail must be unique: users/1 has 'x' too
            12.04ms a ends with IntegrityError at line 4: users.mail must be unique: users/1 has 'x' too
            ");
}

#[test]
fn an_object_is_put_only_over_the_tag_that_was_named() {
    let mut scenario = world(&[
        ("a", &["objects.put report A", "objects.put report B v1"]),
        (
            "b",
            &[
                "objects.get report",
                "sleep 20ms",
                "objects.put report C v1",
            ],
        ),
    ]);
    let mut objects = scenario.resources[1].clone();
    objects.name = "objects".to_owned();
    objects.kind = ResourceKind::Objects;
    scenario.resources.push(objects);
    check(
        scenario,
        "
            0s a starts
            0s b starts
            10us a asks objects for put('report', 'A')
            10us b asks objects for get('report')
            2.01ms objects carries out a's put('report', 'A') and returns 'v1'
            3.01ms objects carries out b's get('report') and returns {'data': 'A', 'etag': 'v1'}
            3.01ms a receives 'v1' from objects
            3.02ms a asks objects for put('report', 'B', 'v1')
            4.01ms b receives {'data': 'A', 'etag': 'v1'} from objects
            4.02ms b sleeps for 20ms
            5.02ms objects carries out a's put('report', 'B', 'v1') and returns 'v2'
            6.02ms a receives 'v2' from objects
            6.02ms a ends
            24.02ms b wakes
            24.03ms b asks objects for put('report', 'C', 'v1')
            26.03ms objects refuses b's put of report: report has the tag v2, not v1
            27.03ms b hears objects refuse with PreconditionFailed: report has the tag v2, not v1
            27.03ms b ends with PreconditionFailed at line 3: report has the tag v2, not v1
            ",
    );
}

#[test]
fn a_call_that_fails_does_nothing_and_says_so() {
    let scenario = world(&[
        ("a", &["db.put users 1 mail=x"]),
        ("b", &["sleep 20ms", "db.get users 1"]),
    ]);
    check(with(scenario, &["fail a's 1st db.put"]), "
            0s a starts
            0s b starts
            10us a asks db for put('users', 1, {'mail': 'x'})
            10us b sleeps for 20ms
            2.01ms db refuses a's put of users: db could not be reached; nothing was done
            3.01ms a hears db refuse with OperationalError: db could not be reached; nothing was done
            3.01ms a ends with OperationalError at line 1: db could not be reached; nothing was done
            20.01ms b wakes
            20.02ms b asks db for get('users', 1)
            22.02ms db carries out b's get('users', 1) and returns None: there is nothing
            23.02ms b hears from db that it is done
            23.02ms b ends
            ");
    let names = Names::of(&world(&[("a", &[])]));
    let mistake = Intervention::parse("fail a's 1st SET", &names).expect_err("no command");
    assert!(
        mistake
            .to_string()
            .contains("only a named call of a resource"),
        "{mistake}"
    );
}

#[test]
fn a_wrong_call_of_a_resource_is_refused_with_its_signature() {
    check(
        world(&[
            ("a", &["storage.write report"]),
            ("b", &["storage.wipe report"]),
            ("c", &["disk.write report"]),
            ("d", &["storage.write report A soon"]),
        ]),
        "
            0s a starts
            0s b starts
            0s c starts
            0s d starts
            10us a asks storage for write('report')
            10us b asks storage for wipe('report')
            10us c ends with NameError at line 1: there is no resource disk: this world has db, storage and mailer
            10us d asks storage for write('report', 'A', 'soon')
            2.01ms storage refuses a's write of report: storage.write(name, value, token=None): value is missing
            3.01ms storage refuses b's wipe of report: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            3.01ms a hears storage refuse with TypeError: storage.write(name, value, token=None): value is missing
            3.01ms a ends with TypeError at line 1: storage.write(name, value, token=None): value is missing
            4.01ms storage refuses d's write of report: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            4.01ms b hears storage refuse with AttributeError: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            4.01ms b ends with AttributeError at line 1: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            5.01ms d hears storage refuse with TypeError: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            5.01ms d ends with TypeError at line 1: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            ",
    );
}

#[test]
fn a_mailer_sends_what_it_was_asked_to_even_if_nobody_hears_that_it_did() {
    check(
        with(
            world(&[(
                "a",
                &[
                    "try mailer.send ada@example.com hello",
                    "go to 4 unless failed",
                    "mailer.send ada@example.com hello",
                    "print done",
                ],
            )]),
            &["reset between a and mailer at 2.5ms"],
        ),
        "
            0s a starts
            10us a asks mailer for send('ada@example.com', 'hello')
            2.01ms mailer carries out a's send('ada@example.com', 'hello') and returns True
            2.5ms connections between a and mailer are reset
            2.5ms a loses its connection before the answer has come
            2.52ms a asks mailer for send('ada@example.com', 'hello')
            3.01ms the reply to a finds nobody who waits for it
            4.52ms mailer carries out a's send('ada@example.com', 'hello') and returns True
            5.52ms a receives True from mailer
            5.53ms a prints: done
            5.53ms a ends
            ",
    );
}

#[test]
fn a_storage_refuses_a_token_that_is_lower_than_one_it_has_seen() {
    check(
        world(&[
            (
                "a",
                &[
                    "sleep 10ms",
                    "storage.write report A 33",
                    "storage.write other A 33",
                ],
            ),
            (
                "b",
                &[
                    "storage.write report B 34",
                    "storage.read report",
                    "sleep 20ms",
                    "storage.write report B",
                ],
            ),
        ]),
        "
            0s a starts
            0s b starts
            10us a sleeps for 10ms
            10us b asks storage for write('report', 'B', 34)
            2.01ms storage carries out b's write('report', 'B', 34) and returns True
            3.01ms b receives True from storage
            3.02ms b asks storage for read('report')
            5.02ms storage carries out b's read('report') and returns 'B'
            6.02ms b receives 'B' from storage
            6.03ms b sleeps for 20ms
            10.01ms a wakes
            10.02ms a asks storage for write('report', 'A', 33)
            12.02ms storage refuses a's write of report: token 33 is lower than 34
            13.02ms a hears storage refuse with StaleToken: token 33 is lower than 34
            13.02ms a ends with StaleToken at line 2: token 33 is lower than 34
            26.03ms b wakes
            26.04ms b asks storage for write('report', 'B')
            28.04ms storage carries out b's write('report', 'B') and returns True
            29.04ms b receives True from storage
            29.04ms b ends
            ",
    );
}
