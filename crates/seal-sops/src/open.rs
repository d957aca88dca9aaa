//! Opening a sealed file: nothing is given out before every value opened and the MAC was right.

use seal_crypto::sops::{Cipher, DataKey};
use seal_secret::SecretBytes;

use crate::layout::{BlockChange, Changes, Form, Name, New, NodeId, Tree};
use crate::value::canonical;
use crate::walk::Walk;
use crate::{Enc, Path, Problem, SopsError, SopsFile, Store, Type, Value, mac, strong};

/// Mappings that are tried for a comment that does not open at its place.
const MOST_TRIES: usize = 64;

/// Nodes from which on opening half of them on another core pays.
const WORTH_A_THREAD: usize = 1_000;

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Go on when the MAC is wrong or missing.
    pub ignore_mac: bool,
    /// Refuse the file unless it carries the stronger MAC. When it carries one, it is always checked (unless `ignore_mac`).
    pub demand_strong: bool,
}

/// A file whose values are all open.
pub struct Opened {
    /// The sealed file.
    pub(crate) file: SopsFile,
    /// One entry per node of its layout: what was sealed there.
    pub(crate) values: Vec<Option<Value>>,
    /// The data key it was opened with.
    pub(crate) key: DataKey,
}

impl SopsFile {
    /// Opens every value and checks the MAC.
    pub fn open(self, key: &DataKey, options: OpenOptions) -> Result<Opened, SopsError> {
        let metadata = self.metadata.clone().ok_or_else(|| self.error(Problem::NotEncrypted))?;
        if self.is_joined() {
            return Err(self.error(Problem::Joined));
        }
        let walk = self.walk()?;
        let values = self.open_values(&key.cipher(), &walk)?;
        let opened = Opened { file: self, values, key: key.clone() };
        if !options.ignore_mac {
            let hash = opened.mac(&walk, metadata.mac_only_encrypted);
            mac::check(&hash, &metadata.mac, key, &metadata.mac_aad()).map_err(|problem| opened.file.error(problem))?;
        }
        opened.check_strong(&walk, options)?;
        Ok(opened)
    }

    fn open_values(&self, cipher: &Cipher, walk: &Walk) -> Result<Vec<Option<Value>>, SopsError> {
        let ids = self.layout.ids();
        let open = |ids: std::ops::Range<NodeId>| ids.map(|id| self.open_node(cipher, walk, id)).collect::<Result<Vec<_>, _>>();
        if ids.len() < WORTH_A_THREAD {
            return open(ids);
        }
        let middle = ids.start + (ids.end - ids.start) / 2;
        std::thread::scope(|scope| {
            let rest = scope.spawn(|| open(middle..ids.end));
            let mut values = open(ids.start..middle)?;
            values.extend(rest.join().expect("opening does not panic")?);
            Ok(values)
        })
    }

    /// What is sealed at a node; `None` where nothing is.
    pub(crate) fn open_node(&self, cipher: &Cipher, walk: &Walk, id: NodeId) -> Result<Option<Value>, SopsError> {
        match self.layout.nodes[id as usize].form {
            Form::Map | Form::List | Form::Null => Ok(None),
            Form::Comment | Form::JoinedComment(_) => match self.open_comment(cipher, walk, id) {
                // A value in a comment's place was put there, or a comment was made one: no type is authenticated.
                Some(value) if value.kind != Type::Comment => Err(self.error_at(id, Problem::MacMismatch)),
                comment => Ok(comment),
            },
            _ if walk.selected(id) => self.open_value(cipher, walk, id),
            _ => Ok(None),
        }
    }

    /// Whether the text at a node is a value sealed for this place.
    pub(crate) fn is_sealed_here(&self, cipher: &Cipher, walk: &Walk, id: NodeId) -> bool {
        let enc = self.layout.text(&self.bytes, id).and_then(Enc::parse);
        enc.is_some_and(|enc| open(cipher, enc, walk.aad(id)).is_some())
    }

    fn open_value(&self, cipher: &Cipher, walk: &Walk, id: NodeId) -> Result<Option<Value>, SopsError> {
        let text = self.layout.text(&self.bytes, id).ok_or_else(|| self.error_at(id, Problem::NotSealed))?;
        if text.is_empty() {
            return Ok(None);
        }
        let enc = Enc::parse(text).ok_or_else(|| self.error_at(id, Problem::NotSealed))?;
        let value = open(cipher, enc, walk.aad(id)).ok_or_else(|| self.error_at(id, Problem::DoesNotOpen))?;
        Ok(Some(value))
    }

    /// A comment that does not open stays as it is, as sops has it. A file whose lines were moved since, or whose writer placed comments
    /// otherwise, has some that were sealed for another mapping: what is around is tried, then the other mappings.
    fn open_comment(&self, cipher: &Cipher, walk: &Walk, id: NodeId) -> Option<Value> {
        let enc = Enc::parse(self.layout.text(&self.bytes, id)?)?;
        let nodes = &self.layout.nodes;
        let upwards = |id: NodeId| std::iter::successors(Some(id), |id| nodes[*id as usize].parent);
        let neighbours =
            [Some(id), id.checked_sub(1), Some(id + 1)].into_iter().flatten().filter(|id| (*id as usize) < nodes.len());
        let others = self.layout.ids().filter(|id| matches!(nodes[*id as usize].form, Form::Map | Form::List));
        let mut tried: Vec<&[u8]> = Vec::new();
        for id in neighbours.flat_map(upwards).chain(others) {
            let aad = walk.aad(id);
            if tried.contains(&aad) {
                continue;
            }
            if let Some(value) = open(cipher, enc.clone(), aad) {
                return Some(value);
            }
            tried.push(aad);
            if tried.len() > MOST_TRIES {
                break;
            }
        }
        None
    }
}

/// As documents have it: `true`, not the `True` that is sealed.
fn spelled(value: Value) -> SecretBytes {
    match value.kind {
        Type::Bool => value.bytes.expose().to_ascii_lowercase().into(),
        _ => value.bytes,
    }
}

fn open(cipher: &Cipher, enc: Enc, aad: &[u8]) -> Option<Value> {
    let bytes = cipher.open(enc.data, &enc.iv, &enc.tag, aad).ok()?;
    canonical(enc.kind, bytes)
}

/// The file with its values in clear and without its block.
fn clear(file: &SopsFile, values: impl Iterator<Item = (NodeId, Option<Value>)>) -> Result<SecretBytes, SopsError> {
    let nodes = values.filter_map(|(id, value)| Some((id, New::Clear(value?)))).collect();
    file.write(&Changes { nodes, block: BlockChange::Remove, ..Changes::default() })
}

impl Opened {
    /// A file in clear, for what is done with the documents alone: its key opens nothing.
    pub(crate) fn of_clear(file: SopsFile) -> Opened {
        let values = file.layout.nodes.iter().map(|_| None).collect();
        let key = DataKey::from_secret(&vec![0; 32].into()).expect("32 bytes are a key");
        Opened { file, values, key }
    }

    /// The sealed file.
    pub fn file(&self) -> &SopsFile {
        &self.file
    }

    /// True when the file carries the stronger MAC (and it was right, or opening was told to ignore MACs).
    pub fn has_strong_mac(&self) -> bool {
        self.file.metadata.as_ref().is_some_and(|metadata| metadata.strong_mac.is_some())
    }

    /// True when a value that was sealed stands at this path of the first document.
    pub fn is_sealed(&self, path: &Path) -> bool {
        self.find(0, path).is_some_and(|id| self.values[id as usize].is_some())
    }

    /// The file in clear. In its own store with the layout it has; in another one as sops lays it out.
    pub fn to_clear(&self, store: Store) -> Result<SecretBytes, SopsError> {
        self.to_clear_with(store, None)
    }

    /// As [`Opened::to_clear`]; in another store, one level of YAML or JSON has this many columns.
    pub fn to_clear_with(&self, store: Store, indent: Option<u8>) -> Result<SecretBytes, SopsError> {
        if store != self.file.store {
            return crate::file::emit(store, &self.file.name, &self.documents(), indent);
        }
        clear(&self.file, self.file.layout.ids().zip(self.values.iter().cloned()))
    }

    /// As [`Opened::to_clear`] when nothing else is wanted: the one value of a binary file is handed on without a copy.
    pub fn into_clear(self, store: Store) -> Result<SecretBytes, SopsError> {
        self.into_clear_with(store, None)
    }

    /// As [`Opened::into_clear`], with an indentation for another store.
    pub fn into_clear_with(mut self, store: Store, indent: Option<u8>) -> Result<SecretBytes, SopsError> {
        if store == Store::Binary && self.file.store == store {
            let only = self.find(0, &Path::of_keys(&[crate::binary::DATA]));
            if let Some(value) = only.and_then(|id| self.values[id as usize].take()) {
                return Ok(value.bytes);
            }
        }
        if store == self.file.store {
            let values = std::mem::take(&mut self.values);
            return clear(&self.file, self.file.layout.ids().zip(values));
        }
        self.to_clear_with(store, indent)
    }

    /// The value at a path of the first document: a leaf as its bytes, a mapping or list as a document of `store`.
    pub fn get(&self, path: &Path, store: Store) -> Result<SecretBytes, SopsError> {
        let missing = || SopsError { path: Some(path.clone()), ..self.file.error(Problem::NoSuchPath) };
        let id = self.find(0, path).ok_or_else(missing)?;
        match self.tree(id) {
            Tree::Leaf(value) => Ok(spelled(value)),
            Tree::Comment(value) => Ok(value.bytes),
            Tree::Null => Ok("null".to_owned().into()),
            tree => crate::file::emit(store, &self.file.name, &[tree], None),
        }
    }

    /// All leaf values in clear with their paths, in document order, comments left out.
    pub fn values(&self) -> Vec<(Path, Value)> {
        let value = |id: NodeId| {
            let (kind, bytes) = self.content(id).filter(|(kind, _)| *kind != Type::Comment)?;
            Some((self.file.layout.path(id), Value { kind, bytes: bytes.to_vec().into() }))
        };
        self.file.layout.ids().filter_map(value).collect()
    }

    /// The node at a path of a document. Sealed comments that stand as elements of a list are none to count.
    pub(crate) fn find(&self, document: usize, path: &Path) -> Option<NodeId> {
        let layout = &self.file.layout;
        let mut at = layout.documents.get(document)?.root;
        for segment in &path.0 {
            let mut children = layout.children(at).filter(|child| !self.is_comment(*child));
            at = match segment {
                crate::Segment::Key(key) => {
                    children.find(|child| matches!(&layout.nodes[*child as usize].name, Name::Key(name) if **name == **key))?
                }
                crate::Segment::Index(index) => {
                    matches!(layout.nodes[at as usize].form, Form::List).then(|| children.nth(*index))??
                }
            };
        }
        Some(at)
    }

    /// The value in clear at a node.
    pub(crate) fn content(&self, id: NodeId) -> Option<(Type, &[u8])> {
        let opened = self.values[id as usize].as_ref();
        opened.map(|value| (value.kind, value.bytes.expose())).or_else(|| self.file.layout.content(&self.file.bytes, id))
    }

    pub(crate) fn is_comment(&self, id: NodeId) -> bool {
        matches!(self.content(id), Some((Type::Comment, _))) || self.file.layout.nodes[id as usize].form.is_comment()
    }

    /// The documents apart from their bytes.
    pub(crate) fn documents(&self) -> Vec<Tree<Value>> {
        self.file.layout.documents.iter().map(|document| self.tree(document.root)).collect()
    }

    /// A node with everything below it. One pass: children stand behind their parent.
    pub(crate) fn tree(&self, root: NodeId) -> Tree<Value> {
        self.subtree(root).0
    }

    pub(crate) fn subtree(&self, id: NodeId) -> (Tree<Value>, NodeId) {
        let nodes = &self.file.layout.nodes;
        let mut next = id + 1;
        let mut entries = Vec::new();
        let is_list = matches!(nodes[id as usize].form, Form::List);
        if !matches!(nodes[id as usize].form, Form::Map | Form::List) {
            let leaf = self.content(id).map(|(kind, bytes)| Value { kind, bytes: bytes.to_vec().into() });
            let tree = match leaf {
                None => Tree::Null,
                Some(value) if value.kind == Type::Comment || nodes[id as usize].form.is_comment() => Tree::Comment(value),
                Some(value) => Tree::Leaf(value),
            };
            return (tree, next);
        }
        while nodes.get(next as usize).is_some_and(|node| node.parent == Some(id)) {
            let key = if let Name::Key(key) = &nodes[next as usize].name { key.to_string() } else { String::new() };
            let (tree, behind) = self.subtree(next);
            entries.push((key, tree));
            next = behind;
        }
        if is_list { (Tree::List(entries.into_iter().map(|(_, tree)| tree).collect()), next) } else { (Tree::Map(entries), next) }
    }

    pub(crate) fn mac(&self, walk: &Walk, only_encrypted: bool) -> SecretBytes {
        let clear = |id: NodeId| self.values[id as usize].as_ref().map(|value| (value.kind, value.bytes.expose()));
        mac::compute(&self.file.layout, &self.file.bytes, walk, only_encrypted, clear)
    }

    fn check_strong(&self, walk: &Walk, options: OpenOptions) -> Result<(), SopsError> {
        let Some(metadata) = &self.file.metadata else { return Ok(()) };
        let Some(found) = &metadata.strong_mac else {
            return if options.demand_strong { Err(self.file.error(Problem::StrongMacMissing)) } else { Ok(()) };
        };
        if options.ignore_mac && !options.demand_strong {
            return Ok(());
        }
        let clear = |id: NodeId| self.values[id as usize].as_ref().map(|value| (value.kind, value.bytes.expose()));
        let right = strong::compute(&self.file.layout, &self.file.bytes, walk, metadata, &self.key, clear);
        if strong::same(&right, found) { Ok(()) } else { Err(self.file.error(Problem::StrongMacMismatch)) }
    }
}
