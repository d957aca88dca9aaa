//! `seal keys generate`: a new RSA key for a controller, or in a file.

use super::{LABEL, create};
use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    report::{self, CliError},
    write,
};
use seal_core::{
    keyfile::{TLS_CRT, TLS_KEY},
    secret::SecretObject,
};
use seal_crypto::{Certificate, PrivateKey};
use seal_manifest::to_yaml;
use seal_secret::SecretBytes;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// Flags of `seal keys generate`.
#[derive(clap::Args)]
pub(super) struct Generate {
    /// Write the key Secret here (readable by its owner only) instead of into the cluster
    #[arg(short, long = "output-file", alias = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// RSA key size
    #[arg(long, value_name = "BITS", default_value_t = 4096, value_parser = bits)]
    bits: usize,
    /// Days until the certificate ends
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,
    /// Common name in the certificate
    #[arg(long, value_name = "NAME", default_value = "")]
    common_name: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

fn bits(text: &str) -> Result<usize, String> {
    match text {
        "2048" | "3072" | "4096" => text.parse().map_err(|_| "not a number".to_owned()),
        _ => Err("use 2048, 3072 or 4096".to_owned()),
    }
}

/// Runs the verb.
pub(super) fn generate(args: &Generate, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let mut rng = io.rng();
    let failed = |error: &dyn std::error::Error| CliError::failed(format!("cannot make a key: {error}"));
    let key = PrivateKey::generate(args.bits, &mut rng).map_err(|error| failed(&error))?;
    let certificate = Certificate::self_signed(&key, &args.common_name, io.now(), i64::from(args.days) * 86400, &mut rng)
        .map_err(|error| failed(&error))?;
    let secret = key_secret(&key, &certificate, &choice.target.namespace);
    match &args.out {
        Some(path) => {
            write::private(path, &to_yaml(&secret.to_node()))?;
            report::warning(format_args!("{} holds a PRIVATE KEY IN CLEAR: keep it offline, never in Git", path.display()), io);
        }
        None => {
            let name = cluster::block_on(create(&choice, secret.to_node()))?;
            io.say(format_args!("created Secret {}/{name}", choice.target.namespace));
            io.say(format_args!(
                "under --profile=strict, a controller seals with it only after --import-keys={}",
                key.fingerprint()
            ));
        }
    }
    io.print(&format!("{}\n", key.fingerprint()))?;
    Ok(Exit::DONE)
}

/// A key Secret as controllers make it: a generated name, the label, the TLS type.
pub(super) fn key_secret(key: &PrivateKey, certificate: &Certificate, namespace: &str) -> SecretObject {
    let short: String = key
        .fingerprint()
        .as_str()
        .bytes()
        .skip(7)
        .filter(u8::is_ascii_alphanumeric)
        .take(8)
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    let metadata = json!({"name": format!("sealed-secrets-key-{short}"), "namespace": namespace, "labels": {LABEL: "active"}});
    SecretObject {
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        type_: Some("kubernetes.io/tls".to_owned()),
        immutable: None,
        data: BTreeMap::from([
            (TLS_CRT.to_owned(), SecretBytes::from(certificate.pem.clone())),
            (TLS_KEY.to_owned(), key.to_pem()),
        ]),
    }
}
