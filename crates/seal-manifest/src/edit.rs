//! Edits by path. They splice spans; they never print a document anew.

use crate::Node;

/// One step downwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Key of a mapping.
    Key(String),
    /// Index of a sequence, from 0.
    Index(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Segment::Key(key.to_owned())
    }
}
impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Segment::Index(index)
    }
}

/// A new value.
#[derive(Clone)]
pub enum New {
    /// A string scalar, quoted when YAML 1.1 or 1.2 would read it as anything else.
    Text(seal_secret::SecretBytes),
    /// Any tree, written in the block or flow style of its surroundings.
    Tree(Node),
}

/// One change of one document.
#[derive(Clone)]
pub enum Edit {
    /// Replace the value at a path, or add the last key (and missing mappings on the way) at the end of its mapping. The index behind
    /// the last element of a sequence adds one.
    Set {
        /// Where.
        path: Vec<Segment>,
        /// What.
        value: New,
    },
    /// Remove a key or element. A comment line directly above it goes with it only when it is trailing on its own line.
    Remove {
        /// Where.
        path: Vec<Segment>,
    },
    /// Rename the last key of a path, keeping its value.
    Rename {
        /// Where.
        path: Vec<Segment>,
        /// The new key.
        key: String,
    },
}

impl Edit {
    /// `Set` with string keys.
    pub fn set<const N: usize>(path: [&str; N], value: New) -> Edit {
        Edit::Set { path: path.into_iter().map(Segment::from).collect(), value }
    }
    /// `Remove` with string keys.
    pub fn remove<const N: usize>(path: [&str; N]) -> Edit {
        Edit::Remove { path: path.into_iter().map(Segment::from).collect() }
    }
}

impl Edit {
    /// The path an edit names.
    pub fn path(&self) -> &[Segment] {
        match self {
            Edit::Set { path, .. } | Edit::Remove { path } | Edit::Rename { path, .. } => path,
        }
    }

    /// True when doing this edit before an earlier one could come to something else: the collections they change lie within one another.
    pub(crate) fn depends_on(&self, earlier: &Edit) -> bool {
        let parent = |edit: &Edit| edit.path().len().saturating_sub(1);
        let shared = parent(self).min(parent(earlier));
        self.path()[..shared] == earlier.path()[..shared]
    }
}

/// `spec.items[3].name`, for messages.
pub(crate) fn show_path(path: &[Segment]) -> String {
    let mut shown = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !shown.is_empty() {
                    shown.push('.');
                }
                shown.push_str(key);
            }
            Segment::Index(index) => shown.push_str(&format!("[{index}]")),
        }
    }
    shown
}
