//! `seal age inspect`: what an age file says in the clear. Needs no key and reads the content only to count it.

use super::pipe::{self, BUFFER, binary};
use crate::{
    Exit, Io,
    report::{CliError, OutputArg},
};
use seal_crypto::age::{Caps, Header, Stanza, header};
use serde_json::{Value, json};
use std::{io::Read, path::PathBuf};

const VERSION: &str = "age-encryption.org/v1";
/// A binary file has no larger header.
const CAPS: Caps = Caps::FILE;

/// Flags of `seal age inspect`.
#[derive(clap::Args)]
pub struct Args {
    /// Output format; json has the keys of `age-inspect --json` and more
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    /// What to read [default: standard input]
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
}

struct Seen {
    header: Header,
    armored: Option<u64>,
}

/// Runs `seal age inspect`.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let ends = pipe::Ends { output: None, input: args.input.clone() };
    let name = ends.name();
    let seen = look(&name, ends.reader(io)?)?;
    let text = match args.output {
        OutputArg::Json => format!("{:#}\n", as_json(&seen)),
        OutputArg::Text => as_text(&name, &seen),
    };
    io.print(&text)?;
    Ok(Exit::DONE)
}

fn look(name: &str, input: pipe::Input) -> Result<Seen, CliError> {
    let (mut input, armored) = binary(name, input)?;
    let mut head = Vec::new();
    let read = |error: std::io::Error| pipe::read_error(name, &error);
    input.by_ref().take(CAPS.header_bytes as u64).read_to_end(&mut head).map_err(read)?;
    let mut header = header(&head, &CAPS).map_err(|error| CliError::failed(format!("{name}: {error}")))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer).map_err(read)? {
            0 => break,
            length => header.payload_len += length,
        }
    }
    if header.content_len().is_none() {
        return Err(CliError::failed(format!("{name}: the age file is cut short behind its header")));
    }
    let bytes = (header.header_len + header.payload_len) as u64;
    Ok(Seen { header, armored: armored.then(|| text_len(bytes) - bytes) })
}

/// Bytes of the armor around `bytes`: two marker lines, 64 columns of base64.
fn text_len(bytes: u64) -> u64 {
    const MARKERS: u64 = 35 + 33;
    let base64 = bytes.div_ceil(3) * 4;
    MARKERS + base64 + base64.div_ceil(64)
}

fn post_quantum(header: &Header) -> &'static str {
    match (header.is_passphrase(), header.is_post_quantum(), header.stanzas.iter().any(|s| s.post_quantum() == Some(false))) {
        (true, ..) | (_, true, _) => "yes",
        (_, _, true) => "no",
        _ => "unknown",
    }
}

fn as_json(seen: &Seen) -> Value {
    let Seen { header, armored } = seen;
    let content = header.content_len().unwrap_or_default();
    let kinds: Vec<&str> = header.stanzas.iter().map(|stanza| stanza.kind.as_str()).collect();
    let stanzas: Vec<Value> = header
        .stanzas
        .iter()
        .map(|Stanza { kind, args, body }| json!({"type": kind, "args": args, "body_bytes": body.len()}))
        .collect();
    json!({
        "version": VERSION,
        "postquantum": post_quantum(header),
        "armor": armored.is_some(),
        "stanza_types": kinds,
        "stanzas": stanzas,
        "sizes": {
            "header": header.header_len,
            "armor": armored.unwrap_or_default(),
            "overhead": header.payload_len - content,
            "min_payload": content,
            "max_payload": content,
            "min_padding": 0,
            "max_padding": 0,
        },
    })
}

fn as_text(name: &str, seen: &Seen) -> String {
    let Seen { header, armored } = seen;
    let content = header.content_len().unwrap_or_default();
    let strength = match (header.is_passphrase(), post_quantum(header)) {
        (true, _) => "yes, for as long as nobody guesses the passphrase",
        (_, "yes") => "yes",
        (_, "no") => "no",
        _ => "unknown",
    };
    let form = if armored.is_some() { "text (armor)" } else { "binary" };
    let (known, others): (Vec<&Stanza>, Vec<&Stanza>) =
        header.stanzas.iter().partition(|stanza| header.is_passphrase() || stanza.post_quantum().is_some());
    let rows = [
        ("version", VERSION.to_owned()),
        ("form", form.to_owned()),
        ("recipients", counted(&known)),
        ("others", counted(&others)),
        ("post-quantum", strength.to_owned()),
        ("header", format!("{} bytes", header.header_len)),
        ("armor", format!("{} bytes", armored.unwrap_or_default())),
        ("overhead", format!("{} bytes", header.payload_len - content)),
        ("content", format!("{content} bytes, when it opens")),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<String> = rows.map(|(what, value)| format!("  {what:<13} {value}\n")).collect();
    format!("{name}\n{}", rows.concat())
}

/// `2 X25519, mlkem768x25519`, in the order of the file.
fn counted(stanzas: &[&Stanza]) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for stanza in stanzas {
        match kinds.iter_mut().find(|(kind, _)| *kind == stanza.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&stanza.kind, 1)),
        }
    }
    let one = |(kind, count): &(&str, usize)| if *count == 1 { (*kind).to_owned() } else { format!("{count} {kind}") };
    kinds.iter().map(one).collect::<Vec<_>>().join(", ")
}
