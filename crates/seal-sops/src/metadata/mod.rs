//! The `sops` block: who can open the data key, what is sealed, when and by which version.
//!
//! Read weakly typed and in any order, as sops reads it; written into the block that is there: its order, its layout and the keys nobody
//! knows stay. Nothing here is secret: ciphertext and public names.

mod edits;
mod entries;
pub(crate) mod flat;
pub(crate) mod json;
mod read;
mod time;
pub(crate) mod yaml;

pub(crate) use entries::{Meta, entries};

use crate::Selector;

#[cfg(test)]
mod tests;

/// Lists of master keys that only sops can use, in the order in which sops writes them, each with the fields that name a key.
pub(crate) const FOREIGN: [(&str, &[&str]); 6] = [
    ("azure_kv", &["vault_url", "name", "version"]),
    ("gcp_kms", &["resource_id"]),
    ("hc_vault", &["vault_address", "engine_path", "key_name"]),
    ("hckms", &["key_id"]),
    ("kms", &["arn"]),
    ("pgp", &["fp"]),
];

/// What a `sops` block says. The default is an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Master keys; one group unless Shamir's scheme is used.
    pub groups: Vec<KeyGroup>,
    /// How many groups are needed; `None` when the block does not say.
    pub shamir_threshold: Option<u32>,
    /// When values last changed: RFC 3339, as the block has it. The MAC is bound to it.
    pub lastmodified: String,
    /// The sealed MAC, `ENC[…]`; empty when there is none.
    pub mac: String,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// What is sealed.
    pub selector: Selector,
    /// Version of the writer.
    pub version: String,
    /// The stronger MAC (`seal_mac`), when there is one.
    pub strong_mac: Option<String>,
}

/// Master keys of which any one opens the group's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyGroup {
    /// age recipients.
    pub age: Vec<AgeKey>,
    /// Keys of other kinds: kept, never used.
    pub others: Vec<ForeignKey>,
}

/// The data key (or a share of it) for one age recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeKey {
    /// The recipient as text.
    pub recipient: String,
    /// Armored age file.
    pub enc: String,
}

/// A master key of a kind that only sops can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name of the list: `pgp`, `kms`, `gcp_kms`, `hckms`, `azure_kv`, `hc_vault`.
    pub kind: String,
    /// What names the key: fingerprint, ARN, URL.
    pub name: String,
    /// All fields in file order, kept as they are.
    pub fields: Vec<(String, serde_json::Value)>,
}

impl Metadata {
    /// What the MAC is bound to: `lastmodified` read as a time and written again, as sops does it.
    pub fn mac_aad(&self) -> String {
        time::canonical(&self.lastmodified).unwrap_or_else(|| self.lastmodified.clone())
    }

    /// How many groups must open: the threshold, or all of them when the block does not say.
    pub fn groups_needed(&self) -> usize {
        match self.shamir_threshold {
            _ if self.groups.len() < 2 => 1,
            None | Some(0) => self.groups.len(),
            Some(threshold) => threshold as usize,
        }
    }

    /// All age keys of all groups.
    pub fn age_keys(&self) -> impl Iterator<Item = &AgeKey> {
        self.groups.iter().flat_map(|group| &group.age)
    }

    /// All keys that only sops can use.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.groups.iter().flat_map(|group| &group.others)
    }
}
