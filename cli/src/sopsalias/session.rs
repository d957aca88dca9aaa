//! What every verb of the alias needs: flags, which store a file is in, files read and opened with sops' words for what goes wrong,
//! and results put where they belong.

use super::{
    config::Rules,
    failure::{Failure, code},
    flag_table::Verb,
    flags::Flags,
};
use crate::{
    Exit, Io,
    identities::{self, Found, Wanted},
    write,
};
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{OpenOptions, Opened, Problem, SopsError, SopsFile, Store, unwrap};
use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

/// One run of one verb.
pub struct Session<'a> {
    /// The world.
    pub io: &'a mut Io,
    /// What stood before the verb.
    pub global: &'a Flags,
    /// What stands behind it.
    pub flags: &'a Flags,
    verb: &'static Verb,
    rules: Option<Rc<Rules>>,
    found: Option<Found>,
}

/// A file that was opened, with the key it is sealed under.
pub struct Unlocked {
    /// Its values.
    pub opened: Opened,
    /// Its data key.
    pub key: DataKey,
}

/// What a result holds: says how private a new file is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Ciphertext.
    Sealed,
    /// Values in clear.
    Clear,
}

impl<'a> Session<'a> {
    /// With the flags before and behind the verb.
    pub fn new(verb: &'static Verb, global: &'a Flags, flags: &'a Flags, io: &'a mut Io) -> Self {
        Self { io, global, flags, verb, rules: None, found: None }
    }

    /// Flags before a verb that belong behind it are not seen, there as here; here it is said.
    pub fn warn_of_flags_out_of_place(&mut self) {
        let lost: Vec<String> = self
            .global
            .typed()
            .filter(|name| !["config", "indent", "mac-only-encrypted", "verbose"].contains(name))
            .map(|name| format!("--{name}"))
            .collect();
        if !lost.is_empty() {
            let verb = self.verb.name;
            self.warn(&format!("{} before `{verb}` has no effect; flags of a verb go behind it", lost.join(", ")));
        }
    }

    /// Says something that does not stop the run.
    pub fn warn(&mut self, what: &str) {
        self.io.say(format_args!("warning: {what}"));
    }

    /// Says what was done, when asked to.
    pub fn inform(&mut self, what: &str) {
        if self.global.is_set("verbose") {
            self.io.say(format_args!("{what}"));
        }
    }

    /// Refuses what only the original can do, among the flags that matter now.
    pub fn refuse_unsupported(&self, matters: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let Some(flag) = self.flags.unsupported(self.verb, matters) else { return Ok(()) };
        let name = format!("--{}", flag.names[0]);
        let given = match flag.env {
            Some(env) if !self.flags.typed().any(|typed| typed == flag.names[0]) => format!("{name} (from {env})"),
            _ => name,
        };
        Err(Failure::new(code::UNSUPPORTED, format!("{given} is not supported here")).hint(instead(flag.names[0])))
    }

    /// The first argument. More than one is said to be too many.
    pub fn first_argument(&mut self) -> Option<PathBuf> {
        let args = &self.flags.args;
        let first = args.first()?.clone();
        if args.len() > 1 {
            let flag = args[1..].iter().find(|arg| arg.starts_with('-')).cloned();
            self.warn("More than one positional argument provided. Only the first one will be used!");
            if let Some(flag) = flag {
                self.warn(&format!("{flag:?} looks like a flag; flags stand before the file"));
            }
        }
        Some(PathBuf::from(first))
    }

    /// As [`Self::first_argument`], but there must be one.
    pub fn required_file(&mut self) -> Result<PathBuf, Failure> {
        self.first_argument().ok_or_else(|| Failure::new(code::NO_FILE, "Error: no file specified"))
    }

    /// `--in-place` and `--output` exclude one another.
    pub fn one_destination(&self) -> Result<(), Failure> {
        if self.flags.is_set("in-place") && self.flags.text("output").is_some() {
            return Err(Failure::new(code::CONFLICT, "Error: cannot operate on both --output and --in-place"));
        }
        Ok(())
    }

    /// The file must be there.
    pub fn must_exist(&self, path: &Path) -> Result<(), Failure> {
        if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            let message = format!("Error: cannot operate on non-existent file {:?}", absolute(path));
            return Err(Failure::new(code::NO_FILE, message));
        }
        Ok(())
    }

    /// `--filename-override`, else the file itself: what says type and rule.
    pub fn known_as(&self, path: Option<&Path>) -> PathBuf {
        let given = self.flags.text("filename-override").map(PathBuf::from);
        given.or_else(|| path.map(Path::to_owned)).unwrap_or_default()
    }

    /// How the input is read. A type that is none is passed over, as in the original.
    pub fn input_store(&self, known_as: &Path) -> Store {
        self.store("input-type", known_as)
    }

    /// How the output is written.
    pub fn output_store(&self, known_as: &Path) -> Store {
        self.store("output-type", known_as)
    }

    fn store(&self, flag: &str, known_as: &Path) -> Store {
        let given = self.flags.text(flag).and_then(|name| name.parse().ok());
        given.unwrap_or_else(|| Store::of_path(&known_as.to_string_lossy()))
    }

    /// The bytes of a file, or of standard input.
    pub fn read(&mut self, path: Option<&Path>) -> Result<SecretBytes, Failure> {
        let read = match path {
            Some(path) => self.io.read_file(path),
            None => self.io.read_input(),
        };
        read.map_err(|error| Failure::new(code::READ, format!("Error reading file: {}", error.message)))
    }

    /// Reads a sealed file. One in clear is an error.
    pub fn sealed(&mut self, path: Option<&Path>, store: Store) -> Result<SopsFile, Failure> {
        self.stores_config()?;
        let bytes = self.read(path)?;
        let file = SopsFile::parse(&named(path), store, bytes).map_err(|error| unreadable(&error))?;
        match file.metadata() {
            None => Err(not_sealed()),
            Some(metadata) if metadata.version.is_empty() => {
                Err(Failure::generic("Version string empty").hint("the sops block of the file lacks `version`"))
            }
            Some(metadata) if !is_version(&metadata.version) => {
                Err(Failure::generic("No Major.Minor.Patch elements found")
                    .hint("`version` in the sops block of the file is none"))
            }
            Some(_) => Ok(file),
        }
    }

    /// The data key of a sealed file, by the identities that the environment names.
    pub fn data_key(&mut self, file: &SopsFile) -> Result<DataKey, Failure> {
        self.decryption_order()?;
        if self.flags.is_unset("enable-local-keyservice") {
            return Err(Failure::new(code::NO_KEY, "the local key service is switched off, and there is no other")
                .hint("leave --enable-local-keyservice=false out"));
        }
        if self.found.is_none() {
            let plugins = self.io.env("SEAL_AGE_PLUGINS").is_some_and(|value| value != "0");
            let wanted = Wanted { files: &[], ask: self.io.input_is_terminal(), plugins };
            self.found = Some(identities::search(&wanted, self.io)?);
        }
        let found = self.found.as_mut().expect("just looked");
        let metadata = file.metadata().ok_or_else(not_sealed)?;
        let recipients: Vec<String> = metadata.age_keys().map(|key| key.recipient.clone()).collect();
        found.open(&recipients, self.io, |identities| unwrap::data_key(metadata, identities)).map_err(|error| {
            let message = format!("Failed to get the data key required to decrypt the SOPS file.\n\n{}: {error}", file.name());
            Failure::new(code::NO_KEY, message).hint(format!("looked in:\n{}", found.explain()))
        })
    }

    /// Opens a sealed file.
    pub fn unlock(&mut self, file: SopsFile) -> Result<Unlocked, Failure> {
        let key = self.data_key(&file)?;
        let options = OpenOptions { ignore_mac: self.flags.is_set("ignore-mac"), demand_strong: false };
        let has_mac = file.metadata().is_some_and(|metadata| !metadata.mac.is_empty());
        let opened = file.open(&key, options).map_err(|error| not_opened(&error, has_mac))?;
        Ok(Unlocked { opened, key })
    }

    fn decryption_order(&self) -> Result<(), Failure> {
        let mut kinds: Vec<&str> = self.flags.text("decryption-order").map(|list| list.split(',').collect()).unwrap_or_default();
        kinds.sort_unstable();
        match kinds.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Failure::new(code::ORDER_TWICE, format!("Duplicate decryption key type: {}", pair[0]))),
            None => Ok(()),
        }
    }

    /// The configuration file: `--config`, `SOPS_CONFIG`, or the first `.sops.yaml` from here upwards. Read once.
    pub fn rules(&mut self) -> Result<Rc<Rules>, Failure> {
        if let Some(rules) = &self.rules {
            return Ok(Rc::clone(rules));
        }
        let given = self.global.text("config").map(PathBuf::from);
        let rules = Rules::find(given.as_deref(), self.io)?;
        if let Some(warning) = rules.warning() {
            self.io.say(format_args!("warning: {warning}"));
        }
        let rules = Rc::new(rules);
        self.rules = Some(Rc::clone(&rules));
        Ok(rules)
    }

    /// A configuration file that does not parse stops every verb, as it may say how files are laid out.
    fn stores_config(&mut self) -> Result<(), Failure> {
        self.rules().map(|_| ())
    }

    /// Columns of one level in what is written anew: by `--indent`, else by the configuration.
    pub fn indent(&mut self, store: Store) -> Result<Option<u8>, Failure> {
        let given = self.global.number("indent").and_then(|number| u8::try_from(number).ok());
        Ok(given.or(self.rules()?.indent(store)))
    }

    /// Puts a result where the flags want it: into the file, another one, or standard output.
    pub fn deliver(&mut self, bytes: &SecretBytes, input: Option<&Path>, content: Content) -> Result<Exit, Failure> {
        let target = match input {
            Some(path) if self.flags.is_set("in-place") => Some(path.to_owned()),
            _ => self.flags.text("output").map(PathBuf::from),
        };
        match target {
            Some(path) => self.write(&path, bytes, content)?,
            None => self.io.print_secret(bytes)?,
        }
        Ok(Exit::DONE)
    }

    /// Writes a file whole or not at all; what is no ordinary file (`/dev/stdout`, a pipe) is written to.
    pub fn write(&mut self, path: &Path, bytes: &SecretBytes, content: Content) -> Result<(), Failure> {
        let special = std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
        let written = match content {
            _ if special => write::into(path, bytes),
            Content::Sealed => write::atomically(path, bytes),
            Content::Clear => write::private(path, bytes),
        };
        written.map_err(|error| Failure::from(error).with(code::WRITE))?;
        self.inform("File written successfully");
        Ok(())
    }
}

/// What the original takes for a version: three numbers, the last one with or without more behind it. Those of 1.x had other ones.
fn is_version(text: &str) -> bool {
    let mut parts = text.trim_start_matches('v').splitn(3, '.');
    let number = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let starts = |part: Option<&str>| part.is_some_and(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    text.starts_with("1.") || (number(parts.next()) && number(parts.next()) && starts(parts.next()))
}

/// As the original has it in its messages.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// What errors call the input.
pub fn named(path: Option<&Path>) -> String {
    path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
}

/// The words that scripts look for in front of a file without metadata.
pub fn not_sealed() -> Failure {
    Failure::generic("sops metadata not found").hint("the file is not encrypted")
}

/// A sealed file that does not parse.
pub fn unreadable(error: &SopsError) -> Failure {
    match &error.problem {
        Problem::NotEncrypted => not_sealed(),
        _ => Failure::generic(error.to_string()),
    }
}

fn not_opened(error: &SopsError, has_mac: bool) -> Failure {
    let code = match &error.problem {
        Problem::MacMismatch | Problem::MacUnreadable | Problem::StrongMacMismatch | Problem::StrongMacMissing => code::MAC,
        Problem::DoesNotOpen | Problem::NotSealed => code::DECRYPT_TREE,
        _ => code::GENERIC,
    };
    let words = match &error.problem {
        Problem::MacMismatch => "MAC mismatch. ",
        Problem::MacUnreadable if has_mac => "Cannot decrypt MAC: ",
        Problem::MacUnreadable => "MAC mismatch. File has no MAC: ",
        Problem::DoesNotOpen | Problem::NotSealed => "Error decrypting tree: ",
        _ => "",
    };
    Failure::new(code, format!("{words}{error}"))
}

/// A result that its format has no place for.
pub fn not_dumped(error: &SopsError, store: Store) -> Failure {
    // Words of the original, which some scripts look for.
    let words = match store {
        Store::Dotenv => "cannot use complex value in dotenv file: ",
        Store::Binary => "error emitting binary store: no binary data found in tree: ",
        _ => "",
    };
    Failure::new(code::DUMP, format!("Error dumping file: {words}{error}"))
}

/// What to do instead of giving a flag that only the original knows.
fn instead(flag: &str) -> &'static str {
    match flag {
        "keyservice" => {
            "leave it out: age keys are used by this program itself. Where they must stay elsewhere, run the original"
        }
        "show-master-keys" => "`seal rekey` changes who can open a file, by .sops.yaml; `seal get` lists them",
        "user" => "start it as that user: sudo -u USER sops ...",
        flag if flag.starts_with("rm-") => {
            "rewrite the keys with the original; here, keys of other kinds are kept as they are and never dropped"
        }
        flag if flag.starts_with("add-") => {
            "add an age recipient instead (--add-age), or run the original for keys of other kinds"
        }
        "encryption-context" | "aws-profile" => "leave it out: it is for cloud keys, and only age keys are used here",
        _ => {
            "encrypt to age recipients (--age, or age: in .sops.yaml; `seal keygen` makes a key), or run the original for this file"
        }
    }
}
