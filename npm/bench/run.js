// Measures this package and others on the same workloads, in turn, and prints a table: make bench-js. A word behind the
// file's name chooses the workloads whose names hold it.
//
// What counts is processor time, all threads of the process together, so that other work on the machine disturbs little.

import { contestants } from './contestants.js';
import { workloads } from './workloads.js';

/** How long one measurement lasts, and how many there are: the packages take turns, and the best counts. */
const MILLISECONDS = Number(process.env.BENCH_MS ?? 500);
const TIMES = 5;

/** One package on one workload. */
class Contest {
  constructor(db, workload) {
    this.db = db;
    this.workload = workload;
    this.round = 0;
    this.rate = 0;
  }

  async run(milliseconds) {
    const { db, workload } = this;
    const act = workload.together ? (commands) => db[workload.together](commands) : (argv) => db.call(...argv);
    const { steps } = workload;
    const end = performance.now() + milliseconds;
    const [first, used] = [this.round, process.cpuUsage()];
    do {
      for (let k = 0; k < 4; k++) {
        for (let s = 0; s < steps.length; s++) {
          const given = act(steps[s](this.round));
          if (typeof given?.then === 'function') await given;
        }
        this.round++;
      }
    } while (performance.now() < end);
    const { user, system } = process.cpuUsage(used);
    return ((this.round - first) * workload.commands * 1e6) / (user + system);
  }
}

async function measure(workload) {
  const contests = {};
  for (const name of names) {
    try {
      const contest = new Contest(await contestants[name](), workload);
      await workload.prepare?.(contest.db);
      // Compilers work in the background while code is new.
      await contest.run(MILLISECONDS * 2);
      contests[name] = contest;
    } catch (error) {
      fail(name, workload, error);
    }
  }
  for (let time = 0; time < TIMES; time++) {
    for (const contest of Object.values(contests)) {
      contest.rate = Math.max(contest.rate, await contest.run(MILLISECONDS));
    }
  }
  for (const [name, contest] of Object.entries(contests)) {
    try {
      await workload.check(contest.db, contest.round);
    } catch (error) {
      contest.rate = undefined;
      fail(name, workload, error);
    }
    await contest.db.close();
  }
  return names.map((name) => contests[name]?.rate);
}

function fail(name, workload, error) {
  console.error(`${name}, ${workload.name}: ${error.message}`);
  process.exitCode ||= name === 'redwind' ? 1 : 0;
}

const names = Object.keys(contestants);
console.log(`| Commands a second of processor time | ${names.join(' | ')} | redwind to the best other |`);
console.log(`| --- |${' ---: |'.repeat(names.length + 1)}`);
const count = (rate) => (rate === undefined ? 'failed' : Math.round(rate).toLocaleString('en'));
for (const workload of workloads.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  const rates = await measure(workload);
  const best = Math.max(...rates.slice(1).map((rate) => rate ?? 0));
  const ratio = rates[0] && best ? (rates[0] / best).toFixed(2) : '—';
  console.log(`| ${workload.name} | ${rates.map(count).join(' | ')} | ${ratio} |`);
}
process.exit();
