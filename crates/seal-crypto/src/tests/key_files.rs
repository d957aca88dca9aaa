//! Key files as people have them: both encodings, several blocks, and the ones that are refused with a reason.

use super::{key, rng, secret, test_key_pem};
use crate::{KeyError, PrivateKey, pem};

/// `ssh-keygen -lf` of each published key.
#[test]
fn fingerprints_are_those_of_openssh() {
    for (pem, bits, fingerprint) in [
        (test_key_pem!("rsa1024.pem"), 1024, "SHA256:SDGvkKBaRLcWtpx+aQHikbWIuwLcA6aZV7PQqPO8rkQ"),
        (test_key_pem!("rsa2048.pem"), 2048, "SHA256:fYdoZLLBInBXqDrnQIcGtI4Udotz2WERCdhRnlsliOs"),
        (test_key_pem!("rsa2048-other.pem"), 2048, "SHA256:JB9zAAH7+vUvpCXBb3Y6irNMPUIcfemTo+7uOyVMa5E"),
        (test_key_pem!("rsa2050.pem"), 2050, "SHA256:Vewd23PK8pejCYgiOaDv/ksxlK6NC53vRtYcvx/FyPs"),
        (test_key_pem!("rsa3072.pem"), 3072, "SHA256:0233PJDwPqD6ygLC1XY3KvE8fTKEN21Iidnmdul9O24"),
        (test_key_pem!("rsa4096.pem"), 4096, "SHA256:Yy6HCcAydjUJ7E3ObdFza60jot2AZLTC+8Y/HbHxdnA"),
    ] {
        let key = key(pem);
        assert_eq!((key.public().bits(), key.fingerprint().as_str()), (bits, fingerprint));
    }
}

#[test]
fn a_key_is_written_as_upstream_stores_it() {
    let original = test_key_pem!("rsa2048.pem");
    let block = &original[original.iter().position(|&byte| byte == b'-').expect("armour")..];
    assert!(key(original).to_pem() == secret(block));
    let from_pkcs8 = key(test_key_pem!("rsa3072.pem"));
    assert_eq!(key(from_pkcs8.to_pem().expose()).fingerprint(), from_pkcs8.fingerprint());
}

#[test]
fn refusals_have_reasons() {
    let good = String::from_utf8(test_key_pem!("rsa2048.pem").to_vec()).expect("text");
    let swapped = good.replace("RSA PRIVATE", "PRIVATE");
    let broken = good.replacen("MII", "MIJ", 1);
    let cut = &good[..good.len() - 40];
    for (pem, expected) in [
        (b"".as_slice(), KeyError::NoKey),
        (b"\xFF\xFE\x00", KeyError::NoKey),
        (test_key_pem!("rsa2048.crt"), KeyError::NoKey),
        (cut.as_bytes(), KeyError::CutShort),
        (swapped.as_bytes(), KeyError::Malformed),
        (broken.as_bytes(), KeyError::Malformed),
        (test_key_pem!("ec.pem"), KeyError::NotRsa),
        (test_key_pem!("ed25519.pem"), KeyError::NotRsa),
        (test_key_pem!("encrypted-pkcs1.pem"), KeyError::Encrypted),
        (test_key_pem!("encrypted-pkcs8.pem"), KeyError::Encrypted),
        (test_key_pem!("rsa512.pem"), KeyError::Size),
    ] {
        let pem = secret(pem);
        assert_eq!(PrivateKey::from_pem(&pem).err(), Some(expected));
        assert_eq!(PrivateKey::all_from_pem(&pem).err(), Some(expected));
    }
}

#[test]
fn the_first_rsa_key_of_several_blocks_is_taken_and_all_can_be() {
    let text = [test_key_pem!("rsa2048.crt"), test_key_pem!("rsa2048.pem"), b"\r\n", test_key_pem!("rsa3072.pem")].concat();
    let fingerprint = |pem: &[u8]| key(pem).fingerprint().clone();
    let expected = [fingerprint(test_key_pem!("rsa2048.pem")), fingerprint(test_key_pem!("rsa3072.pem"))];
    assert_eq!(fingerprint(&text), expected[0]);
    let all =
        PrivateKey::all_from_pem(&secret(&text)).map(|keys| keys.iter().map(|k| k.fingerprint().clone()).collect::<Vec<_>>());
    assert_eq!(all, Ok(expected.to_vec()));
    let last_cut = &text[..text.len() - 40];
    assert_eq!(fingerprint(last_cut), expected[0]);
    assert_eq!(PrivateKey::all_from_pem(&secret(last_cut)).err(), Some(KeyError::CutShort));
    let with_stranger = [test_key_pem!("ec.pem"), &text].concat();
    assert_eq!(fingerprint(&with_stranger), expected[0]);
    assert_eq!(PrivateKey::all_from_pem(&secret(&with_stranger)).err(), Some(KeyError::NotRsa));
}

#[test]
fn a_generated_key_reads_back() {
    let made = PrivateKey::generate(1024, &mut rng()).expect("1024 bits are allowed");
    assert_eq!(made.public().bits(), 1024);
    assert_eq!(key(made.to_pem().expose()).fingerprint(), made.fingerprint());
    for bits in [0, 512, 1023, 16385, usize::MAX] {
        assert_eq!(PrivateKey::generate(bits, &mut rng()).err(), Some(KeyError::Size));
    }
}

/// PKCS#8 as other tools write it and Go reads it: with attributes (RFC 5958), or without the NULL of the algorithm.
#[test]
fn unusual_pkcs8_is_read() {
    let plain = test_key_pem!("rsa3072.pem");
    let der = pem::blocks(plain).next().and_then(|block| block.der).expect("armour");
    let body = &der[4..];
    let attributes = b"\xa0\x0d\x30\x0b\x06\x03\x55\x1d\x0f\x31\x04\x03\x02\x00\x10";
    let with_null = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let at = body.windows(with_null.len()).position(|window| window == with_null).expect("rsaEncryption");
    let without_null = [&body[..at], b"\x30\x0b", &with_null[2..13], &body[at + 15..]].concat();
    for body in [[body, attributes].concat(), without_null] {
        let length = u16::try_from(body.len()).expect("a short file").to_be_bytes();
        let text = pem::encode("PRIVATE KEY", &[b"\x30\x82".as_slice(), &length, &body].concat());
        assert_eq!(key(text.as_bytes()).fingerprint(), key(plain).fingerprint());
    }
}
