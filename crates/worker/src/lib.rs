//! The Web Worker and the npm package: a wasm-bindgen shell over the playground.
