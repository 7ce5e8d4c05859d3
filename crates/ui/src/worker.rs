//! The simulator in its Web Worker: starts it, talks to it, replaces it when it breaks.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use redwind_protocol::{FromWorker, ToWorker};
use serde::Serialize;
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, WorkerOptions, WorkerType};
use yew::Callback;

/// What the page hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A message.
    Message(Box<FromWorker>),
    /// It broke, and another one starts: what is unanswered must be asked again.
    Restarting,
    /// It broke again and again on what is asked: that is given up, and another one starts.
    GaveUp,
    /// It can't be started.
    Failed,
}

/// So many breaks without an answer between them, and it is given up.
const PATIENCE: u32 = 3;

struct Running {
    worker: web_sys::Worker,
    _listeners: [EventListener; 2],
}

struct Inner {
    running: Option<Running>,
    /// How often it broke since it last answered.
    breaks: u32,
    /// Whether the one that runs has started well.
    ready: bool,
    hear: Callback<Heard>,
}

/// A handle to the simulator.
#[derive(Clone)]
pub struct Simulator(Rc<RefCell<Inner>>);

impl PartialEq for Simulator {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Simulator {
    /// Starts it soon: the page is drawn first.
    #[must_use]
    pub fn start(hear: Callback<Heard>) -> Self {
        let inner = Inner {
            running: None,
            breaks: 0,
            ready: false,
            hear,
        };
        let simulator = Self(Rc::new(RefCell::new(inner)));
        let later = simulator.clone();
        Timeout::new(60, move || later.spawn()).forget();
        simulator
    }

    /// Ends it.
    pub fn stop(&self) {
        if let Some(running) = self.0.borrow_mut().running.take() {
            running.worker.terminate();
        }
        self.0.borrow_mut().breaks = PATIENCE;
    }

    /// Replaces it, whatever it is at.
    pub fn restart(&self) {
        let gone = self.0.borrow_mut().running.take();
        if let Some(gone) = gone {
            gone.worker.terminate();
            self.0.borrow_mut().ready = false;
            self.spawn();
        }
    }

    /// Asks something.
    pub fn ask(&self, request: &ToWorker) {
        let inner = self.0.borrow();
        let Some(running) = &inner.running else {
            return;
        };
        let serializer =
            serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(false);
        let message = request.serialize(&serializer).or_else(|_| {
            // A seed beyond 2^53 does not fit a JavaScript number.
            let exact =
                serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
            request.serialize(&exact)
        });
        if let Ok(message) = message {
            // A message that can't be posted means that the worker is gone, which its error event tells.
            let _ = running.worker.post_message(&message);
        }
    }

    fn spawn(&self) {
        if self.0.borrow().breaks >= PATIENCE {
            return;
        }
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match web_sys::Worker::new_with_options(&script(), &options) {
            Ok(worker) => worker,
            Err(_) => return self.replace(),
        };
        let (this, that) = (self.clone(), self.clone());
        let message = EventListener::new(&worker, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else {
                return;
            };
            match serde_wasm_bindgen::from_value::<FromWorker>(event.data()) {
                Ok(FromWorker::Panicked { .. }) => this.broke(),
                Ok(message) => {
                    match message {
                        FromWorker::Ready => this.0.borrow_mut().ready = true,
                        // Taking a lesson in is part of starting.
                        FromWorker::Opened { .. } => {}
                        _ => this.0.borrow_mut().breaks = 0,
                    }
                    let hear = this.0.borrow().hear.clone();
                    hear.emit(Heard::Message(Box::new(message)));
                }
                // Of another build: another try loads the right one.
                Err(_) => this.broke(),
            }
        });
        let error = EventListener::new(&worker, "error", move |event| {
            event.prevent_default();
            that.broke();
        });
        self.0.borrow_mut().running = Some(Running {
            worker,
            _listeners: [message, error],
        });
    }

    /// A worker that panics says so and then dies, which is told again: only the first time counts.
    fn broke(&self) {
        let Some(gone) = self.0.borrow_mut().running.take() else {
            return;
        };
        gone.worker.terminate();
        // Its listeners may be what is running right now: they are dropped later.
        Timeout::new(0, move || drop(gone)).forget();
        self.replace();
    }

    fn replace(&self) {
        let (hear, heard) = {
            let mut inner = self.0.borrow_mut();
            inner.breaks += 1;
            let worn_out = inner.breaks >= PATIENCE;
            let heard = match (worn_out, inner.ready) {
                (false, _) => Heard::Restarting,
                // It starts, but what is asked breaks it: the next one is spared that.
                (true, true) => {
                    inner.breaks = 0;
                    Heard::GaveUp
                }
                (true, false) => Heard::Failed,
            };
            inner.ready = false;
            (inner.hear.clone(), heard)
        };
        let again = !matches!(heard, Heard::Failed);
        hear.emit(heard);
        if again {
            let this = self.clone();
            Timeout::new(250, move || this.spawn()).forget();
        }
    }
}

/// The URL of the worker's script, as the build put it into the page.
fn script() -> String {
    let meta = query("meta[name=redwind-worker]").and_then(|meta| meta.get_attribute("content"));
    meta.unwrap_or_else(|| "./worker.js".to_owned())
}

fn query(selector: &str) -> Option<web_sys::Element> {
    web_sys::window()?
        .document()?
        .query_selector(selector)
        .ok()?
}
