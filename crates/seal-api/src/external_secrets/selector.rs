//! Label selectors, with the API server's meaning.

use super::problem::Wrong;
use super::read::At;
use super::words::Word;
use std::collections::BTreeMap;

/// A label selector. An empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Labels that must have these values.
    pub labels: BTreeMap<String, String>,
    /// What else must hold.
    pub requirements: Vec<Requirement>,
    /// It could not be read whole, so it matches nothing.
    pub broken: bool,
}

/// One of `matchExpressions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// How its value is looked at.
    pub operator: Operator,
    /// With what it is compared.
    pub values: Vec<String>,
}

/// How a label is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operator {
    /// One of the values.
    #[default]
    In,
    /// None of them, or absent.
    NotIn,
    /// There.
    Exists,
    /// Absent.
    DoesNotExist,
}

impl Word for Operator {
    const WORDS: &'static [&'static str] = &["In", "NotIn", "Exists", "DoesNotExist"];

    fn parse(text: &str) -> Option<Self> {
        let all = [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist];
        Self::WORDS.iter().zip(all).find(|(word, _)| **word == text).map(|(_, operator)| operator)
    }
}

impl LabelSelector {
    pub(super) fn read(at: &At<'_>) -> Self {
        let before = at.notes_so_far();
        let labels = at.map("matchLabels");
        let requirements = at.children("matchExpressions").iter().map(Requirement::read).collect();
        // A selector that lost a part in reading would match more than was meant.
        Self { labels, requirements, broken: at.notes_so_far() != before }
    }

    /// True when labels satisfy all of it.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.broken
            && self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.requirements.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn read(at: &At<'_>) -> Self {
        let read = Self { key: at.required("key"), operator: at.word("operator"), values: at.texts("values") };
        if !at.has("operator") {
            at.note("operator", Wrong::Missing);
        }
        if matches!(read.operator, Operator::In | Operator::NotIn) && read.values.is_empty() {
            at.note("values", Wrong::Missing);
        }
        read
    }

    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}
