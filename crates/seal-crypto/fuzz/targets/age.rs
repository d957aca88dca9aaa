//! age files: any bytes are refused or opened without a panic and within the caps; what the header reader takes covers the input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_crypto::age::{Caps, Identity, armor, decrypt, header};
use std::sync::LazyLock;

/// The identities of the published vectors, so that the vectors as corpus reach the payload.
static IDENTITIES: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    [
        "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0",
        "AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG",
    ]
    .into_iter()
    .map(|text| Identity::parse(text).expect("a published identity"))
    .collect()
});

fuzz_target!(|bytes: &[u8]| {
    let file = if armor::is_armored(bytes) { armor::unwrap(bytes).unwrap_or_default() } else { bytes.to_vec() };
    let seen = header(&file, &Caps::ITEM);
    if let Ok(seen) = &seen {
        assert_eq!(seen.header_len + seen.payload_len, file.len());
        assert!(seen.stanzas.len() <= Caps::ITEM.stanzas && seen.header_len <= Caps::ITEM.header_bytes);
    }
    if let Ok((content, _)) = decrypt(&file, &IDENTITIES, &Caps::ITEM) {
        assert_eq!(seen.expect("it opened").content_len(), Some(content.len()));
    }
});
