//! Which keys and which selector a file should have: the nearest `.sops.yaml` above the file, or the one that a rule of `.seal.yaml`
//! points to. The first rule that matches counts alone, and every answer says which one it was.

use super::rekey::plan::{Master, Wanted};
use crate::{
    Io,
    certificate::Certificates,
    config::{Located, Rule, shown},
    io::reason,
    report::{self, CliError},
};
use seal_crypto::age::Recipient;
use seal_sops::{
    Selector,
    config::{ConfigError, CreationRule, SopsConfig},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name of the configuration that sops has, too.
const FILE_NAME: &str = ".sops.yaml";

/// What a rule wants of a file.
#[derive(Clone)]
pub struct Policy {
    /// Groups of keys; one unless Shamir's scheme is used.
    pub groups: Vec<Group>,
    /// How many groups are needed.
    pub threshold: Option<u32>,
    /// What is sealed; `None` when the rule does not say.
    pub selector: Option<Selector>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// The stronger MAC is demanded.
    pub strong_mac: bool,
    /// Which rule of which file.
    pub source: String,
}

/// Keys of which any one opens the group's part.
#[derive(Clone, Default)]
pub struct Group {
    /// age recipients.
    pub age: Vec<Recipient>,
    /// Keys that only sops can use.
    pub others: Vec<Master>,
}

impl Policy {
    /// For comparing with what a file has.
    pub fn wanted(&self) -> Wanted {
        let masters = |group: &Group| {
            let age = group.age.iter().map(|one| Master { kind: "age".to_owned(), name: one.as_str().to_owned() });
            age.chain(group.others.iter().cloned()).collect()
        };
        Wanted { groups: self.groups.iter().map(masters).collect(), threshold: self.threshold, strong_mac: self.strong_mac }
    }

    /// For wrapping a data key.
    pub fn recipients(&self) -> Vec<Vec<Recipient>> {
        self.groups.iter().map(|group| group.age.clone()).collect()
    }

    /// For whom, and by which rule.
    pub fn described(&self) -> String {
        let count: usize = self.groups.iter().map(|group| group.age.len()).sum();
        let plural = if count == 1 { "" } else { "s" };
        format!("for {count} recipient{plural} ({})", self.source)
    }
}

/// Policies of one run: each configuration is read once.
pub struct Policies {
    plugins: bool,
    warns: bool,
    certificates: Certificates,
    read: HashMap<PathBuf, Arc<SopsConfig>>,
    made: HashMap<(PathBuf, usize, bool), Arc<Policy>>,
}

impl Policies {
    /// Nothing is read yet.
    pub fn new(plugins: bool) -> Self {
        Self { plugins, warns: true, certificates: Certificates::default(), read: HashMap::new(), made: HashMap::new() }
    }

    /// As [`Policies::new`], for a first look that is followed by a second one: nothing is said of what is odd.
    pub fn glance(plugins: bool) -> Self {
        Self { warns: false, ..Self::new(plugins) }
    }

    /// The policy for a file, if there is one.
    pub fn for_file(&mut self, file: &Path, io: &mut Io) -> Result<Option<Arc<Policy>>, CliError> {
        if let Some(located) = self.certificates.located(file, io)?
            && let Some(rule) = located.rule(file)?
            && let Some(sops) = &rule.sops
        {
            return match &sops.config {
                Some(config) => self.by(&absolute(&located.folder().join(config))?, sops.strong_mac, file, io),
                None => Ok(Some(Arc::new(of_rule(&located, rule, sops.strong_mac)))),
            };
        }
        match above(file)? {
            Some(config) => self.by(&config, false, file, io),
            None => Ok(None),
        }
    }

    /// True when a rule of `.seal.yaml` wants this file to hold SealedSecrets.
    pub fn is_for_objects(&mut self, file: &Path, io: &Io) -> Result<bool, CliError> {
        match self.certificates.located(file, io)? {
            Some(located) => Ok(located.rule(file)?.is_some_and(|rule| rule.sops.is_none())),
            None => Ok(false),
        }
    }

    /// True when a rule of `.seal.yaml` wants this file to be a SOPS file.
    pub fn is_for_sops(&mut self, file: &Path, io: &Io) -> Result<bool, CliError> {
        match self.certificates.located(file, io)? {
            Some(located) if located.config.rules.iter().any(|rule| rule.sops.is_some()) => {
                Ok(located.rule(file)?.is_some_and(|rule| rule.sops.is_some()))
            }
            _ => Ok(false),
        }
    }

    /// True when the rule for a file says that it must carry the stronger MAC. Only `.seal.yaml` can say that.
    pub fn demands_strong_mac(&mut self, file: &Path, io: &mut Io) -> Result<bool, CliError> {
        let Some(located) = self.certificates.located(file, io)? else { return Ok(false) };
        Ok(located.rule(file)?.and_then(|rule| rule.sops.as_ref()).is_some_and(|sops| sops.strong_mac))
    }

    /// The policy that flags make.
    pub fn of_recipients(&self, texts: &[String], io: &mut Io) -> Result<Policy, CliError> {
        let age = super::rotate::resolve(texts, self.plugins, io)?;
        Ok(Policy {
            groups: vec![Group { age, others: Vec::new() }],
            threshold: None,
            selector: None,
            mac_only_encrypted: false,
            strong_mac: false,
            source: "--age".to_owned(),
        })
    }

    /// The first rule of a `.sops.yaml` that matches.
    fn by(&mut self, config: &Path, strong_mac: bool, file: &Path, io: &mut Io) -> Result<Option<Arc<Policy>>, CliError> {
        let rules = self.rules(config, io)?;
        let rule = match rules.rule_for(&relative(config, file)?) {
            Ok(Some(rule)) => rule,
            Ok(None) | Err(ConfigError::NoMatch { .. }) => return Ok(None),
            Err(error) => return Err(CliError::from_error(&error)),
        };
        let place = (config.to_owned(), rule.number, strong_mac);
        if let Some(known) = self.made.get(&place) {
            return Ok(Some(Arc::clone(known)));
        }
        let policy = Arc::new(Policy { strong_mac, ..self.policy(config, rule, io)? });
        self.made.insert(place, Arc::clone(&policy));
        Ok(Some(policy))
    }

    fn rules(&mut self, config: &Path, io: &mut Io) -> Result<Arc<SopsConfig>, CliError> {
        if let Some(known) = self.read.get(config) {
            return Ok(Arc::clone(known));
        }
        let bytes = io.read_file(config)?;
        let rules = SopsConfig::parse(&shown(config), bytes.expose()).map_err(|error| CliError::from_error(&error))?;
        for warning in rules.warnings().iter().filter(|_| self.warns) {
            report::warning(warning, io);
        }
        let rules = Arc::new(rules);
        self.read.insert(config.to_owned(), Arc::clone(&rules));
        Ok(rules)
    }

    fn policy(&self, config: &Path, rule: &CreationRule, io: &mut Io) -> Result<Policy, CliError> {
        let place = format!("{}:{}: rule {}", shown(config), rule.at.line, rule.number);
        let mut groups = Vec::new();
        for group in &rule.groups {
            let age = super::rotate::resolve(&group.age, self.plugins, io).map_err(|error| error.context(&place))?;
            let others = group.others.iter().map(|(kind, name)| Master { kind: (*kind).to_owned(), name: name.clone() });
            groups.push(Group { age, others: others.collect() });
        }
        let selector = rule.selector().map_err(|error| CliError::from_error(&error).context(&place))?;
        let expression = rule.path_regex.as_ref().map(|regex| format!(", path_regex {regex}")).unwrap_or_default();
        Ok(Policy {
            groups,
            threshold: rule.shamir_threshold,
            selector,
            mac_only_encrypted: rule.mac_only_encrypted,
            strong_mac: false,
            source: format!("{}, rule {}{expression}", shown(config), rule.number),
        })
    }
}

/// What a rule of `.seal.yaml` says by itself.
fn of_rule(located: &Located, rule: &Rule, strong_mac: bool) -> Policy {
    Policy {
        groups: vec![Group { age: rule.recipients.iter().map(|one| one.recipient.clone()).collect(), others: Vec::new() }],
        threshold: None,
        selector: None,
        mac_only_encrypted: false,
        strong_mac,
        source: format!("{}, path {}", shown(&located.path), rule.path),
    }
}

/// The nearest configuration in the folder of a file or above; `-` looks from the working folder.
fn above(file: &Path) -> Result<Option<PathBuf>, CliError> {
    let start = if file == Path::new("-") { Path::new("./-") } else { file };
    Ok(absolute(start)?.ancestors().skip(1).map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file()))
}

/// The path that rules are matched with: from the folder of the configuration, `/` between folders.
fn relative(config: &Path, file: &Path) -> Result<String, CliError> {
    let file = absolute(file)?;
    let below = config.parent().and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(&file);
    Ok(below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
}

/// The folder with its links and dots resolved, and the file's own name.
fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let wrong = |error: &std::io::Error| CliError::failed(format!("cannot find {}: {}", path.display(), reason(error)));
    let plain = std::path::absolute(path).map_err(|error| wrong(&error))?;
    match (plain.parent().and_then(|folder| folder.canonicalize().ok()), plain.file_name()) {
        (Some(folder), Some(name)) => Ok(folder.join(name)),
        _ => Ok(plain),
    }
}
