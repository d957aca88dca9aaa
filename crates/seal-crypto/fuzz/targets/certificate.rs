//! Certificates, armoured or not. What reads must read again from its own PEM; every refusal is an error value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_crypto::Certificate;

fuzz_target!(|bytes: &[u8]| {
    // DER in armour of our own lets the fuzzer reach X.509 without finding base64 first.
    let armoured =
        [b"-----BEGIN CERTIFICATE-----\n".as_slice(), base64(bytes).as_bytes(), b"\n-----END CERTIFICATE-----\n"].concat();
    for pem in [bytes, &armoured] {
        if let Ok(certificate) = Certificate::from_pem(pem) {
            assert_eq!(Certificate::from_pem(certificate.pem.as_bytes()), Ok(certificate));
        }
    }
});

fn base64(bytes: &[u8]) -> String {
    seal_crypto::Item::from_bytes(bytes.to_vec()).encode()
}
