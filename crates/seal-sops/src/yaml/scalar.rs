//! Values in clear as YAML scalars that read as the same value of the same type, quoted as the place had it where that is possible.

use seal_manifest::syntax::{self, Output};

use crate::resolve::{self, Resolved};
use crate::{Type, Value};

use super::read::style;

/// Where a scalar is to stand.
pub(crate) struct Site<'a> {
    /// The style of the node, see `read::style`.
    pub(crate) style: u8,
    /// The quotes that stand there now, if any.
    pub(crate) quote: Option<u8>,
    /// Column of the parent, for the lines of a literal block; `None` where there can be none.
    pub(crate) parent: Option<usize>,
    /// The line break of the file.
    pub(crate) newline: &'a str,
    /// By how many columns the file indents.
    pub(crate) step: usize,
}

/// Writes a value. `None` when its bytes are no text and the type has no other spelling.
pub(crate) fn push(out: &mut Output, value: &Value, site: &Site<'_>) -> Option<()> {
    let text = std::str::from_utf8(value.bytes.expose()).ok();
    match value.kind {
        Type::Str | Type::Bytes => match text {
            Some(text) => push_text(out, text, site),
            None => push_binary(out, value.bytes.expose()),
        },
        Type::Comment => out.push(text?),
        Type::Int | Type::Time => out.push(text?),
        Type::Float => push_float(out, text?),
        Type::Bool => out.push(if text? == "True" { "true" } else { "false" }),
    }
    Some(())
}

/// A point keeps a whole double from being read as a whole number.
fn push_float(out: &mut Output, text: &str) {
    match text {
        "NaN" => out.push(".nan"),
        "+Inf" => out.push(".inf"),
        "-Inf" => out.push("-.inf"),
        text => {
            out.push(text);
            if !text.contains('.') {
                out.push(".0");
            }
        }
    }
}

fn push_binary(out: &mut Output, bytes: &[u8]) {
    use base64::Engine;
    let text = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(bytes));
    out.push("!!binary ");
    out.push(&text);
}

fn push_text(out: &mut Output, text: &str, site: &Site<'_>) {
    let flow = site.style & style::FLOW != 0;
    match site.quote {
        // Ciphertext in single quotes within brackets stood there without any, as far as anybody can tell.
        Some(b'\'') if flow && is_text(text) && is_one_plain_line(text) => {
            let mut plain = Output::default();
            syntax::push_inline(&mut plain, text, flow);
            if plain.text() == text { out.push(text) } else { push_single_quoted(out, text) }
        }
        Some(b'\'') if is_one_plain_line(text) => push_single_quoted(out, text),
        Some(_) => syntax::push_quoted(out, text),
        None => match site.parent {
            Some(parent) if !flow && syntax::fits_literal(text) => push_literal(out, text, parent, site),
            _ if is_text(text) => syntax::push_inline(out, text, flow),
            _ => syntax::push_quoted(out, text),
        },
    }
}

/// True for a text that stays one when it stands without quotes.
pub(crate) fn is_text(text: &str) -> bool {
    matches!(resolve::plain(text), Resolved::Text) && text != "<<" && text != "="
}

fn is_one_plain_line(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}') && !matches!(c, '\u{2028}' | '\u{2029}'))
}

fn push_single_quoted(out: &mut Output, text: &str) {
    out.push("'");
    for (index, part) in text.split('\'').enumerate() {
        if index > 0 {
            out.push("''");
        }
        out.push(part);
    }
    out.push("'");
}

/// A literal block, at the next multiple of the file's indentation.
fn push_literal(out: &mut Output, text: &str, parent: usize, site: &Site<'_>) {
    let column = site.step * ((parent + site.step) / site.step);
    out.push("|");
    if text.starts_with([' ', '\n']) {
        out.push(&(column - parent).to_string());
    }
    let body = text.strip_suffix('\n').unwrap_or_else(|| {
        out.push("-");
        text
    });
    for line in body.split('\n') {
        out.push(site.newline);
        if !line.is_empty() {
            out.spaces(column);
            out.push(line);
        }
    }
}
