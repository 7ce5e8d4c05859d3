// Redlock: acquiring, extending, extending by itself, contention, several resources, several servers' worth of votes.

const { PORT, load, play, refused, show, until } = require('./scenario');
const Redis = load('ioredis');
const { default: Redlock } = load('redlock');

play(async () => {
  const redis = new Redis(PORT);
  const locks = new Redlock([redis], { retryCount: 0 });
  locks.on('error', () => {});
  const first = await locks.acquire(['a'], 5000);
  show('acquired', [(await redis.get('a')) === first.value, await redis.pttl('a') > 4000, first.attempts.length]);
  show('contention', (await refused(locks.acquire(['a'], 1000))).split('.')[0]);
  const extended = await first.extend(20_000);
  show('extended', [await redis.pttl('a') > 15_000, extended.expiration > first.expiration]);
  await extended.release();
  show('released', await redis.exists('a'));
  show('released twice', (await refused(extended.release())).split('.')[0]);
  const both = await locks.acquire(['a', 'b'], 5000);
  show('several', [await redis.exists('a', 'b'), (await refused(locks.acquire(['b', 'c'], 1000))).split('.')[0], await redis.exists('c')]);
  await both.release();

  const stolen = await locks.acquire(['stolen'], 5000);
  await redis.set('stolen', 'somebody else');
  show('stolen', [(await refused(stolen.extend(1000))).split('.')[0], (await refused(stolen.release())).split('.')[0], await redis.get('stolen')]);

  const brief = await locks.acquire(['brief'], 30);
  await until('its end', async () => !(await redis.exists('brief')));
  show('expired', [brief.expiration < Date.now(), (await (await locks.acquire(['brief'], 1000)).release()).attempts.length]);

  const patient = new Redlock([redis], { retryCount: 400, retryDelay: 10, retryJitter: 5, automaticExtensionThreshold: 5800 });
  let extensions = 0;
  const times = [];
  const inside = [];
  const critical = async (name) =>
    patient.using(['turn'], 6000, async (signal) => {
      inside.push(`${name} in`);
      const value = await redis.get('turn');
      const begun = Date.now();
      // Long enough for two extensions, at 200 ms each.
      while (Date.now() - begun < 500) {
        times.push(await redis.pttl('turn'));
        if (times.length > 1 && times.at(-1) > times.at(-2) + 50) extensions++;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      inside.push(`${name} out`);
      return [signal.aborted, (await redis.get('turn')) === value];
    });
  show('using', await Promise.all([critical('x'), critical('y')]));
  show('extended by itself', extensions >= 2);
  show('one after the other', inside.map((step) => step.split(' ')[1]));
  show('released', await redis.exists('turn'));
  await redis.set('taken', 'x');
  show('an aborted routine', (await refused(locks.using(['taken'], 500, async () => 'in'))).split('.')[0]);

  // One server in five databases votes five times; two of them are taken.
  const nodes = Array.from({ length: 5 }, (_, db) => new Redis({ port: PORT, db: db + 5 }));
  const quorum = new Redlock(nodes, { retryCount: 0 });
  quorum.on('error', () => {});
  await nodes[0].set('vote', 'x');
  await nodes[1].set('vote', 'x');
  const won = await quorum.acquire(['vote'], 5000);
  const stats = await won.attempts[0];
  show('three of five', [stats.votesFor.size, stats.votesAgainst.size]);
  await won.release();
  await nodes[2].set('vote', 'x');
  show('two of five', (await refused(quorum.acquire(['vote'], 5000))).split('.')[0]);
  await until('the votes to be given back', async () => (await Promise.all(nodes.map((node) => node.exists('vote')))).join() === '1,1,1,0,0');
  await redis.script('FLUSH');
  show('scripts lost', (await (await locks.acquire(['z'], 500)).release()).attempts.length);
});
