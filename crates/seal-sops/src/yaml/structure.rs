//! Keys and elements that come or go: seal-manifest edits lines, this says where and what.

use seal_manifest::{Edit, Entry, Kind, ManifestFile, New as Written, Node as Tree, Position, Segment as Step};
use seal_secret::SecretBytes;

use crate::layout::{Changes, Layout, Name, New, NodeId, Tree as Value};
use crate::{Problem, Segment, SopsError, Type};

/// The reader that moves lines has the whole file read as kubectl reads it.
const UNCLEAR: Problem = Problem::Unsupported(
    "YAML readers disagree about this (an infinite number, an odd anchor or merge), so no key can come or go in place: put it in quotes, or use edit",
);

/// Removes and adds nodes in a text whose values have been changed already.
pub(crate) fn edit(name: &str, text: SecretBytes, layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let file = ManifestFile::parse(name, text).map_err(|error| match error.problem {
        seal_manifest::Problem::NotJson(_) => SopsError { at: Some(error.at), ..SopsError::of_file(name, UNCLEAR) },
        problem => refused(name, problem),
    })?;
    let mut edits = Vec::new();
    for id in changes.removed.iter().rev() {
        edits.push((layout.document_of(*id), Edit::Remove { path: steps(layout, *id, None) }));
    }
    for (parent, key, value) in &changes.inserts {
        let value = tree(value).ok_or_else(|| refused(name, seal_manifest::Problem::CannotEdit("a value that is not text")))?;
        edits.push((
            layout.document_of(*parent),
            Edit::Set { path: steps(layout, *parent, Some(key)), value: Written::Tree(value) },
        ));
    }
    file.edit(&edits).map_err(|error| refused(name, error.problem))
}

fn refused(name: &str, problem: seal_manifest::Problem) -> SopsError {
    SopsError::of_file(name, Problem::of_manifest(&problem))
}

fn steps(layout: &Layout, id: NodeId, last: Option<&Name>) -> Vec<Step> {
    let mut steps: Vec<Step> = layout
        .path(id)
        .0
        .into_iter()
        .map(|segment| match segment {
            Segment::Key(key) => Step::Key(key),
            Segment::Index(index) => Step::Index(index),
        })
        .collect();
    match last {
        Some(Name::Key(key)) => steps.push(Step::Key(key.to_string())),
        Some(Name::Item(index)) => steps.push(Step::Index(*index as usize)),
        _ => {}
    }
    steps
}

fn tree(value: &Value<New>) -> Option<Tree> {
    let kind = match value {
        Value::Null | Value::Comment(_) => Kind::Null,
        Value::Leaf(New::Sealed(text)) => Kind::Text(text.clone().into()),
        Value::Leaf(New::Clear(value)) => {
            let text = std::str::from_utf8(value.bytes.expose()).ok()?;
            match value.kind {
                Type::Bool => Kind::Bool(text == "True"),
                Type::Int => Kind::Number(text.to_owned()),
                Type::Float if text.contains('.') => Kind::Number(text.to_owned()),
                Type::Float => Kind::Number(format!("{text}.0")),
                _ => Kind::Text(value.bytes.clone()),
            }
        }
        Value::List(items) => Kind::List(items.iter().map(tree).collect::<Option<_>>()?),
        Value::Map(entries) => {
            let entry = |(key, value): &(String, Value<New>)| {
                Some(Entry { key: key.clone(), key_at: Position::default(), value: tree(value)? })
            };
            Kind::Map(entries.iter().map(entry).collect::<Option<_>>()?)
        }
    };
    Some(Tree { kind, at: Position::default() })
}
