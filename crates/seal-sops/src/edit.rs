//! Changing an opened file: `set`, `unset`, `rotate` and taking over an edited clear text, in place.

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::encrypt::{SOPS_VERSION, fresh_iv, seal_value, stamp};
use crate::layout::{BlockChange, Changes, Form, Name, New, NodeId, Tree};
use crate::{Enc, KeyGroup, Opened, Path, Problem, Segment, SopsError, SopsFile, Type, Value, mac, readback, strong};

/// A value to set.
#[derive(Clone)]
pub enum NewValue {
    /// A leaf.
    Leaf(Value),
    /// `null`.
    Null,
    /// A list.
    List(Vec<NewValue>),
    /// A mapping.
    Map(Vec<(String, NewValue)>),
}

/// What an edit came to.
pub enum Change {
    /// The file says already what it should say: nothing to write.
    Unchanged,
    /// The new bytes.
    Changed(SecretBytes),
}

impl Opened {
    /// Sets one value of the first document; keys on the way that are missing are made. Only the value, the MAC and `lastmodified` change.
    pub fn set(
        &self,
        path: &Path,
        value: NewValue,
        key: &DataKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Change, SopsError> {
        let found = self.find(0, path);
        if let Some(id) = found {
            if same(&self.tree(id), &value) {
                return Ok(Change::Unchanged);
            }
            if let (NewValue::Leaf(value), true) = (&value, self.is_plain_leaf(id)) {
                return self.set_leaf(id, value.clone(), key, now, rng).map(Change::Changed);
            }
        }
        let (parent, name, value) = self.place(path, found, value)?;
        let changes = Changes { inserts: vec![(parent, name, value)], ..Changes::default() };
        self.restructure(&changes, key, now, rng)
    }

    /// Removes one value of the first document with its line. A path that is not there is [`crate::Problem::NoSuchPath`].
    pub fn unset(&self, path: &Path, key: &DataKey, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Change, SopsError> {
        let missing = || SopsError { path: Some(path.clone()), ..self.file.error(Problem::NoSuchPath) };
        let id = self.find(0, path).filter(|_| !path.0.is_empty()).ok_or_else(missing)?;
        self.restructure(&Changes { removed: vec![id], ..Changes::default() }, key, now, rng)
    }

    /// The same values under a new data key, whose wrapped parts are in `groups`.
    pub fn rotate(
        &self,
        new: &DataKey,
        groups: Vec<KeyGroup>,
        threshold: Option<u32>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        let walk = self.file.walk()?;
        let cipher = new.cipher();
        let mut nodes = Vec::new();
        for id in self.file.layout.ids() {
            if let Some(value) = &self.values[id as usize] {
                nodes.push((id, New::Sealed(seal_value(&cipher, value, walk.aad(id), rng))));
            }
        }
        let mut metadata = self.file.metadata.clone().ok_or_else(|| self.file.error(Problem::NotEncrypted))?;
        metadata.groups = groups;
        metadata.shamir_threshold = threshold;
        metadata.lastmodified = stamp(now);
        metadata.mac = mac::seal(&self.mac(&walk, metadata.mac_only_encrypted), new, &metadata.mac_aad(), &fresh_iv(rng));
        if metadata.strong_mac.is_some() {
            let clear = |id: NodeId| self.values[id as usize].as_ref().map(|value| (value.kind, value.bytes.expose()));
            metadata.strong_mac = Some(strong::compute(&self.file.layout, &self.file.bytes, &walk, &metadata, new, clear));
        }
        self.file.write(&Changes { nodes, block: BlockChange::Become(&metadata), ..Changes::default() })
    }

    /// Takes over a clear text that was edited elsewhere (`edit`): equal values at equal paths keep their ciphertext, metadata stay.
    pub fn replace(
        &self,
        clear: SecretBytes,
        key: &DataKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Change, SopsError> {
        if clear == self.to_clear(self.file.store)? {
            return Ok(Change::Unchanged);
        }
        let mut metadata = self.file.metadata.clone().ok_or_else(|| self.file.error(Problem::NotEncrypted))?;
        let edited = SopsFile::parse(&self.file.name, self.file.store, clear)?;
        if edited.metadata.is_some() {
            return Err(edited.error(Problem::AlreadyEncrypted));
        }
        metadata.lastmodified = stamp(now);
        if !is_newer(&metadata.version) {
            metadata.version = SOPS_VERSION.to_owned();
        }
        edited.seal_with(metadata, Some(self), key, rng).map(Change::Changed)
    }

    /// A leaf that takes another value by itself: not a container, not `null`, not a comment.
    pub(crate) fn is_plain_leaf(&self, id: NodeId) -> bool {
        let form = &self.file.layout.nodes[id as usize].form;
        !matches!(form, Form::Map | Form::List | Form::Null | Form::Comment | Form::JoinedComment(_)) && !self.is_comment(id)
    }

    fn set_leaf(
        &self,
        id: NodeId,
        value: Value,
        key: &DataKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        let walk = self.file.walk()?;
        let sealed = walk.selected(id) && !value.bytes.is_empty();
        let new =
            if sealed { New::Sealed(seal_value(&key.cipher(), &value, walk.aad(id), rng)) } else { New::Clear(value.clone()) };
        let clear = |at: NodeId| {
            let opened = if at == id { Some(&value) } else { self.values[at as usize].as_ref() };
            opened.map(|value| (value.kind, value.bytes.expose()))
        };
        let mut metadata = self.file.metadata.clone().ok_or_else(|| self.file.error(Problem::NotEncrypted))?;
        metadata.lastmodified = stamp(now);
        let hash = mac::compute(&self.file.layout, &self.file.bytes, &walk, metadata.mac_only_encrypted, clear);
        metadata.mac = mac::seal(&hash, key, &metadata.mac_aad(), &fresh_iv(rng));
        if metadata.strong_mac.is_some() {
            metadata.strong_mac = Some(strong::compute(&self.file.layout, &self.file.bytes, &walk, &metadata, key, clear));
        }
        let changes = Changes { nodes: vec![(id, new)], block: BlockChange::Become(&metadata), ..Changes::default() };
        self.file.write(&changes)
    }

    /// Where a value goes that is not there yet, or that replaces a whole subtree: the nearest mapping or list that exists.
    fn place(&self, path: &Path, found: Option<NodeId>, value: NewValue) -> Result<(NodeId, Name, Tree<New>), SopsError> {
        let fails = |problem| SopsError { path: Some(path.clone()), ..self.file.error(problem) };
        let no_path = || fails(Problem::Unsupported("the whole document cannot be set: name a key"));
        let existing = |depth: usize| self.find(0, &Path(path.0[..depth].to_vec()));
        let depth = if found.is_some() {
            path.0.len()
        } else {
            (0..path.0.len()).rev().find(|depth| existing(*depth).is_some()).unwrap_or(0)
        };
        let mut value = tree(value);
        let from = if found.is_some() { path.0.len().checked_sub(1).ok_or_else(no_path)? } else { depth };
        for segment in path.0[from + 1..].iter().rev() {
            value = match segment {
                Segment::Key(key) => Tree::Map(vec![(key.clone(), value)]),
                Segment::Index(0) => Tree::List(vec![value]),
                Segment::Index(_) => return Err(fails(Problem::NoSuchPath)),
            };
        }
        let parent = existing(from).ok_or_else(no_path)?;
        let last = path.0.get(from).ok_or_else(no_path)?;
        let node = &self.file.layout.nodes[parent as usize];
        match (&node.form, last) {
            (Form::Map, Segment::Key(key)) => Ok((parent, Name::Key(key.as_str().into()), value)),
            (Form::List, Segment::Index(index)) => {
                let count = self.file.layout.children(parent).filter(|child| !self.is_comment(*child)).count();
                // Like sops, which appends whatever position behind the end is named.
                let index = u32::try_from((*index).min(count)).map_err(|_| fails(Problem::NoSuchPath))?;
                Ok((parent, Name::Item(index), value))
            }
            // What is no mapping becomes one: `null`, an empty text or a value in the way.
            (_, Segment::Key(key)) if from > 0 && !matches!(node.form, Form::List) => {
                let grand = node.parent.ok_or_else(no_path)?;
                let name = match &node.name {
                    Name::Key(name) => Name::Key(name.clone()),
                    Name::Item(index) => Name::Item(*index),
                    Name::Root | Name::None => return Err(no_path()),
                };
                Ok((grand, name, Tree::Map(vec![(key.clone(), value)])))
            }
            _ => Err(fails(Problem::NotAContainer)),
        }
    }

    /// Keys and elements come or go, then everything that is selected and not sealed is sealed, then the MACs are made anew.
    pub(crate) fn restructure(
        &self,
        changes: &Changes<'_>,
        key: &DataKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Change, SopsError> {
        for (_, new) in &changes.nodes {
            self.refuse_sealed_look(new)?;
        }
        for (_, _, new) in &changes.inserts {
            self.refuse_sealed_looks(new)?;
        }
        let text = self.file.write(changes)?;
        let file = SopsFile::parse(&self.file.name, self.file.store, text)?;
        file.complete(key, now, rng).map(Change::Changed)
    }

    fn refuse_sealed_looks(&self, tree: &Tree<New>) -> Result<(), SopsError> {
        match tree {
            Tree::Leaf(new) | Tree::Comment(new) => self.refuse_sealed_look(new),
            Tree::Null => Ok(()),
            Tree::List(items) => items.iter().try_for_each(|item| self.refuse_sealed_looks(item)),
            Tree::Map(entries) => entries.iter().try_for_each(|(_, value)| self.refuse_sealed_looks(value)),
        }
    }

    fn refuse_sealed_look(&self, new: &New) -> Result<(), SopsError> {
        match new {
            New::Clear(value) if readback::looks_sealed(value) => Err(self
                .file
                .error(Problem::Unsupported("a value that looks like ciphertext itself cannot be added to a sealed file"))),
            _ => Ok(()),
        }
    }
}

impl SopsFile {
    /// A sealed file with some values in clear where they should be sealed, and MACs that are no longer right: seals and renews.
    pub(crate) fn complete(self, key: &DataKey, now: Timestamp, rng: &mut impl CryptoRng) -> Result<SecretBytes, SopsError> {
        let mut metadata = self.metadata.clone().ok_or_else(|| self.error(Problem::NotEncrypted))?;
        let walk = self.walk()?;
        let cipher = key.cipher();
        let mut values: Vec<Option<Value>> = Vec::with_capacity(self.layout.nodes.len());
        let mut nodes = Vec::new();
        for id in self.layout.ids() {
            let is_container = matches!(self.layout.nodes[id as usize].form, Form::Map | Form::List | Form::Null);
            let is_sealed = self.layout.text(&self.bytes, id).is_some_and(Enc::looks_sealed);
            let value = match self.clear_value(id).filter(|value| !is_container && !value.bytes.is_empty()) {
                Some(value) if walk.selected(id) && !is_sealed && value.kind != Type::Comment => {
                    nodes.push((id, New::Sealed(seal_value(&cipher, &value, walk.aad(id), rng))));
                    Some(value)
                }
                // A comment that says what is encrypted may have lost its key to another one.
                Some(value)
                    if is_sealed
                        && !walk.selected(id)
                        && value.kind != Type::Comment
                        && self.is_sealed_here(&cipher, &walk, id) =>
                {
                    let what = "a key next to a comment that says what is encrypted";
                    return Err(self.error_at(id, Problem::CannotEdit(what)));
                }
                Some(_) if is_sealed => {
                    let opened = self.open_node(&cipher, &walk, id)?;
                    // A comment may stand in another mapping than the one it was sealed in, now that its value is another.
                    let moved = opened.as_ref().filter(|value| {
                        value.kind == Type::Comment && walk.selected(id) && !self.is_sealed_here(&cipher, &walk, id)
                    });
                    if let Some(comment) = moved {
                        nodes.push((id, New::Sealed(seal_value(&cipher, comment, walk.aad(id), rng))));
                    }
                    opened
                }
                _ => None,
            };
            values.push(value);
        }
        metadata.lastmodified = stamp(now);
        let clear = |id: NodeId| values[id as usize].as_ref().map(|value| (value.kind, value.bytes.expose()));
        let hash = mac::compute(&self.layout, &self.bytes, &walk, metadata.mac_only_encrypted, clear);
        metadata.mac = mac::seal(&hash, key, &metadata.mac_aad(), &fresh_iv(rng));
        if metadata.strong_mac.is_some() {
            metadata.strong_mac = Some(strong::compute(&self.layout, &self.bytes, &walk, &metadata, key, clear));
        }
        self.write(&Changes { nodes, block: BlockChange::Become(&metadata), ..Changes::default() })
    }
}

fn tree(value: NewValue) -> Tree<New> {
    match value {
        NewValue::Leaf(value) => Tree::Leaf(New::Clear(value)),
        NewValue::Null => Tree::Null,
        NewValue::List(items) => Tree::List(items.into_iter().map(tree).collect()),
        NewValue::Map(entries) => Tree::Map(entries.into_iter().map(|(key, value)| (key, tree(value))).collect()),
    }
}

/// True when the file says already what it should. Comments are no part of a value.
fn same(old: &Tree<Value>, new: &NewValue) -> bool {
    match (old, new) {
        (Tree::Leaf(old), NewValue::Leaf(new)) => old.kind == new.kind && old.bytes == new.bytes,
        (Tree::Null, NewValue::Null) => true,
        (Tree::List(old), NewValue::List(new)) => {
            let old: Vec<_> = old.iter().filter(|item| !matches!(item, Tree::Comment(_))).collect();
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        (Tree::Map(old), NewValue::Map(new)) => {
            let old: Vec<_> = old.iter().filter(|(_, value)| !matches!(value, Tree::Comment(_))).collect();
            old.len() == new.len() && old.iter().zip(new).all(|((key, old), (name, new))| key == name && same(old, new))
        }
        _ => false,
    }
}

/// True for a version later than the one that is written here.
fn is_newer(version: &str) -> bool {
    let parts = |text: &str| -> Vec<u32> { text.split(['.', '-']).map_while(|part| part.parse().ok()).collect() };
    parts(version) > parts(SOPS_VERSION)
}
