//! A file, encrypted or in clear: its bytes, what its store read, its metadata.

use seal_manifest::syntax;
use seal_secret::SecretBytes;

use crate::layout::{BlockChange, Changes, Form, Layout, NodeId, Tree};
use crate::lines::Lines;
use crate::walk::Walk;
use crate::{Enc, KeyGroup, Metadata, Path, Position, Problem, SopsError, Store, Type, Value};
use crate::{binary, dotenv, enc, ini, json, readback, yaml};

/// Bytes accepted in one file.
const MAX_BYTES: usize = 256 << 20;

/// A parsed file. In clear it holds plaintext: no Debug.
#[derive(Clone)]
pub struct SopsFile {
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) bytes: SecretBytes,
    pub(crate) layout: Layout,
    pub(crate) metadata: Option<Metadata>,
    /// Lines of the file in front of this part of it.
    pub(crate) lines_before: u32,
}

/// One leaf of a file: a value or a comment.
pub struct Leaf<'a> {
    /// Where it stands in its document. A comment has the path of the mapping or list around it.
    pub path: Path,
    /// Which document of the file, from zero.
    pub document: usize,
    /// Where it stands in the file.
    pub at: Position,
    /// What stands there.
    pub state: LeafState<'a>,
    /// True when the selector of the file's metadata says that it is to be sealed. False for files in clear.
    pub selected: bool,
}

/// What stands at a leaf.
pub enum LeafState<'a> {
    /// `null`, or an empty list or mapping: never sealed.
    Empty,
    /// An `ENC[…]` text: its type as written and the text.
    Sealed(Type, &'a str),
    /// A value or a comment in clear.
    Clear(Value),
}

impl SopsFile {
    /// Reads a file. `name` is what errors call it. Duplicate keys, bad syntax and exceeded budgets are errors with line and column.
    pub fn parse(name: &str, store: Store, bytes: impl Into<SecretBytes>) -> Result<SopsFile, SopsError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_BYTES {
            return Err(SopsError::of_file(name, Problem::Budget("size")));
        }
        let layout = read(store, name, bytes.expose())?;
        let mut file = SopsFile { name: name.to_owned(), store, bytes, layout, metadata: None, lines_before: 0 };
        if let Some(block) = file.layout.documents.iter().find_map(|document| document.block.as_ref()) {
            let metadata = Metadata::read(&block.raw)
                .map_err(|problem| SopsError { at: file.position(block.at), ..SopsError::of_file(name, problem) })?;
            file.metadata = Some(metadata);
        }
        Ok(file)
    }

    /// The name it was parsed under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn store(&self) -> Store {
        self.store
    }

    /// The bytes as read.
    pub fn bytes(&self) -> &SecretBytes {
        &self.bytes
    }

    /// Its metadata; `None` for a file in clear.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// All leaves in document order.
    pub fn leaves(&self) -> Result<Vec<Leaf<'_>>, SopsError> {
        let walk = self.walk()?;
        let mut has_children = vec![false; self.layout.nodes.len()];
        for node in &self.layout.nodes {
            if let Some(parent) = node.parent {
                has_children[parent as usize] = true;
            }
        }
        let text = std::str::from_utf8(self.bytes.expose()).unwrap_or_default();
        let lines = Lines::new(text);
        let leaf = |id: NodeId| {
            let node = &self.layout.nodes[id as usize];
            let sealed = self.layout.text(&self.bytes, id).filter(|text| Enc::looks_sealed(text));
            let state = match (&node.form, sealed) {
                (Form::Map | Form::List, _) if has_children[id as usize] || node.parent.is_none() => return None,
                (Form::Map | Form::List | Form::Null, _) => LeafState::Empty,
                (_, Some(text)) => LeafState::Sealed(enc::type_of(text).unwrap_or(Type::Str), text),
                _ => LeafState::Clear(self.clear_value(id)?),
            };
            Some(Leaf {
                path: self.layout.path(id),
                document: self.layout.document_of(id),
                at: self.moved(lines.position(text, node.span.start.min(text.len()))),
                state,
                selected: walk.selected(id),
            })
        };
        Ok(self.layout.ids().filter_map(leaf).collect())
    }

    /// A file in clear as another store has it, laid out as sops lays it out (`encrypt --output-type`).
    pub fn to_store(&self, store: Store) -> Result<SecretBytes, SopsError> {
        let file = SopsFile::parse(&self.name, self.store, self.bytes.clone())?;
        crate::Opened::of_clear(file).to_clear(store)
    }

    /// The same file with other master keys for the same data key (`updatekeys`): lines are added or removed, all others stay.
    /// Master keys that are in the file already keep their text: put the old [`crate::AgeKey`] into `groups`.
    pub fn rewrap(&self, groups: Vec<KeyGroup>, threshold: Option<u32>) -> Result<SecretBytes, SopsError> {
        let mut metadata = self.metadata.clone().ok_or_else(|| self.error(Problem::NotEncrypted))?;
        metadata.groups = groups;
        metadata.shamir_threshold = threshold;
        self.write(&Changes { block: BlockChange::Become(&metadata), ..Changes::default() })
    }

    /// Which nodes the selector of the metadata selects.
    pub(crate) fn walk(&self) -> Result<Walk, SopsError> {
        let matcher = self.metadata.as_ref().map(|metadata| metadata.selector.matcher()).transpose();
        let matcher = matcher.map_err(|problem| self.error(problem))?;
        Ok(Walk::new(&self.layout, &self.bytes, matcher.as_ref()))
    }

    /// A copy of what stands at a leaf.
    pub(crate) fn clear_value(&self, id: NodeId) -> Option<Value> {
        let (kind, bytes) = self.layout.content(&self.bytes, id)?;
        Some(Value { kind, bytes: bytes.to_vec().into() })
    }

    /// The bytes with the changes made, read again and compared.
    pub(crate) fn write(&self, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
        let (name, bytes, layout) = (self.name.as_str(), self.bytes.expose(), &self.layout);
        let written = match self.store {
            Store::Yaml => yaml::write(name, bytes, layout, changes),
            Store::Json => json::write(name, bytes, layout, changes),
            Store::Dotenv => dotenv::write(name, bytes, layout, changes),
            Store::Ini => ini::write(name, bytes, layout, changes),
            Store::Binary => binary::write(name, bytes, layout, changes),
        }?;
        match readback::check(self, changes, &written) {
            // A literal text that ends with the file has no line break at its end, and gets one from whatever comes after it.
            Err(error) if error.problem == Problem::ReadBack && self.store == Store::Yaml && !bytes.ends_with(b"\n") => {
                Err(self.error(Problem::Unsupported(
                    "the last line of the file does not end, and the text it belongs to would change with what comes after it: end that line",
                )))
            }
            checked => checked.map(|()| written),
        }
    }

    /// A problem of the whole file.
    pub(crate) fn error(&self, problem: impl Into<Problem>) -> SopsError {
        SopsError::of_file(&self.name, problem)
    }

    /// A problem of one node.
    pub(crate) fn error_at(&self, id: NodeId, problem: impl Into<Problem>) -> SopsError {
        let node = &self.layout.nodes[id as usize];
        SopsError { at: self.position(node.span.start), path: Some(self.layout.path(id)), ..self.error(problem) }
    }

    fn position(&self, offset: usize) -> Option<Position> {
        let bytes = self.bytes.expose();
        let text = std::str::from_utf8(bytes.get(..offset)?).ok()?;
        Some(self.moved(syntax::position(text, text.len())))
    }

    /// A place in this part as a place in the whole file.
    fn moved(&self, at: Position) -> Position {
        Position { line: at.line.saturating_add(self.lines_before), ..at }
    }
}

/// Reads bytes with the reader of a store.
pub(crate) fn read(store: Store, name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    match store {
        Store::Yaml => yaml::read(name, bytes),
        Store::Json => json::read(name, bytes),
        Store::Dotenv => dotenv::read(name, bytes),
        Store::Ini => ini::read(name, bytes),
        Store::Binary => binary::read(name, bytes),
    }
}

/// Writes documents in sops' own layout of a store.
pub(crate) fn emit(store: Store, name: &str, documents: &[Tree<Value>], indent: Option<u8>) -> Result<SecretBytes, SopsError> {
    match store {
        Store::Yaml => yaml::emit(name, documents, indent),
        Store::Json => json::emit(name, documents, indent),
        Store::Dotenv => dotenv::emit(name, documents),
        Store::Ini => ini::emit(name, documents),
        Store::Binary => binary::emit(name, documents),
    }
}
