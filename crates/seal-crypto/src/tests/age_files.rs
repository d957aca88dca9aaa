//! age files made and opened here: round trips, everything that must not open, and what foreign text may not do to us.

use super::{rng, secret};
use crate::age::{
    Caps, EncryptError, Identity, IdentityError, OpenError, Recipient, RecipientError, RecipientKind, Stanza, armor, decrypt,
    encrypt, header, parse_identities, parse_recipients,
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::LazyLock;

const X25519: RecipientKind = RecipientKind::X25519;
const PQ: RecipientKind = RecipientKind::PostQuantum;

static CLASSIC: LazyLock<Vec<Identity>> = LazyLock::new(|| (0..5).map(|seed| identity(X25519, seed)).collect());
static STRONG: LazyLock<Vec<Identity>> = LazyLock::new(|| (0..5).map(|seed| identity(PQ, seed)).collect());

fn identity(kind: RecipientKind, seed: u64) -> Identity {
    Identity::generate(kind, &mut StdRng::seed_from_u64(seed)).expect("a kind that is made here")
}

fn recipients(identities: &[Identity]) -> Vec<Recipient> {
    identities.iter().filter_map(Identity::recipient).cloned().collect()
}

fn text(identity: &Identity) -> String {
    String::from_utf8(identity.to_text().expect("made here").expose().to_vec()).expect("ASCII")
}

fn bech32(prefix: &str, bytes: &[u8]) -> String {
    age_core::primitives::bech32_encode(bech32::Hrp::parse(prefix).expect("a prefix"), bytes)
}

/// What opening gave, comparable.
fn opened(bytes: &[u8], identities: &[Identity], caps: &Caps) -> Result<(Vec<u8>, usize), OpenError> {
    decrypt(bytes, identities, caps).map(|(value, index)| (value.expose().to_vec(), index))
}

fn stanza(kind: &str, args: &[&str], body: &[u8]) -> Stanza {
    Stanza { kind: kind.to_owned(), args: args.iter().map(|arg| (*arg).to_owned()).collect(), body: body.to_vec() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_recipient_opens_and_says_which_it_was(
        length in prop_oneof![0_usize..200, 65_530_usize..65_545, 131_060_usize..131_090],
        strong in any::<bool>(),
        count in 1_usize..5,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let value: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
        let all: &[Identity] = if strong { &STRONG } else { &CLASSIC };
        let extra = [stanza("sealkit.dev/claim", &["a", "b"], &body), stanza("x", &[], &[])];
        let file = encrypt(&secret(&value), &recipients(&all[..count]), &extra, &mut rng()).expect("it seals");
        let seen = header(&file, &Caps::ITEM).expect("a good header");
        prop_assert_eq!(&seen.stanzas[..2], &extra[..]);
        prop_assert_eq!((seen.content_len(), seen.is_post_quantum(), seen.is_passphrase()), (Some(length), strong, false));
        for index in 0..count {
            prop_assert!(opened(&file, &all[index..=index], &Caps::ITEM) == Ok((value.clone(), 0)));
        }
        prop_assert!(opened(&file, &all[count - 1..], &Caps::ITEM) == Ok((value, 0)));
        prop_assert_eq!(opened(&file, &all[count..], &Caps::ITEM), Err(OpenError::NoMatch));
    }

    #[test]
    fn one_changed_or_missing_byte_anywhere_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8, strong in any::<bool>()) {
        let all: &[Identity] = if strong { &STRONG } else { &CLASSIC };
        let extra = [stanza("claim", &["word"], b"said in the clear")];
        let file = encrypt(&secret(b"a value"), &recipients(&all[..2]), &extra, &mut rng()).expect("it seals");
        let at = at.index(file.len());
        let mut changed = file.clone();
        changed[at] ^= 1 << bit;
        let doubled = [&file[..at], &file[at..=at], &file[at..]].concat();
        for broken in [&changed[..], &file[..at], &[&file[..at], &file[at + 1..]].concat(), &doubled] {
            if broken != file {
                prop_assert!(opened(broken, &all[..2], &Caps::ITEM).is_err(), "at {}", at);
            }
        }
    }

    #[test]
    fn armor_comes_off_as_it_went_on(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = armor::wrap(&bytes);
        prop_assert!(armor::is_armored(text.as_bytes()));
        prop_assert_eq!(armor::unwrap(text.as_bytes()), Ok(bytes.clone()));
        prop_assert_eq!(armor::unwrap(text.replace('\n', "\r\n").as_bytes()), Ok(bytes.clone()));
        prop_assert_eq!(armor::unwrap(format!("\n \n{text}\n\t\n").as_bytes()), Ok(bytes));
    }

    #[test]
    fn what_a_good_checksum_holds_is_a_key_that_works_or_is_refused(
        prefix in prop_oneof![Just("age"), Just("age1pq"), Just("age1tag"), Just("age1tagpq")],
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 31..35),
            proptest::collection::vec(prop_oneof![Just(0_u8), Just(2), Just(0xff), any::<u8>()], 32..34),
            proptest::collection::vec(0_u8..13, 1215..1252),
        ],
    ) {
        let text = bech32(prefix, &bytes);
        if let Ok(recipient) = text.parse::<Recipient>() {
            prop_assert_eq!(recipient.as_str(), &text);
            prop_assert!(encrypt(&secret(b"v"), &[recipient], &[], &mut rng()).is_ok());
        }
        for prefix in ["age-secret-key-", "age-secret-key-pq-"] {
            let parsed = Identity::parse(&bech32(prefix, &bytes).to_uppercase());
            prop_assert_eq!(parsed.is_ok(), bytes.len() == 32);
        }
    }

    #[test]
    fn identities_and_recipients_read_as_they_print(seed in any::<u64>(), strong in any::<bool>()) {
        let made = identity(if strong { PQ } else { X25519 }, seed);
        let again = Identity::parse(&text(&made)).expect("its own text");
        prop_assert_eq!(text(&again), text(&made));
        let recipient = made.recipient().expect("made here");
        prop_assert_eq!(again.recipient(), Some(recipient));
        let read: Recipient = recipient.to_string().parse().expect("its own text");
        prop_assert_eq!((&read, read.kind(), read.is_post_quantum()), (recipient, if strong { PQ } else { X25519 }, strong));
        prop_assert_eq!(read.fingerprint(), recipient.fingerprint());
    }
}

#[test]
fn equal_dice_make_equal_files_and_nothing_is_in_them_that_nobody_asked_for() {
    for (identities, bytes) in [(&CLASSIC[..1], 205), (&STRONG[..1], 1664)] {
        let make = || encrypt(&secret(b"value"), &recipients(identities), &[], &mut rng()).expect("it seals");
        assert_eq!((make().len(), make() == make()), (bytes, true));
        assert_eq!(header(&make(), &Caps::ITEM).expect("good").stanzas.len(), 1);
    }
}

#[test]
fn strengths_are_not_mixed_and_somebody_must_be_able_to_open() {
    let (classic, strong) = (recipients(&CLASSIC[..1]), recipients(&STRONG[..1]));
    let made = |recipients: &[Recipient], extra: &[Stanza]| encrypt(&secret(b"v"), recipients, extra, &mut rng()).map(drop);
    assert_eq!(made(&[], &[]), Err(EncryptError::NoRecipients));
    let mixed = EncryptError::Mixed { post_quantum: strong[0].short(), classic: classic[0].short() };
    assert_eq!(made(&[classic[0].clone(), strong[0].clone()], &[]), Err(mixed));
    for bad in [stanza("", &[], &[]), stanza("a b", &[], &[]), stanza("a", &[""], &[]), stanza("a", &["\n"], &[])] {
        assert_eq!(made(&classic, &[bad]), Err(EncryptError::Stanza));
    }
}

#[test]
fn caps_are_applied_before_any_key_is_used() {
    let file = encrypt(&secret(b"v"), &recipients(&CLASSIC), &[], &mut rng()).expect("it seals");
    let header_bytes = header(&file, &Caps::ITEM).expect("good").header_len;
    let stanzas = header(&file, &Caps::ITEM).expect("good").stanzas.len();
    let caps = Caps { header_bytes, stanzas, operations: 25 };
    assert!(opened(&file, &CLASSIC, &caps).is_ok());
    for (caps, what) in [
        (Caps { header_bytes: header_bytes - 1, ..caps }, "bytes of header"),
        (Caps { stanzas: stanzas - 1, ..caps }, "recipient stanzas"),
        (Caps { operations: 24, ..caps }, "private-key operations to ask for"),
    ] {
        let error = opened(&file, &CLASSIC, &caps).expect_err("beyond the cap");
        assert!(matches!(&error, OpenError::TooMuch { what: said, .. } if *said == what), "{error:?}");
    }
    // Stanzas of another type cost nothing.
    assert_eq!(opened(&file, &STRONG, &Caps { operations: 0, ..caps }), Err(OpenError::NoMatch));
}

#[test]
fn what_is_no_age_file_is_told_from_a_broken_one() {
    let file = encrypt(&secret(b"v"), &recipients(&CLASSIC[..1]), &[], &mut rng()).expect("it seals");
    let cases: [(&[u8], OpenError); 6] = [
        (b"", OpenError::NotAge),
        (b"hello: world\n", OpenError::NotAge),
        (&[0x80; 300], OpenError::NotAge),
        (b"age-encryption.org/v2\n", OpenError::Version),
        (&file[..15], OpenError::Truncated),
        (b"age-encryption.org/v1\nhello\n", OpenError::Header { line: 2, what: "neither a stanza nor the MAC" }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(opened(bytes, &CLASSIC, &Caps::ITEM), Err(expected));
    }
}

#[test]
fn what_is_no_recipient_is_refused_by_its_kind() {
    let (classic, strong) = (CLASSIC[0].recipient().expect("made").to_string(), STRONG[0].recipient().expect("made").to_string());
    let cases = [
        (String::new(), RecipientError::Empty),
        ("hello".to_owned(), RecipientError::NotAge),
        ("age1".to_owned(), RecipientError::Checksum),
        (text(&CLASSIC[0]), RecipientError::Identity),
        (text(&STRONG[0]).to_lowercase(), RecipientError::Identity),
        ("AGE-PLUGIN-YUBIKEY-1QGPSYQYYZEFT5W".to_owned(), RecipientError::Identity),
        (classic.replace("age1", "age1q"), RecipientError::Checksum),
        (strong[..strong.len() - 1].to_owned(), RecipientError::Checksum),
        (bech32("age", &[0; 32]), RecipientError::Key("X25519")),
        (bech32("age", &[7; 31]), RecipientError::Key("X25519")),
        (bech32("age1pq", &[0xff; 1216]), RecipientError::Key("post-quantum")),
        (bech32("age1tag", &[7; 33]), RecipientError::Key("P-256")),
        ("age1yubikey1qqqqqqqqqqq".to_owned(), RecipientError::Plugin("yubikey".to_owned())),
        ("age1../../x1qqqqqqqqqqq".to_owned(), RecipientError::PluginName),
        (
            "ssh-rsa AAAA".to_owned(),
            if cfg!(feature = "ssh") {
                RecipientError::Ssh("SSH keys other than ssh-ed25519 as")
            } else {
                RecipientError::Ssh("SSH")
            },
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Recipient>().map(drop), Err(expected), "{text}");
    }
}

#[test]
fn files_of_keys_name_the_line_and_never_its_text() {
    let (key, recipient) = (text(&CLASSIC[0]), CLASSIC[0].recipient().expect("made").to_string());
    let good = format!("# created: today\n\n  {key}  \r\n{}", text(&STRONG[1]));
    let found = parse_identities("keys.txt", &secret(good.as_bytes())).expect("a good file");
    assert_eq!(found.iter().map(text).collect::<Vec<_>>(), [key.clone(), text(&STRONG[1])]);
    for (file, expected) in [
        (
            format!("{key}\n{}", key.replace("KEY-1", "KEY-1Q")),
            "keys.txt:2: the identity's checksum does not match; a character was lost or changed",
        ),
        (recipient.clone(), "keys.txt:1: this is a recipient (a public key), not an identity"),
        ("hunter2".to_owned(), "keys.txt:1: not an age identity: it does not begin with AGE-SECRET-KEY-"),
        ("# nothing\n".to_owned(), "keys.txt: no identities found"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\n".to_owned(), "keys.txt: the identity file is encrypted with a passphrase"),
    ] {
        let error = parse_identities("keys.txt", &secret(file.as_bytes())).map(drop).expect_err("not a good file");
        assert_eq!(error.to_string(), expected);
    }
    let error = parse_identities("k", &secret(&vec![b'#'; (16 << 20) + 1])).map(drop).expect_err("too large");
    assert_eq!(error, IdentityError::TooLarge("k".to_owned()));

    let team = format!("# team\n{recipient}\n");
    assert_eq!(parse_recipients("team", team.as_bytes()).map(|all| all.len()), Ok(1));
    let error = parse_recipients("team", format!("{team}{key}").as_bytes()).map(drop).expect_err("a private key");
    assert!(error.to_string().starts_with("team:3: this is an identity") && !error.to_string().contains(&key[16..]), "{error}");
}
