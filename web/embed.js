// <redwind-lesson src="…/#/locks/gc-pause" height="420"></redwind-lesson>: a lesson inside another page.
//
// Until somebody presses the button nothing is loaded but this file: what stands between the tags (a picture, a few
// words) is what is seen, and what is left where scripts do not run. Then the lesson comes in a frame of its own.
// docs/embedding.md tells the attributes, the messages and the sizes.

const VERSION = 1;
const home = new URL("./", import.meta.url);

const STYLE = `
  :host { display: block; position: relative; contain: layout; color-scheme: light dark; }
  :host([hidden]) { display: none; }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
  .frame, .poster { box-sizing: border-box; width: 100%; height: 100%; border: 1px solid light-dark(#cdc8bd, #414753); border-radius: 10px; }
  .frame { display: block; background: light-dark(#f7f6f3, #14161a); }
  .poster { display: grid; grid-template-rows: minmax(0, 1fr) auto; overflow: hidden; background: light-dark(#f7f6f3, #14161a); color: light-dark(#1d1c1a, #ecebe7); font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; }
  .shown { overflow: hidden; padding: 16px 18px; }
  ::slotted(img), ::slotted(picture), ::slotted(svg) { max-width: 100%; height: auto; }
  .bar { display: flex; align-items: center; gap: 12px; padding: 8px 12px; border-top: 1px solid light-dark(#e5e1d8, #2a2e36); }
  button { font: 600 14px/1.2 inherit; font-family: inherit; min-height: 36px; padding: 6px 14px; border: 0; border-radius: 8px; cursor: pointer; background: light-dark(#1d1c1a, #ecebe7); color: light-dark(#fffefb, #14161a); }
  button:focus-visible, a:focus-visible { outline: 2px solid light-dark(#1d5fd1, #8fbaff); outline-offset: 2px; }
  a { color: inherit; margin-left: auto; font-size: 13px; white-space: nowrap; }
`;

class RedwindLesson extends HTMLElement {
  static observedAttributes = ["src", "theme", "height"];
  #root = this.attachShadow({ mode: "open" });
  #frame = null;
  #early = [];

  connectedCallback() {
    addEventListener("message", this.#hear);
    this.#size();
    if (!this.#root.firstChild) this.#poster();
  }

  disconnectedCallback() {
    removeEventListener("message", this.#hear);
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return;
    if (name === "height") this.#size();
    if (name === "theme") this.#post({ do: "theme", theme: now ?? "" });
    if (name === "src") this.#frame ? this.run() : this.#poster();
  }

  /** Loads the lesson, as the button does. */
  run() {
    const url = this.#url();
    url.search = new URLSearchParams({ embed: VERSION, ...(this.getAttribute("theme") && { theme: this.getAttribute("theme") }) });
    const frame = document.createElement("iframe");
    frame.className = "frame";
    frame.title = this.#title();
    frame.allow = "clipboard-write";
    frame.src = url;
    this.#frame = frame;
    this.#fill(frame);
  }

  /** Moves the cursor: to a record, to "start" or "end", or to {ms: 31}. */
  seek(to) {
    this.#post(typeof to === "object" ? { do: "seek", ...to } : { do: "seek", to });
  }

  #url() {
    return new URL(this.getAttribute("src") || "./", home);
  }

  #title() {
    return this.getAttribute("title") || `Redwind: ${this.#url().hash.replace(/^#\/|\?.*$/g, "") || "lessons"}`;
  }

  #size() {
    const height = parseInt(this.getAttribute("height") ?? "", 10);
    this.style.height = `${Number.isFinite(height) ? Math.max(height, 300) : 420}px`;
  }

  #fill(...content) {
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.#root.replaceChildren(style, ...content);
  }

  #poster() {
    const make = (name, props, ...children) => {
      const element = Object.assign(document.createElement(name), props);
      element.append(...children);
      return element;
    };
    const button = make("button", { type: "button", textContent: "▶ Run it here" });
    button.addEventListener("click", () => {
      this.run();
      this.#frame.focus();
    });
    const link = make("a", { href: this.#url().href, target: "_blank", rel: "noopener", textContent: "Open in Redwind" });
    const shown = make("div", { className: "shown" }, make("slot", {}, this.#title()));
    this.#fill(make("div", { className: "poster" }, shown, make("div", { className: "bar" }, button, link)));
  }

  #post(message) {
    // A page that has not said anything yet does not listen either.
    if (this.#early) this.#early.push(message);
    else this.#frame.contentWindow?.postMessage({ redwind: VERSION, ...message }, this.#url().origin);
  }

  #hear = (event) => {
    const frame = this.#frame;
    if (!frame || event.source !== frame.contentWindow || event.data?.redwind !== VERSION) return;
    const early = this.#early;
    this.#early = null;
    for (const message of early ?? []) this.#post(message);
    this.dispatchEvent(new CustomEvent(`redwind-${event.data.is}`, { detail: event.data, bubbles: true }));
  };
}

customElements.get("redwind-lesson") ?? customElements.define("redwind-lesson", RedwindLesson);
