//! Documents in clear as sops itself lays YAML out: block style, four columns, literal blocks for text of several lines.

use seal_manifest::syntax::{self, Output};
use seal_secret::SecretBytes;

use crate::layout::Tree;
use crate::{Problem, SopsError, Type, Value};

use super::read::style;
use super::scalar;

const INDENT: usize = 4;

/// Writes documents, `---` between them.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>]) -> Result<SecretBytes, SopsError> {
    let mut out = Output::default();
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.push("---\n");
        }
        match document {
            Tree::Map(entries) if !entries.is_empty() => map(&mut out, entries, 0, false),
            Tree::List(items) if !items.is_empty() => list(&mut out, items, 0),
            other => inline(&mut out, other, 0),
        }
        .ok_or_else(|| SopsError::of_file(name, Problem::CannotEdit("a comment that is not text")))?;
    }
    Ok(out.finish())
}

fn map(out: &mut Output, entries: &[(String, Tree<Value>)], column: usize, mut mid_line: bool) -> Option<()> {
    for (key, value) in entries {
        if let Tree::Comment(value) = value {
            comment(out, value, column, &mut mid_line)?;
            continue;
        }
        if !std::mem::take(&mut mid_line) {
            out.spaces(column);
        }
        push_word(out, key, None);
        out.push(":");
        below(out, value, column)?;
    }
    Some(())
}

fn comment(out: &mut Output, value: &Value, column: usize, mid_line: &mut bool) -> Option<()> {
    if !std::mem::take(mid_line) {
        out.spaces(column);
    }
    out.push("#");
    out.push(std::str::from_utf8(value.bytes.expose()).ok()?);
    out.push("\n");
    Some(())
}

/// What stands behind a colon.
fn below(out: &mut Output, value: &Tree<Value>, column: usize) -> Option<()> {
    match value {
        Tree::Map(entries) if !entries.is_empty() => {
            out.push("\n");
            map(out, entries, next(column), false)
        }
        Tree::List(items) if !items.is_empty() => {
            out.push("\n");
            list(out, items, next(column))
        }
        other => {
            out.push(" ");
            inline(out, other, column)
        }
    }
}

/// The next multiple of the indentation.
fn next(column: usize) -> usize {
    INDENT * ((column + INDENT) / INDENT)
}

fn list(out: &mut Output, items: &[Tree<Value>], column: usize) -> Option<()> {
    for item in items {
        if let Tree::Comment(value) = item {
            comment(out, value, column, &mut false)?;
            continue;
        }
        out.spaces(column);
        out.push("- ");
        match item {
            Tree::Map(entries) if !entries.is_empty() => map(out, entries, column + 2, true)?,
            Tree::List(items) if !items.is_empty() => {
                // The first element stands behind the dash.
                let mut inner = Output::default();
                list(&mut inner, items, column + 2)?;
                out.push(inner.text().trim_start_matches(' '));
            }
            other => inline(out, other, column)?,
        }
    }
    Some(())
}

fn inline(out: &mut Output, value: &Tree<Value>, column: usize) -> Option<()> {
    match value {
        Tree::Null => out.push("null"),
        Tree::List(_) => out.push("[]"),
        Tree::Map(_) => out.push("{}"),
        Tree::Leaf(value) | Tree::Comment(value) => leaf(out, value, column)?,
    }
    if !out.text().ends_with('\n') {
        out.push("\n");
    }
    Some(())
}

fn leaf(out: &mut Output, value: &Value, column: usize) -> Option<()> {
    match (value.kind, std::str::from_utf8(value.bytes.expose())) {
        (Type::Str | Type::Bytes, Ok(text)) => push_word(out, text, Some(column)),
        (Type::Float, Ok(text)) if !text.contains(['N', 'I']) => out.push(text),
        _ => scalar::push(
            out,
            value,
            &scalar::Site { style: style::BLOCK, quote: None, parent: None, newline: "\n", step: INDENT },
        )?,
    }
    Some(())
}

/// A text as sops' emitter quotes it: not at all, in double quotes what would be another type, in single quotes what is only badly
/// spelled, as a literal block what has lines.
fn push_word(out: &mut Output, text: &str, column: Option<usize>) {
    if let (Some(column), true) =
        (column, text.contains('\n') && syntax::fits_literal(text) && !text.contains(" \n") && !text.starts_with([' ', '\n']))
    {
        let body = text.strip_suffix('\n');
        out.push(if body.is_some() { "|" } else { "|-" });
        for line in body.unwrap_or(text).split('\n') {
            out.push("\n");
            if !line.is_empty() {
                out.spaces(next(column));
                out.push(line);
            }
        }
        return;
    }
    let printable = text.chars().all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    if !printable || text.is_empty() || !scalar::is_text(text) || is_old_boolean(text) {
        syntax::push_quoted(out, text);
    } else if is_bare(text) {
        out.push(text);
    } else {
        out.push("'");
        out.push(&zeroize::Zeroizing::new(text.replace('\'', "''")));
        out.push("'");
    }
}

fn is_old_boolean(text: &str) -> bool {
    text.len() <= 3 && ["y", "n", "yes", "no", "on", "off"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// May stand without quotes in block style.
fn is_bare(text: &str) -> bool {
    let first = text.as_bytes().first().copied().unwrap_or(b' ');
    let second = text.as_bytes().get(1).copied().unwrap_or(b' ');
    let starts = match first {
        b'-' | b'?' | b':' => second != b' ',
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b' ' => {
            false
        }
        _ => true,
    };
    starts
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}
