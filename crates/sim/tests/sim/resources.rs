//! Resources: exactly what they do and refuse.

use redwind_sim::{Intervention, Names, ResourceKind, Span};

use crate::common::{check, run, timeline, with, world};

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
    let text = timeline(&run(scenario)).join("\n");
    let last = text.lines().last().unwrap_or_default();
    assert!(
        last.ends_with(
            "a ends with IntegrityError at line 4: users.mail must be unique: users/1 has 'x' too"
        ),
        "{text}"
    );
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
    let text = timeline(&run(scenario)).join("\n");
    assert!(
        text.contains("objects carries out a's put('report', 'B', 'v1') and returns 'v2'"),
        "{text}"
    );
    assert!(text.contains("{'data': 'A', 'etag': 'v1'}"), "{text}");
    let last = text.lines().last().unwrap_or_default();
    assert!(
        last.ends_with("b ends with PreconditionFailed at line 3: report has the tag v2, not v1"),
        "{text}"
    );
}

#[test]
fn a_call_that_fails_does_nothing_and_says_so() {
    let scenario = world(&[
        ("a", &["db.put users 1 mail=x"]),
        ("b", &["sleep 20ms", "db.get users 1"]),
    ]);
    let scenario = with(scenario, &["fail a's 1st db.put"]);
    let text = timeline(&run(scenario)).join("\n");
    assert!(
        text.contains(
            "a ends with OperationalError at line 1: db could not be reached; nothing was done"
        ),
        "{text}"
    );
    assert!(
        text.contains("b receives nothing from db") || text.contains("returns None"),
        "{text}"
    );
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
