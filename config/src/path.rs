//! Where in the tree of a file: `rules[1].default.key`.

use std::fmt;

use serde_path_to_error::Segment;

/// The way from the root to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// The file as a whole.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of that key here.
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    /// The value of that number here, from 0.
    pub fn index(&self, at: usize) -> Self {
        self.step(Step::Index(at))
    }

    /// Every step from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path without its last step, and that step; none at the root.
    pub fn split_last(&self) -> Option<(Self, &Step)> {
        let (last, before) = self.0.split_last()?;
        Some((Self(before.to_vec()), last))
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// What serde says stands in the way of a value. Variants of enums are no step in YAML.
impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_as_people_write_it() {
        let path = Path::root().key("rules").index(1).key("default").key("key");
        assert_eq!(path.to_string(), "rules[1].default.key");
        assert_eq!(Path::root().to_string(), "");
        assert_eq!(Path::root().index(0).key("a").to_string(), "[0].a");
    }
}
