//! Prints a JSON value as YAML: maps in the order of their keys, every text in quotes that could be anything else.

use serde_json::Value;
use std::fmt::Write;

const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// The value as a YAML document.
pub(super) fn print(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0, false);
    out
}

/// Writes lines. `inline`: the first line continues one that is begun.
fn block(out: &mut String, value: &Value, indent: usize, inline: bool) {
    let pad = |first: bool| if first && inline { String::new() } else { " ".repeat(indent) };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            for (at, key) in keys.into_iter().enumerate() {
                let _ = write!(out, "{}{}:", pad(at == 0), text(key));
                member(out, &map[key], indent);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (at, item) in list.iter().enumerate() {
                let _ = write!(out, "{}- ", pad(at == 0));
                block(out, item, indent + 2, true);
            }
        }
        other => {
            let _ = writeln!(out, "{}{}", pad(true), scalar(other));
        }
    }
}

/// What follows a key: on its line, or on the next ones.
fn member(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(out, value, indent + 2, false);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(out, value, indent, false);
        }
        other => {
            let _ = writeln!(out, " {}", scalar(other));
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(plain) => text(plain),
        other => other.to_string(),
    }
}

fn text(plain: &str) -> String {
    let simple = plain.starts_with(|c: char| c.is_ascii_alphabetic())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !RESERVED.contains(&plain.to_ascii_lowercase().as_str());
    if simple { plain.to_owned() } else { Value::from(plain).to_string() }
}
