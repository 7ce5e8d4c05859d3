// Measures this package and others on the same workloads, in turn, and prints a table: make bench-js.
//
// What counts is processor time, all threads of the process together, so that other work on the machine disturbs little.

import { contestants } from './contestants.js';
import { workloads } from './workloads.js';

/** How long one measurement lasts, and how many there are: the median counts. */
const MILLISECONDS = Number(process.env.BENCH_MS ?? 500);
const TIMES = 3;

async function measure(make, workload) {
  const db = await make();
  try {
    await workload.prepare?.(db);
    const act = workload.together ? (commands) => db[workload.together](commands) : (argv) => db.call(...argv);
    const { steps } = workload;
    let round = 0;
    const until = async (end) => {
      do {
        for (let k = 0; k < 4; k++) {
          for (let s = 0; s < steps.length; s++) {
            const given = act(steps[s](round));
            if (typeof given?.then === 'function') await given;
          }
          round++;
        }
      } while (performance.now() < end);
    };
    await until(performance.now() + MILLISECONDS / 2);
    const rates = [];
    for (let time = 0; time < TIMES; time++) {
      const [first, used] = [round, process.cpuUsage()];
      await until(performance.now() + MILLISECONDS);
      const { user, system } = process.cpuUsage(used);
      rates.push(((round - first) * workload.commands * 1e6) / (user + system));
    }
    await workload.check(db, round);
    return rates.sort((a, b) => a - b)[TIMES >> 1];
  } finally {
    await db.close();
  }
}

const names = Object.keys(contestants);
console.log(`| Commands a second of processor time | ${names.join(' | ')} | redwind to the best other |`);
console.log(`| --- |${' ---: |'.repeat(names.length + 1)}`);
const count = (rate) => (rate === undefined ? 'failed' : Math.round(rate).toLocaleString('en'));
for (const workload of workloads) {
  const rates = [];
  for (const name of names) {
    try {
      rates.push(await measure(contestants[name], workload));
    } catch (error) {
      console.error(`${name}, ${workload.name}: ${error.message}`);
      rates.push(undefined);
      process.exitCode ||= name === 'redwind' ? 1 : 0;
    }
  }
  const best = Math.max(...rates.slice(1).map((rate) => rate ?? 0));
  const ratio = rates[0] && best ? (rates[0] / best).toFixed(1) : '—';
  console.log(`| ${workload.name} | ${rates.map(count).join(' | ')} | ${ratio} |`);
}
process.exit();
