//! Reads a text into its raw type, past every mistake, and collects what was found.

use serde::de::DeserializeOwned;

use crate::de::Fault;
use crate::path::Path;
use crate::path::Step;
use crate::problem::Position;
use crate::problem::Problem;
use crate::problem::Problems;
use crate::tree::Data;
use crate::tree::Entry;
use crate::tree::Flaw;
use crate::tree::Node;

/// The tree of a file and all that was found wrong with it so far.
///
/// One mistake is one problem: where a node has been reported, everything said later about it,
/// or about what it should have held, is dropped.
pub(crate) struct Report {
    tree: Node,
    flaws: Vec<Flaw>,
}

impl Report {
    /// Reads a text. Nodes that do not fit are reported and then count as absent; only a text
    /// that is not YAML ends it at once.
    pub fn read<T: DeserializeOwned + Default>(text: &str) -> Result<(T, Self), Problems> {
        let (tree, flaws) = Node::parse(text).map_err(|flaw| Problems::new(vec![problem(flaw)]))?;
        let mut report = Self { tree, flaws };
        loop {
            match serde_path_to_error::deserialize(&report.tree) {
                Ok(raw) => return Ok((raw, report)),
                Err(error) => {
                    let path = Path::from(error.path());
                    report.prune(&path, &error.into_inner());
                }
            }
            if matches!(report.tree.data, Data::Mistaken) {
                return Ok((T::default(), report));
            }
        }
    }

    /// Adds a problem with the value at a path. When nothing is there, the problem is that, and
    /// its place is what should have held it.
    pub fn add(&mut self, path: &Path, reason: impl Into<String>) {
        if self.is_mistaken(path) {
            return;
        }
        let at = self
            .tree
            .walk(path)
            .last()
            .map_or(Position::START, |node| node.at);
        self.flaws.push(Flaw {
            at,
            path: path.clone(),
            reason: reason.into(),
        });
    }

    /// Whether what stands at a path, or above it, was reported already.
    pub fn is_mistaken(&self, path: &Path) -> bool {
        let way = self.tree.walk(path);
        way.iter().any(|node| matches!(node.data, Data::Mistaken))
    }

    /// Whether nothing was found so far.
    pub fn is_clean(&self) -> bool {
        self.flaws.is_empty()
    }

    /// All that was found, in the order of lines.
    pub fn into_problems(self) -> Problems {
        Problems::new(self.flaws.into_iter().map(problem).collect())
    }

    /// Reports a fault and takes its node out, so that the next try gets further. What a type
    /// says about a node of which a part is mistaken only follows from that. Every call
    /// leaves the tree with one sound node less, which is why reading ends.
    fn prune(&mut self, path: &Path, fault: &Fault) {
        let reason = fault.to_string();
        let follows = matches!(fault, Fault::Other(_))
            && self
                .tree
                .walk(path)
                .last()
                .is_some_and(|node| !node.is_sound());
        let at = match fault {
            Fault::UnknownKey { known, .. } => self.forget_key(path, known),
            _ => self.mistake(path),
        };
        if !follows {
            self.flaws.push(Flaw {
                at,
                path: path.clone(),
                reason,
            });
        }
    }

    /// Marks a node, or all of the file where that would bring reading no further: when there
    /// is no such node, or it is marked already.
    fn mistake(&mut self, path: &Path) -> Position {
        let known = self.tree.walk(path).len() == path.steps().len() + 1;
        let root = Path::root();
        let place = if known && !self.is_mistaken(path) {
            path
        } else {
            &root
        };
        self.tree.at_mut(place).map_or(Position::START, |node| {
            node.data = Data::Mistaken;
            node.at
        })
    }

    /// Takes an unknown key out. When another one was meant, that one is mistaken rather than
    /// missing; and when nothing is left, so is all that should have been there.
    fn forget_key(&mut self, path: &Path, known: &[&'static str]) -> Position {
        let Some((parent, Step::Key(key))) = path.split_last() else {
            return self.mistake(path);
        };
        let Some(Data::Mapping(entries)) = self.tree.at_mut(&parent).map(|node| &mut node.data)
        else {
            return self.mistake(path);
        };
        let Some(index) = entries.iter().position(|entry| entry.key == *key) else {
            return self.mistake(path);
        };
        let at = entries.remove(index).at;
        if let Some(meant) = Fault::meant(key, known)
            && entries.iter().all(|entry| entry.key != meant)
        {
            let value = Node {
                at,
                data: Data::Mistaken,
            };
            entries.push(Entry {
                key: meant.to_owned(),
                at,
                value,
            });
        }
        if entries.is_empty() {
            self.mistake(&parent);
        }
        at
    }
}

fn problem(flaw: Flaw) -> Problem {
    Problem {
        file: std::path::PathBuf::new(),
        line: flaw.at.line,
        column: flaw.at.column,
        path: flaw.path.to_string(),
        reason: flaw.reason,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, expecting = "a mapping")]
    struct Raw {
        name: Option<String>,
        list: Option<Vec<Option<String>>>,
        inner: Option<Box<Raw>>,
    }

    fn read(text: &str) -> (Raw, Vec<String>) {
        let (raw, report) = Report::read::<Raw>(text).unwrap();
        let problems = report.into_problems();
        (
            raw,
            problems.as_slice().iter().map(Problem::to_string).collect(),
        )
    }

    #[test]
    fn reads_on_behind_every_mistake() {
        let text = "name: 1\nlist: [a, [b], c, true]\ninner:\n  other: x\n  list: y\n";
        let (raw, problems) = read(text);
        assert_eq!(
            problems,
            [
                "1:7: name: expected a string, found a number; put it in quotes",
                "2:11: list[1]: expected a string, found a sequence",
                "2:19: list[3]: expected a string, found `true` or `false`; put it in quotes",
                "4:3: inner.other: unknown key; known here: `name`, `list`, `inner`",
                "5:9: inner.list: expected a sequence, found a string",
            ]
        );
        assert_eq!(raw.name, None);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(raw.list, Some(vec![text("a"), None, text("c"), None]));
        assert!(raw.inner.is_some_and(|inner| inner.name.is_none()));
    }

    #[test]
    fn a_file_that_is_no_mapping_is_one_problem() {
        assert_eq!(read("[a]").1, ["1:1: expected a mapping, found a sequence"]);
        assert_eq!(read("a").1, ["1:1: expected a mapping, found a string"]);
    }

    #[test]
    fn says_nothing_about_what_is_known_to_be_mistaken() {
        let (_, mut report) = Report::read::<Raw>("nmae: x\nlist: 1\ninner: {name: y}\n").unwrap();
        let root = Path::root();
        report.add(&root.key("name"), "is missing");
        report.add(&root.key("list").index(0), "is wrong");
        report.add(&root.key("inner").key("name"), "is wrong");
        report.add(&root.key("inner").key("list"), "is missing");
        let problems = report.into_problems().to_string();
        let lines: Vec<_> = problems.lines().collect();
        assert_eq!(
            lines,
            [
                "1:1: nmae: unknown key; did you mean `name`?",
                "2:7: list: expected a sequence, found a number",
                "3:8: inner.list: is missing",
                "3:15: inner.name: is wrong",
            ]
        );
    }

    #[test]
    fn knows_what_was_reported() {
        let (_, report) = Report::read::<Raw>("name: x\nlist: [a, 1]\n").unwrap();
        let list = Path::root().key("list");
        assert!(report.is_mistaken(&list.index(1)));
        assert!(report.is_mistaken(&list.index(1).key("below")));
        assert!(!report.is_mistaken(&list));
        assert!(!report.is_mistaken(&Path::root().key("absent")));
    }
}
