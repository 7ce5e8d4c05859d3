// The shared memory between JavaScript and the engine: arguments go in, replies come out, and no value crosses by
// itself. `crates/js/src/wire.rs` is the other half of this file and says what the bytes mean.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const NIL = 0;
const OK = 1;
const INT = 2;
const ASCII = 3;
const TEXT = 4;
const STATUS = 5;
const ERROR = 6;
const ARRAY = 7;
const MAP = 8;
const SET = 9;
const DOUBLE = 10;
const TRUE = 11;
const FALSE = 12;
const BIG = 13;
const VERBATIM = 14;
const PUSH = 15;
const NIL_ARRAY = 16;
const LONG = 17;
const NONE = 18;
const WAITS = 19;

const MOVED = 2;
const MALFORMED = 4;

/** What a call that waits gives in place of a reply. */
export const waits = Symbol('waits');

/** An error reply. Its message is Redis's text; `code` is the first word of it. */
export class RedisError extends Error {
  constructor(message) {
    super(message);
    const space = message.indexOf(' ');
    this.code = space < 0 ? message : message.slice(0, space);
  }
}
RedisError.prototype.name = 'RedisError';

// Up to this many characters a loop is faster than a call of the encoder or decoder.
const SHORT_IN = 48;
const SHORT_OUT = 24;

/** A short string of ASCII characters. One call with many arguments makes one flat string. */
function ascii(bytes, at, length) {
  const char = String.fromCharCode;
  switch (length) {
    case 0:
      return '';
    case 1:
      return char(bytes[at]);
    case 2:
      return char(bytes[at], bytes[at + 1]);
    case 3:
      return char(bytes[at], bytes[at + 1], bytes[at + 2]);
    case 4:
      return char(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    case 5:
      return char(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3], bytes[at + 4]);
    case 6:
      return char(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3], bytes[at + 4], bytes[at + 5]);
    case 7:
      return char(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3], bytes[at + 4], bytes[at + 5], bytes[at + 6]);
    default: {
      const first = char(
        bytes[at],
        bytes[at + 1],
        bytes[at + 2],
        bytes[at + 3],
        bytes[at + 4],
        bytes[at + 5],
        bytes[at + 6],
        bytes[at + 7],
      );
      return length === 8 ? first : first + ascii(bytes, at + 8, length - 8);
    }
  }
}

/** The type of a value as an error message calls it. */
function kind(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array: spread it with ...';
  if (Number.isNaN(value)) return 'NaN';
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'without a class'})` : typeof value;
}

/** One server's memory. Every call is: `start`, `add` once a command, a method of the server, `check`, `read`. */
export class Wire {
  constructor(server, memory) {
    this.server = server;
    this.memory = memory;
    this.refresh();
  }

  /** Finds everything again after wasm has moved it. */
  refresh() {
    const { server, memory } = this;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.lengthsAt = server.lengths_at() >>> 2;
    this.lengthsEnd = this.lengthsAt + server.lengths_room();
    this.inputAt = server.input_at();
    this.inputEnd = this.inputAt + server.input_room();
    this.repliesAt = server.replies_at();
    this.mailAt = server.mail_at();
    this.word = this.lengthsAt;
    this.at = this.inputAt;
  }

  start() {
    // Growing memory detaches what looked into it.
    if (this.bytes.length === 0) this.refresh();
    this.word = this.lengthsAt;
    this.at = this.inputAt;
  }

  grow(lengths, bytes) {
    const word = this.word - this.lengthsAt;
    const at = this.at - this.inputAt;
    this.server.reserve(word + lengths, at + bytes);
    this.refresh();
    this.word += word;
    this.at += at;
  }

  /** Adds one command. */
  add(argv) {
    const count = argv.length;
    if (this.word + count >= this.lengthsEnd) this.grow(count + 1, 0);
    this.words[this.word++] = count;
    for (let i = 0; i < count; i++) {
      const argument = argv[i];
      // Not the address itself: making room may move it.
      const before = this.at - this.inputAt;
      if (typeof argument === 'string') this.text(argument);
      else this.other(argument, i, argv);
      this.words[this.word++] = this.at - this.inputAt - before;
    }
  }

  text(text) {
    const length = text.length;
    if (this.at + length * 3 > this.inputEnd) this.grow(0, length * 3);
    if (length <= SHORT_IN) {
      const bytes = this.bytes;
      let at = this.at;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        bytes[at++] = code;
      }
      if (i === length) {
        this.at = at;
        return;
      }
    }
    this.at += encoder.encodeInto(text, this.bytes.subarray(this.at, this.inputEnd)).written;
  }

  other(value, index, argv) {
    if ((typeof value === 'number' && !Number.isNaN(value)) || typeof value === 'bigint') {
      this.text(String(value));
    } else if (value instanceof Uint8Array) {
      this.raw(value);
    } else if (value instanceof ArrayBuffer) {
      this.raw(new Uint8Array(value));
    } else {
      const of = index > 0 && typeof argv[0] === 'string' ? `argument ${index} of ${argv[0]}` : 'a command';
      throw new TypeError(`${of} must be a string, number, bigint or Uint8Array, not ${kind(value)}`);
    }
  }

  raw(bytes) {
    if (this.at + bytes.length > this.inputEnd) this.grow(0, bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Looks at what a call of the server gave; must come before anything is read. */
  check(result) {
    if (this.bytes.length === 0 || result & MOVED) this.refresh();
    if (result & MALFORMED) throw new Error('redwind: the engine refused what it was handed; this is a defect');
    this.at = this.repliesAt;
  }

  /** The next value. Strings become `Uint8Array`s when `buffers` are wanted. */
  read(buffers) {
    const bytes = this.bytes;
    switch (bytes[this.at++]) {
      case NIL:
      case NIL_ARRAY:
        return null;
      case OK:
        return 'OK';
      case INT: {
        const at = this.at;
        this.at = at + 4;
        return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      }
      case ASCII: {
        const length = this.count();
        const at = this.at;
        this.at = at + length;
        if (buffers) return bytes.slice(at, at + length);
        return length <= SHORT_OUT ? ascii(bytes, at, length) : decoder.decode(bytes.subarray(at, at + length));
      }
      case TEXT:
        return this.string(buffers);
      case STATUS:
        return this.status();
      case VERBATIM:
        return this.string(false);
      case ERROR:
        return new RedisError(this.string(false));
      case ARRAY:
      case PUSH: {
        const items = new Array(this.count());
        for (let i = 0; i < items.length; i++) items[i] = this.read(buffers);
        return items;
      }
      case SET: {
        const members = new Set();
        for (let left = this.count(); left > 0; left--) members.add(this.read(buffers));
        return members;
      }
      case MAP: {
        const map = new Map();
        for (let left = this.count(); left > 0; left--) {
          const key = this.read(buffers);
          map.set(key, this.read(buffers));
        }
        return map;
      }
      case DOUBLE:
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
      case TRUE:
        return true;
      case FALSE:
        return false;
      case BIG:
        return BigInt(this.string(false));
      case LONG: {
        this.at += 8;
        const number = this.view.getBigInt64(this.at - 8, true);
        const small = Number(number);
        return Number.isSafeInteger(small) ? small : number;
      }
      case WAITS:
        return waits;
      default:
        // NONE
        return undefined;
    }
  }

  count() {
    const { bytes, at } = this;
    this.at = at + 4;
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  string(buffers) {
    const length = this.count();
    const at = this.at;
    this.at = at + length;
    return buffers ? this.bytes.slice(at, at + length) : decoder.decode(this.bytes.subarray(at, at + length));
  }

  /** Mostly a short word such as `QUEUED`. */
  status() {
    const { bytes } = this;
    const length = this.count();
    const at = this.at;
    let plain = length <= SHORT_OUT;
    for (let i = 0; plain && i < length; i++) plain = bytes[at + i] < 128;
    this.at = at + length;
    return plain ? ascii(bytes, at, length) : decoder.decode(bytes.subarray(at, at + length));
  }

  /** What happened beside the replies: `[kind, session, value]` of each, with its strings as bytes if `raw`. */
  mail(wantsBuffers) {
    const letters = [];
    this.at = this.mailAt;
    const end = this.at + this.server.mail_length();
    while (this.at < end) {
      const kind = this.bytes[this.at++];
      const session = this.count();
      letters.push([kind, session, kind === 3 ? undefined : this.read(wantsBuffers(session, kind))]);
    }
    return letters;
  }

  /** Writes a value into the input in the form of a reply, so that the engine can render it. */
  put(value, depth = 0) {
    if (depth > 100) throw new TypeError('a reply to render must not be nested more than 100 levels deep');
    if (value === null || value === undefined) return this.tag(NIL);
    if (value === true) return this.tag(TRUE);
    if (value === false) return this.tag(FALSE);
    if (typeof value === 'string') return this.putText(TEXT, encoder.encode(value));
    if (value instanceof Uint8Array) return this.putText(TEXT, value);
    if (value instanceof Error) return this.putText(ERROR, encoder.encode(value.message));
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) {
      return this.putText(BIG, encoder.encode(String(value)));
    }
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
      return this.putNumber(LONG, (view, at) => view.setBigInt64(at, BigInt(value), true));
    }
    if (typeof value === 'number') return this.putNumber(DOUBLE, (view, at) => view.setFloat64(at, value, true));
    if (Array.isArray(value)) return this.putAll(ARRAY, value.length, value, depth);
    if (value instanceof Set) return this.putAll(SET, value.size, value, depth);
    if (value instanceof Map) return this.putAll(MAP, value.size, [...value].flat(), depth);
    throw new TypeError(`a reply to render cannot hold ${kind(value)}`);
  }

  tag(tag) {
    if (this.at + 16 > this.inputEnd) this.grow(0, 16);
    this.bytes[this.at++] = tag;
  }

  putNumber(tag, set) {
    this.tag(tag);
    set(this.view, this.at);
    this.at += 8;
  }

  putCount(tag, count) {
    this.tag(tag);
    this.view.setUint32(this.at, count, true);
    this.at += 4;
  }

  putText(tag, bytes) {
    this.putCount(tag, bytes.length);
    this.raw(bytes);
  }

  putAll(tag, count, items, depth) {
    this.putCount(tag, count);
    for (const item of items) this.put(item, depth + 1);
  }
}

export const LATE = 1;
export const PUSHED = 2;
