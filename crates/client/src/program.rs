//! A running program.

use std::sync::{Arc, Mutex, PoisonError};

use monty::RunProgress;
use monty_types::{
    DateTimeSource, MontyException, OsPolicy, PrintWriter, RandomSeed, RandomStart, ResourceLimits,
    ResourceTracker, SleepMode,
};
use redwind_sim::{Answer, Exit, Program, Request};

use crate::bounds::{DEEPEST_CALL, LARGEST_OBJECT};
use crate::copy;
use crate::host::{Host, Next};
use crate::source::Compiled;

/// A program that runs, or waits for the world.
pub(crate) struct PythonProgram {
    compiled: Arc<Compiled>,
    seed: u64,
    machine: Mutex<Machine>,
    host: Host,
}

/// The interpreter.
enum Machine {
    /// It has not begun.
    Fresh,
    /// It waits.
    Waiting(Box<RunProgress>),
    /// It waits, written out.
    Written(Arc<[u8]>),
    /// It ended, or it runs at this moment.
    Gone,
}

impl PythonProgram {
    pub(crate) fn new(compiled: Arc<Compiled>, name: &str, seed: u64) -> Self {
        Self {
            host: Host::new(Arc::clone(&compiled), name, seed),
            compiled,
            seed,
            machine: Mutex::new(Machine::Fresh),
        }
    }

    fn begin(&mut self) -> Result<RunProgress, MontyException> {
        let policy = OsPolicy {
            datetime: DateTimeSource::CallHost,
            sleep: SleepMode::CallHost,
            random_start: RandomStart::Seed(RandomSeed::Str(self.seed.to_string())),
            ..OsPolicy::default()
        };
        let limits = ResourceLimits::default()
            .max_memory(LARGEST_OBJECT)
            .max_recursion_depth(DEEPEST_CALL);
        let run = self.compiled.run().with_os_policy(policy);
        let tracker = ResourceTracker::new(limits);
        run.start(
            Vec::new(),
            tracker,
            PrintWriter::Callback(self.host.output()),
        )
    }
}

impl Program for PythonProgram {
    fn resume(&mut self, answer: Answer) -> Request {
        self.resume_thread(0, answer)
    }

    fn resume_thread(&mut self, thread: u16, answer: Answer) -> Request {
        self.host.turn_to(thread);
        if let Some(request) = self.host.queued() {
            return request;
        }
        let machine = self
            .machine
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut next = match std::mem::replace(machine, Machine::Gone) {
            Machine::Fresh => Next::Ran(self.begin()),
            Machine::Waiting(progress) => self.host.answer(*progress, answer),
            Machine::Written(bytes) => match copy::from_bytes::<RunProgress>(&bytes) {
                Ok(progress) => self.host.answer(progress, answer),
                Err(error) => return Request::Exit(unable(&error.to_string())),
            },
            Machine::Gone => return Request::Exit(Exit::Finished),
        };
        loop {
            next = match next {
                Next::Ran(Ok(progress)) => self.host.serve(progress),
                Next::Ran(Err(exception)) => {
                    let exit = self.host.exit(&self.compiled, &exception);
                    return self.host.then(Request::Exit(exit));
                }
                Next::Finished => return self.host.then(Request::Exit(Exit::Finished)),
                Next::Asks(progress, request) => match self.host.at_rest(progress, request) {
                    Next::Asks(progress, request) => {
                        let machine = self
                            .machine
                            .get_mut()
                            .unwrap_or_else(PoisonError::into_inner);
                        *machine = Machine::Waiting(Box::new(progress));
                        return self.host.then(request);
                    }
                    next => next,
                },
            };
        }
    }

    fn fork(&self) -> Box<dyn Program> {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let mut host = self.host.clone();
        // The copy is about to run, the original to be kept: so the copy gets the interpreter as it is, and the
        // original what can be read back. Only a second copy of the same moment has to be read.
        let copied = match std::mem::replace(&mut *machine, Machine::Gone) {
            Machine::Fresh => {
                *machine = Machine::Fresh;
                Machine::Fresh
            }
            Machine::Gone => Machine::Gone,
            Machine::Written(bytes) => {
                *machine = Machine::Written(Arc::clone(&bytes));
                Machine::Written(bytes)
            }
            Machine::Waiting(progress) => match copy::to_bytes(&*progress) {
                Ok(bytes) => {
                    *machine = Machine::Written(Arc::from(bytes));
                    Machine::Waiting(progress)
                }
                Err(error) => {
                    *machine = Machine::Waiting(progress);
                    host.replace_queue(Request::Exit(unable(&error.to_string())));
                    Machine::Gone
                }
            },
        };
        Box::new(Self {
            compiled: Arc::clone(&self.compiled),
            seed: self.seed,
            machine: Mutex::new(copied),
            host,
        })
    }
}

/// The interpreter could not be copied: it says so rather than going wrong.
fn unable(why: &str) -> Exit {
    Exit::Stopped {
        why: format!("its state could not be copied ({why})"),
        line: None,
    }
}
