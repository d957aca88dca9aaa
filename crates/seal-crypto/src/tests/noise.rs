//! The fuzz targets' properties on a fixed stream of noise, cheap enough for every run: foreign bytes never panic.

use super::{rng, secret, test_key_pem};
use crate::v2::Place;
use crate::{Binding, Certificate, Fingerprint, Item, Keyring, PrivateKey, Scope, Signature, VerifyingKey, age};
use rand::{Rng, RngExt};

/// Random bytes, then real files with a few bytes changed, cut or doubled.
fn noise(seeds: &[&[u8]], rounds: usize, mut check: impl FnMut(&[u8])) {
    let mut rng = rng();
    for round in 0..rounds {
        let mut bytes = vec![0; rng.random_range(0..600)];
        rng.fill_bytes(&mut bytes);
        check(&bytes);
        let mut mutant = seeds[round % seeds.len()].to_vec();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..mutant.len());
            match rng.random_range(0..4) {
                0 => mutant[at] = rng.random(),
                1 => mutant[at] ^= 1 << rng.random_range(0..8),
                2 => mutant.truncate(at + 1),
                _ => mutant.extend_from_within(at..),
            }
        }
        check(&mutant);
    }
}

#[test]
fn noise_is_no_item() {
    let ring = Keyring::new(vec![super::key(test_key_pem!("rsa1024.pem"))]);
    let binding = Binding::new(Scope::ClusterWide, "", "").expect("valid");
    let real = Item::seal(
        &secret(b"v"),
        ring.get(ring.fingerprints().next().expect("one")).expect("held").public(),
        &binding,
        &mut rng(),
    );
    let real = real.expect("seals");
    noise(&[real.as_bytes(), real.encode().as_bytes()], 150, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let items = [Some(Item::from_bytes(bytes.to_vec())), Item::decode(&text).ok()];
        for item in items.into_iter().flatten().filter(|item| *item != real) {
            assert!(ring.open(&item, &Place::new(&binding, "key"), None).is_err());
        }
    });
}

/// Lines of a header exchanged, doubled and taken out: what a random byte hardly ever does.
#[test]
fn noise_is_no_v2_item() {
    let vector = |name: &str| {
        let path = format!("{}/../../tests/vectors/v2/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("a vector");
        Item::decode(text.split_once("\n\n").expect("headers").1).expect("base64").as_bytes().to_vec()
    };
    let (classic, strong) = (vector("opens-second-of-two"), vector("opens-post-quantum"));
    let key = |name: &str| {
        let text = std::fs::read(format!("{}/../../tests/vectors/v2/{name}.agekey", env!("CARGO_MANIFEST_DIR")));
        crate::age::parse_identities(name, &text.expect("a test key").into()).expect("a test key")
    };
    let ring = Keyring::with_identities(Vec::new(), ["x25519-b", "pq-a"].iter().flat_map(|name| key(name)).collect());
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
    let place = Place::new(&binding, "password");
    let refused = |bytes: &[u8]| {
        let item = Item::from_bytes(bytes.to_vec());
        let _ = crate::v2::Head::of(&item);
        assert!([&classic, &strong].contains(&&item.as_bytes().to_vec()) || ring.open(&item, &place, None).is_err());
    };
    noise(&[&classic, &strong], 400, refused);
    let lines = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (ours, other, mut rng) = (lines(&classic), lines(&strong), rng());
    for _ in 0..400 {
        let mut mutant = ours.clone();
        let (at, from) = (rng.random_range(0..mutant.len()), rng.random_range(0..other.len()));
        match rng.random_range(0..4) {
            0 => drop(mutant.remove(at)),
            1 => mutant.insert(at, other[from].clone()),
            2 => mutant[at].clone_from(&other[from]),
            _ => mutant.insert(at, ours[from % ours.len()].clone()),
        }
        refused(&mutant.concat());
    }
}

#[test]
fn noise_is_no_key() {
    let seeds = [
        test_key_pem!("rsa1024.pem"),
        test_key_pem!("rsa3072.pem"),
        test_key_pem!("encrypted-pkcs1.pem"),
        test_key_pem!("ec.pem"),
    ];
    noise(&seeds, 120, |bytes| {
        // A change outside the armour leaves a good key; what reads must also print and read again.
        if let Ok(key) = PrivateKey::from_pem(&secret(bytes)) {
            assert!(PrivateKey::from_pem(&key.to_pem()).is_ok_and(|again| again.fingerprint() == key.fingerprint()));
        }
    });
}

#[test]
fn noise_is_no_certificate() {
    noise(&[test_key_pem!("rsa1024.crt"), test_key_pem!("rsa4096.crt"), test_key_pem!("ec.crt")], 2000, |bytes| {
        if let Ok(certificate) = Certificate::from_pem(bytes) {
            assert_eq!(Certificate::from_pem(certificate.pem.as_bytes()), Ok(certificate));
        }
    });
}

#[test]
fn noise_is_no_text_of_ours() {
    let fingerprint = b"SHA256:SDGvkKBaRLcWtpx+aQHikbWIuwLcA6aZV7PQqPO8rkQ".as_slice();
    noise(&[fingerprint, b"ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="], 2000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.parse::<Fingerprint>().is_ok_and(|read| read.as_str() != text));
        assert!(!VerifyingKey::parse(&text).is_ok_and(|read| read.as_str() != text));
        assert!(!Signature::parse(&text).is_ok_and(|read| read.as_str() != text));
    });
}

#[test]
fn noise_is_no_age_file_and_no_key_of_ages() {
    let mut rng = rng();
    let identity = age::Identity::generate(age::RecipientKind::X25519, &mut rng).expect("a kind that is made here");
    let strong = age::Identity::generate(age::RecipientKind::PostQuantum, &mut rng).expect("a kind that is made here");
    let file = age::encrypt(&secret(b"v"), &[identity.recipient().expect("made").clone()], &[], &mut rng).expect("it seals");
    let (line, strong_line) = (identity.to_text().expect("made"), strong.to_text().expect("made"));
    let recipient = identity.recipient().expect("made").to_string();
    let armored = age::armor::wrap(&file);
    let seeds = [&file[..], armored.as_bytes(), line.expose(), strong_line.expose(), recipient.as_bytes()];
    noise(&seeds, 1500, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(header) = age::header(bytes, &age::Caps::ITEM) {
            assert!(header.header_len + header.payload_len == bytes.len());
        }
        if bytes != file {
            assert!(age::decrypt(bytes, std::slice::from_ref(&identity), &age::Caps::ITEM).is_err());
        }
        if let Ok(inner) = age::armor::unwrap(bytes) {
            assert_eq!(age::armor::wrap(&inner).trim(), text.replace("\r\n", "\n").trim());
        }
        if let Ok(found) = age::parse_identities("noise", &secret(bytes)) {
            assert!(
                found.iter().all(|found| found.recipient() == identity.recipient() || found.recipient() == strong.recipient())
            );
        }
        // A Bech32 text in capitals is the same text.
        assert!(text.parse::<age::Recipient>().map_or(true, |read| read.as_str() == text.trim().to_lowercase()));
    });
}
