//! Files of age identities and recipients. What reads must print, and read again as the same key; errors never hold the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_crypto::age::{Identity, Recipient, parse_identities, parse_recipients};

fuzz_target!(|bytes: &[u8]| {
    for identity in parse_identities("file", &bytes.to_vec().into()).unwrap_or_default() {
        let text = identity.to_text().expect("only these kinds are built in");
        let text = std::str::from_utf8(text.expose()).expect("ASCII");
        assert!(Identity::parse(text).is_ok_and(|again| again.recipient() == identity.recipient()));
    }
    for recipient in parse_recipients("file", bytes).unwrap_or_default() {
        assert_eq!(recipient.as_str().parse::<Recipient>(), Ok(recipient));
    }
});
