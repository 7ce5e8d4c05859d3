// The public classes: a server, its clients, its clock and its snapshots.

import { Host } from './host.js';
import { RedisError, waits } from './wire.js';

export { RedisError };

/** One connection. */
export class Client {
  constructor(host, options) {
    this._host = host;
    this._id = 0;
    this._buffers = Boolean(options.buffers);
    this._closed = undefined;
    /** Calls whose replies come later, oldest first. */
    this._calls = [];
    this._listeners = new Map();
    this._channels = 0;
    host.admit(this);
    if (options.resp !== undefined) this.command('HELLO', options.resp);
  }

  /** Runs one command now and gives its reply; an error reply is thrown. Never waits. */
  command(...argv) {
    return this._command(argv, this._buffers);
  }

  /** As `command`, with `Uint8Array`s in place of strings. */
  commandBuffer(...argv) {
    return this._command(argv, true);
  }

  _command(argv, buffers) {
    this._ready();
    const host = this._host;
    const { wire } = host;
    wire.start();
    wire.add(argv);
    const result = host.run(this._id, argv.length === 0 ? noCommand() : 1, false);
    const reply = wire.read(buffers);
    if (result !== 0) host.settle(result);
    if (reply === undefined) return this._channels;
    if (reply instanceof RedisError) throw reply;
    return reply;
  }

  /** Runs one command and promises its reply, for which a blocking command waits. */
  call(...argv) {
    return this._call(argv, this._buffers);
  }

  /** As `call`, with `Uint8Array`s in place of strings. */
  callBuffer(...argv) {
    return this._call(argv, true);
  }

  _call(argv, buffers) {
    try {
      this._open();
      if (this._calls.length > 0 && /subscribe$/i.test(argv[0])) {
        throw new Error(`this client waits for a reply and cannot ${argv[0]}: connect() another`);
      }
      const host = this._host;
      host.tick();
      host.wire.start();
      host.wire.add(argv);
      const result = host.run(this._id, argv.length === 0 ? noCommand() : 1, true);
      const reply = host.wire.read(buffers);
      if (reply === waits) {
        return new Promise((resolve, reject) => {
          this._calls.push({ resolve, reject, buffers });
          host.settle(result);
        });
      }
      host.settle(result);
      if (reply instanceof RedisError) return Promise.reject(reply);
      return Promise.resolve(reply === undefined ? this._channels : reply);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs many commands in one go; gives all replies, errors among them. */
  pipeline(commands) {
    this._ready();
    const host = this._host;
    const { wire } = host;
    wire.start();
    const count = commands.length;
    for (let i = 0; i < count; i++) {
      const argv = commands[i];
      if (!Array.isArray(argv) || argv.length === 0) {
        throw new TypeError(`command ${i} of the pipeline must be an array such as ['SET', 'key', 'value']`);
      }
      wire.add(argv);
    }
    const result = host.run(this._id, count, false);
    const replies = new Array(count);
    for (let i = 0; i < count; i++) replies[i] = wire.read(this._buffers);
    if (result !== 0) host.settle(result);
    return replies;
  }

  /** Runs commands as one transaction. Gives their replies, or null when a watched key has changed. */
  multi(commands) {
    const replies = this.pipeline([['MULTI'], ...commands, ['EXEC']]);
    const last = replies[replies.length - 1];
    if (last instanceof RedisError) {
      last.cause = replies.find((reply) => reply instanceof RedisError && reply !== last);
      throw last;
    }
    return last;
  }

  /** Runs a line as typed into redis-cli and gives the text that redis-cli would show. Never waits. */
  cli(line) {
    return this._type(line, false);
  }

  /** As `cli`, but promises the text, for which a blocking command waits. */
  async cliCall(line) {
    return this._type(line, true);
  }

  /** The text that redis-cli would show, or a promise of it. */
  _type(line, mayWait) {
    this._ready();
    const host = this._host;
    if (typeof line !== 'string') throw new TypeError('cli() takes the line as one string');
    const result = host.ask(line, (server, length) => server.type_line(this._id, length, mayWait));
    const shown = host.wire.read(false);
    if (shown !== waits) {
      host.settle(result);
      return shown;
    }
    return new Promise((resolve, reject) => {
      const render = (reply) => resolve(host.render(reply));
      const fail = (error) => (error instanceof RedisError ? render(error) : reject(error));
      this._calls.push({ resolve: render, reject: fail, buffers: true });
      host.settle(result);
    });
  }

  /** What redis-cli's prompt would tell of this connection after the lines typed: `[3](TX)`. */
  get prompt() {
    this._open();
    const host = this._host;
    host.enter(() => host.server.prompt(this._id));
    return host.wire.read(false);
  }

  /** Opens another connection to the same server. */
  connect(options = {}) {
    return new Client(this._host, options);
  }

  /** Closes this connection; calls that wait are rejected. */
  close() {
    if (this._closed) return;
    this._end('this client was closed');
    const host = this._host;
    if (!host.fault) host.settle(host.enter(() => host.server.disconnect(this._id)));
    host.clients.delete(this._id);
  }

  get id() {
    return this._id;
  }

  on(event, listener) {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    const listeners = this._listeners.get(event) ?? [];
    this._listeners.set(event, [...listeners, listener]);
    return this;
  }

  once(event, listener) {
    const first = (...values) => {
      this.off(event, first);
      listener(...values);
    };
    first.listener = listener;
    return this.on(event, first);
  }

  off(event, listener) {
    const listeners = this._listeners.get(event) ?? [];
    this._listeners.set(
      event,
      listeners.filter((other) => other !== listener && other.listener !== listener),
    );
    return this;
  }

  _emit(event, ...values) {
    for (const listener of this._listeners.get(event) ?? []) {
      try {
        listener(...values);
      } catch (error) {
        // The command that caused the message is not to blame.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  _open() {
    if (this._host.fault) throw this._host.fault;
    if (this._closed) throw new Error(`${this._closed}: connect() another`);
  }

  /** Before a command that is answered at once. */
  _ready() {
    this._open();
    if (this._calls.length > 0) {
      throw new Error('this client waits for a reply: use call(), or connect() another client');
    }
    this._host.tick();
  }

  _end(reason) {
    this._closed = reason;
    this._abandon(reason);
    this._channels = 0;
    this._emit('close', reason);
  }

  _abandon(reason) {
    for (const { reject } of this._calls.splice(0)) reject(new Error(`no reply: ${reason}`));
  }
}

function noCommand() {
  throw new TypeError("a command needs a name: command('PING')");
}

const instants = new WeakSet();

/** One Redis server, and its first client. */
export class Redwind extends Client {
  /** @internal Use `Redwind.create()`. */
  constructor(host, options) {
    super(host, options);
    for (const [name, value] of Object.entries(options.config ?? {})) {
      this.command('CONFIG', 'SET', name, value);
    }
  }

  /** What the server's clock shows, in milliseconds since 1970. */
  get now() {
    const host = this._host;
    if (!host.manual) host.tick();
    return host.server.now() / 1000;
  }

  /** Moves the clock forwards: keys expire and waits end on the way, each at its time. A real clock goes on from there. */
  advance(ms) {
    this._live();
    const host = this._host;
    if (typeof ms !== 'number' || !(ms >= 0) || ms > 8.64e15) {
      throw new RangeError(`advance() takes milliseconds, 0 or more, not ${String(ms)}`);
    }
    host.tick();
    if (!host.manual) host.ahead += ms;
    const to = host.server.now() + Math.round(ms * 1000);
    host.settle(host.enter(() => host.server.advance(to)));
  }

  /** Keeps the whole state, to go back to. Cheap: data is shared until it changes. */
  snapshot() {
    this._live();
    const host = this._host;
    const { ahead } = host;
    const kept = { host, inner: host.server.snapshot(), ahead, clients: new Set(host.clients.values()) };
    instants.add(kept);
    return kept;
  }

  /** Goes back to a snapshot of this server, as often as you like. */
  restore(snapshot) {
    this._live();
    const host = this._host;
    if (!instants.has(snapshot) || snapshot.host !== host) {
      throw new TypeError('restore() takes what snapshot() of the same server gave');
    }
    host.restore(snapshot);
  }

  /** A reply as the text that redis-cli shows. */
  render(reply) {
    this._live();
    return this._host.render(reply);
  }

  /** What is still missing from a line that is being typed, as redis-cli shows it behind the cursor. */
  hint(line) {
    return this._told(line, (server, length) => server.hint(length));
  }

  /** The lines that one that is being typed may become, as redis-cli's Tab makes them. */
  completions(line) {
    return this._told(line, (server, length) => server.completions(length));
  }

  /** What redis-cli's `help` says of a command or an `@group`. */
  help(topic) {
    return this._told(topic, (server, length) => server.help(length));
  }

  _told(text, call) {
    this._live();
    this._host.ask(String(text), call);
    return this._host.wire.read(false);
  }

  /** Ends the server with all its clients. */
  close() {
    const host = this._host;
    host.stop('the server was closed');
  }

  _live() {
    if (this._host.fault) throw this._host.fault;
  }
}

const OPTIONS = ['clock', 'now', 'seed', 'resp', 'buffers', 'config'];

/** Checks the options of `Redwind.create` and makes the server. */
export function build(exports, options) {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name) && name !== 'wasm') {
      throw new TypeError(`Redwind.create() has no option \`${name}\`; there are ${OPTIONS.join(', ')}`);
    }
  }
  const { now, seed = 1, clock = now === undefined ? 'real' : 'manual' } = options;
  if (clock !== 'real' && clock !== 'manual') throw new TypeError("clock must be 'real' or 'manual'");
  if (now !== undefined && clock === 'real') throw new TypeError("now needs clock: 'manual'");
  if (now !== undefined && !(typeof now === 'number' && now >= 0 && now <= 8.64e15)) {
    throw new RangeError('now must be milliseconds since 1970, such as Date.now()');
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) throw new RangeError('seed must be an integer, 0 or more');
  const host = new Host(exports, seed, clock === 'manual', now ?? Date.now());
  return new Redwind(host, options);
}
