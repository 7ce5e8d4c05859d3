// The package in Node, Deno and Bun: the wasm, compiled for speed, is read from its file.

import { readFile } from 'node:fs/promises';
import init, * as bindings from './wasm/node/redwind.js';
import { Redwind, build } from './redwind.js';

export { Client, RedisError, Redwind } from './redwind.js';

let loading;

Redwind.create = async function create(options = {}) {
  loading ??= (async () => {
    const wasm = options.wasm ?? (await readFile(new URL('./wasm/node/redwind_bg.wasm', import.meta.url)));
    const { memory } = await init({ module_or_path: wasm });
    return { memory, Server: bindings.Server };
  })().catch((error) => {
    loading = undefined;
    throw error;
  });
  return build(await loading, options);
};
