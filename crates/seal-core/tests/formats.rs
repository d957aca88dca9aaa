//! Both formats in one object: which items are opened, rotated, moved and claimed, and by whom.

use rand::{SeedableRng, rngs::StdRng};
use seal_core::{
    claim::keys_of,
    open::{Opening, open_object},
    rotate::{migrate_items, rotate_items},
    seal::{SealOptions, seal_secret},
    seal_to::{Recipients, SealTo},
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::{
    Keyring, Kind, PrivateKey,
    age::{Identity, RecipientKind},
};
use std::collections::BTreeMap;

/// An RSA key and two identities, with an object that has one item of each format.
struct World {
    rng: StdRng,
    keyring: Keyring,
    rsa: SealTo,
    first: SealTo,
    second: SealTo,
}

fn to(identities: &[&Identity], audience: &str) -> SealTo {
    let recipients = identities.iter().map(|identity| identity.recipient().expect("known").clone()).collect();
    SealTo::Recipients(Recipients { recipients, audience: audience.to_owned(), sealed_at: 1 })
}

impl World {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let key = PrivateKey::generate(1024, &mut rng).expect("a key");
        let mut identity = || Identity::generate(RecipientKind::X25519, &mut rng).expect("ours to make");
        let (one, two) = (identity(), identity());
        let (rsa, first, second) = (key.public().clone().into(), to(&[&one], ""), to(&[&one, &two], ""));
        Self { keyring: Keyring::with_identities(vec![key], vec![one, two]), rsa, first, second, rng }
    }

    fn seal(&mut self, name: &str, to: &SealTo) -> SealedObject {
        let mut secret = SecretObject { data: [(name.to_owned(), name.to_owned().into())].into(), ..SecretObject::default() };
        secret.metadata.insert("name".into(), "db".into());
        secret.metadata.insert("namespace".into(), "shop".into());
        seal_secret(&secret, SealOptions { claim: true, ..SealOptions::default() }, to, &mut self.rng).expect("sealed")
    }

    /// `old` as v1, `new` as v2 for the first identity.
    fn mixed(&mut self) -> SealedObject {
        let (rsa, first) = (self.rsa.clone(), self.first.clone());
        let mut object = self.seal("old", &rsa);
        object.items.extend(self.seal("new", &first).items);
        object
    }
}

const PEOPLE: Opening<'_> = Opening { hint: None, audience: None };

#[test]
fn a_mixed_object_opens_whole_and_says_what_it_is() {
    let mut world = World::new();
    let object = world.mixed();
    assert!(object.is_mixed());
    assert_eq!((object.items_of(Kind::V1), object.items_of(Kind::V2)), (vec!["old"], vec!["new"]));
    let opened = open_object(&object, &world.keyring, &PEOPLE).expect("opens");
    assert!(opened.data.iter().all(|(name, value)| value.expose() == name.as_bytes()));
    assert_eq!(
        opened.keys.iter().map(|(name, key)| (name.clone(), vec![key.clone()])).collect::<BTreeMap<_, _>>(),
        keys_of(&object)
    );
    let SealTo::Recipients(recipients) = &world.first else { unreachable!("made so") };
    assert_eq!(opened.keys["new"], recipients.recipients[0].fingerprint());
}

#[test]
fn rotation_stays_in_its_format_and_migration_does_not() {
    let mut world = World::new();
    let object = world.mixed();
    let (rsa, first, second) = (world.rsa.clone(), world.first.clone(), world.second.clone());
    for (to, rotated, migrated) in
        [(&rsa, vec![], vec!["new"]), (&first, vec![], vec!["old"]), (&second, vec!["new"], vec!["new", "old"])]
    {
        let names = |items: BTreeMap<String, String>| items.into_keys().collect::<Vec<_>>();
        let fresh = rotate_items(&object, &world.keyring, to, &PEOPLE, &mut world.rng).expect("rotated");
        assert!(fresh.values().all(|text| seal_core::sealed::kind_of(text) == to.kind()));
        assert_eq!(names(fresh), rotated);
        let fresh = migrate_items(&object, &world.keyring, to, &PEOPLE, &mut world.rng).expect("moved");
        assert!(fresh.values().all(|text| seal_core::sealed::kind_of(text) == to.kind()));
        assert_eq!(names(fresh.clone()), migrated);
        let mut moved = object.clone();
        moved.items.extend(fresh);
        assert!(!moved.is_mixed());
        assert!(open_object(&moved, &world.keyring, &PEOPLE).is_ok());
    }
    // Rotating v1 needs no key of v2 items, and the other way round.
    let rsa_only = Keyring::new(vec![PrivateKey::generate(1024, &mut StdRng::seed_from_u64(1)).expect("the same key")]);
    assert!(rotate_items(&object, &rsa_only, &rsa, &PEOPLE, &mut world.rng).is_ok_and(|fresh| fresh.is_empty()));
    let refused = migrate_items(&object, &rsa_only, &rsa, &PEOPLE, &mut world.rng).expect_err("v2 does not open");
    assert_eq!(refused.items, ["new"]);
}

#[test]
fn a_cluster_opens_what_is_for_everyone_and_for_itself() {
    let mut world = World::new();
    let SealTo::Recipients(recipients) = world.first.clone() else { unreachable!("made so") };
    let for_one = SealTo::Recipients(Recipients { audience: "eu-1".to_owned(), ..recipients });
    let (everyone, one) = (world.seal("a", &world.first.clone()), world.seal("a", &for_one));
    for (audience, opens_one) in [(None, true), (Some(""), false), (Some("eu-1"), true), (Some("eu-2"), false)] {
        let opening = Opening { hint: None, audience };
        assert!(open_object(&everyone, &world.keyring, &opening).is_ok(), "{audience:?}");
        let answer = open_object(&one, &world.keyring, &opening).map(|_| ()).map_err(|unopened| unopened.to_string());
        let expected = if opens_one { Ok(()) } else { Err("no key could decrypt secret (a)".to_owned()) };
        assert_eq!(answer, expected, "{audience:?}");
    }
    // Another audience is stale, as other recipients are.
    let fresh = rotate_items(&one, &world.keyring, &world.first.clone(), &PEOPLE, &mut world.rng).expect("rotated");
    assert_eq!(fresh.keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn only_v1_leaves_a_claim_in_the_annotations() {
    let mut world = World::new();
    let (rsa, first) = (world.rsa.clone(), world.first.clone());
    assert!(world.seal("a", &rsa).claim().is_some());
    let object = world.seal("a", &first);
    assert_eq!((object.claim(), object.metadata.get("annotations")), (None, None));
}
