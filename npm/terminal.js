// <redwind-terminal>: a Redis in a page, with a prompt as redis-cli has it. The lines between the tags are run first.
//
// The engine is fetched when the element comes near the window, and with it nothing of Python or the simulator.
// README.md and docs/embedding.md tell the attributes, the keys and the events.

const STYLE = `
  :host { display: block; contain: layout; color-scheme: light dark; }
  :host([hidden]) { display: none; }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
  * { box-sizing: border-box; }
  .frame { display: grid; grid-template-rows: auto minmax(0, 1fr); height: 100%; overflow: hidden; border: 1px solid light-dark(#cdc8bd, #414753);
    border-radius: 10px; background: light-dark(#fffefb, #14161a); color: light-dark(#1d1c1a, #ecebe7); font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
  .frame:focus-within { border-color: light-dark(#1d5fd1, #8fbaff); }
  .bar { display: flex; align-items: center; gap: 6px; padding: 4px 6px 4px 12px; border-bottom: 1px solid light-dark(#e5e1d8, #2a2e36);
    background: light-dark(#f7f6f3, #1b1e24); font: 13px/1.4 ui-sans-serif, system-ui, sans-serif; }
  .title { flex: 1; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; color: light-dark(#5f5b53, #a9adb6); }
  button { min-height: 28px; padding: 2px 10px; border: 1px solid light-dark(#cdc8bd, #414753); border-radius: 7px; background: none; color: inherit; font: inherit; cursor: pointer; }
  button:hover { background: light-dark(#ece9e2, #2a2e36); }
  button:disabled { opacity: 0.45; cursor: default; background: none; }
  button:focus-visible { outline: 2px solid light-dark(#1d5fd1, #8fbaff); outline-offset: 1px; }
  .body { overflow: auto; padding: 8px 12px 10px; cursor: text; overscroll-behavior: contain; }
  .text, .typed, form { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .typed { font-weight: 600; }
  .prompt { color: light-dark(#6b665c, #9aa0ab); font-weight: 400; white-space: pre; }
  .faint { color: light-dark(#6b665c, #9aa0ab); }
  .error { color: light-dark(#a8201a, #ff9b8f); }
  form { display: flex; align-items: baseline; }
  form[hidden] { display: none; }
  .line { position: relative; flex: 1; min-width: 0; overflow: hidden; }
  input { width: 100%; padding: 0; border: 0; outline: 0; background: none; color: inherit; font: inherit; font-weight: 600; caret-color: light-dark(#1d5fd1, #8fbaff); }
  .ghost { position: absolute; inset: 0; pointer-events: none; white-space: pre; overflow: hidden; color: light-dark(#77726a, #868c97); }
  .ghost span { visibility: hidden; font-weight: 600; }
  @media (pointer: coarse) { .log { font-size: 14px; } form { font-size: 16px; } button { min-height: 40px; } }
`;

/** Those that have a name, which several terminals can share. */
const servers = new Map();

/** As many lines can be taken back. */
const REMEMBERED = 200;

const TIMES = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const HELP = `Commands are typed as in redis-cli: SET greeting "hello world" PX 100
  "help @<group>" lists a group, "help <command>" explains a command
  "@ +5s" lets five seconds pass at once (31ms, 1.5s, 2m, 1h): keys expire
  "clear" empties the screen; Undo takes the last line back, also what it changed
  Tab completes, Up and Down bring earlier lines, Ctrl-C gives up a line or a wait`;

/** Makes an element; its children may be texts. */
function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** One server, and all terminals of the page that are connected to it. */
class Shared {
  terminals = new Set();
  /** What was typed, oldest first: the terminal, what it showed, and the state before. */
  typed = [];
  redis = undefined;
  #starting = undefined;

  start() {
    this.#starting ??= this.#load().catch((error) => {
      this.#starting = undefined;
      for (const terminal of this.terminals) terminal.failed(error);
    });
    return this.#starting;
  }

  async #load() {
    const { Client, Redwind } = await import('./browser.js');
    this.redis = await Redwind.create();
    // Who asks for a list of clients sees the terminals only.
    Client.prototype.close.call(this.redis);
    this.empty = this.redis.snapshot();
    for (const terminal of this.#inOrder()) terminal.begin();
  }

  /** Everything as it was when the page was opened. */
  async reset() {
    if (!this.redis) return;
    this.typed = [];
    for (const terminal of this.terminals) terminal.forget();
    this.redis.restore(this.empty);
    for (const terminal of this.#inOrder()) terminal.begin();
  }

  /** Takes the last line back, with what it changed and showed. */
  undo() {
    const last = this.typed.pop();
    if (!last) return;
    last.taken = true;
    this.redis.restore(last.before);
    for (const node of last.shown) node.remove();
    for (const terminal of this.terminals) terminal.rewound();
    last.terminal.offer(last.line);
  }

  remember(entry) {
    this.typed.push(entry);
    if (this.typed.length > REMEMBERED) this.typed.shift();
    for (const terminal of this.terminals) terminal.refresh();
  }

  #inOrder() {
    const follows = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1);
    return [...this.terminals].sort(follows);
  }
}

/** The element. */
export class RedwindTerminal extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ['height', 'title'];
  #root;
  #shared;
  #client;
  #watch;
  /** Grows when the terminal begins anew: what was asked before is of no interest any more. */
  #round = 0;
  #earlier = [];
  #at = 0;
  #draft = '';
  #completing;
  #waiting = false;
  #gaveUp = false;

  connectedCallback() {
    if (!this.#root) this.#build();
    const name = this.getAttribute('server');
    this.#shared = servers.get(name) ?? new Shared();
    if (name !== null) servers.set(name, this.#shared);
    this.#shared.terminals.add(this);
    this.#watch = new IntersectionObserver((seen) => seen.some((it) => it.isIntersecting) && this.#start(), { rootMargin: '300px' });
    this.#watch.observe(this);
    if (this.#shared.redis) this.begin();
  }

  disconnectedCallback() {
    this.forget();
    this.#watch.disconnect();
    this.#shared.terminals.delete(this);
    this.#shared.typed = this.#shared.typed.filter((entry) => entry.terminal !== this);
    this.#client?.close();
    this.#client = undefined;
    if (this.#shared.terminals.size > 0) return;
    for (const [name, shared] of servers) if (shared === this.#shared) servers.delete(name);
    this.#shared.redis?.close();
  }

  attributeChangedCallback() {
    if (this.#root) this.#label();
  }

  /** Runs a line as if it had been typed. Gives what it showed, once that is known. */
  async run(line) {
    await this.#start();
    if (!this.#client) throw new Error('the terminal has no Redis: it could not be loaded, or the terminal is not in the page');
    return this.#enter(String(line));
  }

  /** Takes the last line that was typed at this server back, in whichever terminal, with what it changed. */
  undo() {
    this.#shared?.undo();
  }

  /** Begins anew, with the lines between the tags; so do the other terminals of this server. */
  reset() {
    return this.#shared?.reset();
  }

  focus(options) {
    this.#input.focus(options);
  }

  /** @internal A fresh connection, and the lines between the tags. */
  begin() {
    this.#log.replaceChildren();
    this.#connect();
    for (const line of this.#lines()) this.#enter(line, true);
    this.#form.hidden = false;
    this.refresh();
  }

  /** @internal What is still waited for is of no interest any more. */
  forget() {
    this.#round++;
    this.#wait(false);
  }

  /** @internal The server went back to an earlier state, in which nobody waits. */
  rewound() {
    this.#wait(false);
    if (this.#client._closed) this.#connect();
    this.refresh();
  }

  /** @internal A line that was taken back can be changed and sent again. */
  offer(line) {
    this.#input.value = line;
    this.#hint();
    this.focus({ preventScroll: true });
  }

  /** @internal What depends on the server's state. */
  refresh() {
    this.#prompt.textContent = this.#told();
    this.#undo.disabled = this.#shared.typed.length === 0;
  }

  /** @internal The engine could not be had. */
  failed(error) {
    const again = make('button', { type: 'button', textContent: 'Try again' });
    const note = make('div', { className: 'text error' }, `Redis could not be loaded (${error.message}). `, again);
    again.addEventListener('click', () => {
      note.remove();
      this.#start();
    });
    this.#log.append(note);
  }

  #start() {
    return this.#shared.start();
  }

  /** What the page wants to be run first. */
  #lines() {
    const lines = this.textContent.split('\n').map((line) => line.trim());
    return lines.filter(Boolean);
  }

  #build() {
    this.#root = this.attachShadow({ mode: 'open' });
    const button = (id, text, title, act) => {
      const element = make('button', { type: 'button', id, textContent: text, title });
      element.addEventListener('click', act);
      return element;
    };
    const bar = make(
      'div',
      { className: 'bar' },
      make('span', { className: 'title' }),
      button('undo', 'Undo', 'Take the last line back, with what it changed', () => this.undo()),
      button('reset', 'Reset', 'Begin anew', () => this.reset()),
    );
    const input = make('input', { type: 'text', autocomplete: 'off', spellcheck: false, autocapitalize: 'off', enterKeyHint: 'send', ariaLabel: 'Redis command' });
    input.setAttribute('autocorrect', 'off');
    const form = make('form', { hidden: true }, make('span', { className: 'prompt' }), make('div', { className: 'line' }, make('div', { className: 'ghost', ariaHidden: 'true' }), input));
    const log = make('div', { className: 'log', role: 'log' });
    const body = make('div', { className: 'body' }, log, form);
    this.#root.append(make('style', { textContent: STYLE }), make('div', { className: 'frame' }, bar, body));
    for (const line of this.#lines()) this.#echo('redis> ', line);
    this.#undo.disabled = true;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    input.addEventListener('input', () => {
      this.#completing = undefined;
      this.#hint();
    });
    input.addEventListener('keydown', (event) => this.#key(event));
    // Several lines can be pasted at once; each is a command.
    input.addEventListener('paste', (event) => {
      const lines = event.clipboardData.getData('text').split(/\r?\n/);
      if (lines.length < 2) return;
      event.preventDefault();
      input.setRangeText(lines.shift(), input.selectionStart, input.selectionEnd, 'end');
      this.#paste(lines);
    });
    body.addEventListener('click', () => {
      if (getSelection()?.isCollapsed ?? true) this.focus({ preventScroll: true });
    });
    this.#label();
  }

  async #paste(lines) {
    for (const line of lines) {
      await this.#submit();
      this.#input.value = line;
    }
    this.#hint();
  }

  #label() {
    const height = parseInt(this.getAttribute('height') ?? '', 10);
    this.style.height = `${Number.isFinite(height) ? Math.max(height, 140) : 260}px`;
    const title = this.getAttribute('title') ?? 'Redis, in your browser';
    this.#find('.title').textContent = title;
    this.#log.ariaLabel = title;
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  get #log() {
    return this.#find('.log');
  }

  get #form() {
    return this.#find('form');
  }

  get #input() {
    return this.#find('input');
  }

  get #prompt() {
    return this.#find('form .prompt');
  }

  get #undo() {
    return this.#find('#undo');
  }

  #told() {
    return this.#client._closed ? 'not connected> ' : `redis${this.#client.prompt}> `;
  }

  /** A connection of its own; of the one before it keeps the database, as redis-cli does. */
  #connect(db) {
    const client = this.#shared.redis.connect({ buffers: true });
    this.#client = client;
    client.on('push', (message) => {
      const shown = this.#show(this.#shared.redis.render(message));
      this.#shared.typed.at(-1)?.shown.push(...shown);
      this.refresh();
    });
    client.on('close', () => client === this.#client && this.refresh());
    if (db) client.cli(`SELECT ${db}`);
  }

  #submit() {
    if (this.#waiting) return undefined;
    const line = this.#input.value;
    this.#input.value = '';
    this.#hint();
    if (line.trim() && this.#earlier.at(-1) !== line) this.#earlier.push(line);
    this.#at = this.#earlier.length;
    return this.#enter(line);
  }

  /** Runs a line and shows what comes of it; lines of the page itself can't be taken back. */
  #enter(line, ofPage = false) {
    const entry = { terminal: this, line, before: undefined, round: this.#round, shown: [this.#echo(this.#told(), line)] };
    const word = line.trim().split(/\s+/)[0].toLowerCase();
    const rest = line.trim().slice(word.length).trim();
    if (word === 'clear' && !rest) {
      this.#log.replaceChildren();
      return '';
    }
    if (!word) return '';
    if (!ofPage) {
      entry.before = this.#shared.redis.snapshot();
      this.#shared.remember(entry);
    }
    let shown;
    try {
      shown = this.#answer(word, rest, line);
    } catch (error) {
      shown = Promise.reject(error);
    }
    if (typeof shown === 'string') return this.#done(entry, shown);
    this.#wait(true);
    return shown.then(
      (text) => this.#done(entry, text),
      (error) => this.#done(entry, this.#gaveUp ? '^C' : `(${error.message})`, 'faint'),
    );
  }

  /** What a line shows, or a promise of it. */
  #answer(word, rest, line) {
    const { redis } = this.#shared;
    if (word === 'help' || word === '?') return rest ? redis.help(rest).trimEnd() : HELP;
    if (word === 'quit' || word === 'exit') return 'There is nothing to leave: Reset begins anew.';
    if (word.startsWith('@')) return this.#pass(line.trim().slice(1).trim());
    if (this.#client._closed) this.#connect();
    return this.#client._type(line, true);
  }

  /** Lets time pass: `+5s`. */
  #pass(span) {
    const { redis } = this.#shared;
    const [, count, unit] = /^\+\s*(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(span) ?? [];
    if (!unit && span && span !== 'now') return 'Write "@ +5s" (31ms, 1.5s, 2m, 1h) or "@ now". Time does not run back: Undo does.';
    if (unit) redis.advance(count * TIMES[unit]);
    return `(${new Date(redis.now).toISOString().replace('T', ' ').replace('Z', ' UTC')})`;
  }

  #done(entry, text, tone) {
    if (entry.taken || entry.round !== this.#round) return text;
    entry.shown.push(...this.#show(text, tone));
    this.#wait(false);
    this.refresh();
    this.dispatchEvent(new CustomEvent('redwind-typed', { detail: { line: entry.line, shown: text }, bubbles: true }));
    return text;
  }

  #wait(waits) {
    this.#waiting = waits;
    this.#gaveUp = false;
    this.#input.readOnly = waits;
    this.#input.placeholder = waits ? 'waits for its reply … Ctrl-C gives up' : '';
  }

  #echo(prompt, line) {
    const typed = make('div', { className: 'typed' }, make('span', { className: 'prompt', textContent: prompt }), line);
    this.#log.append(typed);
    this.#scroll();
    return typed;
  }

  #show(text, tone) {
    if (!text) return [];
    const name = tone ?? (text.startsWith('(error)') ? 'error' : '');
    const node = make('div', { className: `text ${name}`, textContent: text });
    this.#log.append(node);
    this.#scroll();
    return [node];
  }

  #scroll() {
    const body = this.#find('.body');
    body.scrollTop = body.scrollHeight;
  }

  #hint() {
    const { value } = this.#input;
    const fits = this.#input.scrollWidth <= this.#input.clientWidth;
    const missing = value && fits && this.#shared.redis ? this.#shared.redis.hint(value) : '';
    this.#find('.ghost').replaceChildren(make('span', { textContent: value }), missing);
  }

  #key(event) {
    const { key, ctrlKey } = event;
    const input = this.#input;
    const done = () => event.preventDefault();
    if (ctrlKey && key === 'c' && input.selectionStart === input.selectionEnd) {
      done();
      this.#giveUp();
    } else if (ctrlKey && key === 'l') {
      done();
      this.#log.replaceChildren();
    } else if (this.#waiting) {
      // What is typed now would be lost.
    } else if (key === 'ArrowUp' || key === 'ArrowDown') {
      done();
      this.#recall(key === 'ArrowUp' ? -1 : 1);
    } else if (key === 'Tab' && !event.altKey && !ctrlKey) {
      if (this.#complete(event.shiftKey ? -1 : 1)) done();
    } else if (key === 'Escape' && this.#completing) {
      input.value = this.#completing.begun;
      this.#completing = undefined;
      this.#hint();
    }
  }

  /** Gives up the line; one that waits gets a new connection, as in redis-cli. */
  #giveUp() {
    if (this.#waiting) {
      const [, db] = /\[(\d+)\]/.exec(this.#client.prompt) ?? [];
      this.#gaveUp = true;
      this.#client.close();
      this.#connect(db);
    } else {
      this.#echo(this.#told(), `${this.#input.value}^C`);
      this.#input.value = '';
    }
    this.#hint();
    this.refresh();
  }

  #recall(step) {
    const to = this.#at + step;
    if (to < 0 || to > this.#earlier.length) return;
    if (this.#at === this.#earlier.length) this.#draft = this.#input.value;
    this.#at = to;
    this.#input.value = this.#earlier[to] ?? this.#draft;
    this.#hint();
  }

  /** Completes what is typed, again for the next one; false when there is nothing (more), so that Tab moves on. */
  #complete(step) {
    const input = this.#input;
    if (!this.#completing) {
      const begun = input.value;
      const lines = this.#shared.redis?.completions(begun) ?? [];
      const others = lines.filter((line) => line !== begun);
      if (step < 0 || others.length === 0) return false;
      this.#completing = { begun, lines: others, at: -1 };
    }
    const { lines } = this.#completing;
    this.#completing.at += step;
    const line = lines[this.#completing.at];
    if (line === undefined) {
      this.#completing = undefined;
      return false;
    }
    input.value = line;
    this.#hint();
    return true;
  }
}

globalThis.customElements?.get('redwind-terminal') ?? globalThis.customElements?.define('redwind-terminal', RedwindTerminal);
