/** What a command takes: text and numbers are sent as text, bytes as they are. */
export type Argument = string | number | bigint | Uint8Array | ArrayBuffer;

/** A reply. Maps, sets, booleans and doubles come only with `resp: 3`; bytes only where they were asked for. */
export type Reply =
  | string
  | number
  /** An integer that a number cannot hold exactly. */
  | bigint
  | boolean
  | null
  | Uint8Array
  | RedisError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>;

/** An error reply: `message` is Redis's text, `code` its first word (`ERR`, `WRONGTYPE` ...). */
export class RedisError extends Error {
  readonly code: string;
}

export interface ClientOptions {
  /** The protocol: 2 (the default) or 3, which has maps, sets, booleans and doubles. */
  resp?: 2 | 3;
  /** Strings in replies become `Uint8Array`s. */
  buffers?: boolean;
}

export interface Options extends ClientOptions {
  /** `'real'` follows the computer's clock; `'manual'` stands still until `advance()`. */
  clock?: 'real' | 'manual';
  /** Where a manual clock starts, in milliseconds since 1970; makes the clock manual. */
  now?: number;
  /** Of what `RANDOMKEY`, `SPOP` and eviction pick by chance; the same seed picks the same. 1 unless given. */
  seed?: number;
  /** Settings as for `CONFIG SET`. */
  config?: Record<string, string | number>;
  /** The wasm, where it is not to be loaded from beside the package: bytes, a compiled module, a URL or a response. */
  wasm?: BufferSource | WebAssembly.Module | URL | string | Response | Promise<Response>;
}

/** One connection. */
export class Client {
  protected constructor();
  /** The number that `CLIENT ID` gives. */
  readonly id: number;
  /**
   * Runs one command now and gives its reply; throws a `RedisError` for an error reply. It never waits: a blocking command
   * that finds nothing gives the reply of a wait that was in vain. `SUBSCRIBE` and the like give the number of
   * subscriptions.
   */
  command(name: string, ...args: Argument[]): Reply;
  /** As `command`, with `Uint8Array`s in place of strings. */
  commandBuffer(name: string, ...args: Argument[]): Reply;
  /** Runs one command and promises its reply, for which a blocking command waits. */
  call(name: string, ...args: Argument[]): Promise<Reply>;
  /** As `call`, with `Uint8Array`s in place of strings. */
  callBuffer(name: string, ...args: Argument[]): Promise<Reply>;
  /** Runs many commands in one go, which is fastest; error replies are among the replies. */
  pipeline(commands: readonly (readonly [string, ...Argument[]])[]): (Reply | undefined)[];
  /** Runs commands as one transaction; gives null when a watched key has changed. */
  multi(commands: readonly (readonly [string, ...Argument[]])[]): Reply[] | null;
  /** Runs a line as typed into redis-cli and gives the text that redis-cli shows. */
  cli(line: string): string;
  /** As `cli`, but promises the text, for which a blocking command waits. */
  cliCall(line: string): Promise<string>;
  /** What redis-cli's prompt would tell of this connection after the lines typed into it: `[3](TX)`. */
  readonly prompt: string;
  /** Opens another connection to the same server. */
  connect(options?: ClientOptions): Client;
  /** Closes this connection. */
  close(): void;

  on(event: 'message' | 'smessage', listener: (channel: string, message: string | Uint8Array) => void): this;
  on(event: 'pmessage', listener: (pattern: string, channel: string, message: string | Uint8Array) => void): this;
  on(
    event: 'subscribe' | 'unsubscribe' | 'psubscribe' | 'punsubscribe' | 'ssubscribe' | 'sunsubscribe',
    listener: (channel: string | null, subscriptions: number) => void,
  ): this;
  on(event: 'push', listener: (push: Reply[]) => void): this;
  on(event: 'close', listener: (reason: string) => void): this;
  once: Client['on'];
  off(event: string, listener: (...values: never[]) => void): this;
}

/** A state to go back to. */
export interface Snapshot {
  readonly host: unknown;
}

/** One Redis server, and its first client. */
export class Redwind extends Client {
  static create(options?: Options): Promise<Redwind>;
  /** What the server's clock shows, in milliseconds since 1970. */
  readonly now: number;
  /** Moves the clock forwards: keys expire and waits end on the way, each at its time. A real clock goes on from there. */
  advance(ms: number): void;
  /** Keeps the whole state, data, clients, clock and luck. Takes microseconds: data is shared until it changes. */
  snapshot(): Snapshot;
  /** Goes back to a snapshot of this server, as often as you like. Calls that wait are rejected. */
  restore(snapshot: Snapshot): void;
  /** A reply as the text that redis-cli shows; strings are quoted. */
  render(reply: Reply): string;
  /** What is still missing from a line that is being typed, as redis-cli shows it behind the cursor. */
  hint(line: string): string;
  /** The lines that one that is being typed may become, as redis-cli's Tab makes them. */
  completions(line: string): string[];
  /** What redis-cli's `help` says of a command or an `@group`. */
  help(topic: string): string;
  /** Ends the server with all its clients. */
  close(): void;
}
