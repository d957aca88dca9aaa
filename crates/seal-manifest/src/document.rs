//! Files of one or more documents: multi-document YAML, JSON, concatenated JSON.

use seal_secret::SecretBytes;

use crate::locate::Site;
use crate::output::Output;
use crate::resolve::Budget;
use crate::splice::{Batch, Splice};
use crate::tree::{Failure, MAX_BYTES, RawDocument, position};
use crate::{Edit, ManifestError, Node, Position, Problem, json_read, model, plan, resolve, second, yaml_read};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, one or more documents.
    Yaml,
    /// JSON, one or more concatenated values (also `---` separated).
    Json,
}

/// One document of a file.
#[derive(Clone)]
pub struct Document {
    /// The resolved tree. Empty documents are dropped, so this is never the tree of nothing.
    pub root: Node,
    /// Byte range of the document in the file, separators excluded.
    pub span: std::ops::Range<usize>,
    /// Written as JSON or YAML (a YAML file may hold a JSON document: flow style counts as YAML).
    pub format: Format,
}

/// A parsed file: the untouched bytes beside the documents read from them.
#[derive(Clone)]
pub struct ManifestFile {
    /// What to call it in messages (`-` for standard input).
    pub name: String,
    /// Documents in file order.
    pub documents: Vec<Document>,
    bytes: SecretBytes,
}

impl ManifestFile {
    /// Parses UTF-8 (BOM allowed, CRLF allowed). Duplicate keys, bad syntax, non-UTF-8 and budgets exceeded are errors with line and column.
    /// An empty file has zero documents.
    pub fn parse(name: &str, bytes: impl Into<SecretBytes>) -> Result<ManifestFile, ManifestError> {
        let bytes = bytes.into();
        let documents = read_all(bytes.expose()).map_err(|failure| error(name, failure))?;
        Ok(ManifestFile { name: name.to_owned(), documents, bytes })
    }

    /// The bytes as read.
    pub fn bytes(&self) -> &SecretBytes {
        &self.bytes
    }

    /// Applies edits to documents by index and gives the new bytes. Everything not named stays byte for byte: comments, order, quotes,
    /// CRLF, BOM, final newline. The result is read again and compared with the expected tree before it is returned.
    pub fn edit(&self, edits: &[(usize, Edit)]) -> Result<SecretBytes, ManifestError> {
        let text = std::str::from_utf8(self.bytes.expose()).expect("parse has checked this");
        let mut expected: Vec<Option<Node>> = vec![None; self.documents.len()];
        let mut by_document: Vec<Vec<&Edit>> = vec![Vec::new(); self.documents.len()];
        for (index, edit) in edits {
            let Some(document) = self.documents.get(*index) else {
                let problem = Problem::NoSuchField(format!("document {index}"));
                return Err(error(&self.name, Failure::new(Position { line: 1, column: 1 }, problem)));
            };
            let root = expected[*index].get_or_insert_with(|| document.root.clone());
            model::apply(root, edit).map_err(|problem| self.refusal(document, edit, problem))?;
            by_document[*index].push(edit);
        }
        let mut batch = Batch::default();
        for (document, edits) in self.documents.iter().zip(&by_document) {
            if !edits.is_empty() {
                let new = self.edit_document(text, document, edits)?;
                batch.add(vec![Splice::new(document.span.clone(), new)]);
            }
        }
        let edited = batch.apply(text).finish();
        self.check(&edited, &expected)?;
        Ok(edited)
    }

    fn edit_document(&self, text: &str, document: &Document, edits: &[&Edit]) -> Result<Output, ManifestError> {
        let part = &text[document.span.clone()];
        if has_bare_return(part) {
            return Err(self.refusal(
                document,
                edits[0],
                Problem::CannotEdit("a document with carriage returns for line breaks"),
            ));
        }
        let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        let mid_line = document.span.start > 0 && !text[..document.span.start].ends_with(['\n', '\u{feff}']);
        let mut current = Output::default();
        current.push(part);
        let mut left = edits.to_vec();
        while !left.is_empty() {
            let waiting = self.wave(document, current.text(), &mut left, mid_line, crlf)?;
            current = waiting.apply(current.text());
        }
        Ok(current)
    }

    /// Plans all edits that stay clear of one another; the others are left for the next wave.
    fn wave(
        &self,
        document: &Document,
        text: &str,
        edits: &mut Vec<&Edit>,
        mid_line: bool,
        crlf: bool,
    ) -> Result<Batch, ManifestError> {
        let trees = match document.format {
            Format::Json => json_read::read(text),
            Format::Yaml => yaml_read::read(text),
        };
        let cannot = |edit: &Edit| self.refusal(document, edit, Problem::CannotEdit("a document that does not stand alone"));
        let [tree] = trees.as_deref().map_err(|_| cannot(edits[0]))? else { return Err(cannot(edits[0])) };
        let site = Site::new(text, &tree.root, document.format, mid_line, crlf);
        let mut batch = Batch::default();
        let mut moved: Vec<&Edit> = Vec::new();
        let mut left: Vec<&Edit> = Vec::new();
        for edit in edits.iter() {
            let waits = left.iter().chain(&moved).any(|earlier| edit.depends_on(earlier));
            let done = !waits
                && match plan::plan(&site, edit) {
                    Ok(splices) => batch.add(splices),
                    Err(problem) if batch.is_empty() && left.is_empty() => return Err(self.refusal(document, edit, problem)),
                    Err(_) => false,
                };
            if !done {
                left.push(edit);
            } else if !matches!(edit, Edit::Set { .. }) {
                moved.push(edit);
            }
        }
        *edits = left;
        Ok(batch)
    }

    fn refusal(&self, document: &Document, edit: &Edit, problem: Problem) -> ManifestError {
        error(&self.name, Failure::new(model::nearest(&document.root, edit.path()), problem))
    }

    /// Reads the result again: the edited documents as expected, all others as they were.
    fn check(&self, edited: &SecretBytes, expected: &[Option<Node>]) -> Result<(), ManifestError> {
        let fail = || error(&self.name, Failure::new(Position { line: 1, column: 1 }, Problem::ReadBack));
        let documents = read_all(edited.expose()).map_err(|_| fail())?;
        let same = documents.len() == expected.len()
            && documents
                .iter()
                .zip(expected)
                .zip(&self.documents)
                .all(|((new, expected), old)| new.root.means_the_same(expected.as_ref().unwrap_or(&old.root)));
        let mut changed = documents.iter().zip(expected).zip(&self.documents).filter(|((_, expected), _)| expected.is_some());
        if same && changed.all(|((new, _), old)| self.second_reader_follows(old, new, edited)) { Ok(()) } else { Err(fail()) }
    }

    /// Where the second reader saw the old document as the first one did, it must see the new one so too.
    fn second_reader_follows(&self, old: &Document, new: &Document, edited: &SecretBytes) -> bool {
        if second::holds_secret(&old.root) || second::holds_secret(&new.root) {
            return true;
        }
        let agrees = |bytes: &SecretBytes, document: &Document| {
            let text = std::str::from_utf8(&bytes.expose()[document.span.clone()]).expect("read_all has checked this");
            second::agrees(text, document.format, &document.root)
        };
        !agrees(&self.bytes, old) || agrees(edited, new)
    }
}

/// A carriage return that no line feed follows: YAML breaks lines there, editors and Git do not.
fn has_bare_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
}

fn error(name: &str, failure: Failure) -> ManifestError {
    ManifestError { file: name.to_owned(), at: failure.at, problem: failure.problem }
}

fn read_all(bytes: &[u8]) -> Result<Vec<Document>, Failure> {
    if bytes.len() > MAX_BYTES {
        return Err(Failure::new(Position { line: 1, column: 1 }, Problem::Budget("size")));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(bad) => {
            let valid = std::str::from_utf8(&bytes[..bad.valid_up_to()]).unwrap_or_default();
            return Err(Failure::new(position(valid, valid.len()), Problem::NotUtf8));
        }
    };
    let (format, raw) = read_trees(text)?;
    let mut budget = Budget::default();
    raw.iter()
        .map(|raw| Ok(Document { root: resolve::resolve(&raw.root, format, &mut budget)?, span: raw.span.clone(), format }))
        .collect()
}

/// JSON when it is JSON; what only looks like it may still be YAML's flow style.
fn read_trees(text: &str) -> Result<(Format, Vec<RawDocument<'_>>), Failure> {
    if !json_read::looks_like_json(text) {
        return Ok((Format::Yaml, yaml_read::read(text)?));
    }
    match json_read::read(text) {
        Ok(raw) => Ok((Format::Json, raw)),
        Err(json) if matches!(json.problem, Problem::Budget(_)) => Err(json),
        Err(json) => match yaml_read::read(text) {
            Ok(raw) => Ok((Format::Yaml, raw)),
            Err(yaml) if matches!(yaml.problem, Problem::Budget(_)) => Err(yaml),
            Err(_) => Err(json),
        },
    }
}
