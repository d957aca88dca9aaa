//! The strict reader of `.seal.yaml`: every complaint has a line and a column.

use super::{Book, Cluster, Config, Controller, Named, Rule, SopsRule, Source};
use crate::report::CliError;
use seal_manifest::{Entry, Kind, ManifestFile, Node, Position};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// Reads the text of a `.seal.yaml`; `file` is what to call it in messages.
pub fn parse(file: &str, text: SecretBytes) -> Result<Config, CliError> {
    let manifest = ManifestFile::parse(file, text)?;
    let reader = Reader { file };
    match manifest.documents.as_slice() {
        [] => Ok(Config::default()),
        [document] => reader.config(&document.root),
        [_, second, ..] => Err(reader.error(second.root.at, "more than one document", "keep everything in one")),
    }
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn error(&self, at: Position, problem: impl std::fmt::Display, hint: impl Into<String>) -> CliError {
        CliError::failed(format!("{}:{}:{}: {problem}", self.file, at.line, at.column)).hint(hint)
    }

    fn config(&self, root: &Node) -> Result<Config, CliError> {
        let entries = self.map(root, "the document", &["clusters", "recipients", "groups", "rules"])?;
        let part = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        let mut config = Config { book: self.book(part("recipients"), part("groups"))?, ..Config::default() };
        if let Some(clusters) = part("clusters") {
            config.clusters = self.clusters(clusters, &config.book)?;
        }
        if let Some(rules) = part("rules") {
            config.rules = self.list(rules, "rules", |node| self.rule(node, &config.book))?;
        }
        for (index, rule) in config.rules.iter().enumerate() {
            let Some(cluster) = &rule.cluster else { continue };
            if !config.clusters.contains_key(cluster) {
                let at =
                    root.get("rules").and_then(Node::elements).and_then(|rules| rules.get(index)).map_or(root.at, |node| node.at);
                return Err(self.error(
                    at,
                    format!("rule for {:?}: no cluster {:?}", rule.path, cluster),
                    "name one that is under clusters",
                ));
            }
        }
        Ok(config)
    }

    /// Recipients by name, then groups of those and of groups that stand above.
    fn book(&self, recipients: Option<&Node>, groups: Option<&Node>) -> Result<Book, CliError> {
        let mut book = Book::default();
        let taken = |entry: &Entry| {
            self.error(entry.key_at, format!("the name {:?} is taken", entry.key), "recipients and groups share their names")
        };
        for entry in self.named(recipients, "recipients", "a map of names to age recipients")? {
            let text = self.text(&entry.value, &entry.key)?;
            let recipient = text.parse().map_err(|error: seal_crypto::age::RecipientError| {
                self.error(entry.value.at, error, "it is age1 and what follows, as `seal keygen` or age-keygen prints it")
            })?;
            if !book.add(&entry.key, vec![Named { name: entry.key.clone(), recipient }]) {
                return Err(taken(entry));
            }
        }
        for entry in self.named(groups, "groups", "a map of names to lists of recipients")? {
            let members = self.recipients(&entry.value, &format!("groups.{}", entry.key), &book)?;
            if !book.add(&entry.key, members) {
                return Err(taken(entry));
            }
        }
        Ok(book)
    }

    fn named<'n>(&self, node: Option<&'n Node>, what: &str, expected: &str) -> Result<&'n [Entry], CliError> {
        node.map_or(Ok(&[]), |node| node.entries().ok_or_else(|| self.wrong(node, what, expected)))
    }

    /// A list of names, groups and recipients written out; who is named twice counts once.
    fn recipients(&self, node: &Node, what: &str, book: &Book) -> Result<Vec<Named>, CliError> {
        let mut all = Vec::<Named>::new();
        for found in self.list(node, what, |node| {
            let text = self.text(node, "a recipient")?;
            let hint = match book.names() {
                names if names.is_empty() => "name it under recipients, or write age1... out".to_owned(),
                names => format!("names here and above: {names}"),
            };
            book.find(&text).map_err(|problem| self.error(node.at, problem, hint))
        })? {
            for one in found {
                if !all.iter().any(|known| known.fingerprint() == one.fingerprint()) {
                    all.push(one);
                }
            }
        }
        Ok(all)
    }

    fn clusters(&self, node: &Node, book: &Book) -> Result<BTreeMap<String, Cluster>, CliError> {
        let entries = node.entries().ok_or_else(|| self.wrong(node, "clusters", "a map of names to clusters"))?;
        entries.iter().map(|entry| Ok((entry.key.clone(), self.cluster(entry, book)?))).collect()
    }

    fn cluster(&self, named: &Entry, book: &Book) -> Result<Cluster, CliError> {
        let mut cluster = Cluster::default();
        let known = ["certificate", "context", "controller", "fingerprints", "installation", "recipients", "audience"];
        for entry in self.map(&named.value, &format!("clusters.{}", named.key), &known)? {
            let value = &entry.value;
            match entry.key.as_str() {
                "certificate" | "context" if cluster.source != Source::Unset => {
                    return Err(self.error(
                        entry.key_at,
                        "certificate and context exclude each other",
                        "keep the one that certificates should come from",
                    ));
                }
                "certificate" => {
                    let text = self.text(value, "certificate")?;
                    let url = text.starts_with("https://") || text.starts_with("http://");
                    cluster.source = if url { Source::Url(text) } else { Source::File(text) };
                }
                "context" => cluster.source = Source::Context(self.text(value, "context")?),
                "controller" => cluster.controller = Some(self.controller(value)?),
                "recipients" => cluster.recipients = self.recipients(value, "recipients", book)?,
                "audience" => cluster.audience = self.text(value, "audience")?,
                "fingerprints" => {
                    cluster.fingerprints = self.list(value, "fingerprints", |node| {
                        let text = self.text(node, "a fingerprint")?;
                        text.parse().map_err(|error| {
                            self.error(node.at, error, "take it from `seal cert show`: SHA256: and 43 characters")
                        })
                    })?;
                }
                _ => {
                    let text = self.text(value, "installation")?;
                    let key = seal_crypto::VerifyingKey::parse(&text).map_err(|_| {
                        self.error(value.at, "not an installation key", "it is ed25519: and 44 characters of base64")
                    })?;
                    cluster.installation = Some(key);
                }
            }
        }
        Ok(cluster)
    }

    fn controller(&self, node: &Node) -> Result<Controller, CliError> {
        let mut controller = Controller { namespace: "kube-system".to_owned(), name: None };
        for entry in self.map(node, "controller", &["namespace", "name"])? {
            let text = self.text(&entry.value, &entry.key)?;
            if entry.key == "name" { controller.name = Some(text) } else { controller.namespace = text }
        }
        Ok(controller)
    }

    fn rule(&self, node: &Node, book: &Book) -> Result<Rule, CliError> {
        let (mut path, mut cluster, mut scope, mut recipients) = (None, None, None, Vec::new());
        let (mut sops, mut strong_mac) = (None, None);
        for entry in self.map(node, "a rule", &["path", "cluster", "recipients", "scope", "sops", "strong_mac"])? {
            match (entry.key.as_str(), &entry.value.kind) {
                ("recipients", _) => {
                    recipients = self.recipients(&entry.value, "recipients", book)?;
                    continue;
                }
                ("sops", Kind::Bool(true)) => {
                    sops = Some(None);
                    continue;
                }
                ("strong_mac", Kind::Bool(demanded)) => {
                    strong_mac = Some((entry.key_at, *demanded));
                    continue;
                }
                ("strong_mac", _) => return Err(self.wrong(&entry.value, "strong_mac", "true or false")),
                _ => {}
            }
            let text = self.text(&entry.value, &entry.key)?;
            match entry.key.as_str() {
                "path" => path = Some(text),
                "cluster" => cluster = Some(text),
                "sops" => sops = Some(Some(text)),
                _ => scope = Some(text.parse().map_err(|error| self.error(entry.value.at, error, "strict is the default"))?),
            }
        }
        let Some(path) = path else {
            return Err(self.error(node.at, "the rule has no path", "add `path:` with a pattern as in .gitignore"));
        };
        let names_recipients = cluster.is_some() || !recipients.is_empty();
        match (&sops, strong_mac) {
            (None, Some((at, _))) => {
                return Err(self.error(at, "strong_mac is for SOPS files", "add `sops: true`, or take it out"));
            }
            (Some(_), _) if cluster.is_some() || scope.is_some() => {
                let hint = "make two rules of it, or take `cluster:` and `scope:` out";
                return Err(self.error(node.at, "a rule is for SOPS files or for SealedSecrets", hint));
            }
            (Some(Some(_)), _) if names_recipients => {
                let hint = "write `sops: true` to use the recipients here, or take them out";
                return Err(self.error(node.at, "the recipients are those of the file that `sops:` names", hint));
            }
            (Some(None), _) if !names_recipients => {
                let hint = "add `recipients:` with a list, or name a file: `sops: .sops.yaml`";
                return Err(self.error(node.at, "the rule has no recipients for SOPS files", hint));
            }
            (None, _) if !names_recipients => {
                let hint = "add `cluster:` with a name from clusters, or `recipients:` with a list";
                return Err(self.error(node.at, "the rule has neither a cluster nor recipients", hint));
            }
            _ => {}
        }
        let strong_mac = strong_mac.is_some_and(|(_, demanded)| demanded);
        let sops = sops.map(|config| SopsRule { config, strong_mac });
        Ok(Rule { path, cluster, recipients, scope, sops })
    }

    /// Entries of a mapping that has only known keys.
    fn map<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> Result<&'n [Entry], CliError> {
        let entries = node.entries().ok_or_else(|| self.wrong(node, what, "a map"))?;
        match entries.iter().find(|entry| !known.contains(&entry.key.as_str())) {
            Some(odd) => Err(self.error(
                odd.key_at,
                format!("unknown field {:?} in {what}", odd.key),
                format!("known fields: {}", known.join(", ")),
            )),
            None => Ok(entries),
        }
    }

    fn list<T>(&self, node: &Node, what: &str, read: impl Fn(&Node) -> Result<T, CliError>) -> Result<Vec<T>, CliError> {
        node.elements().ok_or_else(|| self.wrong(node, what, "a list"))?.iter().map(read).collect()
    }

    fn text(&self, node: &Node, what: &str) -> Result<String, CliError> {
        node.public_text()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(node, what, "text (quote it)"))
    }

    fn wrong(&self, node: &Node, what: &str, expected: &str) -> CliError {
        self.error(node.at, format!("{what} must be {expected}, found {}", node.kind_name()), "see `.seal.yaml` in the README")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_reads_back_whole() {
        let text = "clusters:\n  p:\n    certificate: certs/p.pem\n  s:\n    context: admin\n    controller: {name: sealed-secrets}\nrules:\n  - path: a/**\n    cluster: p\n    scope: namespace-wide\n";
        let config = parse("f", text.to_owned().into()).unwrap();
        let rule = Rule {
            path: "a/**".into(),
            cluster: Some("p".into()),
            recipients: Vec::new(),
            scope: Some(seal_crypto::Scope::NamespaceWide),
            sops: None,
        };
        let controller = Controller { namespace: "kube-system".into(), name: Some("sealed-secrets".into()) };
        let clusters = [
            ("p".to_owned(), Cluster { source: Source::File("certs/p.pem".into()), ..Cluster::default() }),
            (
                "s".to_owned(),
                Cluster { source: Source::Context("admin".into()), controller: Some(controller), ..Cluster::default() },
            ),
        ];
        assert_eq!(config, Config { clusters: clusters.into(), rules: vec![rule], ..Config::default() });
    }

    #[test]
    fn a_controller_without_a_name_is_left_to_be_found() {
        let text = "clusters: {p: {context: a, controller: {namespace: seal-system}}}\n";
        let config = parse("f", text.to_owned().into()).unwrap();
        let expected = Controller { namespace: "seal-system".into(), name: None };
        assert_eq!(config.clusters["p"].controller, Some(expected));
    }

    #[test]
    fn complaints_have_a_position() {
        for (text, message) in [
            ("clusters:\n  p:\n    certifcate: x\n", "f:3:5: unknown field \"certifcate\" in clusters.p"),
            ("clusters: []\n", "f:1:11: clusters must be a map of names to clusters, found list"),
            ("clusters:\n  p: {certificate: a, context: b}\n", "f:2:23: certificate and context exclude each other"),
            ("clusters:\n  p: {fingerprints: [abc]}\n", "f:2:22: not a SHA256: fingerprint"),
            ("clusters:\n  p: {installation: abc}\n", "f:2:21: not an installation key"),
            ("rules:\n  - {path: x, sops: true}\n", "f:2:5: the rule has no recipients for SOPS files"),
            ("rules:\n  - {path: x, sops: [a]}\n", "f:2:21: sops must be text (quote it), found list"),
            ("rules:\n  - {path: x, recipients: [], strong_mac: true}\n", "f:2:31: strong_mac is for SOPS files"),
            (
                "clusters: {c: {}}\nrules:\n  - {path: x, sops: y, cluster: c}\n",
                "f:3:5: a rule is for SOPS files or for SealedSecrets",
            ),
            ("rules:\n  - path: x\n", "f:2:5: the rule has neither a cluster nor recipients"),
            ("rules:\n  - {path: x, cluster: q}\n", "f:2:5: rule for \"x\": no cluster \"q\""),
            ("clusters: {p: {context: 1}}\n", "f:1:25: context must be text (quote it), found number"),
            ("a: 1\n---\nb: 2\n", "f:3:1: more than one document"),
        ] {
            assert_eq!(parse("f", text.to_owned().into()).unwrap_err().message, message);
        }
    }
}
