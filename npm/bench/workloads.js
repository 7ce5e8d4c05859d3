// The workloads, each told once for every contestant. A contestant is `call`, `pipeline` and `multi`; what they give may be a
// promise, and is awaited only where it is one, as a user of that package would.

const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

const WAITING = 1000;
const ENTRIES = 3000;

async function fill(db, count, command) {
  for (let i = 0; i < count; i++) await db.call(...command(i));
}

function same(actual, expected, what) {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
  if (is !== should) throw new Error(`${what}: ${is} in place of ${should}`);
}

/** Each: its name, the commands a round counts for, `prepare`, the `steps` of a round, and a `check` of what is there afterwards. */
export const workloads = [
  {
    name: 'SET',
    commands: 1,
    steps: [(i) => ['SET', `key:${i % 1000}`, `value:${i}`]],
    check: async (db, rounds) => same(await db.call('GET', `key:${(rounds - 1) % 1000}`), `value:${rounds - 1}`, 'GET'),
  },
  {
    name: 'GET',
    commands: 1,
    prepare: (db) => fill(db, 1000, (i) => ['SET', `key:${i}`, `value:${i}`]),
    steps: [(i) => ['GET', `key:${i % 1000}`]],
    check: async (db) => same(await db.call('GET', 'key:7'), 'value:7', 'GET'),
  },
  {
    name: 'INCR',
    commands: 1,
    steps: [() => ['INCR', 'counter']],
    check: async (db, rounds) => same(await db.call('GET', 'counter'), String(rounds), 'GET'),
  },
  {
    name: 'List queue, 1,000 jobs waiting',
    commands: 2,
    prepare: (db) => fill(db, WAITING, (i) => ['LPUSH', 'queue', `job:${i}`]),
    steps: [(i) => ['LPUSH', 'queue', `job:${WAITING + i}`], () => ['RPOP', 'queue']],
    check: async (db, rounds) => {
      same(await db.call('LLEN', 'queue'), WAITING, 'LLEN');
      same(await db.call('RPOP', 'queue'), `job:${rounds}`, 'RPOP');
    },
  },
  {
    name: 'Rate limiter, sorted set',
    commands: 4,
    steps: [
      (i) => ['ZREMRANGEBYSCORE', `limit:${i % 10}`, '-inf', String(i - 1000)],
      (i) => ['ZADD', `limit:${i % 10}`, String(i), `request:${i}`],
      (i) => ['ZCARD', `limit:${i % 10}`],
      (i) => ['EXPIRE', `limit:${i % 10}`, '60'],
    ],
    check: async (db, rounds) => {
      const kept = Math.min(Math.ceil(rounds / 10), 100);
      same(await db.call('ZCARD', `limit:${(rounds - 1) % 10}`), kept, 'ZCARD');
    },
  },
  {
    name: 'Stream group, 3,000 entries',
    commands: 4,
    prepare: async (db) => {
      await db.call('XGROUP', 'CREATE', 'stream', 'group', '0', 'MKSTREAM');
      await fill(db, ENTRIES, (i) => ['XADD', 'stream', `${i + 1}-0`, 'job', String(i)]);
    },
    steps: [
      (i) => ['XADD', 'stream', `${ENTRIES + i + 1}-0`, 'job', String(i)],
      () => ['XREADGROUP', 'GROUP', 'group', 'worker', 'COUNT', '1', 'STREAMS', 'stream', '>'],
      (i) => ['XACK', 'stream', 'group', `${i + 1}-0`],
      (i) => ['XDEL', 'stream', `${i + 1}-0`],
    ],
    check: async (db) => same(await db.call('XLEN', 'stream'), ENTRIES, 'XLEN'),
  },
  {
    name: 'HSET and HGETALL, 4 fields',
    commands: 2,
    steps: [
      (i) => ['HSET', `user:${i % 100}`, 'name', 'Ada', 'email', 'ada@example.com', 'visits', String(i), 'plan', 'free'],
      (i) => ['HGETALL', `user:${i % 100}`],
    ],
    check: async (db, rounds) => same(await db.call('HGET', `user:${(rounds - 1) % 100}`, 'visits'), String(rounds - 1), 'HGET'),
  },
  {
    name: 'Lock: SET NX PX, release script',
    commands: 2,
    steps: [
      (i) => ['SET', 'lock', `token:${i}`, 'NX', 'PX', '30000'],
      (i) => ['EVAL', RELEASE, '1', 'lock', `token:${i}`],
    ],
    check: async (db) => same(await db.call('EXISTS', 'lock'), 0, 'EXISTS'),
  },
  {
    name: 'MULTI of 4',
    commands: 4,
    together: 'multi',
    steps: [(i) => [['SET', 'a', String(i)], ['INCR', 'b'], ['GET', 'a'], ['LPUSH', `list:${i}`, 'x']]],
    check: async (db, rounds) => same(await db.call('GET', 'b'), String(rounds), 'GET'),
  },
  {
    name: 'Pipeline of 100',
    commands: 100,
    together: 'pipeline',
    steps: [
      (i) => Array.from({ length: 100 }, (_, j) => (j % 2 ? ['GET', `key:${j - 1}`] : ['SET', `key:${j}`, String(i)])),
    ],
    check: async (db, rounds) => same(await db.call('GET', 'key:98'), String(rounds - 1), 'GET'),
  },
];
