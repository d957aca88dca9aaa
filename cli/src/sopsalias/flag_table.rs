//! The verbs and flags of sops 3.13: names, kinds of value, environment variables, and help in our own words.

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `-x`, `-x=false`.
    Bool,
    /// As [`Kind::Bool`], and true when nothing is said.
    BoolTrue,
    /// Any text; the last one wins.
    Text,
    /// A whole number.
    Int,
    /// Repeatable.
    List,
}

/// One flag. The first name is the one it is asked for by.
pub struct Flag {
    /// Long name, then the short one.
    pub names: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// The environment variable that stands in for it.
    pub env: Option<&'static str>,
    /// Help text.
    pub help: &'static str,
    /// What comes from outside this program's reach: given, it is refused by name.
    pub unsupported: bool,
}

/// One verb, or the program itself when the name is empty.
pub struct Verb {
    /// As typed; a verb below another has both words.
    pub name: &'static str,
    /// What it does.
    pub help: &'static str,
    /// What stands after the flags.
    pub args: &'static str,
    /// Its flags, by group.
    pub flags: &'static [&'static [Flag]],
}

const fn flag(names: &'static [&'static str], kind: Kind, help: &'static str) -> Flag {
    Flag { names, kind, env: None, help, unsupported: false }
}
const fn text(names: &'static [&'static str], help: &'static str) -> Flag {
    flag(names, Kind::Text, help)
}
const fn switch(names: &'static [&'static str], help: &'static str) -> Flag {
    flag(names, Kind::Bool, help)
}
const fn foreign(names: &'static [&'static str], kind: Kind) -> Flag {
    Flag { unsupported: true, ..flag(names, kind, "") }
}

impl Flag {
    const fn env(self, env: &'static str) -> Flag {
        Flag { env: Some(env), ..self }
    }
}

impl Verb {
    /// Every flag of the verb.
    pub fn all(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().copied().flatten()
    }
    /// The flag of this name, long or short.
    pub fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.all().find(|flag| flag.names.contains(&name))
    }
}

const HELP: &[Flag] = &[switch(&["help", "h"], "show this help")];
const KEYSERVICE: &[Flag] = &[
    Flag { kind: Kind::BoolTrue, ..switch(&["enable-local-keyservice"], "use the keys of this machine") }
        .env("SOPS_ENABLE_LOCAL_KEYSERVICE"),
    foreign(&["keyservice"], Kind::List).env("SOPS_KEYSERVICE"),
];
const ORDER: &[Flag] = &[text(&["decryption-order"], "kinds of keys to try, in this order, separated by commas (age, pgp)")
    .env("SOPS_DECRYPTION_ORDER")];
const INPUT: &[Flag] = &[text(&["input-type"], "yaml, json, dotenv, ini or binary; else the file's extension says it")];
const OUTPUT: &[Flag] =
    &[text(&["output-type"], "yaml, json, dotenv, ini or binary to write; else the file's extension says it")];
const IN_PLACE: &[Flag] = &[switch(&["in-place", "i"], "write back to the file instead of standard output")];
const TO_FILE: &[Flag] = &[text(&["output"], "write to this file instead of standard output")];
const OVERRIDE: &[Flag] = &[text(&["filename-override"], "take type and rule by this name; for standard input")];
const EXTRACT: &[Flag] = &[text(&["extract"], "only this key or branch, such as '[\"key\"][0]'")];
const IGNORE_MAC: &[Flag] = &[switch(&["ignore-mac"], "do not check the message authentication code")];
const THRESHOLD: &[Flag] =
    &[flag(&["shamir-secret-sharing-threshold"], Kind::Int, "how many key groups are needed to open the file")];
const SHOW_KEYS: &[Flag] = &[foreign(&["show-master-keys", "s"], Kind::Bool)];
const IDEMPOTENT: &[Flag] = &[switch(&["idempotent"], "write nothing when nothing would change")];
const YES: &[Flag] = &[switch(&["yes", "y"], "do not ask")];
const KEYS: &[Flag] = &[
    foreign(&["kms", "k"], Kind::Text).env("SOPS_KMS_ARN"),
    foreign(&["aws-profile"], Kind::Text),
    foreign(&["gcp-kms"], Kind::Text).env("SOPS_GCP_KMS_IDS"),
    foreign(&["hckms"], Kind::Text).env("SOPS_HUAWEICLOUD_KMS_IDS"),
    foreign(&["azure-kv"], Kind::Text).env("SOPS_AZURE_KEYVAULT_URLS"),
    foreign(&["hc-vault-transit"], Kind::Text).env("SOPS_VAULT_URIS"),
    foreign(&["pgp", "p"], Kind::Text).env("SOPS_PGP_FP"),
    text(&["age", "a"], "age recipients to encrypt to, separated by commas").env("SOPS_AGE_RECIPIENTS"),
    foreign(&["encryption-context"], Kind::Text),
];
const GROUP_KEYS: &[Flag] = &[
    foreign(&["pgp"], Kind::List),
    foreign(&["kms"], Kind::List),
    foreign(&["aws-profile"], Kind::Text),
    foreign(&["gcp-kms"], Kind::List),
    foreign(&["hckms"], Kind::List),
    foreign(&["azure-kv"], Kind::List),
    foreign(&["hc-vault-transit"], Kind::List),
    flag(&["age"], Kind::List, "age recipient of the new group; may be repeated"),
    foreign(&["encryption-context"], Kind::Text),
];
const CHANGE_KEYS: &[Flag] = &[
    foreign(&["add-gcp-kms"], Kind::Text),
    foreign(&["rm-gcp-kms"], Kind::Text),
    foreign(&["add-hckms"], Kind::Text),
    foreign(&["rm-hckms"], Kind::Text),
    foreign(&["add-azure-kv"], Kind::Text),
    foreign(&["rm-azure-kv"], Kind::Text),
    foreign(&["add-kms"], Kind::Text),
    foreign(&["rm-kms"], Kind::Text),
    foreign(&["add-hc-vault-transit"], Kind::Text),
    foreign(&["rm-hc-vault-transit"], Kind::Text),
    text(&["add-age"], "age recipients to add to the first group, separated by commas"),
    text(&["rm-age"], "age recipients to remove, separated by commas"),
    foreign(&["add-pgp"], Kind::Text),
    foreign(&["rm-pgp"], Kind::Text),
];
const SELECTORS: &[Flag] = &[
    text(&["unencrypted-suffix"], "leave keys with this ending in clear"),
    text(&["encrypted-suffix"], "encrypt only keys with this ending"),
    text(&["unencrypted-regex"], "leave keys that match in clear"),
    text(&["encrypted-regex"], "encrypt only keys that match"),
    text(&["unencrypted-comment-regex"], "leave what stands below a comment that matches in clear"),
    text(&["encrypted-comment-regex"], "encrypt only what stands below a comment that matches"),
];
const FILE: &[Flag] = &[text(&["file", "f"], "the file to change")];
const RUN: &[Flag] =
    &[switch(&["background"], "start the command and do not wait for it (deprecated)"), foreign(&["user"], Kind::Text)];
const RUN_ENV: &[Flag] = &[
    switch(&["pristine"], "give the command nothing but the decrypted values"),
    switch(&["same-process"], "become the command instead of starting it"),
];
const RUN_FILE: &[Flag] =
    &[switch(&["no-fifo"], "use a file in memory instead of a pipe"), text(&["filename"], "name of the temporary file")];
const VALUE: &[Flag] = &[
    switch(&["value-file"], "the value argument is a file that holds the value"),
    switch(&["value-stdin"], "the value comes from standard input"),
];
const GLOBAL: &[Flag] = &[
    switch(&["decrypt", "d"], "decrypt a file to standard output"),
    switch(&["encrypt", "e"], "encrypt a file to standard output"),
    switch(&["rotate", "r"], "make a new data key and encrypt every value with it"),
    switch(&["disable-version-check"], "taken; no version is ever looked up").env("SOPS_DISABLE_VERSION_CHECK"),
    switch(&["check-for-updates"], "taken; no version is ever looked up"),
    switch(&["mac-only-encrypted"], "compute the message authentication code over encrypted values only"),
    text(&["config"], "configuration file, instead of the .sops.yaml found from here upwards").env("SOPS_CONFIG"),
    text(&["set"], "set a value: '[\"key\"][0] JSON'"),
    flag(&["indent"], Kind::Int, "spaces of one level in the YAML and JSON that is written anew"),
    switch(&["verbose"], "say more"),
    switch(&["version", "v"], "print the version"),
];

/// The program without a verb: the older form, and `sops FILE`, which edits.
pub static PROGRAM: Verb = Verb {
    name: "",
    help: "encrypted files that stay readable, for age keys",
    args: "[flags] FILE",
    flags: &[
        GLOBAL,
        KEYS,
        IN_PLACE,
        EXTRACT,
        INPUT,
        OUTPUT,
        SHOW_KEYS,
        CHANGE_KEYS,
        IGNORE_MAC,
        SELECTORS,
        THRESHOLD,
        TO_FILE,
        OVERRIDE,
        ORDER,
        KEYSERVICE,
        HELP,
    ],
};

/// All verbs, in the order of the help.
pub static VERBS: &[Verb] = &[
    Verb { name: "completion bash", help: "print a completion script for bash", args: "", flags: &[HELP] },
    Verb { name: "completion zsh", help: "print a completion script for zsh", args: "", flags: &[HELP] },
    Verb {
        name: "exec-env",
        help: "run a command with the decrypted values in its environment",
        args: "FILE COMMAND",
        flags: &[RUN, RUN_ENV, ORDER, KEYSERVICE, HELP],
    },
    Verb {
        name: "exec-file",
        help: "run a command with the decrypted file under a temporary name, which {} stands for",
        args: "FILE COMMAND",
        flags: &[RUN, RUN_FILE, INPUT, OUTPUT, ORDER, KEYSERVICE, HELP],
    },
    Verb { name: "publish", help: "not supported here", args: "FILE", flags: &[YES, ORDER, KEYSERVICE, HELP] },
    Verb { name: "keyservice", help: "not supported here", args: "", flags: &[HELP] },
    Verb { name: "filestatus", help: "say whether a file is encrypted, as JSON", args: "FILE", flags: &[INPUT, HELP] },
    Verb {
        name: "groups add",
        help: "add a key group to a file",
        args: "",
        flags: &[FILE, GROUP_KEYS, IN_PLACE, THRESHOLD, KEYSERVICE, HELP],
    },
    Verb {
        name: "groups delete",
        help: "take a key group out of a file",
        args: "INDEX",
        flags: &[FILE, IN_PLACE, THRESHOLD, KEYSERVICE, HELP],
    },
    Verb {
        name: "updatekeys",
        help: "give files the keys that the configuration file wants for them",
        args: "FILE...",
        flags: &[YES, INPUT, KEYSERVICE, HELP],
    },
    Verb {
        name: "decrypt",
        help: "decrypt a file, or standard input, to standard output",
        args: "[FILE]",
        flags: &[IN_PLACE, EXTRACT, TO_FILE, INPUT, OUTPUT, IGNORE_MAC, OVERRIDE, ORDER, KEYSERVICE, HELP],
    },
    Verb {
        name: "encrypt",
        help: "encrypt a file, or standard input, to standard output",
        args: "[FILE]",
        flags: &[IN_PLACE, TO_FILE, KEYS, INPUT, OUTPUT, SELECTORS, THRESHOLD, OVERRIDE, KEYSERVICE, HELP],
    },
    Verb {
        name: "rotate",
        help: "make a new data key and encrypt every value with it",
        args: "FILE",
        flags: &[IN_PLACE, TO_FILE, INPUT, OUTPUT, CHANGE_KEYS, ENCRYPTION_CONTEXT, OVERRIDE, ORDER, KEYSERVICE, HELP],
    },
    Verb {
        name: "edit",
        help: "change a file in your editor",
        args: "FILE",
        flags: &[KEYS, INPUT, OUTPUT, SELECTORS, THRESHOLD, SHOW_KEYS, IGNORE_MAC, ORDER, KEYSERVICE, HELP],
    },
    Verb {
        name: "set",
        help: "set one key or branch: '[\"key\"][0]' and a value in JSON",
        args: "FILE INDEX [VALUE]",
        flags: &[INPUT, OUTPUT, VALUE, THRESHOLD, IGNORE_MAC, ORDER, IDEMPOTENT, KEYSERVICE, HELP],
    },
    Verb {
        name: "unset",
        help: "remove one key or branch",
        args: "FILE INDEX",
        flags: &[INPUT, OUTPUT, THRESHOLD, IGNORE_MAC, ORDER, IDEMPOTENT, KEYSERVICE, HELP],
    },
];

const ENCRYPTION_CONTEXT: &[Flag] = &[foreign(&["encryption-context"], Kind::Text)];

#[cfg(test)]
mod tests {
    use super::{PROGRAM, VERBS};

    #[test]
    fn no_verb_has_two_flags_of_one_name() {
        for verb in VERBS.iter().chain([&PROGRAM]) {
            let mut names: Vec<&str> = verb.all().flat_map(|flag| flag.names.iter().copied()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", verb.name);
        }
    }
}
