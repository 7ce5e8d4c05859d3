// BullMQ: workers, retries with backoff, delays, priorities, flows, rate limits, schedulers, events, pauses, stalled jobs.

const { PORT, load, once, play, refused, show, until } = require('./scenario');
const { DelayedError, FlowProducer, Job, Queue, QueueEvents, UnrecoverableError, Worker } = load('bullmq');
const Redis = load('ioredis');

// One queue is closed by many listeners here.
require('node:events').defaultMaxListeners = 50;

const connection = { host: '127.0.0.1', port: PORT, maxRetriesPerRequest: null };
const open = [];
const opened = (one) => (open.push(one.on('error', () => {})), one);
const queue = (name) => opened(new Queue(name, { connection }));
const worker = (name, work, options) => opened(new Worker(name, work, { connection, drainDelay: 1, ...options }));
const finished = (queue, job) =>
  until(`${job.name} to end`, async () => {
    const state = await queue.getJobState(job.id);
    return ['completed', 'failed'].includes(state) && state;
  });
const fresh = (queue, job) => Job.fromId(queue, job.id);

async function work() {
  const jobs = queue('plain');
  const events = opened(new QueueEvents('plain', { connection, lastEventId: '0' }));
  await events.waitUntilReady();
  const seen = [];
  for (const event of ['waiting', 'active', 'progress', 'completed', 'failed']) {
    events.on(event, ({ jobId, returnvalue, data, failedReason }) => seen.push([jobId, event, returnvalue ?? data ?? failedReason ?? null]));
  }
  const first = await jobs.add('sum', { numbers: [1, 2, 3] });
  show('waiting', [first.id, await jobs.getJobCounts('waiting', 'active', 'completed'), await first.getState()]);
  worker('plain', async (job) => {
    await job.log(`working on ${job.name}`);
    await job.updateProgress(50);
    if (job.name === 'bad') throw new Error('no way');
    return job.data.numbers.reduce((a, b) => a + b, 0);
  });
  show('result', await first.waitUntilFinished(events, 20_000));
  const bad = await jobs.add('bad', {});
  show('failed', await refused(bad.waitUntilFinished(events, 20_000)));
  await until('the events', () => seen.filter(([, event]) => event === 'failed').length === 1);
  show('events', seen);
  show('logs', [await jobs.getJobLogs(first.id), (await fresh(jobs, bad)).failedReason, (await fresh(jobs, bad)).attemptsMade]);
  const bulk = await jobs.addBulk(Array.from({ length: 50 }, (_, k) => ({ name: 'sum', data: { numbers: [k, k] } })));
  show('bulk', (await Promise.all(bulk.map((job) => job.waitUntilFinished(events, 20_000)))).join());
  const same = [await jobs.add('sum', { numbers: [1] }, { jobId: 'mine' }), await jobs.add('sum', { numbers: [2] }, { jobId: 'mine' })];
  show('same id', [same[1].id, await same[0].waitUntilFinished(events, 20_000)]);
  const { completed, failed } = await jobs.getJobCounts();
  show('counts', { completed, failed });
  show('cleaned', [(await jobs.clean(0, 100, 'completed')).length, await jobs.getJobCountByTypes('completed'), await bad.retry().then(() => 'retried')]);
  await finished(jobs, bad);
  const gone = await jobs.add('sum', { numbers: [] }, { removeOnComplete: true });
  await gone.waitUntilFinished(events, 20_000);
  show('not kept', (await fresh(jobs, gone)) ?? null);
}

async function retries() {
  const jobs = queue('retries');
  const tries = [];
  worker('retries', async (job) => {
    tries.push([job.name, job.attemptsMade]);
    if (job.name === 'hopeless') throw new UnrecoverableError('never again');
    if (job.attemptsMade < 2) throw new Error(`try ${job.attemptsMade}`);
    return 'at last';
  });
  const fixed = await jobs.add('fixed', {}, { attempts: 3, backoff: { type: 'fixed', delay: 20 } });
  show('fixed', [await finished(jobs, fixed), (await fresh(jobs, fixed)).returnvalue]);
  const growing = await jobs.add('growing', {}, { attempts: 2, backoff: { type: 'exponential', delay: 20 } });
  show('growing', [await finished(jobs, growing), (await fresh(jobs, growing)).failedReason, (await fresh(jobs, growing)).stacktrace.length]);
  const hopeless = await jobs.add('hopeless', {}, { attempts: 9 });
  show('hopeless', await finished(jobs, hopeless));
  show('tries', tries);
}

async function order() {
  const jobs = queue('order');
  await jobs.pause();
  await jobs.add('later', {}, { delay: 60 });
  await jobs.add('low', {}, { priority: 10 });
  await jobs.add('high', {}, { priority: 1 });
  await jobs.add('ordinary', {});
  await jobs.add('last in, first out', {}, { lifo: true });
  const distant = await jobs.add('distant', {}, { delay: 3_600_000 });
  const { waiting, prioritized, delayed } = await jobs.getJobCounts();
  show('paused', [await jobs.isPaused(), { waiting, prioritized, delayed }]);
  const done = [];
  worker('order', async (job) => done.push(job.name), { concurrency: 1 });
  await jobs.resume();
  await until('five', () => done.length === 5);
  show('order', [done.filter((name) => name !== 'later'), done.includes('later')]);
  await distant.promote();
  await until('six', () => done.length === 6);
  show('promoted', done.at(-1));
  const moved = await jobs.add('moved', {}, { delay: 3_600_000 });
  await moved.changeDelay(10);
  await until('seven', () => done.length === 7);
  show('sooner', done.at(-1));
}

async function flows() {
  const flow = opened(new FlowProducer({ connection }));
  const parents = queue('parents');
  queue('children');
  worker('children', async (job) => {
    if (job.data.fail) throw new Error('a child failed');
    return job.data.value;
  });
  worker('parents', async (job) => Object.values(await job.getChildrenValues()).sort());
  const children = [1, 2, 3].map((value) => ({ name: `child ${value}`, queueName: 'children', data: { value } }));
  const { job } = await flow.add({ name: 'parent', queueName: 'parents', children });
  show('parent', [await finished(parents, job), (await fresh(parents, job)).returnvalue]);
  const broken = await flow.add({
    name: 'doomed',
    queueName: 'parents',
    children: [{ name: 'bad', queueName: 'children', data: { fail: true }, opts: { failParentOnFailure: true } }],
  });
  show('doomed', [await finished(parents, broken.job), /failed/.test((await fresh(parents, broken.job)).failedReason)]);
  const grandparent = await flow.add({
    name: 'top', queueName: 'parents', children: [{ name: 'middle', queueName: 'parents', children: [children[0]] }],
  });
  show('three storeys', [await finished(parents, grandparent.job), (await fresh(parents, grandparent.job)).returnvalue]);
}

async function limits() {
  const jobs = queue('limited');
  const times = [];
  worker('limited', async () => times.push(Date.now()), { limiter: { max: 2, duration: 400 }, concurrency: 10 });
  await jobs.addBulk(Array.from({ length: 6 }, (_, k) => ({ name: `job ${k}`, data: {} })));
  await until('six', () => times.length === 6);
  // Twice 400 ms, less what a busy machine may take to begin.
  show('limited', times[5] - times[0] >= 500);
  const deduplicated = [await jobs.add('a', {}, { deduplication: { id: 'one', ttl: 5000 } }), await jobs.add('b', {}, { deduplication: { id: 'one', ttl: 5000 } })];
  show('deduplicated', deduplicated[0].id === deduplicated[1].id);
  const held = queue('held');
  await held.setGlobalConcurrency(1);
  let [now, most] = [0, 0];
  const hold = worker('held', async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
  }, { concurrency: 5 });
  await held.addBulk(Array.from({ length: 5 }, (_, k) => ({ name: `job ${k}`, data: {} })));
  await until('all', async () => (await held.getJobCountByTypes('completed')) === 5);
  show('one at a time', [most, hold.isRunning()]);
}

async function schedules() {
  const jobs = queue('scheduled');
  const runs = [];
  worker('scheduled', async (job) => runs.push([job.name, job.data]));
  await jobs.upsertJobScheduler('often', { every: 40, limit: 3 }, { name: 'tick', data: { n: 1 } });
  await until('three', () => runs.length >= 3);
  show('every', runs);
  await jobs.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'UTC' }, { name: 'night' });
  const schedulers = await jobs.getJobSchedulers();
  show('schedulers', schedulers.map(({ key, name, pattern, tz }) => ({ key, name, pattern, tz })).filter(({ key }) => key === 'nightly'));
  show('delayed', (await jobs.getDelayed()).map((job) => job.name));
  show('removed', [await jobs.removeJobScheduler('nightly'), await jobs.getDelayedCount()]);
  const again = worker('postponed', async (job, token) => {
    if (job.data.waited) return 'done';
    await job.updateData({ waited: true });
    await job.moveToDelayed(Date.now() + 20, token);
    throw new DelayedError();
  });
  const postponed = queue('postponed');
  const job = await postponed.add('postponed', {});
  show('postponed', [await finished(postponed, job), (await fresh(postponed, job)).data, again.isPaused()]);
}

async function stalls() {
  const jobs = queue('stalled');
  // This one takes a job and is never heard of again.
  const lost = new Worker('stalled', null, { connection, lockDuration: 100, skipStalledCheck: true });
  open.push(lost);
  const job = await jobs.add('lost', {});
  await lost.getNextJob('token');
  show('taken', await job.getState());
  const rescuer = worker('stalled', async () => 'rescued', { stalledInterval: 60, lockDuration: 1000, autorun: false });
  const stalled = once(rescuer, 'stalled');
  rescuer.run();
  show('stalled', (await stalled)[0]);
  show('rescued', [await finished(jobs, job), (await fresh(jobs, job)).returnvalue]);
  await rescuer.pause();
  await jobs.add('not yet', {});
  show('worker paused', [rescuer.isPaused(), await jobs.getWaitingCount()]);
  await jobs.drain();
  show('drained', await jobs.getWaitingCount());
  await jobs.obliterate({ force: true });
  const redis = new Redis(PORT);
  show('obliterated', await redis.keys('bull:stalled:*'));
  await redis.quit();
}

play(async () => {
  for (const part of [work, retries, order, flows, limits, schedules, stalls]) {
    console.log(`-- ${part.name}`);
    await part();
    await Promise.all(open.splice(0).map((one) => one.close(true)));
  }
});
