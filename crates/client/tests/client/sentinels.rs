//! `redis.sentinel`: whom a client asks where its node is, when it asks again, and what it raises.

use redwind_resp::Value;
use redwind_sim::{Answer, Failure};

use crate::transcript::{TIMEOUT, array, asks, bulk, error, replies};

const REFUSED: Answer = Answer::Failed(Failure::Refused);

const BEGIN: &str = "from redis.sentinel import Sentinel, MasterNotFoundError, SlaveNotFoundError
import redis
s = Sentinel([('s1', 26379), ('s2', 26379)], socket_timeout=0.5)
";

/// What a sentinel tells about a process, as Redis writes it: names and values in turn.
fn state(name: &str, ip: &str, flags: &str) -> Value {
    let fields = [
        ("name", name),
        ("ip", ip),
        ("port", "6379"),
        ("flags", flags),
        ("num-other-sentinels", "2"),
    ];
    array(
        fields
            .iter()
            .flat_map(|(name, value)| [bulk(name), bulk(value)]),
    )
}

fn primary(ip: &str) -> Answer {
    said([state("mymaster", ip, "master")])
}

fn said<const N: usize>(states: [Value; N]) -> Answer {
    Answer::Replies(vec![array(states)])
}

#[track_caller]
fn check(program: &str, answers: impl IntoIterator<Item = Answer>, expected: &str) {
    let told = asks(&format!("{BEGIN}{program}"), answers);
    let expected: String = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(told, expected);
}

fn one(value: Value) -> Answer {
    replies([value]).remove(0)
}

#[test]
fn a_client_asks_where_the_primary_is_when_it_connects_and_not_again() {
    check(
        "r = s.master_for('mymaster', decode_responses=True)\nr.set('k', 'v')\nprint(r.get('k'))\n",
        [primary("n1"), one(Value::OK), Answer::Done, one(bulk("v"))],
        "
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k v at n1 within 500ms
        is 0 open?
        redis GET k at n1 within 500ms
        print v
        finished
        ",
    );
}

#[test]
fn a_sentinel_that_does_not_answer_is_passed_over_and_the_one_that_did_is_asked_first_from_then_on()
{
    check(
        "print(s.discover_master('mymaster'))\nprint(s.discover_master('mymaster'))\n",
        [TIMEOUT, primary("n1"), primary("n2")],
        "
        redis SENTINEL MASTERS at s1 within 500ms
        redis SENTINEL MASTERS on 1 at s2 within 500ms
        print ('n1', 6379)
        redis SENTINEL MASTERS on 1 at s2 within 500ms
        print ('n2', 6379)
        finished
        ",
    );
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_opened_to_wherever_the_primary_is_now() {
    check(
        "r = s.master_for('mymaster')\nr.set('k', 'v')\nr.set('k', 'w')\n",
        [
            primary("n1"),
            one(Value::OK),
            Answer::Failed(Failure::Reset),
            primary("n2"),
            one(Value::OK),
        ],
        "
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k v at n1 within 500ms
        is 0 open?
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k w at n2 within 500ms
        finished
        ",
    );
}

#[test]
fn a_primary_that_is_one_no_longer_is_a_broken_connection() {
    check(
        "r = s.master_for('mymaster')
try:
    r.set('k', 'v')
except redis.ReadOnlyError:
    print('read only')
except redis.ConnectionError as e:
    print(e)
",
        [
            primary("n1"),
            one(error(
                "READONLY You can't write against a read only replica.",
            )),
        ],
        "
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k v at n1 within 500ms
        print The previous master is now a slave
        finished
        ",
    );
}

#[test]
fn retries_ask_the_sentinels_anew() {
    check(
        "from redis.retry import Retry
from redis.backoff import ConstantBackoff
r = s.master_for('mymaster', retry=Retry(ConstantBackoff(1), 3))
r.set('k', 'v')
",
        [primary("n1"), REFUSED, primary("n2"), one(Value::OK)],
        "
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k v at n1 within 500ms
        sleep 1s
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis SET k v on 2 at n2 within 500ms
        finished
        ",
    );
}

#[test]
fn no_primary_is_told_with_what_each_sentinel_did() {
    check(
        "try:
    s.discover_master('mymaster')
except MasterNotFoundError as e:
    print(e)
try:
    s.master_for('mymaster').get('k')
except redis.ConnectionError as e:
    print(type(e).__name__, e)
",
        [
            REFUSED,
            said([state("mymaster", "n1", "s_down,o_down,master")]),
            said([state("other", "n1", "master")]),
            said([]),
        ],
        "
        redis SENTINEL MASTERS at s1 within 500ms
        redis SENTINEL MASTERS on 1 at s2 within 500ms
        print No master found for 'mymaster' : <redis.client.Redis(<redis.connection.ConnectionPool(<redis.connection.Connection(host=s1,port=26379,db=0)>)>)> - ConnectionError('Error 111 connecting to s1:26379. Connection refused.')
        redis SENTINEL MASTERS on 3 at s1 within 500ms
        redis SENTINEL MASTERS on 1 at s2 within 500ms
        print MasterNotFoundError No master found for 'mymaster'
        finished
        ",
    );
}

#[test]
fn reads_go_to_replicas_that_are_not_down_and_to_the_primary_if_there_is_none() {
    check(
        "print(s.discover_slaves('mymaster'))
r = s.slave_for('mymaster', decode_responses=True)
print(r.get('k'))
",
        [
            said([
                state("n2:6379", "n2", "slave"),
                state("n3:6379", "n3", "s_down,slave"),
            ]),
            one(error("ERR No such master with that name")),
            said([]),
            primary("n1"),
            one(bulk("v")),
        ],
        "
        redis SENTINEL SLAVES mymaster at s1 within 500ms
        print [('n2', 6379)]
        redis SENTINEL SLAVES mymaster at s1 within 500ms
        redis SENTINEL SLAVES mymaster on 2 at s2 within 500ms
        redis SENTINEL MASTERS at s1 within 500ms
        redis GET k on 1 at n1 within 500ms
        print v
        finished
        ",
    );
}

#[test]
fn a_replica_that_refuses_is_passed_over_and_when_all_do_none_is_found() {
    check(
        "r = s.slave_for('mymaster')
try:
    r.get('k')
except SlaveNotFoundError as e:
    print(e)
",
        [
            said([state("n2:6379", "n2", "slave")]),
            REFUSED,
            primary("n1"),
            REFUSED,
        ],
        "
        redis SENTINEL SLAVES mymaster on 1 at s1 within 500ms
        redis GET k at n2 within 500ms
        redis SENTINEL MASTERS on 1 at s1 within 500ms
        redis GET k at n1 within 500ms
        print No slave found for 'mymaster'
        finished
        ",
    );
}

#[test]
fn a_sentinel_is_asked_by_methods_as_well_and_its_answers_are_converted() {
    let program = "r = redis.Redis(host='s1', port=26379)
print(r.sentinel_get_master_addr_by_name('mymaster'))
m = r.sentinel_master('mymaster')
print(m['name'], m['port'], m['num-other-sentinels'], m['is_master'], m['is_odown'], m['flags'])
print([name for name in r.sentinel_masters()])
print([one['ip'] for one in r.sentinel_slaves('mymaster')])
print(r.sentinel_set('mymaster', 'quorum', 1), r.sentinel_failover('mymaster'))
";
    let down = || state("mymaster", "n1", "master,o_down");
    let answers = [
        one(array([bulk("n1"), bulk("6379")])),
        one(down()),
        said([down()]),
        said([
            state("n2:6379", "n2", "slave"),
            state("n3:6379", "n3", "slave"),
        ]),
        one(Value::OK),
        one(error("NOGOODSLAVE No suitable replica to promote")),
    ];
    check(
        program,
        answers,
        "
        redis SENTINEL GET-MASTER-ADDR-BY-NAME mymaster at s1
        print (b'n1', 6379)
        redis SENTINEL MASTER mymaster at s1
        print mymaster 6379 2 True True master,o_down
        redis SENTINEL MASTERS at s1
        print ['mymaster']
        redis SENTINEL SLAVES mymaster at s1
        print ['n2', 'n3']
        redis SENTINEL SET mymaster quorum 1 at s1
        redis SENTINEL FAILOVER mymaster at s1
        raised ResponseError: NOGOODSLAVE No suitable replica to promote (line Some(10))
        ",
    );
}
