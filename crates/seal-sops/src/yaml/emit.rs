//! Documents in clear as sops itself lays YAML out: block style, four columns, literal blocks for text of several lines.

use seal_manifest::syntax::{self, Output};
use seal_secret::SecretBytes;

use crate::layout::Tree;
use crate::{Problem, SopsError, Type, Value};

use super::read::style;
use super::scalar;

const INDENT: usize = 4;

/// A column, and how many columns one level has.
#[derive(Clone, Copy)]
struct At {
    column: usize,
    step: usize,
}

impl At {
    /// The next multiple of the indentation.
    fn next(self) -> At {
        At { column: self.step * ((self.column + self.step) / self.step), ..self }
    }

    /// Behind a dash.
    fn behind_dash(self) -> At {
        At { column: self.column + 2, ..self }
    }
}

/// Writes documents, `---` between them. `indent` are the columns of one level.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>], indent: Option<u8>) -> Result<SecretBytes, SopsError> {
    let top = At { column: 0, step: indent.filter(|step| *step > 0).map_or(INDENT, usize::from) };
    let mut out = Output::default();
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.push("---\n");
        }
        match document {
            Tree::Map(entries) if !entries.is_empty() => map(&mut out, entries, top, false),
            Tree::List(items) if !items.is_empty() => list(&mut out, items, top),
            other => inline(&mut out, other, top),
        }
        .ok_or_else(|| SopsError::of_file(name, Problem::CannotEdit("a comment that is not text")))?;
    }
    Ok(out.finish())
}

fn map(out: &mut Output, entries: &[(String, Tree<Value>)], at: At, mut mid_line: bool) -> Option<()> {
    for (key, value) in entries {
        if let Tree::Comment(value) = value {
            comment(out, value, at, &mut mid_line)?;
            continue;
        }
        if !std::mem::take(&mut mid_line) {
            out.spaces(at.column);
        }
        push_word(out, key, None);
        out.push(":");
        below(out, value, at)?;
    }
    Some(())
}

fn comment(out: &mut Output, value: &Value, at: At, mid_line: &mut bool) -> Option<()> {
    if !std::mem::take(mid_line) {
        out.spaces(at.column);
    }
    out.push("#");
    out.push(std::str::from_utf8(value.bytes.expose()).ok()?);
    out.push("\n");
    Some(())
}

/// What stands behind a colon.
fn below(out: &mut Output, value: &Tree<Value>, at: At) -> Option<()> {
    match value {
        Tree::Map(entries) if !entries.is_empty() => {
            out.push("\n");
            map(out, entries, at.next(), false)
        }
        Tree::List(items) if !items.is_empty() => {
            out.push("\n");
            list(out, items, at.next())
        }
        other => {
            out.push(" ");
            inline(out, other, at)
        }
    }
}

fn list(out: &mut Output, items: &[Tree<Value>], at: At) -> Option<()> {
    for item in items {
        if let Tree::Comment(value) = item {
            comment(out, value, at, &mut false)?;
            continue;
        }
        out.spaces(at.column);
        out.push("- ");
        match item {
            Tree::Map(entries) if !entries.is_empty() => map(out, entries, at.behind_dash(), true)?,
            Tree::List(items) if !items.is_empty() => {
                // The first element stands behind the dash.
                let mut inner = Output::default();
                list(&mut inner, items, at.behind_dash())?;
                out.push(inner.text().trim_start_matches(' '));
            }
            other => inline(out, other, at)?,
        }
    }
    Some(())
}

fn inline(out: &mut Output, value: &Tree<Value>, at: At) -> Option<()> {
    match value {
        Tree::Null => out.push("null"),
        Tree::List(_) => out.push("[]"),
        Tree::Map(_) => out.push("{}"),
        Tree::Leaf(value) | Tree::Comment(value) => leaf(out, value, at)?,
    }
    if !out.text().ends_with('\n') {
        out.push("\n");
    }
    Some(())
}

fn leaf(out: &mut Output, value: &Value, at: At) -> Option<()> {
    match (value.kind, std::str::from_utf8(value.bytes.expose())) {
        (Type::Str | Type::Bytes, Ok(text)) => push_word(out, text, Some(at)),
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
fn push_word(out: &mut Output, text: &str, at: Option<At>) {
    if let (Some(at), true) =
        (at, text.contains('\n') && syntax::fits_literal(text) && !text.contains(" \n") && !text.starts_with([' ', '\n']))
    {
        let body = text.strip_suffix('\n');
        out.push(if body.is_some() { "|" } else { "|-" });
        for line in body.unwrap_or(text).split('\n') {
            out.push("\n");
            if !line.is_empty() {
                out.spaces(at.next().column);
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
