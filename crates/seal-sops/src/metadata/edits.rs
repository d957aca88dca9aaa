//! The smallest set of edits that turns the block that is there into the one that should be: scalars, items at the end of a list, single
//! entries. Anything else has the block written anew.

use std::ops::Range;

use super::entries::{Meta, raw_identity};
use crate::layout::{Raw, RawForm};

/// One edit, by the bytes of the old block.
pub(super) enum Edit<'a> {
    /// A scalar says something else.
    Scalar(Range<usize>, &'a Meta),
    /// A new item behind this last one, whose layout it takes over.
    AddItem(&'a Raw, &'a [(String, Meta)]),
    /// An item goes.
    DropItem(&'a Raw),
    /// An empty list gets its first items.
    FillList(&'a (String, Raw), &'a Meta),
    /// A new entry behind this one, or in front of that one.
    AddEntry(Place<'a>, &'a str, &'a Meta),
    /// An entry goes.
    DropEntry(&'a (String, Raw)),
}

/// Where a new entry comes.
pub(super) enum Place<'a> {
    /// Behind this entry.
    Behind(&'a (String, Raw)),
    /// In front of this entry, the first of all.
    Before(&'a (String, Raw)),
}

/// The edits; `None` when there is no such set.
pub(super) fn edits<'a>(old: &'a Raw, new: &'a [(String, Meta)]) -> Option<Vec<Edit<'a>>> {
    let RawForm::Map(old) = &old.form else { return None };
    let mut found = Vec::new();
    map(old, new, &mut found)?;
    Some(found)
}

fn map<'a>(old: &'a [(String, Raw)], new: &'a [(String, Meta)], found: &mut Vec<Edit<'a>>) -> Option<()> {
    let mut rest = old.iter().peekable();
    let mut last: Option<&(String, Raw)> = None;
    for (key, value) in new {
        while let Some(gone) = rest.next_if(|(old, _)| old != key && !new.iter().any(|(new, _)| new == old)) {
            found.push(Edit::DropEntry(gone));
            last = last.or(Some(gone));
        }
        if let Some(entry) = rest.next_if(|(old, _)| old == key) {
            match (&entry.1.form, value) {
                (RawForm::List(items), Meta::List(new)) if items.is_empty() && !new.is_empty() => {
                    found.push(Edit::FillList(entry, value));
                }
                _ => one(&entry.1, value, found)?,
            }
            last = Some(entry);
        } else {
            let place = match (last, rest.peek()) {
                (Some(last), _) => Place::Behind(last),
                (None, Some(next)) => Place::Before(next),
                (None, None) => return None,
            };
            found.push(Edit::AddEntry(place, key, value));
        }
    }
    found.extend(rest.map(Edit::DropEntry));
    Some(())
}

fn one<'a>(old: &'a Raw, new: &'a Meta, found: &mut Vec<Edit<'a>>) -> Option<()> {
    match (&old.form, new) {
        (RawForm::Null, Meta::Null) => Some(()),
        (RawForm::Scalar(old_text), Meta::Text(text) | Meta::Bare(text)) => {
            if old_text != text {
                found.push(Edit::Scalar(old.span.clone(), new));
            }
            Some(())
        }
        (RawForm::Map(old), Meta::Map(new)) => map(old, new, found),
        (RawForm::List(old), Meta::List(new)) => list(old, new, found),
        _ => None,
    }
}

/// Walks both lists: the same master key stays, another one takes the place of one that goes, what is left over is dropped or added.
fn list<'a>(old: &'a [Raw], new: &'a [Meta], found: &mut Vec<Edit<'a>>) -> Option<()> {
    if old.is_empty() && new.is_empty() {
        return Some(());
    }
    if new.is_empty() {
        return None;
    }
    let has = |items: &[Meta], old: &Raw| items.iter().any(|item| same(old, item));
    let (mut old_at, mut new_at) = (0, 0);
    while old_at < old.len() && new_at < new.len() {
        let (item, wanted) = (&old[old_at], &new[new_at]);
        let stays_later = has(&new[new_at + 1..], item);
        let comes_later = old[old_at + 1..].iter().any(|item| same(item, wanted));
        if same(item, wanted) || !(stays_later || comes_later) {
            one(item, wanted, found)?;
            (old_at, new_at) = (old_at + 1, new_at + 1);
        } else if !stays_later {
            found.push(Edit::DropItem(item));
            old_at += 1;
        } else {
            return None;
        }
    }
    found.extend(old[old_at..].iter().map(Edit::DropItem));
    for item in &new[new_at..] {
        let Meta::Map(fields) = item else { return None };
        found.push(Edit::AddItem(old.last()?, fields));
    }
    Some(())
}

/// Items without a name (key groups) are matched by their place.
fn same(old: &Raw, new: &Meta) -> bool {
    match (raw_identity(old), super::entries::identity(new)) {
        (Some(old), Some(new)) => old == new,
        (None, None) => true,
        _ => false,
    }
}
