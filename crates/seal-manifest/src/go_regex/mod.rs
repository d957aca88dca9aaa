//! Regular expressions as Go's `regexp` reads them: what sops refuses is refused, what it matches is matched.
//!
//! sops treats an expression that does not compile as one that never matches, which leaves files in clear. So the syntax is read here
//! in full and written anew in the terms of the `regex` crate: classes are ASCII, braces that are no repetition are literal, nothing of
//! the crate's own dialect (nested classes, `\<`, `(?x)`, look-around of any kind) slips through.

use std::collections::HashSet;

use regex::bytes::{Captures, Match, Regex, RegexBuilder};

/// Go refuses larger counts, also when nesting multiplies them.
const MOST_REPEATS: u32 = 1000;
/// Groups within groups. Go goes to 1000, at which the compiler here runs out of stack; nobody writes ten.
const MOST_DEPTH: usize = 50;
/// A compiled expression may take this much memory; Go has limits of the same kind.
const MOST_BYTES: usize = 16 << 20;

/// Why an expression cannot be used. The text holds no part of it but single characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub struct RegexError {
    /// What is wrong.
    pub what: &'static str,
    /// Where, counted in characters from 1.
    pub at: usize,
}

/// A compiled expression that remembers its text.
#[derive(Clone, Debug)]
pub struct GoRegex(Regex);

impl GoRegex {
    /// Compiles an expression in Go's syntax.
    pub fn new(text: &str) -> Result<GoRegex, RegexError> {
        let translated = Translator::new(text).run()?;
        let built = RegexBuilder::new(&translated).size_limit(MOST_BYTES).nest_limit(6 * MOST_DEPTH as u32).build();
        let what = "the expression is too large or uses a character class that does not exist";
        built.map(GoRegex).map_err(|_| RegexError { what, at: 1 })
    }

    /// All matches with their groups, as Go finds them: it steps by characters, so no empty match is inside of one.
    pub fn captures<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Captures<'t>> {
        let begins = move |found: &Captures<'t>| {
            let whole = found.get(0);
            whole.is_some_and(|whole| !whole.is_empty() || !is_inside(text, whole.start()))
        };
        self.0.captures_iter(text).filter(begins)
    }

    /// All matches, by the same rule.
    pub fn matches<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Match<'t>> {
        self.0.find_iter(text).filter(move |found| !found.is_empty() || !is_inside(text, found.start()))
    }

    /// True when it matches anywhere in these bytes.
    pub fn is_match_in(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }

    /// True when it matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

/// Whether a position is inside of a character.
fn is_inside(text: &[u8], at: usize) -> bool {
    if text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80) {
        return false;
    }
    (at.saturating_sub(3)..at).rev().any(|start| {
        let chunk = text[start..].utf8_chunks().next();
        let first = chunk.and_then(|chunk| chunk.valid().chars().next());
        first.is_some_and(|c| start + c.len_utf8() > at)
    })
}

/// What was written last: repetition operators ask for it.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing that can be repeated: the start of the expression, of a group or of an alternative.
    Nothing,
    /// Something that can; its text starts at this byte of the output. With the counts multiplied inside it.
    Atom(usize, u32),
    /// A repetition, which Go does not stack.
    Repeat(usize, u32),
}

/// An open group.
struct Group {
    start: usize,
    last: Last,
    /// The largest multiplied count of what the group holds so far.
    repeats: u32,
}

struct Translator<'a> {
    rest: &'a str,
    text: &'a str,
    out: String,
    last: Last,
    repeats: u32,
    groups: Vec<Group>,
    names: HashSet<&'a str>,
}

type Step = Result<(), RegexError>;

impl<'a> Translator<'a> {
    fn new(text: &'a str) -> Translator<'a> {
        let (groups, names) = (Vec::new(), HashSet::new());
        Translator {
            rest: text,
            text,
            out: String::with_capacity(text.len() * 2),
            last: Last::Nothing,
            repeats: 1,
            groups,
            names,
        }
    }

    fn run(mut self) -> Result<String, RegexError> {
        while let Some(next) = self.rest.chars().next() {
            self.step(next)?;
        }
        if self.groups.is_empty() { Ok(self.out) } else { Err(self.fail("a group is not closed")) }
    }

    fn fail(&self, what: &'static str) -> RegexError {
        RegexError { what, at: self.text.chars().count() - self.rest.chars().count() + 1 }
    }

    fn step(&mut self, next: char) -> Step {
        match next {
            '(' => self.open(),
            ')' => self.close(),
            '|' => {
                self.skip(1);
                self.out.push('|');
                self.last = Last::Nothing;
                Ok(())
            }
            '^' | '$' | '.' => {
                self.skip(1);
                self.atom(|out| out.push(next));
                Ok(())
            }
            '[' => self.class(),
            '*' | '+' | '?' => {
                self.repeatable()?;
                self.skip(1);
                self.repeated(1, |out| out.push(next));
                Ok(())
            }
            '{' => self.counted(),
            '\\' => self.escape(),
            _ => {
                self.skip(next.len_utf8());
                self.atom(|out| literal(out, next));
                Ok(())
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn atom(&mut self, write: impl FnOnce(&mut String)) {
        self.last = Last::Atom(self.out.len(), 1);
        write(&mut self.out);
    }

    /// The operator at hand has something to repeat.
    fn repeatable(&self) -> Step {
        match self.last {
            Last::Nothing => Err(self.fail("a repetition with nothing to repeat")),
            Last::Repeat(..) => Err(self.fail("a repetition of a repetition")),
            Last::Atom(..) => Ok(()),
        }
    }

    /// Writes a repetition; a `?` behind it makes it lazy. What is repeated is wrapped, so the crate cannot read two as one.
    fn repeated(&mut self, count: u32, write: impl FnOnce(&mut String)) {
        let lazy = self.rest.starts_with('?');
        if lazy {
            self.skip(1);
        }
        let Last::Atom(start, inner) = self.last else { return };
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        write(&mut self.out);
        if lazy {
            self.out.push('?');
        }
        self.repeats = self.repeats.max(inner * count);
        self.last = Last::Repeat(start, inner * count);
    }

    /// `{n}`, `{n,}`, `{n,m}`; anything else is a literal brace.
    fn counted(&mut self) -> Step {
        let Some((low, high, length)) = counts(self.rest) else {
            self.skip(1);
            self.atom(|out| literal(out, '{'));
            return Ok(());
        };
        let most = high.unwrap_or(low);
        if low > MOST_REPEATS || most > MOST_REPEATS || most < low {
            return Err(self.fail("a repetition count that is out of range"));
        }
        self.repeatable()?;
        let Last::Atom(_, inner) = self.last else { return Ok(()) };
        if inner.saturating_mul(most.max(1)) > MOST_REPEATS {
            return Err(self.fail("repetition counts that multiply to more than 1000"));
        }
        let written = self.rest[..length].to_owned();
        self.skip(length);
        self.repeated(most.max(1), |out| out.push_str(&written));
        Ok(())
    }

    fn open(&mut self) -> Step {
        if self.groups.len() >= MOST_DEPTH {
            return Err(self.fail("groups nested too deeply"));
        }
        let start = self.out.len();
        if let Some(inner) = self.rest.strip_prefix("(?") {
            if let Some(named) = inner.strip_prefix("P<").or_else(|| inner.strip_prefix('<')) {
                let name = self.named(named)?;
                self.out.push_str(&format!("(?P<{name}>"));
            } else if self.flags(inner)? {
                // `a(?i)*`: Go repeats the `a`. Nobody writes it, and a wrapped `(?i)` would not reach what follows: refused.
                if let Last::Atom(start, count) = self.last {
                    self.last = Last::Repeat(start, count);
                }
                return Ok(());
            }
        } else {
            self.skip(1);
            self.out.push('(');
        }
        self.groups.push(Group { start, last: self.last, repeats: self.repeats });
        (self.last, self.repeats) = (Last::Nothing, 1);
        Ok(())
    }

    fn named(&mut self, named: &'a str) -> Result<&'a str, RegexError> {
        let name = named.split_once('>').map(|(name, _)| name).unwrap_or_default();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(word) {
            return Err(self.fail("a group that is neither named nor known (look-around does not exist here)"));
        }
        if !self.names.insert(name) {
            return Err(self.fail("a group name used twice"));
        }
        self.rest = &named[name.len() + 1..];
        Ok(name)
    }

    /// `(?flags)` or `(?flags:`; true when it was the first, which opens nothing.
    fn flags(&mut self, inner: &'a str) -> Result<bool, RegexError> {
        let unknown = self.fail("a group that is neither named nor known (look-around does not exist here)");
        let end = inner.find([')', ':']).ok_or_else(|| unknown.clone())?;
        let flags = &inner[..end];
        let (on, off) = flags.split_once('-').map_or((flags, None), |(on, off)| (on, Some(off)));
        let known = |flags: &str| flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U'));
        if !known(on) || off.is_some_and(|off| off.is_empty() || !known(off)) {
            return Err(unknown);
        }
        let opens = inner.as_bytes()[end] == b':';
        self.rest = &inner[end + 1..];
        let mut on: String = distinct(on);
        let off = off.map(distinct);
        // Go lets the later sign win; the crate refuses a flag that stands on both sides.
        on.retain(|c| !off.as_ref().is_some_and(|off| off.contains(c)));
        let off = off.map(|off| format!("-{off}")).unwrap_or_default();
        if opens {
            self.out.push_str(&format!("(?{on}{off}:"));
        } else if !on.is_empty() || !off.is_empty() {
            self.out.push_str(&format!("(?{on}{off})"));
        }
        Ok(!opens)
    }

    fn close(&mut self) -> Step {
        let Some(group) = self.groups.pop() else { return Err(self.fail("a closing parenthesis too many")) };
        self.skip(1);
        self.out.push(')');
        self.last = Last::Atom(group.start, self.repeats);
        self.repeats = self.repeats.max(group.repeats);
        let _ = group.last;
        Ok(())
    }

    fn escape(&mut self) -> Step {
        let next = self.rest[1..].chars().next().ok_or_else(|| self.fail("a backslash at the end"))?;
        match next {
            'A' | 'z' => {
                self.skip(2);
                self.atom(|out| out.extend(['\\', next]));
            }
            'b' | 'B' => {
                self.skip(2);
                self.atom(|out| out.push_str(if next == 'b' { r"(?-u:\b)" } else { r"(?-u:\B)" }));
            }
            'C' => return Err(self.fail("\\C, a single byte, which cannot be used")),
            'Q' => self.quoted(),
            _ => {
                let mut class = String::new();
                if self.named_class(&mut class)? {
                    self.atom(|out| out.push_str(&format!("[{class}]")));
                } else {
                    let character = self.escaped_character()?;
                    self.atom(|out| literal(out, character));
                }
            }
        }
        Ok(())
    }

    /// `\Q…\E`, or to the end.
    fn quoted(&mut self) {
        let inner = &self.rest[2..];
        let (text, rest) = inner.split_once("\\E").unwrap_or((inner, ""));
        for character in text.chars() {
            self.atom(|out| literal(out, character));
        }
        self.rest = rest;
        if let (true, Last::Repeat(start, count)) = (text.is_empty(), self.last) {
            self.last = Last::Atom(start, count);
        }
    }

    /// `\d` and its kin, `\p…`: appends what stands inside of brackets. False when the escape is a character.
    fn named_class(&mut self, out: &mut String) -> Result<bool, RegexError> {
        let perl = match self.rest.as_bytes().get(1) {
            Some(b'd') => "0-9",
            Some(b'D') => "[^0-9]",
            Some(b's') => r"\t\n\f\r ",
            Some(b'S') => r"[^\t\n\f\r ]",
            Some(b'w') => "0-9A-Za-z_",
            Some(b'W') => "[^0-9A-Za-z_]",
            Some(b'p' | b'P') => return self.unicode_class(out).map(|()| true),
            _ => return Ok(false),
        };
        self.skip(2);
        out.push_str(perl);
        Ok(true)
    }

    /// `\pL`, `\p{Greek}`, `\P{^Lu}`: by the names of Go's tables, which are spelt exactly.
    fn unicode_class(&mut self, out: &mut String) -> Step {
        let unknown = self.fail("a character class that does not exist");
        let mut negated = self.rest.as_bytes()[1] == b'P';
        let (name, rest) = match self.rest[2..].strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or_else(|| unknown.clone())?,
            None => {
                let one = self.rest[2..].chars().next().ok_or_else(|| unknown.clone())?;
                self.rest[2..].split_at(one.len_utf8())
            }
        };
        let bare = name.strip_prefix('^').unwrap_or(name);
        negated ^= bare.len() != name.len();
        let spelt =
            bare.starts_with(|c: char| c.is_ascii_uppercase()) && bare.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if !spelt {
            return Err(unknown);
        }
        let class = if bare == "Any" { r"\x{0}-\x{10FFFF}".to_owned() } else { format!(r"\p{{{bare}}}") };
        out.push_str(&if negated { format!("[^{class}]") } else { class });
        self.rest = rest;
        Ok(())
    }

    /// An escape that stands for one character.
    fn escaped_character(&mut self) -> Result<char, RegexError> {
        let unknown = self.fail("an escape that does not exist");
        let mut characters = self.rest[1..].chars();
        let next = characters.next().ok_or_else(|| self.fail("a backslash at the end"))?;
        let simple = match next {
            '0'..='7' => return self.octal(next),
            'x' => return self.hexadecimal(),
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            _ if next.is_ascii() && !next.is_ascii_alphanumeric() => next,
            _ => return Err(unknown),
        };
        self.rest = characters.as_str();
        Ok(simple)
    }

    /// `\012`; a lone `\1` would be a back-reference.
    fn octal(&mut self, first: char) -> Result<char, RegexError> {
        let is_octal = |byte: Option<&u8>| byte.is_some_and(|byte| (b'0'..=b'7').contains(byte));
        if first != '0' && !is_octal(self.rest.as_bytes().get(2)) {
            return Err(self.fail("a back-reference, which does not exist here"));
        }
        let digits = self.rest.as_bytes()[1..].iter().take(3).take_while(|byte| is_octal(Some(byte))).count();
        let value = u32::from_str_radix(&self.rest[1..=digits], 8).expect("octal digits");
        self.skip(1 + digits);
        Ok(char::from_u32(value).expect("three octal digits are below the surrogates"))
    }

    /// `\x7F` or `\x{10FFFF}`.
    fn hexadecimal(&mut self) -> Result<char, RegexError> {
        let unknown = self.fail("an escape that does not exist");
        let after = &self.rest[2..];
        let (digits, length) = match after.strip_prefix('{') {
            Some(braced) => {
                let end = braced.find('}').ok_or_else(|| unknown.clone())?;
                (&braced[..end], end + 2)
            }
            None => (after.get(..2).ok_or_else(|| unknown.clone())?, 2),
        };
        let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = valid.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
        let character = value.and_then(char::from_u32).ok_or(unknown)?;
        self.skip(2 + length);
        Ok(character)
    }

    /// `[…]`.
    fn class(&mut self) -> Step {
        let open = self.fail("a character class is not closed");
        let start = self.out.len();
        self.skip(1);
        let mut class = String::from("[");
        if self.rest.starts_with('^') {
            self.skip(1);
            class.push('^');
        }
        let mut first = true;
        loop {
            let next = self.rest.chars().next().ok_or_else(|| open.clone())?;
            if next == ']' && !first {
                self.skip(1);
                break;
            }
            first = false;
            if self.rest.starts_with("[:") && self.ascii_class(&mut class)? {
                continue;
            }
            if next == '\\' && self.named_class(&mut class)? {
                continue;
            }
            self.range(&mut class, &open)?;
        }
        class.push(']');
        self.last = Last::Atom(start, 1);
        self.out.push_str(&class);
        Ok(())
    }

    /// `[:alpha:]` inside of a class. False when it is not closed, which makes it literal text.
    fn ascii_class(&mut self, class: &mut String) -> Result<bool, RegexError> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
            "xdigit",
        ];
        let Some((name, rest)) = self.rest[2..].split_once(":]") else { return Ok(false) };
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(self.fail("a character class that does not exist"));
        }
        class.push_str(&format!("[:{name}:]"));
        self.rest = rest;
        Ok(true)
    }

    /// One character or `a-z`.
    fn range(&mut self, class: &mut String, open: &RegexError) -> Step {
        let start = self.fail("a range of characters that runs backwards");
        let low = self.class_character(open)?;
        let mut high = low;
        let after = self.rest.strip_prefix('-').filter(|after| !after.starts_with(']'));
        if let Some(after) = after {
            if after.is_empty() {
                return Err(open.clone());
            }
            self.rest = after;
            high = self.class_character(open)?;
        }
        if high < low {
            return Err(start);
        }
        class.push_str(&format!(r"\x{{{:x}}}", u32::from(low)));
        if high != low {
            class.push_str(&format!(r"-\x{{{:x}}}", u32::from(high)));
        }
        Ok(())
    }

    fn class_character(&mut self, open: &RegexError) -> Result<char, RegexError> {
        let next = self.rest.chars().next().ok_or_else(|| open.clone())?;
        if next == '\\' {
            return self.escaped_character();
        }
        self.skip(next.len_utf8());
        Ok(next)
    }
}

fn literal(out: &mut String, character: char) {
    if character.is_ascii_alphanumeric() || !character.is_ascii() {
        out.push(character);
    } else {
        out.push_str(&format!(r"\x{{{:x}}}", u32::from(character)));
    }
}

fn distinct(flags: &str) -> String {
    let mut seen = String::new();
    flags.chars().for_each(|flag| {
        if !seen.contains(flag) {
            seen.push(flag)
        }
    });
    seen
}

/// Lower and upper count (`None`: no upper one) and the length of the whole, when the braces are a repetition.
fn counts(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find('}')?;
    let number = |digits: &str| {
        let plain =
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        // Longer than any number that is allowed: out of range, not literal.
        plain.then(|| if digits.len() > 8 { u32::MAX } else { digits.parse().expect("eight digits") })
    };
    match inner[..end].split_once(',') {
        None => number(&inner[..end]).map(|low| (low, Some(low), end + 2)),
        Some((low, "")) => number(low).map(|low| (low, None, end + 2)),
        Some((low, high)) => Some((number(low)?, Some(number(high)?), end + 2)),
    }
}

#[cfg(test)]
mod tests;
