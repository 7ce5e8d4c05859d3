//! Patterns as `KEYS` reads them: `*`, `?`, `[abc]`, `[^a-c]`, `\` before a character that means itself.

/// Whether the whole of `text` matches `pattern`.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last star if the rest does not fit: one more character goes to the star.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if let Some(used) = one(&pattern[p..], text[t]) {
            p += used;
            t += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            (p, t) = (star, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How much of the pattern matches this one character, if it does.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'\\', literal, ..] => (*literal == byte).then_some(2),
        [b'[', class @ ..] => {
            let (negated, class) = match class {
                [b'^', rest @ ..] => (true, rest),
                _ => (false, class),
            };
            let end = class.iter().position(|c| *c == b']').unwrap_or(class.len());
            let mut members = &class[..end];
            let mut found = false;
            while let [first, rest @ ..] = members {
                members = match rest {
                    [b'-', last, rest @ ..] => {
                        found |= (first.min(last)..=first.max(last)).contains(&&byte);
                        rest
                    }
                    _ => {
                        found |= *first == byte;
                        rest
                    }
                };
            }
            let used = 1 + usize::from(negated) + (end + 1).min(class.len());
            (found != negated).then_some(used)
        }
        [literal, ..] => (*literal == byte).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_keys_does() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("session:*", "session:1", true),
            ("session:*", "sessions:1", false),
            ("*:1", "session:1:1", true),
            ("s?t", "set", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("[ab", "a", true),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxbxx", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
