//! Random strings and numbers, from the randomness that the caller brings.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::value::Value;
use base64::Engine;

pub(super) const ALL: &[Function] = &[
    Function::new("randAlphaNum", &[Is::Int], |call| chosen(call, |byte| byte.is_ascii_alphanumeric())),
    Function::new("randAlpha", &[Is::Int], |call| chosen(call, |byte| byte.is_ascii_alphabetic())),
    Function::new("randNumeric", &[Is::Int], |call| chosen(call, |byte| byte.is_ascii_digit())),
    Function::new("randAscii", &[Is::Int], |call| chosen(call, |byte| (b' '..=b'~').contains(&byte))),
    Function::new("randBytes", &[Is::Int], |call| {
        let mut bytes = vec![0; count(call)?];
        call.budget.world.random(&mut bytes);
        call.answer(base64::engine::general_purpose::STANDARD.encode(bytes))
    }),
    Function::new("randInt", &[Is::Int, Is::Int], rand_int),
    Function::new("shuffle", &[Is::Text], shuffle),
    Function::new("uuidv4", &[], uuid),
];

fn count(call: &mut Call<'_, '_>) -> Result<usize, Fault> {
    let count = usize::try_from(call.int(0)).map_err(|_| Fault::because("a count cannot be negative"))?;
    call.budget.make(count.saturating_mul(2))?;
    Ok(count)
}

fn chosen(call: &mut Call<'_, '_>, fits: fn(u8) -> bool) -> Answer {
    let count = count(call)?;
    let mut out = Vec::with_capacity(count);
    let mut bytes = [0; 64];
    while out.len() < count {
        call.budget.step()?;
        call.budget.world.random(&mut bytes);
        // Seven bits, and those that do not fit are thrown away: every character is equally likely.
        out.extend(bytes.iter().map(|byte| byte & 0x7f).filter(|byte| fits(*byte)).take(count - out.len()));
    }
    call.answer(out)
}

/// Below `bound`, every number equally likely.
fn below(call: &mut Call<'_, '_>, bound: u64) -> Result<u64, Fault> {
    let most = u64::MAX - u64::MAX % bound;
    loop {
        call.budget.step()?;
        let mut bytes = [0; 8];
        call.budget.world.random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < most {
            return Ok(number % bound);
        }
    }
}

fn rand_int(call: &mut Call<'_, '_>) -> Answer {
    let (least, bound) = (call.int(0), call.int(1));
    let span = bound.checked_sub(least).and_then(|span| u64::try_from(span).ok()).filter(|span| *span > 0);
    let span = span.ok_or_else(|| Fault::because("the second number must be above the first"))?;
    let offset = below(call, span)?;
    Ok(Value::Int(least.wrapping_add(offset as i64)))
}

fn shuffle(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(0);
    let mut characters: Vec<char> = String::from_utf8_lossy(&text).chars().collect();
    for n in (1..characters.len()).rev() {
        let other = below(call, n as u64 + 1)? as usize;
        characters.swap(n, other);
    }
    call.answer(characters.into_iter().collect::<String>())
}

fn uuid(call: &mut Call<'_, '_>) -> Answer {
    let mut bytes = [0u8; 16];
    call.budget.world.random(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    call.answer(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
