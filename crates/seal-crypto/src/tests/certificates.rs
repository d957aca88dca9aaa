//! Certificates in and out.

use super::{key, rng, test_key_pem};
use crate::{CertError, Certificate};

const DAY: i64 = 86_400;
/// 2026-11-25 00:00:00 UTC.
const NOW: i64 = 1_795_564_800;

#[test]
fn certificates_of_others_are_read() {
    for (crt, pem) in [
        (test_key_pem!("rsa1024.crt"), test_key_pem!("rsa1024.pem")),
        (test_key_pem!("rsa2050.crt"), test_key_pem!("rsa2050.pem")),
        (test_key_pem!("rsa4096.crt"), test_key_pem!("rsa4096.pem")),
    ] {
        let certificate = Certificate::from_pem(crt).expect("made by OpenSSL");
        assert_eq!(&certificate.public_key, key(pem).public());
        assert_eq!(certificate.common_name, "");
        assert_eq!(certificate.pem.as_bytes(), crt);
        assert!(!certificate.expired(NOW) && certificate.expired(NOW + 36501 * DAY));
    }
}

#[test]
fn a_made_certificate_reads_back_with_its_name_and_dates() {
    let key = key(test_key_pem!("rsa2048.pem"));
    for name in ["", "seal.example", "käse & co", &"n".repeat(300)] {
        for (not_before, ttl) in [
            (NOW, 3650 * DAY),
            (0, 0),
            (NOW, 40_000 * DAY),
            (2_524_607_999, 1),
        ] {
            let made =
                Certificate::self_signed(&key, name, not_before, ttl, &mut rng()).expect("valid");
            assert_eq!(&made.public_key, key.public());
            assert_eq!(
                (made.common_name.as_str(), made.not_before, made.not_after),
                (name, not_before, not_before + ttl)
            );
            assert_eq!(Certificate::from_pem(made.pem.as_bytes()), Ok(made.clone()));
            assert!(!made.expired(made.not_after) && made.expired(made.not_after + 1));
        }
    }
}

#[test]
fn what_cannot_be_written_is_not_made() {
    let key = key(test_key_pem!("rsa2048.pem"));
    let long = "n".repeat(1025);
    for (name, not_before, ttl) in [
        ("", NOW, -1),
        ("", -1, 10),
        ("", i64::MAX, 1),
        ("", NOW, i64::MAX - NOW),
        ("a\0b", NOW, 1),
        (&long, NOW, 1),
    ] {
        assert_eq!(
            Certificate::self_signed(&key, name, not_before, ttl, &mut rng()),
            Err(CertError::Make)
        );
    }
}

#[test]
fn two_certificates_have_two_serial_numbers() {
    let key = key(test_key_pem!("rsa2048.pem"));
    let mut rng = rng();
    let mut make = || {
        Certificate::self_signed(&key, "", NOW, DAY, &mut rng)
            .expect("valid")
            .pem
    };
    assert_ne!(make(), make());
}

#[test]
fn only_the_first_certificate_counts_and_refusals_have_reasons() {
    let one = test_key_pem!("rsa2048.crt");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice();
    let chain = [
        test_key_pem!("rsa2048.pem"),
        one,
        test_key_pem!("rsa4096.crt"),
        broken,
    ]
    .concat();
    assert_eq!(Certificate::from_pem(&chain), Certificate::from_pem(one));
    let oversized = [&vec![b'\n'; 1 << 20], one].concat();
    for (pem, expected) in [
        (b"".as_slice(), CertError::NoCertificate),
        (test_key_pem!("rsa2048.pem"), CertError::NoCertificate),
        (&oversized, CertError::NoCertificate),
        (&[broken, one].concat(), CertError::Malformed),
        (test_key_pem!("ec.crt"), CertError::NotRsa),
        (test_key_pem!("rsa512.crt"), CertError::Size),
    ] {
        assert_eq!(Certificate::from_pem(pem), Err(expected));
    }
}
