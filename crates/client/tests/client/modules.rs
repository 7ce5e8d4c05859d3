//! The modules that programs use: clocks, luck, text.

use crate::transcript::{asks, printed, prints, steps};

#[test]
fn clocks_and_sleep_are_the_worlds() {
    let source = "\
import time
import datetime
print(time.time(), time.time_ns(), time.monotonic(), time.perf_counter())
time.sleep(0.25)
print(datetime.datetime.now(), datetime.date.today())
print(datetime.datetime.now(datetime.timezone.utc).isoformat())
";
    assert_eq!(
        printed(source, []),
        "1780000000.5 1780000000500000000 12.25 12.25\n\
         2026-05-28 20:26:40.500000 2026-05-28\n\
         2026-05-28T20:26:40.500000+00:00\n"
    );
    assert!(asks(source, []).contains("sleep 250ms\n"));
}

#[test]
fn the_machine_is_called_as_the_client() {
    let source = "\
import os
print(os.environ['HOSTNAME'], os.getenv('HOSTNAME'), os.getenv('HOME', 'none'))
";
    assert_eq!(prints(source), "tester tester none\n");
}

#[test]
fn json_hashes_and_regular_expressions_work() {
    let source = "\
import hashlib, json, re, collections, math
print(json.dumps({'a': [1, None, 'x']}), json.loads('{\"b\": 2.5}'))
print(hashlib.sha1(b'abc').hexdigest())
print(re.sub(r'\\d+', '#', 'a1b22'), collections.Counter('aab')['a'], math.floor(2.7))
";
    assert_eq!(
        prints(source),
        "{\"a\": [1, null, \"x\"]} {'b': 2.5}\na9993e364706816aba3e25717850c26c9cd0d89d\na#b# 2 2\n"
    );
}

#[test]
fn uuids_and_secrets_are_drawn_from_the_programs_seed() {
    let source = "\
import uuid, secrets
u = uuid.uuid4()
print(len(str(u)), str(u)[14], str(u)[19] in '89ab', u == uuid.UUID(str(u)), u == uuid.uuid4())
print(len(secrets.token_hex(8)), len(secrets.token_bytes(5)), 0 <= secrets.randbelow(10) < 10)
print(len(u.hex), len(u.bytes))
";
    assert_eq!(prints(source), "36 4 True True False\n16 5 True\n32 16\n");
}

#[test]
fn logging_prints() {
    let source = "\
import logging
logging.basicConfig(level=logging.INFO)
log = logging.getLogger('worker')
log.info('got %s of %d', 'job', 3)
log.debug('not shown')
logging.warning('careful')
";
    assert_eq!(
        prints(source),
        "INFO:worker:got job of 3\nWARNING:root:careful\n"
    );
}

#[test]
fn classes_inherit_and_entries_are_deleted() {
    let source = "\
class Animal:
    sound = '...'
    def __init__(self, name):
        self.name = name
    def speak(self):
        return f'{self.name} says {self.sound}'

class Dog(Animal):
    sound = 'woof'
    def __init__(self, name, age):
        super().__init__(name)
        self.age = age
    def speak(self):
        return super().speak() + '!'

class Puppy(Dog):
    pass

p = Puppy('Rex', 1)
print(p.speak(), p.age, isinstance(p, Animal), isinstance(p, (int, Dog)), isinstance(1, Animal))
d = {'a': 1, 'b': 2, 'c': 3}
del d['a'], d['c']
l = [1, 2, 3]
del l[0]
print(d, l)
";
    assert_eq!(
        prints(source),
        "Rex says woof! 1 True True False\n{'b': 2} [2, 3]\n"
    );
}

#[test]
fn a_program_that_leaves_by_sys_exit_ends() {
    assert_eq!(
        prints("import sys\nprint(1)\nsys.exit()\nprint(2)\n"),
        "1\n"
    );
    assert_eq!(prints("import sys\nsys.exit(0)\n"), "");
    assert_eq!(
        prints("try:\n    exit()\nexcept Exception:\n    print('no')\n"),
        ""
    );
    assert_eq!(
        prints("import sys\nsys.exit('no work')\n"),
        "raised SystemExit: no work (line Some(2))\n"
    );
    assert_eq!(
        prints("if __name__ == '__main__':\n    print('main')\n"),
        "main\n"
    );
}

#[test]
fn printing_is_told_line_by_line_in_its_place() {
    let told = steps(
        "print('a', end='')\nprint('b\\nc')\nprint()\nprint('d', end='')\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\nline 2\nprint ab\nprint c\nline 3\nprint \nline 4\nprint d\nfinished\n"
    );
}
