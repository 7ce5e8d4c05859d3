//! Real redis-server processes on ports of their own, for as long as the value lives.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use redwind_reference::Port;
use redwind_resp::{Decoder, encode_request, render};

use crate::proxy::Proxy;
use crate::{Server, Servers};

pub struct Real {
    program: PathBuf,
    folder: PathBuf,
    servers: BTreeMap<String, Process>,
}

struct Process {
    spec: Server,
    port: Port,
    /// What others reach it through.
    door: Option<Proxy>,
    server: redwind_reference::Process,
    stream: Option<TcpStream>,
}

impl Real {
    /// Starts servers, primaries first; each with its replicas connected.
    pub fn start(program: PathBuf, what: &str, servers: &[Server]) -> Result<Self, String> {
        let mut folder = std::env::temp_dir();
        folder.push(format!("redwind-reality-{}-{what}", std::process::id()));
        let mut real = Self {
            program,
            folder,
            servers: BTreeMap::new(),
        };
        for spec in servers {
            let port = Port::reserve().map_err(|e| format!("no free port: {e}"))?;
            let dir = real.folder.join(spec.name);
            std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            let server = real.spawn(spec, &port)?;
            let process = Process {
                spec: *spec,
                port,
                door: None,
                server,
                stream: None,
            };
            real.servers.insert(spec.name.to_owned(), process);
            real.until(spec.name, "PING", "PONG");
        }
        for spec in servers {
            if let Some(primary) = spec.follows {
                real.follow(spec.name, primary);
                let linked = (0..2_000).any(|_| {
                    let role = real.ask(spec.name, "ROLE");
                    let up = role.contains("\"connected\"");
                    if !up {
                        real.pass(10);
                    }
                    up
                });
                let online = real.until(primary, "WAIT 1 100", "(integer) 1");
                if !linked || online != "(integer) 1" {
                    return Err(format!("{} never came to follow {primary}", spec.name));
                }
            }
        }
        Ok(real)
    }

    fn spawn(&self, spec: &Server, port: &Port) -> Result<redwind_reference::Process, String> {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.join(spec.name));
        let keeps = match spec.keeps {
            "no" | "none" => ["--appendonly", "no", "--appendfsync", "everysec"],
            "no-fsync" => ["--appendonly", "yes", "--appendfsync", "no"],
            fsync => ["--appendonly", "yes", "--appendfsync", fsync],
        };
        let mut settings = vec![
            "--enable-debug-command",
            "yes",
            "--repl-diskless-sync-delay",
            "0",
        ];
        settings.extend(keeps);
        let names: Vec<_> = spec
            .config
            .iter()
            .map(|(name, _)| format!("--{name}"))
            .collect();
        for (name, (_, value)) in names.iter().zip(spec.config) {
            settings.extend([name.as_str(), value]);
        }
        redwind_reference::Process::start(command, port, &settings)
    }

    fn process(&mut self, name: &str) -> &mut Process {
        match self.servers.get_mut(name) {
            Some(process) => process,
            None => panic!("there is no server {name}"),
        }
    }

    fn signal(&mut self, name: &str, signal: &str) {
        let id = self.process(name).server.id().to_string();
        let done = Command::new("kill").args([signal, &id]).status();
        assert!(done.is_ok_and(|it| it.success()), "kill {signal} {id}");
    }

    /// Where others find a server.
    fn door(&mut self, name: &str) -> u16 {
        let process = self.process(name);
        let target = process.port.number();
        let door = process.door.get_or_insert_with(|| match Proxy::to(target) {
            Ok(proxy) => proxy,
            Err(e) => panic!("no link to {name}: {e}"),
        });
        door.port
    }

    /// The primary of a replica, as the situation arranged it last.
    fn primary(&mut self, replica: &str) -> &mut Process {
        let Some(primary) = self.process(replica).spec.follows else {
            panic!("{replica} follows nobody");
        };
        self.process(primary)
    }
}

impl Process {
    fn exchange(&mut self, argv: &[Vec<u8>]) -> Option<String> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.port.address()).ok()?;
            stream.set_nodelay(true).ok()?;
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .ok()?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut()?;
        let mut wire = Vec::new();
        encode_request(argv, &mut wire);
        stream.write_all(&wire).ok()?;
        let mut decoder = Decoder::default();
        let mut buffer = [0; 65_536];
        loop {
            if let Some(value) = decoder.next_value().ok()? {
                return Some(render(&value));
            }
            let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            decoder.feed(&buffer[..count]);
        }
    }
}

impl Servers for Real {
    fn ask(&mut self, server: &str, command: &str) -> String {
        let argv = redwind_resp::split_words(command.as_bytes()).unwrap_or_default();
        let process = self.process(server);
        match process.exchange(&argv) {
            Some(reply) => reply,
            None => {
                process.stream = None;
                "no answer".to_owned()
            }
        }
    }

    fn pass(&mut self, millis: u64) {
        let end = Instant::now() + Duration::from_millis(millis);
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            thread::sleep(left.min(Duration::from_millis(5)));
        }
    }

    fn pause(&mut self, server: &str) {
        self.signal(server, "-STOP");
    }

    fn resume(&mut self, server: &str) {
        self.signal(server, "-CONT");
    }

    fn kill(&mut self, server: &str) {
        let process = self.process(server);
        process.server.kill();
        process.stream = None;
    }

    fn start(&mut self, server: &str) {
        let process = &self.servers[server];
        match self.spawn(&process.spec, &process.port) {
            Ok(started) => self.process(server).server = started,
            Err(why) => panic!("{why}"),
        }
        self.until(server, "PING", "PONG");
    }

    fn cut(&mut self, replica: &str) {
        if let Some(door) = &self.primary(replica).door {
            door.cut(true);
        }
    }

    fn heal(&mut self, replica: &str) {
        if let Some(door) = &self.primary(replica).door {
            door.cut(false);
        }
    }

    fn follow(&mut self, server: &str, primary: &str) {
        let port = self.door(primary);
        let named = self.servers.keys().position(|name| name == primary);
        let primary: Option<&'static str> = named
            .and_then(|index| self.servers.values().nth(index))
            .map(|process| process.spec.name);
        self.process(server).spec.follows = primary;
        let reply = self.ask(server, &format!("REPLICAOF 127.0.0.1 {port}"));
        assert_eq!(reply, "OK");
    }

    fn hand_over(&mut self, server: &str, replica: &str) -> String {
        let port = self.process(replica).port.number();
        self.ask(server, &format!("FAILOVER TO 127.0.0.1 {port}"))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        for process in self.servers.values_mut() {
            process.server.kill();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
