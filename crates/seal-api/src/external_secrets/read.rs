//! Reads fields of a JSON object and notes what is wrong by path. Nothing that was read is ever put into a note.

use super::duration::Interval;
use super::problem::{Problem, Wrong};
use super::words::Word;
use crate::Meta;
use crate::object::Reader;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The notes of one object.
#[derive(Default)]
pub(super) struct Notes(RefCell<Vec<Problem>>);

impl Notes {
    pub(super) fn push(&self, path: impl Into<String>, wrong: Wrong) {
        self.0.borrow_mut().push(Problem { path: path.into(), wrong });
    }

    pub(super) fn take(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// Metadata and, when there is one, the spec.
pub(super) fn halves<'a>(value: &'a Value, notes: &'a Notes) -> (Meta, Option<At<'a>>) {
    let mut reader = Reader::default();
    let (meta, spec) = reader.halves(value);
    for path in reader.problems {
        let wrong = if path == "spec" && value.get("spec").is_none_or(Value::is_null) {
            Wrong::Missing
        } else {
            Wrong::Type("another type")
        };
        notes.push(path, wrong);
    }
    (meta, spec.map(|map| At::new(map, "spec".into(), notes)))
}

/// One JSON object at its path. When it is dropped, every field nobody asked for is noted as unknown.
pub(super) struct At<'a> {
    map: &'a Map<String, Value>,
    /// Where it stands.
    pub(super) path: String,
    notes: &'a Notes,
    asked: RefCell<Vec<&'static str>>,
    unknown: Option<Wrong>,
}

impl Drop for At<'_> {
    fn drop(&mut self) {
        let Some(unknown) = &self.unknown else { return };
        let asked = self.asked.borrow();
        for key in self.map.keys().filter(|key| !asked.contains(&key.as_str())) {
            self.notes.push(self.path_of(key), unknown.clone());
        }
    }
}

impl<'a> At<'a> {
    pub(super) fn new(map: &'a Map<String, Value>, path: String, notes: &'a Notes) -> Self {
        Self { map, path, notes, asked: RefCell::default(), unknown: Some(Wrong::Unknown) }
    }

    /// Leaves fields nobody asked for unmentioned.
    pub(super) fn open(mut self) -> Self {
        self.unknown = None;
        self
    }

    /// Refuses fields nobody asked for, here and below: leaving one out would change what the rest means.
    pub(super) fn closed(mut self) -> Self {
        self.unknown = Some(Wrong::Unsupported);
        self
    }

    fn below(&self, map: &'a Map<String, Value>, path: String) -> At<'a> {
        let unknown = self.unknown.clone().filter(|unknown| *unknown == Wrong::Unsupported).or(Some(Wrong::Unknown));
        let mut at = At::new(map, path, self.notes);
        at.unknown = unknown;
        at
    }

    /// How much is wrong with the object by now.
    pub(super) fn notes_so_far(&self) -> usize {
        self.notes.0.borrow().len()
    }

    /// Notes something about a field.
    pub(super) fn note(&self, key: &str, wrong: Wrong) {
        self.notes.push(self.path_of(key), wrong);
    }

    /// Notes something about the object itself.
    pub(super) fn note_here(&self, wrong: Wrong) {
        self.notes.push(self.path.clone(), wrong);
    }

    fn path_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    /// The value of a field; null is as if it were absent.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn typed<T>(&self, key: &'static str, wanted: &'static str, take: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.value(key)?;
        let taken = take(value);
        if taken.is_none() {
            self.note(key, Wrong::Type(wanted));
        }
        taken
    }

    /// True when the field is there and not null.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// The names of the fields that are there and not null.
    pub(super) fn present(&self) -> Vec<&'a str> {
        self.map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str()).collect()
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.typed(key, "text", |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there and not be empty.
    pub(super) fn required(&self, key: &'static str) -> String {
        let text = self.text(key).unwrap_or_default();
        if text.is_empty() && self.map.get(key).is_none_or(|value| value.is_null() || value.is_string()) {
            self.note(key, Wrong::Missing);
        }
        text
    }

    pub(super) fn flag(&self, key: &'static str) -> bool {
        self.typed(key, "true or false", Value::as_bool).unwrap_or(false)
    }

    pub(super) fn number(&self, key: &'static str, wanted: &'static str, allowed: std::ops::RangeInclusive<i64>) -> Option<i64> {
        self.typed(key, wanted, |value| value.as_i64().filter(|number| allowed.contains(number)))
    }

    pub(super) fn word<W: Word>(&self, key: &'static str) -> W {
        let Some(text) = self.typed(key, "text", Value::as_str) else { return W::default() };
        W::parse(text).unwrap_or_else(|| {
            self.note(key, Wrong::Word(W::WORDS));
            W::default()
        })
    }

    pub(super) fn interval(&self, key: &'static str) -> Option<Interval> {
        let text = self.typed(key, "a Go duration such as 1h30m", Value::as_str)?;
        let read = Interval::parse(text);
        if read.is_none() {
            self.note(key, Wrong::Form("a Go duration such as 1h30m, not negative and at most ten years"));
        }
        read
    }

    pub(super) fn child(&self, key: &'static str) -> Option<At<'a>> {
        let map = self.typed(key, "an object", Value::as_object)?;
        Some(self.below(map, self.path_of(key)))
    }

    /// A child that must be there.
    pub(super) fn required_child(&self, key: &'static str) -> Option<At<'a>> {
        let child = self.child(key);
        if child.is_none() && self.map.get(key).is_none_or(Value::is_null) {
            self.note(key, Wrong::Missing);
        }
        child
    }

    /// The objects of a list; members of another type are noted and left out.
    pub(super) fn children(&self, key: &'static str) -> Vec<At<'a>> {
        let list = self.typed(key, "a list", Value::as_array);
        let members = list.into_iter().flatten().enumerate();
        members
            .filter_map(|(index, member)| {
                let path = format!("{}[{index}]", self.path_of(key));
                match member.as_object() {
                    Some(map) => Some(self.below(map, path)),
                    None => {
                        self.notes.push(path, Wrong::Type("an object"));
                        None
                    }
                }
            })
            .collect()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        let list = self.typed(key, "a list", Value::as_array);
        let members = list.into_iter().flatten().enumerate();
        members
            .filter_map(|(index, member)| {
                if !member.is_string() {
                    self.notes.push(format!("{}[{index}]", self.path_of(key)), Wrong::Type("text"));
                }
                member.as_str().map(str::to_owned)
            })
            .collect()
    }

    /// A map of texts.
    pub(super) fn map(&self, key: &'static str) -> BTreeMap<String, String> {
        let map = self.typed(key, "an object", Value::as_object);
        map.into_iter()
            .flatten()
            .filter_map(|(name, value)| {
                if !value.is_string() {
                    self.notes.push(format!("{}.{name}", self.path_of(key)), Wrong::Type("text"));
                }
                Some((name.clone(), value.as_str()?.to_owned()))
            })
            .collect()
    }

    /// Exactly one of the fields must be there; the first that is, is told.
    pub(super) fn one_of(&self, fields: &'static [&'static str]) -> Option<&'static str> {
        let there: Vec<_> = fields.iter().copied().filter(|field| self.has(field)).collect();
        if there.len() != 1 {
            self.note_here(Wrong::OneOf(fields));
        }
        there.first().copied()
    }
}
