//! The threads of a program: tasks of the interpreter, of which each waits for an answer of its own.
//!
//! What is awaited has an underscore at its name's end. The interpreter is given a promise for it and runs on until
//! every task waits; so at any time one thread runs, and what it asks for is what it waits for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use monty::{FunctionCall, ResolveFutures, RunProgress};
use monty_types::{ExcType, ExtFunctionResult, MontyException, MontyObject, PrintWriter};
use redwind_sim::{Request, Span};

use super::{Host, Next, Waits, arg, int, text};

/// What the host knows of a program's threads.
#[derive(Clone, Default)]
pub(super) struct Threads {
    /// The one that runs, or ran last; its state is the host's own.
    current: u16,
    /// The others, by number.
    others: BTreeMap<u16, Thread>,
    /// How many were started.
    started: u16,
    /// The promise that the current one waits for.
    promise: Option<u32>,
    /// A thread about to start: its number, its name, and the promise that its starter waits for.
    starting: Option<(u16, Arc<str>, u32)>,
}

/// A thread that waits.
#[derive(Clone)]
struct Thread {
    queue: VecDeque<Request>,
    waiting: Waits,
    promise: Option<u32>,
}

/// How many threads a program may start: more than anybody can follow.
const MOST_THREADS: u16 = 64;

/// Whether the program awaits this call.
pub(super) fn is_awaited(call: &FunctionCall) -> bool {
    call.function_name.ends_with('_')
}

/// What `start` waits for fails, so that it goes on while the thread runs.
pub(super) fn started() -> ExtFunctionResult {
    MontyException::new(ExcType::RuntimeError, Some("started".to_owned())).into()
}

impl Host {
    /// Makes it the turn of a thread.
    pub(crate) fn turn_to(&mut self, thread: u16) {
        let threads = &mut self.threads;
        if threads.current == thread {
            return;
        }
        let next = threads.others.remove(&thread).unwrap_or(Thread {
            queue: VecDeque::new(),
            waiting: Waits::Nothing,
            promise: None,
        });
        let last = Thread {
            queue: std::mem::replace(&mut self.queue, next.queue),
            waiting: std::mem::replace(&mut self.waiting, next.waiting),
            promise: std::mem::replace(&mut threads.promise, next.promise),
        };
        threads.others.insert(threads.current, last);
        threads.current = thread;
    }

    pub(super) fn thread_call(&mut self, call: FunctionCall) -> Next {
        match call.function_name.as_str() {
            "_rw_new_thread" => {
                if self.threads.started >= MOST_THREADS {
                    let why = format!("can't start new thread: {MOST_THREADS} are the most here");
                    let refusal = MontyException::new(ExcType::RuntimeError, Some(why));
                    return self.run(call, refusal);
                }
                self.threads.started += 1;
                let number = MontyObject::int(self.threads.started.into());
                self.run(call, number)
            }
            "_rw_this_thread" => {
                let number = MontyObject::int(self.threads.current.into());
                self.run(call, number)
            }
            "_rw_start_" => {
                let name = Arc::from(text(&call, 1));
                self.threads.starting = Some((number(&call), name, call.call_id));
                self.promised(call)
            }
            "_rw_begin_" => {
                let thread = Thread {
                    queue: VecDeque::new(),
                    waiting: Waits::Nothing,
                    promise: Some(call.call_id),
                };
                self.threads.others.insert(number(&call), thread);
                self.promised(call)
            }
            "_rw_unpark" => {
                let thread = number(&call);
                self.ask(call, Waits::Nothing, Request::Unpark { thread })
            }
            _ => {
                let seconds = arg(&call, 0).number();
                let timeout = seconds.map(|s| Span((s.clamp(0.0, 1e9) * 1e6).round() as u64));
                self.ask(call, Waits::Thread, Request::Park { timeout })
            }
        }
    }

    /// The interpreter runs on with a promise.
    fn promised(&mut self, call: FunctionCall) -> Next {
        Next::Ran(call.resume_pending(PrintWriter::Callback(&mut self.output)))
    }

    /// An awaited call that needs no world.
    pub(super) fn run_awaited(&mut self, call: FunctionCall, result: ExtFunctionResult) -> Next {
        let promise = call.call_id;
        match call.resume_pending(PrintWriter::Callback(&mut self.output)) {
            Ok(RunProgress::ResolveFutures(futures)) => {
                let print = PrintWriter::Callback(&mut self.output);
                Next::Ran(futures.resume(vec![(promise, result)], print))
            }
            other => Next::Ran(other),
        }
    }

    /// The current thread has what it was promised.
    pub(super) fn run_future(
        &mut self,
        futures: ResolveFutures,
        result: ExtFunctionResult,
    ) -> Next {
        let print = PrintWriter::Callback(&mut self.output);
        match self.threads.promise.take() {
            Some(promise) => Next::Ran(futures.resume(vec![(promise, result)], print)),
            None => Next::Ran(futures.abort(nothing_to_await(), print)),
        }
    }

    /// Every task waits, and the current thread asked for nothing: it started another, or it has ended.
    pub(super) fn all_wait(&mut self, futures: ResolveFutures) -> Next {
        let progress = RunProgress::ResolveFutures(futures);
        if let Some((thread, name, promise)) = self.threads.starting.take() {
            self.threads.promise = Some(promise);
            self.waiting = Waits::Start;
            return Next::Asks(progress, Request::Spawn { thread, name });
        }
        if self.threads.current != 0 {
            self.threads.promise = None;
            return Next::Asks(progress, Request::EndThread);
        }
        let RunProgress::ResolveFutures(futures) = progress else {
            return Next::Finished;
        };
        let print = PrintWriter::Callback(&mut self.output);
        Next::Ran(futures.abort(nothing_to_await(), print))
    }

    /// The interpreter at the moment at which the current thread asks the world: with several threads, all wait.
    pub(crate) fn at_rest(&mut self, progress: RunProgress, request: Request) -> Next {
        let at_once = matches!(
            request,
            Request::MonotonicClock
                | Request::WallClock
                | Request::HangUp { .. }
                | Request::Unpark { .. }
        );
        let refused = self.output.is_threaded() && !at_once;
        let call = match progress {
            RunProgress::FunctionCall(call) => call,
            RunProgress::OsCall(call) if refused => {
                self.waiting = Waits::Nothing;
                return self.run_os(call, cannot_wait());
            }
            other => return Next::Asks(other, request),
        };
        if is_awaited(&call) {
            let promise = call.call_id;
            return match call.resume_pending(PrintWriter::Callback(&mut self.output)) {
                Ok(progress @ RunProgress::ResolveFutures(_)) => {
                    self.threads.promise = Some(promise);
                    Next::Asks(progress, request)
                }
                other => Next::Ran(other),
            };
        }
        if refused {
            self.waiting = Waits::Nothing;
            return self.run(call, cannot_wait());
        }
        Next::Asks(RunProgress::FunctionCall(call), request)
    }
}

fn number(call: &FunctionCall) -> u16 {
    u16::try_from(int(call, 0)).unwrap_or_default()
}

fn cannot_wait() -> MontyException {
    let why = "in a program with threads nothing that waits (Redis, sleep, db, storage, mailer) can be called in \
               __init__, another special method, a lambda or a key function: call it in a function of its own";
    MontyException::new(ExcType::RuntimeError, Some(why.to_owned()))
}

fn nothing_to_await() -> MontyException {
    MontyException::new(
        ExcType::RuntimeError,
        Some("there is nothing to await here".to_owned()),
    )
}
