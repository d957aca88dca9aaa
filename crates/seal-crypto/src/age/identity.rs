//! A private key that opens age files. Cannot be printed; its text is plaintext like any other.

use super::recipient::plugin_name;
use super::{IdentityError, Recipient, RecipientKind, foreign, pq, x25519};
use age::secrecy::{ExposeSecret as _, SecretString};
use age_core::primitives::bech32_encode;
use bech32::Hrp;
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

const X25519: Hrp = Hrp::parse_unchecked("age-secret-key-");
const PREFIX: &str = "AGE-SECRET-KEY-1";
const PREFIX_PQ: &str = "AGE-SECRET-KEY-PQ-1";
const PREFIX_PLUGIN: &str = "AGE-PLUGIN-";

/// What sort of key an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityKind {
    /// `AGE-SECRET-KEY-1...`
    X25519,
    /// `AGE-SECRET-KEY-PQ-1...`
    PostQuantum,
    /// An OpenSSH private key.
    Ssh,
    /// A passphrase.
    Passphrase,
    /// Brought by the program: a plugin.
    Foreign,
}

/// A private key or what stands for one.
///
/// ```compile_fail
/// fn print(identity: seal_crypto::age::Identity) { println!("{identity:?}") } // no Debug
/// ```
pub struct Identity {
    key: Key,
    recipient: Option<Recipient>,
}

enum Key {
    X25519(age::x25519::Identity),
    PostQuantum(Box<pq::PqIdentity>),
    #[cfg(feature = "ssh")]
    Ssh(Box<age::ssh::Identity>),
    Passphrase(age::scrypt::Identity),
    Foreign {
        identity: Box<dyn foreign::Identity + Send + Sync>,
    },
}

impl Identity {
    /// Fresh, of the kinds whose private key is ours to make; `None` for the others.
    pub fn generate(kind: RecipientKind, rng: &mut impl CryptoRng) -> Option<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut seed[..]);
        match kind {
            RecipientKind::X25519 => {
                let text = Zeroizing::new(bech32_encode(X25519, &seed[..]));
                Some(Self::of_x25519(text.parse().expect("32 bytes are an X25519 key")))
            }
            RecipientKind::PostQuantum => Some(Self::of_post_quantum(pq::PqIdentity::from_seed(seed))),
            _ => None,
        }
    }

    /// One line of an identity file.
    ///
    /// # Errors
    /// Why it is none, never its text.
    pub fn parse(line: &str) -> Result<Self, IdentityError> {
        let line = line.trim();
        let begins = |prefix: &str| line.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
        if begins(PREFIX_PQ) {
            return pq::PqIdentity::parse(line).map(Self::of_post_quantum);
        }
        if begins(PREFIX) {
            return line.parse().map(Self::of_x25519).map_err(|error: &str| match error {
                "invalid Bech32 encoding" => IdentityError::Checksum,
                _ => IdentityError::Key,
            });
        }
        if begins(PREFIX_PLUGIN) {
            let name = line.rsplit_once('1').and_then(|(prefix, _)| prefix.get(PREFIX_PLUGIN.len()..));
            let name = name.and_then(|name| name.strip_suffix('-')).and_then(plugin_name);
            return Err(name.map_or(IdentityError::PluginName, |name| IdentityError::Plugin(name.to_ascii_lowercase())));
        }
        Err(if begins("age1") || line.starts_with("ssh-") { IdentityError::Recipient } else { IdentityError::NotAge })
    }

    /// A passphrase; files that ask for more than 2^`max_log_n` scrypt work are refused. 18 takes about a second.
    ///
    /// # Errors
    /// When the passphrase is not UTF-8.
    pub fn passphrase(passphrase: &SecretBytes, max_log_n: u8) -> Result<Self, IdentityError> {
        let text = std::str::from_utf8(passphrase.expose()).map_err(|_| IdentityError::Key)?;
        let mut identity = age::scrypt::Identity::new(SecretString::from(text.to_owned()));
        identity.set_max_work_factor(max_log_n);
        Ok(Self { key: Key::Passphrase(identity), recipient: None })
    }

    /// An identity of a kind that only the program knows, such as a plugin's.
    pub fn other(identity: Box<dyn foreign::Identity + Send + Sync>, recipient: Option<Recipient>) -> Self {
        Self { key: Key::Foreign { identity }, recipient }
    }

    fn of_x25519(identity: age::x25519::Identity) -> Self {
        let recipient = identity.to_public().to_string().parse().ok();
        Self { key: Key::X25519(identity), recipient }
    }

    fn of_post_quantum(identity: pq::PqIdentity) -> Self {
        let recipient = Some(Recipient::of_post_quantum(identity.public().clone()));
        Self { key: Key::PostQuantum(Box::new(identity)), recipient }
    }

    /// An unencrypted OpenSSH Ed25519 private key file.
    ///
    /// # Errors
    /// When it is encrypted, of another algorithm, or broken.
    #[cfg(feature = "ssh")]
    pub fn ssh(pem: &SecretBytes) -> Result<Self, IdentityError> {
        use age::ssh::Identity as Ssh;
        let parsed =
            Ssh::from_buffer(pem.expose(), None).map_err(|_| IdentityError::Ssh("the OpenSSH private key does not parse"))?;
        if matches!(parsed, Ssh::Encrypted(_)) {
            return Err(IdentityError::Ssh(
                "the OpenSSH private key is encrypted with a passphrase: take that off a copy (ssh-keygen -p), or use an age identity",
            ));
        }
        let recipient = age::ssh::Recipient::try_from(parsed.clone()).ok().and_then(|r| r.to_string().parse().ok());
        if recipient.is_none() {
            return Err(IdentityError::Ssh("the OpenSSH private key is not an Ed25519 key"));
        }
        Ok(Self { key: Key::Ssh(Box::new(parsed)), recipient })
    }

    /// What sort of key it is.
    pub fn kind(&self) -> IdentityKind {
        match &self.key {
            Key::X25519(_) => IdentityKind::X25519,
            Key::PostQuantum(_) => IdentityKind::PostQuantum,
            #[cfg(feature = "ssh")]
            Key::Ssh(_) => IdentityKind::Ssh,
            Key::Passphrase(_) => IdentityKind::Passphrase,
            Key::Foreign { .. } => IdentityKind::Foreign,
        }
    }

    /// Whom to seal for so that this opens it; unknown for passphrases and for most plugins.
    pub fn recipient(&self) -> Option<&Recipient> {
        self.recipient.as_ref()
    }

    /// Its line of an identity file, without newline, for the kinds that [`Identity::generate`] makes.
    pub fn to_text(&self) -> Option<SecretBytes> {
        match &self.key {
            Key::X25519(identity) => Some(identity.to_string().expose_secret().to_owned().into()),
            Key::PostQuantum(identity) => Some(identity.to_text()),
            _ => None,
        }
    }

    /// The stanza type that it tries, when it is only one.
    pub(super) fn tries(&self) -> Option<&'static str> {
        match self.kind() {
            IdentityKind::X25519 => Some(x25519::KIND),
            IdentityKind::PostQuantum => Some(pq::KIND),
            IdentityKind::Ssh => Some("ssh-ed25519"),
            IdentityKind::Passphrase => Some("scrypt"),
            IdentityKind::Foreign => None,
        }
    }

    pub(super) fn unwrap(&self, stanzas: &[foreign::Stanza]) -> Option<Result<foreign::FileKey, foreign::DecryptError>> {
        use foreign::Identity as _;
        match &self.key {
            Key::X25519(identity) => identity.unwrap_stanzas(stanzas),
            Key::PostQuantum(identity) => stanzas.iter().find_map(|stanza| identity.unwrap(stanza)),
            #[cfg(feature = "ssh")]
            Key::Ssh(identity) => identity.unwrap_stanzas(stanzas),
            Key::Passphrase(identity) => identity.unwrap_stanzas(stanzas),
            Key::Foreign { identity } => identity.unwrap_stanzas(stanzas),
        }
    }
}
