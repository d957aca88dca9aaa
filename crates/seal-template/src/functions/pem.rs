//! Key files for ExternalSecrets: PEM filters, certificate chains, PKCS#12, JWK, RSA decryption.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::dice::Dice;
use crate::keys::certificate::Certificate;
use crate::keys::private::PrivateKey;
use crate::keys::{Failed, chain, jwk, pem, pkcs12, rsa_decrypt};
use crate::value::Value;

/// What the key derivations of a file may cost, and an operation with a private key; in milliseconds of an ordinary core.
const FILE: u32 = 500;
const KEY: u32 = 20;

pub(super) const ALL: &[Function] = &[
    Function::new("filterPEM", &[Is::Text, Is::Text], |call| {
        let (kind, text) = read_two(call)?;
        call.answer(pem::filter(&kind, &text)?)
    }),
    Function::new("filterCertChain", &[Is::Text, Is::Text], |call| {
        let (kind, text) = read_two(call)?;
        call.answer(chain::filter(&kind, &text)?)
    }),
    Function::new("certSANs", &[Is::Text], |call| {
        let text = call.text(0);
        call.budget.make(text.len())?;
        Ok(Value::texts(Certificate::from_pem(pem::trim_junk(&text))?.alternative_names()?))
    }),
    Function::new("pkcs12key", &[Is::Text], |call| pkcs12_key(call, None, 0)),
    Function::new("pkcs12keyPass", &[Is::Text, Is::Text], |call| pkcs12_key(call, Some(0), 1)),
    Function::new("pkcs12cert", &[Is::Text], |call| pkcs12_certificates(call, None, 0)),
    Function::new("pkcs12certPass", &[Is::Text, Is::Text], |call| pkcs12_certificates(call, Some(0), 1)),
    Function::new("pemToPkcs12", &[Is::Text, Is::Text], |call| to_pkcs12(call, false)),
    Function::new("pemToPkcs12Pass", &[Is::Text, Is::Text, Is::Text], |call| to_pkcs12(call, false)),
    Function::new("fullPemToPkcs12", &[Is::Text, Is::Text], |call| to_pkcs12(call, true)),
    Function::new("fullPemToPkcs12Pass", &[Is::Text, Is::Text, Is::Text], |call| to_pkcs12(call, true)),
    Function::new("pemTruststoreToPKCS12", &[Is::Text], trust_store),
    Function::new("pemTruststoreToPKCS12Pass", &[Is::Text, Is::Text], trust_store),
    Function::new("jwkPublicKeyPem", &[Is::Text], |call| {
        call.budget.work(KEY)?;
        call.answer(jwk::public_pem(&call.text(0))?)
    }),
    Function::new("jwkPrivateKeyPem", &[Is::Text], |call| {
        call.budget.work(KEY)?;
        call.answer(jwk::private_pem(&call.text(0))?)
    }),
    Function::new("rsaDecrypt", &[Is::Text, Is::Text, Is::Text, Is::Text], |call| {
        call.budget.work(KEY)?;
        let opened =
            rsa_decrypt::decrypt(&call.text(0), &call.text(1), &call.text(2), &call.text(3), &mut Dice(call.budget.world))?;
        call.answer(opened)
    }),
];

/// Two strings, the second of which is about to be taken apart.
fn read_two(call: &mut Call<'_, '_>) -> Result<(crate::value::Text, crate::value::Text), Fault> {
    let (kind, text) = (call.text(0), call.text(1));
    call.budget.make(text.len().saturating_mul(2))?;
    Ok((kind, text))
}

fn opened(call: &mut Call<'_, '_>, password: Option<usize>, file: usize) -> Result<pkcs12::Contents, Fault> {
    let file = call.text(file);
    call.budget.make(file.len().saturating_mul(2))?;
    call.budget.work(FILE)?;
    let password = password.map_or_else(|| [].into(), |n| call.text(n));
    Ok(pkcs12::read(&file, &password)?)
}

fn pkcs12_key(call: &mut Call<'_, '_>, password: Option<usize>, file: usize) -> Answer {
    let key = opened(call, password, file)?.key.to_pkcs8_pem()?;
    call.answer(key)
}

/// The certificates in order where they are one chain, else as they are in the file.
fn pkcs12_certificates(call: &mut Call<'_, '_>, password: Option<usize>, file: usize) -> Answer {
    let certificates = opened(call, password, file)?.certificates;
    let text: Vec<u8> = certificates.iter().flat_map(Certificate::to_pem).collect();
    let ordered = chain::order(certificates).map(|ordered| ordered.iter().flat_map(Certificate::to_pem).collect());
    call.answer(ordered.unwrap_or(text))
}

/// The first certificate and its key; with `full` the certificates behind it too. The password is the third argument, if any.
fn to_pkcs12(call: &mut Call<'_, '_>, full: bool) -> Answer {
    call.budget.work(FILE)?;
    let (certificates, key, password) = (call.text(0), call.text(1), call.text(2));
    let (first, rest) = pem::decode(&certificates).ok_or(Failed("no PEM data where a certificate belongs"))?;
    let certificate = Certificate::parse(&first.bytes)?;
    let others = if full { all_certificates(rest)? } else { Vec::new() };
    let (key, _) = pem::decode(&key).ok_or(Failed("no PEM data in the private key"))?;
    let key = PrivateKey::any(&key.bytes)?;
    let file = pkcs12::write(&key, &certificate, &others, &password, &mut Dice(call.budget.world))?;
    call.answer(STANDARD.encode(file))
}

fn trust_store(call: &mut Call<'_, '_>) -> Answer {
    call.budget.work(FILE)?;
    let certificates = all_certificates(&call.text(0))?;
    let file = pkcs12::write_trust_store(&certificates, &call.text(1), &mut Dice(call.budget.world))?;
    call.answer(STANDARD.encode(file))
}

/// Certificates to the end of the text; blank space may follow the last.
fn all_certificates(text: &[u8]) -> Result<Vec<Certificate>, Failed> {
    let (blocks, rest) = pem::decode_all(text);
    if !rest.trim_ascii().is_empty() {
        return Err(Failed("there is text between or behind the certificates that is not PEM"));
    }
    blocks.iter().map(|block| Certificate::parse(&block.bytes)).collect()
}
