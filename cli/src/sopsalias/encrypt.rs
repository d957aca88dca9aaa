//! `sops encrypt`, `sops -e`: a file in clear is sealed under the rule that is for it.

use super::{
    config::Rule,
    failure::{Failure, code},
    keys,
    session::{Content, Session, absolute, named},
};
use crate::{Exit, sops::file::now};
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, Problem, Selector, SopsError, SopsFile, Store};
use std::path::Path;

/// How a new file is sealed.
#[derive(Clone)]
pub struct Plan {
    /// Recipients by group.
    pub groups: Vec<keys::Group>,
    /// Groups needed to open it.
    pub threshold: Option<u32>,
    /// What is sealed.
    pub selector: Selector,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
}

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let input = session.first_argument();
    if input.is_none() {
        if session.flags.is_set("in-place") {
            return Err(Failure::new(code::CONFLICT, "Error: cannot use --in-place when reading from stdin"));
        }
        if session.flags.text("filename-override").is_none() {
            return Err(Failure::new(code::CONFLICT, "Error: must specify --filename-override when reading from stdin"));
        }
    }
    session.one_destination()?;
    if let Some(path) = &input {
        session.must_exist(path)?;
    }
    let known_as = session.known_as(input.as_deref());
    let (from, to) = (session.input_store(&known_as), session.output_store(&known_as));
    let plan = plan(session, &known_as, from)?;
    let bytes = session.read(input.as_deref())?;
    let sealed = seal(session, &named(input.as_deref()), bytes, (from, to), plan)?;
    session.deliver(&sealed, input.as_deref(), Content::Sealed)
}

/// From flags and the rule for this file.
pub fn plan(session: &mut Session, known_as: &Path, store: Store) -> Result<Plan, Failure> {
    session.refuse_unsupported(|flag| !flag.starts_with("add-") && !flag.starts_with("rm-") && flag != "show-master-keys")?;
    let rules = session.rules()?;
    let rule = rules.rule_for(&absolute(known_as))?;
    let mac_only_encrypted = store != Store::Binary
        && (session.global.is_set("mac-only-encrypted") || rule.as_ref().is_some_and(Rule::mac_only_encrypted));
    let selector = selector(session, rule.as_ref(), store)?;
    let threshold = session.flags.number("shamir-secret-sharing-threshold").filter(|number| *number != 0);
    let threshold = threshold.and_then(|number| u32::try_from(number).ok()).or(rule.as_ref().and_then(Rule::threshold));
    let groups = match (session.flags.text("age"), rule) {
        (Some(list), _) => vec![keys::group(list)?],
        (None, Some(rule)) => rule.groups(|_, _| false)?,
        (None, None) => {
            return Err(Failure::generic(
                "config file not found, or has no creation rules, and no keys provided through command line options",
            )
            .hint("name recipients with --age, or in a .sops.yaml here or in a folder above"));
        }
    };
    if let Some(weakness) = keys::weakness(&groups) {
        session.warn(weakness);
    }
    Ok(Plan { groups, threshold, selector, mac_only_encrypted })
}

/// The one selector that flags and rule come to.
fn selector(session: &mut Session, rule: Option<&Rule>, store: Store) -> Result<Selector, Failure> {
    type Make = fn(String) -> Selector;
    let makers: [(&str, Make); 6] = [
        ("unencrypted-suffix", Selector::UnencryptedSuffix),
        ("encrypted-suffix", Selector::EncryptedSuffix),
        ("encrypted-regex", Selector::EncryptedRegex),
        ("unencrypted-regex", Selector::UnencryptedRegex),
        ("encrypted-comment-regex", Selector::EncryptedCommentRegex),
        ("unencrypted-comment-regex", Selector::UnencryptedCommentRegex),
    ];
    let mut chosen: Vec<Selector> = Vec::new();
    for (name, make) in makers {
        let given = session.flags.text(name).map(str::to_owned);
        let by_rule = || rule.and_then(|rule| rule.selector_named(&name.replace('-', "_")));
        chosen.extend(given.or_else(by_rule).map(make));
    }
    if store == Store::Binary {
        if !chosen.is_empty() {
            session
                .warn("a selector makes no sense for a binary file, which is one value that is always encrypted; it is ignored");
        }
        chosen.clear();
    }
    if chosen.len() > 1 {
        return Err(Failure::new(
            code::CONFLICT,
            "Error: cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, \
             encrypted_comment_regex, or unencrypted_comment_regex in the same file",
        ));
    }
    Ok(chosen.pop().unwrap_or_else(|| Selector::UnencryptedSuffix("_unencrypted".to_owned())))
}

/// Seals a text in clear, in another format than its own when that is wanted.
pub fn seal(
    session: &mut Session,
    name: &str,
    clear: SecretBytes,
    (from, to): (Store, Store),
    plan: Plan,
) -> Result<SecretBytes, Failure> {
    let mut file = SopsFile::parse(name, from, clear).map_err(|error| unmarshalled(&error))?;
    if file.metadata().is_some() {
        return Err(sealed_already(from));
    }
    if from != to {
        let converted =
            file.to_store(to).map_err(|error| Failure::new(code::DUMP, format!("Could not marshal tree: {error}")))?;
        file = SopsFile::parse(name, to, converted).map_err(|error| unmarshalled(&error))?;
    }
    let mut rng = session.io.rng();
    let key = DataKey::generate(&mut rng);
    let groups = keys::wrap(&key, &plan.groups, plan.threshold, &mut rng)?;
    let options = EncryptOptions {
        groups,
        threshold: plan.threshold,
        selector: plan.selector,
        mac_only_encrypted: plan.mac_only_encrypted,
        strong: false,
        previous: None,
    };
    file.encrypt(&options, &key, now(session.io), &mut rng).map_err(|error| not_encrypted(&error, to))
}

fn unmarshalled(error: &SopsError) -> Failure {
    match &error.problem {
        Problem::AlreadyEncrypted => sealed_already(Store::Yaml),
        Problem::Metadata(_) => sealed_already(Store::Yaml),
        _ => Failure::new(code::READ, format!("Error unmarshalling file: {error}")),
    }
}

/// What keeps a file from being encrypted, by the codes of the original.
pub fn not_encrypted(error: &SopsError, store: Store) -> Failure {
    match &error.problem {
        Problem::AlreadyEncrypted => sealed_already(store),
        Problem::NoDocument => {
            Failure::new(code::NO_DOCUMENT, "File cannot be completely empty, it must contain at least one document")
        }
        Problem::Selector(_) | Problem::NothingSelected => {
            Failure::new(code::CONFLICT, error.to_string()).hint("the original would leave the whole file in clear")
        }
        _ => Failure::new(code::ENCRYPT_TREE, format!("Error encrypting tree: {error}")),
    }
}

/// Where the metadata go, there is something already.
pub fn sealed_already(store: Store) -> Failure {
    let entry = match store {
        Store::Dotenv => "an entry that starts with 'sops_'",
        _ => "a top-level entry called 'sops'",
    };
    Failure::new(code::ENCRYPTED_ALREADY, format!("The file is encrypted already: it has {entry}, where the metadata go"))
        .hint("change it with `sops edit`, or give that entry another name if it is yours")
}
