//! `seal keys list`: what keys there are, without their private halves.

use super::{Listed, fetch, listed};
use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    report::{CliError, OutputArg},
    table::{day, table},
};
use seal_crypto::Fingerprint;
use seal_manifest::ManifestFile;
use serde_json::json;
use std::path::PathBuf;

/// Flags of `seal keys list`.
#[derive(clap::Args)]
pub(super) struct List {
    /// Look into this key file instead of a cluster
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the verb.
pub(super) fn list(args: &List, io: &mut Io) -> Result<Exit, CliError> {
    let files = match &args.file {
        Some(path) => vec![ManifestFile::parse(&path.display().to_string(), io.read(path)?)?],
        None => {
            let choice = args.cluster.resolve(io)?;
            cluster::block_on(fetch(&choice))?
        }
    };
    let keys = listed(&files);
    match args.output {
        OutputArg::Json => {
            let all: Vec<_> = keys.iter().map(|key| json!({"secret": key.name, "state": key.state, "kind": key.kind, "fingerprint": key.fingerprint.as_ref().map(Fingerprint::as_str), "bits": key.bits, "notBefore": key.validity.map(|v| v.0), "notAfter": key.validity.map(|v| v.1)})).collect();
            io.print(&format!("{}\n", json!({"keys": all})))?;
        }
        OutputArg::Text => {
            let row = |key: &Listed| {
                let (from, to) = key.validity.map_or(("-".to_owned(), "-".to_owned()), |(from, to)| (day(from), day(to)));
                let fingerprint = key.fingerprint.as_ref().map_or_else(|| "(not readable)".to_owned(), ToString::to_string);
                vec![key.name.clone(), key.state.clone(), from, to, kind(key), fingerprint]
            };
            io.print(&table(
                &["SECRET", "STATE", "FROM", "TO", "KIND", "FINGERPRINT"],
                &keys.iter().map(row).collect::<Vec<_>>(),
            ))?;
        }
    }
    Ok(if keys.iter().any(|key| key.fingerprint.is_none()) { Exit::FINDINGS } else { Exit::DONE })
}

/// `RSA 4096`, `X25519`, `post-quantum`.
fn kind(key: &Listed) -> String {
    if key.bits > 0 { format!("{} {}", key.kind, key.bits) } else { key.kind.to_owned() }
}
