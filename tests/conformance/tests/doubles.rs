//! Doubles to a real redis-server and back: its digits must be ours.

use bytes::Bytes;
use redwind_conformance::ours::Dice;
use redwind_conformance::reference::Reference;
use redwind_resp::{Value, format_double};

/// Doubles of every kind: any bits, sums of decimals, counts, times, places.
fn double(luck: &mut Dice) -> f64 {
    let small = luck.below(2_000_000) as f64 - 1_000_000.0;
    let number = match luck.below(6) {
        0 | 1 => f64::from_bits(luck.draw()),
        2 => small / 1000.0 + 0.1,
        3 => small * 1.1e10 + 0.5,
        4 => small / 3.0,
        _ => (luck.draw() >> 11) as f64 / (1u64 << (luck.below(64) as u32)) as f64,
    };
    if number.is_nan() { small } else { number }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that cannot run must say so")]
fn doubles_get_the_digits_of_a_real_server() {
    let mut server = match Reference::start() {
        Ok(server) => server,
        Err(why) => {
            eprintln!("SKIPPED: no doubles were compared with a real server: {why}");
            return;
        }
    };
    let rounds = std::env::var("REDWIND_ROUNDS").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(30);
    let mut luck = Dice::new(1);
    let mut wrong = Vec::new();
    for _ in 0..rounds {
        let numbers: Vec<f64> = (0..500).map(|_| double(&mut luck)).collect();
        let words = |text: String| {
            text.split(' ')
                .map(|word| Bytes::from(word.to_owned()))
                .collect()
        };
        let commands: Vec<Vec<Bytes>> = numbers
            .iter()
            .flat_map(|number| [format!("ZADD z {number:e} m"), "ZSCORE z m".to_owned()])
            .map(words)
            .collect();
        let replies = server.pipeline("a", &commands);
        for (number, reply) in numbers.iter().zip(replies.chunks(2)) {
            let ours = Value::bulk(format_double(*number));
            if reply[1] != ours {
                wrong.push(format!("{number:e}: redis {:?}, engine {ours:?}", reply[1]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
