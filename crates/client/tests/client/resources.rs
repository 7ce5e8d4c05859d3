//! `db`, `storage` and `mailer`.

use redwind_sim::{Answer, Data};

use crate::transcript::{asks, printed};

#[test]
fn resources_are_there_with_and_without_an_import() {
    let source = "\
import db
from storage import write
row = db.get('users', 42)
print(row['name'], row.get('city'))
db.update('users', 42, {'city': 'Porto', 'tags': ['a', 1.5, None]}, where={'city': 'Rome'})
write('report', 'text', token=3)
mailer.send('a@b.c', subject='hi')
";
    let row = Data::Map(vec![
        ("name".to_owned(), Data::Text("Ada".to_owned())),
        ("city".to_owned(), Data::Null),
    ]);
    let done = || Answer::Data(Data::Bool(true));
    assert_eq!(
        asks(source, [Answer::Data(row), done(), done(), done()]),
        "db.get('users', 42)\n\
         print Ada None\n\
         db.update('users', 42, {'city': 'Porto', 'tags': ['a', 1.5, None]}, where={'city': 'Rome'})\n\
         storage.write('report', 'text', token=3)\n\
         mailer.send('a@b.c', subject='hi')\n\
         finished\n"
    );
}

#[test]
fn a_refusal_is_the_exception_that_it_names() {
    let refused = |kind: &str, message: &str| Answer::Refused {
        kind: kind.to_owned(),
        message: message.to_owned(),
    };
    let source = "\
import storage
try:
    storage.write('report', 'x', token=1)
except storage.StaleToken as e:
    print(type(e).__name__, e)
try:
    storage.write('report')
except TypeError as e:
    print('type', e)
";
    assert_eq!(
        printed(
            source,
            [
                refused("StaleToken", "token 1 is older than 2"),
                refused("TypeError", "storage.write: value is missing")
            ]
        ),
        "StaleToken token 1 is older than 2\ntype storage.write: value is missing\n"
    );
}

#[test]
fn every_resource_has_its_exceptions_by_name() {
    let refused = |kind: &str| Answer::Refused {
        kind: kind.to_owned(),
        message: "no".to_owned(),
    };
    let source = "\
import db
import objects
from db import OperationalError
try:
    db.insert('t', 1, {})
except db.IntegrityError as e:
    print(type(e).__name__)
try:
    db.get('t', 1)
except OperationalError as e:
    print(type(e).__name__)
try:
    objects.put('a', 'b', if_none_match='*')
except objects.PreconditionFailed as e:
    print(type(e).__name__)
";
    assert_eq!(
        printed(
            source,
            [
                refused("IntegrityError"),
                refused("OperationalError"),
                refused("PreconditionFailed")
            ]
        ),
        "IntegrityError\nOperationalError\nPreconditionFailed\n"
    );
}

#[test]
fn what_cannot_be_kept_is_refused_with_the_remedy() {
    let text = printed("db.put('t', 1, {'v': b'x'})\n", []);
    assert!(text.contains("decode_responses=True"), "{text}");
    let text = printed("db.find('t')\n", []);
    assert_eq!(
        text,
        "raised AttributeError: module 'db' has no attribute 'find' (line Some(1))\n"
    );
}

#[test]
fn a_transaction_is_committed_at_the_end_of_its_block_and_rolled_back_by_an_exception() {
    let source = "\
import db
with db.transaction():
    db.update('seats', 1, {'n': 9})
try:
    with db.transaction():
        row = db.get('seats', 1, for_update=True)
        raise ValueError('no seat')
except ValueError as e:
    print(e)
db.begin()
db.commit()
db.rollback()
";
    let done = || Answer::Data(Data::Null);
    assert_eq!(
        asks(source, (0..9).map(|_| done())),
        "db.begin()\n\
         db.update('seats', 1, {'n': 9})\n\
         db.commit()\n\
         db.begin()\n\
         db.get('seats', 1, for_update=True)\n\
         db.rollback()\n\
         print no seat\n\
         db.begin()\n\
         db.commit()\n\
         db.rollback()\n\
         finished\n"
    );
}

#[test]
fn what_went_wrong_in_a_block_is_raised_even_if_it_can_not_be_rolled_back() {
    let refused = || Answer::Refused {
        kind: "OperationalError".to_owned(),
        message: "deadlock detected".to_owned(),
    };
    let source = "\
import db
try:
    with db.transaction():
        db.update('seats', 1, {'n': 9})
except db.OperationalError as e:
    print(e)
";
    let answers = [
        Answer::Data(Data::Null),
        refused(),
        Answer::Failed(redwind_sim::Failure::Reset),
    ];
    assert_eq!(printed(source, answers), "deadlock detected\n");
    let answers = [
        Answer::Data(Data::Null),
        Answer::Failed(redwind_sim::Failure::Reset),
    ];
    assert_eq!(
        printed(source, answers),
        "the connection to db was closed\n"
    );
}

#[test]
fn a_deadlock_and_a_wait_too_long_are_errors_of_their_own_and_operational_errors() {
    let refused = |kind: &str, message: &str| Answer::Refused {
        kind: kind.to_owned(),
        message: message.to_owned(),
    };
    let source = "\
import db
for attempt in range(3):
    try:
        db.update('seats', 1, {'n': 9})
        print('done')
    except db.DeadlockDetected as e:
        print('again', e)
    except db.OperationalError as e:
        print(type(e).__name__, e)
try:
    db.begin()
except db.OperationalError:
    print('not this one')
except db.ProgrammingError as e:
    print(e)
db.update('seats', 1, {'n': 9})
";
    let answers = [
        refused("DeadlockDetected", "deadlock detected"),
        refused("LockNotAvailable", "lock wait timeout exceeded"),
        Answer::Data(Data::Int(1)),
        refused("ProgrammingError", "a transaction has begun"),
        refused("DeadlockDetected", "deadlock detected"),
    ];
    assert_eq!(
        printed(source, answers),
        "again deadlock detected\nLockNotAvailable lock wait timeout exceeded\ndone\na transaction has begun\n\
         raised DeadlockDetected: deadlock detected (line Some(16))\n"
    );
}
