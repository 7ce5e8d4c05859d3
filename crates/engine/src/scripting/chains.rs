//! How much one instruction of a script can make at once. `a .. b .. c` is one instruction, whose result may be as many times as
//! long as the longest text there is. The interpreter looks at a script's memory between instructions only; so the more a script
//! joins at once, the less it may have before that.

use lua_types::{LuaClosure, LuaProto};

use super::MEMORY;
use super::lua::{self, LuaError, LuaState, LuaValue, Table, bad_type, set_function, text};

/// So many texts may be joined at once by a script that may have all its memory.
const SHORT: usize = 4;

/// The interpreter's instruction that joins texts.
const CONCAT: u32 = 53;

/// How many texts a function, or one inside it, joins at most by one instruction.
fn longest(proto: &LuaProto) -> usize {
    let joined = proto
        .code
        .iter()
        .map(|instruction| match instruction.raw() & 0x7f {
            CONCAT => (instruction.raw() >> 16 & 0xff) as usize,
            _ => 0,
        });
    let inside = proto.p.iter().map(|inner| longest(inner));
    joined.chain(inside).max().unwrap_or(0)
}

/// How many bytes a script may have that begins with this function.
pub(super) fn share(function: &LuaValue) -> usize {
    match function {
        LuaValue::Function(LuaClosure::Lua(function)) => {
            MEMORY * SHORT / longest(&function.proto).max(SHORT)
        }
        _ => MEMORY,
    }
}

/// `load` and `loadstring`: what they compile counts, too.
pub(super) fn loaders(lua: &mut LuaState, table: Table) -> Result<(), LuaError> {
    for name in ["load", "loadstring"] {
        let inner = lua::global(lua, name);
        lua.external_root_value(inner);
        set_function(lua, table, name, move |lua, args| {
            match args.first() {
                Some(LuaValue::Function(_)) if name == "load" => {}
                _ if name == "load" => return Err(bad_type(args, 1, "function")),
                _ => drop(text(args, 1)?),
            }
            let before = lua.top_idx();
            lua.push(inner);
            for argument in args {
                lua.push(*argument);
            }
            lua_vm::api::call_k(lua, args.len() as i32, -1, 0, None)?;
            let loaded = lua.get_at(before);
            let limit = &lua.global().sandbox.mem_limit;
            limit.set(
                limit
                    .get()
                    .map(|limit| limit.min(lua.global().total_bytes() + share(&loaded))),
            );
            Ok((lua.top_idx().0 - before.0) as usize)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnilua::{HostHooks, LuaRuntime, LuaVersion};

    #[test]
    fn the_longest_chain_of_a_script_is_found_wherever_it_is() {
        let mut lua =
            LuaRuntime::with_hooks_versioned(HostHooks::default(), LuaVersion::V51).unwrap();
        let heap = lua.state().global().heap.clone();
        let _guard = lua_gc::HeapGuard::push(&heap);
        for (source, chain) in [
            ("return 1", 0),
            ("local a = 'x' return a .. a", 2),
            (
                "local a = 'x' return function() return function() return a .. a .. a .. a .. a end end",
                5,
            ),
            ("local a = 'x' return (a .. a) .. (a .. (a .. a)) .. a", 3),
        ] {
            let lua = lua.state_mut();
            lua_stdlib::auxlib::load_buffer(lua, source.as_bytes(), b"=x").unwrap();
            let LuaValue::Function(LuaClosure::Lua(function)) = lua.pop() else {
                panic!("{source} does not compile");
            };
            assert_eq!(longest(&function.proto), chain, "{source}");
        }
    }
}
