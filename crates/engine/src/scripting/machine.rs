//! The Lua state that scripts run on, and one run of a script.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use lua_stdlib::auxlib::load_buffer;
use lua_vm::api::pcall_k;
use lua_vm::debug::{LuaDebug, get_info, get_stack};
use lua_vm::state::ExternalRootKey;
use redwind_resp::{Protocol, Value};
use scoped_tls_hkt::{ReborrowMut, scoped_thread_local};
use triomphe::Arc;

use super::convert::{Budget, error, field_text, from_lua, is_counted, new_error, to_lua};
use super::drand::Drand;
use super::lua::{self, LuaError, LuaState, LuaValue, Outcome, give, set_function, string};
use super::{
    JsonSettings, MEMORY, STEPS, base, bits, chains, format, json, libraries, math, msgpack, sha1,
    structs,
};
use crate::commands;
use crate::cx::Cx;
use crate::refusal::quoted;
use crate::sorted::Sorted;
use crate::{Command, Flags, Refusal};

type Result<T> = std::result::Result<T, LuaError>;

/// A script that an engine knows.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) sha: [u8; 40],
    pub(crate) source: Arc<[u8]>,
    /// What its first line says, if that is one of flags.
    pub(crate) declared: Option<Declared>,
    /// It declares so, or is run by a read-only command.
    pub(crate) read_only: bool,
}

/// The flags of a line such as `#!lua flags=no-writes,allow-oom`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Declared {
    pub(crate) no_writes: bool,
    pub(crate) allow_oom: bool,
    pub(crate) no_cluster: bool,
    pub(crate) allow_stale: bool,
}

impl Script {
    /// Whether it may write though the memory is used up.
    fn ignores_memory(&self) -> bool {
        self.declared
            .is_some_and(|flags| flags.allow_oom || flags.no_writes)
    }
}

/// A Lua state holds nothing that one script could leave to the next, so all engines of a thread
/// share one: what they compile, they compile once.
struct Machine {
    lua: LuaState,
    settings: Rc<RefCell<Settings>>,
    json: Rc<RefCell<JsonSettings>>,
    prelude: Prelude,
    compiled: Sorted<[u8; 40], (LuaValue, ExternalRootKey)>,
}

/// What the prelude leaves to the host; all of it is rooted.
struct Prelude {
    /// What scripts find as globals.
    globals: lua::Table,
    /// The names `KEYS` and `ARGV`.
    names: [LuaValue; 2],
    /// The message handler, which notes where a script failed.
    failed: LuaValue,
    /// Gives the line that was noted.
    failed_at: LuaValue,
}

/// Compiled scripts are dropped beyond this many.
const KEPT: usize = 500;

thread_local! {
    static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) };
}

/// The run under way, to which `redis.call` turns: functions of the host live longer than any run.
struct Running<'a>(&'a mut (dyn Calls + 'a));

trait Calls {
    /// `redis.call`: true and the reply, or false and a table with the error.
    fn call(&mut self, lua: &mut LuaState, args: &[LuaValue]) -> Outcome<(bool, LuaValue)>;
}

impl<'b> ReborrowMut<'b> for Running<'_> {
    type Result = Running<'b>;

    fn reborrow_mut(&'b mut self) -> Running<'b> {
        Running(&mut *self.0)
    }
}

scoped_thread_local!(static mut RUNNING: for<'a> Running<'a>);

impl Machine {
    fn new() -> Result<Machine> {
        let mut lua = libraries::fresh()?;
        let settings = Rc::new(RefCell::new(Settings::default()));
        let json = Rc::new(RefCell::new(JsonSettings::default()));
        let prelude = enter(&mut lua, |lua| prepare(lua, &settings, &json))?;
        // Between two looks a string can double with every third instruction.
        let interval = 5;
        lua.install_sandbox_limits(interval, Some(STEPS), Some(MEMORY));
        Ok(Machine {
            lua,
            settings,
            json,
            prelude,
            compiled: Sorted::default(),
        })
    }

    fn function(&mut self, script: &Script) -> Result<LuaValue> {
        if let Some((function, _)) = self.compiled.get(&script.sha) {
            return Ok(*function);
        }
        // The line of flags is not Lua; an empty one in its place keeps the numbering.
        let source = match script.source.iter().position(|b| *b == b'\n') {
            Some(end) if script.source.starts_with(b"#!") => &script.source[end..],
            None if script.source.starts_with(b"#!") => &[],
            _ => &script.source[..],
        };
        let dropped = match self.compiled.len() {
            ..KEPT => Sorted::default(),
            _ => std::mem::take(&mut self.compiled),
        };
        let (function, root) = enter(&mut self.lua, |lua| {
            for (_, (_, root)) in dropped {
                lua.external_unroot_value(root);
            }
            let function = load(lua, source, b"@user_script")?;
            Ok((function, lua.external_root_value(function)))
        })?;
        self.compiled.insert(script.sha, (function, root));
        Ok(function)
    }

    /// Runs a script that was found.
    fn run(&mut self, script: &Script, argv: [&[Bytes]; 2], run: &mut dyn Calls) -> Result<Ended> {
        let function = self.function(script)?;
        let prelude = &self.prelude;
        self.lua.sandbox_reset();
        {
            // What earlier scripts have left behind does not count.
            let global = self.lua.global();
            let limit = global.total_bytes() + chains::share(&function);
            global.sandbox.mem_limit.set(Some(limit));
        }
        let result = enter(&mut self.lua, |lua| {
            let before = lua.top_idx();
            for (name, arguments) in prelude.names.into_iter().zip(argv) {
                let table = lua.new_table_with_sizes(arguments.len() as u32, 0)?;
                for (at, text) in arguments.iter().enumerate() {
                    let text = string(lua, text)?;
                    lua::set_at(lua, table, at + 1, text)?;
                }
                // The table that gets it may have been looked at by the collector already.
                let table = LuaValue::Table(table);
                lua.gc_table_barrier_back(&prelude.globals, &table);
                lua::set_any(lua, prelude.globals, name, table)?;
            }
            lua.push(prelude.failed);
            lua.push(function);
            let handler = -2;
            let result = RUNNING.set(Running(run), || pcall_k(lua, 0, 1, handler, 0, None));
            let ended = match result {
                Ok(_) => Ended::Well(lua.pop()),
                Err(_) if lua.sandbox_aborting() => Ended::Stopped,
                Err(e) => {
                    // On the stack it outlives what is called now.
                    let raised = e.into_value();
                    lua.push(raised);
                    lua.push(prelude.failed_at);
                    pcall_k(lua, 0, 1, 0, 0, None)?;
                    Ended::Badly(raised, lua.pop())
                }
            };
            lua.set_top_idx(before);
            Ok(ended)
        });
        if self.lua.sandbox_tripped_code() != 0 {
            return Ok(Ended::Stopped);
        }
        result
    }

    /// Lets the collector work; what a run gave must have been read.
    fn tidy(&mut self) {
        let tidied = enter(&mut self.lua, |lua| {
            lua.gc_check_step();
            Ok(())
        });
        debug_assert!(tidied.is_ok(), "collecting cannot fail");
    }
}

/// How a script ended.
enum Ended {
    Well(LuaValue),
    /// With an error, and the line where it was raised.
    Badly(LuaValue, LuaValue),
    /// It took too long, or too much memory.
    Stopped,
}

/// Works on the interpreter's state; what is made belongs to its heap.
fn enter<T>(lua: &mut LuaState, f: impl FnOnce(&mut LuaState) -> Result<T>) -> Result<T> {
    let heap = lua.global().heap.clone();
    let _guard = lua_gc::HeapGuard::push(&heap);
    f(lua)
}

/// Compiles a chunk.
fn load(lua: &mut LuaState, source: &[u8], name: &[u8]) -> Result<LuaValue> {
    let status = load_buffer(lua, source, name)?;
    let value = lua.pop();
    if status == 0 {
        Ok(value)
    } else {
        Err(LuaError::from_value(value))
    }
}

/// Turns a new state into the one that scripts see.
fn prepare(
    lua: &mut LuaState,
    settings: &Rc<RefCell<Settings>>,
    json: &Rc<RefCell<JsonSettings>>,
) -> Result<Prelude> {
    let second = Rc::default();
    let given = lua.new_table();
    lua.external_root_value(LuaValue::Table(given));
    let version = string(lua, commands::VERSION.as_bytes())?;
    lua::set(lua, given, "version", version)?;
    let number = LuaValue::Float(f64::from(0x0008_0203));
    lua::set(lua, given, "version_num", number)?;
    lua::set(lua, given, "nan", LuaValue::Float(f64::NAN))?;
    for (name, library) in [
        ("bit", bits::library(lua)?),
        ("cjson", json::library(lua, json, &second)?),
        ("cmsgpack", msgpack::library(lua)?),
        ("struct", structs::library(lua)?),
        ("math", math::library(lua, settings)?),
        ("text", format::library(lua)?),
        ("base", base::library(lua)?),
    ] {
        lua::set(lua, given, name, LuaValue::Table(library))?;
    }
    set_function(lua, given, "sha1hex", |lua, args| {
        let text = args.first().and_then(argument).unwrap_or_default();
        let text = string(lua, &sha1::hex(&text))?;
        give(lua, text)
    })?;
    set_function(lua, given, "known", |lua, args| {
        let argv = args.iter().map(|value| argument(value).unwrap_or_default());
        let argv: Vec<Bytes> = argv.collect();
        give(lua, LuaValue::Bool(commands::resolve(&argv).is_ok()))
    })?;
    set_function(lua, given, "solid", |lua, args| {
        let inner = args.first().copied().unwrap_or(LuaValue::Nil);
        let solid = lua::solid(lua, inner);
        give(lua, solid)
    })?;
    set_function(lua, given, "place", |lua, _| {
        let place = place(lua)?;
        give(lua, place)
    })?;
    let own = settings.clone();
    set_function(lua, given, "setresp", move |_, args| {
        let resp3 = lua::number(args.first()) == Some(3.0);
        own.borrow_mut().protocol = if resp3 {
            Protocol::Resp3
        } else {
            Protocol::Resp2
        };
        Ok(0)
    })?;
    let own = settings.clone();
    set_function(lua, given, "set_repl", move |_, args| {
        let flags = lua::number(args.first()).unwrap_or(0.0);
        own.borrow_mut().repeat = flags as u32 & 2 != 0;
        Ok(0)
    })?;
    for (name, raises) in [("call", true), ("pcall", false)] {
        set_function(lua, given, name, move |lua, args| {
            let (ok, reply) = RUNNING.with(|run| run.0.call(lua, args))?;
            if !ok && raises {
                return Err(LuaError::from_value(reply).into());
            }
            give(lua, reply)
        })?;
    }
    let prelude = load(lua, include_bytes!("prelude.lua"), b"=prelude")?;
    let globals = lua.global().globals;
    lua.push(prelude);
    lua.push(LuaValue::Table(given));
    lua.push(globals);
    pcall_k(lua, 2, 3, 0, 0, None)?;
    let (failed_at, failed, globals) = (lua.pop(), lua.pop(), lua.pop());
    let LuaValue::Table(globals) = globals else {
        return Err(LuaError::runtime(format_args!(
            "the prelude gives no globals"
        )));
    };
    let names = [string(lua, b"KEYS")?, string(lua, b"ARGV")?];
    for value in [
        failed_at,
        failed,
        LuaValue::Table(globals),
        names[0],
        names[1],
    ] {
        lua.external_root_value(value);
    }
    Ok(Prelude {
        globals,
        names,
        failed,
        failed_at,
    })
}

/// Where an error was raised: the innermost line of a chunk that is not ours.
fn place(lua: &mut LuaState) -> Outcome<LuaValue> {
    for level in 1..16 {
        let mut found = LuaDebug::default();
        if !get_stack(lua, level, &mut found) {
            break;
        }
        get_info(lua, b"Sl", &mut found);
        let source = found.source.unwrap_or_default();
        if found.currentline > 0 && source != b"=prelude" {
            let line = format!(":{}", found.currentline);
            return Ok(string(lua, &[&source[..], line.as_bytes()].concat())?);
        }
    }
    Ok(LuaValue::Nil)
}

/// An interpreter with more bytes than this in it is given up for a new one.
const WORN: usize = 32 << 20;

fn with_machine<T>(f: impl FnOnce(&mut Machine) -> Result<T>) -> Result<T> {
    MACHINE.with(|slot| {
        let mut slot = slot.borrow_mut();
        let machine = match slot.as_mut() {
            Some(machine) => machine,
            None => slot.insert(Machine::new()?),
        };
        let result = f(machine);
        // What one script leaves behind must not count against the next.
        if machine.lua.global().total_bytes() > WORN {
            *slot = None;
        }
        result
    })
}

/// Checks that a script compiles; gives the refusal if not.
pub(crate) fn compile(script: &Script) -> std::result::Result<(), Refusal> {
    with_machine(|machine| machine.function(script))
        .map(|_| ())
        .map_err(|e| {
            let text = quoted(&message(&e));
            Refusal::err(format_args!(
                "Error compiling script (new function): {text}"
            ))
        })
}

/// What a script changes beside the data.
pub(super) struct Settings {
    protocol: Protocol,
    /// Whether writes are repeated on replicas.
    repeat: bool,
    /// What `math.random` draws from.
    pub(super) luck: Drand,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            protocol: Protocol::Resp2,
            repeat: true,
            luck: Drand::default(),
        }
    }
}

/// Runs a script to its end.
pub(crate) fn run(cx: &mut Cx<'_>, script: &Script, keys: &[Bytes], argv: &[Bytes]) -> Value {
    let outcome = with_machine(|machine| {
        let settings = machine.settings.clone();
        *settings.borrow_mut() = Settings {
            luck: cx.engine.script_luck,
            ..Settings::default()
        };
        *machine.json.borrow_mut() = cx.engine.script_json;
        let mut run = Run {
            cx,
            script,
            settings: &settings,
        };
        let ended = machine.run(script, [keys, argv], &mut run);
        let Settings { protocol, luck, .. } = *settings.borrow();
        cx.engine.script_luck = luck;
        cx.engine.script_json = *machine.json.borrow();
        let value = match ended? {
            Ended::Stopped => stopped(),
            Ended::Well(value) => {
                let mut budget = Budget::default();
                let reply = from_lua(&value, protocol, 0, &mut budget);
                budget
                    .errors
                    .iter()
                    .for_each(|error| cx.engine.count_error(error));
                cx.blamed = Some(budget.known);
                match budget.is_exceeded() {
                    true => stopped(),
                    false => reply,
                }
            }
            Ended::Badly(e, place) => {
                cx.blamed = is_counted(&e).then_some(1);
                failure(script, &e, &place)
            }
        };
        machine.tidy();
        Ok(value)
    });
    outcome.unwrap_or_else(|e| Value::Error(Bytes::from([b"ERR ", &message(&e)[..]].concat())))
}

/// What an error says, byte for byte.
fn message(e: &LuaError) -> Vec<u8> {
    match e.message_bytes() {
        Some(text) => text.to_vec(),
        None => e.message_lossy().into_bytes(),
    }
}

fn stopped() -> Value {
    Value::error(format!(
        "ERR Script stopped after {STEPS} steps or for using too much memory; a script must end"
    ))
}

/// The reply for a script that raised an error.
fn failure(script: &Script, e: &LuaValue, place: &LuaValue) -> Value {
    let mut text = match e {
        LuaValue::Table(table) => match field_text(*table, "err") {
            Some(text) => text.to_vec(),
            None => b"ERR unknown error".to_vec(),
        },
        LuaValue::Str(text) => [b"ERR ", text.as_bytes()].concat(),
        LuaValue::Float(number) => {
            format!("ERR {}", crate::number::general(*number, 14)).into_bytes()
        }
        LuaValue::Bool(yes) => format!("ERR {yes}").into_bytes(),
        _ => b"ERR nil".to_vec(),
    };
    // Redis reads it up to the first NUL.
    text.truncate(text.iter().position(|b| *b == 0).unwrap_or(text.len()));
    text.extend_from_slice(b" script: ");
    text.extend_from_slice(&script.sha);
    if let LuaValue::Str(place) = place {
        text.extend_from_slice(b", on ");
        text.extend_from_slice(place.as_bytes());
        text.push(b'.');
    }
    Value::Error(Bytes::from(text))
}

/// A script's argument to a command; `None` if it is neither string nor number.
fn argument(value: &LuaValue) -> Option<Bytes> {
    match value {
        LuaValue::Int(number) => Some(Bytes::from(crate::number::int_bytes(*number))),
        // Adding zero makes a negative zero positive, as the conversion to an integer does.
        LuaValue::Float(number) => Some(Bytes::from(redwind_resp::format_double(*number + 0.0))),
        text => lua::bytes(text),
    }
}

/// Why a call was not made.
enum Misuse {
    /// The command was refused, which counts.
    Refused(String),
    /// There is no command in it.
    Nonsense(&'static str),
}

/// What one run's `redis.call` works on.
struct Run<'r, 'c> {
    cx: &'r mut Cx<'c>,
    script: &'r Script,
    settings: &'r RefCell<Settings>,
}

impl Calls for Run<'_, '_> {
    fn call(&mut self, lua: &mut LuaState, args: &[LuaValue]) -> Outcome<(bool, LuaValue)> {
        let Settings {
            protocol, repeat, ..
        } = *self.settings.borrow();
        // Each is copied, and a text may be there many times.
        let bytes = args.iter().map(|argument| match argument {
            LuaValue::Str(text) => text.as_bytes().len(),
            _ => 0,
        });
        lua::reserve(lua, bytes.sum())?;
        Ok(match self.reply(args, protocol, repeat) {
            Ok(reply) => (!reply.is_error(), to_lua(lua, &reply, protocol)?),
            Err(Misuse::Refused(text)) => (false, error(lua, text.as_bytes())?),
            Err(Misuse::Nonsense(text)) => (false, new_error(lua, text.as_bytes())?),
        })
    }
}

impl Run<'_, '_> {
    /// Runs a command for a script; `Err` says why not.
    fn reply(
        &mut self,
        args: &[LuaValue],
        protocol: Protocol,
        repeat: bool,
    ) -> std::result::Result<Value, Misuse> {
        if args.is_empty() {
            return Err(Misuse::Nonsense(
                "ERR Please specify at least one argument for this redis lib call",
            ));
        }
        let mut argv = Vec::with_capacity(args.len());
        argv.extend(args.iter().map_while(argument));
        if argv.len() < args.len() {
            return Err(Misuse::Nonsense(
                "ERR Lua redis lib command arguments must be strings or integers",
            ));
        }
        let cx = &mut *self.cx;
        let command = match commands::resolve(&argv) {
            Ok(command) => may_call(cx, self.script, command).map(|()| command),
            Err(Refusal::Arity(_)) => Err(Refusal::err(
                "Wrong number of args calling Redis command from script",
            )),
            Err(_) => Err(Refusal::err("Unknown Redis command called from script")),
        };
        let command = command.map_err(|refusal| {
            let text = refusal.to_string();
            cx.engine.count_refusal(&argv, &Value::error(text.clone()));
            Misuse::Refused(text)
        })?;
        cx.script_wrote |= command.flags.has(Flags::WRITE);
        let outer = std::mem::replace(&mut cx.protocol, protocol);
        let effects = cx.engine.effects.len();
        let reply = cx.call(command, &argv).for_protocol(protocol);
        if !repeat {
            cx.engine.effects.truncate(effects);
        }
        cx.protocol = outer;
        Ok(reply)
    }
}

/// Whether a script may call this command now.
fn may_call(cx: &Cx<'_>, script: &Script, command: &Command) -> std::result::Result<(), Refusal> {
    let writes = command.flags.has(Flags::WRITE);
    if command.flags.has(Flags::NOSCRIPT) {
        return Err(Refusal::err(
            "This Redis command is not allowed from script",
        ));
    }
    // A published message counts as a write here.
    if script.read_only && (writes || command.flags.has(Flags::MAY_REPLICATE)) {
        return Err(Refusal::err(
            "Write commands are not allowed from read-only scripts.",
        ));
    }
    if let Some(refusal) = cx.may_not_write(command) {
        return Err(refusal);
    }
    // A script that has begun to write is not stopped in the middle.
    let limited = cx.engine.config.maxmemory > 0;
    let full = limited && cx.engine.memory_was_full && !cx.script_wrote && !script.ignores_memory();
    if full && command.flags.has(Flags::DENYOOM) {
        return Err(Refusal::OutOfMemory);
    }
    Ok(())
}
