// The package in browsers and bundlers: the wasm, compiled to be small, is fetched from where it lies, unless it is handed in.

import init, * as bindings from './wasm/browser/redwind.js';
import { Redwind, build } from './redwind.js';

export { Client, RedisError, Redwind } from './redwind.js';

let loading;

Redwind.create = async function create(options = {}) {
  loading ??= (async () => {
    const wasm = options.wasm ?? new URL('./wasm/browser/redwind_bg.wasm', import.meta.url);
    const { memory } = await init({ module_or_path: wasm });
    return { memory, Server: bindings.Server };
  })().catch((error) => {
    loading = undefined;
    throw error;
  });
  return build(await loading, options);
};
