//! What an opened v2 item holds: `"seal/v2\0" | u32 BE length | context | value`. Bytes in, bytes out; no cryptography.

use super::context::{Context, MAX_CONTEXT_BYTES, take_u32};
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

/// First bytes of every frame.
pub(super) const MAGIC: &[u8; 8] = b"seal/v2\0";

/// A context and a value as one text to encrypt.
pub(crate) fn frame(context: &Context, value: &SecretBytes) -> SecretBytes {
    let context = context.encode();
    let length = u32::try_from(context.len()).expect("a context is less than 1 KiB");
    let parts = [MAGIC.as_slice(), &length.to_be_bytes(), &context, value.expose()];
    // One buffer of the final size: growing would leave copies of the value behind.
    let mut framed = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| framed.extend_from_slice(part));
    framed.into()
}

/// The context and the value of a frame; nothing unless it is one to the byte.
pub(super) fn unframe(framed: &SecretBytes) -> Option<(Context, SecretBytes)> {
    let (length, rest) = take_u32(framed.expose().strip_prefix(MAGIC)?)?;
    let length = usize::try_from(length).ok().filter(|&length| length <= MAX_CONTEXT_BYTES)?;
    let (context, value) = rest.split_at_checked(length)?;
    Some((Context::decode(context)?, value.to_vec().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Binding, Scope};

    fn context() -> Context {
        let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
        Context::new(&binding, "password", "", 7).expect("valid")
    }

    #[test]
    fn a_frame_gives_back_context_and_value() {
        for value in [b"".as_slice(), b"hunter2", &[0; 70_000]] {
            let value = SecretBytes::from(value.to_vec());
            let (read, inner) = unframe(&frame(&context(), &value)).expect("a frame");
            assert!(read == context() && inner == value);
        }
    }

    #[test]
    fn what_is_not_a_frame_gives_nothing() {
        let good = frame(&context(), &SecretBytes::default()).expose().to_vec();
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|cut| good[..cut].to_vec()).collect();
        // Magic, a length of gigabytes, a length one too short or too long, a field count.
        bad.extend([changed(0, b'S'), changed(7, b'0'), changed(8, 0xff), changed(11, good[11] - 1), changed(13, 5)]);
        bad.push([changed(11, good[11] + 1), vec![0]].concat());
        for bytes in bad {
            assert!(unframe(&bytes.clone().into()).is_none(), "{bytes:?}");
        }
    }
}
