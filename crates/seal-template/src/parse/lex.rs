//! Text to tokens. Outside the delimiters everything is text; inside, spaces count, because `a.b` and `a .b` differ.

use super::tree::Flaw;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Open,
    Close,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    Comma,
    /// Any other printable character: never right, but it is the parser who says so.
    Other,
    Dot,
    Field,
    Variable,
    Identifier,
    Bool,
    Nil,
    Number,
    Char,
    String,
    RawString,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
    Eof,
}

#[derive(Clone, Copy)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) text: &'s str,
}

pub(super) struct Lexer<'s> {
    source: &'s str,
    left: &'s str,
    right: &'s str,
    at: usize,
    tokens: Vec<Token<'s>>,
}

/// All tokens, the last one being `Eof`.
pub(super) fn tokens<'s>(source: &'s str, left: &'s str, right: &'s str) -> Result<Vec<Token<'s>>, Flaw> {
    let mut lexer = Lexer { source, left, right, at: 0, tokens: Vec::new() };
    while lexer.text() {
        if lexer.open()? {
            lexer.action()?;
        }
    }
    lexer.push(Kind::Eof, lexer.at);
    Ok(lexer.tokens)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// `-` and a space after an opening delimiter.
fn trims_left(rest: &str) -> bool {
    matches!(rest.as_bytes(), [b'-', space, ..] if is_space(*space))
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, at: start, text: &self.source[start..self.at] });
    }

    fn flaw<T>(&self, message: &'static str) -> Result<T, Flaw> {
        Err(Flaw::at(self.at, message))
    }

    /// Text up to the next action; false at the end of the source.
    fn text(&mut self) -> bool {
        let (start, rest) = (self.at, self.rest());
        let Some(length) = rest.find(self.left) else {
            self.at = self.source.len();
            if !rest.is_empty() {
                self.push(Kind::Text, start);
            }
            return false;
        };
        let mut text = &rest[..length];
        if trims_left(&rest[length + self.left.len()..]) {
            text = text.trim_end_matches(|c: char| c.is_ascii() && is_space(c as u8));
        }
        if !text.is_empty() {
            self.tokens.push(Token { kind: Kind::Text, at: start, text });
        }
        self.at = start + length;
        true
    }

    /// The opening delimiter; false when it opened a comment, which is skipped.
    fn open(&mut self) -> Result<bool, Flaw> {
        let start = self.at;
        self.at += self.left.len();
        let marker = if trims_left(self.rest()) { 2 } else { 0 };
        if !self.source[self.at + marker..].starts_with("/*") {
            self.push(Kind::Open, start);
            self.at += marker;
            return Ok(true);
        }
        self.at += marker + 2;
        let Some(length) = self.rest().find("*/") else { return self.flaw("a comment is not closed") };
        self.at += length + 2;
        if !self.close() {
            return self.flaw("a comment must be all that is between the delimiters");
        }
        Ok(false)
    }

    /// How long the closing delimiter here is, and whether it trims what follows.
    fn closing(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        match rest.as_bytes() {
            [space, b'-', ..] if is_space(*space) && rest[2..].starts_with(self.right) => Some((2 + self.right.len(), true)),
            _ => rest.starts_with(self.right).then_some((self.right.len(), false)),
        }
    }

    /// Steps over the closing delimiter, if it is here.
    fn close(&mut self) -> bool {
        let Some((length, trims)) = self.closing() else { return false };
        self.at += length;
        if trims {
            self.at += self.rest().bytes().take_while(|byte| is_space(*byte)).count();
        }
        true
    }

    /// All of an action, and its closing delimiter.
    fn action(&mut self) -> Result<(), Flaw> {
        let mut parens = 0usize;
        loop {
            let start = self.at;
            if self.closing().is_some() {
                if parens > 0 {
                    return self.flaw("a parenthesis is not closed");
                }
                self.close();
                self.tokens.push(Token { kind: Kind::Close, at: start, text: "" });
                return Ok(());
            }
            let Some(first) = self.rest().chars().next() else { return self.flaw("an action is not closed") };
            let kind = match first {
                '(' => {
                    parens += 1;
                    self.one(Kind::LeftParen)
                }
                ')' if parens == 0 => return self.flaw("a parenthesis is closed that was not opened"),
                ')' => {
                    parens -= 1;
                    self.one(Kind::RightParen)
                }
                '=' => self.one(Kind::Assign),
                '|' => self.one(Kind::Pipe),
                ',' => self.one(Kind::Comma),
                ':' if self.rest().starts_with(":=") => {
                    self.at += 2;
                    Kind::Declare
                }
                ':' => return self.flaw("`:=` was expected"),
                ' ' | '\t' | '\r' | '\n' => self.spaces(),
                '"' => self.quoted('"', Kind::String)?,
                '\'' => self.quoted('\'', Kind::Char)?,
                '`' => self.raw()?,
                '$' => self.name(Kind::Variable)?,
                '.' if !self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.name(Kind::Field)?,
                '.' | '+' | '-' | '0'..='9' => self.number()?,
                c if is_word(c) => self.word()?,
                ' '..='~' => self.one(Kind::Other),
                _ => return self.flaw("a character that does not belong into an action"),
            };
            self.push(kind, start);
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn spaces(&mut self) -> Kind {
        while self.closing().is_none() && self.rest().bytes().next().is_some_and(is_space) {
            self.at += 1;
        }
        Kind::Space
    }

    fn quoted(&mut self, quote: char, kind: Kind) -> Result<Kind, Flaw> {
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((n, c)) = chars.next() {
            match c {
                '\\' if chars.next().is_some_and(|(_, next)| next != '\n') => {}
                '\\' | '\n' => break,
                c if c == quote => {
                    self.at += n + 1;
                    return Ok(kind);
                }
                _ => {}
            }
        }
        self.flaw("a quote is not closed")
    }

    fn raw(&mut self) -> Result<Kind, Flaw> {
        let Some(length) = self.rest()[1..].find('`') else { return self.flaw("a quote is not closed") };
        self.at += length + 2;
        Ok(Kind::RawString)
    }

    fn at_end_of_word(&self) -> bool {
        let next = self.rest().chars().next();
        next.is_none_or(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '('))
            || self.rest().starts_with(self.right)
    }

    fn skip_word(&mut self) -> Result<(), Flaw> {
        self.at += self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        if self.at_end_of_word() { Ok(()) } else { self.flaw("a character that does not belong into a name") }
    }

    /// `.name`, `$name`, or the sign alone.
    fn name(&mut self, kind: Kind) -> Result<Kind, Flaw> {
        self.at += 1;
        if self.at_end_of_word() {
            return Ok(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        self.skip_word()?;
        Ok(kind)
    }

    fn word(&mut self) -> Result<Kind, Flaw> {
        let start = self.at;
        self.skip_word()?;
        Ok(match &self.source[start..self.at] {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "template" => Kind::Template,
            "with" => Kind::With,
            _ => Kind::Identifier,
        })
    }

    fn accept(&mut self, set: &str) -> bool {
        let found = self.rest().starts_with(|c| set.contains(c));
        self.at += usize::from(found);
        found
    }

    fn accept_run(&mut self, set: &str) {
        while self.accept(set) {}
    }

    /// Whether what was read is a number is found out when its value is asked for.
    fn number(&mut self) -> Result<Kind, Flaw> {
        const DECIMAL: &str = "0123456789_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            digits = match () {
                () if self.accept("xX") => "0123456789abcdefABCDEF_",
                () if self.accept("oO") => "01234567_",
                () if self.accept("bB") => "01_",
                () => DECIMAL,
            };
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = if digits == DECIMAL { self.accept("eE") } else { digits.len() > 20 && self.accept("pP") };
        if exponent {
            self.accept("+-");
            self.accept_run(DECIMAL);
        }
        if self.rest().starts_with(|c: char| is_word(c) || c == '+' || c == '-') {
            return self.flaw("this is not a number");
        }
        Ok(Kind::Number)
    }
}
