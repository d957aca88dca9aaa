//! Which values of a file are sealed: one rule, read from metadata or options, refused when it cannot mean anything.

use seal_manifest::go_regex::GoRegex;

/// What sops puts into a file that names no selector.
const DEFAULT_SUFFIX: &str = "_unencrypted";

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
pub(crate) struct Matcher {
    test: Test,
    by_key: bool,
    seals: bool,
}

enum Test {
    Suffix(String),
    Regex(GoRegex),
}

impl Default for Selector {
    fn default() -> Selector {
        Selector::UnencryptedSuffix(DEFAULT_SUFFIX.to_owned())
    }
}

impl Selector {
    /// Names of the six selectors, in metadata, in `.sops.yaml` and (with dashes) as flags.
    pub const NAMES: [&str; 6] = [
        "unencrypted_suffix",
        "encrypted_suffix",
        "unencrypted_regex",
        "encrypted_regex",
        "unencrypted_comment_regex",
        "encrypted_comment_regex",
    ];

    /// The selector of a name, checked. An empty text is no selector.
    pub fn new(name: &str, text: &str) -> Result<Option<Selector>, SelectorError> {
        let text = text.to_owned();
        if text.is_empty() {
            return Ok(None);
        }
        let selector = match name {
            "unencrypted_suffix" => Selector::UnencryptedSuffix(text),
            "encrypted_suffix" => Selector::EncryptedSuffix(text),
            "unencrypted_regex" => Selector::UnencryptedRegex(text),
            "encrypted_regex" => Selector::EncryptedRegex(text),
            "unencrypted_comment_regex" => Selector::UnencryptedCommentRegex(text),
            "encrypted_comment_regex" => Selector::EncryptedCommentRegex(text),
            _ => return Ok(None),
        };
        selector.matcher()?;
        Ok(Some(selector))
    }

    /// The one selector among names with their texts; the default when there is none; an error when there are several.
    pub fn only<'a>(given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Selector, SelectorError> {
        let mut found: Option<Selector> = None;
        for (name, text) in given {
            let Some(selector) = Selector::new(name, text)? else { continue };
            if let Some(earlier) = &found {
                let why = format!("{} is there too; use one of them", earlier.name());
                return Err(SelectorError { name: selector.name(), why });
            }
            found = Some(selector);
        }
        Ok(found.unwrap_or_default())
    }

    /// Its name in the metadata.
    pub fn name(&self) -> &'static str {
        match self {
            Selector::UnencryptedSuffix(_) => "unencrypted_suffix",
            Selector::EncryptedSuffix(_) => "encrypted_suffix",
            Selector::UnencryptedRegex(_) => "unencrypted_regex",
            Selector::EncryptedRegex(_) => "encrypted_regex",
            Selector::UnencryptedCommentRegex(_) => "unencrypted_comment_regex",
            Selector::EncryptedCommentRegex(_) => "encrypted_comment_regex",
        }
    }

    /// The ending or the expression.
    pub fn text(&self) -> &str {
        match self {
            Selector::UnencryptedSuffix(text)
            | Selector::EncryptedSuffix(text)
            | Selector::UnencryptedRegex(text)
            | Selector::EncryptedRegex(text)
            | Selector::UnencryptedCommentRegex(text)
            | Selector::EncryptedCommentRegex(text) => text,
        }
    }

    /// Compiles it. An expression that Go would not compile is an error: sops takes it for one that never matches.
    pub(crate) fn matcher(&self) -> Result<Matcher, SelectorError> {
        let test = match self {
            Selector::UnencryptedSuffix(suffix) | Selector::EncryptedSuffix(suffix) => Test::Suffix(suffix.clone()),
            _ => Test::Regex(
                GoRegex::new(self.text()).map_err(|error| SelectorError { name: self.name(), why: error.to_string() })?,
            ),
        };
        let by_key = !matches!(self, Selector::UnencryptedCommentRegex(_) | Selector::EncryptedCommentRegex(_));
        let seals =
            matches!(self, Selector::EncryptedSuffix(_) | Selector::EncryptedRegex(_) | Selector::EncryptedCommentRegex(_));
        Ok(Matcher { test, by_key, seals })
    }
}

impl Matcher {
    /// Whether a key by itself is one that the selector names.
    pub(crate) fn key(&self, key: &str) -> bool {
        self.by_key && self.test.is_match(key)
    }

    /// Whether a comment by itself is one that the selector names.
    pub(crate) fn comment(&self, text: &str) -> bool {
        !self.by_key && self.test.is_match(text)
    }

    /// True for the four selectors that look at keys.
    pub(crate) fn by_key(&self) -> bool {
        self.by_key
    }

    /// True when what is named is sealed; false when what is named stays in clear.
    pub(crate) fn seals_what_it_names(&self) -> bool {
        self.seals
    }
}

impl Test {
    fn is_match(&self, text: &str) -> bool {
        match self {
            Test::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Test::Regex(regex) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selector;

    #[test]
    fn each_selector_names_keys_or_comments() {
        // name, text, what it names, what it does not, by key, seals
        for (name, text, yes, no, by_key, seals) in [
            ("unencrypted_suffix", "_plain", "a_plain", "a_plain_", true, false),
            ("encrypted_suffix", "_secret", "a_secret", "secret", true, true),
            ("unencrypted_regex", "^(kind|name)$", "kind", "kinds", true, false),
            ("encrypted_regex", "pass", "my_password", "word", true, true),
            ("unencrypted_comment_regex", "public", " public", "x", false, false),
            ("encrypted_comment_regex", r"\bsecret\b", " a secret ", "secrets", false, true),
        ] {
            let selector = Selector::new(name, text).expect("valid").expect("a selector");
            let matcher = selector.matcher().expect("valid");
            assert_eq!((selector.name(), selector.text()), (name, text));
            assert_eq!((matcher.by_key(), matcher.seals_what_it_names()), (by_key, seals), "{name}");
            assert_eq!((matcher.key(yes), matcher.comment(yes)), (by_key, !by_key), "{name}");
            assert!(!matcher.key(no) && !matcher.comment(no), "{name}");
        }
    }

    #[test]
    fn one_selector_or_the_default() {
        assert_eq!(Selector::only([]), Ok(Selector::UnencryptedSuffix("_unencrypted".into())));
        assert_eq!(Selector::only([("encrypted_regex", ""), ("version", "3")]), Ok(Selector::default()));
        assert_eq!(Selector::only([("encrypted_regex", "a")]), Ok(Selector::EncryptedRegex("a".into())));
        let two = Selector::only([("encrypted_regex", "a"), ("unencrypted_suffix", "b")]).expect_err("two");
        assert_eq!(two.to_string(), "selector unencrypted_suffix cannot be used: encrypted_regex is there too; use one of them");
    }

    #[test]
    fn an_expression_that_go_refuses_is_an_error_not_a_file_in_clear() {
        let refused = Selector::new("encrypted_regex", "^(?!x)").expect_err("look-around");
        assert_eq!(
            refused.to_string(),
            "selector encrypted_regex cannot be used: a group that is neither named nor known (look-around does not exist here) at character 2"
        );
    }
}
