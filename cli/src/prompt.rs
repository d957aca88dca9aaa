//! Asks somebody at the terminal for a value and shows nothing of it. However it ends, Ctrl-C included, the terminal is as it was.

use seal_secret::SecretBytes;
use std::io;

/// Asks on the terminal of this process, wherever standard input comes from. Interrupted: [`io::ErrorKind::Interrupted`].
#[cfg(unix)]
pub fn hidden(question: &str) -> io::Result<SecretBytes> {
    use std::io::Write;
    let tty = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let quiet = Quiet::new(&tty)?;
    // Only now: who answers at once is not shown either.
    (&tty).write_all(question.as_bytes())?;
    let typed = typed(&mut &tty);
    (&tty).write_all(b"\r\n")?;
    drop(quiet);
    typed
}

/// As rpassword does it there.
#[cfg(not(unix))]
pub fn hidden(question: &str) -> io::Result<SecretBytes> {
    rpassword::prompt_password(question).map(SecretBytes::from)
}

/// A terminal that shows nothing and hands over every key, until this is dropped.
#[cfg(unix)]
struct Quiet<'a> {
    tty: &'a std::fs::File,
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl<'a> Quiet<'a> {
    fn new(tty: &'a std::fs::File) -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        // By lines the kernel would cut off what is longer than 4,095 bytes; and a signal would end this process before it has
        // put the terminal back.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(tty, OptionalActions::Now, &quiet)?;
        Ok(Self { tty, before })
    }
}

#[cfg(unix)]
impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(self.tty, rustix::termios::OptionalActions::Now, &self.before);
    }
}

/// One line, with the keys that take something back.
#[cfg(unix)]
fn typed(tty: &mut impl io::Read) -> io::Result<SecretBytes> {
    const INTERRUPT: u8 = 3;
    const END: u8 = 4;
    const CLEAR: u8 = 21;
    const WORD: u8 = 23;
    const QUIT: u8 = 28;
    let mut line = Line::default();
    let mut key = zeroize::Zeroizing::new([0]);
    loop {
        match tty.read(&mut *key) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\n' | b'\r' => break,
            END if line.0.is_empty() => break,
            INTERRUPT | QUIT => return Err(io::ErrorKind::Interrupted.into()),
            8 | 127 => line.take_back(),
            CLEAR => line.0.clear(),
            WORD => {
                while line.0.last() == Some(&b' ') {
                    line.take_back();
                }
                while line.0.last().is_some_and(|last| *last != b' ') {
                    line.take_back();
                }
            }
            other @ (b'\t' | b' '..) => line.push(other),
            _ => {}
        }
    }
    Ok(std::mem::take(&mut *line.0).into())
}

/// What was typed so far. Growing leaves no copy behind.
#[cfg(unix)]
#[derive(Default)]
struct Line(zeroize::Zeroizing<Vec<u8>>);

#[cfg(unix)]
impl Line {
    fn push(&mut self, byte: u8) {
        if self.0.len() == self.0.capacity() {
            let mut larger = zeroize::Zeroizing::new(Vec::with_capacity(self.0.capacity().max(128) * 2));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.push(byte);
    }

    /// One character, which may be several bytes.
    fn take_back(&mut self) {
        while self.0.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn keys_that_take_something_back_do() {
        for (keys, expected) in [
            ("word\n", "word"),
            ("word\rmore", "word"),
            ("wordx\u{7f}\n", "word"),
            ("woé\u{8}rd\n", "word"),
            ("\u{7f}\u{7f}word\n", "word"),
            ("wrong\u{15}word\n", "word"),
            ("a wrong one  \u{17}\u{17}b\n", "a b"),
            ("\u{1}\u{1a}w\to\u{0}rd\n", "w\tord"),
            ("\u{4}word\n", ""),
            ("wo\u{4}rd\n", "word"),
            ("word", "word"),
        ] {
            assert!(typed(&mut keys.as_bytes()).unwrap().expose() == expected.as_bytes(), "{keys:?}");
        }
        let long = "x".repeat(10_000);
        assert!(typed(&mut long.as_bytes()).unwrap().expose() == long.as_bytes());
    }

    #[test]
    fn an_interrupt_is_no_answer() {
        for keys in ["\u{3}", "wo\u{3}rd\n", "wo\u{1c}"] {
            let error = typed(&mut keys.as_bytes()).err().map(|error| error.kind());
            assert_eq!(error, Some(std::io::ErrorKind::Interrupted), "{keys:?}");
        }
    }
}
