//! `.sops.yaml`: which keys and which selector a new file gets. The first rule that matches counts alone.
//!
//! Read as sops reads it, with one difference: what sops passes over in silence (unknown keys) is listed as a warning. Destination
//! rules are for publishing, which nothing here does.

mod keys;
mod read;

#[cfg(test)]
mod tests;

use seal_manifest::{ManifestError, ManifestFile, Position};

use crate::{Selector, SelectorError, Store};
use seal_manifest::go_regex::GoRegex;

/// A configuration file.
pub struct SopsConfig {
    name: String,
    rules: Option<Vec<CreationRule>>,
    indents: [Option<u8>; 3],
    warnings: Vec<String>,
}

/// One entry of `creation_rules`.
pub struct CreationRule {
    /// Which one it is, from 1.
    pub number: usize,
    /// Where it starts.
    pub at: Position,
    /// The expression that paths must match; none matches every path.
    pub path_regex: Option<String>,
    /// Keys by group; one group unless `key_groups` is used. A group may be empty: then nobody could open the file.
    pub groups: Vec<RuleGroup>,
    /// How many groups are needed.
    pub shamir_threshold: Option<u32>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    selector: Option<(&'static str, String)>,
    compiled: Option<GoRegex>,
}

/// Keys of which any one opens the group's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleGroup {
    /// age recipients as written.
    pub age: Vec<String>,
    /// Keys of other kinds as kind and name, the way [`crate::ForeignKey`] names them.
    pub others: Vec<(&'static str, String)>,
}

/// What is wrong with a configuration, or that it has no rule for a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not YAML that can be read.
    #[error(transparent)]
    Document(#[from] ManifestError),
    /// A field that is not as it must be.
    #[error("{file}:{}:{}: {problem}", at.line, at.column)]
    Field {
        /// File name as given.
        file: String,
        /// Where.
        at: Position,
        /// What.
        problem: String,
    },
    /// There are rules, and none is for this file.
    #[error("{file}: no matching creation rules found for {path}")]
    NoMatch {
        /// The configuration.
        file: String,
        /// The path that was looked up.
        path: String,
    },
}

impl SopsConfig {
    /// Reads a configuration. `name` is what errors call it. Every `path_regex` must compile; selectors are checked when they are used.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<SopsConfig, ConfigError> {
        let file = ManifestFile::parse(name, bytes.to_vec())?;
        read::config(name, file.documents.first().map(|document| &document.root))
    }

    /// The rule for a file. The path is relative to the folder of the configuration, or absolute when the file is not below it. Nothing when
    /// there are no rules at all, which is no error.
    pub fn rule_for(&self, path: &str) -> Result<Option<&CreationRule>, ConfigError> {
        let Some(rules) = &self.rules else { return Ok(None) };
        let found = rules.iter().find(|rule| rule.compiled.as_ref().is_none_or(|regex| regex.is_match(path)));
        let missing = || ConfigError::NoMatch { file: self.name.clone(), path: path.to_owned() };
        found.map(Some).ok_or_else(missing)
    }

    /// All rules in file order.
    pub fn rules(&self) -> &[CreationRule] {
        self.rules.as_deref().unwrap_or_default()
    }

    /// Spaces of one level in what is written anew, when `stores` says so.
    pub fn indent(&self, store: Store) -> Option<u8> {
        match store {
            Store::Yaml => self.indents[0],
            Store::Json => self.indents[1],
            Store::Binary => self.indents[2],
            Store::Dotenv | Store::Ini => None,
        }
    }

    /// What sops passes over in silence: keys that mean nothing, with their places.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl CreationRule {
    /// The selector it names, checked.
    pub fn selector(&self) -> Result<Option<Selector>, SelectorError> {
        self.selector.as_ref().map_or(Ok(None), |(name, text)| Selector::new(name, text))
    }

    /// Name and text of the selector, unchecked.
    pub fn selector_text(&self) -> Option<(&'static str, &str)> {
        self.selector.as_ref().map(|(name, text)| (*name, text.as_str()))
    }
}
