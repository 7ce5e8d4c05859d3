//! The Web Worker and the npm package: a wasm-bindgen shell over the playground.
//!
//! Messages are plain objects in the shape of `redwind_protocol`. Everything that can be wrong with one is an
//! answer; a panic is a defect, told to the page as its last message, after which the page starts a new worker.

mod answer;

use std::cell::RefCell;
use std::rc::Rc;

use redwind_playground::Playground;
use redwind_protocol::{FromWorker, ToWorker};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue, wasm_bindgen};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// A playground for JavaScript: a worker's, or a test's.
#[wasm_bindgen]
#[derive(Default)]
pub struct Session {
    playground: Playground,
}

#[wasm_bindgen]
impl Session {
    /// A playground with no lesson open.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one `ToWorker` message with one `FromWorker` message, both as plain objects.
    ///
    /// # Errors
    /// A message that is not of `ToWorker`'s shape throws a string that says where it differs.
    pub fn handle(&mut self, message: JsValue) -> Result<JsValue, JsValue> {
        let ToWorker { number, request } = serde_wasm_bindgen::from_value(message)
            .map_err(|error| JsValue::from_str(&error.to_string()))?;
        to_js(&answer::answer(&mut self.playground, number, request))
    }
}

fn to_js(message: &FromWorker) -> Result<JsValue, JsValue> {
    // Objects rather than Maps, null rather than undefined: what JSON would give.
    message
        .serialize(&Serializer::json_compatible())
        .map_err(|error| JsValue::from_str(&error.to_string()))
}

/// Makes this wasm module the Web Worker that it was loaded in: `web/worker.js` calls it once, after loading.
///
/// # Errors
/// Outside a dedicated worker there is nobody to talk to.
#[wasm_bindgen]
pub fn start() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let told = scope.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if let Ok(message) = to_js(&FromWorker::Panicked {
            message: panic.to_string(),
        }) {
            // The page also hears of a dead worker by its error event: nothing more can be done here.
            drop(told.post_message(&message));
        }
    }));
    let session = Rc::new(RefCell::new(Session::new()));
    let post = scope.clone();
    let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match session
        .borrow_mut()
        .handle(event.data())
    {
        Ok(answer) => drop(post.post_message(&answer)),
        Err(error) => wasm_bindgen::throw_val(error),
    });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    // The worker listens as long as it lives.
    listen.forget();
    scope.post_message(&to_js(&FromWorker::Ready)?)
}
