//! The `sops` block: who can open the data key, what is sealed, when and by which version.

use crate::Selector;

/// What a `sops` block says.
#[derive(Clone, Debug, PartialEq, Eq)]
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
