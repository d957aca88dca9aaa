//! age identities as Secrets, and documents encrypted for them by the real sops and by ours.

use crate::peers;
use anyhow::{Context, Result, ensure};
use seal_crypto::age::{Identity, Recipient, RecipientKind};
use seal_crypto::sops::DataKey;
use seal_sops::{EncryptOptions, Selector, SopsFile, Store, unwrap};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The label that makes a Secret of the home namespace an identity of the installation.
pub const LABEL: &str = "sealkit.dev/age-identity";

/// An identity made in this process.
pub struct AgeKey {
    /// Whom to encrypt for.
    pub recipient: Recipient,
    text: String,
}

impl AgeKey {
    /// A fresh one.
    ///
    /// # Errors
    /// Never for the two kinds that are ours to make.
    pub fn fresh(kind: RecipientKind) -> Result<Self> {
        let identity = Identity::generate(kind, &mut rand::rng()).context("not a kind that can be made")?;
        let text = identity.to_text().context("a kind without text")?;
        let recipient = identity.recipient().context("a kind without recipient")?.clone();
        Ok(Self { recipient, text: String::from_utf8(text.expose().to_vec())? })
    }

    /// A Secret as Flux users have it; with the label the controller takes it for its own.
    pub fn secret(&self, name: &str, labelled: bool) -> Value {
        let labels = if labelled { json!({LABEL: "active"}) } else { json!({}) };
        let file = format!("# created by hand\n# public key: {}\n{}\n", self.recipient.as_str(), self.text);
        json!({"metadata": {"name": name, "labels": labels}, "stringData": {"age.agekey": file}})
    }

    /// What the real sops makes of a YAML document; nothing when there is no sops here.
    ///
    /// # Errors
    /// When sops refuses it.
    pub fn by_sops(&self, document: &str, arguments: &[&str]) -> Result<Option<String>> {
        let Some(sops) = peers::tool("sops") else { return Ok(None) };
        let mut child = Command::new(sops)
            .args(["encrypt", "--age", self.recipient.as_str(), "--filename-override", "secret.yaml"])
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child.stdin.take().context("piped above")?.write_all(document.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "sops: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Some(String::from_utf8(output.stdout)?))
    }

    /// The same by our own library, with the stronger MAC.
    ///
    /// # Errors
    /// When the document does not parse.
    pub fn bound(&self, document: &str) -> Result<String> {
        let key = DataKey::generate(&mut rand::rng());
        let groups = unwrap::wrap(&key, &[vec![self.recipient.clone()]], None, false, &mut rand::rng())?;
        let selector = Selector::EncryptedRegex("^(data|stringData)$".to_owned());
        let options =
            EncryptOptions { groups, threshold: None, selector, mac_only_encrypted: false, strong: true, previous: None };
        let file = SopsFile::parse("secret.yaml", Store::Yaml, document.to_owned())?;
        let sealed = file.encrypt(&options, &key, jiff::Timestamp::now(), &mut rand::rng())?;
        Ok(String::from_utf8(sealed.expose().to_vec())?)
    }
}
