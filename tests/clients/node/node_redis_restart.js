// node-redis while the server is restarted: it connects again, keeps what was not sent, renews its subscriptions.

const { PORT, load, once, play, refused, server, show, until } = require('./scenario');
const { createClient } = load('redis');

play(async () => {
  const options = { url: `redis://127.0.0.1:${PORT}/3`, socket: { reconnectStrategy: 20 } };
  const client = createClient(options).on('error', () => {});
  await client.connect();
  const listener = client.duplicate().on('error', () => {});
  await listener.connect();
  const heard = [];
  await listener.subscribe('news', (message) => heard.push(message));
  show('before', [await client.set('k', 1), await client.get('k')]);
  const reconnecting = once(client, 'reconnecting');
  await server('stop');
  await reconnecting;
  const kept = [client.set('kept', 1), client.get('kept'), client.get('k')];
  const ready = once(client, 'ready');
  await server('start');
  await ready;
  show('kept while there was no server', await Promise.all(kept));
  show('in its database', (await client.clientInfo()).db);
  await until('the subscription', () => client.publish('news', 'after'));
  await until('the message', () => heard.length > 0);
  show('the subscription is renewed', heard);
  const impatient = createClient({ ...options, disableOfflineQueue: true }).on('error', () => {});
  await impatient.connect();
  const down = once(impatient, 'reconnecting');
  await server('stop');
  await down;
  show('no queue', (await refused(impatient.get('k'))).split(':')[0]);
  await server('start');
});
