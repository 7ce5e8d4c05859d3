//! The redis-py API: how each method's arguments become a command, and each reply a Python value.
//!
//! Arguments are declared by method, as Python writes them; replies are converted by command, as redis-py does,
//! so that `execute_command` gets the same values as the method of that name.

mod arg;
mod argv;
mod client;
mod hashes;
mod keys;
mod lists;
mod reply;
mod sentinel;
mod server;
mod sets;
mod streams;
mod strings;
mod text;
mod zsets;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) use arg::{Arg, Call, Param, Refusal, bind, parameters, positional};
pub(crate) use argv::{Argv, Words};
pub(crate) use client::{Clients, options};
pub(crate) use reply::{Decode, convert, refusal_of};
pub(crate) use sentinel::{Address, primary_of, replicas_of};

/// One method of a client.
pub(crate) struct Api {
    /// Its name, and its other names after bars.
    pub(crate) name: &'static str,
    /// Its parameters as Python writes them; `!` after one that can only be given by name.
    pub(crate) parameters: &'static str,
    /// How they become a command.
    pub(crate) argv: Argv,
}

impl Api {
    const fn new(name: &'static str, parameters: &'static str, template: &'static str) -> Self {
        Self {
            name,
            parameters,
            argv: Argv::Template(template),
        }
    }

    const fn coded(name: &'static str, parameters: &'static str, code: argv::Code) -> Self {
        Self {
            name,
            parameters,
            argv: Argv::Code(code),
        }
    }

    /// Every name of the method.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.name.split('|')
    }
}

/// Every method, by group.
pub(crate) const METHODS: &[&[Api]] = &[
    strings::METHODS,
    keys::METHODS,
    hashes::METHODS,
    lists::METHODS,
    sets::METHODS,
    zsets::METHODS,
    streams::METHODS,
    server::METHODS,
];

/// A method ready to be called: its parameters are read once.
pub(crate) struct Method {
    pub(crate) api: &'static Api,
    pub(crate) parameters: Vec<Param>,
}

static BY_NAME: LazyLock<BTreeMap<&'static str, Method>> = LazyLock::new(|| {
    let mut methods = BTreeMap::new();
    for api in METHODS.iter().flat_map(|group| group.iter()) {
        for name in api.names() {
            let parameters = parameters(api.parameters);
            methods.insert(name, Method { api, parameters });
        }
    }
    methods
});

/// The method of that name.
pub(crate) fn method(name: &str) -> Option<&'static Method> {
    BY_NAME.get(name)
}

/// A command as it is sent, with what its reply's conversion wants to know of the call.
pub(crate) struct Command {
    pub(crate) argv: Vec<bytes::Bytes>,
    pub(crate) call: Call,
}

/// The command that a call of a method makes.
pub(crate) fn command(
    name: &str,
    args: Vec<Arg>,
    named: Vec<(String, Arg)>,
) -> Result<Command, Refusal> {
    if name == "execute_command" {
        let mut words = Words::default();
        for arg in &args {
            words.value(arg)?;
        }
        let argv = words.done();
        if argv.is_empty() {
            return Err(Refusal::new(
                "TypeError",
                "Redis.execute_command() needs a command",
            ));
        }
        // A command may be given with its first argument in one string, as in "CONFIG GET".
        let argv = argv::split_first(argv);
        let call = Call::options(named);
        return Ok(Command { argv, call });
    }
    let Some(method) = method(name) else {
        return Err(Refusal::new(
            "AttributeError",
            format!("'Redis' object has no attribute '{name}'"),
        ));
    };
    let call = bind(
        &format!("Redis.{name}()"),
        &method.parameters,
        args,
        named,
        true,
    )?;
    let mut words = Words::default();
    match method.api.argv {
        Argv::Template(template) => words.template(template, &call)?,
        Argv::Code(code) => code(&call, &mut words)?,
    }
    Ok(Command {
        argv: words.done(),
        call,
    })
}
