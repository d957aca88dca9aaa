//! RSA-OAEP decryption (RFC 8017, 7.1), for values that were encrypted outside.
//!
//! One answer for every ciphertext that does not open.

use rand_core::CryptoRng;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::private::PrivateKey;
use super::{Failed, pem};

/// `scheme` is `None` (nothing to do) or `RSA-OAEP`; `hash` is SHA1, SHA256 or SHA512, and SHA-256 where it is anything else.
pub(crate) fn decrypt(
    scheme: &[u8],
    hash: &[u8],
    input: &[u8],
    key: &[u8],
    mut rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, Failed> {
    match scheme {
        b"None" => return Ok(input.to_vec()),
        b"RSA-OAEP" => {}
        _ => return Err(Failed("the decryption scheme is not supported; use RSA-OAEP")),
    }
    let (block, _) = pem::decode(key).ok_or(Failed("no PEM data in the private key"))?;
    let PrivateKey::Rsa(key) = PrivateKey::any(&block.bytes)? else {
        return Err(Failed("the private key is not an RSA key"));
    };
    let opened = match hash {
        b"SHA1" => key.oaep_decrypt_with_rng::<Sha1, _>(&mut rng, input),
        b"SHA512" => key.oaep_decrypt_with_rng::<Sha512, _>(&mut rng, input),
        _ => key.oaep_decrypt_with_rng::<Sha256, _>(&mut rng, input),
    };
    opened.map_err(|_| Failed("the data does not decrypt with this RSA key"))
}
