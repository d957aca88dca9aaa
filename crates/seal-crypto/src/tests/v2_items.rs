//! v2 items: round trips, and everything that must not open, each with the one answer.

use super::{key, rng, secret, test_key_pem};
use crate::age::{self, Identity, Recipient, RecipientKind};
use crate::v2::{self, CAPS, Claim, Context, Head, MAX_RECIPIENTS, Place, STANZA};
use crate::{Binding, Item, ItemError, Keyring, Kind, MAX_VALUE_BYTES, OpenError, Scope, SealError};
use std::sync::LazyLock;

/// Two identities of each kind.
static IDENTITIES: LazyLock<[Identity; 4]> = LazyLock::new(|| {
    let mut rng = rng();
    [RecipientKind::X25519, RecipientKind::X25519, RecipientKind::PostQuantum, RecipientKind::PostQuantum]
        .map(|kind| Identity::generate(kind, &mut rng).expect("ours to make"))
});

fn identity(index: usize) -> Identity {
    let text = IDENTITIES[index].to_text().expect("ours to write");
    Identity::parse(std::str::from_utf8(text.expose()).expect("ASCII")).expect("reads back")
}

fn recipient(index: usize) -> Recipient {
    IDENTITIES[index].recipient().expect("known").clone()
}

fn ring(indexes: &[usize]) -> Keyring {
    Keyring::with_identities(vec![key(test_key_pem!("rsa1024.pem"))], indexes.iter().map(|index| identity(*index)).collect())
}

fn binding(scope: Scope, namespace: &str, name: &str) -> Binding {
    Binding::new(scope, namespace, name).expect("valid names")
}

fn context(audience: &str) -> Context {
    Context::new(&binding(Scope::Strict, "prod", "db"), "password", audience, 1_795_564_800).expect("valid")
}

fn sealed(value: &[u8], context: &Context, recipients: &[Recipient]) -> Item {
    v2::seal(&secret(value), context, recipients, &mut rng()).expect("seals")
}

/// Opened at the place that [`context`] is for.
fn opened(item: &Item, ring: &Keyring) -> Result<Vec<u8>, OpenError> {
    let place = binding(Scope::Strict, "prod", "db");
    ring.open(item, &Place::new(&place, "password"), None).map(|opened| opened.value.expose().to_vec())
}

/// An item whose parts need not go together.
fn forged(frame: &[u8], claims: &[Claim], recipients: &[Recipient]) -> Item {
    let stanza = |claim: &Claim| age::Stanza { kind: STANZA.to_owned(), args: Vec::new(), body: claim.encode() };
    let extra: Vec<_> = claims.iter().map(stanza).collect();
    Item::from_bytes(age::encrypt(&secret(frame), recipients, &extra, &mut rng()).expect("encrypts"))
}

/// A v1 item that holds what ours refuse to seal.
fn wrapped_in_v1(value: &[u8], key: &crate::PublicKey, binding: &Binding) -> Item {
    use aes_gcm::aead::{Aead, KeyInit};
    let session_key = [1; 32];
    let block = key.wrap(&session_key, binding.label(), &mut rng()).expect("fits");
    let cipher = aes_gcm::Aes256Gcm::new_from_slice(&session_key).expect("32 bytes");
    let sealed = cipher.encrypt(&Default::default(), value).expect("small");
    let length = u16::try_from(block.len()).expect("a small key").to_be_bytes();
    Item::from_bytes([length.as_slice(), &block, &sealed].concat())
}

#[test]
fn values_of_every_size_come_back_for_every_recipient() {
    for recipients in [vec![0], vec![0, 1], vec![2], vec![2, 3]] {
        let all: Vec<_> = recipients.iter().map(|index| recipient(*index)).collect();
        for size in [0, 1, 5, 65_535, 65_536, 200_000] {
            let item = sealed(&vec![7; size], &context(""), &all);
            assert_eq!(item.kind(), Kind::V2);
            for index in &recipients {
                assert_eq!(opened(&item, &ring(&[*index])), Ok(vec![7; size]), "{recipients:?} {size}");
            }
            let head = Head::of(&Item::decode(&item.encode()).expect("base64")).expect("a head");
            let expected: Vec<_> = all.iter().map(Recipient::fingerprint).collect();
            assert_eq!((head.claim.context, head.claim.recipients, head.value_bytes), (context(""), expected, size));
            assert_eq!(head.post_quantum, recipients[0] >= 2);
        }
    }
}

#[test]
fn what_is_moved_renamed_swapped_rescoped_or_for_another_cluster_does_not_open() {
    let everywhere = [
        (Scope::Strict, "prod", "db", "password"),
        (Scope::Strict, "prod", "db", "user"),
        (Scope::Strict, "prod", "other", "password"),
        (Scope::Strict, "test", "db", "password"),
        (Scope::NamespaceWide, "prod", "db", "password"),
        (Scope::NamespaceWide, "test", "db", "password"),
        (Scope::ClusterWide, "prod", "db", "password"),
        (Scope::ClusterWide, "prod", "db", "user"),
    ];
    let ring = ring(&[0]);
    for sealed_for in everywhere {
        let (scope, namespace, name, key) = sealed_for;
        let context = Context::new(&binding(scope, namespace, name), key, "", 0).expect("valid");
        let item = sealed(b"value", &context, &[recipient(0)]);
        for found_at in everywhere {
            let (at, item_key) = (binding(found_at.0, found_at.1, found_at.2), found_at.3);
            let answer = ring.open(&item, &Place::new(&at, item_key), None).map(|_| ());
            let expected = if sealed_for == found_at { Ok(()) } else { Err(OpenError) };
            assert_eq!(answer, expected, "{sealed_for:?} found at {found_at:?}");
        }
    }
    let place = binding(Scope::Strict, "prod", "db");
    for (sealed_for, opener, opens) in [
        ("", None, true),
        ("", Some(""), true),
        ("", Some("eu-1"), true),
        ("eu-1", None, true),
        ("eu-1", Some("eu-1"), true),
        ("eu-1", Some(""), false),
        ("eu-1", Some("eu-2"), false),
        ("eu-1", Some("eu-11"), false),
    ] {
        let item = sealed(b"value", &context(sealed_for), &[recipient(0)]);
        let at = Place { binding: &place, key: "password", audience: opener };
        assert_eq!(ring.open(&item, &at, None).is_ok(), opens, "{sealed_for:?} {opener:?}");
    }
}

#[test]
fn every_byte_counts_and_none_may_follow() {
    let ring = ring(&[0]);
    let item = sealed(b"value", &context(""), &[recipient(0)]);
    assert_eq!(opened(&item, &ring), Ok(b"value".to_vec()));
    let bytes = item.as_bytes();
    for index in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[index] ^= 1;
        assert_eq!(opened(&Item::from_bytes(changed), &ring), Err(OpenError), "byte {index}");
    }
    for length in 0..bytes.len() {
        assert_eq!(opened(&Item::from_bytes(bytes[..length].to_vec()), &ring), Err(OpenError), "cut to {length}");
    }
    for more in [b"\0".as_slice(), b"\n", bytes] {
        assert_eq!(opened(&Item::from_bytes([bytes, more].concat()), &ring), Err(OpenError));
    }
}

#[test]
fn what_the_claim_and_the_frame_disagree_about_does_not_open() {
    let (ring, to) = (ring(&[0]), [recipient(0)]);
    let fingerprints = vec![recipient(0).fingerprint()];
    let claim = |context: &Context| Claim { context: context.clone(), recipients: fingerprints.clone() };
    let frame = |context: &Context| v2::frame_for_tests(context, &secret(b"value")).expose().to_vec();
    let (here, audience) = (context(""), context("eu-1"));
    let later = Context::new(here.binding(), here.key(), "", here.sealed_at() + 1).expect("valid");
    let other = Context::new(&binding(Scope::Strict, "test", "db"), "password", "", here.sealed_at()).expect("valid");

    assert_eq!(opened(&forged(&frame(&here), &[claim(&here)], &to), &ring), Ok(b"value".to_vec()));
    for (inside, outside) in [(&other, &here), (&here, &other), (&audience, &here), (&here, &audience), (&here, &later)] {
        assert_eq!(opened(&forged(&frame(inside), &[claim(outside)], &to), &ring), Err(OpenError), "{inside:?} {outside:?}");
    }
    let good = frame(&here);
    for bad in [&good[..good.len() - 5 - 1], &good[1..], b"value", b"", b"seal/v2\0"] {
        assert_eq!(opened(&forged(bad, &[claim(&here)], &to), &ring), Err(OpenError));
    }
}

#[test]
fn heads_that_no_sealer_writes_are_refused() {
    let to = [recipient(0)];
    let here = context("");
    let good = Claim { context: here.clone(), recipients: vec![recipient(0).fingerprint()] };
    let two = Claim { context: here.clone(), recipients: vec![recipient(0).fingerprint(), recipient(1).fingerprint()] };
    let frame = v2::frame_for_tests(&here, &secret(b"value")).expose().to_vec();
    let with = |stanza: age::Stanza| {
        let claim = age::Stanza { kind: STANZA.to_owned(), args: Vec::new(), body: good.encode() };
        Item::from_bytes(age::encrypt(&secret(&frame), &to, &[claim, stanza], &mut rng()).expect("encrypts"))
    };
    let stanza = |kind: &str| age::Stanza { kind: kind.to_owned(), args: Vec::new(), body: Vec::new() };
    let argument = age::Stanza { kind: STANZA.to_owned(), args: vec!["x".to_owned()], body: good.encode() };
    let with_argument = Item::from_bytes(age::encrypt(&secret(&frame), &to, &[argument], &mut rng()).expect("encrypts"));
    let table = [
        ("sound", forged(&frame, std::slice::from_ref(&good), &to), None),
        ("grease", with(stanza("x-grease")), None),
        ("no claim", forged(&frame, &[], &to), Some(ItemError::Claim)),
        ("two claims", forged(&frame, &[good.clone(), good.clone()], &to), Some(ItemError::Claim)),
        ("more recipients claimed than there are", forged(&frame, &[two], &to), Some(ItemError::Claim)),
        ("fewer", forged(&frame, std::slice::from_ref(&good), &[recipient(0), recipient(1)]), Some(ItemError::Claim)),
        ("a claim with an argument", with_argument, Some(ItemError::Claim)),
        ("a stanza of SSH", with(stanza("ssh-ed25519")), Some(ItemError::Recipients)),
        ("a stanza of a plugin", with(stanza("yubikey")), Some(ItemError::Recipients)),
        ("half post-quantum", with(stanza("mlkem768x25519")), Some(ItemError::Recipients)),
        ("too short a payload", forged(b"short", std::slice::from_ref(&good), &to), Some(ItemError::Payload)),
        (
            "a header too long",
            with(age::Stanza { body: vec![0; CAPS.header_bytes], ..stanza("x-grease") }),
            Some(ItemError::Header),
        ),
    ];
    for (what, item, expected) in table {
        assert_eq!(Head::of(&item).err(), expected, "{what}");
        assert_eq!(opened(&item, &ring(&[0])).is_ok(), expected.is_none(), "{what}");
    }
    let passphrase = b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\nAAAA\n--- AAAA\n".to_vec();
    assert_eq!(Head::of(&Item::from_bytes(passphrase)).err(), Some(ItemError::Header));
}

#[test]
fn nothing_is_sealed_twice_and_a_wrapped_item_does_not_open() {
    let inner = sealed(b"value", &context(""), &[recipient(0)]);
    let frame = v2::frame_for_tests(&context(""), &secret(b"value"));
    let rsa = key(test_key_pem!("rsa1024.pem"));
    let place = binding(Scope::Strict, "prod", "db");
    for value in [inner.as_bytes(), frame.expose()] {
        let v1 = Item::seal(&secret(value), rsa.public(), &place, &mut rng());
        assert_eq!(v1, Err(SealError::Nested));
        assert_eq!(v2::seal(&secret(value), &context(""), &[recipient(0)], &mut rng()), Err(SealError::Nested));
        let wrapped = wrapped_in_v1(value, rsa.public(), &place);
        assert_eq!(opened(&wrapped, &ring(&[0])), Err(OpenError));
    }
    // An age file that is not an item of ours is a value like any other.
    let foreign = age::encrypt(&secret(b"x"), &[recipient(0)], &[], &mut rng()).expect("encrypts");
    assert_eq!(opened(&sealed(&foreign, &context(""), &[recipient(0)]), &ring(&[0])), Ok(foreign.clone()));
    let v1 = Item::seal(&secret(&foreign), rsa.public(), &place, &mut rng()).expect("seals");
    assert_eq!(opened(&v1, &ring(&[])), Ok(foreign));
}

#[test]
fn recipients_that_do_not_go_together_are_refused() {
    let seal = |recipients: &[Recipient]| v2::seal(&secret(b"v"), &context(""), recipients, &mut rng());
    assert_eq!(seal(&[]), Err(SealError::NoRecipients));
    assert!(matches!(seal(&[recipient(0), recipient(2)]), Err(SealError::Recipients(_))));
    let mut source = rng();
    let many: Vec<_> = (0..=MAX_RECIPIENTS)
        .map(|_| Identity::generate(RecipientKind::PostQuantum, &mut source).expect("made").recipient().expect("known").clone())
        .collect();
    assert_eq!(seal(&many), Err(SealError::TooManyRecipients));
    let most = seal(&many[..MAX_RECIPIENTS]).expect("as many as allowed");
    assert!(Head::of(&most).is_ok_and(|head| head.header_bytes < CAPS.header_bytes));
    let twice = seal(&[recipient(0), recipient(0)]).expect("counts once");
    assert_eq!(Head::of(&twice).expect("a head").claim.recipients, [recipient(0).fingerprint()]);
    let too_large = v2::seal(&secret(&vec![0; MAX_VALUE_BYTES + 1]), &context(""), &[recipient(0)], &mut rng());
    assert_eq!(too_large, Err(SealError::TooLarge));
}

#[test]
fn the_remembered_identity_goes_first_then_the_claimed_ones() {
    let item = sealed(b"v", &context(""), &[recipient(1)]);
    let place = binding(Scope::Strict, "prod", "db");
    let at = Place::new(&place, "password");
    let ring = ring(&[0, 2, 1]);
    let tries = |hint| ring.open(&item, &at, hint).map(|opened| (opened.key, opened.tries));
    let own = recipient(1).fingerprint();
    assert_eq!(tries(None), Ok((own.clone(), 1)), "the claim leads to it");
    assert_eq!(tries(Some(&own)), Ok((own.clone(), 1)));
    assert_eq!(tries(Some(&recipient(0).fingerprint())), Ok((own, 2)), "a wrong memory costs one more");
    assert_eq!(ring.candidates(&item), 2, "the post-quantum identity has nothing to try");
    assert!(ring.holds(&recipient(2).fingerprint()) && !ring.holds(&recipient(3).fingerprint()));
}

#[test]
fn work_is_bounded_before_any_of_it_is_done() {
    let mut source = rng();
    let identities: Vec<_> =
        (0..MAX_RECIPIENTS).map(|_| Identity::generate(RecipientKind::X25519, &mut source).expect("made")).collect();
    let recipients: Vec<_> = identities.iter().map(|identity| identity.recipient().expect("known").clone()).collect();
    let item = sealed(b"v", &context(""), &recipients);
    let strangers = (0..20).map(|_| Identity::generate(RecipientKind::X25519, &mut source).expect("made")).collect();
    let ring = Keyring::with_identities(Vec::new(), strangers);
    assert_eq!(ring.candidates(&item), CAPS.operations, "8 identities times 32 stanzas, the others are not asked");
    assert_eq!(opened(&item, &ring), Err(OpenError));
}

#[test]
fn a_v1_reader_never_takes_it_for_one_of_its_own() {
    for size in [0, 20_000, 25_000, 30_000, 900_000] {
        let bytes = sealed(&vec![7; size], &context(""), &[recipient(0)]).as_bytes().to_vec();
        let announced = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        assert_eq!(announced, 24_935, "an RSA block of a size that no key has");
    }
}
