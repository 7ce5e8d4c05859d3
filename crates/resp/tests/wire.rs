//! The wire format, cut into pieces of every size, and what `redis-cli` shows.

use bytes::Bytes;
use redwind_resp::{
    Decoder, Protocol, RequestDecoder, Value, encode, encode_request, format_double, render,
    split_words,
};

fn sample() -> Value {
    Value::Array(vec![
        Value::OK,
        Value::error("ERR no"),
        Value::Int(-7),
        Value::bulk("two\r\nlines"),
        Value::Null,
        Value::Map(vec![(Value::text("k"), Value::Double(1.5))]),
        Value::Set(vec![
            Value::Bool(true),
            Value::BigNumber(Bytes::from("123")),
        ]),
        Value::Verbatim {
            format: *b"txt",
            text: Bytes::from("as it is"),
        },
        Value::Push(vec![Value::text("message")]),
        Value::Array(Vec::new()),
    ])
}

#[test]
fn what_is_encoded_decodes_to_the_same_in_pieces_of_any_size() {
    let mut wire = Vec::new();
    encode(&sample(), Protocol::Resp3, &mut wire);
    for size in 1..wire.len() {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for piece in wire.chunks(size) {
            decoder.feed(piece);
            while let Some(value) = decoder.next_value().expect("valid RESP") {
                found.push(value);
            }
        }
        assert_eq!(found, [sample()], "in pieces of {size}");
    }
}

#[test]
fn resp2_carries_every_kind_in_its_older_form() {
    let mut wire = Vec::new();
    encode(&sample(), Protocol::Resp2, &mut wire);
    let mut decoder = Decoder::default();
    decoder.feed(&wire);
    let decoded = decoder.next_value().expect("valid RESP");
    assert_eq!(decoded, Some(sample().for_protocol(Protocol::Resp2)));
}

#[test]
fn a_request_arrives_whole_however_it_is_cut() {
    let argv = ["SET", "key", "a value with \r\n inside", ""].map(Bytes::from);
    let mut wire = Vec::new();
    encode_request(&argv, &mut wire);
    wire.extend_from_slice(b"\r\nPING \"a b\"\r\n*0\r\n");
    for size in 1..wire.len() {
        let mut decoder = RequestDecoder::default();
        let (mut found, mut command) = (Vec::new(), Vec::new());
        for piece in wire.chunks(size) {
            decoder.feed(piece);
            while decoder.next_command(&mut command).expect("valid requests") {
                found.push(command.clone());
            }
        }
        assert_eq!(decoder.buffered(), 0);
        assert_eq!(
            found,
            [argv.to_vec(), ["PING", "a b"].map(Bytes::from).to_vec()]
        );
    }
}

#[test]
fn what_breaks_the_protocol_gets_the_words_of_redis() {
    for (wire, expected) in [
        ("*x\r\n", "ERR Protocol error: invalid multibulk length"),
        (
            "*99999999999\r\n",
            "ERR Protocol error: invalid multibulk length",
        ),
        (
            "*1\r\n+PING\r\n",
            "ERR Protocol error: expected '$', got '+'",
        ),
        ("*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length"),
        ("*1\r\n$x\r\n", "ERR Protocol error: invalid bulk length"),
        (
            "SET \"a\r\n",
            "ERR Protocol error: unbalanced quotes in request",
        ),
    ] {
        let mut decoder = RequestDecoder::default();
        decoder.feed(wire.as_bytes());
        let error = decoder.next_command(&mut Vec::new()).expect_err(wire);
        assert_eq!(error.to_string(), expected, "{wire}");
    }
    let mut decoder = RequestDecoder::default();
    decoder.feed(&vec![b'x'; 70_000]);
    let error = decoder
        .next_command(&mut Vec::new())
        .expect_err("a line without end");
    assert_eq!(
        error.to_string(),
        "ERR Protocol error: too big inline request"
    );
}

#[test]
fn a_length_beyond_any_memory_is_no_reason_to_panic() {
    for wire in [
        "*9223372036854775807\r\n",
        "$9223372036854775807\r\n",
        "%9223372036854775807\r\n",
    ] {
        let mut decoder = Decoder::default();
        decoder.feed(wire.as_bytes());
        let outcome = decoder.next_value();
        assert!(matches!(outcome, Ok(None) | Err(_)), "{wire}");
    }
    let mut decoder = Decoder::default();
    decoder.feed(&b"*1\r\n".repeat(100_000));
    assert!(decoder.next_value().is_err());
}

#[test]
fn redis_cli_numbers_and_aligns_what_is_nested() {
    let nested = Value::Array(vec![
        Value::text("a"),
        Value::Array(vec![Value::Int(1), Value::Array(vec![Value::text("deep")])]),
        Value::Null,
        Value::Array(Vec::new()),
    ]);
    let expected = "1) \"a\"\n2) 1) (integer) 1\n   2) 1) \"deep\"\n3) (nil)\n4) (empty array)";
    assert_eq!(render(&nested), expected);
    let many = Value::Array((1..=10).map(Value::Int).collect());
    assert!(render(&many).starts_with(" 1) (integer) 1\n 2) "));
    assert_eq!(
        render(&Value::bulk(b"\x00\xff\"\\\n")),
        r#""\x00\xff\"\\\n""#
    );
}

#[test]
fn words_are_split_with_the_quotes_of_redis_cli() {
    let words = |line: &str| split_words(line.as_bytes());
    assert_eq!(words(" SET  k 'a b' ").unwrap().len(), 3);
    assert_eq!(
        words(r#""\x41\n\"" 'it\'s'"#).unwrap(),
        [b"A\n\"".to_vec(), b"it's".to_vec()]
    );
    assert_eq!(words(r#""""#).unwrap(), [Vec::<u8>::new()]);
    for bad in ["\"open", "'open", "\"a\"b"] {
        assert!(words(bad).is_err(), "{bad}");
    }
}

#[test]
fn doubles_are_written_as_redis_8_writes_them() {
    for (number, text) in [
        (3.0, "3"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e17, "100000000000000000"),
        (1e20, "1e+20"),
        (1e-7, "1e-7"),
        (0.00001, "0.00001"),
        (123_456_789.123, "123456789.123"),
        (f64::INFINITY, "inf"),
        (f64::MAX, "1.7976931348623157e+308"),
    ] {
        assert_eq!(format_double(number), text);
    }
}
