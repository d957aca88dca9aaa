//! Which values of a file are sealed.

/// The one selector of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Everything but keys with this ending (and what is below them). The default, `_unencrypted`.
    UnencryptedSuffix(String),
    /// Only keys with this ending.
    EncryptedSuffix(String),
    /// Everything but keys that match.
    UnencryptedRegex(String),
    /// Only keys that match.
    EncryptedRegex(String),
    /// Everything but what follows a comment that matches.
    UnencryptedCommentRegex(String),
    /// Only what follows a comment that matches.
    EncryptedCommentRegex(String),
}

/// A selector that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("selector {name} cannot be used: {why}")]
pub struct SelectorError {
    /// Its name in the metadata.
    pub name: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// A selector made ready: regular expressions compiled once.
pub(crate) struct Matcher(());

impl Selector {
    /// Compiles it.
    pub(crate) fn matcher(&self) -> Result<Matcher, SelectorError> {
        todo!()
    }
}

impl Matcher {
    /// Whether a key by itself is one that the selector names.
    pub(crate) fn key(&self, _key: &str) -> bool {
        todo!()
    }

    /// Whether a comment by itself is one that the selector names.
    pub(crate) fn comment(&self, _text: &str) -> bool {
        todo!()
    }

    /// True for the four selectors that look at keys.
    pub(crate) fn by_key(&self) -> bool {
        todo!()
    }

    /// True when what is named is sealed; false when what is named stays in clear.
    pub(crate) fn seals_what_it_names(&self) -> bool {
        todo!()
    }
}
