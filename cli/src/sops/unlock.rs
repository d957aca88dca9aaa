//! From a sealed file to its values: finds the identities once, then opens any number of files with them.

use super::policy::Policies;
use crate::{
    Exit, Io,
    identities::{self, Found, IdentityArgs, Outcome, Wanted},
    report::CliError,
};
use jiff::Timestamp;
use rand::rngs::StdRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{
    EncryptOptions, KeyGroup, OpenOptions, Opened, SopsFile, Store,
    unwrap::{self, NoKey, WrapError},
};
use std::path::Path;

/// Flags of verbs that open SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct OpenArgs {
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Read the file as yaml, json, dotenv, ini or binary, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub input_type: Option<Store>,
    /// Go on when the MAC is wrong or missing
    #[arg(long)]
    pub ignore_mac: bool,
}

impl OpenArgs {
    /// How files are opened that are about to get what their rules demand.
    pub fn options(&self) -> OpenOptions {
        OpenOptions { ignore_mac: self.ignore_mac, demand_strong: false }
    }

    /// How this file is opened: with the stronger MAC where its rule demands that.
    pub fn options_for(&self, path: &Path, io: &mut Io) -> Result<OpenOptions, CliError> {
        self.options_by(&mut Policies::glance(self.identity.plugins), path, io)
    }

    /// As [`OpenArgs::options_for`], for many files.
    pub fn options_by(&self, policies: &mut Policies, path: &Path, io: &mut Io) -> Result<OpenOptions, CliError> {
        let demanded = policies.demands_strong_mac(path, io)?;
        Ok(OpenOptions { demand_strong: demanded && !self.ignore_mac, ..self.options() })
    }

    /// The identities, looked for now.
    pub fn unlocker(&self, io: &mut Io) -> Result<Unlocker, CliError> {
        Ok(Unlocker { found: self.identity.search(io)? })
    }

    /// As [`OpenArgs::unlocker`], but nobody is asked for a passphrase: for programs that run this one.
    pub fn silent_unlocker(&self, io: &mut Io) -> Result<Unlocker, CliError> {
        let wanted = Wanted { files: &self.identity.identities, ask: false, plugins: self.identity.plugins };
        Ok(Unlocker { found: identities::search(&wanted, io)? })
    }
}

/// Identities that were found.
pub struct Unlocker {
    found: Found,
}

/// A file in clear with the key it is sealed under.
pub struct Unlocked {
    /// Its values.
    pub opened: Opened,
    /// Its data key.
    pub key: DataKey,
}

impl Unlocker {
    /// The data key of a file. Key commands are run when nothing else opens it.
    pub fn data_key(&mut self, file: &SopsFile, io: &mut Io) -> Result<DataKey, CliError> {
        let metadata = file.metadata().ok_or_else(|| not_sealed(file))?;
        let recipients: Vec<String> =
            metadata.groups.iter().flat_map(|group| &group.age).map(|key| key.recipient.clone()).collect();
        let answer = self.found.open(&recipients, io, |identities| unwrap::data_key(metadata, identities));
        answer.map_err(|error| self.refuse(file, &error))
    }

    /// As [`Unlocker::data_key`] with what is known by now, for workers.
    pub fn known_data_key(&self, file: &SopsFile) -> Result<DataKey, CliError> {
        let metadata = file.metadata().ok_or_else(|| not_sealed(file))?;
        unwrap::data_key(metadata, &self.found.identities).map_err(|error| self.refuse(file, &error))
    }

    /// Lets the key commands say what they know about files that workers will open.
    pub fn prepare<'a>(&mut self, files: impl Iterator<Item = &'a SopsFile>, io: &mut Io) {
        let waiting = |found: &Found| found.tried().iter().any(|tried| tried.outcome == Outcome::Waiting);
        if waiting(&self.found) {
            for file in files {
                // Whether it opens is told by the worker.
                let _ = self.data_key(file, io);
            }
        }
    }

    /// Opens a file. Nothing is given out unless all of it opens and its MAC is right.
    pub fn open(&mut self, file: SopsFile, options: OpenOptions, io: &mut Io) -> Result<Unlocked, CliError> {
        let key = self.data_key(&file, io)?;
        Ok(Unlocked { opened: file.open(&key, options)?, key })
    }

    /// As [`Unlocker::open`] with what is known by now, for workers.
    pub fn open_known(&self, file: SopsFile, options: OpenOptions) -> Result<Unlocked, CliError> {
        let key = self.known_data_key(&file)?;
        Ok(Unlocked { opened: file.open(&key, options)?, key })
    }

    fn refuse(&self, file: &SopsFile, error: &NoKey) -> CliError {
        let failure = CliError::from_error(error).context(file.name());
        match error {
            NoKey::Identity { identities: 0, .. } => failure.hint(format!("looked in:\n{}", self.found.explain())),
            NoKey::Identity { .. } | NoKey::Groups { .. } => {
                CliError { exit: Exit::FINDINGS, ..failure }.hint(format!("looked in:\n{}", self.found.explain()))
            }
            _ => failure.hint("take the file from an earlier commit"),
        }
    }
}

fn not_sealed(file: &SopsFile) -> CliError {
    CliError::failed(format!("{}: it is not a SOPS file", file.name())).hint("seal it with `seal encrypt`")
}

/// The values under a new data key, with the stronger MAC added when it is wanted and not there yet.
pub fn resealed(
    opened: &Opened,
    key: &DataKey,
    groups: Vec<KeyGroup>,
    threshold: Option<u32>,
    strong_mac: bool,
    now: Timestamp,
    rng: &mut StdRng,
) -> Result<SecretBytes, CliError> {
    let file = opened.file();
    match file.metadata() {
        Some(metadata) if strong_mac && !opened.has_strong_mac() => {
            let clear = SopsFile::parse(file.name(), file.store(), opened.to_clear(file.store())?)?;
            let options = EncryptOptions {
                groups,
                threshold,
                selector: metadata.selector.clone(),
                mac_only_encrypted: metadata.mac_only_encrypted,
                strong: true,
                previous: None,
            };
            Ok(clear.encrypt(&options, key, now, rng)?)
        }
        _ => Ok(opened.rotate(key, groups, threshold, now, rng)?),
    }
}

/// Why a data key cannot be wrapped for the recipients that are wanted.
pub fn not_wrapped(name: &str, error: &WrapError) -> CliError {
    let failure = CliError::failed(format!("{name}: {error}"));
    match error {
        WrapError::HalfPostQuantum(_) => failure.hint("make all of them post-quantum, or pass --allow-half-post-quantum"),
        _ => failure,
    }
}
