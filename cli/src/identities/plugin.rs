//! age plugins: foreign programs called `age-plugin-NAME` that hold keys. Started only when the user allowed it, under a name that
//! cannot be a path, and never asked through when nobody is at the terminal.

use crate::Io;
use age::Callbacks;
use age::plugin::{IdentityPluginV1, RecipientPluginV1};
use age::secrecy::SecretString;
use seal_crypto::age::{Identity, IdentityError, Recipient, RecipientError, foreign};
use std::sync::Arc;

/// Set to allow plugins without the flag.
const ALLOWED: &str = "SEAL_AGE_PLUGINS";

/// Whether plugins may be started: by the flag, or by the environment.
pub fn allowed(flag: bool, io: &Io) -> bool {
    flag || io.env(ALLOWED).is_some_and(|value| !matches!(value, "0" | "no" | "off" | "false"))
}

/// A recipient that needs a plugin, when that is why it was not understood and plugins are allowed.
pub fn recipient(text: &str, error: RecipientError, allowed: bool, asks: bool) -> Result<Recipient, RecipientError> {
    let RecipientError::Plugin(name) = &error else { return Err(error) };
    if !allowed {
        return Err(error);
    }
    let parsed: age::plugin::Recipient = text.trim().parse().map_err(|_| RecipientError::Checksum)?;
    let plugin = RecipientPluginV1::new(name, &[parsed], &[], People { asks });
    let plugin = plugin.map_err(|_| RecipientError::Plugin(format!("{name}, which is not on the PATH")))?;
    Ok(Recipient::other(text.trim(), false, Arc::new(plugin)))
}

/// An identity that needs a plugin. Where plugins are not allowed it opens nothing, so that one line does not spoil a file.
pub fn identity(text: &str, error: IdentityError, allowed: bool, asks: bool) -> Result<Identity, IdentityError> {
    let IdentityError::Plugin(name) = &error else { return Err(error) };
    if !allowed {
        return Err(error);
    }
    let parsed: age::plugin::Identity = text.trim().parse().map_err(|_| IdentityError::Checksum)?;
    let plugin = IdentityPluginV1::new(name, &[parsed], People { asks });
    let plugin = plugin.map_err(|_| IdentityError::Plugin(format!("{name}, which is not on the PATH")))?;
    Ok(Identity::other(Box::new(plugin), None))
}

/// Stands for a plugin's identity where plugins are not allowed: opens nothing.
pub struct Dormant;

impl foreign::Identity for Dormant {
    fn unwrap_stanza(&self, _: &foreign::Stanza) -> Option<Result<foreign::FileKey, foreign::DecryptError>> {
        None
    }
}

/// What a plugin may show and ask.
#[derive(Clone, Copy)]
struct People {
    asks: bool,
}

impl Callbacks for People {
    fn display_message(&self, message: &str) {
        anstream::eprintln!("seal: {}", clean(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let answer = self.line(&format!("{} [{}/{}]", clean(message), clean(yes), clean(no.unwrap_or("no"))))?;
        Some(answer.eq_ignore_ascii_case(yes) || answer.eq_ignore_ascii_case("y"))
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.line(&clean(description))
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let typed = self.asks.then(|| crate::prompt::hidden(&format!("{}: ", clean(description))).ok()).flatten()?;
        std::str::from_utf8(typed.expose()).ok().map(SecretString::from)
    }
}

impl People {
    fn line(self, question: &str) -> Option<String> {
        self.asks.then_some(())?;
        anstream::eprintln!("seal: {question}");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim().to_owned())
    }
}

/// A plugin's words without anything that moves the cursor.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
