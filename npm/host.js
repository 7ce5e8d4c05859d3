// One engine with its clients: the clock, the timer that real time needs, and the delivery of what comes late.

import { LATE, PUSHED, RedisError, Wire } from './wire.js';

const MAIL = 1;

/** Longer timers are cut by JavaScript to almost nothing. */
const LONGEST = 2 ** 31 - 1;

export class Host {
  constructor(module, seed, manual, now) {
    this.module = module;
    this.server = new module.Server(seed, Math.round(now * 1000));
    this.wire = new Wire(this.server, module.memory);
    this.manual = manual;
    /** How many milliseconds a real clock was moved forwards. */
    this.ahead = 0;
    this.millisecond = 0;
    this.clients = new Map();
    this.timer = undefined;
    this.due = Infinity;
    this.fault = undefined;
  }

  admit(client) {
    if (this.fault) throw this.fault;
    this.tick();
    client._id = this.enter(() => this.server.connect(), true);
    this.clients.set(client._id, client);
  }

  /** Real time reaches the engine once a millisecond. */
  tick() {
    if (this.manual) return;
    const now = Date.now() + this.ahead;
    if (now !== this.millisecond) {
      this.millisecond = now;
      const result = this.enter(() => this.server.set_clock(now * 1000));
      if (result & MAIL) this.settle(result);
    }
  }

  run(id, count, mayWait) {
    let result;
    try {
      result = this.server.run(id, count, mayWait);
    } catch (error) {
      this.break(error);
    }
    this.wire.check(result);
    return result;
  }

  enter(call, plain) {
    let result;
    try {
      result = call();
    } catch (error) {
      this.break(error);
    }
    this.wire.check(plain ? 0 : result);
    return result;
  }

  /** Hands the server a text; what it answers is to be read. */
  ask(text, call) {
    const { wire, server } = this;
    wire.start();
    wire.text(text);
    const length = wire.at - wire.inputAt;
    return this.enter(() => call(server, length));
  }

  /** A reply as the text that redis-cli shows. */
  render(reply) {
    const { wire, server } = this;
    wire.start();
    wire.put(reply);
    const length = wire.at - wire.inputAt;
    this.enter(() => server.render(length));
    return wire.read(false);
  }

  /** Wasm that has trapped is in no state that anything can be said of. */
  break(cause) {
    const text = 'Redwind stopped: it ran out of memory or met a defect. Redwind.create() makes a new one';
    this.fault = new Error(text, { cause });
    for (const client of this.clients.values()) client._end('the server stopped');
    throw this.fault;
  }

  /** Delivers what a call brought beside its replies, which have been read by now. */
  settle(result) {
    if (result & MAIL) {
      const letters = this.wire.mail((session, kind) => {
        const client = this.clients.get(session);
        return kind === LATE ? (client?._calls[0]?.buffers ?? false) : (client?._buffers ?? false);
      });
      for (const [kind, session, value] of letters) {
        const client = this.clients.get(session);
        if (!client) continue;
        if (kind === LATE) this.answer(client, value);
        else if (kind === PUSHED) push(client, value);
        else this.hangUp(client);
      }
    }
    this.schedule();
  }

  answer(client, value) {
    const call = client._calls.shift();
    if (!call) return;
    if (value instanceof RedisError) call.reject(value);
    else call.resolve(value);
  }

  hangUp(client) {
    this.clients.delete(client._id);
    client._end('the server closed this connection');
    const result = this.enter(() => this.server.disconnect(client._id));
    if (result & MAIL) this.settle(result);
  }

  /** With a real clock somebody who waits or listens needs a timer; everybody else asks anyway. */
  schedule() {
    if (this.manual || this.fault) return;
    let waiting = false;
    let listening = false;
    for (const client of this.clients.values()) {
      waiting ||= client._calls.length > 0;
      listening ||= client._channels > 0;
    }
    if (!waiting && !listening) {
      this.forget();
      return;
    }
    const due = this.server.next_deadline();
    if (due < 0) {
      this.forget();
    } else if (due !== this.due || !this.timer) {
      this.forget();
      this.due = due;
      const wait = Math.min(Math.max(Math.ceil(due / 1000 - Date.now() - this.ahead), 0), LONGEST);
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.millisecond = 0;
        this.tick();
        this.schedule();
      }, wait);
    }
    // Nobody should have to close a server only for the process to end.
    if (!waiting) this.timer?.unref?.();
  }

  forget() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  restore(snapshot) {
    for (const client of this.clients.values()) client._abandon('the server was restored to a snapshot');
    this.enter(() => this.server.restore(snapshot.inner), true);
    for (const client of this.clients.values()) {
      if (!snapshot.clients.has(client)) client._end('this client connected after the snapshot that was restored');
    }
    this.clients = new Map();
    for (const client of snapshot.clients) {
      if (client._closed) {
        this.enter(() => this.server.disconnect(client._id));
      } else {
        this.clients.set(client._id, client);
        this.enter(() => this.server.stop_waiting(client._id));
      }
    }
    this.ahead = snapshot.ahead;
    this.millisecond = 0;
    this.schedule();
  }

  stop(reason) {
    if (this.fault) return;
    this.fault = new Error(`${reason}: Redwind.create() makes a new one`);
    this.forget();
    for (const client of this.clients.values()) client._end(reason);
    this.clients.clear();
    this.server.free();
  }
}

const text = (value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value);

/** A message, or the confirmation of a subscription. */
function push(client, value) {
  const kind = text(value[0]);
  if (kind === 'message' || kind === 'smessage') {
    client._emit(kind, text(value[1]), value[2]);
  } else if (kind === 'pmessage') {
    client._emit(kind, text(value[1]), text(value[2]), value[3]);
  } else if (/subscribe$/.test(kind)) {
    client._channels = value[2];
    client._emit(kind, text(value[1]), value[2]);
  }
  client._emit('push', value);
}
