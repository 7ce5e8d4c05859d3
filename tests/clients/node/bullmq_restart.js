// BullMQ while the server is restarted: workers and queues connect again and load their scripts again.

const { PORT, load, once, play, server, show, until } = require('./scenario');
const { Queue, QueueEvents, Worker } = load('bullmq');

play(async () => {
  const connection = { host: '127.0.0.1', port: PORT, maxRetriesPerRequest: null, retryStrategy: () => 20 };
  const [jobs, events] = [new Queue('jobs', { connection }), new QueueEvents('jobs', { connection })];
  const worker = new Worker('jobs', async (job) => job.data.n * 2, { connection, drainDelay: 1 });
  for (const one of [jobs, events, worker]) one.on('error', () => {});
  await events.waitUntilReady();
  show('before', await (await jobs.add('double', { n: 21 })).waitUntilFinished(events, 20_000));
  const closed = once(worker, 'ioredis:close');
  await server('stop');
  await closed;
  const added = jobs.add('double', { n: 4 });
  await server('start');
  const job = await added;
  await until('the job', async () => (await job.getState()) === 'completed');
  show('kept while there was no server', [job.id, (await jobs.getJob(job.id)).returnvalue]);
  const next = await jobs.add('double', { n: 5 });
  show('events are heard again', await next.waitUntilFinished(events, 20_000));
});
