//! Text as YAML and JSON scalars that every reader gives back unchanged, YAML 1.1 and 1.2 alike.
//!
//! Plain only when no version reads anything but this text; otherwise quotes, or a literal block for text of several lines. Single
//! quotes where double ones would fill the text with backslashes, as they would JSON kept in an annotation.

use crate::output::Output;

/// May stand without quotes. `flow` adds what brackets and braces forbid.
pub(crate) fn is_plain_safe(text: &str, flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if b"-?:,[]{}#&*!|>'\"%@`=<~ \t".contains(first) || matches!(last, b' ' | b'\t' | b':') {
        return false;
    }
    if flow && text.contains([',', '[', ']', '{', '}', ':', '?', '#']) {
        return false;
    }
    !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(":\t")
        && !text.contains("\t#")
        && !text.chars().any(must_escape)
        && !text.contains('\t')
        && !may_be_something_else(text)
}

/// Words and everything built only of the characters that numbers, dates and sexagesimals are made of.
fn may_be_something_else(text: &str) -> bool {
    const WORDS: [&str; 15] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan", "nan", "inf", "infinity", "none"];
    if text.len() <= 8 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text.trim_start_matches(['+', '-']))) {
        return true;
    }
    let first = text.as_bytes()[0];
    if text.starts_with("...") || text.starts_with("---") {
        return true;
    }
    // The first few characters decide for nearly every text; a long ciphertext is not walked twice.
    (first.is_ascii_digit() || matches!(first, b'+' | b'.'))
        && text.bytes().all(|b| {
            b.is_ascii_hexdigit()
                || matches!(
                    b,
                    b'x' | b'X'
                        | b'o'
                        | b'O'
                        | b'_'
                        | b'+'
                        | b'-'
                        | b'.'
                        | b':'
                        | b','
                        | b'T'
                        | b't'
                        | b'Z'
                        | b'z'
                        | b' '
                        | b'p'
                        | b'P'
                )
        })
}

/// Characters that some reader refuses or takes for a line break.
fn must_escape(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\n'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// JSON's double quotes, which YAML reads the same.
pub(crate) fn push_quoted(out: &mut Output, text: &str) {
    out.push("\"");
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '\\' || c == '\t' || must_escape(c)) {
        out.push(&rest[..at]);
        let c = rest[at..].chars().next().expect("found there");
        match c {
            '"' => out.push("\\\""),
            '\\' => out.push("\\\\"),
            '\n' => out.push("\\n"),
            '\r' => out.push("\\r"),
            '\t' => out.push("\\t"),
            c => push_hex(out, c as u32),
        }
        rest = &rest[at + c.len_utf8()..];
    }
    out.push(rest);
    out.push("\"");
}

fn push_hex(out: &mut Output, code: u32) {
    out.push("\\u");
    for shift in [12, 8, 4, 0] {
        out.char(char::from_digit((code >> shift) & 15, 16).expect("four bits"));
    }
}

/// A scalar on one line: plain if possible, else in the quotes that leave it readable.
pub(crate) fn push_inline(out: &mut Output, text: &str, flow: bool) {
    if is_plain_safe(text, flow) {
        out.push(text);
    } else if is_better_single(text) {
        out.push("'");
        out.push(text);
        out.push("'");
    } else {
        push_quoted(out, text);
    }
}

/// Needs escapes in double quotes, and none in single ones.
fn is_better_single(text: &str) -> bool {
    text.contains(['"', '\\']) && !text.contains(['\'', '\t']) && !text.chars().any(must_escape)
}

/// True for text of several lines that a literal block holds exactly.
pub(crate) fn fits_literal(text: &str) -> bool {
    let Some(body) = text.strip_suffix('\n').or(Some(text)).filter(|body| !body.is_empty() && !body.ends_with('\n')) else {
        return false;
    };
    text.contains('\n')
        && !text.starts_with('\t')
        && !text.chars().any(|c| c != '\n' && must_escape(c))
        && body.split('\n').all(|line| line.is_empty() || !line.trim_matches([' ', '\t']).is_empty())
}

/// A literal block: header, then every line indented. No final line break: the caller ends the line.
pub(crate) fn push_literal(out: &mut Output, text: &str, parent: usize, indent: usize, newline: &str) {
    out.push("|");
    if text.starts_with([' ', '\n']) {
        out.char(char::from_digit((indent - parent) as u32, 10).expect("one digit"));
    }
    let body = match text.strip_suffix('\n') {
        Some(body) => body,
        None => {
            out.push("-");
            text
        }
    };
    for line in body.split('\n') {
        out.push(newline);
        if !line.is_empty() {
            out.spaces(indent);
            out.push(line);
        }
    }
}
