//! Redis's patterns: `*`, `?`, `[a-z]`, `[^a]`, `\` before a literal.

/// Redis guards itself against patterns with more stars than this: nothing matches them.
const MOST_STARS: usize = 1000;

/// Whether the text matches the pattern. As in Redis an empty text does not even match a star.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    // Only the last star ever needs to be tried again, so the work stays bounded by the product of
    // the lengths whatever the pattern.
    let (mut p, mut t, mut stars) = (0, 0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == b'*' {
            // Several in a row are one, and at the end they match all that is left.
            p += pattern[p..].iter().take_while(|b| **b == b'*').count();
            if p == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > MOST_STARS {
                return false;
            }
            retry = Some((p, t));
            continue;
        }
        if t < text.len() {
            if let Some(next) = one(pattern, p, text[t]) {
                p = next;
                t += 1;
                continue;
            }
        } else if p >= pattern.len() {
            return true;
        }
        match retry {
            Some((after_star, from)) if from < text.len() => {
                retry = Some((after_star, from + 1));
                p = after_star;
                t = from + 1;
            }
            _ => return false,
        }
    }
}

/// Where the pattern goes on if its element at `p` accepts this byte.
fn one(pattern: &[u8], p: usize, byte: u8) -> Option<usize> {
    match pattern.get(p)? {
        b'?' => Some(p + 1),
        b'[' => class(pattern, p + 1, byte),
        b'\\' if p + 1 < pattern.len() => (pattern[p + 1] == byte).then_some(p + 2),
        literal => (*literal == byte).then_some(p + 1),
    }
}

fn class(pattern: &[u8], mut p: usize, byte: u8) -> Option<usize> {
    let negated = pattern.get(p) == Some(&b'^');
    if negated {
        p += 1;
    }
    let mut found = false;
    loop {
        match pattern.get(p) {
            // An unclosed class ends with the pattern.
            None => break,
            Some(b'\\') if p + 1 < pattern.len() => {
                p += 1;
                found |= pattern[p] == byte;
            }
            Some(b']') => {
                p += 1;
                break;
            }
            Some(first) if p + 2 < pattern.len() && pattern[p + 1] == b'-' => {
                let (low, high) = (*first.min(&pattern[p + 2]), *first.max(&pattern[p + 2]));
                found |= (low..=high).contains(&byte);
                p += 2;
            }
            Some(literal) => found |= *literal == byte,
        }
        p += 1;
    }
    (found != negated).then_some(p)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", false),
            ("", "", true),
            ("h?llo", "hello", true),
            ("h*llo", "heeeello", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hbllo", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a**", "a", true),
            ("a**b", "axxb", true),
            (&"*?".repeat(1000), &"a".repeat(2000), true),
            (&"*?".repeat(1001), &"a".repeat(2002), false),
            (&("*?".repeat(1000) + "*"), &"a".repeat(2002), true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("[abc", "a", true),
            ("", "a", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} on {text}"
            );
        }
    }
}
