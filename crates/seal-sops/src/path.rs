//! Paths of keys and list positions, in the notation of sops' `--extract`: `["a"]["b"][0]`.

use std::fmt;
use std::str::FromStr;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A key of a mapping.
    Key(String),
    /// A position in a list, from zero.
    Index(usize),
}

/// Where a value stands in its document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Segment>);

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path (at character {at}): write it as [\"key\"][\"other key\"][0]")]
pub struct PathError {
    /// Where reading stopped, counted in characters from 1.
    pub at: usize,
}

impl Path {
    /// The path of these keys.
    pub fn of_keys(keys: &[&str]) -> Path {
        Path(keys.iter().map(|key| Segment::Key((*key).to_owned())).collect())
    }

    /// What binds a value to its place: the keys joined and ended by colons. List positions are no part of it.
    pub fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::new();
        for segment in &self.0 {
            if let Segment::Key(key) = segment {
                aad.extend_from_slice(key.as_bytes());
                aad.push(b':');
            }
        }
        if aad.is_empty() {
            aad.push(b':');
        }
        aad
    }
}

impl fmt::Display for Path {
    /// As the user writes it: `["a"]["b"][0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                Segment::Key(key) => write!(f, "[{key:?}]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = PathError;

    /// Keys stand in double or single quotes without escapes, as sops has them; positions are bare numbers.
    fn from_str(text: &str) -> Result<Path, PathError> {
        let mut segments = Vec::new();
        let mut rest = text.trim();
        let failed = |rest: &str| PathError { at: text.trim_end().chars().count() - rest.chars().count() + 1 };
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[').ok_or_else(|| failed(rest))?;
            let (segment, after) = match inner.as_bytes().first() {
                Some(quote @ (b'"' | b'\'')) => {
                    let close = [*quote, b']'];
                    let close = std::str::from_utf8(&close).expect("two ASCII characters");
                    let end = inner[1..].find(close).ok_or_else(|| failed(inner))? + 1;
                    (Segment::Key(inner[1..end].to_owned()), &inner[end + 2..])
                }
                _ => {
                    let end = inner.find(']').ok_or_else(|| failed(inner))?;
                    (Segment::Index(inner[..end].parse().map_err(|_| failed(inner))?), &inner[end + 1..])
                }
            };
            segments.push(segment);
            rest = after;
        }
        Ok(Path(segments))
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, PathError, Segment};

    #[test]
    fn a_path_is_what_it_prints() {
        for (text, segments) in [
            ("[\"a\"]", vec![Segment::Key("a".into())]),
            ("[\"a\"][\"b c\"][0]", vec![Segment::Key("a".into()), Segment::Key("b c".into()), Segment::Index(0)]),
            ("", vec![]),
        ] {
            let path: Path = text.parse().expect("a path");
            assert_eq!(path.0, segments, "{text}");
            assert_eq!(path.to_string(), text);
        }
        assert_eq!("['a'][1]".parse(), Ok(Path(vec![Segment::Key("a".into()), Segment::Index(1)])));
    }

    #[test]
    fn other_texts_are_refused_where_they_go_wrong() {
        for (text, at) in [("a", 1), ("[\"a\"]b", 6), ("[\"a\"", 2), ("[-1]", 2), ("[x]", 2)] {
            assert_eq!(text.parse::<Path>(), Err(PathError { at }), "{text}");
        }
    }

    #[test]
    fn list_positions_do_not_bind() {
        let path: Path = "[\"a\"][3][\"b\"][0]".parse().expect("a path");
        assert_eq!(path.aad(), b"a:b:");
        assert_eq!(Path::default().aad(), b":");
    }
}
