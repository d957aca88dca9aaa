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
    /// A new scalar entry beside this one (behind it: true), whose layout it takes over.
    AddEntry(&'a (String, Raw), bool, &'a str, &'a Meta),
    /// A scalar entry goes.
    DropEntry(&'a (String, Raw)),
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
            is_scalar(&gone.1).then_some(())?;
            found.push(Edit::DropEntry(gone));
        }
        if let Some(entry) = rest.next_if(|(old, _)| old == key) {
            one(&entry.1, value, found)?;
            last = Some(entry);
        } else {
            matches!(value, Meta::Text(_) | Meta::Bare(_)).then_some(())?;
            let behind = last.filter(|entry| is_scalar(&entry.1));
            let before = rest.peek().copied().filter(|entry| is_scalar(&entry.1));
            let sibling = behind.or(before)?;
            found.push(Edit::AddEntry(sibling, behind.is_some(), key, value));
        }
    }
    for gone in rest {
        is_scalar(&gone.1).then_some(())?;
        found.push(Edit::DropEntry(gone));
    }
    Some(())
}

fn is_scalar(raw: &Raw) -> bool {
    matches!(raw.form, RawForm::Scalar(_))
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
