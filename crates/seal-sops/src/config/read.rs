//! From the tree of a `.sops.yaml` to rules. Every complaint has a line and a column.

use seal_manifest::{Kind, Node, Position};

use super::{ConfigError, CreationRule, RuleGroup, SopsConfig, keys};
use crate::Selector;
use seal_manifest::go_regex::GoRegex;

/// Keys of the document.
const TOP: [&str; 3] = ["creation_rules", "destination_rules", "stores"];
/// Keys of a rule beside the selectors.
const RULE: [&str; 12] = [
    "path_regex",
    "kms",
    "aws_profile",
    "age",
    "pgp",
    "gcp_kms",
    "hckms",
    "azure_keyvault",
    "hc_vault_transit_uri",
    "key_groups",
    "shamir_threshold",
    "mac_only_encrypted",
];

/// Collects what is odd on the way.
pub(super) struct Reader<'a> {
    name: &'a str,
    warnings: Vec<String>,
}

/// The whole file; an empty one has no rules.
pub(super) fn config(name: &str, root: Option<&Node>) -> Result<SopsConfig, ConfigError> {
    let mut reader = Reader { name, warnings: Vec::new() };
    let mut config = SopsConfig { name: name.to_owned(), rules: None, indents: [None; 3], warnings: Vec::new() };
    let Some(root) = root.filter(|root| !root.is_null()) else { return Ok(config) };
    reader.map(root, "the document", &|key| TOP.contains(&key))?;
    if let Some(rules) = root.get("creation_rules").filter(|node| !node.is_null()) {
        let rules = reader.list(rules, "creation_rules")?;
        let read = rules.iter().enumerate().map(|(index, node)| reader.rule(index + 1, node)).collect::<Result<_, _>>()?;
        config.rules = Some(read);
    }
    for (at, store) in ["yaml", "json", "json_binary"].into_iter().enumerate() {
        if let Some(node) = root.at_path(&["stores", store, "indent"]) {
            config.indents[at] = reader.number(node, "indent")?.and_then(|number| u8::try_from(number).ok());
        }
    }
    config.warnings = reader.warnings;
    Ok(config)
}

impl Reader<'_> {
    fn error(&self, at: Position, problem: impl Into<String>) -> ConfigError {
        ConfigError::Field { file: self.name.to_owned(), at, problem: problem.into() }
    }

    /// Checks that it is a mapping and lists keys that mean nothing.
    pub(super) fn map(&mut self, node: &Node, what: &str, known: &dyn Fn(&str) -> bool) -> Result<(), ConfigError> {
        let entries = node.entries().ok_or_else(|| self.wrong(node, what, "a map"))?;
        for entry in entries.iter().filter(|entry| !known(&entry.key)) {
            let (line, column) = (entry.key_at.line, entry.key_at.column);
            self.warnings.push(format!("{}:{line}:{column}: {:?} means nothing in {what}", self.name, entry.key));
        }
        Ok(())
    }

    pub(super) fn list<'n>(&self, node: &'n Node, what: &str) -> Result<&'n [Node], ConfigError> {
        match &node.kind {
            Kind::Null => Ok(&[]),
            _ => node.elements().ok_or_else(|| self.wrong(node, what, "a list")),
        }
    }

    /// A scalar as text; nothing for null. Numbers and the like are taken as they are written, as sops does.
    pub(super) fn text(&self, node: &Node, what: &str) -> Result<String, ConfigError> {
        match &node.kind {
            Kind::Null => Ok(String::new()),
            Kind::Text(_) => Ok(node.public_text().unwrap_or_default().to_owned()),
            Kind::Number(text) => Ok(text.clone()),
            Kind::Bool(value) => Ok(value.to_string()),
            Kind::List(_) | Kind::Map(_) => Err(self.wrong(node, what, "a text")),
        }
    }

    fn number(&self, node: &Node, what: &str) -> Result<Option<u32>, ConfigError> {
        match &node.kind {
            Kind::Null => Ok(None),
            Kind::Number(text) => text.parse().map(Some).map_err(|_| self.wrong(node, what, "a whole number")),
            _ => Err(self.wrong(node, what, "a whole number")),
        }
    }

    pub(super) fn wrong(&self, node: &Node, what: &str, wanted: &str) -> ConfigError {
        self.error(node.at, format!("{what} must be {wanted}, not a {}", node.kind_name()))
    }

    fn rule(&mut self, number: usize, node: &Node) -> Result<CreationRule, ConfigError> {
        self.map(node, "a creation rule", &|key| RULE.contains(&key) || Selector::NAMES.contains(&key))?;
        let path = self.field(node, "path_regex")?;
        let compiled = match &path {
            Some((at, text)) => {
                Some(GoRegex::new(text).map_err(|error| self.error(*at, format!("can not compile regexp: {error}")))?)
            }
            None => None,
        };
        Ok(CreationRule {
            number,
            at: node.at,
            path_regex: path.map(|(_, text)| text),
            groups: self.groups(node)?,
            shamir_threshold: node
                .get("shamir_threshold")
                .map_or(Ok(None), |node| self.number(node, "shamir_threshold"))?
                .filter(|n| *n > 0),
            mac_only_encrypted: match node.get("mac_only_encrypted").map(|node| &node.kind) {
                None | Some(Kind::Null) => false,
                Some(Kind::Bool(value)) => *value,
                Some(_) => return Err(self.error(node.at, "mac_only_encrypted must be true or false")),
            },
            selector: self.selector(node)?,
            compiled,
        })
    }

    fn field(&self, node: &Node, key: &str) -> Result<Option<(Position, String)>, ConfigError> {
        let Some(value) = node.get(key) else { return Ok(None) };
        let text = self.text(value, key)?;
        Ok((!text.is_empty()).then_some((value.at, text)))
    }

    fn selector(&self, node: &Node) -> Result<Option<(&'static str, String)>, ConfigError> {
        let mut found: Option<(&'static str, String)> = None;
        for name in Selector::NAMES {
            let Some((at, text)) = self.field(node, name)? else { continue };
            if found.is_some() {
                let all = "encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex";
                return Err(self.error(at, format!("cannot use more than one of {all} for the same rule")));
            }
            found = Some((name, text));
        }
        Ok(found)
    }

    fn groups(&mut self, node: &Node) -> Result<Vec<RuleGroup>, ConfigError> {
        let groups = node.get("key_groups").map_or(Ok(&[][..]), |node| self.list(node, "key_groups"))?;
        if groups.is_empty() {
            return Ok(vec![keys::of_rule(self, node)?]);
        }
        groups.iter().map(|group| keys::of_group(self, group)).collect()
    }
}
