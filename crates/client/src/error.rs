//! Why a program could not be prepared.

use std::fmt;

/// Something in a program that stops it before it starts: wrong syntax, or Python that is not supported here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramError {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// That line as it was written.
    pub text: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, when that is known.
    pub remedy: Option<String>,
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )?;
        if let Some(remedy) = &self.remedy {
            write!(f, " {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ProgramError {}
