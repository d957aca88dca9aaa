//! JSON Web Keys (RFC 7517, 7518, 8037) to PEM.
//!
//! RSA, EC on the three curves, Ed25519. Unknown members are passed over; a key in the wrong place (private where public is asked for) is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use crypto_bigint::BoxedUint;
use ed25519_dalek::SigningKey;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::asn1::{self, tag};
use super::curve::Curve;
use super::private::{PrivateKey, public_key_info};
use super::{Failed, oid, pem};

/// The key as a `PUBLIC KEY` block.
pub(crate) fn public_pem(json: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = Jwk::parse(json)?;
    if key.0.contains_key("d") {
        return Err(Failed("the JWK is a private key; a public one is needed here"));
    }
    let info = match key.kind()? {
        "RSA" => {
            let numbers = [asn1::write_unsigned(&key.bytes("n")?), asn1::write_unsigned(&key.bytes("e")?)];
            public_key_info(oid::RSA, &asn1::write(tag::NULL, &[]), &asn1::write_all(tag::SEQUENCE, &numbers))
        }
        "EC" => {
            let curve = key.curve()?;
            let point = curve.point(&key.bytes("x")?, &key.bytes("y")?)?;
            public_key_info(oid::EC, &asn1::write(tag::OID, curve.oid()), &point)
        }
        "OKP" if key.text("crv")? == "Ed25519" => public_key_info(oid::ED25519, &[], &key.bytes("x")?),
        _ => return Err(UNSUPPORTED),
    };
    Ok(pem::plain("PUBLIC KEY", &info))
}

/// The key as a `PRIVATE KEY` block (PKCS#8).
pub(crate) fn private_pem(json: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = Jwk::parse(json)?;
    if !key.0.contains_key("d") {
        return Err(Failed("the JWK is a public key; a private one is needed here"));
    }
    let private = match key.kind()? {
        "RSA" => rsa(&key)?,
        "EC" => {
            let curve = key.curve()?;
            let scalar = curve.pad(&key.bytes("d")?)?;
            if curve.public(&scalar)? != curve.point(&key.bytes("x")?, &key.bytes("y")?)? {
                return Err(NO_PAIR);
            }
            PrivateKey::Ec(curve, scalar)
        }
        "OKP" if key.text("crv")? == "Ed25519" => {
            let seed: [u8; 32] =
                key.bytes("d")?.as_slice().try_into().map_err(|_| Failed("the JWK's private key is not 32 bytes long"))?;
            let private = SigningKey::from_bytes(&Zeroizing::new(seed));
            if private.verifying_key().as_bytes()[..] != key.bytes("x")?[..] {
                return Err(NO_PAIR);
            }
            PrivateKey::Ed25519(Box::new(private))
        }
        _ => return Err(UNSUPPORTED),
    };
    private.to_pkcs8_pem()
}

const UNSUPPORTED: Failed =
    Failed("the JWK is of a type that is not supported; RSA, EC (P-256, P-384, P-521) and OKP (Ed25519) are");
const NO_PAIR: Failed = Failed("the JWK's private and public key do not belong together");

fn rsa(key: &Jwk) -> Result<PrivateKey, Failed> {
    let modulus = key.bytes("n")?;
    // The widest number decides; others are given room for as many bits.
    let bits =
        u32::try_from(modulus.len()).ok().filter(|size| *size <= 2048).ok_or(Failed("the JWK's RSA key is too large"))? * 8;
    let number = |name| {
        BoxedUint::from_be_slice(&key.bytes(name)?, bits).map_err(|_| Failed("a number of the JWK's RSA key is too large"))
    };
    let private = rsa::PrivateKey::from_components(number("n")?, number("e")?, number("d")?, vec![number("p")?, number("q")?])
        .map_err(|_| Failed("the numbers of the JWK's RSA key do not fit each other"))?;
    private.validate().map_err(|_| Failed("the numbers of the JWK's RSA key do not fit each other"))?;
    Ok(PrivateKey::Rsa(Box::new(private)))
}

struct Jwk(Map<String, Value>);

impl Jwk {
    fn parse(json: &[u8]) -> Result<Self, Failed> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Failed("the JWK is not a JSON object")),
        }
    }

    fn kind(&self) -> Result<&str, Failed> {
        self.text("kty")
    }

    fn curve(&self) -> Result<Curve, Failed> {
        Curve::by_name(self.text("crv")?).ok_or(UNSUPPORTED)
    }

    fn text(&self, name: &str) -> Result<&str, Failed> {
        self.0.get(name).and_then(Value::as_str).ok_or(Failed("the JWK lacks a member that its type needs, or it is not text"))
    }

    /// Base64 of either alphabet, padded or not, as common readers take it.
    fn bytes(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let text = self.text(name)?;
        let engine = match (text.contains(['+', '/']), text.ends_with('=')) {
            (true, true) => &STANDARD,
            (true, false) => &STANDARD_NO_PAD,
            (false, true) => &URL_SAFE,
            (false, false) => &URL_SAFE_NO_PAD,
        };
        engine.decode(text).map(Zeroizing::new).map_err(|_| Failed("a member of the JWK is not base64url"))
    }
}
