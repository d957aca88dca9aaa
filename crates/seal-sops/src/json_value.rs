//! A JSON value given on a command line, as a value to set.

use seal_manifest::syntax::{self, Form as Shape, Style, Tree};
use seal_secret::SecretBytes;

use crate::number::{self, Whole};
use crate::{NewValue, Problem, SopsError, Type, Value};

/// What errors call the text.
const NAME: &str = "value";

impl NewValue {
    /// Reads a JSON value, as `sops set` takes it: whole numbers are `int`, others `float`.
    pub fn from_json(text: &SecretBytes) -> Result<NewValue, SopsError> {
        let refused = |problem| SopsError::of_file(NAME, problem);
        let text = std::str::from_utf8(text.expose()).map_err(|_| refused(Problem::NotUtf8))?;
        // The reader takes collections only.
        let wrapped = zeroize::Zeroizing::new(format!("[{text}]"));
        let documents = syntax::json(&wrapped).map_err(|failure| refused(Problem::of_manifest(&failure.problem)))?;
        match documents.as_slice() {
            [document] => match &document.root.form {
                Shape::List { items, .. } if items.len() == 1 => value(&items[0]).map_err(refused),
                _ => Err(refused(Problem::Syntax("JSON value"))),
            },
            _ => Err(refused(Problem::Syntax("JSON value"))),
        }
    }
}

fn value(tree: &Tree<'_>) -> Result<NewValue, Problem> {
    Ok(match &tree.form {
        Shape::List { items, .. } => NewValue::List(items.iter().map(value).collect::<Result<_, _>>()?),
        Shape::Map { pairs, .. } => {
            let entry = |(key, below): &(Tree<'_>, Tree<'_>)| match &key.form {
                Shape::Scalar { text: key, .. } => Ok((key.as_str().to_owned(), value(below)?)),
                _ => Err(Problem::Syntax("JSON value")),
            };
            NewValue::Map(pairs.iter().map(entry).collect::<Result<_, _>>()?)
        }
        Shape::Alias(_) => return Err(Problem::Syntax("JSON value")),
        Shape::Scalar { text, style: Style::Plain } => return plain(text.as_str()),
        Shape::Scalar { text, .. } => NewValue::Leaf(Value::text(text.as_str().to_owned())),
    })
}

fn plain(text: &str) -> Result<NewValue, Problem> {
    let leaf = |kind, text: String| Ok(NewValue::Leaf(Value { kind, bytes: text.into() }));
    match text {
        "null" => return Ok(NewValue::Null),
        "true" => return leaf(Type::Bool, "True".to_owned()),
        "false" => return leaf(Type::Bool, "False".to_owned()),
        _ => {}
    }
    match number::whole(text) {
        Whole::Fits(value) => leaf(Type::Int, value.to_string()),
        _ => {
            let value = number::parse_float(text).ok_or(Problem::Unsupported("a number that no 64-bit double holds"))?;
            leaf(Type::Float, number::float(value))
        }
    }
}
