//! Tables: facts and time in, plan out.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use seal_crypto::Fingerprint;

use super::{Because, KeyPlan, Make, Seen, Withheld, begins, plan};
use crate::{
    config::{Config, Environment, Invocation, KeyConfig, KeyMode, KeyOrder, parse},
    keys::read::KeyFacts,
};

const NOW: i64 = 1_000_000;
const DAY: i64 = 86_400;

fn config(flags: &[&str]) -> KeyConfig {
    let Ok(Invocation::Run(config)) = parse(flags.iter().map(|f| (*f).to_owned()), &Environment::default()) else {
        panic!("{flags:?} are not settings")
    };
    let config: Config = *config;
    config.keys
}

fn fingerprint(n: u8) -> Fingerprint {
    format!("SHA256:{}", STANDARD_NO_PAD.encode([n; 32])).parse().expect("43 characters")
}

/// Key `n`, created and valid from these times.
fn key(n: u8, created: i64, not_before: i64) -> KeyFacts {
    KeyFacts { name: format!("key-{n}"), fingerprint: fingerprint(n), created, not_before, not_after: i64::MAX }
}

fn seen(keys: &[KeyFacts]) -> Seen<'_> {
    Seen { keys, unreadable: 0, trusted: None, any_sealed: false, asked: false, leads: true, now: NOW }
}

fn order(plan: &KeyPlan) -> Vec<u8> {
    (0..=9)
        .filter_map(|n| plan.order.iter().position(|f| *f == fingerprint(n)).map(|at| (at, n)))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_values()
        .collect()
}

#[test]
fn the_newest_is_chosen_as_upstream_chooses() {
    let by_creation = KeyConfig { order: KeyOrder::SecretCreationTimestamp, ..config(&[]) };
    for (name, config, keys, expected) in [
        ("latest certificate", config(&[]), vec![key(1, 20, 10), key(2, 10, 20)], vec![2, 1]),
        ("latest Secret", by_creation, vec![key(1, 20, 10), key(2, 10, 20)], vec![1, 2]),
        ("a tie keeps the first registered", config(&[]), vec![key(2, 20, 10), key(1, 10, 10)], vec![1, 2]),
        ("the name settles a tie of both", config(&[]), vec![key(2, 10, 10), key(1, 10, 10)], vec![1, 2]),
        ("the same key twice counts once", config(&[]), vec![key(1, 10, 10), key(1, 20, 30), key(2, 15, 20)], vec![2, 1]),
        ("5 minutes ahead is skew", config(&[]), vec![key(1, 1, NOW), key(2, 1, NOW + 300)], vec![2, 1]),
        ("more is not sealed to", config(&[]), vec![key(1, 1, NOW), key(2, 1, NOW + 301)], vec![1, 2]),
    ] {
        let plan = plan(&config, &seen(&keys));
        assert_eq!(order(&plan), expected, "{name}");
        assert_eq!(plan.newest, Some(fingerprint(expected[0])), "{name}");
    }
}

#[test]
fn a_key_from_the_future_is_looked_at_again_when_its_time_comes() {
    let plan = plan(&KeyConfig { renew_period: None, ..config(&[]) }, &seen(&[key(1, 1, NOW), key(2, 1, NOW + 1_000)]));
    assert_eq!(plan.look_again, Some(NOW + 700));
}

#[test]
fn a_first_key_is_made_only_when_it_hides_no_loss() {
    let external = KeyConfig { mode: KeyMode::External, ..config(&[]) };
    let pinned = KeyConfig { pinned: Some(fingerprint(9)), ..config(&[]) };
    let forced = KeyConfig { force_first: true, ..config(&[]) };
    let none: &[KeyFacts] = &[];
    for (name, config, seen, expected) in [
        ("nothing at all", config(&[]), seen(none), Make::Key(Because::First)),
        ("a follower waits", config(&[]), Seen { leads: false, ..seen(none) }, Make::Nothing),
        ("an unreadable key", config(&[]), Seen { unreadable: 1, ..seen(none) }, Make::Withheld(Withheld::Unreadable)),
        ("sealed objects", config(&[]), Seen { any_sealed: true, ..seen(none) }, Make::Withheld(Withheld::Unopened)),
        ("both, forced", forced, Seen { any_sealed: true, unreadable: 1, ..seen(none) }, Make::Key(Because::First)),
        ("external", external, seen(none), Make::Withheld(Withheld::External)),
        ("asked for too", config(&[]), Seen { asked: true, any_sealed: true, ..seen(none) }, Make::Withheld(Withheld::Unopened)),
        ("pinned", pinned, seen(none), Make::Withheld(Withheld::Pinned)),
    ] {
        assert_eq!(plan(&config, &seen).make, expected, "{name}");
    }
}

#[test]
fn renewal_cutoff_and_request_make_a_key_when_due() {
    let keys = [key(1, NOW - 40 * DAY, NOW - 40 * DAY)];
    let days = |days: u64| KeyConfig { renew_period: Some(Duration::from_hours(24 * days)), ..config(&[]) };
    let never = KeyConfig { renew_period: None, ..config(&[]) };
    for (name, config, asked, leads, expected, look_again) in [
        ("due", days(30), false, true, Make::Key(Because::Renewal), None),
        ("due to the second", days(40), false, true, Make::Key(Because::Renewal), None),
        ("not due", days(41), false, true, Make::Nothing, Some(NOW + DAY)),
        ("off", never.clone(), false, true, Make::Nothing, None),
        ("a follower", days(30), false, false, Make::Nothing, None),
        ("asked", days(41), true, true, Make::Key(Because::Asked), Some(NOW + DAY)),
        (
            "older than the cutoff",
            KeyConfig { cutoff: Some(NOW - DAY), ..never.clone() },
            false,
            true,
            Make::Key(Because::Cutoff),
            None,
        ),
        ("a cutoff to come", KeyConfig { cutoff: Some(NOW + DAY), ..never.clone() }, false, true, Make::Nothing, Some(NOW + DAY)),
        (
            "younger than the cutoff",
            KeyConfig { cutoff: Some(NOW - 50 * DAY), ..never.clone() },
            false,
            true,
            Make::Nothing,
            None,
        ),
        ("external", KeyConfig { mode: KeyMode::External, ..days(30) }, true, true, Make::Nothing, None),
        ("pinned", KeyConfig { pinned: Some(fingerprint(1)), ..days(30) }, true, true, Make::Nothing, None),
    ] {
        let plan = plan(&config, &Seen { asked, leads, ..seen(&keys) });
        assert_eq!((plan.make, plan.look_again), (expected, look_again), "{name}");
    }
}

#[test]
fn a_certificate_that_ends_is_renewed_unless_renewal_is_off() {
    let ending = |not_after| [KeyFacts { not_after, ..key(1, NOW - DAY, NOW - DAY) }];
    let never = KeyConfig { renew_period: None, ..config(&[]) };
    for (name, config, not_after, expected, look_again) in [
        ("ended", config(&[]), NOW, Make::Key(Because::Renewal), None),
        ("ends soon", config(&[]), NOW + 5, Make::Nothing, Some(NOW + 5)),
        ("ended, off", never, NOW, Make::Nothing, None),
    ] {
        let plan = plan(&config, &seen(&ending(not_after)));
        assert_eq!((plan.make, plan.look_again), (expected, look_again), "{name}");
    }
}

#[test]
fn an_unreadable_key_does_not_stop_renewal() {
    let keys = [key(1, 0, NOW - 40 * DAY)];
    assert_eq!(plan(&config(&[]), &Seen { unreadable: 2, any_sealed: true, ..seen(&keys) }).make, Make::Key(Because::Renewal));
}

#[test]
fn keys_that_appeared_later_only_open_until_they_are_imported() {
    let keys = [key(1, 10, NOW - DAY), key(2, 20, NOW - 1)];
    let strict = config(&["--profile=strict"]);
    let imported = KeyConfig { import: vec![fingerprint(2)], ..strict.clone() };
    let pinned = KeyConfig { pinned: Some(fingerprint(2)), ..strict.clone() };
    let only_first = BTreeSet::from([fingerprint(1)]);
    for (name, config, trusted, newest, decrypt_only) in [
        ("no record yet adopts all", &strict, None, 2, vec![]),
        ("recorded", &strict, Some(&only_first), 1, vec![2]),
        ("imported", &imported, Some(&only_first), 2, vec![]),
        ("pinned", &pinned, Some(&only_first), 2, vec![]),
        ("compatible trusts as upstream does", &self::config(&[]), Some(&only_first), 2, vec![]),
    ] {
        let plan = plan(config, &Seen { trusted, ..seen(&keys) });
        assert_eq!(plan.newest, Some(fingerprint(newest)), "{name}");
        assert_eq!(plan.decrypt_only, decrypt_only.into_iter().map(fingerprint).collect(), "{name}");
        assert_eq!(plan.order.len(), 2, "{name}: both still open");
    }
}

#[test]
fn a_pinned_key_is_sealed_to_whatever_its_age_and_nothing_replaces_it() {
    let config = KeyConfig { pinned: Some(fingerprint(1)), ..config(&[]) };
    let keys = [key(1, 10, NOW + 5_000), key(2, 20, NOW - 1)];
    assert_eq!(order(&plan(&config, &seen(&keys))), [1, 2]);
    let without = plan(&config, &seen(&keys[1..]));
    assert_eq!((without.newest, without.make), (None, Make::Withheld(Withheld::Pinned)));
    assert_eq!(without.order, [fingerprint(2)], "the others still open");
}

#[test]
fn a_key_made_in_the_second_of_the_newest_is_the_newest() {
    for (newest, begin) in [
        (None, NOW),
        (Some(NOW - DAY), NOW),
        (Some(NOW - 1), NOW),
        (Some(NOW), NOW + 1),
        (Some(NOW + 10), NOW + 11),
        // Never so far ahead that it would not be sealed to.
        (Some(NOW + 300), NOW + 300),
        (Some(i64::MAX), NOW + 300),
    ] {
        assert_eq!(begins(newest, NOW), begin, "{newest:?}");
    }
    for order_by in [KeyOrder::CertNotBefore, KeyOrder::SecretCreationTimestamp] {
        let config = KeyConfig { order: order_by, ..config(&[]) };
        let keys = [key(1, NOW, NOW), key(2, NOW, begins(Some(NOW), NOW))];
        assert_eq!(order(&plan(&config, &seen(&keys))), [2, 1], "{order_by:?}");
    }
}
