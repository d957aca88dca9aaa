//! What must hold of one case: whatever one program writes, the other reads as its author does.

use super::{case::Case, document::COMMENTS};
use crate::pair::{ALICE, BOB, Pair, Run};
use std::collections::BTreeMap;

/// Refused by ours on purpose where the original goes on: a selector that matches nothing would leave a plaintext file behind, and so
/// would a comment that says something else for its reader than for people.
const STRICTER: [&str; 2] = ["the selector matches no value", "does not apply this comment to what stands below it"];

/// Edits that ours refuses where the original goes on: what the file holds has no place in a second reader, or what is encrypted would
/// change with it.
const NOT_EDITED: [&str; 2] = ["YAML readers disagree", "a comment that says what is encrypted"];

/// What was seen, by kind.
pub(crate) type Tally = BTreeMap<&'static str, usize>;

/// Runs a case in a folder. The error says what differs.
pub(crate) fn check(pair: &Pair, case: &Case, tally: &mut Tally) -> Result<(), String> {
    Bench { pair, case, tally }.run()
}

struct Bench<'a> {
    pair: &'a Pair,
    case: &'a Case,
    tally: &'a mut Tally,
}

impl Bench<'_> {
    fn run(&mut self) -> Result<(), String> {
        self.pair.write("rules.yaml", &self.case.rules);
        let clear = self.write("clear", &self.case.clear);
        let (theirs, ours) = (self.theirs(&["encrypt", &clear])?, self.ours(&["encrypt", &clear])?);
        match (theirs.code, ours.code) {
            (0, 0) => {}
            (0, _) if STRICTER.iter().any(|words| ours.err.contains(words)) => {
                return self.count("sealed by theirs only, on purpose");
            }
            (0, _) => return Err(format!("theirs seals it, ours does not: {}", ours.err)),
            (_, 0) => return self.own(&ours, &format!("theirs does not seal it: {}", theirs.err)),
            _ => return self.count("sealed by neither"),
        }
        self.files(&theirs, &ours)
    }

    /// The original refuses its own kind of file; ours must at least stand by itself.
    fn own(&mut self, ours: &Run, why: &str) -> Result<(), String> {
        let known = ["unknown type", "uint64", "Cannot encrypt", "cannot encrypt"].iter().any(|words| why.contains(words));
        let mine = self.write("ours", &ours.out);
        self.comes_back(&mine)?;
        if known { self.count("sealed by ours only") } else { Err(why.to_owned()) }
    }

    /// What ours sealed comes back to the byte, but for spellings that a sealed value does not remember (`0x1F`, folded text): then it
    /// must mean the same to the original.
    fn comes_back(&mut self, mine: &str) -> Result<(), String> {
        let opened = self.ours(&["decrypt", mine])?;
        if opened.code == 0 && self.case.store == "json" && same_json(&self.case.clear, &opened.out) {
            return Ok(());
        }
        if opened.code != 0 || opened.out == self.case.clear || self.case.store != "yaml" {
            return same("our own file", &self.case.clear, &opened);
        }
        let mut read = Vec::new();
        for clear in [&self.case.clear, &opened.out] {
            let sealed = self.write("again", clear);
            let run = self.theirs(&["encrypt", "-i", &sealed])?;
            read.push(if run.code == 0 { self.theirs(&["decrypt", &sealed])? } else { run });
        }
        if read[0].code != 0 || read[0].out == read[1].out || means_the_same(&read[0].out, &read[1].out) {
            return self.count("other spelling when it comes back");
        }
        same("our own file", &self.case.clear, &opened)
    }

    fn files(&mut self, theirs: &Run, ours: &Run) -> Result<(), String> {
        let (yours, mine) = (self.write("theirs", &theirs.out), self.write("ours", &ours.out));
        self.comes_back(&mine)?;
        let opened = self.theirs(&["decrypt", &yours])?;
        if opened.code != 0 {
            return self.count("theirs does not open its own file");
        }
        let from_ours = self.theirs(&["decrypt", &mine])?;
        if let Err(differs) = self.alike("theirs opens our file", &opened, &from_ours) {
            // Its writer drops the first of these comments, from files in clear too; ours leaves them where they are.
            if !(loses_a_comment(&self.case.clear) && self.same_values(&opened, &from_ours)) {
                return Err(differs);
            }
            self.count("theirs loses a comment of our file in writing")?;
        }
        let from_theirs = self.ours(&["decrypt", &yours])?;
        self.alike("we open their file", &opened, &from_theirs)?;
        if self.case.store == "yaml" {
            let args = ["decrypt", "--output-type", "json", &yours];
            let (theirs, ours) = (self.theirs(&args)?, self.ours(&args)?);
            match (theirs.code, ours.code) {
                (0, _) => same("their file as JSON", &theirs.out, &ours)?,
                (_, 0) => return Err(format!("their file as JSON: theirs fails with {}", theirs.err)),
                _ => {}
            }
        }
        self.edits(&mine)?;
        self.tampered(&theirs.out)?;
        self.count("read alike")
    }

    /// The same edit by either on a file of theirs, then by theirs on a file of ours.
    fn edits(&mut self, mine: &str) -> Result<(), String> {
        let Some((verb, rest)) = &self.case.edit else { return Ok(()) };
        let on = |file: &str| -> Vec<String> { [&[(*verb).to_owned(), file.to_owned()], rest.as_slice()].concat() };
        let sealed = self.pair.read(&self.name("theirs"));
        let copy = self.write("edited", &sealed);
        let theirs = self.theirs(&words(&on(&copy)))?;
        let expected = self.theirs(&["decrypt", &copy])?;
        self.write("edited", &sealed);
        let ours = self.ours(&words(&on(&copy)))?;
        let seen = self.theirs(&["decrypt", &copy])?;
        if ours.code != 0 && NOT_EDITED.iter().any(|words| ours.err.contains(words)) {
            return self.count("edit refused by ours only");
        }
        if (theirs.code == 0) != (ours.code == 0) {
            let ends = |run: &Run| format!("{} ({})", run.code, run.err);
            return Err(format!("{verb} on their file: theirs ended with {}, ours with {}", ends(&theirs), ends(&ours)));
        }
        if expected.code != 0 {
            return self.count("theirs does not open what it edited");
        }
        // Comments at what was changed go with it in ours; theirs leaves them to the next key.
        if !self.same_values(&expected, &seen) {
            self.alike(&format!("theirs opens what ours {verb} in their file"), &expected, &seen)?;
        }
        if self.theirs(&words(&on(mine)))?.code == 0 && self.theirs(&["decrypt", mine])?.code == 0 {
            let opened = self.ours(&["decrypt", mine])?;
            if opened.code != 0 {
                return Err(format!("we cannot open what theirs {verb} in our file: {}", opened.err));
            }
        }
        self.count("edited alike")
    }

    /// What theirs refuses, ours refuses; what theirs takes, ours takes to the same end.
    fn tampered(&mut self, sealed: &[u8]) -> Result<(), String> {
        let Some(spoilt) = self.case.tamper.apply(sealed) else { return Ok(()) };
        let file = self.write("spoilt", &spoilt);
        let (theirs, ours) = (self.theirs(&["decrypt", &file])?, self.ours(&["decrypt", &file])?);
        match (theirs.code, ours.code) {
            // No MAC covers comments; ours looks a bit further for the place that one was sealed for.
            (0, 0) if self.same_values(&theirs, &ours) => self.count("tampering taken by both"),
            (0, 0) => {
                self.alike("the file that was tampered with", &theirs, &ours).and_then(|()| self.count("tampering taken by both"))
            }
            (0, _) => self.count("tampering refused by ours only"),
            (_, 0) => Err(format!("{:?}: theirs refuses it ({}: {}), ours does not", self.case.tamper, theirs.code, theirs.err)),
            (a, b) if a == b => self.count("tampering refused with one code"),
            _ => self.count("tampering refused with two codes"),
        }
    }

    /// Equal values in YAML or INI; comments, and how keys are lined up, aside.
    fn same_values(&self, a: &Run, b: &Run) -> bool {
        let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
        let bare = |run: &Run| {
            let lines = ini_lines(&run.out).into_iter().filter(|line| !line.starts_with('#'));
            lines.map(|line| pair(&line).ok_or(line)).collect::<Vec<_>>()
        };
        if self.case.store == "ini" && (a.code, b.code) == (0, 0) {
            return bare(a) == bare(b);
        }
        let read = |run: &Run| std::str::from_utf8(&run.out).ok().and_then(values);
        self.case.store == "yaml" && (a.code, b.code) == (0, 0) && read(a).is_some_and(|a| Some(a) == read(b))
    }

    fn alike(&self, what: &str, expected: &Run, seen: &Run) -> Result<(), String> {
        if seen.code != 0 {
            return Err(format!("{what}: it fails with {} ({})", seen.code, seen.err));
        }
        let alike = match self.case.store {
            "yaml" => means_the_same(&expected.out, &seen.out),
            "json" => same_json(&expected.out, &seen.out),
            "ini" => ini_lines(&expected.out) == ini_lines(&seen.out),
            _ => false,
        };
        if alike || expected.out == seen.out {
            return Ok(());
        }
        Err(format!("{what}: the output differs\n{}", both(&expected.text(), &seen.text())))
    }

    fn name(&self, name: &str) -> String {
        format!("{name}.{}", self.case.ending())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let name = self.name(name);
        self.pair.write(&name, bytes);
        self.pair.folder().join(name).to_string_lossy().into_owned()
    }

    fn count(&mut self, what: &'static str) -> Result<(), String> {
        *self.tally.entry(what).or_default() += 1;
        Ok(())
    }

    fn theirs(&self, args: &[&str]) -> Result<Run, String> {
        Ok(self.pair.theirs(&[&["--config", "rules.yaml"], args].concat()))
    }

    /// In this process: starting one costs more than the work.
    fn ours(&self, args: &[&str]) -> Result<Run, String> {
        let config = self.pair.folder().join("rules.yaml").to_string_lossy().into_owned();
        let line: Vec<std::ffi::OsString> =
            [&["seal", "sops", "--config", &config], args].concat().iter().map(|arg| (*arg).into()).collect();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let run = std::panic::catch_unwind(|| {
            let (io, out, err) = seal_cli::Io::scripted(b"", now as i64, &[]);
            let mut io = io.with_env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}"));
            let exit = seal_cli::run(line, &mut io);
            Run { code: i32::from(exit.0), out: out.bytes(), err: err.text() }
        });
        run.map_err(|_| format!("ours panics on {args:?}"))
    }
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

fn same(what: &str, expected: &[u8], seen: &Run) -> Result<(), String> {
    if seen.code != 0 {
        return Err(format!("{what}: it fails with {} ({})", seen.code, seen.err));
    }
    if expected == seen.out {
        return Ok(());
    }
    Err(format!("{what}: not the same bytes\n{}", both(&String::from_utf8_lossy(expected), &seen.text())))
}

fn both(expected: &str, seen: &str) -> String {
    let invisible = expected.split_whitespace().eq(seen.split_whitespace());
    let show = |text: &str| if invisible { format!("{text:?}") } else { text.to_owned() };
    format!("--- expected\n{}\n--- seen\n{}", show(expected), show(seen))
}

/// Equal values in equal places and all the comments, whatever the layout. A whole double may have lost its point; a comment behind a
/// value may have moved above it; the original writes a document of nothing as an empty map.
fn means_the_same(a: &[u8], b: &[u8]) -> bool {
    let (Ok(a), Ok(b)) = (std::str::from_utf8(a), std::str::from_utf8(b)) else { return false };
    // The original loses some comments inside lists.
    let kept = comments(a).iter().zip(comments(b)).all(|(expected, seen)| *expected <= seen);
    kept && values(a).is_some_and(|a| Some(a) == values(b))
}

fn values(text: &str) -> Option<Vec<serde_yaml::Value>> {
    use serde::Deserialize;
    let documents = serde_yaml::Deserializer::from_str(text);
    let empty = || serde_yaml::Value::Mapping(serde_yaml::Mapping::new());
    let read = documents.map(|document| serde_yaml::Value::deserialize(document).ok());
    read.map(|value| value.map(|value| if value.is_null() { empty() } else { plain(&value) })).collect()
}

fn plain(value: &serde_yaml::Value) -> serde_yaml::Value {
    use serde_yaml::Value;
    match value {
        Value::Number(number) => number
            .as_f64()
            .filter(|double| double.fract() == 0.0 && double.abs() < 1e15)
            .map_or_else(|| value.clone(), |double| Value::from(double as i64)),
        Value::Sequence(items) => Value::Sequence(items.iter().map(plain).collect()),
        Value::Mapping(entries) => Value::Mapping(entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        other => other.clone(),
    }
}

/// Lines without blank ones, comments without their marks.
fn ini_lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let comment = |line: &str| line.trim_start_matches([';', '#', ' ']).to_owned();
    lines.map(|line| if line.starts_with([';', '#']) { format!("# {}", comment(line)) } else { line.to_owned() }).collect()
}

/// Equal but for the spelling of numbers and the layout.
fn same_json(a: &[u8], b: &[u8]) -> bool {
    let value = |bytes: &[u8]| serde_json::from_slice(bytes).ok().map(|value: serde_json::Value| plain_json(&value));
    value(a).is_some_and(|a| Some(a) == value(b))
}

fn plain_json(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .filter(|double| double.fract() == 0.0 && double.abs() < 1e15)
            .map_or_else(|| value.clone(), |double| Value::from(double as i64)),
        Value::Array(items) => items.iter().map(plain_json).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), plain_json(value))).collect(),
        other => other.clone(),
    }
}

/// A comment above a dash, and another one behind or below that, with nothing else between.
fn loses_a_comment(clear: &[u8]) -> bool {
    let text = String::from_utf8_lossy(clear);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_next = |lines: &[&str]| lines[0].starts_with("- #") || (lines[0] == "-" && lines[1].starts_with('#'));
    lines.windows(3).any(|lines| lines[0].starts_with('#') && is_next(&lines[1..]))
}

/// How often each comment stands there.
fn comments(text: &str) -> Vec<usize> {
    let written = |comment: &str| text.matches(&format!("#{comment}")).count() + text.matches(&format!("# {comment}")).count();
    COMMENTS.iter().filter(|comment| !comment.is_empty()).map(|comment| written(comment)).collect()
}
