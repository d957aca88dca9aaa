//! Base64 (RFC 4648 section 4) in the two dialects this crate meets: what foreign files hold, and what we print ourselves.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as PADDED, STANDARD_NO_PAD as BARE};
use zeroize::Zeroizing;

/// Padding is required, the unused bits of the last character are not looked at: Go's `base64.StdEncoding`.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// As Go decodes: CR and LF anywhere are skipped, every other stray byte is an error. The buffers are wiped when dropped,
/// because PEM files with private keys come through here too.
pub(crate) fn decode_lenient(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(packed.len())]);
    let length = LENIENT.decode_slice(packed.as_slice(), &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// One line, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    PADDED.encode(bytes)
}

/// Exactly `N` bytes from what [`encode`] prints; any other spelling is refused.
pub(crate) fn decode_exact<const N: usize>(text: &str) -> Option<[u8; N]> {
    PADDED.decode(text).ok()?.try_into().ok()
}

/// One line without padding.
pub(crate) fn encode_bare(bytes: &[u8]) -> String {
    BARE.encode(bytes)
}

/// Exactly `N` bytes from what [`encode_bare`] prints; any other spelling is refused.
pub(crate) fn decode_bare_exact<const N: usize>(text: &str) -> Option<[u8; N]> {
    BARE.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::decode_lenient;

    #[test]
    fn foreign_base64_is_read_as_go_reads_it() {
        let cases: [(&str, Option<&[u8]>); 12] = [
            ("", Some(b"")),
            ("aGk=", Some(b"hi")),
            ("aG\r\nk\n=\r\n", Some(b"hi")),
            ("aGl=", Some(b"hi")), // unused bits set
            ("aGk", None),         // padding is required
            ("aGk==", None),
            ("aGk=aGk=", None),
            ("aGk= ", None),
            (" aGk=", None),
            ("aG-_", None), // URL alphabet
            ("=", None),
            ("a\tGk=", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_lenient(text.as_bytes()).as_ref().map(|b| b.as_slice()), expected, "{text:?}");
        }
    }
}
