//! Changes put into the bytes of an INI file: values, comments, lines and sections; everything else stays.

use std::ops::Range;

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::emit::{comment_lines, key_text, value_text};
use super::parse::{Comment, Key, Section, Words, parse};
use super::read::{Place, nodes};
use super::{BLOCK, block};
use crate::layout::{BlockChange, Changes, Layout, Name, New, NodeId, Tree};
use crate::patch::Patches;
use crate::{Problem, SopsError};

/// The bytes with the changes made.
pub(crate) fn write(name: &str, bytes: &[u8], layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let text = std::str::from_utf8(bytes).expect("the reader has checked this");
    let sections = parse(text).map_err(|(_, problem)| SopsError::of_file(name, problem))?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (_, places) = nodes(text, &sections);
    let mut writer = Writer { text, layout, newline, places, sections: &sections, patches: Patches::default() };
    writer.run(changes).map_err(|problem| SopsError::of_file(name, problem))?;
    Ok(writer.patches.apply(bytes))
}

struct Writer<'a> {
    text: &'a str,
    layout: &'a Layout,
    newline: &'static str,
    places: Vec<Place<'a>>,
    sections: &'a [Section],
    patches: Patches,
}

impl<'a> Writer<'a> {
    fn run(&mut self, changes: &Changes<'_>) -> Result<(), Problem> {
        self.values(changes)?;
        for id in &changes.removed {
            self.remove(*id)?;
        }
        for (parent, name, tree) in &changes.inserts {
            self.insert(*parent, name, tree)?;
        }
        let old = self.sections.iter().find(|section| section.name == BLOCK);
        let raw = self.layout.documents[0].block.as_ref().map(|block| &block.raw);
        match (&changes.block, old, raw) {
            (BlockChange::Become(new), Some(old), Some(raw)) => {
                block::change(self.text, self.newline, old, raw, new, &mut self.patches);
            }
            (BlockChange::Become(new), ..) => {
                let end = self.text.len();
                let text = self.ended(end) + &block::fresh(self.newline, new, self.text.is_empty());
                self.patches.replace(end..end, text);
            }
            (BlockChange::Remove, Some(old), _) => self.drop_block(old),
            _ => {}
        }
        Ok(())
    }

    fn values(&mut self, changes: &Changes<'_>) -> Result<(), Problem> {
        let mut quoted = None;
        let mut nodes = changes.nodes.iter().peekable();
        while let Some((id, new)) = nodes.next() {
            match self.places[*id as usize] {
                Place::Key(key) => {
                    let text = new_text(new)?;
                    self.patches.replace(key.value.clone(), text.as_bytes());
                    quoted = text.starts_with(['`', '"']).then_some(key.lines.start);
                    let comment = self.places.get(*id as usize + 1).copied();
                    let follows = nodes.peek().is_some_and(|(next, _)| *next == id + 1);
                    if let (Some(Place::Comment(comment, about)), false) = (comment, follows)
                        && about == key.lines.start
                    {
                        let words = self.words(comment);
                        if quoted.is_some() || words.ends_with('\\') {
                            self.comment(id + 1, comment, about, &words, true);
                        }
                    }
                }
                // Behind a quoted value sops' reader sees no comment, and quotes in one would belong to the value.
                Place::Comment(comment, about) => self.comment(*id, comment, about, &new_comment(new)?, quoted == Some(about)),
                Place::Root | Place::Section(_) => return Err(Problem::CannotEdit("a section")),
            }
        }
        Ok(())
    }

    fn words(&self, comment: &Comment) -> Zeroizing<String> {
        Zeroizing::new(match &comment.text {
            Words::Span(range) => self.text[range.clone()].to_owned(),
            Words::Joined(text) => text.to_string(),
        })
    }

    /// A line break where the text before `at` lacks one.
    fn ended(&self, at: usize) -> String {
        if at == 0 || self.text[..at].ends_with('\n') { String::new() } else { self.newline.to_owned() }
    }

    /// The section with the empty line in front of it.
    fn drop_block(&mut self, old: &Section) {
        let start = old.header.as_ref().map_or(0, |header| header.start);
        let before = &self.text[..start];
        let blank = ["\n\r\n", "\n\n"].iter().find(|blank| before.ends_with(**blank));
        let start = start - blank.map_or(0, |blank| blank.len() - 1);
        self.patches.delete(start..old.end());
    }

    /// New words for a comment: in the old place when they fit there, else in lines above what the comment is about.
    fn comment(&mut self, id: NodeId, comment: &Comment, about: usize, words: &str, moves: bool) {
        // A backslash at the end of the line would draw in the next one.
        let stays = comment.inline.is_none() || !(moves || words.ends_with('\\'));
        let span = self.layout.nodes[id as usize].span.clone();
        let one_piece = comment.above.len() + usize::from(comment.inline.is_some()) == 1 && !comment.behind_header;
        if one_piece && stays && !words.contains('\n') {
            self.patches.replace(span, words);
            return;
        }
        let first = comment.above.first().or(comment.inline.as_ref()).cloned().unwrap_or(about..about);
        let mark = self.text[first.clone()].trim_start().chars().next().unwrap_or(';');
        let lines = comment_lines(words, mark, self.newline);
        let at = comment.above.first().map_or(about, |first| first.start);
        comment.above.iter().for_each(|line| self.patches.delete(line.clone()));
        if let Some(inline) = &comment.inline {
            let kept = self.text[..inline.start].trim_end_matches([' ', '\t']).len();
            self.patches.delete(kept..inline.end);
        }
        self.patches.replace(at..at, lines.as_bytes());
    }

    fn remove(&mut self, id: NodeId) -> Result<(), Problem> {
        let mut above = |comment: &Option<Comment>| {
            comment.iter().flat_map(|comment| &comment.above).for_each(|line| self.patches.delete(line.clone()));
        };
        match self.places[id as usize] {
            Place::Key(key) => {
                above(&key.comment);
                self.patches.delete(key.lines.clone());
            }
            Place::Section(section) => {
                above(&section.comment);
                let start = section.header.as_ref().map_or(0, |header| header.start);
                self.patches.delete(start..section.end());
            }
            Place::Root | Place::Comment(..) => return Err(Problem::CannotEdit("what is no key")),
        }
        Ok(())
    }

    fn insert(&mut self, parent: NodeId, name: &Name, tree: &Tree<New>) -> Result<(), Problem> {
        let Name::Key(name) = name else { return Err(Problem::Unsupported("an INI file has no lists")) };
        match (self.places[parent as usize], tree) {
            (Place::Section(section), Tree::Leaf(new)) => {
                let value = new_text(new)?;
                if let Some(key) = section.keys.iter().find(|key| key.name == **name) {
                    self.patches.replace(key.value.clone(), value.as_bytes());
                    return Ok(());
                }
                let at = section.end();
                let delimiter = section.keys.last().map_or_else(|| " = ".to_owned(), |key| self.delimiter(key, name));
                let line = Zeroizing::new(format!("{}{}{delimiter}{}{}", self.ended(at), key_text(name), *value, self.newline));
                self.patches.replace(at..at, line.as_bytes());
                Ok(())
            }
            (Place::Root, Tree::Map(entries)) => self.insert_section(name, entries),
            (Place::Root, _) => Err(Problem::Unsupported("an INI file has values in sections only: give a section and a key")),
            _ => Err(Problem::Unsupported("an INI file has no values below the keys of a section")),
        }
    }

    /// What stands between this key's name and its value, with the delimiter in the same column for the other name.
    fn delimiter(&self, key: &Key, name: &str) -> String {
        let before: Range<usize> = key.lines.start..key.value.start;
        let before = &self.text[before];
        let written = key_text(&key.name);
        let Some((_, between)) = before.split_once(written.as_str()) else { return " = ".to_owned() };
        let Some(at) = between.find(['=', ':']) else { return " = ".to_owned() };
        let column = written.chars().count() + at;
        let pad = column.saturating_sub(key_text(name).chars().count());
        let pad = if at > 0 { pad.max(1) } else { 0 };
        format!("{}{}", " ".repeat(pad), &between[at..])
    }

    /// A new section in front of the block, or at the end.
    fn insert_section(&mut self, name: &str, entries: &[(String, Tree<New>)]) -> Result<(), Problem> {
        if self.sections.iter().any(|section| section.name == name && section.header.is_some()) {
            return Err(Problem::CannotEdit("a whole section"));
        }
        if name.contains(['\n', ']']) || name.is_empty() || name == BLOCK {
            return Err(Problem::Unsupported("an INI file cannot have a section of that name"));
        }
        let header = self.sections.iter().find(|section| section.name == BLOCK).and_then(|section| section.header.as_ref());
        let at = header.map_or(self.text.len(), |header| header.start);
        let newline = self.newline;
        let mut out = Zeroizing::new(self.ended(at));
        if header.is_none() && !self.text.is_empty() {
            out.push_str(newline);
        }
        out.push_str(&format!("[{name}]{newline}"));
        for (key, tree) in entries {
            let Tree::Leaf(new) = tree else {
                return Err(Problem::Unsupported("an INI file has no values below the keys of a section"));
            };
            let value = new_text(new)?;
            out.push_str(&Zeroizing::new(format!("{} = {}{newline}", key_text(key), *value)));
        }
        if header.is_some() {
            out.push_str(newline);
        }
        self.patches.replace(at..at, out.as_bytes());
        Ok(())
    }
}

fn new_text(new: &New) -> Result<Zeroizing<String>, Problem> {
    match new {
        New::Sealed(text) => Ok(Zeroizing::new(text.clone())),
        New::Clear(value) => value_text(value),
    }
}

fn new_comment(new: &New) -> Result<Zeroizing<String>, Problem> {
    match new {
        New::Sealed(text) => Ok(Zeroizing::new(text.clone())),
        New::Clear(value) => crate::metadata::flat::scalar_text(value),
    }
}
