/** `<redwind-terminal>`: a Redis in a page, with a prompt as redis-cli has it. */
export class RedwindTerminal extends HTMLElement {
  /** Runs a line as if it had been typed; gives what it showed. */
  run(line: string): Promise<string>;
  /** Takes the last line back that was typed at this server, with what it changed. */
  undo(): void;
  /** Begins anew, with the lines between the tags. */
  reset(): Promise<void>;
}

/** The detail of `redwind-typed`, which a terminal sends after every line. */
export interface Typed {
  line: string;
  shown: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'redwind-terminal': RedwindTerminal;
  }
  interface HTMLElementEventMap {
    'redwind-typed': CustomEvent<Typed>;
  }
}
