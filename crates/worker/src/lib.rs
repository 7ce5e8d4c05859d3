//! The Web Worker and the npm package: a wasm-bindgen shell over the playground.

use wasm_bindgen::prelude::wasm_bindgen;

/// Makes this wasm module the Web Worker that it was loaded in: `web/worker.js` calls it once, after loading.
#[wasm_bindgen]
pub fn start() {}
