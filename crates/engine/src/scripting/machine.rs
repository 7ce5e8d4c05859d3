//! The Lua state that scripts run on, and one run of a script.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use omnilua::{
    Function, Lua, LuaVersion, Result, Sandbox, SandboxConfig, Table, Value as LuaValue, Variadic,
};
use redwind_resp::{Protocol, Value};

use super::convert::{bytes, error, from_lua, string, to_lua};
use super::{STEPS, bits, json, msgpack, sha1, structs};
use crate::commands;
use crate::cx::Cx;
use crate::{Flags, Refusal};

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
    lua: Lua,
    sandbox: Sandbox,
    /// Holds what differs from run to run.
    host: Table,
    settings: Rc<RefCell<Settings>>,
    entry: Function,
    compiled: BTreeMap<[u8; 40], Function>,
}

/// Compiled scripts are dropped beyond this many.
const KEPT: usize = 500;

thread_local! {
    static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) };
}

impl Machine {
    fn new() -> Result<Machine> {
        let lua = Lua::new_versioned(LuaVersion::V51);
        let host = lua.create_table()?;
        let given = lua.create_table()?;
        given.raw_set("version", commands::VERSION)?;
        given.raw_set("version_num", f64::from(0x0008_0203))?;
        given.raw_set("bit", lift(&lua, &bits::library(&lua)?)?)?;
        given.raw_set("cjson", lift(&lua, &json::library(&lua)?)?)?;
        given.raw_set("cmsgpack", lift(&lua, &msgpack::library(&lua)?)?)?;
        given.raw_set("struct", lift(&lua, &structs::library(&lua)?)?)?;
        given.raw_set(
            "sha1hex",
            lua.create_function(|lua, value: LuaValue| {
                let text = argument(&value)?.unwrap_or_default();
                string(lua, &sha1::hex(&text))
            })?,
        )?;
        given.raw_set(
            "known",
            lua.create_function(|_, args: Variadic<LuaValue>| {
                let mut argv = Vec::new();
                for value in args.into_vec() {
                    argv.push(argument(&value)?.unwrap_or_default());
                }
                Ok(commands::resolve(&argv).is_ok())
            })?,
        )?;
        given.raw_set(
            "solid",
            lua.create_function(|lua, function: Function| {
                lua.create_function(move |_, args: Variadic<LuaValue>| {
                    function.call::<_, Variadic<LuaValue>>(args)
                })
            })?,
        )?;
        let settings = Rc::new(RefCell::new(Settings::default()));
        let own = settings.clone();
        given.raw_set(
            "setresp",
            lua.create_function(move |_, version: f64| {
                let resp3 = version == 3.0;
                own.borrow_mut().protocol = if resp3 {
                    Protocol::Resp3
                } else {
                    Protocol::Resp2
                };
                Ok(())
            })?,
        )?;
        let own = settings.clone();
        given.raw_set(
            "set_repl",
            lua.create_function(move |_, flags: f64| {
                own.borrow_mut().repeat = flags as u32 & 2 != 0;
                Ok(())
            })?,
        )?;
        let math = lua.create_table()?;
        let own = settings.clone();
        math.raw_set(
            "random",
            lua.create_function(move |lua, args: Variadic<LuaValue>| {
                let draw = own.borrow_mut().luck.draw();
                random(lua, draw, &args.into_vec())
            })?,
        )?;
        let own = settings.clone();
        math.raw_set(
            "randomseed",
            lua.create_function(move |_, seed: f64| {
                own.borrow_mut().luck = Drand::seeded(seed as i64 as u32);
                Ok((LuaValue::Integer(1), LuaValue::Nil))
            })?,
        )?;
        given.raw_set("math", lift(&lua, &math)?)?;
        // Each run puts its own `call` into `host`, where these find it.
        for (name, raises) in [("call", true), ("pcall", false)] {
            let host = host.clone();
            given.raw_set(
                name,
                lua.create_function(move |lua, args: Variadic<LuaValue>| {
                    let now: Function = host.raw_get("call")?;
                    let (ok, reply): (bool, LuaValue) = now.call(args)?;
                    if !ok && raises {
                        let raise: Function = lua.named_registry_value("raise")?;
                        return raise.call(reply);
                    }
                    Ok(reply)
                })?,
            )?;
        }
        let prelude = lua
            .load(include_str!("prelude.lua"))
            .set_name("=prelude")
            .into_function()?;
        let (entry, raise, here): (Function, Function, Function) =
            prelude.call((given, lua.globals()))?;
        lua.set_named_registry_value("raise", raise)?;
        lua.set_named_registry_value("here", here)?;
        let sandbox = lua.install_sandbox(SandboxConfig {
            instruction_limit: Some(STEPS),
            memory_limit_bytes: Some(256 << 20),
            check_interval: 1000,
            remove_globals: Vec::new(),
        })?;
        Ok(Machine {
            lua,
            sandbox,
            host,
            settings,
            entry,
            compiled: BTreeMap::new(),
        })
    }

    fn function(&mut self, script: &Script) -> Result<Function> {
        if let Some(function) = self.compiled.get(&script.sha) {
            return Ok(function.clone());
        }
        if self.compiled.len() >= KEPT {
            self.compiled.clear();
        }
        // The line of flags is not Lua; an empty one in its place keeps the numbering.
        let source = match script.source.iter().position(|b| *b == b'\n') {
            Some(end) if script.source.starts_with(b"#!") => &script.source[end..],
            None if script.source.starts_with(b"#!") => &[],
            _ => &script.source[..],
        };
        let function = self
            .lua
            .load(source)
            .set_name("@user_script")
            .into_function()?;
        self.compiled.insert(script.sha, function.clone());
        Ok(function)
    }
}

/// Lets the functions of a library raise what they report: they give the number of their results
/// first, or false and a message, and the message gets the place in the script in front.
fn lift(lua: &Lua, library: &Table) -> Result<Table> {
    let lifted = lua.create_table()?;
    for (name, value) in library.raw_pairs()? {
        let LuaValue::Function(function) = value else {
            lifted.raw_set(name, value)?;
            continue;
        };
        lifted.raw_set(
            name,
            lua.create_function(move |lua, args: Variadic<LuaValue>| {
                let mut results = function.call::<_, Variadic<LuaValue>>(args)?.into_vec();
                if let [LuaValue::Boolean(false), LuaValue::String(text)] = &results[..] {
                    let here: Function = lua.named_registry_value("here")?;
                    let place: LuaValue = here.call(())?;
                    let place = argument(&place)?.unwrap_or_default();
                    let text = [&place[..], &bytes(text)?[..]].concat();
                    let raise: Function = lua.named_registry_value("raise")?;
                    return raise.call(string(lua, &text)?);
                }
                results.remove(0);
                Ok(Variadic::from(results))
            })?,
        )?;
    }
    Ok(lifted)
}

fn with_machine<T>(f: impl FnOnce(&mut Machine) -> Result<T>) -> Result<T> {
    MACHINE.with(|slot| {
        let mut slot = slot.borrow_mut();
        let machine = match slot.as_mut() {
            Some(machine) => machine,
            None => slot.insert(Machine::new()?),
        };
        f(machine)
    })
}

/// Checks that a script compiles; gives the refusal if not.
pub(crate) fn compile(script: &Script) -> std::result::Result<(), Refusal> {
    with_machine(|machine| machine.function(script))
        .map(|_| ())
        .map_err(|e| {
            Refusal::err(format_args!(
                "Error compiling script (new function): {}",
                e.message_lossy()
            ))
        })
}

/// What a script changes beside the data.
struct Settings {
    protocol: Protocol,
    /// Whether writes are repeated on replicas.
    repeat: bool,
    /// What `math.random` draws from.
    luck: Drand,
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

/// What `redis.call` may do in this run.
#[derive(Clone, Copy)]
struct Allowed {
    read_only: bool,
    repeat: bool,
    ignores_memory: bool,
}

/// Runs a script to its end.
pub(crate) fn run(cx: &mut Cx<'_>, script: &Script, keys: &[Bytes], argv: &[Bytes]) -> Value {
    let outcome = with_machine(|machine| {
        let function = machine.function(script)?;
        machine.sandbox.reset();
        let lua = machine.lua.clone();
        let list = |items: &[Bytes]| -> Result<Table> {
            let table = lua.create_table()?;
            for (at, item) in items.iter().enumerate() {
                table.raw_set(at + 1, string(&lua, item)?)?;
            }
            Ok(table)
        };
        let (keys, argv) = (list(keys)?, list(argv)?);
        *machine.settings.borrow_mut() = Settings {
            luck: cx.engine.script_luck,
            ..Settings::default()
        };
        let settings = machine.settings.clone();
        let shared = RefCell::new(cx);
        let result = lua.scope(|scope| {
            let call = scope.create_function(&lua, |lua, args: Variadic<LuaValue>| {
                let (protocol, repeat) = {
                    let settings = settings.borrow();
                    (settings.protocol, settings.repeat)
                };
                let cx = &mut *shared.borrow_mut();
                let allowed = Allowed {
                    read_only: script.read_only,
                    repeat,
                    ignores_memory: script.ignores_memory(),
                };
                call(lua, cx, protocol, allowed, &args.into_vec())
            })?;
            machine.host.raw_set("call", call)?;
            machine
                .entry
                .call::<_, Variadic<LuaValue>>((function, keys, argv))
        });
        let protocol = settings.borrow().protocol;
        shared.borrow_mut().engine.script_luck = settings.borrow().luck;
        let result = match result {
            Ok(result) => result.into_vec(),
            Err(_) if machine.sandbox.tripped().is_some() => return Ok(stopped()),
            Err(e) => return Err(e),
        };
        if machine.sandbox.tripped().is_some() {
            return Ok(stopped());
        }
        match &result[..] {
            [LuaValue::Boolean(true), value, ..] => from_lua(value, protocol, 0),
            [LuaValue::Boolean(true)] => Ok(Value::Null),
            [_, e, at, ..] => failure(script, e, at),
            _ => Ok(Value::Null),
        }
    });
    outcome.unwrap_or_else(|e| Value::error(format!("ERR {}", e.message_lossy())))
}

fn stopped() -> Value {
    Value::error(format!(
        "ERR Script stopped after {STEPS} steps or for using too much memory; a script must end"
    ))
}

/// The reply for a script that raised an error.
fn failure(script: &Script, e: &LuaValue, at: &LuaValue) -> Result<Value> {
    let mut text = match e {
        LuaValue::Table(table) => match table.raw_get("err")? {
            LuaValue::String(text) => bytes(&text)?.to_vec(),
            _ => b"ERR unknown error".to_vec(),
        },
        LuaValue::String(text) => [b"ERR ", &bytes(text)?[..]].concat(),
        LuaValue::Number(number) => {
            format!("ERR {}", crate::number::general(*number, 14)).into_bytes()
        }
        LuaValue::Boolean(yes) => format!("ERR {yes}").into_bytes(),
        _ => b"ERR nil".to_vec(),
    };
    text.extend_from_slice(b" script: ");
    text.extend_from_slice(&script.sha);
    if let LuaValue::String(line) = at {
        text.extend_from_slice(b", on @user_script:");
        text.extend_from_slice(&bytes(line)?);
        text.push(b'.');
    }
    Ok(Value::Error(Bytes::from(text)))
}

/// A script's argument to a command; `None` if it is neither string nor number.
fn argument(value: &LuaValue) -> Result<Option<Bytes>> {
    Ok(match value {
        LuaValue::String(text) => Some(bytes(text)?),
        LuaValue::Integer(number) => Some(Bytes::from(crate::number::int_bytes(*number))),
        // Adding zero makes a negative zero positive, as the conversion to an integer does.
        LuaValue::Number(number) => Some(Bytes::from(redwind_resp::format_double(*number + 0.0))),
        _ => None,
    })
}

/// `redis.call`: true and the reply, or false and a table with the error.
fn call(
    lua: &Lua,
    cx: &mut Cx<'_>,
    protocol: Protocol,
    allowed: Allowed,
    args: &[LuaValue],
) -> Result<(bool, LuaValue)> {
    let refuse = |text: &str| Ok((false, error(lua, text.as_bytes())?));
    if args.is_empty() {
        return refuse("ERR Please specify at least one argument for this redis lib call");
    }
    let mut argv = Vec::with_capacity(args.len());
    for value in args {
        match argument(value)? {
            Some(argument) => argv.push(argument),
            None => {
                return refuse("ERR Lua redis lib command arguments must be strings or integers");
            }
        }
    }
    let command = match commands::resolve(&argv) {
        Ok(command) => command,
        Err(Refusal::Arity(_)) => {
            return refuse("ERR Wrong number of args calling Redis command from script");
        }
        Err(_) => return refuse("ERR Unknown Redis command called from script"),
    };
    if command.flags.has(Flags::NOSCRIPT) {
        return refuse("ERR This Redis command is not allowed from script");
    }
    if allowed.read_only && command.flags.has(Flags::WRITE) {
        return refuse("ERR Write commands are not allowed from read-only scripts.");
    }
    if let Some(refusal) = cx.may_not_write(command) {
        return refuse(&refusal.to_string());
    }
    // A script that has begun to write is not stopped in the middle.
    let memory = cx.memory_is_full && !cx.script_wrote && !allowed.ignores_memory;
    if memory && command.flags.has(Flags::DENYOOM) {
        return refuse(&Refusal::OutOfMemory.to_string());
    }
    cx.script_wrote |= command.flags.has(Flags::WRITE);
    let outer = std::mem::replace(&mut cx.protocol, protocol);
    let effects = cx.engine.effects.len();
    let reply = cx.call(command, &argv).for_protocol(protocol);
    if !allowed.repeat {
        cx.engine.effects.truncate(effects);
    }
    cx.protocol = outer;
    let converted = to_lua(lua, &reply, protocol)?;
    Ok((!reply.is_error(), converted))
}

/// The generator behind `math.random`: POSIX's 48-bit one, so that scripts draw what they draw on a
/// real server.
#[derive(Clone, Copy)]
pub(crate) struct Drand(u64);

impl Default for Drand {
    fn default() -> Drand {
        Drand(0x1234_abcd_330e)
    }
}

impl Drand {
    fn seeded(seed: u32) -> Drand {
        Drand(u64::from(seed) << 16 | 0x330e)
    }

    /// A number from 0 to 2^31 - 1.
    fn draw(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & 0xffff_ffff_ffff;
        (self.0 >> 17) as u32
    }
}

/// `math.random([m [, n]])`
fn random(lua: &Lua, draw: u32, args: &[LuaValue]) -> Result<(LuaValue, LuaValue)> {
    let max = i32::MAX as u32;
    let part = f64::from(draw % max) / f64::from(max);
    let number = |at: usize| match args.get(at) {
        Some(LuaValue::Number(number)) => Some(number.trunc()),
        Some(LuaValue::Integer(number)) => Some(*number as f64),
        _ => None,
    };
    let fail = |text: &str| Ok((LuaValue::Boolean(false), string(lua, text.as_bytes())?));
    let (low, high) = match (args.len(), number(0), number(1)) {
        (0, _, _) => return Ok((LuaValue::Integer(1), LuaValue::Number(part))),
        (1, Some(high), _) => (1.0, high),
        (2, Some(low), Some(high)) => (low, high),
        (1 | 2, _, _) => return fail("bad argument #1 to 'random' (number expected)"),
        _ => return fail("wrong number of arguments"),
    };
    if low > high {
        let at = args.len();
        return fail(&format!(
            "bad argument #{at} to 'random' (interval is empty)"
        ));
    }
    let drawn = (part * (high - low + 1.0)).floor() + low;
    Ok((LuaValue::Integer(1), LuaValue::Number(drawn)))
}
