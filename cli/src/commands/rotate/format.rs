//! `seal rotate --to`: all items of a tree from one format to another, by somebody who looked at the plan.
//!
//! v1 does not bind an item to its name. Whoever could change a file may have exchanged two items, and v2 would make the exchange
//! binding: so the names are shown before anything is written.

use super::{Found, Keyed, Outcome, Work};
use crate::{
    Io,
    certificate::{CertArgs, Certificates},
    report::{self, CliError},
};
use seal_core::seal_to::SealTo;
use seal_crypto::{Item, Kind as Format};
use std::path::Path;

/// `--to`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum To {
    /// age recipients of either sort.
    Age,
    /// Post-quantum age recipients.
    Pq,
    /// The newest certificate: back to what upstream reads.
    Rsa,
}

impl To {
    /// What is to be sealed to must be what was asked for.
    pub(super) fn check(self, to: &SealTo, file: &Path) -> Result<(), CliError> {
        let refuse = |what: &str, hint: &str| Err(CliError::usage(format!("{}: {what}", file.display())).hint(hint));
        match (self, to) {
            (To::Rsa, SealTo::Key(_)) => Ok(()),
            (To::Rsa, SealTo::Recipients(_)) => refuse(
                ".seal.yaml names age recipients for it, not a certificate",
                "give --cert FILE|URL, or take the recipients out of .seal.yaml",
            ),
            (_, SealTo::Key(_)) => refuse(
                "there are no age recipients for it",
                "give --recipient age1..., or name recipients for the path in .seal.yaml",
            ),
            (To::Age, SealTo::Recipients(_)) => Ok(()),
            (To::Pq, SealTo::Recipients(recipients)) => {
                match recipients.recipients.iter().find(|recipient| !recipient.is_post_quantum()) {
                    None => Ok(()),
                    Some(classic) => refuse(
                        &format!("recipient {} is not a post-quantum one", classic.short()),
                        "post-quantum recipients begin with age1pq1; `seal keygen --pq` makes them",
                    ),
                }
            }
        }
    }
}

pub(super) fn needs_a_key() -> CliError {
    CliError::usage("moving items to another format needs the keys that open them")
        .hint("give --recovery-key FILE; a controller never changes the format of what it is asked to rotate")
}

/// Shows what would become of which item, and asks.
pub(super) fn consent(to: To, works: &[Keyed], yes: bool, io: &mut Io) -> Result<(), CliError> {
    let all = || works.iter().flat_map(|(work, _)| work.found.iter().map(move |found| (work, found)));
    let moved: Vec<(&Work, &Found)> = all().filter(|(_, found)| matches!(found.outcome, Outcome::Stale(_))).collect();
    if moved.is_empty() {
        return Ok(());
    }
    if let Some((work, found)) = all().find(|(_, found)| matches!(found.outcome, Outcome::Failed(_))) {
        report::warning(
            format_args!("{}: {}/{} is left as it is", work.path.display(), found.object.namespace(), found.object.name()),
            io,
        );
    }
    let format = |text: &str| Item::decode(text).map_or("v1", |item| item.kind().as_str());
    for (work, found) in &moved {
        let Outcome::Stale(fresh) = &found.outcome else { continue };
        io.say(format_args!("{}: {}/{}:", work.path.display(), found.object.namespace(), found.object.name()));
        for (name, text) in fresh {
            io.say(format_args!("  {name}: {} -> {}", format(&found.object.items[name]), format(text)));
        }
    }
    let from_v1 = moved.iter().any(|(_, found)| !found.object.items_of(Format::V1).is_empty());
    if from_v1 && to != To::Rsa {
        report::warning(
            "v1 does not bind items to their names: if somebody exchanged two of them in a file, they stay exchanged; look at the names",
            io,
        );
        report::warning(
            "the old ciphertext stays in the history of the repository: what it gives away, only new values take back",
            io,
        );
    }
    if yes || io.confirm("write it?") {
        return Ok(());
    }
    Err(CliError::negative("nothing was changed").hint("--yes writes without asking, --dry-run only shows the plan"))
}

/// Without `--to` no format changes: v1 items where recipients are named stay what they are, and that is said.
pub(super) fn left_behind(works: &[Keyed], io: &mut Io) {
    let meant_for_age = works.iter().filter(|(_, to)| to.as_ref().is_some_and(|to| to.kind() == Format::V2));
    let objects = meant_for_age.flat_map(|(work, _)| &work.found).filter(|found| !found.object.items_of(Format::V1).is_empty());
    match objects.count() {
        0 => {}
        1 => report::warning(
            "1 SealedSecret has v1 items, and recipients are named for it: `--to age` or `--to pq` moves them",
            io,
        ),
        count => report::warning(
            format_args!(
                "{count} SealedSecrets have v1 items, and recipients are named for them: `--to age` or `--to pq` moves them"
            ),
            io,
        ),
    }
}

/// v2 items when no key is given: a controller does not know their recipients, so what is stale stays so and is said.
pub(super) fn look_offline(
    cert: &CertArgs,
    work: &mut Work,
    certificates: &mut Certificates,
    io: &mut Io,
) -> Result<(), CliError> {
    let Some(recipients) = certificates.recipients(cert, &work.path, io)? else { return Ok(()) };
    let to = SealTo::Recipients(recipients);
    for found in work.found.iter_mut().filter(|found| found.outcome == Outcome::Current) {
        let stale = |name: &&str| !Item::decode(&found.object.items[*name]).is_ok_and(|item| to.claimed_by(&item));
        let names: Vec<&str> = found.object.items_of(Format::V2).into_iter().filter(stale).collect();
        if !names.is_empty() {
            found.outcome = Outcome::Unknown(format!(
                "sealed to other recipients than .seal.yaml names ({}); only a key that opens it can seal it anew: --recovery-key FILE",
                names.join(", ")
            ));
        }
    }
    Ok(())
}
