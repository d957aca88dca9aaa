//! Writing a PKCS#12 file: AES-256-CBC and HMAC-SHA-256, which OpenSSL 1.1.1 and Java 12 read.

use rand_core::CryptoRng;
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::super::asn1::{self, tag};
use super::super::certificate::Certificate;
use super::super::private::PrivateKey;
use super::super::{Failed, oid};
use super::{Password, cipher, mac};

/// A key, its certificate, and the certificates above it.
pub(crate) fn write(
    key: &PrivateKey,
    certificate: &Certificate,
    others: &[Certificate],
    password: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, Failed> {
    let password = Password::new(password)?;
    // The same id on both is how readers match key and certificate.
    let id = attribute(oid::LOCAL_KEY_ID, &asn1::write(tag::OCTET_STRING, &Sha1::digest(&certificate.raw)));
    let mut bags = vec![certificate_bag(certificate, std::slice::from_ref(&id))];
    bags.extend(others.iter().map(|other| certificate_bag(other, &[])));
    let certificates = encrypted_part(&bags, &password, rng)?;
    let (algorithm, ciphertext) = cipher::encrypt(&key.to_pkcs8()?, &password, rng)?;
    let shrouded = asn1::write_all(tag::SEQUENCE, &[algorithm, asn1::write(tag::OCTET_STRING, &ciphertext)]);
    let key_bag = bag(oid::SHROUDED_KEY_BAG, &shrouded, &[id]);
    file(&[certificates, part(oid::DATA, &asn1::write(tag::OCTET_STRING, &asn1::write(tag::SEQUENCE, &key_bag)))], &password, rng)
}

/// Certificates that Java trusts, each under its subject's name.
pub(crate) fn write_trust_store(
    certificates: &[Certificate],
    password: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, Failed> {
    let password = Password::new(password)?;
    let trusted = attribute(oid::JAVA_TRUSTED, &asn1::write(tag::OID, oid::ANY_EXTENDED_KEY_USAGE));
    let bags = certificates
        .iter()
        .map(|certificate| Ok(certificate_bag(certificate, &[trusted.clone(), friendly_name(certificate)?])))
        .collect::<Result<Vec<_>, Failed>>()?;
    let part = encrypted_part(&bags, &password, rng)?;
    file(&[part], &password, rng)
}

fn file(parts: &[Vec<u8>], password: &Password, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    let safe = asn1::write_all(tag::SEQUENCE, parts);
    let mac = mac::write(&safe, password, rng)?;
    let content = part(oid::DATA, &asn1::write(tag::OCTET_STRING, &safe));
    Ok(asn1::write_all(tag::SEQUENCE, &[asn1::write_unsigned(&[3]), content, mac]))
}

/// A ContentInfo.
fn part(kind: &[u8], content: &[u8]) -> Vec<u8> {
    asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, kind), asn1::write(tag::explicit(0), content)])
}

fn encrypted_part(bags: &[Vec<u8>], password: &Password, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    let bags = Zeroizing::new(asn1::write_all(tag::SEQUENCE, bags));
    let (algorithm, ciphertext) = cipher::encrypt(&bags, password, rng)?;
    let info = [asn1::write(tag::OID, oid::DATA), algorithm, asn1::write(tag::context(0), &ciphertext)];
    let data = [asn1::write_unsigned(&[0]), asn1::write_all(tag::SEQUENCE, &info)];
    Ok(part(oid::ENCRYPTED_DATA, &asn1::write_all(tag::SEQUENCE, &data)))
}

fn certificate_bag(certificate: &Certificate, attributes: &[Vec<u8>]) -> Vec<u8> {
    let raw = asn1::write(tag::explicit(0), &asn1::write(tag::OCTET_STRING, &certificate.raw));
    let value = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::X509_CERTIFICATE), raw]);
    bag(oid::CERT_BAG, &value, attributes)
}

fn bag(kind: &[u8], value: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = vec![asn1::write(tag::OID, kind), asn1::write(tag::explicit(0), value)];
    if !attributes.is_empty() {
        // DER wants the members of a set in order.
        let mut sorted = attributes.to_vec();
        sorted.sort();
        parts.push(asn1::write_all(tag::SET, &sorted));
    }
    asn1::write_all(tag::SEQUENCE, &parts)
}

fn attribute(id: &[u8], value: &[u8]) -> Vec<u8> {
    asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, id), asn1::write(tag::SET, value)])
}

fn friendly_name(certificate: &Certificate) -> Result<Vec<u8>, Failed> {
    let name = certificate.subject_text()?;
    if name.chars().any(|letter| letter.len_utf16() != 1) {
        return Err(Failed("the certificate's subject has characters that PKCS#12 cannot hold"));
    }
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    Ok(attribute(oid::FRIENDLY_NAME, &asn1::write(tag::BMP_STRING, &wide)))
}
