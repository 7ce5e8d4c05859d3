// Starts the simulator: the page loads this file as a module worker, by the URL in <meta name="redwind-worker">.

// What the page says before the wasm has arrived is kept and said again once `start` listens.
const early = [];
const keep = (event) => early.push(event.data);
addEventListener("message", keep);

// The version that the build put into that URL is handed on, so that script, glue and wasm are always of one build.
const version = new URL(import.meta.url).search;
const worker = await import(`./redwind-worker.js${version}`);
await worker.default({ module_or_path: new URL(`./redwind-worker_bg.wasm${version}`, import.meta.url) });
worker.start();

removeEventListener("message", keep);
for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
