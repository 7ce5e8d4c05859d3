// The package as `make npm` leaves it in target/npm, through its public API alone: as Node loads it or, if REDWIND_WASM is
// `browser`, as a page does that hands it its wasm.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const place = process.env.REDWIND_WASM ?? 'node';
const built = new URL('../../target/npm/', import.meta.url);
const { Redwind, RedisError } = await import(new URL(`${place}.js`, built));

// There is nobody to fetch it from; once loaded, it stays.
if (place === 'browser') {
  await Redwind.create({ wasm: await readFile(new URL('wasm/browser/redwind_bg.wasm', built)) });
}

const manual = (options = {}) => Redwind.create({ clock: 'manual', now: 1_000_000, ...options });

test('commands are answered at once, with the types of their replies', async () => {
  const redis = await manual();
  assert.equal(redis.command('SET', 'k', 'v'), 'OK');
  assert.equal(redis.command('GET', 'k'), 'v');
  assert.equal(redis.command('GET', 'missing'), null);
  assert.equal(redis.command('INCRBY', 'n', -7), -7);
  assert.equal(redis.command('INCRBY', 'n', 9_007_199_254_740_993n), 9_007_199_254_740_986);
  assert.equal(redis.command('INCRBY', 'n', 100), 9_007_199_254_741_086n);
  assert.deepEqual(redis.command('TIME'), ['1000', '0']);
  assert.ok(redis.command('COMMAND', 'COUNT') > 100);
});

test('an error reply is thrown with the text of Redis and its code', async () => {
  const redis = await manual();
  redis.command('SET', 'k', 'v');
  assert.throws(
    () => redis.command('LPUSH', 'k', 'x'),
    (error) =>
      error instanceof RedisError &&
      error.code === 'WRONGTYPE' &&
      error.message === 'WRONGTYPE Operation against a key holding the wrong kind of value',
  );
});

test('strings of every length and alphabet come back as they went in', async () => {
  const redis = await manual();
  for (let length = 0; length < 100; length++) {
    for (const text of ['x'.repeat(length), 'é€😀'.repeat(length), `${'x'.repeat(length)}ü`, `\u0000${length}`]) {
      redis.command('SET', text, text);
      assert.equal(redis.command('GET', text), text);
    }
  }
  const long = 'é'.repeat(3_000_000);
  redis.command('SET', 'long', long);
  assert.ok(redis.command('GET', 'long') === long);
  assert.equal(redis.command('STRLEN', 'long'), 6_000_000);
  const many = Array.from({ length: 100_000 }, (_, i) => `member ${i}`);
  assert.equal(redis.command('RPUSH', 'list', ...many), many.length);
  assert.deepEqual(redis.command('LRANGE', 'list', 0, -1), many);
});

test('bytes that are no text survive, where bytes are asked for', async () => {
  const redis = await manual();
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  redis.command('SET', bytes, bytes);
  assert.deepEqual(redis.commandBuffer('GET', bytes), bytes);
  assert.deepEqual(redis.connect({ buffers: true }).command('KEYS', '*'), [bytes]);
});

test('what cannot be sent is refused with its place, and nothing runs', async () => {
  const redis = await manual();
  for (const [value, said] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'boolean'],
    [{}, 'an object (Object)'],
    [['a'], 'an array: spread it with ...'],
    [Number.NaN, 'NaN'],
    [Symbol('s'), 'symbol'],
  ]) {
    assert.throws(() => redis.command('SET', 'k', value), {
      name: 'TypeError',
      message: `argument 2 of SET must be a string, number, bigint or Uint8Array, not ${said}`,
    });
  }
  assert.throws(() => redis.command(), TypeError);
  assert.throws(() => redis.pipeline(['PING']), /command 0 of the pipeline must be an array/);
  assert.equal(redis.command('DBSIZE'), 0);
  await assert.rejects(Redwind.create({ colour: 'red' }), /no option `colour`/);
  await assert.rejects(Redwind.create({ seed: -1 }), /seed must be/);
});

test('a pipeline gives every reply in its place, errors included', async () => {
  const redis = await manual();
  const replies = redis.pipeline([['SET', 'a', 1], ['LPUSH', 'a', 'x'], ['BLPOP', 'none', 0], ['INCR', 'a']]);
  assert.equal(replies[0], 'OK');
  assert.equal(replies[1].code, 'WRONGTYPE');
  assert.deepEqual(replies.slice(2), [null, 2]);
  assert.deepEqual(redis.pipeline([]), []);
});

test('a transaction runs as one, and not at all when a watched key changed', async () => {
  const redis = await manual();
  assert.deepEqual(redis.multi([['INCR', 'a'], ['INCR', 'b']]), [1, 1]);
  redis.command('WATCH', 'a');
  redis.connect().command('SET', 'a', 5);
  assert.equal(redis.multi([['INCR', 'a']]), null);
  assert.throws(() => redis.multi([['INCR']]), { code: 'EXECABORT' });
});

test('a blocking call waits for its key, and others go on', async () => {
  const redis = await manual();
  const worker = redis.connect();
  const first = worker.call('BLPOP', 'jobs', 0);
  const second = worker.call('PING');
  assert.throws(() => worker.command('PING'), /waits for a reply/);
  assert.equal(redis.command('RPUSH', 'jobs', 'a'), 1);
  assert.deepEqual(await first, ['jobs', 'a']);
  assert.equal(await second, 'PONG');
  assert.equal(worker.command('BLPOP', 'jobs', 0), null);
});

test('a wait ends at its time on either clock', async () => {
  const redis = await manual();
  const wait = redis.call('BLPOP', 'jobs', 2);
  redis.advance(2000);
  assert.equal(await wait, null);
  assert.equal(redis.now, 1_002_000);
  const real = await Redwind.create();
  assert.equal(await real.call('BLPOP', 'jobs', 0.01), null);
});

test('messages reach those who listen, and a listener that throws harms nobody', async () => {
  const redis = await manual();
  const listener = redis.connect();
  const heard = [];
  listener.on('message', (...message) => heard.push(message));
  listener.on('pmessage', (...message) => heard.push(message));
  assert.equal(listener.command('SUBSCRIBE', 'a', 'b'), 2);
  assert.equal(listener.command('PSUBSCRIBE', 'n*'), 3);
  assert.equal(redis.command('PUBLISH', 'a', 'hello'), 1);
  redis.command('PUBLISH', 'news', '!');
  assert.deepEqual(heard, [['a', 'hello'], ['n*', 'news', '!']]);
  assert.throws(() => listener.command('GET', 'k'), /only \(P\|S\)SUBSCRIBE/);
  assert.equal(listener.command('UNSUBSCRIBE', 'a'), 2);
  assert.equal(redis.command('PUBLISH', 'a', 'again'), 0);
});

test('a listener may run commands while another command delivers to it', async () => {
  const redis = await manual();
  const listener = redis.connect();
  listener.on('message', (channel, message) => redis.command('SET', 'heard', message));
  listener.command('SUBSCRIBE', 'a');
  assert.deepEqual(redis.pipeline([['PUBLISH', 'a', 'one'], ['GET', 'heard']]), [1, null]);
  assert.equal(redis.command('GET', 'heard'), 'one');
});

test('the manual clock expires keys on the way, each at its time', async () => {
  const redis = await manual({ config: { 'notify-keyspace-events': 'Ex' } });
  const listener = redis.connect();
  const expired = [];
  listener.on('message', (channel, key) => expired.push(key));
  listener.command('SUBSCRIBE', '__keyevent@0__:expired');
  redis.command('SET', 'late', 1, 'PX', 500);
  redis.command('SET', 'early', 1, 'PX', 100);
  redis.advance(1000);
  assert.deepEqual(expired, ['early', 'late']);
  assert.equal(redis.command('DBSIZE'), 0);
  assert.throws(() => redis.advance(-1), RangeError);
});

test('a snapshot brings back data, time, luck and clients, more than once', async () => {
  const redis = await manual({ seed: 3 });
  redis.command('SET', 'lock', 'ada', 'PX', 3000);
  redis.command('SADD', 's', ...Array(100).keys());
  const held = redis.snapshot();
  const play = () => {
    redis.advance(3001);
    const later = redis.connect();
    return [redis.command('GET', 'lock'), redis.command('SPOP', 's', 5), redis.now, later];
  };
  const [lock, picked, now, later] = play();
  assert.equal(lock, null);
  redis.restore(held);
  assert.equal(redis.command('GET', 'lock'), 'ada');
  assert.throws(() => later.command('PING'), /connected after the snapshot/);
  assert.deepEqual(play().slice(1, 3), [picked, now]);
  assert.throws(() => redis.restore({}), TypeError);
});

test('a call that waits is told when its server is rewound or closed', async () => {
  const redis = await manual();
  const held = redis.snapshot();
  const wait = redis.call('BLPOP', 'jobs', 0);
  redis.restore(held);
  await assert.rejects(wait, /restored to a snapshot/);
  assert.equal(redis.command('PING'), 'PONG');
  const other = redis.connect();
  const again = other.call('BLPOP', 'jobs', 0);
  other.close();
  await assert.rejects(again, /was closed/);
  redis.close();
  assert.throws(() => redis.command('PING'), /was closed/);
});

test('the third protocol gives maps, sets, booleans and doubles', async () => {
  const redis = await manual({ resp: 3 });
  redis.command('HSET', 'h', 'a', 1, 'b', 2);
  redis.command('SADD', 's', 'x');
  redis.command('ZADD', 'z', 1.5, 'm');
  assert.deepEqual(redis.command('HGETALL', 'h'), new Map([['a', '1'], ['b', '2']]));
  assert.deepEqual(redis.command('SMEMBERS', 's'), new Set(['x']));
  assert.equal(redis.command('ZSCORE', 'z', 'm'), 1.5);
  const script = 'redis.setresp(3) return {true, 1}';
  assert.deepEqual(redis.command('EVAL', script, 0), [true, 1]);
});

test('typed lines and rendered replies read as in redis-cli', async () => {
  const redis = await manual();
  assert.equal(redis.cli('set k "a b"'), 'OK');
  assert.equal(redis.cli("get 'k'"), '"a b"');
  assert.equal(redis.cli('nosuch'), "(error) ERR unknown command 'nosuch', with args beginning with: ");
  assert.equal(redis.cli('get "k'), 'Invalid argument(s)');
  assert.equal(redis.cli('   '), '');
  assert.equal(redis.render(['a', 1, null, [2.5]]), '1) "a"\n2) (integer) 1\n3) (nil)\n4) 1) (double) 2.5');
  assert.equal(redis.render(new RedisError('ERR no')), '(error) ERR no');
  assert.throws(() => redis.render({}), TypeError);
  assert.equal(redis.cli('3 incr n'), '(integer) 1\n(integer) 2\n(integer) 3');
  assert.equal(redis.cli('0 incr n'), 'Invalid redis-cli repeat command option value.');
  assert.match(redis.cli('1000 incr n'), /100 times/);
  assert.equal(redis.cli('get n'), '"3"');
  assert.match(redis.cli('info server'), /^# Server\nredis_version:/);
});

test('a line that waits promises what it shows', async () => {
  const redis = await manual();
  const worker = redis.connect();
  const shown = worker.cliCall('blpop jobs 0');
  assert.throws(() => worker.cli('ping'), /waits for a reply/);
  redis.cli('rpush jobs "a b"');
  assert.equal(await shown, '1) "jobs"\n2) "a b"');
  assert.equal(redis.cli('blpop jobs 0'), '(nil)');
  const refused = worker.cliCall('blpop jobs 0');
  redis.command('CLIENT', 'UNBLOCK', worker.id, 'ERROR');
  assert.equal(await refused, '(error) UNBLOCKED client unblocked via CLIENT UNBLOCK');
  assert.equal(await worker.cliCall('get jobs'), '(nil)');
});

test('a prompt tells of its connection, and rewinds with the server', async () => {
  const redis = await manual();
  assert.equal(redis.prompt, '');
  redis.cli('select 3');
  const before = redis.snapshot();
  redis.cli('multi');
  assert.equal(redis.prompt, '[3](TX)');
  const listener = redis.connect();
  listener.cli('subscribe news');
  assert.equal(listener.prompt, '(subscribed mode)');
  redis.restore(before);
  assert.equal(redis.prompt, '[3]');
});

test('what is being typed is completed and explained as in redis-cli', async () => {
  const redis = await manual();
  assert.equal(redis.hint('get '), 'key');
  assert.equal(redis.hint('nosuch '), '');
  assert.deepEqual(redis.completions('getr'), ['GETRANGE']);
  assert.match(redis.help('getrange'), /GETRANGE key start end\n  summary: /);
});

test('a real clock can be moved forwards, goes on from there, and is rewound', async () => {
  const redis = await Redwind.create();
  const before = redis.snapshot();
  redis.command('SET', 'k', 'v', 'EX', 100);
  redis.advance(100_001);
  assert.ok(redis.now > Date.now() + 99_000);
  assert.equal(redis.command('GET', 'k'), null);
  redis.restore(before);
  assert.ok(redis.now < Date.now() + 1000);
});

test('a connection that quits or is killed says so', async () => {
  const redis = await manual();
  const client = redis.connect();
  const reasons = [];
  client.on('close', (reason) => reasons.push(reason));
  assert.equal(client.command('QUIT'), 'OK');
  assert.throws(() => client.command('PING'), /closed this connection/);
  assert.equal(reasons.length, 1);
  assert.equal(redis.command('CLIENT', 'LIST').trim().split('\n').length, 1);
});

test('scripts run, and one without an end is stopped', async () => {
  const redis = await manual();
  const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";
  redis.command('SET', 'lock', 'ada');
  assert.equal(redis.command('EVAL', release, 1, 'lock', 'bo'), 0);
  assert.equal(redis.command('EVAL', release, 1, 'lock', 'ada'), 1);
  assert.throws(() => redis.command('EVAL', 'while true do end', 0), /stopped/);
  assert.equal(redis.command('PING'), 'PONG');
});
