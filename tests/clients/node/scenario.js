// What the scenarios share: where the server is, and how they tell what happened.
//
// Everything that a scenario shows is compared with what it showed beside a real redis-server, so it must be
// the same in every run: no times, ids or ports.

const { createRequire } = require('node:module');
const readline = require('node:readline');
const { inspect } = require('node:util');

exports.PORT = Number(process.env.REDIS_PORT);

/** A package that was fetched for the tests; it is not beside this file. */
exports.load = createRequire(`${process.env.NODE_PACKAGES}/`);

const plain = (value) => {
  if (Buffer.isBuffer(value)) return { buffer: value.toString('latin1') };
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object' && !(value instanceof Date)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
};

/** Prints one line. */
exports.show = (what, value) => {
  const options = { depth: 9, breakLength: Infinity, compact: true, maxArrayLength: null, sorted: true };
  console.log(`${what}: ${inspect(plain(value), options)}`);
};

/** The error in which a call or a promise ends, with its name. */
exports.refused = async (act) => {
  try {
    return `no error but ${inspect(await (typeof act === 'function' ? act() : act))}`;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

/** Waits for what somebody else does, a bounded time. */
exports.until = async (what, condition) => {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** The next time that something happens. */
exports.once = (emitter, event) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`in vain for ${event}`)), 20_000);
    emitter.once(event, (...args) => {
      clearTimeout(late);
      resolve(args);
    });
  });

const answers = [];
let input;

/** Asks whoever runs this for another state of the server: "stop", "start" or "restart". */
exports.server = (order) => {
  input ??= readline.createInterface({ input: process.stdin }).on('line', () => answers.shift()?.());
  return new Promise((resolve) => {
    answers.push(resolve);
    console.log(`@${order}`);
  });
};

/** Runs a scenario; its process ends with it, whatever is still open. */
exports.play = async (scenario) => {
  try {
    await scenario();
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
};
