//! What a plain YAML scalar means to sops' reader: its own mixture of YAML 1.1 and 1.2.
//!
//! `yes` and `on` are text, `014` and `0o14` are twelve, `1_000` a thousand, `2020-01-02` a point in time.

use seal_manifest::syntax::Tag;

use crate::number::{self, Whole};
use crate::{Type, time};

/// What a scalar came to. Numbers and times are in the spelling that is sealed.
pub(crate) enum Resolved {
    Null,
    Text,
    Typed(Type, String),
    /// A whole number that needs the 64th bit: sops cannot hold it.
    TooLarge,
    /// A text that is not what its tag says.
    Mistagged,
}

/// A scalar without quotes and without tag.
pub(crate) fn plain(text: &str) -> Resolved {
    match text.as_bytes().first() {
        None => Resolved::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => word(text).unwrap_or_else(|| number(text, true)),
        Some(b'.') => word(text).unwrap_or_else(|| dotted(text)),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text).unwrap_or(Resolved::Text),
        Some(_) => Resolved::Text,
    }
}

/// A scalar with a tag. Where the text is not what the tag says, sops refuses the file in the first document and takes it for nothing in later ones.
pub(crate) fn tagged(text: &str, tag: Tag) -> Resolved {
    let found = match tag {
        Tag::Str | Tag::Binary | Tag::Merge => return Resolved::Text,
        // `!` alone and tags of one's own.
        Tag::Other => return Resolved::Text,
        Tag::Timestamp => time::from_yaml(text).map_or(Resolved::Mistagged, |time| Resolved::Typed(Type::Time, time)),
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null => match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'+' | b'-') => word(text).unwrap_or_else(|| number(text, false)),
            _ => plain(text),
        },
    };
    match (tag, found) {
        (Tag::Bool, found @ Resolved::Typed(Type::Bool, _))
        | (Tag::Int, found @ (Resolved::Typed(Type::Int, _) | Resolved::TooLarge))
        | (Tag::Float, found @ Resolved::Typed(Type::Float, _))
        | (Tag::Timestamp, found) => found,
        (Tag::Null, Resolved::Null) => Resolved::Null,
        (Tag::Float, Resolved::Typed(Type::Int, whole)) => {
            let value: f64 = whole.parse().unwrap_or(f64::NAN);
            Resolved::Typed(Type::Float, number::float(value))
        }
        _ => Resolved::Mistagged,
    }
}

fn word(text: &str) -> Option<Resolved> {
    let float = |text: &str| Resolved::Typed(Type::Float, text.to_owned());
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Typed(Type::Bool, "True".to_owned()),
        "false" | "False" | "FALSE" => Resolved::Typed(Type::Bool, "False".to_owned()),
        ".nan" | ".NaN" | ".NAN" => float("NaN"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => float("+Inf"),
        "-.inf" | "-.Inf" | "-.INF" => float("-Inf"),
        _ => return None,
    })
}

fn dotted(text: &str) -> Resolved {
    if !text.contains('_') {
        return if number::is_float(text) { float(text) } else { Resolved::Text };
    }
    // Go's own reader of doubles takes single underscores between digits here.
    let bare = text.replace('_', "");
    let between = !text.contains("__") && !text.ends_with('_') && !text.starts_with("._");
    if between && number::is_float(&bare) { float(&bare) } else { Resolved::Text }
}

fn number(text: &str, maybe_time: bool) -> Resolved {
    if let Some(time) = maybe_time.then(|| time::from_yaml(text)).flatten() {
        return Resolved::Typed(Type::Time, time);
    }
    let bare;
    let digits = if text.contains('_') {
        bare = text.replace('_', "");
        bare.as_str()
    } else {
        text
    };
    match number::whole(digits) {
        Whole::Fits(value) => return Resolved::Typed(Type::Int, value.to_string()),
        Whole::TooLarge => return Resolved::TooLarge,
        Whole::No => {}
    }
    if number::is_float(digits) {
        return float(digits);
    }
    signed_behind_prefix(digits).map_or(Resolved::Text, |value| Resolved::Typed(Type::Int, value.to_string()))
}

/// `0b-101`: an oddity of the reader that costs nothing to share.
fn signed_behind_prefix(text: &str) -> Option<i64> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'b', ..] => (2, &text[2..]),
        [b'0', b'o', ..] => (8, &text[2..]),
        _ => return None,
    };
    digits.starts_with(['-', '+']).then(|| i64::from_str_radix(digits, radix).ok())?
}

fn float(text: &str) -> Resolved {
    match number::parse_float(text) {
        Some(value) => Resolved::Typed(Type::Float, number::float(value)),
        None => Resolved::Text,
    }
}
