//! Certificates in and out.

use super::{key, rng, test_key_pem};
use crate::{CertError, Certificate};
use der::{Decode, Encode};

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
        for (not_before, ttl) in
            [(NOW, 3650 * DAY), (0, 0), (NOW, 40_000 * DAY), (2_524_607_999, 1), (NOW, 253_402_300_799 - NOW)]
        {
            let made = Certificate::self_signed(&key, name, not_before, ttl, &mut rng()).expect("valid");
            assert_eq!(&made.public_key, key.public());
            assert_eq!((made.common_name.as_str(), made.not_before, made.not_after), (name, not_before, not_before + ttl));
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
        ("", NOW, 253_402_300_800 - NOW),
        ("", NOW, i64::MAX - NOW),
        ("a\0b", NOW, 1),
        (&long, NOW, 1),
    ] {
        assert_eq!(Certificate::self_signed(&key, name, not_before, ttl, &mut rng()), Err(CertError::Make));
    }
}

#[test]
fn two_certificates_have_two_serial_numbers() {
    let key = key(test_key_pem!("rsa2048.pem"));
    let mut rng = rng();
    let mut make = || Certificate::self_signed(&key, "", NOW, DAY, &mut rng).expect("valid").pem;
    assert_ne!(make(), make());
}

#[test]
fn only_the_first_certificate_counts_and_refusals_have_reasons() {
    let one = test_key_pem!("rsa2048.crt");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice();
    let chain = [test_key_pem!("rsa2048.pem"), one, test_key_pem!("rsa4096.crt"), broken].concat();
    assert_eq!(Certificate::from_pem(&chain), Certificate::from_pem(one));
    let oversized = [&vec![b'\n'; 1 << 20], one].concat();
    for (pem, expected) in [
        (b"".as_slice(), CertError::NoCertificate),
        (test_key_pem!("rsa2048.pem"), CertError::NoCertificate),
        (&one[..one.len() - 40], CertError::CutShort),
        (&oversized, CertError::NoCertificate),
        (&[broken, one].concat(), CertError::Malformed),
        (test_key_pem!("ec.crt"), CertError::NotRsa),
        (test_key_pem!("rsa512.crt"), CertError::Size),
    ] {
        assert_eq!(Certificate::from_pem(pem), Err(expected));
    }
}

/// All of it: names, dates, key, extensions with the key identifier, their order. Only serial and signature are random.
#[test]
fn a_made_certificate_is_upstreams_to_the_byte() {
    let key = key(test_key_pem!("rsa2048.pem"));
    for (name, years, upstream) in
        [("", 10, test_key_pem!("upstream-10y.crt")), ("seal.example", 30, test_key_pem!("upstream-30y.crt"))]
    {
        let ours = Certificate::self_signed(&key, name, NOW, years * 365 * DAY, &mut rng()).expect("valid");
        assert_eq!(after_serial(ours.pem.as_bytes()), after_serial(upstream));
    }
}

/// The signed part from the signature algorithm on.
fn after_serial(pem: &[u8]) -> Vec<u8> {
    let der = crate::pem::blocks(pem).next().and_then(|block| block.der).expect("armour");
    // Certificate and TBSCertificate headers of four bytes each, then the version (5 bytes), then the serial number.
    let serial = 4 + 4 + 5;
    assert_eq!(der[serial], 0x02, "an INTEGER");
    let rest = serial + 2 + usize::from(der[serial + 1]);
    let body_end = 4 + 4 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    der[rest..body_end].to_vec()
}

#[test]
fn a_made_certificate_is_signed_by_its_own_key() {
    for pem in [test_key_pem!("rsa1024.pem"), test_key_pem!("rsa2050.pem"), test_key_pem!("rsa4096.pem")] {
        let key = key(pem);
        let made = Certificate::self_signed(&key, "seal.example", NOW, DAY, &mut rng()).expect("valid");
        let der = crate::pem::blocks(made.pem.as_bytes()).next().and_then(|block| block.der).expect("armour");
        let parsed = x509_cert::Certificate::from_der(&der).expect("our own");
        let body = parsed.tbs_certificate().to_der().expect("our own");
        assert!(key.public().verify_sha256(&body, parsed.signature().raw_bytes()));
        assert!(!key.public().verify_sha256(&body[1..], parsed.signature().raw_bytes()));
    }
}
