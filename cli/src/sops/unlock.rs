//! From a sealed file to its values: finds the identities once, then opens any number of files with them.

use super::look;
use crate::{Io, report::CliError};
use seal_crypto::sops::DataKey;
use seal_sops::{OpenOptions, Opened, SopsFile, Store};
use std::path::PathBuf;

/// Flags of verbs that open SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct OpenArgs {
    /// age identity file (repeat for several) [default: where sops and age look]
    #[arg(short = 'i', long = "identity", value_name = "FILE")]
    pub identities: Vec<PathBuf>,
    /// Read the file as yaml, json, dotenv, ini or binary, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub input_type: Option<Store>,
    /// Go on when the MAC is wrong or missing
    #[arg(long)]
    pub ignore_mac: bool,
}

impl OpenArgs {
    /// How files are opened.
    pub fn options(&self) -> OpenOptions {
        OpenOptions { ignore_mac: self.ignore_mac, demand_strong: false }
    }

    /// As [`OpenArgs::unlocker`], but nobody is asked for a passphrase: for programs that run this one.
    pub fn silent_unlocker(&self, io: &mut Io) -> Result<Unlocker, CliError> {
        let _ = io;
        todo!()
    }

    /// The identities, looked for now.
    pub fn unlocker(&self, io: &mut Io) -> Result<Unlocker, CliError> {
        let _ = io;
        todo!()
    }
}

/// Identities that were found.
pub struct Unlocker {}

/// A file in clear with the key it is sealed under.
pub struct Unlocked {
    /// Its values.
    pub opened: Opened,
    /// Its data key.
    pub key: DataKey,
}

impl Unlocker {
    /// The data key of a file.
    pub fn data_key(&self, file: &SopsFile) -> Result<DataKey, CliError> {
        let _ = file;
        todo!()
    }

    /// Opens a file. Nothing is given out unless all of it opens and its MAC is right.
    pub fn open(&self, file: SopsFile, options: OpenOptions) -> Result<Unlocked, CliError> {
        if file.metadata().is_none() {
            return Err(CliError::failed(format!("{}: it is not a SOPS file", file.name())).hint("seal it with `seal encrypt`"));
        }
        let key = self.data_key(&file)?;
        let opened = file.open(&key, options)?;
        Ok(Unlocked { opened, key })
    }
}

/// True when this file, or what it is said to be, is for the SOPS side of a verb.
pub fn takes(path: &std::path::Path, open: &OpenArgs) -> bool {
    open.input_type.is_some() || look::is_sops_file(path)
}
