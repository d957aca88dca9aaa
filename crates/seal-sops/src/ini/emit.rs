//! Sections as sops writes them, and the quotes that Go's ini package needs to read a text back.

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::DEFAULT;
use crate::layout::Tree;
use crate::metadata::flat::scalar_text;
use crate::{Problem, SopsError, Value};

type Entries = [(String, Tree<Value>)];

/// The first document in clear in sops' own layout.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>]) -> Result<SecretBytes, SopsError> {
    let mut out = Zeroizing::new(Vec::new());
    if let Some(Tree::Map(sections)) = documents.first() {
        file(sections, &mut out).map_err(|problem| SopsError::of_file(name, problem))?;
    }
    Ok(out.into())
}

fn file(sections: &Entries, out: &mut Zeroizing<Vec<u8>>) -> Result<(), Problem> {
    let sections: Vec<_> = sections.iter().filter(|(_, tree)| !matches!(tree, Tree::Comment(_))).collect();
    for (at, (name, tree)) in sections.iter().enumerate() {
        let Tree::Map(entries) = tree else {
            return Err(Problem::Unsupported("an INI file needs sections at the top; this document has a value or a list there"));
        };
        let (comment, entries) = match entries.as_slice() {
            [(_, Tree::Comment(comment)), rest @ ..] => (Some(comment), rest),
            entries => (None, entries),
        };
        if let Some(comment) = comment {
            push_comment(out, comment)?;
        }
        if at > 0 || !name.eq_ignore_ascii_case(DEFAULT) {
            out.extend_from_slice(format!("[{name}]\n").as_bytes());
        } else if entries.is_empty() {
            continue;
        }
        keys(entries, out)?;
        if at + 1 < sections.len() {
            out.push(b'\n');
        }
    }
    Ok(())
}

fn keys(entries: &Entries, out: &mut Zeroizing<Vec<u8>>) -> Result<(), Problem> {
    let is_key = |tree: &Tree<Value>| !matches!(tree, Tree::Comment(_));
    let width = entries.iter().filter(|(_, tree)| is_key(tree)).map(|(key, _)| key_text(key).len()).max().unwrap_or(0);
    for (at, (key, tree)) in entries.iter().enumerate() {
        let value = match tree {
            Tree::Comment(_) => continue,
            Tree::Leaf(value) => value_text(value)?,
            Tree::Null => Zeroizing::new(String::new()),
            Tree::List(_) | Tree::Map(_) => {
                return Err(Problem::Unsupported("an INI file has no values below the keys of a section"));
            }
        };
        // A comment behind a key is about it; of several, sops keeps the last.
        let comments = entries[at + 1..].iter().map_while(|(_, tree)| match tree {
            Tree::Comment(comment) => Some(comment),
            _ => None,
        });
        if let Some(comment) = comments.last() {
            push_comment(out, comment)?;
        }
        out.extend_from_slice(format!("{:width$} = ", key_text(key)).as_bytes());
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    Ok(())
}

fn push_comment(out: &mut Zeroizing<Vec<u8>>, comment: &Value) -> Result<(), Problem> {
    let text = scalar_text(comment)?;
    if !text.is_empty() {
        out.extend_from_slice(comment_lines(&text, ';', "\n").as_bytes());
    }
    Ok(())
}

/// A comment in lines of its own, each with a mark.
pub(super) fn comment_lines(text: &str, mark: char, newline: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 4 * (1 + text.lines().count())));
    for line in text.split('\n') {
        let line = line.trim();
        let (own, rest) = match line.strip_prefix(['#', ';']) {
            Some(rest) => (line.chars().next().unwrap_or(mark), rest.trim()),
            None => (mark, line),
        };
        out.push(own);
        out.push(' ');
        out.push_str(rest);
        out.push_str(newline);
    }
    out
}

/// A key as it must be written.
pub(super) fn key_text(key: &str) -> String {
    if key.contains(['"', '=', ':']) {
        format!("`{key}`")
    } else if key.contains('`') {
        format!("\"\"\"{key}\"\"\"")
    } else {
        key.to_owned()
    }
}

/// A value as it must be written.
pub(super) fn value_text(value: &Value) -> Result<Zeroizing<String>, Problem> {
    let text = scalar_text(value)?;
    Ok(Zeroizing::new(quoted(&text)))
}

/// With the quotes that Go's ini package writes, and those it forgets.
pub(super) fn quoted(text: &str) -> String {
    let surrounded = match text.as_bytes() {
        [first @ (b'\'' | b'"'), inner @ .., last] => first == last && !inner.contains(first),
        _ => false,
    };
    let padded = text.trim().len() != text.len();
    // Go's package closes a text of several lines at the last quote of the first later line that has one.
    let fits = |quote: &str| text.rsplit_once('\n').is_none_or(|(before, _)| !before.contains(quote));
    let needs_quotes = text.contains(['\n', '`']) || surrounded || text.ends_with('\\') || text.starts_with("\"\"\"");
    if needs_quotes || (padded && text.contains('"')) {
        if fits("\"\"\"") || !fits("`") { format!("\"\"\"{text}\"\"\"") } else { format!("`{text}`") }
    } else if text.contains(['#', ';']) {
        format!("`{text}`")
    } else if padded {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}
