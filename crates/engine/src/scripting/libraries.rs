//! A Lua state with what scripts can reach of Lua's own libraries, and no more: what is not named here is no part of the
//! program, and a browser need not download it.

use lua_gc::HeapGuard;
use lua_stdlib::auxlib::requiref;
use lua_stdlib::{base, coro_lib, string_lib, table_lib};
use lua_types::{LuaError, LuaVersion};
use lua_vm::state::{LuaState, new_state, set_versioned_registry_slots};

type Function = fn(&mut LuaState) -> Result<usize, LuaError>;

/// The others are the engine's own.
const STRING: [(&[u8], Function); 4] = [
    (b"len", string_lib::str_len),
    (b"lower", string_lib::str_lower),
    (b"reverse", string_lib::str_reverse),
    (b"upper", string_lib::str_upper),
];

const COROUTINE: [(&[u8], Function); 4] = [
    (b"resume", coro_lib::co_resume),
    (b"running", coro_lib::co_running),
    (b"status", coro_lib::co_status),
    (b"yield", coro_lib::co_yield),
];

fn string(lua: &mut LuaState) -> Result<usize, LuaError> {
    lua.new_lib(&STRING)?;
    string_lib::createmetatable(lua)?;
    Ok(1)
}

fn coroutine(lua: &mut LuaState) -> Result<usize, LuaError> {
    lua.new_lib(&COROUTINE)?;
    Ok(1)
}

/// A new state of Lua 5.1.
pub(super) fn fresh() -> Result<LuaState, LuaError> {
    let mut lua = new_state().ok_or(LuaError::Memory)?;
    lua.global_mut().lua_version = LuaVersion::V51;
    set_versioned_registry_slots(&mut lua)?;
    let heap = lua.global().heap.clone();
    // What is made here stays for as long as the state.
    let _scope = heap.bootstrap_scope();
    let _guard = HeapGuard::push(&heap);
    omnilua::install_parser_hook(&mut lua);
    let libraries: [(&[u8], Function); 4] = [
        (b"_G", base::open),
        (b"coroutine", coroutine),
        (b"table", table_lib::open_table),
        (b"string", string),
    ];
    for (name, open) in libraries {
        requiref(&mut lua, name, open, true)?;
        lua.pop_n(1);
    }
    lua_vm::api::configure_startup_gc_mode(&mut lua);
    Ok(lua)
}
