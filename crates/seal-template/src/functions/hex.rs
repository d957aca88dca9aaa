//! Hexadecimal text, which only newer controllers of External Secrets read.

use crate::call::{Answer, Call, Fault, Function, Is};

pub(super) const ALL: &[Function] = &[Function::new("hexdec", &[Is::Text], decode)];

fn decode(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(0);
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    let bytes = pairs.collect::<Option<Vec<u8>>>().ok_or_else(|| Fault::because("this is not hexadecimal"))?;
    call.answer(bytes)
}
