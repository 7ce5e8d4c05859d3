// The packages, each by the fastest of its own interfaces that takes a command as strings.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const root = new URL('../../', import.meta.url);
// They are installed there, which is no folder above this file.
const others = createRequire(new URL('target/bench-js/package.json', root));

async function redwind() {
  const { Redwind } = await import(new URL('target/npm/node.js', root));
  const db = await Redwind.create();
  return {
    call: (...argv) => db.command(...argv),
    pipeline: (commands) => db.pipeline(commands),
    multi: (commands) => db.multi(commands),
    close: () => db.close(),
  };
}

async function ioredisMock() {
  const Redis = others('ioredis-mock');
  const db = new Redis();
  // All mocks of one process share their data.
  await db.flushall();
  const chained = (chain, commands) => {
    for (const [name, ...args] of commands) chain[name.toLowerCase()](...args);
    return chain.exec();
  };
  return {
    call: (name, ...args) => db[name.toLowerCase()](...args),
    pipeline: (commands) => chained(db.pipeline(), commands),
    multi: (commands) => chained(db.multi(), commands),
    close: () => db.disconnect(),
  };
}

async function jsRedisServer() {
  const { createInMemoryClient } = await import(pathToFileURL(others.resolve('js-redis-server')));
  const db = await createInMemoryClient();
  return {
    call: (...argv) => db.command(...argv),
    // This client has no pipeline of its own: all commands are sent, then all replies awaited.
    pipeline: (commands) => Promise.all(commands.map((argv) => db.command(...argv))),
    multi: async (commands) => {
      const sent = [['MULTI'], ...commands, ['EXEC']].map((argv) => db.command(...argv));
      return (await Promise.all(sent)).at(-1);
    },
    close: () => db.close(),
  };
}

export const contestants = { redwind, 'ioredis-mock': ioredisMock, 'js-redis-server': jsRedisServer };
