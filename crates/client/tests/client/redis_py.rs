//! Beside the real redis-py: the same calls against a real server print the same values. Without one of the
//! two — a redis-server and a Python that can import redis — nothing is compared, and that is said.

#![expect(
    clippy::disallowed_types,
    reason = "it starts the real Python and talks to a real server"
)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use redwind_reference::{Port, Process};
use redwind_resp::{Decoder, Value, encode_request};
use redwind_sim::{Answer, Batch, Exit, Request};

use crate::transcript::{automatic, start};

/// Each is evaluated with `r`, which returns bytes, and with `d`, which returns text.
const CALLS: &[&str] = &[
    "r.set('k', 'v')",
    "r.set('k', 'w', nx=True)",
    "r.set('k', 'w', xx=True, get=True)",
    "d.set('n', 10, ex=100)",
    "d.get('k')",
    "r.get('k')",
    "r.get('none')",
    "r.incr('n')",
    "r.decr('n', 3)",
    "r.incrbyfloat('f', 1.5)",
    "r.append('k', 'x')",
    "r.strlen('k')",
    "r.getrange('k', 0, 0)",
    "r.setrange('k', 1, 'yy')",
    "r.mset({'a': 1, 'b': 2.5})",
    "d.mget('a', 'b', 'none')",
    "d.mget(['a', 'none'])",
    "r.msetnx({'a': 3})",
    "r.setnx('a', 1)",
    "r.setex('e', 100, 'v')",
    "r.psetex('e', 100000, 'v')",
    "d.getset('a', 7)",
    "d.getdel('b')",
    "d.getex('e', persist=True)",
    "r.ttl('e')",
    "r.expire('e', 50)",
    "r.expire('none', 50)",
    "r.expire('e', 10, gt=True)",
    "r.persist('e')",
    "r.ttl('none')",
    "r.exists('a', 'none')",
    "r.type('a')",
    "d.type('none')",
    "r.rename('a', 'a2')",
    "r.renamenx('a2', 'n')",
    "r.delete('a2', 'none')",
    "r.copy('k', 'k2')",
    "sorted(d.keys('k*'))",
    "r.touch('k')",
    "r.setbit('bits', 7, 1)",
    "r.getbit('bits', 7)",
    "r.bitcount('bits')",
    "r.hset('h', 'f', 1)",
    "r.hset('h', mapping={'g': 2, 'h': 'x'})",
    "r.hsetnx('h', 'f', 5)",
    "d.hgetall('h')",
    "r.hgetall('none')",
    "r.hget('h', 'f')",
    "d.hmget('h', 'f', 'none')",
    "d.hmget('h', ['f', 'g'])",
    "r.hexists('h', 'f')",
    "r.hexists('h', 'none')",
    "r.hincrby('h', 'f', 4)",
    "r.hincrbyfloat('h', 'f', 0.5)",
    "d.hkeys('h')",
    "d.hvals('h')",
    "r.hlen('h')",
    "r.hdel('h', 'f', 'none')",
    "d.hscan('h')",
    "r.rpush('l', 1, 2, 3, 2)",
    "d.lrange('l', 0, -1)",
    "r.llen('l')",
    "d.lindex('l', 0)",
    "r.lset('l', 0, 'x')",
    "r.linsert('l', 'before', 2, 'y')",
    "r.lrem('l', 1, 2)",
    "r.ltrim('l', 0, 2)",
    "d.lpos('l', 'y')",
    "d.lpop('l')",
    "d.lpop('l', 2)",
    "d.lpop('none')",
    "r.rpush('q', 'a', 'b', 'c')",
    "d.blpop('q', timeout=1)",
    "r.brpop(['none', 'q'], timeout=1)",
    "d.blpop('none', timeout=1)",
    "d.rpoplpush('q', 'q2')",
    "d.lmove('q2', 'q', 'LEFT', 'RIGHT')",
    "d.blmove('q', 'q2', 1)",
    "d.lmpop(2, 'none', 'q2', direction='LEFT')",
    "r.sadd('s', 'a', 'b')",
    "sorted(d.smembers('s'))",
    "r.smembers('none')",
    "r.sismember('s', 'a')",
    "r.smismember('s', ['a', 'z'])",
    "r.scard('s')",
    "r.srem('s', 'b')",
    "d.sinter('s', 's')",
    "d.sunion(['s', 'none'])",
    "r.sdiffstore('s2', 's', 'none')",
    "d.spop('s')",
    "d.spop('s')",
    "d.sscan('s2')",
    "r.zadd('z', {'a': 1, 'b': 2.5, 'c': 3})",
    "r.zadd('z', {'a': 2}, xx=True, ch=True)",
    "r.zadd('z', {'a': 1}, incr=True)",
    "d.zrange('z', 0, -1)",
    "d.zrange('z', 0, -1, withscores=True)",
    "d.zrange('z', 0, 0, desc=True)",
    "d.zrange('z', 2, 3, byscore=True)",
    "d.zrevrange('z', 0, -1, withscores=True)",
    "d.zrangebyscore('z', '-inf', '(3', withscores=True)",
    "d.zrangebyscore('z', 0, 10, start=1, num=1)",
    "d.zscore('z', 'b')",
    "d.zscore('z', 'none')",
    "d.zmscore('z', ['a', 'none'])",
    "r.zrank('z', 'a')",
    "r.zincrby('z', 2, 'a')",
    "r.zcard('z')",
    "r.zcount('z', 0, 3)",
    "d.zpopmin('z')",
    "d.bzpopmax('z', timeout=1)",
    "d.zscan('z')",
    "r.zrem('z', 'c', 'none')",
    "d.xadd('x', {'f': 1}, id='1-1')",
    "d.xadd('x', {'g': 'v'}, id='2-1', maxlen=10)",
    "r.xlen('x')",
    "d.xrange('x')",
    "d.xrevrange('x', count=1)",
    "d.xread({'x': '1-1'})",
    "d.xread({'x': '9-9'})",
    "r.xgroup_create('x', 'g', id='0')",
    "d.xreadgroup('g', 'me', {'x': '>'}, count=1)",
    "d.xpending('x', 'g')",
    "r.xack('x', 'g', '1-1')",
    "r.xdel('x', '1-1')",
    "d.scan(match='zzz*')",
    "r.eval('return {1, ARGV[1], redis.call(\"GET\", KEYS[1])}', 1, 'k', 'arg')",
    "d.eval('return redis.status_reply(\"FINE\")', 0)",
    "r.eval('return nil', 0)",
    "r.script_exists('0' * 40)",
    "r.script_load('return 1')",
    "r.evalsha(r.script_load('return 2'), 0)",
    "r.ping()",
    "r.echo('hi')",
    "r.dbsize()",
    "r.execute_command('SET', 'direct', 1)",
    "r.execute_command('HGETALL', 'h')",
    "r.flushdb()",
    "r.pipeline().set('p', 1).incr('p').hgetall('none').execute()",
    "r.pipeline(transaction=False).get('p').get('none').execute()",
    // Errors, by class and text.
    "r.lpush('p', 1)",
    "r.incr('k', 'x')",
    "r.execute_command('NOPE')",
    "r.evalsha('0' * 40, 0)",
    "r.eval('return redis.call(\"NOPE\")', 0)",
    "r.set('k', None)",
    "r.set('k', [1])",
    "r.set('k', True)",
    "r.set('k', 1, nx=True, xx=True)",
    "r.hset('h')",
    "r.zadd('z', {})",
    "r.mset([1])",
    "r.pipeline().set('p', 'x').incr('p').execute()",
];

fn program(port: u16, ours: bool) -> String {
    let target = if ours {
        "host='redis'".to_owned()
    } else {
        format!("port={port}")
    };
    let mut text = format!(
        "import redis\nr = redis.Redis({target})\nd = redis.Redis({target}, decode_responses=True)\n"
    );
    for call in CALLS {
        text.push_str(&format!(
            "try:\n    print(repr({call}))\nexcept Exception as e:\n    print(type(e).__name__, e)\n"
        ));
    }
    text
}

#[test]
fn calls_return_what_they_return_with_the_real_redis_py() {
    let Some(redis_server) = redwind_reference::find() else {
        return say("nothing compared: no redis-server; `cargo xtask reference` fetches one");
    };
    let reserved = Port::reserve().expect("a free port");
    let settings = ["--appendonly", "no"];
    let _server = Process::start(Command::new(redis_server), &reserved, &settings)
        .unwrap_or_else(|why| panic!("{why}"));
    let port = reserved.number();
    let Some(theirs) = real(&program(port, false)) else {
        return say("nothing compared: no Python with redis-py; `.ci/setup clients` fetches it");
    };
    let mut connection = Connection::open(port);
    connection.ask(&["FLUSHALL"]);
    connection.ask(&["SCRIPT", "FLUSH"]);
    let ours = run(&program(port, true), port);
    let theirs: Vec<&str> = theirs.lines().collect();
    let ours: Vec<&str> = ours.lines().collect();
    let differ: Vec<String> = CALLS
        .iter()
        .enumerate()
        .filter(|(i, _)| theirs.get(*i) != ours.get(*i))
        .map(|(i, call)| {
            format!(
                "{call}\n  theirs {:?}\n  ours   {:?}",
                theirs.get(i),
                ours.get(i)
            )
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert_eq!(ours.len(), CALLS.len());
}

fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

fn real(program: &str) -> Option<String> {
    let fetched =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients/venv/bin/python");
    let python = if fetched.is_file() {
        fetched
    } else {
        "python3".into()
    };
    let mut child = Command::new(python)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(program.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("No module named 'redis'"), "{errors}");
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program with every command sent to the server on that port; what it prints.
fn run(source: &str, port: u16) -> String {
    let mut program = start(source);
    let mut connections: BTreeMap<u32, Connection> = BTreeMap::new();
    let mut text = String::new();
    let mut answer = Answer::Done;
    loop {
        let request = program.resume(answer);
        answer = automatic(&request).unwrap_or(Answer::Done);
        match request {
            Request::Print(line) => text.push_str(&format!("{line}\n")),
            Request::Redis {
                connection,
                commands,
                batch,
                ..
            } => {
                let connection = connections
                    .entry(connection)
                    .or_insert_with(|| Connection::open(port));
                let mut replies: Vec<Value> =
                    commands.iter().map(|argv| connection.ask(argv)).collect();
                if batch == Batch::Transaction {
                    replies.drain(..replies.len() - 1);
                }
                answer = Answer::Replies(replies);
            }
            Request::Exit(Exit::Finished) => return text,
            Request::Exit(exit) => panic!("{exit:?}\n{text}"),
            _ => {}
        }
    }
}

struct Connection {
    stream: TcpStream,
    decoder: Decoder,
}

impl Connection {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket has timeouts");
        Self {
            stream,
            decoder: Decoder::default(),
        }
    }

    fn ask<T: AsRef<[u8]>>(&mut self, argv: &[T]) -> Value {
        let mut bytes = Vec::new();
        encode_request(argv, &mut bytes);
        self.stream.write_all(&bytes).expect("the server reads");
        let mut piece = [0; 4096];
        loop {
            if let Some(value) = self.decoder.next_value().expect("the server speaks RESP") {
                return value;
            }
            let count = self.stream.read(&mut piece).expect("the server answers");
            assert!(count > 0, "the server hung up");
            self.decoder.feed(&piece[..count]);
        }
    }
}
