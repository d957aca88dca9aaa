//! `printf`: the verbs and flags of Go's `fmt` for the types there are. What does not fit is printed as Go prints it: `%!d(string=…)`.

use crate::print::{self, escape, escape_char, exponential, shortest};
use crate::value::{List, Of, Value};

#[derive(Clone, Copy, Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Widths and precisions beyond this are bad for Go too.
const MOST: usize = 1_000_000;

/// `Sprintf`. `most`: bytes after which it gives up (`None`).
pub(crate) fn sprintf(format: &[u8], args: &[Value], most: usize) -> Option<Vec<u8>> {
    let mut printer = Printer { format, at: 0, args, next: 0, reordered: false, good: true, out: Vec::new() };
    printer.run(most)?;
    Some(printer.out)
}

struct Printer<'a> {
    format: &'a [u8],
    at: usize,
    args: &'a [Value],
    next: usize,
    reordered: bool,
    /// False after an argument index that makes no sense.
    good: bool,
    out: Vec<u8>,
}

impl Printer<'_> {
    fn run(&mut self, most: usize) -> Option<()> {
        let mut ever_reordered = false;
        while self.at < self.format.len() {
            let rest = &self.format[self.at..];
            let plain = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
            self.out.extend(&rest[..plain]);
            self.at += plain;
            if self.at < self.format.len() {
                self.at += 1;
                self.directive();
                ever_reordered |= self.reordered;
            }
            if self.out.len() > most {
                return None;
            }
        }
        if !ever_reordered && self.next < self.args.len() {
            self.out.extend(b"%!(EXTRA ");
            for (n, arg) in self.args[self.next..].iter().enumerate() {
                if n > 0 {
                    self.out.extend(b", ");
                }
                match arg {
                    Value::Absent | Value::Nil => self.out.extend(b"<nil>"),
                    arg => {
                        self.out.extend(arg.type_name().as_bytes());
                        self.out.push(b'=');
                        self.out.extend(print::plain(arg));
                    }
                }
            }
            self.out.push(b')');
        }
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn directive(&mut self) {
        let mut spec = Spec::default();
        (self.reordered, self.good) = (false, true);
        while let Some(flag) = self.peek() {
            match flag {
                b'+' => spec.plus = true,
                b'-' => (spec.minus, spec.zero) = (true, false),
                b'#' => spec.sharp = true,
                b' ' => spec.space = true,
                b'0' => spec.zero = !spec.minus,
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(width) => {
                    if width < 0 {
                        (spec.minus, spec.zero) = (true, false);
                    }
                    spec.width = Some(width.unsigned_abs() as usize);
                }
                None => self.out.extend(b"%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            spec.width = self.number();
            if after_index && spec.width.is_some() {
                self.good = false;
            }
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if after_index {
                self.good = false;
            }
            after_index = self.index();
            if self.peek() == Some(b'*') {
                self.at += 1;
                match self.star() {
                    Some(precision) if precision >= 0 => spec.precision = Some(precision as usize),
                    Some(_) => self.out.extend(b"%!(BADPREC)"),
                    None => self.out.extend(b"%!(BADPREC)"),
                }
                after_index = false;
            } else {
                spec.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        let Some(verb) = self.verb() else {
            self.out.extend(b"%!(NOVERB)");
            return;
        };
        if verb == '%' {
            self.out.push(b'%');
            return;
        }
        if !self.good {
            self.out.extend(format!("%!{verb}(BADINDEX)").as_bytes());
        } else if let Some(arg) = self.args.get(self.next) {
            self.next += 1;
            let text = one(arg, verb, spec);
            self.out.extend(text);
        } else {
            self.out.extend(format!("%!{verb}(MISSING)").as_bytes());
        }
    }

    fn verb(&mut self) -> Option<char> {
        let rest = self.format.get(self.at..)?;
        let chunk = rest.utf8_chunks().next()?;
        let verb = chunk.valid().chars().next().unwrap_or('\u{fffd}');
        self.at += if chunk.valid().is_empty() { 1 } else { verb.len_utf8() };
        Some(verb)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = Some((number.unwrap_or(0usize) * 10 + usize::from(digit - b'0')).min(MOST + 1));
            self.at += 1;
        }
        number.filter(|number| *number <= MOST)
    }

    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Value::Int(value) | Value::Int64(value) if value.unsigned_abs() as usize <= MOST => Some(*value),
            Value::Byte(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// `[n]`: the argument to go on with.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let number = std::str::from_utf8(&rest[1..end]).ok().and_then(|text| text.parse::<usize>().ok());
        self.at += end + 1;
        match number {
            Some(number) if number >= 1 && number <= self.args.len() => {
                self.next = number - 1;
                true
            }
            _ => {
                self.good = false;
                true
            }
        }
    }
}

fn one(value: &Value, verb: char, spec: Spec) -> Vec<u8> {
    let spec = if verb == 'v' { Spec { plus: false, ..spec } } else { spec };
    if verb == 'T' {
        return pad_text(value.type_name().as_bytes(), spec);
    }
    match value {
        Value::Absent | Value::Nil => match verb {
            'v' => pad_text(b"<nil>", spec),
            _ => format!("%!{verb}(<nil>)").into(),
        },
        Value::Bool(value) if matches!(verb, 't' | 'v') => pad_text(value.to_string().as_bytes(), spec),
        Value::Int(number) | Value::Int64(number) => integer(value, i128::from(*number), verb, spec, true),
        Value::Byte(number) => integer(value, i128::from(*number), verb, spec, false),
        Value::Uint(number) => integer(value, i128::from(*number), verb, spec, false),
        Value::Float(number) => float(value, *number, verb, spec),
        Value::Text(text) => self::text(value, text, verb, spec),
        Value::List(List { items, of: Of::Byte }) if matches!(verb, 's' | 'q' | 'x' | 'X') => {
            let bytes: Vec<u8> = items.iter().map(|item| if let Value::Byte(byte) = item { *byte } else { 0 }).collect();
            self::text(value, &bytes, verb, spec)
        }
        Value::List(list) if verb == 'v' && spec.sharp => sharp_list(list, spec),
        Value::List(list) => {
            let mut out = vec![b'['];
            for (n, item) in list.items.iter().enumerate() {
                if n > 0 {
                    out.push(b' ');
                }
                out.extend(inner(item, verb, spec));
            }
            out.push(b']');
            out
        }
        Value::Map(map) => {
            let mut out =
                if spec.sharp && verb == 'v' { format!("{}{{", value.type_name()).into_bytes() } else { b"map[".to_vec() };
            let sharp = spec.sharp && verb == 'v';
            for (n, (key, item)) in map.entries.borrow().iter().enumerate() {
                if n > 0 {
                    out.extend(if sharp { &b", "[..] } else { b" " });
                }
                out.extend(one(&Value::Text(key.clone()), verb, spec));
                out.push(b':');
                out.extend(inner(item, verb, spec));
            }
            out.push(if sharp { b'}' } else { b']' });
            out
        }
        Value::Object(object) if matches!(verb, 'v' | 's') => pad_text(&object.text(), spec),
        other => bad(other, verb, spec),
    }
}

/// A value inside of another: nil has no verbs there.
fn inner(value: &Value, verb: char, spec: Spec) -> Vec<u8> {
    match value {
        Value::Nil | Value::Absent if spec.sharp && verb == 'v' => b"interface {}(nil)".to_vec(),
        Value::Nil | Value::Absent => b"<nil>".to_vec(),
        value => one(value, verb, spec),
    }
}

fn sharp_list(list: &List, spec: Spec) -> Vec<u8> {
    let mut out = format!("{}{{", Value::List(list.clone()).type_name()).into_bytes();
    for (n, item) in list.items.iter().enumerate() {
        if n > 0 {
            out.extend(b", ");
        }
        out.extend(inner(item, 'v', spec));
    }
    out.push(b'}');
    out
}

/// A verb that the type does not have: the value is printed with the flags that were meant for it.
fn bad(value: &Value, verb: char, spec: Spec) -> Vec<u8> {
    let mut out = format!("%!{verb}({}=", value.type_name()).into_bytes();
    out.extend(one(value, 'v', spec));
    out.push(b')');
    out
}

fn pad_text(text: &[u8], spec: Spec) -> Vec<u8> {
    let count = text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum::<usize>();
    let missing = spec.width.unwrap_or(0).saturating_sub(count);
    let mut out = Vec::with_capacity(text.len() + missing);
    let fill = if spec.zero && !spec.minus { b'0' } else { b' ' };
    if spec.minus {
        out.extend(text);
        out.extend(std::iter::repeat_n(b' ', missing));
    } else {
        out.extend(std::iter::repeat_n(fill, missing));
        out.extend(text);
    }
    out
}

fn text(value: &Value, text: &[u8], verb: char, spec: Spec) -> Vec<u8> {
    let cut = |text: &[u8]| -> Vec<u8> {
        let Some(most) = spec.precision else { return text.to_vec() };
        let (mut out, mut count) = (Vec::new(), 0);
        for chunk in text.utf8_chunks() {
            for c in chunk.valid().chars() {
                if count == most {
                    return out;
                }
                count += 1;
                out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            for byte in chunk.invalid() {
                if count == most {
                    return out;
                }
                count += 1;
                out.push(*byte);
            }
        }
        out
    };
    match verb {
        'v' if spec.sharp => pad_text(print::quoted(&cut(text)).as_bytes(), spec),
        'v' | 's' => pad_text(&cut(text), spec),
        'q' => {
            let text = cut(text);
            let plain = spec.sharp && can_backquote(&text);
            let mut out = String::new();
            if plain {
                out = format!("`{}`", String::from_utf8_lossy(&text));
            } else {
                out.push('"');
                escape(&mut out, &text, '"', spec.plus);
                out.push('"');
            }
            pad_text(out.as_bytes(), spec)
        }
        'x' | 'X' => pad_text(hex(text, verb == 'X', spec).as_bytes(), spec),
        _ => bad(value, verb, spec),
    }
}

fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text)
        .is_ok_and(|text| text.chars().all(|c| c != '`' && c != '\u{feff}' && c != '\x7f' && (c >= ' ' || c == '\t')))
}

fn hex(bytes: &[u8], upper: bool, spec: Spec) -> String {
    let bytes = &bytes[..spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
    let prefix = if upper { "0X" } else { "0x" };
    let mut out = String::new();
    for (n, byte) in bytes.iter().enumerate() {
        if n > 0 && spec.space {
            out.push(' ');
        }
        if spec.sharp && (spec.space || n == 0) {
            out.push_str(prefix);
        }
        out.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
    }
    out
}

fn integer(value: &Value, number: i128, verb: char, spec: Spec, signed: bool) -> Vec<u8> {
    let (digits, prefix) = match verb {
        'v' if spec.sharp && !signed => (format!("{:x}", number.unsigned_abs()), "0x"),
        'v' | 'd' => (number.unsigned_abs().to_string(), ""),
        'b' => (format!("{:b}", number.unsigned_abs()), if spec.sharp { "0b" } else { "" }),
        'o' => (format!("{:o}", number.unsigned_abs()), if spec.sharp { "0" } else { "" }),
        'O' => (format!("{:o}", number.unsigned_abs()), "0o"),
        'x' => (format!("{:x}", number.unsigned_abs()), if spec.sharp { "0x" } else { "" }),
        'X' => (format!("{:X}", number.unsigned_abs()), if spec.sharp { "0X" } else { "" }),
        'c' | 'q' | 'U' => return character(number, verb, spec),
        _ => return bad(value, verb, spec),
    };
    let sign = if number < 0 {
        "-"
    } else if spec.plus {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    };
    if spec.precision == Some(0) && number == 0 {
        return pad_text(b"", Spec { zero: false, ..spec });
    }
    let prefix = if verb == 'o' && digits.starts_with('0') { "" } else { prefix };
    let least = match spec.precision {
        Some(precision) => precision,
        None if spec.zero && !spec.minus => spec.width.unwrap_or(0).saturating_sub(sign.len()),
        None => 0,
    };
    let text = format!("{sign}{prefix}{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    pad_text(text.as_bytes(), Spec { zero: false, ..spec })
}

fn character(number: i128, verb: char, spec: Spec) -> Vec<u8> {
    let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    match verb {
        'c' => pad_text(c.encode_utf8(&mut [0; 4]).as_bytes(), spec),
        'q' => {
            let mut out = String::from("'");
            escape_char(&mut out, c, '\'', spec.plus);
            out.push('\'');
            pad_text(out.as_bytes(), spec)
        }
        _ => {
            let digits = spec.precision.unwrap_or(4).max(4);
            let mut out = format!("U+{:0digits$X}", number as u64);
            if spec.sharp && print::is_printable(c) {
                out.push_str(&format!(" '{c}'"));
            }
            pad_text(out.as_bytes(), Spec { zero: false, ..spec })
        }
    }
}

fn float(value: &Value, number: f64, verb: char, spec: Spec) -> Vec<u8> {
    let size = number.abs();
    let text = match (verb, spec.precision) {
        ('v' | 'g' | 'G', None) => shortest(size, 6, 2),
        ('v' | 'g' | 'G', Some(precision)) => general(size, precision.max(1)),
        ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
        ('e' | 'E', precision) => {
            let text = format!("{size:.*e}", precision.unwrap_or(6));
            let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
            exponential(digits, power.parse().unwrap_or(0), 2)
        }
        ('x' | 'X', None) => hexadecimal(size),
        _ => return bad(value, verb, spec),
    };
    let finite = number.is_finite();
    let text = if !finite && number.is_nan() {
        "NaN".to_owned()
    } else if !finite {
        "Inf".to_owned()
    } else {
        text
    };
    let text = if matches!(verb, 'E' | 'G' | 'X') { text.to_uppercase() } else { text };
    let sign = if number.is_sign_negative() && !number.is_nan() {
        "-"
    } else if spec.plus || (!finite && number.is_infinite() && verb == 'v') {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    };
    let zero = spec.zero && finite && !spec.minus;
    let fill = if zero { spec.width.unwrap_or(0).saturating_sub(sign.len() + text.len()) } else { 0 };
    pad_text(format!("{sign}{}{text}", "0".repeat(fill)).as_bytes(), Spec { zero: false, ..spec })
}

/// `%x` of a size: one bit, the rest of them in as few digits as there are, a power of two.
fn hexadecimal(size: f64) -> String {
    if size == 0.0 {
        return "0x0p+00".to_owned();
    }
    let bits = size.to_bits();
    let (mut fraction, mut power) = (bits & ((1 << 52) - 1), (bits >> 52) as i32 - 1023);
    if power == -1023 {
        // A number too small to have its first bit in place.
        let shift = fraction.leading_zeros() - 11;
        (fraction, power) = (fraction << shift & ((1 << 52) - 1), -1022 - shift as i32);
    }
    let digits = format!("{fraction:013x}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    format!("0x1{point}{digits}p{}{:02}", if power < 0 { '-' } else { '+' }, power.unsigned_abs())
}

/// `%g` with so many significant digits.
fn general(value: f64, precision: usize) -> String {
    let text = format!("{value:.*e}", precision - 1);
    let Some((digits, power)) = text.split_once('e') else { return text };
    let power: i32 = power.parse().unwrap_or(0);
    let trimmed = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    if power < -4 || power >= precision as i32 {
        return exponential(trimmed, power, 2);
    }
    let fixed = format!("{value:.*}", (precision as i32 - 1 - power).max(0) as usize);
    if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
}
