//! Bytes in, bytes out, over a real socket. The replies are what redis-server 8.2.3 sends.

mod limits;
mod running;

use std::io::{Read, Write};
use std::net::Shutdown;

use redwind_server::{Options, Server};

use crate::running::Running;

/// What is sent, what comes back, and whether the connection lives.
const EXCHANGES: &[(&str, &str, bool)] = &[
    ("PING\r\n", "+PONG\r\n", true),
    (
        "  ping  \r\n\r\nECHO 'a b'\n",
        "+PONG\r\n$3\r\na b\r\n",
        true,
    ),
    ("set k \"a\\x41\"\r\nget k\r\n", "+OK\r\n$2\r\naA\r\n", true),
    (
        "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n",
        "+PONG\r\n$3\r\na\r\n\r\n",
        true,
    ),
    ("*0\r\n*-1\r\nPING\r\n", "+PONG\r\n", true),
    (
        "*x\r\n",
        "-ERR Protocol error: invalid multibulk length\r\n",
        false,
    ),
    (
        "*3000000000\r\n",
        "-ERR Protocol error: invalid multibulk length\r\n",
        false,
    ),
    (
        "*1\r\nx4\r\n",
        "-ERR Protocol error: expected '$', got 'x'\r\n",
        false,
    ),
    (
        "*1\r\n$-1\r\n",
        "-ERR Protocol error: invalid bulk length\r\n",
        false,
    ),
    (
        "*1\r\n$600000000\r\n",
        "-ERR Protocol error: invalid bulk length\r\n",
        false,
    ),
    (
        "SET \"a\r\n",
        "-ERR Protocol error: unbalanced quotes in request\r\n",
        false,
    ),
    ("QUIT\r\nPING\r\n", "+OK\r\n", false),
    (
        "CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n",
        "$1\r\na\r\n",
        true,
    ),
    (
        "CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nECHO b\r\n",
        "+OK\r\n$1\r\nb\r\n",
        true,
    ),
    // Nobody hears of a mistake who wants to hear nothing.
    ("PING\r\nCLIENT REPLY OFF\r\n*x\r\n", "+PONG\r\n", false),
    (
        "PING\r\nCLIENT REPLY SKIP\r\nECHO \"\r\n",
        "+PONG\r\n",
        false,
    ),
    ("CLIENT REPLY MAYBE\r\n", "-ERR syntax error\r\n", true),
    // A request on HTTP ends the connection.
    ("POST / HTTP/1.1\r\nPING\r\n", "", false),
    ("hOST: example\r\nPING\r\n", "", false),
    ("COMMAND INFO nosuch\r\n", "*1\r\n$-1\r\n", true),
    (
        "SHUTDOWN SAVE NOSAVE\r\nSHUTDOWN ABORT\r\n",
        "-ERR syntax error\r\n-ERR No shutdown in progress.\r\n",
        true,
    ),
    (
        "HELLO 3 x\r\nGET nokey\r\n",
        "-ERR Syntax error in HELLO option 'x'\r\n$-1\r\n",
        true,
    ),
    (
        "SUBSCRIBE c\r\nGET k\r\nPING\r\n",
        "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n-ERR Can't execute 'get': only (P|S)SUBSCRIBE / \
         (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n\
         *2\r\n$4\r\npong\r\n$0\r\n\r\n",
        true,
    ),
    (
        "REDWIND CLOCK NOW\r\n",
        "-ERR unknown command 'REDWIND', with args beginning with: 'CLOCK' 'NOW' \r\n",
        true,
    ),
    ("DEBUG SLEEP 0\r\n", "+OK\r\n", true),
];

#[test]
fn bytes_are_answered_as_redis_answers_them() {
    let server = Running::wall();
    for (sent, expected, lives) in EXCHANGES {
        let mut client = server.client();
        client.send(sent);
        client.expect(expected);
        if !lives {
            client.expect_end();
        } else if !sent.starts_with("SUBSCRIBE") {
            client.ask("ECHO still", "$5\r\nstill\r\n");
        }
    }
}

#[test]
fn a_line_with_a_nul_before_its_end_never_ends() {
    let server = Running::wall();
    for hidden in ["ECHO \0\r\nPING\r\n", "*1\0\r\n$4\r\nPING\r\n"] {
        let mut client = server.client();
        client.send(format!("PING\r\n{hidden}"));
        client.0.shutdown(Shutdown::Write).expect("a socket");
        client.expect("+PONG\r\n");
        client.expect_end();
    }
}

#[test]
fn a_pipeline_may_be_cut_at_any_byte() {
    let server = Running::wall();
    for (sent, expected, lives) in EXCHANGES {
        for cut in 1..sent.len() {
            let mut client = server.client();
            let (left, right) = sent.split_at(cut);
            client.send(left);
            // What the first part breaks, the second part only finds closed.
            let _ = client.0.write_all(right.as_bytes());
            if *lives {
                client.expect(expected);
            }
        }
    }
}

#[test]
fn a_large_value_goes_in_and_comes_out() {
    let server = Running::wall();
    let mut client = server.client();
    let text = "x".repeat(20 << 20);
    client.send(format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", text.len()));
    client.send(&text);
    client.send("\r\n");
    client.expect("+OK\r\n");
    client.send("GET k\r\nPING\r\n");
    client.expect(&format!("${}\r\n{text}\r\n+PONG\r\n", text.len()));
}

#[test]
fn a_long_pipeline_is_answered_in_order() {
    let server = Running::wall();
    let mut client = server.client();
    let count = 50_000;
    let mut writer = client.0.try_clone().expect("a socket");
    let sender = std::thread::spawn(move || {
        let pipeline: String = (0..count).map(|n| format!("ECHO {n}\r\n")).collect();
        writer.write_all(pipeline.as_bytes())
    });
    let expected: String = (0..count)
        .map(|n| n.to_string())
        .map(|n| format!("${}\r\n{n}\r\n", n.len()))
        .collect();
    client.expect(&expected);
    sender
        .join()
        .expect("the sender ends")
        .expect("all is read");
}

/// Returns as soon as the server has seen a client wait.
fn somebody_waits(server: &Running) {
    let mut client = server.client();
    loop {
        client.send("INFO clients\r\n");
        let mut text = [0; 2048];
        let count = client.0.read(&mut text).expect("a reply");
        if String::from_utf8_lossy(&text[..count]).contains("blocked_clients:1") {
            break;
        }
    }
}

#[test]
fn a_waiting_client_is_served_and_then_its_pipeline_goes_on() {
    let server = Running::wall();
    let (mut waiter, mut pusher) = (server.client(), server.client());
    waiter.send("BLPOP jobs 0\r\nECHO after\r\n");
    somebody_waits(&server);
    pusher.ask("RPUSH jobs a b", ":2\r\n");
    waiter.expect("*2\r\n$4\r\njobs\r\n$1\r\na\r\n$5\r\nafter\r\n");
}

#[test]
fn a_client_that_leaves_while_it_waits_takes_nothing() {
    let server = Running::manual();
    let mut waiter = server.client();
    waiter.send("BLPOP jobs 0\r\n");
    waiter.0.shutdown(Shutdown::Both).expect("a socket");
    waiter.expect_end();
    drop(waiter);
    let mut client = server.client();
    loop {
        client.send("CLIENT LIST\r\n");
        let mut text = [0; 4096];
        let count = client.0.read(&mut text).expect("a reply");
        if String::from_utf8_lossy(&text[..count])
            .matches("id=")
            .count()
            == 1
        {
            break;
        }
    }
    client.ask("RPUSH jobs a", ":1\r\n");
    client.ask("LLEN jobs", ":1\r\n");
}

#[test]
fn messages_reach_those_who_subscribed() {
    let server = Running::wall();
    let (mut listener, mut speaker) = (server.client(), server.client());
    listener.ask(
        "SUBSCRIBE news",
        "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n",
    );
    speaker.ask("PUBLISH news hello", ":1\r\n");
    listener.expect("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let server = Running::manual();
    let (mut client, mut waiter) = (server.client(), server.client());
    client.ask("REDWIND CLOCK NOW", ":1767225600000\r\n");
    client.ask("SET k v PX 1500", "+OK\r\n");
    waiter.ask("PING", "+PONG\r\n");
    client.ask("REDWIND CLOCK ADVANCE 1500", ":1767225601500\r\n");
    client.ask("GET k", "$1\r\nv\r\n");
    client.ask("REDWIND CLOCK ADVANCE 1", ":1767225601501\r\n");
    client.ask("GET k", "$-1\r\n");
    client.ask(
        "REDWIND CLOCK ADVANCE x",
        "-ERR value is not an integer or out of range\r\n",
    );
}

#[test]
fn what_only_the_host_can_do_is_refused_inside_a_transaction_which_then_fails() {
    let server = Running::manual();
    let mut client = server.client();
    for line in [
        "SHUTDOWN ABORT",
        "CLIENT REPLY OFF",
        "REDWIND CLOCK ADVANCE 1000",
    ] {
        client.ask("MULTI", "+OK\r\n");
        client.ask(line, "-ERR Command not allowed inside a transaction\r\n");
        client.ask("PING", "+QUEUED\r\n");
        client.ask(
            "EXEC",
            "-EXECABORT Transaction discarded because of previous errors.\r\n",
        );
    }
    client.ask("REDWIND CLOCK NOW", ":1767225600000\r\n");
}

#[test]
fn a_client_is_known_and_killed_by_its_real_address() {
    let server = Running::wall();
    let (mut client, mut other) = (server.client(), server.client());
    let (from, to) = (other.0.local_addr().expect("a socket"), server.address);
    let port = to.port().to_string();
    client.ask(
        "CONFIG GET port",
        &format!("*2\r\n$4\r\nport\r\n${}\r\n{port}\r\n", port.len()),
    );
    other.ask("PING", "+PONG\r\n");
    client.ask(
        &format!("CLIENT KILL ADDR {from} LADDR 127.0.0.1:1"),
        ":0\r\n",
    );
    client.ask(&format!("CLIENT KILL ADDR {from} LADDR {to}"), ":1\r\n");
    other.expect_end();
}

#[test]
fn a_sleep_inside_a_transaction_takes_its_time_and_what_expires_meanwhile_wakes_nobody() {
    let server = Running::manual();
    let mut waiting = server.client();
    waiting.send("BLPOP list 1\r\n");
    somebody_waits(&server);
    let mut client = server.client();
    client.ask("MULTI", "+OK\r\n");
    for line in ["RPUSH list a", "PEXPIRE list 100", "DEBUG SLEEP 0.2"] {
        client.ask(line, "+QUEUED\r\n");
    }
    client.ask("EXEC", "*3\r\n:1\r\n:1\r\n+OK\r\n");
    client.ask("REDWIND CLOCK NOW", ":1767225600200\r\n");
    client.ask("EXISTS list", ":0\r\n");
    client.ask("REDWIND CLOCK ADVANCE 800", ":1767225601000\r\n");
    waiting.expect("*-1\r\n");
}

#[test]
fn connections_are_told_what_they_did() {
    let server = Running::wall();
    let mut client = server.client();
    client.ask("PING", "+PONG\r\n");
    client.ask("MULTI\r\nPING\r\nEXEC", "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    client.send("CLIENT INFO\r\n");
    let info = client.line_after("tot-net-in=");
    let sent = "PING\r\nMULTI\r\nPING\r\nEXEC\r\nCLIENT INFO\r\n".len();
    let received = "+PONG\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n".len();
    assert_eq!(info, format!("{sent} tot-net-out={received} tot-cmds=4"));
}

#[test]
fn a_reset_makes_a_silenced_connection_talk_again() {
    let server = Running::wall();
    let mut client = server.client();
    client.ask("CLIENT REPLY OFF\r\nPING\r\nRESET", "+RESET\r\n");
    client.ask("PING", "+PONG\r\n");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Running::wall();
    let error = Server::bind(Options {
        port: server.address.port(),
        ..Options::default()
    });
    let text = error
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(text.contains(&server.address.to_string()), "{text}");
    assert!(text.contains("already in use"), "{text}");
}

#[test]
fn shutdown_ends_the_server() {
    let mut server = Running::wall();
    let mut client = server.client();
    client.send("SHUTDOWN NOSAVE\r\n");
    client.expect_end();
    let ended = server.thread.take().expect("it runs").join();
    assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
}
