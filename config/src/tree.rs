//! YAML as a tree in which every node knows where it stands.
//!
//! Built on the parser's events, because a loader has already decided what to do about repeated
//! keys, aliases and further documents. Here they are mistakes, and reading goes on behind them.

mod reader;

use zeroize::Zeroizing;

use crate::path::Path;
use crate::path::Step;
use crate::problem::Position;

/// One node of the file.
pub(crate) struct Node {
    pub at: Position,
    pub data: Data,
}

/// What a node is. Texts are wiped on drop: a keyring's tree holds keys.
pub(crate) enum Data {
    Text(Zeroizing<String>),
    /// A number; which one, nobody asks: what has a dimension is a text with its unit.
    Number,
    Boolean(bool),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// A mistake stood here and is reported; whoever meets this says nothing more about it.
    Mistaken,
}

/// One key of a mapping, with its value.
pub(crate) struct Entry {
    pub key: String,
    pub at: Position,
    pub value: Node,
}

/// A mistake on the level of YAML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub at: Position,
    pub path: Path,
    pub reason: String,
}

impl Node {
    /// Reads a text that holds one document. Mistakes that leave the rest readable come beside
    /// the tree; the first one that does not comes alone.
    pub fn parse(text: &str) -> Result<(Self, Vec<Flaw>), Flaw> {
        reader::read(text)
    }

    /// The nodes on the way to a path, as far as the way leads.
    pub fn walk(&self, path: &Path) -> Vec<&Self> {
        let mut way = vec![self];
        let mut node = self;
        for step in path.steps() {
            let Some(next) = node.child(step) else { break };
            way.push(next);
            node = next;
        }
        way
    }

    /// The entry of that key, when this node is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.data {
            Data::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The node at a path, to change.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.steps()
            .iter()
            .try_fold(self, |node, step| node.child_mut(step))
    }

    /// Whether no mistake stands anywhere in it.
    pub fn is_sound(&self) -> bool {
        match &self.data {
            Data::Mistaken => false,
            Data::Sequence(nodes) => nodes.iter().all(Self::is_sound),
            Data::Mapping(entries) => entries.iter().all(|entry| entry.value.is_sound()),
            Data::Text(_) | Data::Number | Data::Boolean(_) => true,
        }
    }

    fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.data, step) {
            (Data::Sequence(nodes), Step::Index(at)) => nodes.get(*at),
            (_, Step::Key(key)) => self.entry(key).map(|entry| &entry.value),
            _ => None,
        }
    }

    fn child_mut(&mut self, step: &Step) -> Option<&mut Self> {
        match (&mut self.data, step) {
            (Data::Sequence(nodes), Step::Index(at)) => nodes.get_mut(*at),
            (Data::Mapping(entries), Step::Key(key)) => entries
                .iter_mut()
                .find(|entry| entry.key == *key)
                .map(|entry| &mut entry.value),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(node: &Node, path: &Path) -> (usize, usize) {
        let found = node.walk(path);
        assert_eq!(found.len(), path.steps().len() + 1, "{path}");
        let last = found.last().unwrap();
        (last.at.line, last.at.column)
    }

    #[test]
    fn every_node_knows_its_line_and_column() {
        let (root, flaws) = Node::parse("a:\n  - b: 1\n    c: {d: x}\n  - é: [y,  z]\n").unwrap();
        assert_eq!(flaws, []);
        let a = Path::root().key("a");
        assert_eq!(at(&root, &Path::root()), (1, 1));
        assert_eq!(at(&root, &a.index(0)), (2, 5));
        assert_eq!(at(&root, &a.index(0).key("b")), (2, 8));
        assert_eq!(at(&root, &a.index(0).key("c")), (3, 8));
        assert_eq!(at(&root, &a.index(0).key("c").key("d")), (3, 12));
        assert_eq!(at(&root, &a.index(1).key("é").index(1)), (4, 13));
    }

    #[test]
    fn a_walk_ends_where_the_tree_does() {
        let (root, _) = Node::parse("a: {b: x}").unwrap();
        let a = Path::root().key("a");
        assert_eq!(root.walk(&a.key("c")).len(), 2);
        assert_eq!(root.walk(&a.index(0).key("c")).len(), 2);
    }
}
