//! YAML as kubeseal prints it, to the byte: sorted keys, indentless sequences, folding at 80 columns.
//!
//! Files that kubeseal wrote yesterday must not change their looks today, so this follows the layout of the Go printer the tool uses.
//! New documents of our own verbs are printed by `seal_manifest`.

use super::yaml_scalar::{Style, style_of};
use seal_manifest::{Entry, Kind, Node};
use seal_secret::SecretBytes;
use std::cmp::Ordering;
use zeroize_on_drop::Text;

/// Column after which a space becomes a line break.
const WIDTH: usize = 80;

mod zeroize_on_drop {
    //! The growing output: wiped when it is handed over or dropped.
    use seal_secret::SecretBytes;

    /// Text and the column of its end.
    pub struct Text {
        text: String,
        pub column: usize,
    }

    impl Text {
        /// Reserves generously, so that the buffer is rarely moved.
        pub fn with_capacity(bytes: usize) -> Self {
            Text { text: String::with_capacity(bytes), column: 0 }
        }
        pub fn push(&mut self, c: char) {
            self.text.push(c);
            self.column = if c == '\n' { 0 } else { self.column + 1 };
        }
        pub fn push_str(&mut self, text: &str) {
            text.chars().for_each(|c| self.push(c));
        }
        /// Ends the line and indents the next.
        pub fn new_line(&mut self, indent: usize) {
            self.push('\n');
            (0..indent).for_each(|_| self.push(' '));
        }
        pub fn finish(self) -> SecretBytes {
            self.text.into()
        }
    }
}

/// Prints one document, without the leading `---`. Text that is not UTF-8 cannot occur: nodes hold UTF-8.
pub fn to_yaml(node: &Node) -> SecretBytes {
    let mut out = Text::with_capacity(node.to_json().len() * 2 + 256);
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => mapping(&mut out, entries, 0, false),
        Kind::List(elements) if !elements.is_empty() => sequence(&mut out, elements, 0),
        _ => scalar(&mut out, node, 0),
    }
    out.push('\n');
    out.finish()
}

/// `at_once` when the first key stands on the current line (after `- `).
fn mapping(out: &mut Text, entries: &[Entry], indent: usize, at_once: bool) {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| key_order(&a.key, &b.key));
    for (index, entry) in sorted.into_iter().enumerate() {
        if index > 0 || (!at_once && out.column > 0) {
            out.new_line(indent);
        }
        key(out, &entry.key, indent);
        match &entry.value.kind {
            Kind::Map(inner) if !inner.is_empty() => {
                out.new_line(indent + 2);
                mapping(out, inner, indent + 2, true);
            }
            Kind::List(inner) if !inner.is_empty() => {
                out.new_line(indent);
                sequence(out, inner, indent);
            }
            _ => {
                out.push(' ');
                scalar(out, &entry.value, indent + 2);
            }
        }
    }
}

fn sequence(out: &mut Text, elements: &[Node], indent: usize) {
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.new_line(indent);
        }
        out.push_str("- ");
        match &element.kind {
            Kind::Map(inner) if !inner.is_empty() => mapping(out, inner, indent + 2, true),
            Kind::List(inner) if !inner.is_empty() => sequence(out, inner, indent + 2),
            _ => scalar(out, element, indent + 2),
        }
    }
}

fn key(out: &mut Text, key: &str, indent: usize) {
    let long = key.len() > 128 || key.contains('\n');
    if long {
        out.push_str("? ");
    }
    match style_of(key, true) {
        Style::Plain => out.push_str(key),
        Style::Single => single(out, key, None),
        Style::Double | Style::Literal => double(out, key, None),
    }
    if long {
        out.new_line(indent);
    }
    out.push(':');
}

fn scalar(out: &mut Text, node: &Node, indent: usize) {
    match &node.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(number),
        Kind::Map(_) => out.push_str("{}"),
        Kind::List(_) => out.push_str("[]"),
        Kind::Text(text) => {
            let text = std::str::from_utf8(text.expose()).expect("a text node holds UTF-8");
            match style_of(text, false) {
                Style::Plain => plain(out, text, indent),
                Style::Single => single(out, text, Some(indent)),
                Style::Double => double(out, text, Some(indent)),
                Style::Literal => literal(out, text, indent),
            }
        }
    }
}

fn plain(out: &mut Text, text: &str, indent: usize) {
    let mut after_space = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ' ' && !after_space && out.column > WIDTH && chars.peek() != Some(&' ') {
            out.new_line(indent);
        } else {
            out.push(c);
        }
        after_space = c == ' ';
    }
}

fn single(out: &mut Text, text: &str, fold: Option<usize>) {
    out.push('\'');
    let mut after_space = false;
    let mut chars = text.chars().enumerate().peekable();
    while let Some((index, c)) = chars.next() {
        match (c, fold, chars.peek()) {
            (' ', Some(indent), Some((_, next))) if !after_space && out.column > WIDTH && index > 0 && *next != ' ' => {
                out.new_line(indent)
            }
            ('\'', ..) => out.push_str("''"),
            _ => out.push(c),
        }
        after_space = c == ' ';
    }
    out.push('\'');
}

fn double(out: &mut Text, text: &str, fold: Option<usize>) {
    out.push('"');
    let mut after_space = false;
    let mut chars = text.chars().enumerate().peekable();
    while let Some((index, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match (c, fold, next) {
            (' ', Some(indent), Some(next)) if !after_space && out.column > WIDTH && index > 0 => {
                out.new_line(indent);
                if next == ' ' {
                    out.push('\\');
                }
            }
            _ => escaped(out, c),
        }
        after_space = c == ' ';
    }
    out.push('"');
}

fn escaped(out: &mut Text, c: char) {
    if c != '"' && c != '\\' && c != '\n' && super::yaml_scalar::printable(c) {
        return out.push(c);
    }
    out.push('\\');
    match c {
        '\0' => out.push('0'),
        '\u{7}' => out.push('a'),
        '\u{8}' => out.push('b'),
        '\t' => out.push('t'),
        '\n' => out.push('n'),
        '\u{b}' => out.push('v'),
        '\u{c}' => out.push('f'),
        '\r' => out.push('r'),
        '\u{1b}' => out.push('e'),
        '"' | '\\' => out.push(c),
        '\u{85}' => out.push('N'),
        '\u{a0}' => out.push('_'),
        '\u{2028}' => out.push('L'),
        '\u{2029}' => out.push('P'),
        _ => match c as u32 {
            code @ ..=0xff => out.push_str(&format!("x{code:02X}")),
            code @ ..=0xffff => out.push_str(&format!("u{code:04X}")),
            code => out.push_str(&format!("U{code:08X}")),
        },
    }
}

fn literal(out: &mut Text, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text == "\n" || text.ends_with("\n\n") {
        out.push('+');
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        out.new_line(if line.is_empty() { 0 } else { indent });
        out.push_str(line);
    }
}

/// Letters by code point, digits by number, letters after everything else.
fn key_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = (0..a.len().min(b.len())).find(|&i| a[i] != b[i]) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at].cmp(&b[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let leading = (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let number = |chars: &[char]| {
        let digits: Vec<char> = chars[at..].iter().copied().take_while(char::is_ascii_digit).collect();
        let value =
            digits.iter().fold(i64::from(leading), |n, d| n.wrapping_mul(10).wrapping_add(i64::from(*d as u32 - '0' as u32)));
        (value, digits.len())
    };
    number(&a).cmp(&number(&b)).then(a[at].cmp(&b[at]))
}

#[cfg(test)]
mod tests {
    use super::{key_order, to_yaml};
    use seal_manifest::Node;

    fn yaml(json: serde_json::Value) -> String {
        String::from_utf8(to_yaml(&Node::from_json(&json)).expose().to_vec()).expect("UTF-8")
    }

    #[test]
    fn documents_look_as_the_go_printer_makes_them() {
        let long = "this is a long text with spaces that goes on and on well over eighty characters to see where it is folded";
        let json = serde_json::json!({
            "spec": {"template": {"metadata": {"finalizers": ["a.b/c"], "refs": [{"b": 1, "a": null}], "long": long}}, "encryptedData": {}},
            "t": "a: b", "u": "x\ny\n", "v": "x\ny", "w": "\n lead\nx\n\n", "e": "", "flag": true, "l": [], "tab": "a\tb", "q": "'x", "yes": "yes", "smile": "\u{1F600}"
        });
        let expected = "e: \"\"\nflag: true\nl: []\nq: '''x'\nsmile: \"\\U0001F600\"\nspec:\n  encryptedData: {}\n  template:\n    metadata:\n      finalizers:\n      - a.b/c\n      long: this is a long text with spaces that goes on and on well over eighty characters\n        to see where it is folded\n      refs:\n      - a: null\n        b: 1\nt: 'a: b'\ntab: \"a\\tb\"\nu: |\n  x\n  y\nv: |-\n  x\n  y\nw: |2+\n\n   lead\n  x\n\n\"yes\": \"yes\"\n";
        assert_eq!(yaml(json), expected);
    }

    #[test]
    fn keys_sort_by_number_where_they_differ_in_digits() {
        let mut keys = vec!["a10", "a2", "b", "a-1", "a", "a.b", "A", "a02", "1", "10", "9"];
        keys.sort_by(|a, b| key_order(a, b));
        assert_eq!(keys, ["1", "9", "10", "A", "a", "a-1", "a.b", "a2", "a02", "a10", "b"]);
    }
}
