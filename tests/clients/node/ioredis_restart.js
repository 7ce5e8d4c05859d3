// ioredis while the server is restarted: it connects again, keeps what was not sent, renews its subscriptions.

const { PORT, load, once, play, refused, server, show, until } = require('./scenario');
const Redis = load('ioredis');

play(async () => {
  const options = { port: PORT, retryStrategy: () => 20, maxRetriesPerRequest: null };
  const redis = new Redis(options);
  const listener = new Redis(options);
  for (const client of [redis, listener]) client.on('error', () => {});
  const heard = [];
  listener.on('message', (channel, message) => heard.push(message));
  await listener.subscribe('news');
  show('before', [await redis.set('k', 1), await redis.select(3), await redis.set('k', 3)]);
  const blocked = redis.duplicate();
  blocked.on('error', () => {});
  const waiting = blocked.blpop('queue', 0);
  await until('the waiting one', async () => /blocked_clients:1/.test(await redis.info('clients')));
  const closed = once(redis, 'close');
  await server('stop');
  await closed;
  const queued = [redis.set('queued', 1), redis.get('queued'), redis.get('k')];
  await server('start');
  show('kept while there was no server', await Promise.all(queued));
  show('in its database', await redis.call('CLIENT', 'INFO').then((info) => / db=3 /.test(info)));
  await until('the subscription', () => redis.publish('news', 'after'));
  await until('the message', () => heard.length > 0);
  show('the subscription is renewed', heard);
  await until('the blocked one', async () => /blocked_clients:1/.test(await redis.info('clients')));
  const pusher = redis.duplicate({ db: 0 });
  pusher.on('error', () => {});
  await pusher.rpush('queue', 'job');
  show('it waits again', await waiting);
  const impatient = new Redis({ port: PORT, retryStrategy: () => 20, maxRetriesPerRequest: 1 });
  impatient.on('error', () => {});
  await impatient.ping();
  await server('stop');
  show('impatient', (await refused(impatient.get('k'))).split(',')[0]);
  await server('start');
  show('and again', await impatient.ping());
});
