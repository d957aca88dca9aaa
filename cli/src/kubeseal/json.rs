//! JSON as kubeseal prints it, to the byte: two-space indent, order as given, `<`, `>` and `&` escaped as Go does.

use seal_manifest::{Kind, Node};
use seal_secret::SecretBytes;

/// Prints one document with a final newline.
pub fn to_json(node: &Node) -> SecretBytes {
    let mut out = String::with_capacity(node.to_json().len() * 2 + 256);
    value(&mut out, node, 0);
    out.push('\n');
    out.into()
}

fn value(out: &mut String, node: &Node, depth: usize) {
    match &node.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(number),
        Kind::Text(text) => string(out, std::str::from_utf8(text.expose()).expect("a text node holds UTF-8")),
        Kind::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Kind::List(elements) if elements.is_empty() => out.push_str("[]"),
        Kind::Map(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                line(out, index, depth + 1);
                string(out, &entry.key);
                out.push_str(": ");
                value(out, &entry.value, depth + 1);
            }
            close(out, depth, '}');
        }
        Kind::List(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                line(out, index, depth + 1);
                value(out, element, depth + 1);
            }
            close(out, depth, ']');
        }
    }
}

fn line(out: &mut String, index: usize, depth: usize) {
    if index > 0 {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn close(out: &mut String, depth: usize, bracket: char) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
    out.push(bracket);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::to_json;
    use seal_manifest::Node;

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        let node = Node::from_json(
            &serde_json::json!({"a": "<&>\u{1}\u{2028}\n\"\\\u{7f}\u{8}", "b": [], "c": {}, "d": [1, {"x": null}]}),
        );
        let expected = "{\n  \"a\": \"\\u003c\\u0026\\u003e\\u0001\\u2028\\n\\\"\\\\\u{7f}\\b\",\n  \"b\": [],\n  \"c\": {},\n  \"d\": [\n    1,\n    {\n      \"x\": null\n    }\n  ]\n}\n";
        assert_eq!(to_json(&node).expose(), expected.as_bytes());
    }
}
