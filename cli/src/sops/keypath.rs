//! Which value of a SOPS file is meant: `stringData.password`, `users[0].name`, `data["tls.crt"]`, or the notation of sops,
//! `["stringData"]["password"]`.

use crate::report::CliError;
use seal_sops::{Path, Segment};

/// Reads what the user wrote.
pub fn parse(text: &str) -> Result<Path, CliError> {
    let wrong = |at: usize| {
        CliError::usage(format!("{text:?} is not a path of keys (at character {at})"))
            .hint("write it as stringData.password, users[0].name or data[\"tls.crt\"]")
    };
    if text.starts_with('[') {
        return text.parse::<Path>().map_err(|error| wrong(error.at));
    }
    let mut segments = Vec::new();
    let mut rest = text;
    let at = |rest: &str| text.chars().count() - rest.chars().count() + 1;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if !key.is_empty() {
            segments.push(Segment::Key(key.to_owned()));
        } else if segments.is_empty() || !after.starts_with('[') {
            return Err(wrong(at(rest)));
        }
        rest = after;
        while rest.starts_with('[') {
            let end = closing(rest).ok_or_else(|| wrong(at(rest)))?;
            let (bracketed, after) = rest.split_at(end);
            segments.extend(bracketed.parse::<Path>().map_err(|_| wrong(at(rest)))?.0);
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('.') {
            if after.is_empty() {
                return Err(wrong(at(after)));
            }
            rest = after;
        } else if !rest.is_empty() {
            return Err(wrong(at(rest)));
        }
    }
    if segments.is_empty() { Err(wrong(1)) } else { Ok(Path(segments)) }
}

/// A path as [`parse`] takes it, the short way.
pub fn shown(path: &Path) -> String {
    let mut text = String::new();
    for segment in &path.0 {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Key(key)
                if key.is_empty() || key.contains(['.', '[', ']', '"', '\'']) || key.chars().any(char::is_control) =>
            {
                text.push_str(&format!("[{key:?}]"));
            }
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
        }
    }
    text
}

/// Where the bracket that starts a text ends, quotes respected.
fn closing(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    match inner.chars().next()? {
        quote @ ('"' | '\'') => {
            let close = [quote, ']'].iter().collect::<String>();
            Some(1 + 1 + inner[1..].find(&close)? + 2)
        }
        _ => Some(1 + inner.find(']')? + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, shown};

    #[test]
    fn both_notations_mean_the_same() {
        for (text, expected) in [
            ("password", "[\"password\"]"),
            ("stringData.password", "[\"stringData\"][\"password\"]"),
            ("users[0].name", "[\"users\"][0][\"name\"]"),
            ("data[\"tls.crt\"]", "[\"data\"][\"tls.crt\"]"),
            ("a['b'][1][2].c", "[\"a\"][\"b\"][1][2][\"c\"]"),
            ("[\"a\"][\"b c\"]", "[\"a\"][\"b c\"]"),
        ] {
            let path = parse(text).unwrap();
            assert_eq!(path.to_string(), expected, "{text}");
            assert_eq!(parse(&shown(&path)).unwrap(), path, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_where_it_goes_wrong() {
        for (text, at) in [("", 1), (".a", 1), ("a..b", 3), ("a.", 3), ("a[", 2), ("a[x]", 2), ("a[0]b", 5)] {
            let message = parse(text).unwrap_err().message;
            assert!(message.ends_with(&format!("(at character {at})")), "{text}: {message}");
        }
    }
}
