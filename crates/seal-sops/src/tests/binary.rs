//! Binary files: any bytes in, the same bytes out.

use super::{NAME, groups, key, now, open, options, parse, rng, seal, string};
use crate::{OpenOptions, Selector, SopsFile, Store};

const BINARY: Store = Store::Binary;

#[test]
fn any_bytes_come_back() {
    let all: Vec<u8> = (0..=255).collect();
    for clear in [b"hello".as_slice(), b"", &all, b"{\"data\": 1}", b"{\"sops\": 1", b"{ \"sops\": {}}x"] {
        let sealed = seal(BINARY, clear);
        let opened = open(BINARY, &sealed).expect("opens");
        assert_eq!(opened.to_clear(BINARY).expect("in clear").expose(), clear);
        assert_eq!(opened.into_clear(BINARY).expect("in clear").expose(), clear);
    }
}

#[test]
fn the_wrapper_is_that_of_sops() {
    let sealed = String::from_utf8(seal(BINARY, b"hello")).expect("text");
    assert!(sealed.starts_with("{\n\t\"data\": \"ENC[AES256_GCM,data:"), "{sealed}");
    assert!(
        sealed.contains(",type:str]\",\n\t\"sops\": {\n\t\t\"age\": [\n\t\t\t{\n\t\t\t\t\"enc\": \"ARMOR age1a\\nEND\\n\",\n"),
        "{sealed}"
    );
    assert!(sealed.ends_with("\t\t\"version\": \"3.13.3\"\n\t}\n}\n"), "{sealed}");
    assert!(!sealed.contains("unencrypted_suffix"), "{sealed}");
}

#[test]
fn it_is_sealed_whatever_the_selector_says() {
    let mut options = options(Selector::EncryptedRegex("^x$".into()));
    options.strong = false;
    let sealed = parse(BINARY, b"hello").expect("reads").encrypt(&options, &key(), now(), &mut rng()).expect("seals");
    assert!(!string(&sealed).contains("hello") && !string(&sealed).contains("encrypted_regex"));
    let opened = SopsFile::parse(NAME, BINARY, sealed).expect("reads").open(&key(), OpenOptions::default()).expect("opens");
    assert_eq!(opened.to_clear(BINARY).expect("in clear").expose(), b"hello");
}

#[test]
fn recipients_come_and_go() {
    let sealed = seal(BINARY, b"hello");
    let changed = parse(BINARY, &sealed).expect("reads").rewrap(groups(&["age1a", "age1b"]), None).expect("rewraps");
    let opened = open(BINARY, changed.expose()).expect("opens");
    assert_eq!(opened.file().metadata().expect("sealed").age_keys().count(), 2);
}
