//! Armor: an age file as text (C2SP `age.md`, "ASCII armor"). Reads strictly, in constant memory, whatever the line lengths.
//!
//! White space around the armor and CRLF line ends are allowed, as the format says; nothing else is forgiven.

use super::OpenError;
use age::armor::{ArmoredWriter, Format};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufRead, Read, Write};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;
/// A line of the format with its line end; longer lines are wrong and are not read to their end.
const LINE: usize = COLUMNS + 2;
/// White space tolerated before and after.
const MARGIN: usize = 1024;

/// True when the text is armor, possibly after white space.
pub fn is_armored(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(BEGIN.as_bytes())
}

/// The text of an age file, with a final newline.
pub fn wrap(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(BEGIN.len() + END.len() + 2 + bytes.len() / 48 * 65 + 66);
    text.push_str(BEGIN);
    text.push('\n');
    for line in bytes.chunks(COLUMNS / 4 * 3) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// The bytes inside a whole armor.
///
/// # Errors
/// When the text breaks the format, with the line.
pub fn unwrap(text: &[u8]) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    Reader::new(text).read_to_end(&mut bytes).map_err(|error| error_of(&error))?;
    Ok(bytes)
}

/// What an I/O error of this module's readers, or of any other, says about the file.
pub(super) fn error_of(error: &io::Error) -> OpenError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<OpenError>()) {
        Some(inner) => inner.clone(),
        None => OpenError::Io(error.kind()),
    }
}

/// Writes text or passes bytes through.
pub(super) fn writer<W: Write>(output: W, armored: bool) -> io::Result<ArmoredWriter<W>> {
    ArmoredWriter::wrap_output(output, if armored { Format::AsciiArmor } else { Format::Binary })
}

/// The bytes inside an armor, line by line.
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    number: usize,
    decoded: [u8; COLUMNS],
    start: usize,
    end: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Before,
    Inside,
    /// A short line was seen; only the end may follow.
    Last,
    Done,
}

impl<R: BufRead> Reader<R> {
    /// The input stands before the armor.
    pub fn new(input: R) -> Self {
        Self { input, line: Vec::with_capacity(LINE), number: 0, decoded: [0; COLUMNS], start: 0, end: 0, state: State::Before }
    }

    fn fail<T>(&self, what: &'static str) -> io::Result<T> {
        Err(io::Error::new(io::ErrorKind::InvalidData, OpenError::Armor { line: self.number.max(1), what }))
    }

    /// One line without its end, in `self.line`; false at the end of the input.
    fn next_line(&mut self, limit: usize) -> io::Result<bool> {
        self.line.clear();
        self.number += 1;
        if self.input.by_ref().take(limit as u64).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(false);
        }
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            self.line.pop_if(|last| *last == b'\r');
        } else if self.line.len() == limit {
            return self.fail("the line is too long");
        }
        Ok(true)
    }

    fn begin(&mut self) -> io::Result<()> {
        let mut margin = MARGIN;
        loop {
            let more = self.next_line(margin)?;
            margin = margin.saturating_sub(self.line.len() + 1);
            if !more || margin == 0 {
                return self.fail("no BEGIN line");
            }
            match self.line.trim_ascii_start() {
                b"" => {}
                line if line == BEGIN.as_bytes() => break,
                _ => return self.fail("not the BEGIN line of an age file"),
            }
        }
        self.state = State::Inside;
        Ok(())
    }

    fn inside(&mut self) -> io::Result<()> {
        if !self.next_line(LINE)? {
            return self.fail("no END line");
        }
        if self.line.trim_ascii_end() == END.as_bytes() {
            return self.after();
        }
        if self.state == State::Last {
            return self.fail("only the last line may be short");
        }
        if self.line.len() > COLUMNS {
            return self.fail("the line is too long");
        }
        if self.line.is_empty() {
            return self.fail("an empty line");
        }
        let Ok(length) = STANDARD.decode_slice(&self.line, &mut self.decoded) else {
            return self.fail("not canonical base64");
        };
        (self.start, self.end) = (0, length);
        if self.line.len() < COLUMNS || self.line.ends_with(b"=") {
            self.state = State::Last;
        }
        Ok(())
    }

    fn after(&mut self) -> io::Result<()> {
        self.state = State::Done;
        let mut margin = MARGIN;
        loop {
            let buffer = self.input.fill_buf()?;
            let length = buffer.len();
            if length == 0 {
                return Ok(());
            }
            if length > margin || !buffer.trim_ascii_start().is_empty() {
                self.number += 1;
                return self.fail("something follows the END line");
            }
            margin -= length;
            self.input.consume(length);
        }
    }
}

impl<R: BufRead> BufRead for Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.end && self.state != State::Done {
            match self.state {
                State::Before => self.begin()?,
                _ => self.inside()?,
            }
        }
        Ok(&self.decoded[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
    }
}

impl<R: BufRead> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let length = self.fill_buf()?.read(&mut buffer[filled..])?;
            if length == 0 {
                break;
            }
            self.consume(length);
            filled += length;
        }
        Ok(filled)
    }
}
