//! The places, in order: `-i` alone when given; else SSH keys (when built in), then `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, the key
//! file of sops and age in the user's configuration, and last, only when nothing else fits, `SOPS_AGE_KEY_CMD`.

use super::{Found, Outcome, key_command::KeyCommand, plugin};
use crate::{Io, io::reason, report::CliError};
use seal_crypto::age::{self, Caps, Identity, IdentityError, OpenError};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};

/// What `age` itself allows: 2^22 takes 16 seconds and 4 GiB.
const MAX_LOG_N: u8 = 22;
/// Below the user's configuration folder.
const KEY_FILE: &str = "sops/age/keys.txt";
const SSH_KEYS: [&str; 2] = [".ssh/id_ed25519", ".ssh/id_rsa"];

/// What to look for, and how far one may go.
pub struct Wanted<'a> {
    /// Files named by the user; when there is one, nothing else is looked at and every failure is an error.
    pub files: &'a [PathBuf],
    /// Somebody at the terminal may be asked for a passphrase.
    pub ask: bool,
    /// Plugins may be started.
    pub plugins: bool,
}

/// Looks.
pub fn search(wanted: &Wanted<'_>, io: &mut Io) -> Result<Found, CliError> {
    let wanted = &Wanted { plugins: plugin::allowed(wanted.plugins, io), ..*wanted };
    let mut found = Found::default();
    if wanted.files.is_empty() {
        usual(wanted, &mut found, io);
        return Ok(found);
    }
    for path in wanted.files {
        let name = path.display().to_string();
        let file = io.read(path)?;
        found.add(name.clone(), parse(&name, file, wanted.plugins, wanted.ask, io)?);
    }
    Ok(found)
}

fn usual(wanted: &Wanted<'_>, found: &mut Found, io: &mut Io) {
    ssh(found, io);
    match io.env("SOPS_AGE_KEY").map(str::to_owned) {
        None => found.note("SOPS_AGE_KEY", Outcome::Absent("not set")),
        // Several keys may stand on one line there.
        Some(keys) => {
            let lines: SecretBytes = keys.lines().map(one_a_line).collect::<String>().into();
            give("SOPS_AGE_KEY", lines, wanted, found, io);
        }
    }
    match io.env("SOPS_AGE_KEY_FILE").map(PathBuf::from) {
        None => found.note("SOPS_AGE_KEY_FILE", Outcome::Absent("not set")),
        Some(path) => match open(&path) {
            Ok(file) => give(&format!("SOPS_AGE_KEY_FILE ({})", path.display()), file, wanted, found, io),
            Err(error) => {
                found.note(format!("SOPS_AGE_KEY_FILE ({})", path.display()), Outcome::Unusable(reason(&error)));
            }
        },
    }
    for path in key_files(io) {
        match open(&path) {
            Ok(file) => give(&path.display().to_string(), file, wanted, found, io),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                found.note(path.display().to_string(), Outcome::Absent("no such file"));
            }
            Err(error) => found.note(path.display().to_string(), Outcome::Unusable(reason(&error))),
        }
    }
    command("SOPS_AGE_KEY_CMD", wanted, found, io);
}

fn one_a_line(line: &str) -> String {
    if line.trim_start().starts_with('#') {
        return String::new();
    }
    line.split_whitespace().map(|word| format!("{word}\n")).collect()
}

fn command(variable: &'static str, wanted: &Wanted<'_>, found: &mut Found, io: &Io) {
    match io.env(variable) {
        None => found.note(variable, Outcome::Absent("not set")),
        Some(line) => {
            found.commands.push((found.tried.len(), KeyCommand { variable, line: line.to_owned(), plugins: wanted.plugins }));
            found.note(variable, Outcome::Waiting);
        }
    }
}

/// SSH keys, where sops looks for them.
fn ssh(found: &mut Found, io: &mut Io) {
    let named = io.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE").map(PathBuf::from);
    if let Some(path) = &named {
        let source = format!("SOPS_AGE_SSH_PRIVATE_KEY_FILE ({})", path.display());
        match open(path) {
            Ok(file) => ssh_key(source, &file, found),
            Err(error) => found.note(source, Outcome::Unusable(reason(&error))),
        }
    }
    if io.env("SOPS_AGE_SSH_PRIVATE_KEY_CMD").is_some() {
        if cfg!(feature = "ssh") {
            let line = io.env("SOPS_AGE_SSH_PRIVATE_KEY_CMD").unwrap_or_default().to_owned();
            let variable = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
            found.commands.push((found.tried.len(), KeyCommand { variable, line, plugins: false }));
            found.note(variable, Outcome::Waiting);
        } else {
            found.note("SOPS_AGE_SSH_PRIVATE_KEY_CMD", Outcome::Unusable(NO_SSH.to_owned()));
        }
    }
    let Some(home) = io.env("HOME").map(PathBuf::from) else { return };
    for path in SSH_KEYS.map(|name| home.join(name)) {
        if let Ok(file) = open(&path) {
            ssh_key(path.display().to_string(), &file, found);
        }
    }
}

const NO_SSH: &str = "SSH keys are not built in (cargo feature ssh)";

#[cfg(feature = "ssh")]
fn ssh_key(source: String, file: &SecretBytes, found: &mut Found) {
    match Identity::ssh(file) {
        Ok(identity) => found.add(source, vec![identity]),
        Err(error) => found.note(source, Outcome::Unusable(error.to_string())),
    }
}

#[cfg(not(feature = "ssh"))]
fn ssh_key(source: String, _: &SecretBytes, found: &mut Found) {
    found.note(source, Outcome::Unusable(NO_SSH.to_owned()));
}

/// `sops/age/keys.txt` in the user's configuration folder, and where else people keep it on that system.
fn key_files(io: &Io) -> Vec<PathBuf> {
    let home = io.env("HOME").map(PathBuf::from);
    let in_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
    let folders = if cfg!(windows) {
        vec![io.env("AppData").map(PathBuf::from)]
    } else if cfg!(target_os = "macos") {
        match io.env("XDG_CONFIG_HOME").map(PathBuf::from) {
            Some(folder) => vec![Some(folder)],
            None => vec![in_home("Library/Application Support"), in_home(".config")],
        }
    } else {
        vec![io.env("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| in_home(".config"))]
    };
    folders.into_iter().flatten().map(|folder| folder.join(KEY_FILE)).collect()
}

fn give(source: &str, file: SecretBytes, wanted: &Wanted<'_>, found: &mut Found, io: &mut Io) {
    let named = source.split_once(" (").map_or(source, |(_, path)| path.trim_end_matches(')')).to_owned();
    match parse_leniently(&named, file, wanted, io) {
        Ok((identities, asleep)) if identities.is_empty() => {
            found.note(source, Outcome::Unusable(format!("{}; plugins are off (--plugins)", asleep.join(", "))));
        }
        Ok((identities, asleep)) => {
            found.add(source, identities);
            if !asleep.is_empty() {
                found.note(source, Outcome::Unusable(format!("{}; plugins are off (--plugins)", asleep.join(", "))));
            }
        }
        Err(error) => found.note(source, Outcome::Unusable(error.message)),
    }
}

/// As [`parse`], but lines that need a plugin do not spoil the others; they are told apart.
fn parse_leniently(
    name: &str,
    file: SecretBytes,
    wanted: &Wanted<'_>,
    io: &mut Io,
) -> Result<(Vec<Identity>, Vec<String>), CliError> {
    let file = in_clear(name, file, wanted.ask, io)?;
    let asks = io.input_is_terminal() && io.is_process();
    let mut asleep = Vec::new();
    let identities = age::parse_identities_with(name, &file, &mut |text, error| {
        plugin::identity(text, error, wanted.plugins, asks).or_else(|error| match error {
            IdentityError::Plugin(_) => {
                asleep.push(error.to_string());
                Ok(Identity::other(Box::new(plugin::Dormant), None))
            }
            other => Err(other),
        })
    });
    let mut identities = identities.map_err(|error| refused(&error))?;
    if !asleep.is_empty() {
        identities.retain(|identity| identity.recipient().is_some());
    }
    Ok((identities, asleep))
}

/// The identities of one file, which may be encrypted with a passphrase.
pub(super) fn parse(name: &str, file: SecretBytes, plugins: bool, ask: bool, io: &mut Io) -> Result<Vec<Identity>, CliError> {
    let file = in_clear(name, file, ask, io)?;
    let asks = io.input_is_terminal() && io.is_process();
    age::parse_identities_with(name, &file, &mut |text, error| plugin::identity(text, error, plugins, asks))
        .map_err(|error| refused(&error))
}

fn in_clear(name: &str, file: SecretBytes, ask: bool, io: &mut Io) -> Result<SecretBytes, CliError> {
    if !age::is_encrypted(&file) {
        return Ok(file);
    }
    if !ask || !io.can_ask() {
        return Err(CliError::failed(format!("{name}: it is encrypted with a passphrase, and there is nobody to ask for it")));
    }
    let passphrase = io.ask_hidden(&format!("Passphrase of {name}: "))?;
    let failed = |error: OpenError| CliError::failed(format!("{name}: {error}"));
    let bytes = if age::armor::is_armored(file.expose()) {
        age::armor::unwrap(file.expose()).map_err(failed)?
    } else {
        file.expose().to_vec()
    };
    let identity = Identity::passphrase(&passphrase, MAX_LOG_N).map_err(|error| CliError::failed(format!("{name}: {error}")))?;
    age::decrypt(&bytes, &[identity], &Caps::FILE).map(|(clear, _)| clear).map_err(failed)
}

fn refused(error: &IdentityError) -> CliError {
    let why = match error {
        IdentityError::Line { why, .. } => why,
        other => other,
    };
    let failed = CliError::failed(error.to_string());
    match why {
        IdentityError::Plugin(_) => failed.hint("allow plugins with --plugins or SEAL_AGE_PLUGINS=1"),
        IdentityError::Checksum => failed.hint("copy the line again, whole"),
        IdentityError::Recipient => failed.hint("an identity file holds AGE-SECRET-KEY-... lines, as `seal keygen` writes them"),
        _ => failed,
    }
}

fn open(path: &Path) -> std::io::Result<SecretBytes> {
    crate::io::try_file(path)
}
