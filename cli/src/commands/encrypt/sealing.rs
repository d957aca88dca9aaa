//! Documents of a file to sealed ones: which are sealed, which pass, which are refused.

use crate::{
    certificate::Sealing,
    objects::{self, described, is_sealed, is_secret, list_items},
    report::CliError,
};
use rand::rngs::StdRng;
use seal_core::{
    seal::{SealOptions, SealSecretError, seal_secret},
    secret::{SecretObject, kind_of},
};
use seal_crypto::{BindingError, Scope, SealError};
use seal_manifest::{Document, Entry, Kind, Node, Position};
use serde_json::Value;

/// How the documents of one run are sealed.
#[derive(Clone, Default)]
pub(super) struct Rules {
    /// `--scope`.
    pub scope: Option<Scope>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--name`.
    pub name: Option<String>,
    /// `--allow-empty-data`.
    pub allow_empty: bool,
    /// Not `--no-claim`.
    pub claim: bool,
    /// Other kinds are copied instead of refused.
    pub pass_through: bool,
}

/// A document after sealing.
pub(super) enum Outcome {
    /// Nothing in it was to be sealed.
    Unchanged,
    /// The new document.
    Sealed(Node),
}

/// The documents of one file after sealing, and what to tell the user about them.
#[derive(Default)]
pub(super) struct Sealed {
    /// One outcome for each document.
    pub documents: Vec<Outcome>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Secrets sealed.
    pub count: usize,
}

impl Sealed {
    /// Documents that were sealed apart from one another, as one file again.
    pub(super) fn joined(parts: impl Iterator<Item = Sealed>) -> Sealed {
        let mut whole = Sealed::default();
        for part in parts {
            whole.documents.extend(part.documents);
            whole.warnings.extend(part.warnings);
            whole.count += part.count;
        }
        whole
    }
}

/// Seals every Secret of one document of a file.
pub(super) fn seal_document(
    file: &str,
    document: &Document,
    sealing: &Sealing,
    rules: &Rules,
    rng: &mut StdRng,
) -> Result<Sealed, CliError> {
    let mut run = Run { file, sealing, rules, rng, warnings: Vec::new(), count: 0 };
    let outcome = run.node(&document.root)?.map_or(Outcome::Unchanged, Outcome::Sealed);
    Ok(Sealed { documents: vec![outcome], warnings: run.warnings, count: run.count })
}

/// Seals one Secret that has its namespace and name, or says why not.
pub(super) fn seal_one(secret: &SecretObject, sealing: &Sealing, rules: &Rules, rng: &mut StdRng) -> Result<Node, CliError> {
    let annotated = secret.scope();
    let scope = rules.scope.or((annotated != Scope::Strict).then_some(annotated)).or(sealing.scope);
    let options = SealOptions { scope, allow_empty: rules.allow_empty, claim: rules.claim };
    let object = seal_secret(secret, options, &sealing.to, rng)
        .map_err(|error| CliError::failed(error.to_string()).hint(remedy(&error)))?;
    Ok(object.to_node())
}

/// What to do about it.
fn remedy(error: &SealSecretError) -> &'static str {
    match error {
        SealSecretError::Binding(BindingError::Namespace) => {
            "write metadata.namespace into the Secret, or give -n NAMESPACE: it becomes part of what is sealed"
        }
        SealSecretError::Binding(_) => "give the Secret a metadata.name (generateName does not work), or --name NAME",
        SealSecretError::Empty => "if that is meant, pass --allow-empty-data",
        SealSecretError::TooLarge(_) => "split it over several Secrets, or seal it to fewer recipients",
        SealSecretError::Item { source: SealError::Recipients(_), .. } => {
            "post-quantum recipients (age1pq1..., age1tagpq1...) go only with one another"
        }
        SealSecretError::Item { source: SealError::Context(_), .. } => "an audience is a short name without spaces, such as eu-1",
        SealSecretError::Item { source: SealError::Nested, .. } => "seal the value itself, as it was before",
        SealSecretError::Item { source: SealError::KeyTooSmall, .. } => {
            "seal to another certificate: `seal cert fetch` shows the one in use"
        }
        _ => objects::SPLIT,
    }
}

struct Run<'a> {
    file: &'a str,
    sealing: &'a Sealing,
    rules: &'a Rules,
    rng: &'a mut StdRng,
    warnings: Vec<String>,
    count: usize,
}

impl Run<'_> {
    /// The new tree, or nothing when the old one stays.
    fn node(&mut self, node: &Node) -> Result<Option<Node>, CliError> {
        if let Some(items) = list_items(node) {
            return self.list(node, items);
        }
        if is_secret(node) {
            return self.secret(node).map(Some);
        }
        if is_sealed(node) || self.rules.pass_through {
            return Ok(None);
        }
        let (_, kind) = kind_of(node);
        let message = match kind {
            "" => "this is not a Kubernetes object: kind is missing".to_owned(),
            _ => format!("{}: only Secrets are sealed", described(node)),
        };
        Err(self.refuse(node.at, &message).hint("take it out, or pass --pass-through to copy other kinds unchanged"))
    }

    /// A list with its Secrets replaced; its own metadata (a resourceVersion) is dropped.
    fn list(&mut self, list: &Node, items: &[Node]) -> Result<Option<Node>, CliError> {
        let before = self.count;
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            elements.push(self.node(item)?.unwrap_or_else(|| item.clone()));
        }
        if self.count == before {
            return Ok(None);
        }
        let text = |key: &str, value: &str| Entry { key: key.to_owned(), key_at: list.at, value: Node::text(value.to_owned()) };
        let items = Entry { key: "items".to_owned(), key_at: list.at, value: Node { kind: Kind::List(elements), at: list.at } };
        Ok(Some(Node { kind: Kind::Map(vec![text("apiVersion", "v1"), text("kind", "List"), items]), at: list.at }))
    }

    fn secret(&mut self, node: &Node) -> Result<Node, CliError> {
        let mut secret = objects::secret(self.file, node)?;
        for (field, wanted) in [("name", &self.rules.name), ("namespace", &self.rules.namespace)] {
            let Some(wanted) = wanted else { continue };
            let own = secret.metadata.get(field).and_then(Value::as_str).unwrap_or_default();
            if !own.is_empty() && own != wanted {
                let at = node.at_path(&["metadata", field]).map_or(node.at, |value| value.at);
                let message = format!("{} has {field} {own:?}, but --{field} says {wanted:?}", described(node));
                return Err(self.refuse(at, &message).hint(format!("change the file, or leave --{field} out")));
            }
            secret.metadata.insert(field.to_owned(), wanted.as_str().into());
        }
        self.warnings.extend(newline_warnings(&secret, &format!("{}: {}", self.file, described(node))));
        self.count += 1;
        seal_one(&secret, self.sealing, self.rules, self.rng).map_err(|error| {
            error.context(described(node)).context(format_args!("{}:{}:{}", self.file, node.at.line, node.at.column))
        })
    }

    fn refuse(&self, at: Position, message: &str) -> CliError {
        CliError::failed(format!("{}:{}:{}: {message}", self.file, at.line, at.column))
    }
}

/// A value of one line that ends with a newline is nearly always an `echo` without `-n`.
pub(super) fn newline_warnings(secret: &SecretObject, described: &str) -> Vec<String> {
    let lonely = |bytes: &[u8]| bytes.iter().position(|&byte| byte == b'\n') == bytes.len().checked_sub(1);
    let suspicious = secret.data.iter().filter(|(_, value)| !value.is_empty() && lonely(value.expose()));
    suspicious
        .map(|(key, _)| format!("{described}: the value of {key} ends with a newline, which becomes part of the secret"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{SealError, SealSecretError, remedy};

    #[test]
    fn a_value_that_cannot_be_sealed_gets_a_way_out_that_the_error_does_not_say_already() {
        let hint = |source| remedy(&SealSecretError::Item { key: "dump".to_owned(), source });
        assert!(hint(SealError::TooLarge).contains("split it") && !hint(SealError::TooLarge).contains("1 MiB"));
        assert!(hint(SealError::KeyTooSmall).contains("another certificate"));
    }
}
