//! YAML by way of JSON, as `sigs.k8s.io/yaml` has it: keys sorted, numbers are floats when read.
//!
//! What is written reads back as the same value in any YAML version; where Go's writer leaves quotes out or folds lines, ours may not.

use crate::call::{Answer, Call, Function, Is};
use crate::error::Problem;
use crate::functions::json;
use crate::value::{Entries, Value};
use seal_manifest::{Entry, Kind, ManifestFile, Node, Position, to_yaml};
use seal_secret::SecretBytes;

pub(super) const ALL: &[Function] = &[Function::new("toYaml", &[Is::Any], write), Function::new("fromYaml", &[Is::Text], read)];

/// What stands under `Error` when a text cannot be read: the same for every text, since the reader's own words may quote it.
const NOT_YAML: &str = "error converting YAML to JSON: this is not a YAML mapping";

fn write(call: &mut Call<'_, '_>) -> Answer {
    // What JSON cannot hold is the empty string.
    let Some(json) = json::compact(call.any(0))? else { return call.answer("") };
    let Ok(value) = serde_json::from_str(&json) else { return call.answer("") };
    call.budget.make(json.len().saturating_mul(2))?;
    let text = to_yaml(&node(&value));
    let text = text.expose();
    call.answer(text.strip_suffix(b"\n").unwrap_or(text))
}

fn node(json: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let kind = match json {
        Json::Null => Kind::Null,
        Json::Bool(value) => Kind::Bool(*value),
        Json::Number(number) => Kind::Number(number.to_string()),
        Json::String(text) => return Node::text(text.clone()),
        Json::Array(items) => Kind::List(items.iter().map(node).collect()),
        Json::Object(entries) => {
            let entry =
                |(key, value): (&String, &Json)| Entry { key: key.clone(), key_at: Position::default(), value: node(value) };
            Kind::Map(entries.iter().map(entry).collect())
        }
    };
    Node { kind, at: Position::default() }
}

fn read(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(0);
    call.budget.make(text.len().saturating_mul(8))?;
    let unreadable = || {
        let entries: Entries = [(b"Error".as_slice().into(), Value::text(NOT_YAML))].into_iter().collect();
        Ok(Value::map(entries))
    };
    let Ok(file) = ManifestFile::parse("text", SecretBytes::from(text.to_vec())) else { return unreadable() };
    match file.documents.first().map(|document| &document.root.kind) {
        None | Some(Kind::Null) => Ok(Value::map(Entries::new())),
        Some(Kind::Map(entries)) => Ok(Value::map(entries_of(call, entries, 0)?)),
        Some(_) => unreadable(),
    }
}

/// Levels of nesting that are read.
const DEPTH: usize = 200;

fn entries_of(call: &mut Call<'_, '_>, entries: &[Entry], depth: usize) -> Result<Entries, Problem> {
    let mut all = Entries::new();
    for entry in entries {
        let value = value_of(call, &entry.value, depth + 1)?;
        all.insert(entry.key.as_bytes().into(), value);
    }
    Ok(all)
}

fn value_of(call: &mut Call<'_, '_>, node: &Node, depth: usize) -> Result<Value, Problem> {
    if depth > DEPTH {
        return Err(Problem::Limit("depth"));
    }
    // A node that is named in many places is there as often.
    call.budget.step()?;
    Ok(match &node.kind {
        Kind::Null => Value::Nil,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(number) => Value::Float(number.parse().unwrap_or(0.0)),
        Kind::Text(text) => Value::text(text.expose()),
        Kind::List(items) => {
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                all.push(value_of(call, item, depth + 1)?);
            }
            Value::list(all)
        }
        Kind::Map(entries) => Value::map(entries_of(call, entries, depth)?),
    })
}

#[cfg(test)]
mod tests {
    use crate::tests::external;

    #[test]
    fn what_is_written_reads_back_and_what_cannot_be_read_says_so_without_the_text() {
        for (template, text) in [
            (r#"{{ dict "b" 1 "a" (list "x" nil true 1.5) | toYaml }}"#, "a:\n- x\n- null\n- true\n- 1.5\nb: 1"),
            (r#"{{ toYaml "yes" }}"#, "\"yes\""),
            (r#"{{ toYaml (dict) }}"#, "{}"),
            (r#"{{ (fromYaml "a:\n  b: 012\n  c: yes\n").a }}"#, "map[b:10 c:true]"),
            (r#"{{ fromYaml "a: 5" | toJson }}"#, r#"{"a":5}"#),
            (r#"{{ fromYaml "" }}"#, "map[]"),
            (r#"{{ fromYaml "- a" }}"#, "map[Error:error converting YAML to JSON: this is not a YAML mapping]"),
            (r#"{{ fromYaml "a: {{ canary" }}"#, "map[Error:error converting YAML to JSON: this is not a YAML mapping]"),
            (r#"{{ dict "k" "a: b\n# c" | toYaml | fromYaml | toJson }}"#, r##"{"k":"a: b\n# c"}"##),
        ] {
            assert_eq!(external(template), text, "{template}");
        }
    }
}
