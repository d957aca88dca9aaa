//! New private keys and certificates, as sprig's `gen…` functions make them.
//!
//! The time is a parameter: a certificate is valid from it on.

use core::net::IpAddr;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand_core::CryptoRng;
use rsa::pkcs1v15;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};
use sha2::{Digest as _, Sha256};

use super::asn1::{self, tag};
use super::certificate::{ADDRESS, Certificate, DNS};
use super::private::PrivateKey;
use super::{Failed, oid, pem};

/// A certificate and its key, in PEM.
pub(crate) struct Pair {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

/// What is to be in a certificate.
pub(crate) struct Request<'a> {
    pub(crate) common_name: &'a [u8],
    pub(crate) addresses: &'a [IpAddr],
    pub(crate) dns_names: &'a [&'a [u8]],
    pub(crate) days: i64,
    pub(crate) authority: bool,
}

/// A new key in PEM: `rsa` (4096 bits; also where nothing is said), `ecdsa` (P-256) or `ed25519`.
pub(crate) fn private_key(kind: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    let key = match kind {
        b"" | b"rsa" => PrivateKey::generate_rsa(rng, 4096)?,
        b"ecdsa" => PrivateKey::generate_ec(rng),
        b"ed25519" => PrivateKey::generate_ed25519(rng),
        b"dsa" => return Err(Failed("DSA keys are not made any more; use rsa, ecdsa or ed25519")),
        _ => return Err(Failed("the type of key is unknown; use rsa, ecdsa or ed25519")),
    };
    key.to_named_pem()
}

/// A certificate signed by its own key: `key`, or a new RSA key of 2048 bits.
pub(crate) fn self_signed(
    request: &Request<'_>,
    key: Option<&[u8]>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Pair, Failed> {
    let key = key_or_new(key, rng)?;
    let issuer = Issuer { name: common_name(request.common_name)?, key: &key, key_id: None };
    pair(request, &key, &issuer, now, rng)
}

/// A certificate signed by an authority, which is given as PEM.
pub(crate) fn signed(
    request: &Request<'_>,
    authority: &Pair,
    key: Option<&[u8]>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Pair, Failed> {
    let certificate = Certificate::from_pem(&authority.certificate)?;
    let signer = PrivateKey::from_pem(&authority.key)?;
    if signer.public()?.0 != certificate.public_key {
        return Err(Failed("the authority's certificate and private key do not belong together"));
    }
    let key = key_or_new(key, rng)?;
    let issuer = Issuer { name: certificate.subject.clone(), key: &signer, key_id: certificate.subject_key_id.clone() };
    pair(request, &key, &issuer, now, rng)
}

/// A certificate and key of the user's own, from PEM in base64, checked for form.
pub(crate) fn custom(certificate: &[u8], key: &[u8]) -> Result<Pair, Failed> {
    use base64::Engine as _;
    let decode = |text: &[u8]| {
        let joined: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        base64::engine::general_purpose::STANDARD.decode(joined)
    };
    let certificate = decode(certificate).map_err(|_| Failed("the certificate is not base64"))?;
    let key = decode(key).map_err(|_| Failed("the private key is not base64"))?;
    Certificate::from_pem(&certificate)?;
    PrivateKey::from_pem(&key)?;
    Ok(Pair { certificate, key })
}

struct Issuer<'a> {
    name: Vec<u8>,
    key: &'a PrivateKey,
    key_id: Option<Vec<u8>>,
}

fn key_or_new(key: Option<&[u8]>, rng: &mut dyn CryptoRng) -> Result<PrivateKey, Failed> {
    match key {
        Some(text) => PrivateKey::from_pem(text),
        None => PrivateKey::generate_rsa(rng, 2048),
    }
}

fn pair(
    request: &Request<'_>,
    key: &PrivateKey,
    issuer: &Issuer<'_>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Pair, Failed> {
    let (public_key, bits) = key.public()?;
    let subject = common_name(request.common_name)?;
    // Go names the issuer's key only where issuer and subject are called differently.
    let issuer_key_id = issuer.key_id.as_deref().filter(|_| issuer.name != subject);
    let algorithm = signature_algorithm(issuer.key)?;
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    let until = request
        .days
        .checked_mul(86_400)
        .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok())
        .ok_or(Failed("the certificate would be valid beyond the end of time"))?;
    let tbs = asn1::write_all(
        tag::SEQUENCE,
        &[
            asn1::write(tag::explicit(0), &asn1::write_unsigned(&[2])),
            asn1::write_unsigned(&serial),
            algorithm.clone(),
            issuer.name.clone(),
            asn1::write_all(tag::SEQUENCE, &[time(now)?, time(until)?]),
            subject,
            public_key,
            extensions(request, &bits, issuer_key_id)?,
        ],
    );
    let signature = sign(issuer.key, &tbs, rng)?;
    let certificate = asn1::write_all(tag::SEQUENCE, &[tbs, algorithm, asn1::write_bits(&signature)]);
    Ok(Pair { certificate: pem::plain("CERTIFICATE", &certificate), key: key.to_named_pem()? })
}

fn signature_algorithm(key: &PrivateKey) -> Result<Vec<u8>, Failed> {
    Ok(match key {
        PrivateKey::Rsa(_) => {
            asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::RSA_SHA256), asn1::write(tag::NULL, &[])])
        }
        PrivateKey::Ec(curve, _) => asn1::write(tag::SEQUENCE, &asn1::write(tag::OID, curve.signature_oid())),
        PrivateKey::Ed25519(_) => asn1::write(tag::SEQUENCE, &asn1::write(tag::OID, oid::ED25519)),
        PrivateKey::X25519(_) => return Err(Failed("an X25519 key signs nothing")),
    })
}

fn sign(key: &PrivateKey, message: &[u8], mut rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    Ok(match key {
        PrivateKey::Rsa(key) => {
            let signer = pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
            let signature =
                signer.try_sign_with_rng(&mut rng, message).map_err(|_| Failed("the RSA key is too small to sign with"))?;
            signature.to_vec()
        }
        PrivateKey::Ec(curve, scalar) => curve.sign(scalar, message)?,
        PrivateKey::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        PrivateKey::X25519(_) => return Err(Failed("an X25519 key signs nothing")),
    })
}

/// A Name of one common name; PrintableString where its letters suffice, as Go writes it.
fn common_name(name: &[u8]) -> Result<Vec<u8>, Failed> {
    let text = std::str::from_utf8(name).map_err(|_| Failed("the common name is not UTF-8"))?;
    if text.is_empty() {
        return Ok(asn1::write(tag::SEQUENCE, &[]));
    }
    let attribute = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::COMMON_NAME), super::name::any_string(text)]);
    Ok(asn1::write(tag::SEQUENCE, &asn1::write(tag::SET, &attribute)))
}

/// RFC 5280, 4.1.2.5: two digits of the year until 2049, then four.
fn time(at: Timestamp) -> Result<Vec<u8>, Failed> {
    let at = at.to_zoned(TimeZone::UTC);
    match at.year() {
        1950..2050 => Ok(asn1::write(tag::UTC_TIME, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())),
        0..=9999 => Ok(asn1::write(tag::GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())),
        _ => Err(Failed("the certificate would be valid outside the years a certificate can name")),
    }
}

fn extensions(request: &Request<'_>, bits: &[u8], issuer_key_id: Option<&[u8]>) -> Result<Vec<u8>, Failed> {
    // digitalSignature, keyEncipherment, and keyCertSign for an authority.
    let usage: &[u8] = if request.authority { &[2, 0b1010_0100] } else { &[5, 0b1010_0000] };
    let purposes = [asn1::write(tag::OID, oid::SERVER_AUTH), asn1::write(tag::OID, oid::CLIENT_AUTH)];
    let constraints = if request.authority { asn1::write(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
    let mut all = vec![
        extension(oid::KEY_USAGE, true, &asn1::write(tag::BIT_STRING, usage)),
        extension(oid::EXTENDED_KEY_USAGE, false, &asn1::write_all(tag::SEQUENCE, &purposes)),
        extension(oid::BASIC_CONSTRAINTS, true, &asn1::write(tag::SEQUENCE, &constraints)),
    ];
    if request.authority {
        all.push(extension(oid::SUBJECT_KEY_ID, false, &asn1::write(tag::OCTET_STRING, &key_id(bits))));
    }
    if let Some(id) = issuer_key_id {
        all.push(extension(oid::AUTHORITY_KEY_ID, false, &asn1::write(tag::SEQUENCE, &asn1::write(tag::context(0), id))));
    }
    let names = alternative_names(request)?;
    if !names.is_empty() {
        let critical = request.common_name.is_empty();
        all.push(extension(oid::SUBJECT_ALT_NAME, critical, &asn1::write_all(tag::SEQUENCE, &names)));
    }
    Ok(asn1::write(tag::explicit(3), &asn1::write_all(tag::SEQUENCE, &all)))
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { asn1::write(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
    asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, id), critical, asn1::write(tag::OCTET_STRING, value)])
}

fn alternative_names(request: &Request<'_>) -> Result<Vec<Vec<u8>>, Failed> {
    let mut names = Vec::new();
    for name in request.dns_names {
        if !name.is_ascii() {
            return Err(Failed("a DNS name of the certificate has letters that are not ASCII"));
        }
        names.push(asn1::write(DNS, name));
    }
    for address in request.addresses {
        names.push(match address {
            IpAddr::V4(address) => asn1::write(ADDRESS, &address.octets()),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => asn1::write(ADDRESS, &address.octets()),
                None => asn1::write(ADDRESS, &address.octets()),
            },
        });
    }
    Ok(names)
}

/// RFC 7093, method 1, as Go has it since 1.25.
fn key_id(bits: &[u8]) -> Vec<u8> {
    Sha256::digest(bits)[..20].to_vec()
}
