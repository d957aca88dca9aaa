//! The configuration file as the original finds it: named by a flag, or the first `.sops.yaml` from the working directory upwards.

use super::{
    failure::{Failure, code},
    keys::{self, Group},
    session::absolute,
};
use crate::Io;
use seal_sops::{ConfigError, CreationRule, RuleGroup, SopsConfig, Store};
use std::path::{Path, PathBuf};

/// Folders that are looked into on the way up.
const HIGHEST: usize = 100;

/// A configuration file, or the knowledge that there is none.
#[derive(Default)]
pub struct Rules {
    path: Option<PathBuf>,
    config: Option<SopsConfig>,
    warning: Option<String>,
}

/// What a creation rule wants of a file.
pub struct Rule<'a>(&'a CreationRule);

impl Rules {
    /// Looks for it and reads it.
    pub fn find(given: Option<&Path>, io: &Io) -> Result<Self, Failure> {
        let (path, warning) = match given {
            Some(path) => (Some(path.to_owned()), None),
            None => search(),
        };
        let Some(path) = path else { return Ok(Self { warning, ..Self::default() }) };
        let bytes = io
            .read_file(&path)
            .map_err(|error| Failure::generic(format!("error loading config: could not read config file: {}", error.message)))?;
        let config = SopsConfig::parse(&path.display().to_string(), bytes.expose()).map_err(|error| not_loaded(&error))?;
        Ok(Self { path: Some(path), config: Some(config), warning })
    }

    /// Where it is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What is odd about where it was found.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The rule for a file; nothing where there are no rules at all.
    pub fn rule_for(&self, file: &Path) -> Result<Option<Rule<'_>>, Failure> {
        let (Some(path), Some(config)) = (&self.path, &self.config) else { return Ok(None) };
        let folder = absolute(path).parent().map(Path::to_owned).unwrap_or_default();
        let below = file.strip_prefix(&folder).unwrap_or(file);
        let rule = config.rule_for(&below.to_string_lossy()).map_err(|error| not_loaded(&error))?;
        Ok(rule.map(Rule))
    }

    /// Spaces of one level in what is written anew.
    pub fn indent(&self, store: Store) -> Option<u8> {
        self.config.as_ref().and_then(|config| config.indent(store))
    }
}

impl Rule<'_> {
    /// Groups needed to open the file.
    pub fn threshold(&self) -> Option<u32> {
        self.0.shamir_threshold
    }

    /// The MAC covers sealed values only.
    pub fn mac_only_encrypted(&self) -> bool {
        self.0.mac_only_encrypted
    }

    /// The selector of this name.
    pub fn selector_named(&self, name: &str) -> Option<String> {
        self.0.selector_text().filter(|(known, _)| *known == name).map(|(_, text)| text.to_owned())
    }

    /// The names of all keys it wants, by group.
    pub fn names(&self) -> Vec<Vec<String>> {
        let names =
            |group: &RuleGroup| group.age.iter().cloned().chain(group.others.iter().map(|(_, name)| name.clone())).collect();
        self.0.groups.iter().map(names).collect()
    }

    /// The recipients by group. Keys of other kinds cannot be encrypted to here, and a file without them would not be what the rule says;
    /// `there` says which ones a file has already.
    pub fn groups(&self, there: impl Fn(&str, &str) -> bool) -> Result<Vec<Group>, Failure> {
        let others = self.0.groups.iter().flat_map(|group| &group.others);
        if let Some((kind, name)) = others.into_iter().find(|(kind, name)| !there(kind, name)) {
            return Err(Failure::new(
                code::UNSUPPORTED,
                format!(
                    "the creation rule at line {} names {kind} {name}, which only sops itself can encrypt to",
                    self.0.at.line
                ),
            )
            .hint("run the original for this file, or give it a rule with age recipients only (`seal keygen` makes a key)"));
        }
        self.0.groups.iter().map(|group| group.age.iter().map(|text| keys::recipient(text)).collect()).collect()
    }
}

/// The words of the original in front.
fn not_loaded(error: &ConfigError) -> Failure {
    Failure::generic(format!("error loading config: {error}"))
}

fn search() -> (Option<PathBuf>, Option<String>) {
    let mut folder = std::env::current_dir().ok();
    let mut odd: Option<PathBuf> = None;
    for _ in 0..HIGHEST {
        let Some(here) = folder else { break };
        let path = here.join(".sops.yaml");
        if path.exists() {
            return (Some(path), odd.map(|odd| warning(&odd)));
        }
        odd = odd.or_else(|| Some(here.join(".sops.yml")).filter(|path| path.exists()));
        folder = here.parent().map(Path::to_owned);
    }
    (None, odd.map(|odd| warning(&odd)))
}

fn warning(odd: &Path) -> String {
    format!("{} is not read: the name of a configuration is .sops.yaml", odd.display())
}
