//! `decodingStrategy` and `nullBytePolicy`.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use seal_api::external_secrets::{DecodingStrategy, NullBytePolicy};
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

const fn config(padding: DecodePaddingMode) -> GeneralPurposeConfig {
    // Go, too, takes bits after the last byte that mean nothing.
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(padding)
}

const PADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, config(DecodePaddingMode::RequireCanonical));
const PADDED_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, config(DecodePaddingMode::RequireCanonical));
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, config(DecodePaddingMode::Indifferent));

/// The value decoded; `None` when it is not what the strategy says.
pub(super) fn decode(strategy: DecodingStrategy, value: SecretBytes) -> Option<SecretBytes> {
    match strategy {
        DecodingStrategy::None => Some(value),
        DecodingStrategy::Base64 => by(&PADDED, &value),
        DecodingStrategy::Base64Url => by(&URL, &value),
        DecodingStrategy::Auto => by(&PADDED, &value).or_else(|| by(&PADDED_URL, &value)).or(Some(value)),
    }
}

/// Line breaks within the text are passed over, as in Go.
fn by(engine: &GeneralPurpose, value: &SecretBytes) -> Option<SecretBytes> {
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(value.expose().iter().copied().filter(|b| !b"\r\n".contains(b)).collect());
    engine.decode(&*text).ok().map(SecretBytes::from)
}

/// True when the policy takes the value.
pub(super) fn takes(policy: NullBytePolicy, value: &SecretBytes) -> bool {
    policy == NullBytePolicy::Ignore || !value.expose().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DecodingStrategy::{Auto, Base64, Base64Url, None as Plain};

    #[test]
    fn values_are_decoded_as_go_decodes_them() {
        for (strategy, text, wanted) in [
            (Plain, "aGk=", Some(&b"aGk="[..])),
            (Base64, "aGk=", Some(b"hi")),
            (Base64, "aG\r\nk=\n", Some(b"hi")),
            (Base64, "aGl=", Some(b"hi")),
            (Base64, "aGk", None),
            (Base64, "-_8=", None),
            (Base64, "", Some(b"")),
            (Base64Url, "-_8=", Some(b"\xfb\xff")),
            (Base64Url, "-_8", Some(b"\xfb\xff")),
            (Base64Url, "+/8=", None),
            (Auto, "aGk=", Some(b"hi")),
            (Auto, "-_8=", Some(b"\xfb\xff")),
            (Auto, "pass word", Some(b"pass word")),
            // What upstream's documentation does not say: a word of the right length is taken for base64.
            (Auto, "password", Some(b"\xa5\xab\x2c\xc2\x8a\xdd")),
        ] {
            let decoded = decode(strategy, text.to_owned().into());
            assert_eq!(decoded.as_ref().map(SecretBytes::expose), wanted, "{strategy:?} {text:?}");
        }
    }

    #[test]
    fn nul_bytes_fail_only_where_that_is_asked_for() {
        let value = SecretBytes::from(b"a\0b".to_vec());
        assert!(takes(NullBytePolicy::Ignore, &value) && !takes(NullBytePolicy::Fail, &value));
        assert!(takes(NullBytePolicy::Fail, &SecretBytes::default()));
    }
}
