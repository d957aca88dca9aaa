//! A distinguished name in one line, by the rules (and the order) of Go's `pkix.Name`.

use super::Failed;
use super::asn1::{self, tag};

/// The attributes Go knows, in the order in which it prints them last to first: number under 2.5.4, short name, and whether all values are kept.
const KNOWN: [(u8, &str, bool); 9] = [
    (6, "C", true),
    (8, "ST", true),
    (7, "L", true),
    (9, "STREET", true),
    (17, "POSTALCODE", true),
    (10, "O", true),
    (11, "OU", true),
    (3, "CN", false),
    (5, "SERIALNUMBER", false),
];

/// `name` is a Name in DER.
pub(crate) fn text(name: &[u8]) -> Result<String, Failed> {
    let mut others = Vec::new();
    let mut known: [Vec<String>; 9] = Default::default();
    let mut rdns = asn1::whole(name, tag::SEQUENCE)?;
    while !rdns.is_empty() {
        let mut rdn = rdns.inside(tag::SET)?;
        while !rdn.is_empty() {
            let mut attribute = rdn.inside(tag::SEQUENCE)?;
            let id = attribute.expect(tag::OID)?;
            let value = string(attribute.item()?)?;
            match KNOWN.iter().position(|(number, ..)| id == [0x55, 4, *number]) {
                Some(at) => keep(&mut known[at], value, KNOWN[at].2),
                None => others.push(format!("{}=#{}", asn1::dotted(id), hex(&any_string(&value)))),
            }
        }
    }
    let known = KNOWN.iter().zip(&known).filter(|(_, values)| !values.is_empty()).map(|((_, short, _), values)| {
        values.iter().map(|value| format!("{short}={}", escape(value))).collect::<Vec<_>>().join("+")
    });
    let mut parts: Vec<String> = others.into_iter().chain(known).collect();
    parts.reverse();
    Ok(parts.join(","))
}

fn keep(values: &mut Vec<String>, value: String, all: bool) {
    if all {
        values.push(value);
    } else {
        values.clear();
        values.extend(Some(value).filter(|value| !value.is_empty()));
    }
}

/// The characters of one of the string types.
fn string(item: asn1::Item<'_>) -> Result<String, Failed> {
    let text = match item.tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING | 0x12 => String::from_utf8(item.body.to_vec()).ok(),
        tag::TELETEX_STRING => Some(item.body.iter().map(|byte| char::from(*byte)).collect()),
        tag::BMP_STRING if item.body.len().is_multiple_of(2) => {
            let units: Vec<u16> = item.body.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    };
    text.ok_or(Failed("a name in the certificate is of an unknown form"))
}

/// The text in DER: PrintableString where its letters suffice.
pub(super) fn any_string(text: &str) -> Vec<u8> {
    let printable = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte));
    asn1::write(if printable { tag::PRINTABLE_STRING } else { tag::UTF8_STRING }, text.as_bytes())
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, letter) in value.char_indices() {
        let special = match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == value.len() - 1,
            '#' => at == 0,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
