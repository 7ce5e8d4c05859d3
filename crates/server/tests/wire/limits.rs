//! What a server puts up with, and from whom.

use crate::running::Running;

#[test]
fn announcements_and_lines_without_an_end_are_refused() {
    let server = Running::wall();
    for (start, flood, expected) in [
        ("*", "1", "too big mbulk count string"),
        ("", "A", "too big inline request"),
        ("*1\r\n$", "1", "too big bulk count string"),
    ] {
        let mut client = server.client();
        client.send(start);
        client.send(flood.repeat(65_540));
        client.expect(&format!("-ERR Protocol error: {expected}\r\n"));
    }
}

#[test]
fn too_many_clients_are_turned_away() {
    let server = Running::wall();
    let mut first = server.client();
    first.ask("CONFIG SET maxclients 1", "+OK\r\n");
    let mut second = server.client();
    second.expect("-ERR max number of clients reached\r\n");
    second.expect_end();
    first.ask("PING", "+PONG\r\n");
}

#[test]
fn without_the_password_a_client_can_neither_stop_the_server_nor_its_clock_nor_send_much() {
    const NO: &str = "-NOAUTH Authentication required.\r\n";
    let server = Running::manual();
    server
        .client()
        .ask("CONFIG SET requirepass secret", "+OK\r\n");
    let mut client = server.client();
    for line in [
        "SHUTDOWN NOSAVE",
        "SHUTDOWN a b",
        "DEBUG SLEEP 1000",
        "REDWIND CLOCK ADVANCE 1000",
        "REDWIND CLOCK NOW",
        "CLIENT REPLY OFF",
    ] {
        client.ask(line, NO);
    }
    client.ask(
        "CLIENT REPLY",
        "-ERR wrong number of arguments for 'client|reply' command\r\n",
    );
    client.ask(
        "*11",
        "-ERR Protocol error: unauthenticated multibulk length\r\n",
    );
    client.expect_end();
    let mut client = server.client();
    client.ask(
        "*1\r\n$16385",
        "-ERR Protocol error: unauthenticated bulk length\r\n",
    );
    client.expect_end();
    // Who has given the password in the same packet is no longer held to that.
    let mut client = server.client();
    client.ask(
        "AUTH secret\r\n*12\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n\
         $1\r\ng\r\n$1\r\nh\r\n$1\r\ni\r\n$1\r\nj\r\n$1\r\nk",
        "+OK\r\n:0\r\n",
    );
    client.ask("REDWIND CLOCK NOW", ":1767225600000\r\n");
}

#[test]
fn a_client_that_is_owed_too_much_is_cut_off() {
    let server = Running::wall();
    let mut client = server.client();
    client.ask(
        "CONFIG SET client-output-buffer-limit 'normal 1mb 0 0'",
        "+OK\r\n",
    );
    client.ask("SETRANGE k 1048576 x", ":1048577\r\n");
    client.ask("STRLEN k", ":1048577\r\n");
    client.send("GET k\r\n");
    client.expect_end();
    let mut client = server.client();
    client.ask(
        "CONFIG SET client-output-buffer-limit 'normal 0 0 0'",
        "+OK\r\n",
    );
    client.send("GET k\r\n");
    client.expect(&format!("$1048577\r\n{}x\r\n", "\0".repeat(1 << 20)));
}

#[test]
fn what_a_transaction_has_queued_counts_as_what_is_not_worked_off() {
    let server = Running::wall();
    let mut client = server.client();
    client.ask("CONFIG SET client-query-buffer-limit 1mb", "+OK\r\n");
    let set = |size: usize| {
        format!(
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${size}\r\n{}\r\n",
            "x".repeat(size)
        )
    };
    client.ask("MULTI", "+OK\r\n");
    for size in [600_000, 300_000] {
        client.send(set(size));
        client.expect("+QUEUED\r\n");
    }
    client.send(set(200_000));
    client.expect_end();
}

#[test]
fn who_is_silent_for_too_long_is_cut_off_unless_they_wait_or_listen() {
    let server = Running::wall();
    let (mut idle, mut waiting, mut listening) =
        (server.client(), server.client(), server.client());
    waiting.send("BLPOP queue 0\r\n");
    listening.ask(
        "SUBSCRIBE news",
        "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n",
    );
    idle.ask("CONFIG SET timeout 1", "+OK\r\n");
    idle.expect_end();
    let mut new = server.client();
    new.ask("RPUSH queue job", ":1\r\n");
    waiting.expect("*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n");
    new.ask("PUBLISH news hello", ":1\r\n");
    listening.expect("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
}
