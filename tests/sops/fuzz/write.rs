//! Documents written out the way people write them: quotes, block scalars, flow style, anchors, blank lines, comments, chosen by dice.

use super::{
    dice::Dice,
    document::{Entry, Node},
};

/// A YAML document.
pub(crate) fn yaml(dice: &mut Dice, entries: &[Entry]) -> String {
    let step = dice.one(&[2, 4, 3]);
    let mut writer = Yaml { dice, out: String::new(), step, anchors: Vec::new() };
    writer.map(entries, 0);
    writer.out
}

struct Yaml<'a> {
    dice: &'a mut Dice,
    out: String,
    step: usize,
    anchors: Vec<usize>,
}

impl Yaml<'_> {
    fn map(&mut self, entries: &[Entry], indent: usize) {
        for (at, entry) in entries.iter().enumerate() {
            // The first entry of a map in a list stands behind the dash.
            let bare_line = at > 0 || self.out.is_empty() || self.out.ends_with('\n');
            if bare_line {
                self.before(entry, indent);
            }
            let key = self.key(&entry.key);
            self.out.push_str(&format!("{key}:"));
            self.value(entry, indent, indent + self.step);
        }
    }

    fn list(&mut self, entries: &[Entry], indent: usize) {
        for entry in entries {
            self.before(entry, indent);
            self.out.push('-');
            match &entry.value {
                Node::Map(inner) if !inner.is_empty() && inner[0].above.is_none() && entry.behind.is_none() => {
                    self.out.push(' ');
                    self.map(inner, indent + 2);
                }
                _ => self.value(entry, indent, indent + 2.max(self.step)),
            }
        }
    }

    fn before(&mut self, entry: &Entry, indent: usize) {
        if self.dice.once_in(8) {
            self.out.push('\n');
        }
        if let Some(comment) = entry.above {
            self.out.push_str(&format!(
                "{:indent$}#{}{comment}\n",
                "",
                if self.dice.once_in(6) && !comment.is_empty() { "" } else { " " }
            ));
        }
        self.out.push_str(&" ".repeat(indent));
    }

    /// What stands behind a colon or a dash, to the end of the line and below it.
    fn value(&mut self, entry: &Entry, parent: usize, indent: usize) {
        match &entry.value {
            Node::Map(inner) if inner.is_empty() => self.line(" {}", entry),
            Node::List(inner) if inner.is_empty() => self.line(" []", entry),
            Node::Map(_) | Node::List(_) if flat(&entry.value) && self.dice.once_in(4) => {
                let text = self.flow(&entry.value);
                self.line(&format!(" {text}"), entry);
            }
            Node::Map(inner) => {
                self.header(entry);
                self.map(inner, indent);
            }
            Node::List(inner) => {
                let in_list = self.out.ends_with('-');
                self.header(entry);
                let same = self.dice.once_in(2) && !in_list;
                self.list(inner, if same { parent } else { indent });
            }
            Node::Bare(text) => {
                let gap = if text.is_empty() { "" } else { " " };
                self.line(&format!("{gap}{text}"), entry);
            }
            Node::Text(text) => self.text(text, entry, indent),
        }
    }

    /// The rest of the line above a map or list: an anchor nobody uses, a comment.
    fn header(&mut self, entry: &Entry) {
        let anchor = if self.dice.once_in(15) { format!(" &c{}", self.out.len()) } else { String::new() };
        self.line(&anchor, entry);
    }

    fn line(&mut self, text: &str, entry: &Entry) {
        self.out.push_str(text);
        if let Some(comment) = entry.behind {
            self.out.push_str(&format!(" # {comment}"));
        }
        self.out.push('\n');
    }

    fn text(&mut self, text: &str, entry: &Entry, indent: usize) {
        if self.dice.once_in(12) && !self.anchors.is_empty() {
            let anchor = self.anchors[self.dice.below(self.anchors.len())];
            return self.line(&format!(" *a{anchor}"), entry);
        }
        let mut anchor = String::new();
        if self.dice.once_in(12) {
            anchor = format!(" &a{}", self.anchors.len());
            self.anchors.push(self.anchors.len());
        }
        let block = text.contains('\n') && !text.starts_with([' ', '\n', '\t']) && !text.contains('\u{7}');
        if block && entry.behind.is_none() && !self.dice.once_in(4) {
            let keep = match (text.ends_with('\n'), text.ends_with("\n\n")) {
                (_, true) => "+",
                (true, false) => "",
                (false, _) => "-",
            };
            let style = if self.dice.once_in(4) { '>' } else { '|' };
            self.out.push_str(&format!("{anchor} {style}{keep}\n"));
            for line in text.trim_end_matches('\n').split('\n') {
                let pad = if line.is_empty() { 0 } else { indent.max(1) };
                self.out.push_str(&format!("{:pad$}{line}\n", ""));
            }
            let blank = text.len() - text.trim_end_matches('\n').len();
            self.out.push_str(&"\n".repeat(blank.saturating_sub(1)));
            return;
        }
        let scalar = self.scalar(text);
        self.line(&format!("{anchor} {scalar}"), entry);
    }

    fn key(&mut self, key: &str) -> String {
        if safe(key) && !self.dice.once_in(10) { key.to_owned() } else { self.quoted(key) }
    }

    fn scalar(&mut self, text: &str) -> String {
        if safe(text) && !self.dice.once_in(4) { text.to_owned() } else { self.quoted(text) }
    }

    fn quoted(&mut self, text: &str) -> String {
        if !text.contains(['\n', '\u{7}', '\t']) && self.dice.once_in(2) {
            return format!("'{}'", text.replace('\'', "''"));
        }
        double(text)
    }

    fn flow(&mut self, node: &Node) -> String {
        match node {
            Node::Map(inner) => {
                let parts: Vec<String> =
                    inner.iter().map(|entry| format!("{}: {}", self.quoted(&entry.key), self.flow(&entry.value))).collect();
                format!("{{{}}}", parts.join(", "))
            }
            Node::List(inner) => {
                let parts: Vec<String> = inner.iter().map(|entry| self.flow(&entry.value)).collect();
                format!("[{}]", parts.join(", "))
            }
            Node::Bare("") => "null".to_owned(),
            Node::Bare(text) => (*text).to_owned(),
            Node::Text(text) => self.quoted(text),
        }
    }
}

/// True when nothing below carries a comment.
fn flat(node: &Node) -> bool {
    match node {
        Node::Map(inner) | Node::List(inner) => {
            inner.iter().all(|entry| entry.above.is_none() && entry.behind.is_none() && flat(&entry.value))
        }
        Node::Text(_) | Node::Bare(_) => true,
    }
}

/// True for text that stands for itself without quotes.
fn safe(text: &str) -> bool {
    let words = ["yes", "no", "on", "off", "null", "true", "false", "y", "n"];
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || " _.-/".contains(letter))
        && !text.ends_with(' ')
        && !words.contains(&text)
}

fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A JSON document.
pub(crate) fn json(dice: &mut Dice, entries: &[Entry]) -> String {
    let step = dice.one(&["\t", "  ", ""]);
    let mut out = String::new();
    json_node(&Node::Map(entries.to_vec()), step, 0, &mut out);
    out.push_str(if dice.once_in(5) { "" } else { "\n" });
    out
}

fn json_node(node: &Node, step: &str, depth: usize, out: &mut String) {
    let (entries, open, close) = match node {
        Node::Text(text) => return out.push_str(&double(text)),
        Node::Bare(text) => return out.push_str(text),
        Node::Map(entries) => (entries, '{', '}'),
        Node::List(entries) => (entries, '[', ']'),
    };
    let fresh = |depth: usize| if step.is_empty() { String::new() } else { format!("\n{}", step.repeat(depth)) };
    out.push(open);
    for (at, entry) in entries.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        out.push_str(&fresh(depth + 1));
        if open == '{' {
            out.push_str(&format!("{}:{}", double(&entry.key), if step.is_empty() { "" } else { " " }));
        }
        json_node(&entry.value, step, depth + 1, out);
    }
    if !entries.is_empty() {
        out.push_str(&fresh(depth));
    }
    out.push(close);
}

/// A dotenv file.
pub(crate) fn dotenv(dice: &mut Dice, entries: &[Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        if let Some(comment) = entry.above {
            out.push_str(&format!("#{comment}\n"));
        }
        if dice.once_in(8) {
            out.push('\n');
        }
        let value = match &entry.value {
            Node::Text(text) => text.replace('\n', "\\n"),
            Node::Bare(text) => (*text).to_owned(),
            Node::Map(_) | Node::List(_) => String::new(),
        };
        out.push_str(&format!("{}={value}\n", entry.key.replace(['=', ' '], "_")));
    }
    out
}

/// An INI file: maps are sections, what stands beside them is in none.
pub(crate) fn ini(dice: &mut Dice, entries: &[Entry]) -> String {
    let mut out = String::new();
    let line = |entry: &Entry, dice: &mut Dice| {
        let value = match &entry.value {
            Node::Text(text) => ini_text(text),
            Node::Bare(text) => (*text).to_owned(),
            Node::Map(_) | Node::List(_) => String::new(),
        };
        let comment = entry.above.map_or_else(String::new, |comment| format!("{} {comment}\n", dice.one(&['#', ';'])));
        let equals = dice.one(&[" = ", "="]);
        format!("{comment}{}{equals}{value}\n", entry.key.replace([':', '='], "_"))
    };
    for entry in entries.iter().filter(|entry| !matches!(entry.value, Node::Map(_))) {
        out.push_str(&line(entry, dice));
    }
    for entry in entries {
        let Node::Map(inner) = &entry.value else { continue };
        let comment = entry.above.map_or_else(String::new, |comment| format!("; {comment}\n"));
        out.push_str(&format!("{}{comment}[{}]\n", if dice.once_in(3) { "\n" } else { "" }, entry.key));
        for entry in inner {
            out.push_str(&line(entry, dice));
        }
    }
    out
}

/// INI knows quotes of its own; what would need them is left out of the draw.
fn ini_text(text: &str) -> String {
    text.chars().filter(|letter| !"\n\"'`#;\\\u{7}".contains(*letter)).collect()
}
