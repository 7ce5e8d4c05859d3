//! What is wrong with a lesson: where, what, and what to do about it.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, from 1.
    pub line: u32,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Problem {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
            remedy: None,
        }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Everything that is wrong with one file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file, as it was named to the parser.
    pub file: String,
    /// What is wrong with it.
    pub list: Vec<Problem>,
}

impl Problems {
    pub(crate) fn new(file: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.line);
        Self {
            file: file.to_owned(),
            list,
        }
    }
}

/// `lessons/x.md:12: what is wrong` and, on a line of its own, the remedy; one such pair a problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (
            i,
            Problem {
                line,
                message,
                remedy,
            },
        ) in self.list.iter().enumerate()
        {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{line}: {message}", self.file)?;
            if let Some(remedy) = remedy {
                write!(f, "\n  {remedy}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known word nearest to one that is not known, if any is near enough to have been meant.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known
        .into_iter()
        .map(|candidate| {
            // Letters are exchanged more often than left out: of two equally far, the one as long is meant.
            let longer = candidate.len().abs_diff(word.len());
            (distance(word, candidate), longer, candidate)
        })
        .min();
    near.filter(|(far, _, candidate)| *far <= 1 + candidate.chars().count() / 4)
        .map(|(.., candidate)| candidate)
}

/// "Did you mean …?", or all that there is.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match closest(word, known.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("There is {}.", listed(known)),
    }
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and `c` ``.
pub(crate) fn listed(words: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// How many letters differ, ignoring case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_answered_with_the_nearest_one() {
        assert_eq!(
            did_you_mean("minuts", &["minutes", "summary"]),
            "Did you mean `minutes`?"
        );
        assert_eq!(
            did_you_mean("colour", &["minutes", "summary"]),
            "There is `minutes` and `summary`."
        );
    }
}
