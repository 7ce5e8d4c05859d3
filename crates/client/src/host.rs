//! What the interpreter calls: the prelude's functions, the clocks, and the steps between statements.

mod listening;
mod output;
mod redis;
mod threads;

use std::collections::VecDeque;
use std::sync::Arc;

use monty::{FunctionCall, OsCall, RunProgress};
use monty_types::unstable;
use monty_types::{
    ExcType, ExtFunctionResult, MontyDate, MontyDateTime, MontyException, MontyObject,
    MontyTimeZone, NameLookupResult, ObjectRef, OsFunctionCall, PrintWriter,
};
use redwind_sim::{Answer, Exit, Failure, Local, Request, ResourceCall, Span, SplitMix};

pub(crate) use self::output::Caught;
use self::output::{Noted, Output};
use self::redis::Waiting;
use self::threads::Threads;
use crate::bounds::MOST_STATEMENTS;
use crate::locals;
use crate::redis::{Arg, Clients, Refusal, options, positional};
use crate::source::Compiled;
use crate::traceback;
use crate::values::{exception, from_data, to_data};

/// What comes after the interpreter was resumed.
pub(crate) enum Next {
    /// It ran until it stopped again.
    Ran(Result<RunProgress, MontyException>),
    /// It waits for the world's answer to this.
    Asks(RunProgress, Request),
    /// Its program ended.
    Finished,
}

/// The program's side of the world: everything of it that is not inside the interpreter.
#[derive(Clone)]
pub(crate) struct Host {
    output: Output,
    /// The client's name: what its machine is called.
    name: Arc<str>,
    /// Told to the world before anything else.
    queue: VecDeque<Request>,
    waiting: Waits,
    clients: Clients,
    luck: SplitMix,
    statements: u32,
    /// What telling large variables counted, in statements.
    burden: u32,
    line: u32,
    threads: Threads,
}

/// What the interpreter waits for, and so what its answer means.
#[derive(Clone, Debug)]
enum Waits {
    Nothing,
    Redis(Box<Waiting>),
    /// A message of a channel, on this connection of that client.
    Push(i64, u32),
    Resource(String),
    Sleep,
    /// A clock's reading as a number of seconds.
    Seconds,
    Today,
    /// The date and time, in this zone.
    Now(Option<MontyTimeZone>),
    /// Another thread of the program.
    Thread,
    /// For a thread that it starts.
    Start,
}

/// The one variable of the environment: what a container is called.
const HOSTNAME: &str = "HOSTNAME";

/// Telling the variables takes work by their parts: so many parts count as a statement.
const PARTS_A_STATEMENT: usize = 1024;

impl Host {
    pub(crate) fn new(compiled: Arc<Compiled>, name: &str, seed: u64) -> Self {
        Self {
            output: Output::new(compiled),
            name: Arc::from(name),
            queue: VecDeque::new(),
            waiting: Waits::Nothing,
            clients: Clients::default(),
            luck: SplitMix::new(seed ^ 0x6c75_636b),
            statements: 0,
            burden: 0,
            line: 1,
            threads: Threads::default(),
        }
    }

    pub(crate) fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// The next thing to tell the world, when there is one.
    pub(crate) fn queued(&mut self) -> Option<Request> {
        self.queue.pop_front()
    }

    pub(crate) fn replace_queue(&mut self, request: Request) {
        self.queue.clear();
        self.queue.push_back(request);
    }

    /// Tells the world `request`, after what was printed and stepped before.
    pub(crate) fn then(&mut self, request: Request) -> Request {
        self.take_notes(matches!(request, Request::Exit(_)));
        self.queue.push_back(request.clone());
        self.queue.pop_front().unwrap_or(request)
    }

    fn take_notes(&mut self, last: bool) {
        for noted in self.output.take(last) {
            let request = match noted {
                Noted::Print(text) => Request::Print(text),
                Noted::Line(line) => Request::Line {
                    line,
                    locals: Arc::from([]),
                },
            };
            self.queue.push_back(request);
        }
    }

    /// A number from 0 to 1.
    fn luck(&mut self) -> f64 {
        (self.luck.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.luck() * 256.0) as u8).collect()
    }

    /// How the program ended that raised `exception`.
    pub(crate) fn exit(&self, compiled: &Compiled, exception: &MontyException) -> Exit {
        let stopped = |why: &str, line| Exit::Stopped {
            why: why.to_owned(),
            line,
        };
        if let Some(why) = self.output.stopped() {
            return stopped(why, Some(self.output.line()));
        }
        let message = exception.message().unwrap_or_default();
        if exception.exc_type() == ExcType::MemoryError
            && message.starts_with("memory limit exceeded")
        {
            return stopped("it made a value of more than 64 MB", Some(self.line));
        }
        traceback::exit(compiled, exception, self.output.caught())
    }

    fn run(&mut self, call: FunctionCall, result: impl Into<ExtFunctionResult>) -> Next {
        if threads::is_awaited(&call) {
            return self.run_awaited(call, result.into());
        }
        Next::Ran(call.resume(result, PrintWriter::Callback(&mut self.output)))
    }

    fn run_os(&mut self, call: OsCall, result: impl Into<ExtFunctionResult>) -> Next {
        Next::Ran(call.resume(result, PrintWriter::Callback(&mut self.output)))
    }

    fn resume(&mut self, progress: RunProgress, result: impl Into<ExtFunctionResult>) -> Next {
        match progress {
            RunProgress::FunctionCall(call) => self.run(call, result),
            RunProgress::OsCall(call) => self.run_os(call, result),
            RunProgress::ResolveFutures(futures) => self.run_future(futures, result.into()),
            // Only calls wait for the world.
            _ => Next::Finished,
        }
    }

    fn refuse(&mut self, call: FunctionCall, refusal: &Refusal) -> Next {
        self.run(call, exception(refusal))
    }

    /// Goes on with the world's answer.
    pub(crate) fn answer(&mut self, progress: RunProgress, answer: Answer) -> Next {
        match std::mem::replace(&mut self.waiting, Waits::Nothing) {
            Waits::Push(client, connection) => {
                self.listen_answer(progress, client, connection, answer)
            }
            Waits::Redis(waiting) => self.redis_answer(progress, *waiting, answer),
            Waits::Thread => {
                let woken = matches!(answer, Answer::Done);
                self.resume(progress, MontyObject::bool(woken))
            }
            Waits::Start => self.resume(progress, threads::started()),
            Waits::Nothing | Waits::Sleep => self.resume(progress, MontyObject::none()),
            Waits::Resource(resource) => {
                let result: ExtFunctionResult = match answer {
                    Answer::Data(data) => from_data(&data).into(),
                    Answer::Refused { kind, message } => {
                        exception(&Refusal { kind, message }).into()
                    }
                    // As a driver says it of a connection that is gone.
                    Answer::Failed(Failure::Reset) if resource == "db" => exception(&Refusal {
                        kind: "OperationalError".to_owned(),
                        message: "the connection to db was closed".to_owned(),
                    })
                    .into(),
                    Answer::Failed(Failure::Timeout) => MontyException::new(
                        ExcType::TimeoutError,
                        Some(format!("{resource} did not answer in time")),
                    )
                    .into(),
                    Answer::Failed(_) => MontyException::new(
                        ExcType::OSError,
                        Some(format!("the connection to {resource} failed")),
                    )
                    .into(),
                    _ => MontyObject::none().into(),
                };
                self.resume(progress, result)
            }
            waiting => {
                let micros = match answer {
                    Answer::Micros(micros) => micros,
                    _ => 0,
                };
                let value = match waiting {
                    Waits::Today => {
                        let (year, month, day) = civil(micros / 86_400_000_000);
                        MontyObject::date(MontyDate { year, month, day })
                    }
                    Waits::Now(zone) => MontyObject::datetime(moment(micros, zone)),
                    _ => MontyObject::float(micros as f64 / 1e6),
                };
                self.resume(progress, value)
            }
        }
    }

    /// Does what the interpreter stopped for, or asks the world for it.
    pub(crate) fn serve(&mut self, progress: RunProgress) -> Next {
        match progress {
            RunProgress::FunctionCall(call) => self.function(call),
            RunProgress::OsCall(call) => self.os(call),
            RunProgress::NameLookup(lookup) => {
                let print = PrintWriter::Callback(&mut self.output);
                Next::Ran(lookup.resume(NameLookupResult::Undefined, print))
            }
            RunProgress::ResolveFutures(futures) => self.all_wait(futures),
            RunProgress::Complete(_) => Next::Finished,
        }
    }

    fn ask(&mut self, call: FunctionCall, waiting: Waits, request: Request) -> Next {
        self.waiting = waiting;
        Next::Asks(RunProgress::FunctionCall(call), request)
    }

    fn function(&mut self, call: FunctionCall) -> Next {
        match call.function_name.trim_end_matches('_') {
            "_rw_line" => self.step(call),
            "_rw_tick" => self.run(call, MontyObject::none()),
            "_rw_new_thread" | "_rw_this_thread" | "_rw_start" | "_rw_begin" | "_rw_park"
            | "_rw_unpark" => self.thread_call(call),
            "_rw_random" => {
                let count = usize::try_from(int(&call, 0))
                    .unwrap_or_default()
                    .min(1 << 16);
                let bytes = self.bytes(count);
                self.run(call, MontyObject::bytes(bytes))
            }
            "_rw_sha" => {
                let script = match arg(&call, 0) {
                    Arg::Text(text) => text.into_bytes(),
                    Arg::Bytes(bytes) => bytes,
                    _ => Vec::new(),
                };
                self.run(call, MontyObject::string(sha1_hex(&script)))
            }
            "_rw_connect" => {
                let named = names(&arg(&call, 1));
                match options(positional(arg(&call, 0)), named) {
                    Ok(client) => {
                        let id = self.clients.add(client);
                        self.run(call, MontyObject::int(id))
                    }
                    Err(refusal) => self.refuse(call, &refusal),
                }
            }
            "_rw_describe" => {
                let text = self
                    .clients
                    .get(int(&call, 0))
                    .map(|client| format!("host={},port={}", client.host, client.port))
                    .unwrap_or_default();
                self.run(call, MontyObject::string(text))
            }
            "_rw_redis" | "_rw_execute" => self.redis_call(call),
            "_rw_route" => self.route(call),
            "_rw_slot" => self.slot(call),
            "_rw_check" => {
                let checked = crate::redis::command(
                    &text(&call, 1),
                    positional(arg(&call, 2)),
                    names(&arg(&call, 3)),
                );
                match checked {
                    Ok(_) => self.run(call, MontyObject::none()),
                    Err(refusal) => self.refuse(call, &refusal),
                }
            }
            "_rw_take" => {
                let (connection, greeting) = self.clients.take(int(&call, 0));
                if let Some(words) = greeting {
                    return self.greet(call, connection, words);
                }
                self.run(call, MontyObject::int(connection.into()))
            }
            "_rw_tell" => self.subscription(call),
            "_rw_listen" => self.listen(call),
            "_rw_hang_up" => self.hang_up(call),
            "_rw_channel" => self.channel(call),
            "_rw_release" => self.release(call),
            "_rw_sentinels" => self.sentinels(call),
            "_rw_manage" => self.manage(call),
            "_rw_discover" => self.discover(call),
            "_rw_resource" => self.resource(call),
            "_rw_sleep" => {
                let seconds = arg(&call, 0).number().unwrap_or_default().clamp(0.0, 1e9);
                let span = Span((seconds * 1e6).round() as u64);
                self.ask(call, Waits::Sleep, Request::Sleep(span))
            }
            "_rw_monotonic" => self.ask(call, Waits::Seconds, Request::MonotonicClock),
            name => {
                let name = name.to_owned();
                self.run(call, ExtFunctionResult::NotFound(name))
            }
        }
    }

    /// A statement is about to run.
    fn step(&mut self, call: FunctionCall) -> Next {
        let line = u32::try_from(int(&call, 0)).unwrap_or_default();
        self.line = line;
        self.output.begin_statement(line);
        if let Some(why) = self.count_statement() {
            let print = PrintWriter::Callback(&mut self.output);
            let abort = MontyException::new(ExcType::RuntimeError, Some(why));
            return Next::Ran(call.abort(abort, print));
        }
        let locals = self.variables(&call);
        // `None` is false: in a condition the call stands before `or`.
        self.ask(call, Waits::Nothing, Request::Line { line, locals })
    }

    /// Counts a statement; why the program must stop, when it was one too many.
    fn count_statement(&mut self) -> Option<String> {
        self.statements = self.statements.saturating_add(1);
        let ran = self.statements.saturating_add(self.output.marked());
        if ran.saturating_add(self.burden) > MOST_STATEMENTS {
            let why = if self.burden > ran {
                "its variables hold so many values that showing them step by step takes too long; keep fewer".to_owned()
            } else {
                format!(
                    "it ran {MOST_STATEMENTS} statements without coming to an end; does a loop never finish?"
                )
            };
            self.output.stop(&why);
            return Some(why);
        }
        None
    }

    fn variables(&mut self, call: &FunctionCall) -> Arc<[Local]> {
        // Telling much takes long, so it counts among the statements.
        let parts = unstable::call_args_parts(&call.args).0.len();
        let counts = u32::try_from(parts / PARTS_A_STATEMENT).unwrap_or(u32::MAX);
        self.burden = self.burden.saturating_add(counts);
        call.args
            .arg(shifted(call, 1))
            .map_or_else(|| Arc::from([]), locals::shown)
    }

    fn resource(&mut self, call: FunctionCall) -> Next {
        let (resource, method) = (text(&call, 0), text(&call, 1));
        let args: Result<Vec<_>, _> = positional(arg(&call, 2)).iter().map(to_data).collect();
        let named: Result<Vec<_>, Refusal> = names(&arg(&call, 3))
            .into_iter()
            .map(|(name, value)| Ok((name, to_data(&value)?)))
            .collect();
        match (args, named) {
            (Ok(args), Ok(named)) => {
                let request = Request::Resource(ResourceCall {
                    resource: resource.clone(),
                    method,
                    args,
                    named,
                    believing: Vec::new(),
                });
                self.ask(call, Waits::Resource(resource), request)
            }
            (Err(refusal), _) | (_, Err(refusal)) => self.refuse(call, &refusal),
        }
    }

    fn os(&mut self, call: OsCall) -> Next {
        use monty_types::TimeCaller as Caller;
        let (waiting, request) = match &call.function_call {
            OsFunctionCall::Sleep(delay) | OsFunctionCall::SystemSleep(delay) => {
                let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
                (Waits::Sleep, Request::Sleep(Span(micros)))
            }
            OsFunctionCall::Time(
                Caller::Monotonic
                | Caller::MonotonicNs
                | Caller::PerfCounter
                | Caller::PerfCounterNs,
            ) => (Waits::Seconds, Request::MonotonicClock),
            OsFunctionCall::Time(_) => (Waits::Seconds, Request::WallClock),
            OsFunctionCall::DateToday => (Waits::Today, Request::WallClock),
            OsFunctionCall::DateTimeNow(zone) => (Waits::Now(zone.clone()), Request::WallClock),
            OsFunctionCall::Urandom(args) => {
                let count = usize::try_from(args.size).unwrap_or_default().min(1 << 20);
                let bytes = self.bytes(count);
                return self.run_os(call, MontyObject::bytes(bytes));
            }
            OsFunctionCall::GetEnviron => {
                let pair = (
                    MontyObject::string(HOSTNAME),
                    MontyObject::string(self.name.to_string()),
                );
                return self.run_os(call, MontyObject::dict([pair]));
            }
            OsFunctionCall::Getenv(args) => {
                let value = match args.key.as_str() {
                    HOSTNAME => MontyObject::string(self.name.to_string()),
                    _ => args.default.clone(),
                };
                return self.run_os(call, value);
            }
            OsFunctionCall::Import(_) => {
                let missing = call.function_call.on_no_handler();
                return self.run_os(call, missing);
            }
            other => {
                let why = format!(
                    "{} is not possible here: a program has no files",
                    other.name()
                );
                return self.run_os(call, MontyException::new(ExcType::OSError, Some(why)));
            }
        };
        self.waiting = waiting;
        Next::Asks(RunProgress::OsCall(call), request)
    }
}

/// Where an argument is: before the first, the prelude hands over an instance of every class, because the
/// interpreter can't hand out a class first and then an instance of it. Nothing else begins with a list.
fn shifted(call: &FunctionCall, index: usize) -> usize {
    let first = call.args.arg(0).map(unstable::node);
    index + usize::from(matches!(first, Some(unstable::MontyNode::List(_))))
}

/// An argument of a call.
fn arg(call: &FunctionCall, index: usize) -> Arg {
    call.args
        .arg(shifted(call, index))
        .map_or(Arg::None, Arg::from_object)
}

fn int(call: &FunctionCall, index: usize) -> i64 {
    call.args
        .arg(shifted(call, index))
        .and_then(|value: ObjectRef<'_>| value.as_int())
        .unwrap_or_default()
}

fn text(call: &FunctionCall, index: usize) -> String {
    call.args
        .arg(shifted(call, index))
        .and_then(|value| value.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// A dict of keyword arguments.
fn names(value: &Arg) -> Vec<(String, Arg)> {
    let Arg::Map(pairs) = value else {
        return Vec::new();
    };
    pairs
        .iter()
        .filter_map(|(name, value)| match name {
            Arg::Text(name) => Some((name.clone(), value.clone())),
            _ => None,
        })
        .collect()
}

/// The date so many days after 1970-01-01.
fn civil(days: u64) -> (i32, u8, u8) {
    let days = days as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year.clamp(1, 9999) as i32, month as u8, day as u8)
}

fn moment(micros: u64, zone: Option<MontyTimeZone>) -> MontyDateTime {
    let shift = zone
        .as_ref()
        .map_or(0, |zone| i64::from(zone.offset_seconds) * 1_000_000);
    let local = micros.saturating_add_signed(shift);
    let (year, month, day) = civil(local / 86_400_000_000);
    let of_day = local % 86_400_000_000 / 1_000_000;
    MontyDateTime {
        year,
        month,
        day,
        hour: (of_day / 3_600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        microsecond: (local % 1_000_000) as u32,
        offset_seconds: zone.as_ref().map(|zone| zone.offset_seconds),
        timezone_name: zone.and_then(|zone| zone.name),
    }
}

fn sha1_hex(bytes: &[u8]) -> String {
    use sha1::Digest;
    let digest = sha1::Sha1::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
