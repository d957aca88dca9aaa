//! The strict reader of `.seal.yaml`: every complaint has a line and a column.

use super::{Cluster, Config, Controller, Rule, Source};
use crate::report::CliError;
use seal_manifest::{Entry, ManifestFile, Node, Position};
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
        let mut config = Config::default();
        for entry in self.map(root, "the document", &["clusters", "rules"])? {
            match entry.key.as_str() {
                "clusters" => config.clusters = self.clusters(&entry.value)?,
                _ => config.rules = self.list(&entry.value, "rules", |node| self.rule(node))?,
            }
        }
        for (index, rule) in config.rules.iter().enumerate() {
            if !config.clusters.contains_key(&rule.cluster) {
                let at =
                    root.get("rules").and_then(Node::elements).and_then(|rules| rules.get(index)).map_or(root.at, |node| node.at);
                return Err(self.error(
                    at,
                    format!("rule for {:?}: no cluster {:?}", rule.path, rule.cluster),
                    "name one that is under clusters",
                ));
            }
        }
        Ok(config)
    }

    fn clusters(&self, node: &Node) -> Result<BTreeMap<String, Cluster>, CliError> {
        let entries = node.entries().ok_or_else(|| self.wrong(node, "clusters", "a map of names to clusters"))?;
        entries.iter().map(|entry| Ok((entry.key.clone(), self.cluster(entry)?))).collect()
    }

    fn cluster(&self, named: &Entry) -> Result<Cluster, CliError> {
        let mut cluster = Cluster::default();
        let known = ["certificate", "context", "controller", "fingerprints", "installation"];
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

    fn rule(&self, node: &Node) -> Result<Rule, CliError> {
        let (mut path, mut cluster, mut scope) = (None, None, None);
        for entry in self.map(node, "a rule", &["path", "cluster", "scope"])? {
            let text = self.text(&entry.value, &entry.key)?;
            match entry.key.as_str() {
                "path" => path = Some(text),
                "cluster" => cluster = Some(text),
                _ => scope = Some(text.parse().map_err(|error| self.error(entry.value.at, error, "strict is the default"))?),
            }
        }
        match (path, cluster) {
            (Some(path), Some(cluster)) => Ok(Rule { path, cluster, scope }),
            (None, _) => Err(self.error(node.at, "the rule has no path", "add `path:` with a pattern as in .gitignore")),
            _ => Err(self.error(node.at, "the rule has no cluster", "add `cluster:` with a name from clusters")),
        }
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
        let rule = Rule { path: "a/**".into(), cluster: "p".into(), scope: Some(seal_crypto::Scope::NamespaceWide) };
        let controller = Controller { namespace: "kube-system".into(), name: Some("sealed-secrets".into()) };
        let clusters = [
            ("p".to_owned(), Cluster { source: Source::File("certs/p.pem".into()), ..Cluster::default() }),
            (
                "s".to_owned(),
                Cluster { source: Source::Context("admin".into()), controller: Some(controller), ..Cluster::default() },
            ),
        ];
        assert_eq!(config, Config { clusters: clusters.into(), rules: vec![rule] });
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
            ("rules:\n  - path: x\n", "f:2:5: the rule has no cluster"),
            ("rules:\n  - {path: x, cluster: q}\n", "f:2:5: rule for \"x\": no cluster \"q\""),
            ("clusters: {p: {context: 1}}\n", "f:1:25: context must be text (quote it), found number"),
            ("a: 1\n---\nb: 2\n", "f:3:1: more than one document"),
        ] {
            assert_eq!(parse("f", text.to_owned().into()).unwrap_err().message, message);
        }
    }
}
