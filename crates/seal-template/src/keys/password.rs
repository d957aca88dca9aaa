//! Password hashes for files of other programs, and passwords derived from a master password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bcrypt::Version;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_core::CryptoRng;
use scrypt::{Params, scrypt};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Failed;

/// What Go's library takes where nothing is said.
const BCRYPT_COST: u32 = 10;

/// A bcrypt hash, `$2a$10$…`. More than 72 bytes are refused: bcrypt would pass over the rest.
pub(crate) fn bcrypt_hash(password: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    // Go counts the bytes without the terminator.
    if password.len() > 72 {
        return Err(Failed("the password is longer than the 72 bytes that bcrypt takes"));
    }
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let hash = bcrypt::hash_with_salt(password, BCRYPT_COST, salt).map_err(|_| Failed("bcrypt refused the password"))?;
    Ok(hash.format_for_version(Version::TwoA).into_bytes())
}

/// One line of a password file of the Apache server; `sha` asks for its SHA-1 form, anything else is bcrypt.
pub(crate) fn htpasswd(user: &[u8], password: &[u8], algorithm: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    if user.contains(&b':') {
        return Err(Failed("a user name in a password file has no colon"));
    }
    let hash = match algorithm {
        b"sha" => format!("{{SHA}}{}", STANDARD.encode(Sha1::digest(password))).into_bytes(),
        _ => bcrypt_hash(password, rng)?,
    };
    Ok([user, b":", &hash].concat())
}

/// The Master Password algorithm, version 0, with salts as sprig makes them (lengths of user and site as they are in bytes).
pub(crate) fn derive(counter: u32, kind: &[u8], password: &[u8], user: &[u8], site: &[u8]) -> Result<Vec<u8>, Failed> {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let patterns =
        patterns(kind).ok_or(Failed("the password type is unknown; use maximum, long, medium, short, basic or pin"))?;
    let salt = [SEED, &(user.len() as u32).to_be_bytes(), user].concat();
    let mut key = Zeroizing::new([0; 64]);
    let params = Params::new(15, 8, 2).expect("the numbers of the algorithm are in scrypt's range");
    scrypt(password, &salt, &params, &mut *key).expect("64 bytes are a length scrypt gives");
    let message = [SEED, &(site.len() as u32).to_be_bytes(), site, &counter.to_be_bytes()].concat();
    let mac = Hmac::<Sha256>::new_from_slice(&*key).expect("HMAC takes keys of any length").chain_update(message);
    let seed = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
    let pattern = patterns[usize::from(seed[0]) % patterns.len()];
    Ok(pattern.bytes().zip(&seed[1..]).map(|(class, number)| letter(class, *number)).collect())
}

fn patterns(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn letter(class: u8, number: u8) -> u8 {
    let letters: &[u8] = match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    };
    letters[usize::from(number) % letters.len()]
}
