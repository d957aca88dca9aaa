//! `seal cert recipients`: the age recipients that an installation publishes, out of its signed bundle, for `-R` and `.seal.yaml`.

use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    config,
    report::{self, CliError},
    write,
};
use seal_core::bundle::Bundle;
use seal_crypto::{VerifyingKey, age::Recipient};
use std::path::{Path, PathBuf};

/// Flags of `seal cert recipients`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The classic recipient, where a post-quantum one is published too: the two do not go together
    #[arg(long)]
    classic: bool,
    /// Write here instead of standard output
    #[arg(short, long = "output-file", value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the verb.
pub(super) fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let pin = pinned(args, io)?;
    let text = cluster::block_on(async { Ok(cluster::bundle(&choice.api().await?, &choice.target).await?) })?;
    let text = text.ok_or_else(|| {
        CliError::negative("the controller publishes no signed list of its keys")
            .hint("upstream's controller has none, and no age identities either")
    })?;
    let refuse = |error: &dyn std::error::Error| CliError::failed(format!("the signed list of keys: {error}"));
    let installation = match &pin {
        Some(pin) => pin.clone(),
        None => Bundle::claimed_installation(&text).map_err(|error| refuse(&error))?,
    };
    let bundle = Bundle::verify(&text, &installation, io.now()).map_err(|error| refuse(&error))?;
    if pin.is_none() {
        report::warning(
            format_args!(
                "nothing pins installation {}: compare it with what the administrator sees (`seal cert pin`)",
                bundle.installation
            ),
            io,
        );
    }
    let recipient = chosen(&bundle.recipients, args.classic)?;
    io.say(format_args!("fingerprint {}", recipient.fingerprint()));
    let text = format!("# installation {}\n{recipient}\n", bundle.installation);
    match &args.out {
        Some(path) => write::atomically(path, &text.into())?,
        None => io.print(&text)?,
    }
    Ok(Exit::DONE)
}

/// The installation that `.seal.yaml` pins for the cluster named.
fn pinned(args: &Args, io: &Io) -> Result<Option<VerifyingKey>, CliError> {
    let Some(name) = &args.cluster.cluster else { return Ok(None) };
    match config::find(Path::new("-"), io)? {
        Some(located) => Ok(located.cluster(name)?.installation.clone()),
        None => Ok(None),
    }
}

/// The strongest of those published, or the strongest classic one.
fn chosen(published: &[String], classic: bool) -> Result<Recipient, CliError> {
    let parsed: Vec<Recipient> = published.iter().filter_map(|text| text.parse().ok()).collect();
    let found = parsed.into_iter().find(|recipient| !(classic && recipient.is_post_quantum()));
    found.ok_or_else(|| {
        CliError::negative("the controller publishes no such age recipient")
            .hint("it makes an identity when it is started with --generate-age-identity")
    })
}

#[cfg(test)]
mod tests {
    use super::chosen;
    use rand::{SeedableRng, rngs::StdRng};
    use seal_crypto::age::{Identity, RecipientKind};

    #[test]
    fn the_strongest_is_taken_unless_the_classic_one_is_asked_for() {
        let mut rng = StdRng::seed_from_u64(1);
        let [pq, classic] = [RecipientKind::PostQuantum, RecipientKind::X25519]
            .map(|kind| Identity::generate(kind, &mut rng).unwrap().recipient().unwrap().to_string());
        for (published, wants_classic, expected) in [
            (vec![pq.clone(), classic.clone()], false, Some(&pq)),
            (vec![pq.clone(), classic.clone()], true, Some(&classic)),
            (vec!["age1future".to_owned(), classic.clone()], false, Some(&classic)),
            (vec![pq.clone()], true, None),
            (vec![], false, None),
        ] {
            assert_eq!(chosen(&published, wants_classic).ok().map(|one| one.to_string()).as_ref(), expected);
        }
    }
}
