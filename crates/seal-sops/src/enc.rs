//! The text of one sealed value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! Read as sops' own expression reads it: anchored at the start, every part non-empty, the type up to the last bracket of the line,
//! whatever follows ignored. Base64 is padded; line breaks inside it are skipped and its last bits may be anything, as in Go.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use seal_crypto::sops::Sealed;

use crate::Type;

/// What every sealed value starts with.
pub(crate) const START: &str = "ENC[AES256_GCM,data:";

const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The parts of a sealed value, decoded. Ciphertext only, so it may be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enc {
    /// Ciphertext.
    pub data: Vec<u8>,
    /// Initialisation vector: 32 bytes from every known writer.
    pub iv: Vec<u8>,
    /// GCM tag, 16 bytes.
    pub tag: Vec<u8>,
    /// Type of the value, which nothing authenticates.
    pub kind: Type,
}

impl Enc {
    /// Reads a sealed value. `None` for everything that is none.
    pub fn parse(text: &str) -> Option<Enc> {
        let rest = text.strip_prefix(START)?;
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        // No base64 holds a comma, so the first one ends it.
        let part = |rest: &'_ str| rest.find(',').filter(|end| *end > 0);
        let (data, rest) = line.split_at(part(line)?);
        let rest = rest.strip_prefix(",iv:")?;
        let (iv, rest) = rest.split_at(part(rest)?);
        let rest = rest.strip_prefix(",tag:")?;
        let (tag, rest) = rest.split_at(part(rest)?);
        let rest = rest.strip_prefix(",type:")?;
        let kind = Type::of_name(&rest[..rest.rfind(']')?])?;
        Some(Enc { data: decode(data)?, iv: decode(iv)?, tag: decode(tag)?, kind })
    }

    /// True for a text that is meant to be a sealed value, well-formed or not.
    pub fn looks_sealed(text: &str) -> bool {
        text.starts_with("ENC[AES256_GCM,")
    }
}

/// The type that a sealed text carries, without decoding the rest.
pub(crate) fn type_of(text: &str) -> Option<Type> {
    let line = text.split('\n').next()?;
    let (_, rest) = line.rsplit_once(",type:")?;
    Type::of_name(&rest[..rest.rfind(']')?])
}

/// Writes a sealed value.
pub(crate) fn text(sealed: &Sealed, iv: &[u8; 32], kind: Type) -> String {
    let mut text = String::with_capacity(START.len() + sealed.data.len().div_ceil(3) * 4 + 44 + 24 + 40);
    text.push_str(START);
    BASE64.encode_string(&sealed.data, &mut text);
    text.push_str(",iv:");
    BASE64.encode_string(iv, &mut text);
    text.push_str(",tag:");
    BASE64.encode_string(sealed.tag, &mut text);
    text.push_str(",type:");
    text.push_str(kind.name());
    text.push(']');
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains('\r') {
        return BASE64.decode(text.replace('\r', "")).ok();
    }
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{Enc, text, type_of};
    use crate::Type;
    use seal_crypto::sops::Sealed;

    #[test]
    fn what_is_written_is_read() {
        let sealed = Sealed { data: b"abcd".to_vec(), tag: [7; 16] };
        let written = text(&sealed, &[9; 32], Type::Int);
        let read = Enc::parse(&written);
        assert_eq!(read, Some(Enc { data: b"abcd".to_vec(), iv: vec![9; 32], tag: vec![7; 16], kind: Type::Int }));
        assert_eq!(type_of(&written), Some(Type::Int));
    }

    #[test]
    fn reading_follows_the_expression_of_sops() {
        for (text, read) in [
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", true),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str] and more", true),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nnext]", true),
            ("ENC[AES256_GCM,data:YR==,iv:YQ==,tag:YQ==,type:bytes]", true),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str] and ]", false),
            (" ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:,iv:YQ==,tag:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:YQ,iv:YQ==,tag:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:YQ==,tag:YQ==,iv:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:text]", false),
            ("ENC[AES256_GCM,data:YQ==,IV:YQ==,iv:YQ==,tag:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:YQ==,iv:,tag:YQ==,type:str]", false),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:,type:str]", false),
            ("ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str", false),
            ("ENC[AES128_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", false),
            ("", false),
        ] {
            assert_eq!(Enc::parse(text).is_some(), read, "{text}");
        }
    }
}
