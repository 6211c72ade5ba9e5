//! What is wrong with a file, and where: for the operator.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One mistake. Its text never holds a secret, nor a value that might be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in; empty when a text was parsed that lay in no file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key it is about, `rules[1].protect` for instance; empty for the file as a whole.
    pub path: String,
    /// What is wrong and, where that is not the same thing, what to do.
    pub reason: String,
}

impl fmt::Display for Problem {
    /// `FILE:LINE:COL: rules[1].protect: REASON`, which editors know how to jump to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.as_os_str().is_empty() {
            write!(f, "{}:", self.file.display())?;
        }
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

/// Every mistake that was found, in the order of lines. Displays one per line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self(problems)
    }

    /// The one problem of a file as a whole.
    pub(crate) fn of_file(file: &Path, reason: String) -> Self {
        let Position { line, column } = Position::START;
        Self(vec![Problem {
            file: file.to_owned(),
            line,
            column,
            path: String::new(),
            reason,
        }])
    }

    /// The same mistakes, said to be of that file.
    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        for problem in &mut self.0 {
            file.clone_into(&mut problem.file);
        }
        self
    }

    /// Appends the mistakes of another file.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The mistakes one by one.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
