//! From what was read to what it means: scalars by kubectl's rules, aliases and merges expanded within a budget, duplicate keys refused.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use crate::scalar::{Resolved, canonical_json_number, double_key, format_double, resolve_plain};
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
        let fail = |problem| Err(Failure::new(tree.at, problem));
        match &tree.form {
            Form::Scalar { text, style } => match scalar_value(text.as_str(), *style, tree.tag, self.format) {
                Ok(Scalar::Null) => fail(Problem::NotJson("a null key")),
                Ok(Scalar::Bool(value)) => Ok(value.to_string()),
                Ok(Scalar::Integer(number)) if number.parse::<i64>().is_err() => fail(Problem::NotJson("a key of this size")),
                Ok(Scalar::Integer(number)) => Ok(number),
                Ok(Scalar::Double(value)) => Ok(double_key(value)),
                Ok(Scalar::Text(text)) => Ok(String::from_utf8_lossy(text.expose()).into_owned()),
                Err(problem) => fail(problem),
            },
            Form::Alias(id) => self.alias(tree, *id, |this, target| this.key(target)),
            Form::List { .. } | Form::Map { .. } => fail(Problem::NotJson("a key that is not a scalar")),
        }
    }

    fn scalar(&self, tree: &Tree<'_>, text: &str, style: Style) -> Result<Kind, Failure> {
        scalar_kind(text, style, tree.tag, self.format).map_err(|problem| Failure::new(tree.at, problem))
    }
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
    Ok(match scalar_value(text, style, tag, format)? {
        Scalar::Null => Kind::Null,
        Scalar::Bool(value) => Kind::Bool(value),
        Scalar::Integer(number) => Kind::Number(number),
        Scalar::Double(value) if value.is_finite() => Kind::Number(format_double(value)),
        Scalar::Double(_) => return Err(Problem::NotJson("an infinite number")),
        Scalar::Text(text) => Kind::Text(text),
    })
}

/// A scalar's value before it must fit JSON.
enum Scalar {
    Null,
    Bool(bool),
    Integer(String),
    Double(f64),
    Text(SecretBytes),
}

fn scalar_value(text: &str, style: Style, tag: Option<Tag>, format: Format) -> Result<Scalar, Problem> {
    let resolved = match (format, style, tag) {
        (Format::Json, Style::Plain, _) => match text {
            "null" => Resolved::Null,
            "true" => Resolved::Bool(true),
            "false" => Resolved::Bool(false),
            number => canonical_json_number(number),
        },
        (Format::Yaml, Style::Plain, None) => resolve_plain(text),
        (Format::Yaml, _, Some(Tag::Binary)) => return binary(text).map(Scalar::Text),
        (Format::Yaml, _, Some(Tag::Bool | Tag::Int | Tag::Float | Tag::Null | Tag::Timestamp)) => resolve_plain(text),
        _ => Resolved::Text,
    };
    let fits = match tag {
        Some(Tag::Bool) => matches!(resolved, Resolved::Bool(_)),
        Some(Tag::Int) => matches!(resolved, Resolved::Integer(_)),
        Some(Tag::Float) => matches!(resolved, Resolved::Integer(_) | Resolved::Double(_)),
        Some(Tag::Null) => matches!(resolved, Resolved::Null),
        Some(Tag::Timestamp) => matches!(resolved, Resolved::Text),
        _ => true,
    };
    if !fits {
        return Err(Problem::NotJson("a value that its tag does not allow"));
    }
    Ok(match resolved {
        Resolved::Null => Scalar::Null,
        Resolved::Bool(value) => Scalar::Bool(value),
        Resolved::Integer(number) if tag == Some(Tag::Float) => Scalar::Double(number.parse().unwrap_or(f64::NAN)),
        Resolved::Integer(number) => Scalar::Integer(number),
        Resolved::Double(value) => Scalar::Double(value),
        Resolved::Text => Scalar::Text(SecretBytes::from(text.to_owned())),
    })
}

fn binary(text: &str) -> Result<SecretBytes, Problem> {
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect());
    let bytes = Zeroizing::new(STANDARD.decode(&packed).map_err(|_| Problem::NotJson("a !!binary value that is not base64"))?);
    if std::str::from_utf8(&bytes).is_err() {
        return Err(Problem::NotJson("a !!binary value that is not text"));
    }
    Ok(SecretBytes::from(bytes))
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
