// ioredis: pipelines, transactions, scripts as commands, streams, pub/sub, scans, buffers, key prefixes.

const { PORT, load, once, play, refused, show, until } = require('./scenario');
const Redis = load('ioredis');

async function commands(redis) {
  show('ready', redis.status);
  show('set', [await redis.set('a', 1), await redis.set('a', 2, 'EX', 100, 'NX'), await redis.get('a'), await redis.getBuffer('a')]);
  show('numbers', [await redis.incr('a'), await redis.incrbyfloat('a', 0.5), await redis.ttl('a')]);
  show('hash', [await redis.hset('h', { x: 1, y: 'two' }), await redis.hgetall('h'), await redis.hmget('h', 'x', 'z'), await redis.hgetall('none')]);
  show('list', [await redis.rpush('l', ...'abc'), await redis.lrange('l', 0, -1), await redis.lpos('l', 'c'), await redis.lmove('l', 'm', 'LEFT', 'RIGHT')]);
  show('set', [await redis.sadd('s', ['a', 'b']), (await redis.smembers('s')).sort(), await redis.smismember('s', 'a', 'z')]);
  show('zset', [await redis.zadd('z', 1, 'one', 2, 'two'), await redis.zrange('z', 0, -1, 'WITHSCORES'), await redis.zrangebyscore('z', '(1', '+inf'), await redis.zpopmin('z')]);
  show('any', [await redis.call('OBJECT', 'ENCODING', 'h'), await redis.mget('a', 'none'), await redis.exists('a', 'b')]);
  show('binary', [await redis.set('b', Buffer.from([0, 255, 13, 10])), (await redis.getBuffer('b')).toJSON().data]);
  show('errors', [await refused(redis.lpush('a', 1)), await refused(redis.call('FOO')), await refused(redis.set('x'))]);
  show('info', /redis_version:8\.2\.3/.test(await redis.info('server')));
  const prefixed = new Redis({ port: PORT, keyPrefix: 'app:', db: 2 });
  show('prefix', [await prefixed.set('k', 1), await prefixed.keys('*'), await prefixed.eval('return KEYS', 2, 'a', 'b'), await prefixed.dbsize()]);
  const timely = new Redis({ port: PORT, commandTimeout: 50 });
  show('timeout', await refused(timely.blpop('none', 0)));
  timely.disconnect();
  prefixed.disconnect();
}

async function together(redis) {
  show('pipeline', await redis.pipeline().set('p', 1).incr('p').lpush('p', 1).get('p').exec());
  show('multi', await redis.multi().set('p', 5).decr('p').exec());
  show('multi with an error', await redis.multi().set('p', 5).lpush('p', 1).get('p').exec());
  show('mistake', await refused(redis.multi().set('p').exec()));
  show('multi in a pipeline', await redis.pipeline([['multi'], ['incr', 'p'], ['exec']]).exec());
  const many = redis.pipeline();
  for (let k = 0; k < 5000; k++) many.hset('many', `f${k}`, k);
  show('many', [(await many.exec()).every(([error, added]) => !error && added === 1), await redis.hlen('many')]);
  const eager = new Redis({ port: PORT, enableAutoPipelining: true });
  show('auto pipelining', await Promise.all([eager.incr('q'), eager.incr('q'), eager.get('q'), refused(eager.incr('h'))]));
  eager.disconnect();
  const watcher = redis.duplicate();
  await watcher.watch('p');
  await redis.set('p', 'other');
  show('watch', await watcher.multi().set('p', 'mine').exec());
  watcher.disconnect();
}

async function scripts(redis) {
  redis.defineCommand('take', {
    numberOfKeys: 1,
    lua: `
      local have = tonumber(redis.call('GET', KEYS[1]) or '0')
      if have < tonumber(ARGV[1]) then return redis.error_reply('POOR only ' .. have) end
      return redis.call('DECRBY', KEYS[1], ARGV[1])`,
  });
  redis.defineCommand('echoes', { lua: 'return {KEYS, ARGV}' });
  await redis.set('purse', 10);
  show('defined', [await redis.take('purse', 3), await refused(redis.take('purse', 30)), await redis.echoes(2, 'k1', 'k2', 'a1')]);
  await redis.script('FLUSH');
  show('loaded again', await redis.take('purse', 1));
  await redis.script('FLUSH');
  show('in a pipeline', await redis.pipeline().take('purse', 1).take('purse', 1).get('purse').exec());
  show('in a transaction', await redis.multi().take('purse', 1).take('purse', 99).exec());
  show('buffers', (await redis.echoesBuffer(1, 'k', Buffer.from([1, 2]))).flat().map((part) => part.toString('hex')));
}

async function streams(redis) {
  show('xadd', [await redis.xadd('st', '1-1', 'a', 1), await redis.xadd('st', '1-2', 'a', 2), await redis.xlen('st')]);
  show('xrange', [await redis.xrange('st', '-', '+', 'COUNT', 1), await redis.xread('COUNT', 5, 'STREAMS', 'st', '1-1')]);
  show('group', [await redis.xgroup('CREATE', 'st', 'g', '$'), await refused(redis.xgroup('CREATE', 'st', 'g', '$'))]);
  const reader = redis.duplicate();
  const read = reader.xreadgroup('GROUP', 'g', 'me', 'COUNT', 10, 'BLOCK', 20_000, 'STREAMS', 'st', '>');
  await until('the reader', async () => /blocked_clients:1/.test(await redis.info('clients')));
  await redis.xadd('st', '2-1', 'b', 3);
  show('came', await read);
  show('nothing', await reader.xreadgroup('GROUP', 'g', 'me', 'BLOCK', 5, 'STREAMS', 'st', '>'));
  show('pending', [await redis.xpending('st', 'g'), await redis.xack('st', 'g', '2-1'), await redis.xautoclaim('st', 'g', 'you', 0, '0')]);
  reader.disconnect();
}

async function pubsub(redis) {
  const listener = redis.duplicate();
  show('subscribed', [await listener.subscribe('news', 'sport'), await listener.psubscribe('n*')]);
  const heard = [];
  listener.on('message', (channel, message) => heard.push([channel, message]));
  listener.on('pmessage', (pattern, channel, message) => heard.push([pattern, channel, message]));
  show('published', [await redis.publish('news', 'hello'), await redis.publish('sport', 'goal')]);
  await until('three', () => heard.length === 3);
  show('heard', heard);
  show('refused', await refused(listener.get('a')));
  show('ping', await listener.ping());
  show('unsubscribed', [await listener.unsubscribe('news', 'sport'), await listener.punsubscribe('n*'), await listener.get('purse')]);
  listener.disconnect();
}

async function scans(redis) {
  const keys = new Set();
  for (let k = 0; k < 1000; k++) keys.add(`key:${k}`);
  await redis.mset(...[...keys].flatMap((key) => [key, 1]));
  const found = new Set();
  for await (const some of redis.scanStream({ match: 'key:*', count: 50 })) some.forEach((key) => found.add(key));
  show('scanStream', found.size);
  const fields = new Set();
  for await (const some of redis.hscanStream('many', { match: '*9' })) some.forEach((part, at) => at % 2 === 0 && fields.add(part));
  show('hscanStream', fields.size);
  const deleted = redis.scanStream({ match: 'key:*', count: 100 });
  for await (const some of deleted) if (some.length) await redis.unlink(some);
  show('left', await redis.keys('key:*'));
}

play(async () => {
  for (const protocol of [2, 3]) {
    console.log(`== RESP${protocol}`);
    const redis = new Redis({ port: PORT, protocol });
    await once(redis, 'ready');
    await redis.flushall();
    for (const part of [commands, together, scripts, streams, pubsub, scans]) {
      console.log(`-- ${part.name}`);
      await part(redis);
    }
    show('quit', await redis.quit());
  }
});
