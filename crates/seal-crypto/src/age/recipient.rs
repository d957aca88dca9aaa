//! Whom an age file is for. Reads the text forms; refuses to guess, and says what is wrong without repeating the text.

use super::foreign;
use super::{EncryptError, RecipientError, pq, x25519, xwing};
use crate::Fingerprint;
use rand_core::CryptoRng;
use std::collections::HashSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// age's own label: whoever has it wants only company that has it too.
const POST_QUANTUM: &str = "postquantum";

/// What sort of key a recipient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecipientKind {
    /// `age1...`
    X25519,
    /// `age1pq1...`: X25519 with ML-KEM-768.
    PostQuantum,
    /// `age1tag1...`: P-256 in hardware.
    Tag,
    /// `age1tagpq1...`: P-256 with ML-KEM-768 in hardware.
    TagPostQuantum,
    /// `ssh-ed25519 ...`
    Ssh,
    /// Brought by the program: a plugin.
    Foreign,
}

/// A public key that age files can be made for.
#[derive(Clone)]
pub struct Recipient {
    text: Arc<str>,
    fingerprint: Fingerprint,
    pub(super) key: Key,
}

#[derive(Clone)]
pub(super) enum Key {
    X25519(x25519_dalek::PublicKey),
    PostQuantum(Box<xwing::Public>),
    Tag(Box<age::tag::Recipient>),
    TagPostQuantum(Box<age::tagpq::Recipient>),
    #[cfg(feature = "ssh")]
    Ssh(Box<age::ssh::Recipient>),
    Foreign {
        recipient: Arc<dyn foreign::Recipient + Send + Sync>,
        post_quantum: bool,
    },
}

impl Recipient {
    /// A recipient of a kind that only the program knows, such as a plugin's, with its text form.
    pub fn other(text: &str, post_quantum: bool, recipient: Arc<dyn foreign::Recipient + Send + Sync>) -> Self {
        Self::new(text, Key::Foreign { recipient, post_quantum })
    }

    fn new(text: &str, key: Key) -> Self {
        Self { text: text.into(), fingerprint: Fingerprint::of_text(text), key }
    }

    pub(super) fn of_x25519(key: x25519_dalek::PublicKey) -> Self {
        Self::new(&x25519::recipient_text(&key), Key::X25519(key))
    }

    pub(super) fn of_post_quantum(public: xwing::Public) -> Self {
        Self::new(&pq::recipient_text(&public), Key::PostQuantum(Box::new(public)))
    }

    /// Its canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What sort of key it is.
    pub fn kind(&self) -> RecipientKind {
        match &self.key {
            Key::X25519(_) => RecipientKind::X25519,
            Key::PostQuantum(_) => RecipientKind::PostQuantum,
            Key::Tag(_) => RecipientKind::Tag,
            Key::TagPostQuantum(_) => RecipientKind::TagPostQuantum,
            #[cfg(feature = "ssh")]
            Key::Ssh(_) => RecipientKind::Ssh,
            Key::Foreign { .. } => RecipientKind::Foreign,
        }
    }

    /// True when a file for it withstands a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        match &self.key {
            Key::Foreign { post_quantum, .. } => *post_quantum,
            _ => matches!(self.kind(), RecipientKind::PostQuantum | RecipientKind::TagPostQuantum),
        }
    }

    /// Its public name: `SHA256:` and the unpadded base64 of SHA-256 over the canonical text.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    /// The text for messages: whole when short, its two ends when it is a post-quantum one of 1959 characters.
    pub fn short(&self) -> String {
        match (self.text.get(..16), self.text.get(self.text.len().saturating_sub(8)..)) {
            (Some(head), Some(tail)) if self.text.len() > 120 => format!("{head}...{tail}"),
            _ => self.text.to_string(),
        }
    }
}

impl std::str::FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(RecipientError::Empty);
        }
        if text.get(..14).is_some_and(|head| head.eq_ignore_ascii_case("AGE-SECRET-KEY")) || is_plugin_identity(text) {
            return Err(RecipientError::Identity);
        }
        if text.starts_with("ssh-") {
            return ssh(text);
        }
        let lower = text.to_ascii_lowercase();
        let Some((prefix, _)) = lower.starts_with("age1").then(|| lower.rsplit_once('1')).flatten() else {
            return Err(RecipientError::NotAge);
        };
        let checksum =
            |error: &str| if error.contains("Bech32") { RecipientError::Checksum } else { RecipientError::Key("P-256") };
        match prefix {
            "age" => x25519::parse_recipient(text).map(Self::of_x25519),
            "age1pq" => pq::parse_recipient(text).map(Self::of_post_quantum),
            "age1tag" => {
                let parsed: age::tag::Recipient = text.parse().map_err(checksum)?;
                Ok(Self::new(&parsed.to_string(), Key::Tag(Box::new(parsed))))
            }
            "age1tagpq" => {
                let parsed: age::tagpq::Recipient = text.parse().map_err(checksum)?;
                Ok(Self::new(&parsed.to_string(), Key::TagPostQuantum(Box::new(parsed))))
            }
            plugin => Err(match plugin_name(plugin.trim_start_matches("age1")) {
                Some(name) => RecipientError::Plugin(name.to_owned()),
                None => RecipientError::PluginName,
            }),
        }
    }
}

fn is_plugin_identity(text: &str) -> bool {
    text.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("AGE-PLUGIN-"))
}

/// A name that can be part of a program's name and of nothing else (CVE-2024-56327): letters, digits, `+ - . _`, not only dots.
pub(super) fn plugin_name(name: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
    (name.bytes().all(allowed) && name.bytes().any(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

#[cfg(feature = "ssh")]
fn ssh(text: &str) -> Result<Recipient, RecipientError> {
    if !text.starts_with("ssh-ed25519 ") {
        return Err(RecipientError::Ssh("SSH keys other than ssh-ed25519 as"));
    }
    let parsed: age::ssh::Recipient = text.parse().map_err(|_| RecipientError::Key("SSH"))?;
    Ok(Recipient::new(parsed.to_string().trim(), Key::Ssh(Box::new(parsed))))
}

#[cfg(not(feature = "ssh"))]
fn ssh(_: &str) -> Result<Recipient, RecipientError> {
    Err(RecipientError::Ssh("SSH"))
}

/// The stanzas that wrap a file key for a recipient, and the labels that say what company it may be in.
pub(super) fn wrap(
    recipient: &Recipient,
    key: &foreign::FileKey,
    rng: &mut impl CryptoRng,
) -> Result<(Vec<foreign::Stanza>, HashSet<String>), EncryptError> {
    use foreign::Recipient as _;
    let wrapped = match &recipient.key {
        Key::X25519(public) => Ok((vec![x25519::wrap(public, key, *random::<32>(rng))], HashSet::new())),
        Key::PostQuantum(public) => Ok((vec![pq::wrap(public, key, &random(rng))], HashSet::from([POST_QUANTUM.to_owned()]))),
        Key::Tag(recipient) => recipient.wrap_file_key(key),
        Key::TagPostQuantum(recipient) => recipient.wrap_file_key(key),
        #[cfg(feature = "ssh")]
        Key::Ssh(recipient) => recipient.wrap_file_key(key),
        Key::Foreign { recipient, .. } => recipient.wrap_file_key(key),
    };
    wrapped.map_err(|error| EncryptError::Foreign(error.to_string()))
}

fn random<const N: usize>(rng: &mut impl CryptoRng) -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.fill_bytes(&mut bytes[..]);
    bytes
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipient({})", self.short())
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl std::hash::Hash for Recipient {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
