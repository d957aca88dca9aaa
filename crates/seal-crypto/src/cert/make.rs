//! Writes a self-signed certificate (RFC 5280 section 4.1) in DER (X.690), field by field.
//!
//! By hand, because the certificate builders at hand refuse what existing installations have: an empty subject, and a CA key
//! whose only usage is encipher-only.

use crate::PrivateKey;
use der::DateTime;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use std::time::Duration;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0C;
const PRINTABLE_STRING: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;

/// `sha256WithRSAEncryption` with its NULL parameters (RFC 4055 section 5).
const SHA256_WITH_RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
/// KeyUsage (2.5.29.15), critical: encipherOnly, bit 7 alone.
const KEY_USAGE: &[u8] = b"\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x00\x01";
/// BasicConstraints (2.5.29.19), critical: CA:TRUE, no path length.
const BASIC_CONSTRAINTS: &[u8] = b"\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff";
/// `id-ce-subjectKeyIdentifier`, 2.5.29.14.
const SUBJECT_KEY_ID: &[u8] = b"\x06\x03\x55\x1d\x0e";

/// Years from here on need four digits (RFC 5280 section 4.1.2.5).
const FIRST_GENERALIZED_YEAR: u16 = 2050;
/// No real name is longer, and a certificate must fit where keys are stored.
const MAX_COMMON_NAME: usize = 1024;

/// `Certificate ::= SEQUENCE { tbsCertificate, sha256WithRSA, signature }`; `None` for a name or time that cannot be written.
pub(super) fn self_signed(
    key: &PrivateKey,
    common_name: &str,
    validity: RangeInclusive<i64>,
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let name = name(common_name)?;
    let validity = tlv(SEQUENCE, &[&time(*validity.start())?, &time(*validity.end())?]);
    let spki = key.public().to_spki();
    let body = tlv(
        SEQUENCE,
        &[
            &tlv(VERSION, &[&tlv(INTEGER, &[&[2]])]),
            &serial(rng),
            SHA256_WITH_RSA,
            &name,
            &validity,
            &name,
            &spki,
            &extensions(&spki),
        ],
    );
    let signature = key.sign_sha256(&body, rng)?;
    Some(tlv(SEQUENCE, &[&body, SHA256_WITH_RSA, &tlv(BIT_STRING, &[&[0], &signature])]))
}

/// 128 random bits as a positive INTEGER. The top bits are fixed to `01`, which makes the encoding 16 bytes, always.
fn serial(rng: &mut impl CryptoRng) -> Vec<u8> {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes[0] = bytes[0] & 0x7F | 0x40;
    tlv(INTEGER, &[&bytes])
}

/// One relative name with the CN, or none at all.
fn name(common_name: &str) -> Option<Vec<u8>> {
    if common_name.len() > MAX_COMMON_NAME || common_name.contains(char::is_control) {
        return None;
    }
    if common_name.is_empty() {
        return Some(tlv(SEQUENCE, &[]));
    }
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let kind = if common_name.bytes().all(printable) { PRINTABLE_STRING } else { UTF8_STRING };
    let attribute = tlv(SEQUENCE, &[COMMON_NAME, &tlv(kind, &[common_name.as_bytes()])]);
    Some(tlv(SEQUENCE, &[&tlv(SET, &[&attribute])]))
}

/// UTCTime until 2049, GeneralizedTime afterwards; `None` before 1970 and after 9999.
fn time(seconds: i64) -> Option<Vec<u8>> {
    let at = DateTime::from_unix_duration(Duration::from_secs(u64::try_from(seconds).ok()?)).ok()?;
    let (year, rest) = (at.year(), [at.month(), at.day(), at.hour(), at.minutes(), at.seconds()]);
    let rest: String = rest.iter().map(|field| format!("{field:02}")).collect();
    Some(if year < FIRST_GENERALIZED_YEAR {
        tlv(UTC_TIME, &[format!("{:02}{rest}Z", year % 100).as_bytes()])
    } else {
        tlv(GENERALIZED_TIME, &[format!("{year:04}{rest}Z").as_bytes()])
    })
}

/// Key usage, basic constraints, and a key identifier: the first 160 bits of SHA-256 of the key (RFC 7093 section 2, method 1).
fn extensions(spki: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest(spki_key_bits(spki));
    let key_id = tlv(SEQUENCE, &[SUBJECT_KEY_ID, &tlv(OCTET_STRING, &[&tlv(OCTET_STRING, &[&hash[..20]])])]);
    tlv(EXTENSIONS, &[&tlv(SEQUENCE, &[KEY_USAGE, BASIC_CONSTRAINTS, &key_id])])
}

fn spki_key_bits(spki: &[u8]) -> Vec<u8> {
    use der::Decode;
    let parsed = x509_cert::spki::SubjectPublicKeyInfoRef::from_der(spki).expect("written by ourselves");
    parsed.subject_public_key.as_bytes().expect("a key is whole bytes").to_vec()
}

/// Tag, length, contents (X.690 section 8.1), definite lengths in their shortest form (section 10.1).
fn tlv(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    let digits = length.to_be_bytes();
    let digits = &digits[digits.iter().position(|&byte| byte != 0).unwrap_or(digits.len() - 1)..];
    let mut out = vec![tag];
    if length >= 0x80 {
        out.push(0x80 | u8::try_from(digits.len()).expect("usize has at most 8 bytes"));
    }
    out.extend_from_slice(digits);
    contents.iter().for_each(|part| out.extend_from_slice(part));
    out
}
