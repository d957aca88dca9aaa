//! From what was read to what it means: scalars by kubectl's rules, aliases and merges expanded within a budget, duplicate keys refused.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use crate::scalar::{Resolved, canonical_json_number, float_key, resolve_plain};
use crate::tree::{Failure, Form, MAX_NODES, Style, Tag, Tree};
use crate::{Entry, Format, Kind, Node, Problem};

/// Bytes and nodes that aliases may add to a file (a node counts 64 bytes).
const MAX_ALIAS_BYTES: usize = 32 << 20;

/// Counts what a file costs over all its documents.
#[derive(Default)]
pub(crate) struct Budget {
    nodes: usize,
    alias_bytes: usize,
}

/// Resolves one document.
pub(crate) fn resolve(tree: &Tree<'_>, format: Format, budget: &mut Budget) -> Result<Node, Failure> {
    let mut resolver = Resolver { anchors: HashMap::new(), open: HashSet::new(), alias_depth: 0, format, budget };
    resolver.register(tree);
    resolver.node(tree, 0)
}

struct Resolver<'t, 'a, 'b> {
    anchors: HashMap<usize, &'t Tree<'a>>,
    open: HashSet<usize>,
    alias_depth: usize,
    format: Format,
    budget: &'b mut Budget,
}

impl<'t, 'a> Resolver<'t, 'a, '_> {
    fn register(&mut self, tree: &'t Tree<'a>) {
        if tree.anchor != 0 {
            self.anchors.insert(tree.anchor, tree);
        }
        match &tree.form {
            Form::List { items, .. } => items.iter().for_each(|item| self.register(item)),
            Form::Map { pairs, .. } => {
                for (key, value) in pairs {
                    self.register(key);
                    self.register(value);
                }
            }
            Form::Scalar { .. } | Form::Alias(_) => {}
        }
    }

    fn node(&mut self, tree: &'t Tree<'a>, depth: usize) -> Result<Node, Failure> {
        self.count(tree, depth)?;
        let kind = match &tree.form {
            Form::Scalar { text, style } => self.scalar(tree, text.as_str(), *style)?,
            Form::Alias(id) => {
                let mut node = self.alias(tree, *id, |this, target| this.node(target, depth + 1))?;
                node.at = tree.at;
                return Ok(node);
            }
            Form::List { items, .. } => {
                Kind::List(items.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Form::Map { pairs, .. } => Kind::Map(self.map(pairs, depth)?),
        };
        Ok(Node { kind, at: tree.at })
    }

    fn count(&mut self, tree: &Tree<'_>, depth: usize) -> Result<(), Failure> {
        self.budget.nodes += 1;
        if self.alias_depth > 0 {
            self.budget.alias_bytes += 64;
            if let Form::Scalar { text, .. } = &tree.form {
                self.budget.alias_bytes += text.as_str().len();
            }
        }
        let problem = if self.budget.nodes > MAX_NODES {
            "size"
        } else if self.budget.alias_bytes > MAX_ALIAS_BYTES {
            "alias"
        } else if depth > crate::tree::MAX_DEPTH {
            "depth"
        } else {
            return Ok(());
        };
        Err(Failure::new(tree.at, Problem::Budget(problem)))
    }

    fn alias<T>(
        &mut self,
        tree: &Tree<'_>,
        id: usize,
        visit: impl FnOnce(&mut Self, &'t Tree<'a>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let target = *self.anchors.get(&id).ok_or_else(|| Failure::new(tree.at, Problem::Syntax("YAML")))?;
        if !self.open.insert(id) {
            return Err(Failure::new(tree.at, Problem::NotJson("a value that contains itself")));
        }
        self.alias_depth += 1;
        let result = visit(self, target);
        self.alias_depth -= 1;
        self.open.remove(&id);
        result
    }

    fn map(&mut self, pairs: &'t [(Tree<'a>, Tree<'a>)], depth: usize) -> Result<Vec<Entry>, Failure> {
        let mut entries = Entries::with_capacity(pairs.len());
        for (key, value) in pairs {
            if self.format == Format::Yaml && is_merge(key) {
                self.merge(value, depth, &mut entries)?;
                continue;
            }
            let name = self.key(key)?;
            let value = self.node(value, depth + 1)?;
            if !entries.add(Entry { key: name.clone(), key_at: key.at, value }) {
                return Err(Failure::new(key.at, Problem::DuplicateKey(name)));
            }
        }
        Ok(entries.list)
    }

    /// Merges in the order kubectl does: a merge overrides what stands before it, keys after it override the merge.
    fn merge(&mut self, value: &'t Tree<'a>, depth: usize, entries: &mut Entries) -> Result<(), Failure> {
        self.count(value, depth)?;
        match &value.form {
            Form::Map { pairs, .. } => {
                for entry in self.map(pairs, depth + 1)? {
                    entries.merge(entry);
                }
                Ok(())
            }
            Form::Alias(id) => {
                let merged = self.alias(value, *id, |this, target| match &target.form {
                    Form::Map { pairs, .. } => this.map(pairs, depth + 1),
                    _ => Err(Failure::new(value.at, Problem::NotJson("a merge of something that is not a map"))),
                })?;
                for mut entry in merged {
                    entry.key_at = value.at;
                    entries.merge(entry);
                }
                Ok(())
            }
            Form::List { items, .. } => {
                for item in items.iter().rev() {
                    if matches!(item.form, Form::List { .. }) {
                        return Err(Failure::new(item.at, Problem::NotJson("a merge of something that is not a map")));
                    }
                    self.merge(item, depth + 1, entries)?;
                }
                Ok(())
            }
            Form::Scalar { .. } => Err(Failure::new(value.at, Problem::NotJson("a merge of something that is not a map"))),
        }
    }

    /// A key as kubectl's JSON has it: `yes` is `true`, `0644` is `420`, null is refused.
    fn key(&mut self, tree: &'t Tree<'a>) -> Result<String, Failure> {
        let refuse = |what| Err(Failure::new(tree.at, Problem::NotJson(what)));
        match &tree.form {
            Form::Scalar { text, style } => match self.scalar(tree, text.as_str(), *style)? {
                Kind::Null => refuse("a null key"),
                Kind::Bool(value) => Ok(value.to_string()),
                Kind::Number(number) if is_integer(&number) && !is_float_spelling(tree, text.as_str()) => Ok(number),
                Kind::Number(number) => Ok(float_key(&number)),
                Kind::Text(text) => Ok(String::from_utf8_lossy(text.expose()).into_owned()),
                Kind::List(_) | Kind::Map(_) => refuse("a key that is not a scalar"),
            },
            Form::Alias(id) => self.alias(tree, *id, |this, target| this.key(target)),
            Form::List { .. } | Form::Map { .. } => refuse("a key that is not a scalar"),
        }
    }

    fn scalar(&self, tree: &Tree<'_>, text: &str, style: Style) -> Result<Kind, Failure> {
        scalar_kind(text, style, tree.tag, self.format).map_err(|problem| Failure::new(tree.at, problem))
    }
}

/// `1.0` is an integer's text once canonical, but a double to kubectl; only keys can tell the difference, and only for large ones.
fn is_float_spelling(tree: &Tree<'_>, text: &str) -> bool {
    tree.tag == Some(Tag::Float) || text.contains('.') || (text.contains(['e', 'E']) && !text.contains(['x', 'X']))
}

fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e'])
}

/// A key that asks for a merge: plain or tagged `<<`.
pub(crate) fn is_merge(key: &Tree<'_>) -> bool {
    matches!(&key.form, Form::Scalar { text, style }
        if text.as_str() == "<<" && (key.tag == Some(Tag::Merge) || (*style == Style::Plain && key.tag.is_none())))
}

/// The name of a scalar key, when it has one.
pub(crate) fn key_name(key: &Tree<'_>, format: Format) -> Option<String> {
    let mut budget = Budget::default();
    Resolver { anchors: HashMap::new(), open: HashSet::new(), alias_depth: 0, format, budget: &mut budget }.key(key).ok()
}

/// A scalar's value, when its tag allows it.
pub(crate) fn resolve_scalar(text: &str, style: Style, tag: Option<Tag>, format: Format) -> Option<Kind> {
    scalar_kind(text, style, tag, format).ok()
}

fn scalar_kind(text: &str, style: Style, tag: Option<Tag>, format: Format) -> Result<Kind, Problem> {
    let as_text = || Kind::Text(SecretBytes::from(text.to_owned()));
    if format == Format::Json {
        return match (style, text) {
            (Style::Plain, "null") => Ok(Kind::Null),
            (Style::Plain, "true") => Ok(Kind::Bool(true)),
            (Style::Plain, "false") => Ok(Kind::Bool(false)),
            (Style::Plain, number) => number_kind(canonical_json_number(number)),
            _ => Ok(as_text()),
        };
    }
    let resolved = match tag {
        None if style == Style::Plain => resolve_plain(text),
        None | Some(Tag::Str | Tag::Other | Tag::Merge) => return Ok(as_text()),
        Some(Tag::Binary) => return binary(text),
        Some(_) => resolve_plain(text),
    };
    let kind = match resolved {
        Resolved::Text => as_text(),
        Resolved::Null => Kind::Null,
        Resolved::Bool(value) => Kind::Bool(value),
        number => number_kind(number)?,
    };
    let fits = match (tag, &kind) {
        (Some(Tag::Bool), kind) => matches!(kind, Kind::Bool(_)),
        (Some(Tag::Int), Kind::Number(number)) => is_integer(number) && !text.contains('.'),
        (Some(Tag::Float), kind) => matches!(kind, Kind::Number(_)),
        (Some(Tag::Null), kind) => matches!(kind, Kind::Null),
        (Some(Tag::Timestamp), kind) => matches!(kind, Kind::Text(_)),
        (Some(Tag::Int), _) => false,
        _ => true,
    };
    if fits { Ok(kind) } else { Err(Problem::NotJson("a value that its tag does not allow")) }
}

fn number_kind(resolved: Resolved) -> Result<Kind, Problem> {
    match resolved {
        Resolved::Number(number) => Ok(Kind::Number(number)),
        _ => Err(Problem::NotJson("an infinite number")),
    }
}

fn binary(text: &str) -> Result<Kind, Problem> {
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect());
    let bytes = Zeroizing::new(STANDARD.decode(&packed).map_err(|_| Problem::NotJson("a !!binary value that is not base64"))?);
    if std::str::from_utf8(&bytes).is_err() {
        return Err(Problem::NotJson("a !!binary value that is not text"));
    }
    Ok(Kind::Text(SecretBytes::from(bytes)))
}

/// Entries under construction. A hash set only past the size where walking the list costs more.
struct Entries {
    list: Vec<Entry>,
    merged: Vec<bool>,
    index: HashMap<String, usize>,
}

impl Entries {
    fn with_capacity(n: usize) -> Entries {
        Entries { list: Vec::with_capacity(n), merged: Vec::with_capacity(n), index: HashMap::new() }
    }
    fn find(&mut self, key: &str) -> Option<usize> {
        if self.list.len() < 16 {
            return self.list.iter().position(|entry| entry.key == key);
        }
        for at in self.index.len()..self.list.len() {
            self.index.insert(self.list[at].key.clone(), at);
        }
        self.index.get(key).copied()
    }
    fn push(&mut self, entry: Entry, merged: bool) {
        self.list.push(entry);
        self.merged.push(merged);
    }
    /// False when the key was written before in this very mapping.
    fn add(&mut self, entry: Entry) -> bool {
        match self.find(&entry.key) {
            None => self.push(entry, false),
            Some(at) if self.merged[at] => {
                self.list[at] = entry;
                self.merged[at] = false;
            }
            Some(_) => return false,
        }
        true
    }
    fn merge(&mut self, entry: Entry) {
        match self.find(&entry.key) {
            None => self.push(entry, true),
            Some(at) => self.list[at] = entry,
        }
    }
}
