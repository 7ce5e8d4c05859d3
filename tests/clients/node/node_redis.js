// node-redis: RESP2 and RESP3, transactions, scripts, pools, pub/sub, streams, scans, buffers.

const { PORT, load, play, refused, show, until } = require('./scenario');
const { RESP_TYPES, createClient, createClientPool, defineScript } = load('redis');

const url = `redis://127.0.0.1:${PORT}`;
const scripts = {
  take: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: `
      local have = tonumber(redis.call('GET', KEYS[1]) or '0')
      if have < tonumber(ARGV[1]) then return redis.error_reply('POOR only ' .. have) end
      return redis.call('DECRBY', KEYS[1], ARGV[1])`,
    parseCommand(parser, key, amount) {
      parser.pushKey(key);
      parser.push(String(amount));
    },
    transformReply: Number,
  }),
};

async function commands(client) {
  show('set', [await client.set('a', 1), await client.set('a', 2, { NX: true, EX: 10 }), await client.get('a'), await client.set('a', 3, { GET: true })]);
  show('numbers', [await client.incrBy('a', 4), await client.incrByFloat('a', 0.5), await client.expire('a', 100), (await client.ttl('a')) > 90]);
  show('hash', [await client.hSet('h', { x: '1', y: 'two' }), await client.hGetAll('h'), await client.hmGet('h', ['x', 'z']), await client.hExpire('h', 'x', 100)]);
  show('list', [await client.rPush('l', ['a', 'b', 'c']), await client.lRange('l', 0, -1), await client.lPopCount('l', 2), await client.lMove('l', 'm', 'LEFT', 'RIGHT')]);
  show('set', [await client.sAdd('s', ['a', 'b']), [...(await client.sMembers('s'))].sort(), await client.sIsMember('s', 'a')]);
  show('zset', [await client.zAdd('z', [{ value: 'one', score: 1 }, { value: 'two', score: 2.5 }]), await client.zRangeWithScores('z', 0, -1), await client.zPopMin('z'), await client.zScore('z', 'two')]);
  show('geo', [await client.geoAdd('g', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }), await client.geoPos('g', 'Palermo'), await client.geoSearch('g', { longitude: 13, latitude: 38 }, { radius: 100, unit: 'km' })]);
  show('bits', [await client.setBit('bits', 3, 1), await client.bitCount('bits'), await client.pfAdd('pf', ['a', 'b']), await client.pfCount('pf')]);
  show('any', [await client.sendCommand(['OBJECT', 'ENCODING', 'h']), await client.configGet('maxmemory-policy'), await client.type('h'), await client.dbSize()]);
  show('errors', [await refused(client.lPush('a', '1')), await refused(client.sendCommand(['FOO'])), await refused(client.hGet('a', 'x'))]);
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  show('buffers', [await client.set('b', Buffer.from([0, 255, 13, 10])), (await buffers.get('b')).toJSON().data]);
  const info = await client.clientInfo();
  show('client', [info.libName, info.db, info.resp, await client.clientSetName('me'), await client.clientGetName()]);
}

async function together(client) {
  show('multi', await client.multi().set('p', 1).incr('p').get('p').exec());
  show('multi with an error', (await refused(client.multi().set('p', 1).lPush('p', 'x').exec())).split('\n')[0]);
  show('pipeline', await client.multi().set('p', 7).get('p').execAsPipeline());
  show('at once', (await Promise.all(Array.from({ length: 1000 }, () => client.incr('q')))).at(-1));
  const watcher = await client.duplicate().connect();
  await watcher.watch('p');
  await client.set('p', 'other');
  show('watch', (await refused(watcher.multi().set('p', 'mine').exec())).split(':')[0]);
  watcher.destroy();
  await client.set('purse', 10);
  show('script', [await client.take('purse', 3), await refused(client.take('purse', 30)), await client.scriptFlush(), await client.take('purse', 1)]);
  show('script in multi', await client.multi().take('purse', 1).get('purse').exec());
  show('eval', await client.eval('return {KEYS[1], ARGV[1], 3}', { keys: ['k'], arguments: ['v'] }));
  const pool = createClientPool({ url }, { minimum: 2, maximum: 4 });
  await pool.connect();
  show('pool', (await Promise.all(Array.from({ length: 100 }, () => pool.incr('pooled')))).length);
  show('pool, alone', await pool.execute(async (one) => {
    await one.watch('pooled');
    return one.multi().incr('pooled').exec();
  }));
  show('pool, waiting', await Promise.all([pool.blPop('jobs', 20), pool.blPop('jobs', 20), pool.rPush('jobs', ['x', 'x'])]));
  await pool.close();
}

async function messages(client) {
  const listener = await client.duplicate().connect();
  const heard = [];
  const hear = (message, channel) => heard.push([channel, message]);
  await listener.subscribe('news', hear);
  await listener.pSubscribe('n*', hear);
  await listener.sSubscribe('shard', hear);
  show('published', [await client.publish('news', 'hello'), await client.sPublish('shard', 'one')]);
  await until('three', () => heard.length === 3);
  show('heard', heard.sort());
  show('numbers', [await client.pubSubNumSub('news'), await client.pubSubNumPat(), await client.pubSubShardNumSub('shard')]);
  await listener.unsubscribe();
  await listener.pUnsubscribe('n*');
  await listener.sUnsubscribe('shard', hear);
  show('then', [await client.publish('news', 'x'), await listener.get('purse')]);
  listener.destroy();

  show('xadd', [await client.xAdd('st', '1-1', { a: '1' }), await client.xAdd('st', '1-2', { b: '2' }), await client.xLen('st')]);
  show('xread', [await client.xRange('st', '-', '+'), await client.xRead({ key: 'st', id: '1-1' })]);
  await client.xGroupCreate('st', 'g', '$');
  const reader = await client.duplicate().connect();
  const read = reader.xReadGroup('g', 'me', { key: 'st', id: '>' }, { BLOCK: 20_000, COUNT: 5 });
  await until('the reader', async () => /blocked_clients:1/.test(await client.info('clients')));
  await client.xAdd('st', '2-1', { c: '3' });
  show('came', await read);
  show('nothing', await reader.xReadGroup('g', 'me', { key: 'st', id: '>' }, { BLOCK: 5 }));
  show('pending', [await client.xPending('st', 'g'), await client.xAck('st', 'g', '2-1'), await client.xAutoClaim('st', 'g', 'you', 0, '0')]);
  reader.destroy();
}

async function scans(client) {
  await client.mSet(Object.fromEntries(Array.from({ length: 1000 }, (_, k) => [`key:${k}`, '1'])));
  const found = new Set();
  for await (const keys of client.scanIterator({ MATCH: 'key:*', COUNT: 50 })) keys.forEach((key) => found.add(key));
  show('scanIterator', found.size);
  const fields = [];
  for await (const some of client.hScanIterator('h')) fields.push(...some);
  show('hScanIterator', fields);
  show('unlink', await client.unlink([...found]));
}

play(async () => {
  for (const RESP of [2, 3]) {
    console.log(`== RESP${RESP}`);
    const client = createClient({ url, RESP, scripts });
    await client.connect();
    await client.flushAll();
    for (const part of [commands, together, messages, scans]) {
      console.log(`-- ${part.name}`);
      await part(client);
    }
    await client.close();
  }
});
