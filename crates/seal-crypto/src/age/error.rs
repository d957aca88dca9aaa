//! Why something of age's was not taken. Never holds a key, a passphrase, or what a file contains.

/// Why an age file did not open.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The first line is another.
    #[error("not an age file")]
    NotAge,
    /// `age-encryption.org/` and something else than `v1`.
    #[error("an age file of a version that is not known here")]
    Version,
    /// The header breaks the format.
    #[error("the age header is malformed at line {line}: {what}")]
    Header {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// It ends before its payload begins.
    #[error("the age file is cut short inside its header")]
    Truncated,
    /// The armor breaks the format.
    #[error("the armor is malformed at line {line}: {what}")]
    Armor {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A cap was reached before any key was used.
    #[error("the age file has more than {limit} {what}")]
    TooMuch {
        /// The cap.
        limit: usize,
        /// What was counted.
        what: &'static str,
    },
    /// A stanza for one of these identities breaks its format.
    #[error("a recipient stanza of the age file is malformed")]
    Stanza,
    /// None of the identities is among the recipients.
    #[error("no identity matched any of the recipients")]
    NoMatch,
    /// The file is for a passphrase, and another one.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// The file asks for more scrypt work than allowed.
    #[error("the passphrase of this file asks for a work factor of {log_n}, more than is allowed here")]
    Work {
        /// Base-2 logarithm of scrypt's N.
        log_n: u8,
    },
    /// A recipient's file key does not go with the header: somebody changed the header.
    #[error("the age header was changed after it was written")]
    Mac,
    /// The payload was changed or cut short.
    #[error("the content of the age file is damaged or cut short")]
    Payload,
    /// What a foreign identity (plugin, SSH key) says.
    #[error("{0}")]
    Foreign(String),
    /// The input could not be read.
    #[error("cannot read the age file: {0}")]
    Io(std::io::ErrorKind),
}

/// Why an age file was not made.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptError {
    /// Nobody could open it.
    #[error("no recipients")]
    NoRecipients,
    /// The weaker recipient would undo what the stronger is there for.
    #[error(
        "post-quantum and classic recipients in one age file ({post_quantum} and {classic}); the file would be only as strong as the classic one"
    )]
    Mixed {
        /// One of them, abbreviated.
        post_quantum: String,
        /// One of them, abbreviated.
        classic: String,
    },
    /// A foreign recipient insists on company of its own kind.
    #[error("these recipients cannot be used together in one age file")]
    Incompatible,
    /// An extra stanza has no type, an empty argument, or a character outside printable ASCII.
    #[error("an extra header stanza has an empty or unprintable field")]
    Stanza,
    /// What a foreign recipient (plugin) says.
    #[error("{0}")]
    Foreign(String),
    /// The output could not be written.
    #[error("cannot write the age file: {0}")]
    Io(std::io::ErrorKind),
}

/// Why a text is not a recipient. Its text is not repeated: people paste identities by mistake.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientError {
    /// Nothing there.
    #[error("the recipient is empty")]
    Empty,
    /// A private key.
    #[error("this is an identity (a private key), not a recipient; `seal keygen -y` prints its recipient")]
    Identity,
    /// Neither `age1` nor `ssh-`.
    #[error("not an age recipient: it does not begin with age1")]
    NotAge,
    /// Bech32 says no.
    #[error("the recipient's checksum does not match; a character was lost or changed")]
    Checksum,
    /// Bech32 is good and what it holds is not a key.
    #[error("the recipient does not hold a valid {0} key")]
    Key(&'static str),
    /// Its key is held by a program that is not built in.
    #[error("the recipient needs the plugin age-plugin-{0}")]
    Plugin(String),
    /// A plugin name that could be a path (CVE-2024-56327).
    #[error("the recipient names a plugin with characters that no plugin name has")]
    PluginName,
    /// SSH, and not built in or not supported.
    #[error("{0} recipients are not supported here")]
    Ssh(&'static str),
    /// A recipients file: which line, and why.
    #[error("{name}:{line}: {why}")]
    Line {
        /// The file's name.
        name: String,
        /// Counted from 1.
        line: usize,
        /// Why.
        why: Box<RecipientError>,
    },
    /// A recipients file without one.
    #[error("{0}: no recipients found")]
    None(String),
    /// A recipients file beyond reason; cutting it would seal for fewer than asked.
    #[error("{0}: larger than a recipients file may be")]
    TooLarge(String),
}

/// Why an identity file was not taken. Holds line numbers and kinds, never text.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// A public key.
    #[error("this is a recipient (a public key), not an identity")]
    Recipient,
    /// Not one of the known beginnings.
    #[error("not an age identity: it does not begin with AGE-SECRET-KEY-")]
    NotAge,
    /// Bech32 says no.
    #[error("the identity's checksum does not match; a character was lost or changed")]
    Checksum,
    /// Bech32 is good and what it holds is not a key.
    #[error("the identity does not hold a valid key")]
    Key,
    /// Its key is held by a program that is not built in.
    #[error("the identity needs the plugin age-plugin-{0}")]
    Plugin(String),
    /// A plugin name that could be a path (CVE-2024-56327).
    #[error("the identity names a plugin with characters that no plugin name has")]
    PluginName,
    /// An OpenSSH private key that this build or this file format does not take.
    #[error("{0}")]
    Ssh(&'static str),
    /// The file is an age file itself.
    #[error("{0}: the identity file is encrypted with a passphrase")]
    Encrypted(String),
    /// Which line, and why.
    #[error("{name}:{line}: {why}")]
    Line {
        /// The file's name.
        name: String,
        /// Counted from 1.
        line: usize,
        /// Why.
        why: Box<IdentityError>,
    },
    /// A file without one.
    #[error("{0}: no identities found")]
    None(String),
    /// Larger than any identity file.
    #[error("{0}: larger than an identity file may be")]
    TooLarge(String),
}
