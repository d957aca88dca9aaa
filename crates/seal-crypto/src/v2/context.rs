//! What a v2 item is bound to, and its canonical bytes: six fields, each with its length, in one fixed order.
//!
//! One context has one encoding: what is read is written again and must be the same bytes.

use crate::{Binding, Scope};

/// Longest item key and longest audience, in bytes; Kubernetes' own bound of a Secret's key.
pub const MAX_FIELD_BYTES: usize = 253;

/// More than any context needs: 2 for the count, 6 times 2 for lengths, 14 + 63 + 253 + 253 + 253 + 8 for the fields.
pub(super) const MAX_CONTEXT_BYTES: usize = 1024;

const FIELDS: u16 = 6;

/// What one item was sealed for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    binding: Binding,
    key: String,
    audience: String,
    sealed_at: u64,
}

/// Why something cannot be written into a context.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextError {
    /// Not a key that a Secret may have.
    #[error("the item's key must be 1 to 253 letters, digits, '-', '_' or '.'")]
    Key,
    /// Not an audience.
    #[error("the audience must be at most 253 visible ASCII characters without spaces")]
    Audience,
}

impl Context {
    /// `audience` may be empty: then any cluster that holds a key opens it. `sealed_at` counts seconds since 1970.
    pub fn new(binding: &Binding, key: &str, audience: &str, sealed_at: u64) -> Result<Self, ContextError> {
        if key.is_empty() || key.len() > MAX_FIELD_BYTES || !key.bytes().all(is_key_byte) {
            return Err(ContextError::Key);
        }
        if !is_audience(audience) {
            return Err(ContextError::Audience);
        }
        // Fields that the scope does not bind are empty, so that one context has one encoding.
        let (namespace, name) = binding.bound();
        let binding = Binding::new(binding.scope(), namespace, name).expect("a part of a valid binding is valid");
        Ok(Self { binding, key: key.to_owned(), audience: audience.to_owned(), sealed_at })
    }

    /// Scope, and namespace and name as far as the scope binds them (empty otherwise).
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The item's key in `spec.encryptedData`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The cluster that may open it; empty: any that holds a key.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// When it was sealed by the sealer's clock, in seconds since 1970.
    pub fn sealed_at(&self) -> u64 {
        self.sealed_at
    }

    /// True when this is the item `key` of an object of `binding`.
    pub fn is_for(&self, binding: &Binding, key: &str) -> bool {
        self.key == key && self.binding.scope() == binding.scope() && self.binding.bound() == binding.bound()
    }

    /// `u16 6 | 6 x (u16 length | bytes)`: scope, namespace, name, key, audience, sealed-at (8 bytes).
    pub(super) fn encode(&self) -> Vec<u8> {
        let (namespace, name) = self.binding.bound();
        let sealed_at = self.sealed_at.to_be_bytes();
        let texts = [self.binding.scope().as_str(), namespace, name, &self.key, &self.audience].map(str::as_bytes);
        let mut bytes = FIELDS.to_be_bytes().to_vec();
        for field in texts.into_iter().chain([sealed_at.as_slice()]) {
            let length = u16::try_from(field.len()).expect("every field is at most 253 bytes");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    /// Exactly what [`Context::encode`] writes; anything else, one byte more included, is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_CONTEXT_BYTES {
            return None;
        }
        let (count, mut rest) = take_u16(bytes)?;
        if count != FIELDS {
            return None;
        }
        let mut field = || -> Option<&[u8]> {
            let (length, after) = take_u16(rest)?;
            let (field, after) = after.split_at_checked(usize::from(length))?;
            rest = after;
            Some(field)
        };
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let scope: Scope = text(field()?)?.parse().ok()?;
        let binding = Binding::new(scope, text(field()?)?, text(field()?)?).ok()?;
        let (key, audience) = (text(field()?)?, text(field()?)?);
        let sealed_at = u64::from_be_bytes(field()?.try_into().ok()?);
        let context = Self::new(&binding, key, audience, sealed_at).ok()?;
        (context.encode() == bytes).then_some(context)
    }
}

/// True for what may stand as an audience, the empty one included.
fn is_audience(text: &str) -> bool {
    text.len() <= MAX_FIELD_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

pub(super) fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*head), rest))
}

pub(super) fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*head), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(scope: Scope, audience: &str) -> Context {
        let binding = Binding::new(scope, "prod", "db").expect("valid");
        Context::new(&binding, "password", audience, 1).expect("valid")
    }

    /// Fields by hand, so that the encoder is not its own judge.
    fn raw(count: u16, fields: &[&[u8]]) -> Vec<u8> {
        let mut bytes = count.to_be_bytes().to_vec();
        for field in fields {
            bytes.extend_from_slice(&u16::try_from(field.len()).expect("short").to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    const AT: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 1];

    #[test]
    fn each_scope_has_its_bytes() {
        let table: [(Scope, &str, [&[u8]; 6]); 3] = [
            (Scope::Strict, "", [b"strict", b"prod", b"db", b"password", b"", AT]),
            (Scope::NamespaceWide, "eu-1", [b"namespace-wide", b"prod", b"", b"password", b"eu-1", AT]),
            (Scope::ClusterWide, "", [b"cluster-wide", b"", b"", b"password", b"", AT]),
        ];
        for (scope, audience, fields) in table {
            let bytes = context(scope, audience).encode();
            assert_eq!(bytes, raw(6, &fields), "{scope:?}");
            assert_eq!(Context::decode(&bytes), Some(context(scope, audience)));
        }
    }

    #[test]
    fn one_context_has_one_encoding() {
        let good: [&[u8]; 6] = [b"strict", b"prod", b"db", b"password", b"", AT];
        assert!(Context::decode(&raw(6, &good)).is_some());
        let with = |index: usize, field: &'static [u8]| {
            let mut fields = good;
            fields[index] = field;
            raw(6, &fields)
        };
        let long = [b'a'; 254].as_slice();
        let mut bad = vec![
            vec![],
            raw(5, &good[..5]),
            raw(6, &good[..5]),
            raw(7, &good),
            [raw(6, &good), vec![0]].concat(),
            raw(7, &[&good[..], &[b""]].concat()),
            with(0, b"Strict"),
            with(0, b""),
            with(0, b"cluster-wide"),
            with(0, b"namespace-wide"),
            with(1, b""),
            with(1, b"a/b"),
            with(2, b""),
            with(3, b""),
            with(3, b"a b"),
            with(3, b"\xff"),
            with(4, b"a b"),
            with(4, b"\n"),
            with(5, b""),
            with(5, &AT[1..]),
        ];
        bad.push(raw(6, &[good[0], good[1], good[2], long, good[4], AT]));
        bad.push(raw(6, &[good[0], good[1], good[2], good[3], long, AT]));
        bad.extend((0..raw(6, &good).len()).map(|cut| raw(6, &good)[..cut].to_vec()));
        for bytes in bad {
            assert_eq!(Context::decode(&bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn it_is_for_one_key_of_what_its_scope_binds() {
        let place = |scope, namespace, name| Binding::new(scope, namespace, name).expect("valid");
        let table = [
            (Scope::Strict, place(Scope::Strict, "prod", "db"), "password", true),
            (Scope::Strict, place(Scope::Strict, "prod", "db2"), "password", false),
            (Scope::Strict, place(Scope::Strict, "test", "db"), "password", false),
            (Scope::Strict, place(Scope::Strict, "prod", "db"), "user", false),
            (Scope::Strict, place(Scope::NamespaceWide, "prod", "db"), "password", false),
            (Scope::NamespaceWide, place(Scope::NamespaceWide, "prod", "other"), "password", true),
            (Scope::NamespaceWide, place(Scope::NamespaceWide, "test", "db"), "password", false),
            (Scope::NamespaceWide, place(Scope::Strict, "prod", "db"), "password", false),
            (Scope::ClusterWide, place(Scope::ClusterWide, "any", "where"), "password", true),
            (Scope::ClusterWide, place(Scope::ClusterWide, "", ""), "user", false),
            (Scope::ClusterWide, place(Scope::Strict, "prod", "db"), "password", false),
        ];
        for (scope, at, key, expected) in table {
            assert_eq!(context(scope, "").is_for(&at, key), expected, "{scope:?} {at:?} {key}");
        }
    }

    #[test]
    fn keys_and_audiences_have_bounds() {
        let binding = Binding::new(Scope::ClusterWide, "", "").expect("valid");
        let long = "a".repeat(254);
        for key in ["", "a b", "a/b", "\u{e4}", &long] {
            assert_eq!(Context::new(&binding, key, "", 0), Err(ContextError::Key), "{key:?}");
        }
        for audience in ["a b", "a\n", "\u{e4}", &long] {
            assert_eq!(Context::new(&binding, "k", audience, 0), Err(ContextError::Audience), "{audience:?}");
        }
        assert!(Context::new(&binding, &long[..253], &long[..253], u64::MAX).is_ok_and(|c| c.encode().len() < MAX_CONTEXT_BYTES));
    }
}
