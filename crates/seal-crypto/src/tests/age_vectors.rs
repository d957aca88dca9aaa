//! Every C2SP CCTV vector of the age format: what opens, what does not, for which reason, and how much is given out before.

use super::secret;
use crate::age::{Caps, Identity, OpenError, armor, decrypt, header, stream};
use flate2::read::ZlibDecoder;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// What the vectors allow for passphrases; theirs use 10.
const MAX_LOG_N: u8 = 16;

struct Vector {
    name: String,
    expect: String,
    payload: Option<String>,
    identities: Vec<Identity>,
    armored: bool,
    file: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/age");
    let entries = std::fs::read_dir(folder).expect("the vectors folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_none());
    assert!(paths.len() >= 147, "vectors are missing");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vector {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let bytes = std::fs::read(path).expect("a readable file");
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("an empty line");
    let headers = std::str::from_utf8(&bytes[..end]).expect("text").to_owned();
    let values = |key: &str| {
        let prefix = format!("{key}: ");
        headers.lines().filter_map(move |line| line.strip_prefix(&prefix).map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut file = bytes[end + 2..].to_vec();
    if values("compressed") == ["zlib"] {
        let packed = std::mem::take(&mut file);
        ZlibDecoder::new(&packed[..]).read_to_end(&mut file).expect("zlib");
    }
    let keys = values("identity").into_iter().map(|text| Identity::parse(&text).expect("an identity"));
    let passphrases = values("passphrase").into_iter();
    let passphrases = passphrases.map(|text| Identity::passphrase(&secret(text.as_bytes()), MAX_LOG_N).expect("UTF-8"));
    Vector {
        expect: values("expect").remove(0),
        payload: values("payload").pop(),
        identities: keys.chain(passphrases).collect(),
        armored: values("armored") == ["yes"],
        name,
        file,
    }
}

/// The answer in the vectors' words, and everything that was given out before it.
fn open(vector: &Vector) -> (&'static str, Vec<u8>) {
    let mut content = Vec::new();
    let opened = if vector.armored {
        stream::decrypt_from(armor::Reader::new(&vector.file[..]), &vector.identities, &Caps::FILE)
            .and_then(|(mut reader, _)| reader.read_to_end(&mut content).map_err(|error| stream::open_error_of(&error)))
    } else {
        stream::decrypt_from(&vector.file[..], &vector.identities, &Caps::FILE)
            .and_then(|(mut reader, _)| reader.read_to_end(&mut content).map_err(|error| stream::open_error_of(&error)))
    };
    (opened.map_or_else(|error| in_their_words(&error), |_| "success"), content)
}

fn in_their_words(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoMatch | OpenError::Passphrase => "no match",
        OpenError::Mac => "HMAC failure",
        OpenError::Payload => "payload failure",
        OpenError::Armor { .. } => "armor failure",
        OpenError::NotAge
        | OpenError::Version
        | OpenError::Header { .. }
        | OpenError::Truncated
        | OpenError::Stanza
        | OpenError::Work { .. } => "header failure",
        other => panic!("no vector should end in {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_vector_ends_as_it_says() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let (answer, content) = open(&vector);
        if answer != vector.expect {
            wrong.push(format!("{}: {answer} instead of {}", vector.name, vector.expect));
        }
        // Nothing but what the vector lists may come out, whether or not the file turns out to be whole.
        let hash = vector.payload.clone().unwrap_or_else(|| hex(&Sha256::digest(b"")));
        if hex(&Sha256::digest(&content)) != hash {
            wrong.push(format!("{}: gave out {} bytes that are not the payload", vector.name, content.len()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn opening_a_whole_file_gives_out_all_or_nothing() {
    for vector in vectors().into_iter().filter(|vector| !vector.armored) {
        let opened = decrypt(&vector.file, &vector.identities, &Caps::FILE);
        match opened {
            Ok((content, _)) => {
                assert_eq!(vector.expect, "success", "{}", vector.name);
                assert_eq!(Some(hex(&Sha256::digest(content.expose()))), vector.payload, "{}", vector.name);
                let told = header(&vector.file, &Caps::FILE).expect("it opened").content_len();
                assert_eq!(told, Some(content.len()), "{}", vector.name);
            }
            Err(error) => assert_eq!(in_their_words(&error), vector.expect, "{}", vector.name),
        }
    }
}

#[test]
fn what_unwraps_wraps_again() {
    for vector in vectors().into_iter().filter(|vector| vector.armored) {
        if let Ok(bytes) = armor::unwrap(&vector.file) {
            let again = armor::wrap(&bytes);
            assert_eq!(armor::unwrap(again.as_bytes()), Ok(bytes), "{}", vector.name);
            let theirs = String::from_utf8(vector.file).expect("text").replace("\r\n", "\n");
            assert_eq!(again.trim(), theirs.trim(), "{}", vector.name);
        }
    }
}
