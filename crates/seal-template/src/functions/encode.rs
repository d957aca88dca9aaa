//! Base64, base32, hexadecimal and digests.

use crate::call::{Answer, Call, Function, Is};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest;

pub(super) const ALL: &[Function] = &[
    Function::new("b64enc", &[Is::Text], |call| {
        let text = STANDARD.encode(call.text(0));
        call.answer(text)
    }),
    Function::new("b64dec", &[Is::Text], b64dec),
    Function::new("b32enc", &[Is::Text], |call| {
        let text = base32(&call.text(0));
        call.answer(text)
    }),
    Function::new("b32dec", &[Is::Text], b32dec),
    Function::new("sha1sum", &[Is::Text], |call| {
        let digest = hex(&sha1::Sha1::digest(call.text(0)));
        call.answer(digest)
    }),
    Function::new("sha256sum", &[Is::Text], |call| {
        let digest = hex(&sha2::Sha256::digest(call.text(0)));
        call.answer(digest)
    }),
    Function::new("sha512sum", &[Is::Text], |call| {
        let digest = hex(&sha2::Sha512::digest(call.text(0)));
        call.answer(digest)
    }),
    Function::new("adler32sum", &[Is::Text], |call| {
        let sum = adler32(&call.text(0)).to_string();
        call.answer(sum)
    }),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without line ends, which Go passes over.
fn joined(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect()
}

/// What cannot be read answers the text of Go's error, which sprig takes for a value. It tells a position, no content.
fn b64dec(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(0);
    match STANDARD_LENIENT.decode(joined(&text)) {
        Ok(bytes) => call.answer(bytes),
        Err(_) => call.answer(format!("illegal base64 data at input byte {}", first_wrong_64(&text))),
    }
}

/// Bits that the last character has too many are not looked at, as in Go.
const STANDARD_LENIENT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Where Go's decoder gives up: at the character that does not belong there, or where one is missing.
fn first_wrong_64(text: &[u8]) -> usize {
    let is_line_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    let mut quad = 0;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        if is_line_end(byte) {
            continue;
        }
        if byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/' {
            quad = (quad + 1) % 4;
            continue;
        }
        if byte != b'=' || quad < 2 {
            return at - 1;
        }
        let skip = |mut at: usize| {
            while at < text.len() && is_line_end(text[at]) {
                at += 1;
            }
            at
        };
        if quad == 2 {
            at = skip(at);
            if at == text.len() {
                return text.len();
            }
            if text[at] != b'=' {
                return at - 1;
            }
            at += 1;
        }
        return skip(at);
    }
    text.len() - quad
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let used = (chunk.len() * 8).div_ceil(5);
        for n in 0..8 {
            out.push(if n < used { char::from(BASE32[(bits >> (35 - 5 * n)) as usize & 31]) } else { '=' });
        }
    }
    out
}

fn b32dec(call: &mut Call<'_, '_>) -> Answer {
    let text = joined(&call.text(0));
    match from_base32(&text) {
        Ok(bytes) => call.answer(bytes),
        Err(at) => call.answer(format!("illegal base32 data at input byte {at}")),
    }
}

fn from_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (mut bits, mut count) = (0u64, 0);
        let mut end = false;
        while count < 8 {
            let Some(&byte) = text.get(at) else { return Err(at - count) };
            at += 1;
            if byte == b'=' && count >= 2 && text.len() - at < 8 {
                if text.len() - at + count < 7 {
                    return Err(text.len());
                }
                if let Some(other) = (0..7 - count).find(|n| text.get(at + n).is_some_and(|byte| *byte != b'=')) {
                    return Err(at + other - 1);
                }
                if matches!(count, 1 | 3 | 6) {
                    return Err(at - 1);
                }
                end = true;
                break;
            }
            let Some(value) = BASE32.iter().position(|known| *known == byte) else { return Err(at - 1) };
            bits |= (value as u64) << (35 - 5 * count);
            count += 1;
        }
        out.extend(&bits.to_be_bytes()[3..3 + count * 5 / 8]);
        if end {
            break;
        }
    }
    Ok(out)
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}
