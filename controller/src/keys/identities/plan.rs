//! Which identity of each kind is the newest and whether one is to be made: the plan of sealing keys, once for each kind. Pure.

use std::collections::BTreeSet;

use seal_crypto::Fingerprint;
use seal_crypto::age::RecipientKind;

use crate::config::{KeyConfig, KeyMode, KeyOrder};
use crate::keys::plan::{Because, Make, Seen, Withheld, plan};
use crate::keys::read::KeyFacts;

/// The kinds that are held, the strongest first.
pub const KINDS: [RecipientKind; 2] = [RecipientKind::PostQuantum, RecipientKind::X25519];

/// What follows for identities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityPlan {
    /// Fingerprints in the order they are tried, each once.
    pub order: Vec<Fingerprint>,
    /// The one of each kind to seal to.
    pub newest: Vec<Fingerprint>,
    /// Identities that may only open.
    pub decrypt_only: BTreeSet<Fingerprint>,
    /// Kinds of which one is to be made, and why.
    pub make: Vec<(RecipientKind, Because)>,
    /// One is wanted and not made, because Secrets exist that cannot be read.
    pub withheld: bool,
    /// When time alone changes this plan, seconds since 1970.
    pub look_again: Option<i64>,
}

/// What was seen of one kind.
pub struct SeenIdentities<'a> {
    /// Identities that were read, with their kinds.
    pub identities: &'a [(RecipientKind, KeyFacts)],
    /// Entries that were not.
    pub unreadable: usize,
    /// As for sealing keys.
    pub trusted: Option<&'a BTreeSet<Fingerprint>>,
    /// As for sealing keys.
    pub asked: bool,
    /// As for sealing keys.
    pub leads: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// Decides.
pub fn identity_plan(config: &KeyConfig, seen: &SeenIdentities<'_>) -> IdentityPlan {
    let mut all = IdentityPlan::default();
    for kind in KINDS {
        let wanted = config.generate_identities.contains(&kind);
        let keys: Vec<KeyFacts> = seen.identities.iter().filter(|(of, _)| *of == kind).map(|(_, key)| key.clone()).collect();
        let config = KeyConfig {
            // There is no certificate, so age is that of the Secret.
            order: KeyOrder::SecretCreationTimestamp,
            mode: if wanted { config.mode } else { KeyMode::External },
            pinned: None,
            ..config.clone()
        };
        let one = plan(
            &config,
            &Seen {
                keys: &keys,
                unreadable: seen.unreadable,
                trusted: seen.trusted,
                // SealedSecrets that exist are no sign of a lost identity: they are mostly sealed to the RSA key.
                any_sealed: false,
                asked: seen.asked,
                leads: seen.leads,
                now: seen.now,
            },
        );
        match one.make {
            Make::Key(because) => all.make.push((kind, because)),
            Make::Withheld(Withheld::Unreadable) => all.withheld = true,
            Make::Withheld(_) | Make::Nothing => {}
        }
        all.order.extend(one.order);
        all.newest.extend(one.newest);
        all.decrypt_only.extend(one.decrypt_only);
        all.look_again = all.look_again.into_iter().chain(one.look_again).min();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Invocation, parse};
    use RecipientKind::{PostQuantum, X25519};

    const NOW: i64 = 1_700_000_000;
    const DAY: i64 = 86_400;

    fn config(flags: &[&str]) -> KeyConfig {
        let Ok(Invocation::Run(config)) = parse(flags.iter().map(|f| (*f).to_owned()), &Environment::default()) else {
            panic!("{flags:?}")
        };
        config.keys
    }

    fn key(kind: RecipientKind, letter: &str, created: i64) -> (RecipientKind, KeyFacts) {
        let fingerprint = format!("SHA256:{}A", letter.repeat(42)).parse().expect("43 characters");
        (kind, KeyFacts { name: letter.into(), fingerprint, created, not_before: created, not_after: i64::MAX })
    }

    fn planned(flags: &[&str], identities: &[(RecipientKind, KeyFacts)]) -> IdentityPlan {
        let seen = SeenIdentities { identities, unreadable: 0, trusted: None, asked: false, leads: true, now: NOW };
        identity_plan(&config(flags), &seen)
    }

    fn letters(fingerprints: &[Fingerprint]) -> String {
        fingerprints.iter().map(|fingerprint| &fingerprint.as_str()[7..8]).collect()
    }

    #[test]
    fn nothing_is_made_unasked_and_each_kind_that_is_asked_for_is_made_once() {
        assert_eq!(planned(&[], &[]), IdentityPlan::default());
        assert_eq!(planned(&["--generate-age-identity=x25519"], &[]).make, [(X25519, Because::First)]);
        let held = [key(X25519, "A", NOW - DAY)];
        assert_eq!(planned(&["--generate-age-identity=both"], &held).make, [(PostQuantum, Because::First)]);
        assert_eq!(planned(&["--key-mode=external", "--generate-age-identity=x25519"], &[]).make, []);
    }

    #[test]
    fn the_newest_of_each_kind_is_sealed_to_and_renewed_with_age() {
        let held = [key(X25519, "A", NOW - 40 * DAY), key(X25519, "B", NOW - DAY), key(PostQuantum, "C", NOW - 50 * DAY)];
        let plan = planned(&["--generate-age-identity=both"], &held);
        assert_eq!((letters(&plan.order), letters(&plan.newest)), ("CBA".to_owned(), "CB".to_owned()));
        assert_eq!(plan.make, [(PostQuantum, Because::Renewal)]);
        assert_eq!(plan.look_again, Some(NOW + 29 * DAY));
        assert_eq!(planned(&["--key-renew-period=0", "--generate-age-identity=pq"], &held).make, []);
    }

    #[test]
    fn what_appears_later_only_opens_where_imports_are_demanded() {
        let trusted = BTreeSet::from([key(X25519, "A", 0).1.fingerprint]);
        let identities = [key(X25519, "A", NOW - DAY), key(X25519, "B", NOW - 5)];
        let seen = SeenIdentities {
            identities: &identities,
            unreadable: 0,
            trusted: Some(&trusted),
            asked: false,
            leads: true,
            now: NOW,
        };
        let plan = identity_plan(&config(&["--profile=strict"]), &seen);
        assert_eq!((letters(&plan.order), letters(&plan.newest), plan.decrypt_only.len()), ("AB".into(), "A".into(), 1));
        assert_eq!(letters(&identity_plan(&config(&[]), &seen).newest), "B");
    }

    #[test]
    fn an_unreadable_secret_keeps_a_first_one_from_being_made() {
        let seen = SeenIdentities { identities: &[], unreadable: 1, trusted: None, asked: false, leads: true, now: NOW };
        let plan = identity_plan(&config(&["--generate-age-identity=x25519"]), &seen);
        assert_eq!((plan.make, plan.withheld), (vec![], true));
        assert!(!identity_plan(&config(&[]), &seen).withheld, "nothing was wanted");
    }
}
