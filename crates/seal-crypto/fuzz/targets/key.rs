//! Private-key files. What reads must print, and read again as the same key; every refusal is an error value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_crypto::PrivateKey;

fuzz_target!(|bytes: &[u8]| {
    let pem = bytes.to_vec().into();
    let first = PrivateKey::from_pem(&pem);
    if let Ok(all) = PrivateKey::all_from_pem(&pem) {
        assert!(first.as_ref().is_ok_and(|first| first.fingerprint() == all[0].fingerprint()));
    }
    if let Ok(key) = first {
        assert!(PrivateKey::from_pem(&key.to_pem()).is_ok_and(|again| again.fingerprint() == key.fingerprint()));
    }
});
