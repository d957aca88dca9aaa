//! Random documents: a tree of what both programs must agree on, with the comments around it. How it is written is `write`'s choice.

use super::dice::Dice;

/// A value, in the words it is written with where words matter.
#[derive(Clone)]
pub(crate) enum Node {
    /// Text, to be quoted as needed.
    Text(String),
    /// A scalar written as it is: numbers, dates and words that some readers take for something else.
    Bare(&'static str),
    List(Vec<Entry>),
    Map(Vec<Entry>),
}

/// A child of a map or a list, with the comment above it and the one behind it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Node,
    pub(crate) above: Option<&'static str>,
    pub(crate) behind: Option<&'static str>,
}

const KEYS: [&str; 22] = [
    "a",
    "b",
    "c",
    "key",
    "user",
    "password",
    "name_unencrypted",
    "pw_enc",
    "data",
    "stringData",
    "kind",
    "metadata",
    "items",
    "A-1",
    "with space",
    "with:colon",
    "sops",
    "é",
    "yes",
    "x.y",
    "1",
    "~",
];
const TEXTS: [&str; 46] = [
    "x",
    "text",
    "two words",
    "",
    "yes",
    "no",
    "null",
    "~",
    "true",
    "1",
    "0x1F",
    "1.0",
    "1e3",
    "2020-01-02",
    "-",
    "- a",
    ": a",
    "a: b",
    "# no comment",
    "a # b",
    "two\nlines",
    "two\nlines\n",
    "three\n\nlines\n\n",
    " leading",
    "trailing ",
    "it's",
    "\"quoted\"",
    "é ☃ 😀",
    "&a",
    "*a",
    "!tag",
    "{x}",
    "[x]",
    "%",
    "@",
    "`",
    "back\\slash",
    "\u{7}bell",
    "key=value",
    "<&>",
    "a,b",
    "?",
    "$HOME ${x} {{ y }}",
    "tab\tinside",
    "ENC[no]",
    "long long long long long long long long long long long long long long long long long long long long long long text",
];
const BARE: [&str; 30] = [
    "1",
    "0",
    "-7",
    "9223372036854775807",
    "1.5",
    "1.0",
    "1e3",
    "-2.50",
    "true",
    "false",
    "True",
    "null",
    "~",
    "",
    "0x1F",
    "0o14",
    "014",
    "1_000",
    "0b11",
    ".inf",
    "-.5",
    "yes",
    "on",
    "2020-01-02",
    "2020-01-02T03:04:05Z",
    "2020-01-02 03:04:05",
    "1:30",
    "+1",
    "1.",
    "y",
];
const JSON_BARE: [&str; 12] =
    ["1", "0", "-7", "9223372036854775807", "1.5", "1.0", "1e3", "true", "false", "null", "0.1", "-2.50"];
/// Comments that stand in random documents.
pub(crate) const COMMENTS: [&str; 7] = ["note", "seal: below", "plain: below", "", "é ☃", "a: b", "# twice"];

/// What a store has room for.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Maps and lists inside one another, at most.
    pub(crate) depth: usize,
    pub(crate) lists: bool,
    pub(crate) comments: bool,
    pub(crate) bare: bool,
    pub(crate) json: bool,
}

/// A random map.
pub(crate) fn map(dice: &mut Dice, shape: Shape) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for _ in 0..=dice.below(5) {
        let key = dice.one(&KEYS).to_owned();
        // No top-level key of the metadata's name, and none twice.
        let top = if shape.depth >= 3 && key == "sops" { "spos".to_owned() } else { key };
        if entries.iter().all(|entry| entry.key != top) {
            entries.push(entry(dice, top, shape));
        }
    }
    entries
}

fn entry(dice: &mut Dice, key: String, shape: Shape) -> Entry {
    let above = (shape.comments && dice.once_in(5)).then(|| dice.one(&COMMENTS));
    let value = node(dice, shape);
    let scalar = matches!(value, Node::Text(_) | Node::Bare(_));
    let behind = (shape.comments && dice.once_in(if scalar { 10 } else { 15 })).then(|| dice.one(&COMMENTS[..3]));
    Entry { key, value, above, behind }
}

fn node(dice: &mut Dice, shape: Shape) -> Node {
    let inner = Shape { depth: shape.depth - 1, ..shape };
    match dice.below(if inner.depth > 0 { 10 } else { 7 }) {
        0..4 => Node::Text(text(dice)),
        4..7 if shape.bare => Node::Bare(if shape.json { dice.one(&JSON_BARE) } else { dice.one(&BARE) }),
        4..7 => Node::Text(text(dice)),
        7 if shape.lists => {
            let many = dice.below(4);
            Node::List((0..many).map(|_| entry(dice, String::new(), inner)).collect())
        }
        _ if dice.once_in(12) => Node::Map(Vec::new()),
        _ => Node::Map(map(dice, inner)),
    }
}

/// A random text.
pub(crate) fn text(dice: &mut Dice) -> String {
    dice.one(&TEXTS).to_owned()
}

/// Where the values of a map stand, as `set` and `unset` name them, maps and lists too. Lists with comments are left out: sops counts
/// a sealed comment as an item.
pub(crate) fn places(entries: &[Entry]) -> Vec<String> {
    let mut found = Vec::new();
    below(entries, "", true, &mut found);
    found
}

fn below(entries: &[Entry], prefix: &str, keyed: bool, found: &mut Vec<String>) {
    let inside = |entry: &Entry| match &entry.value {
        Node::Map(inner) | Node::List(inner) => inner.first().is_some_and(|first| first.above.is_some()),
        Node::Text(_) | Node::Bare(_) => false,
    };
    if !keyed && entries.iter().any(|entry| entry.above.is_some() || entry.behind.is_some() || inside(entry)) {
        return;
    }
    for (at, entry) in entries.iter().enumerate() {
        let path = if keyed { format!("{prefix}[\"{}\"]", entry.key) } else { format!("{prefix}[{at}]") };
        found.push(path.clone());
        match &entry.value {
            Node::Map(inner) => below(inner, &path, true, found),
            Node::List(inner) if entry.behind.is_none() => below(inner, &path, false, found),
            Node::List(_) | Node::Text(_) | Node::Bare(_) => {}
        }
    }
}
