//! `seal rotate`: stale values of a tree of files sealed anew, in place: to the newest key, or to the recipients of `.seal.yaml`. With
//! `--to` also from one format to the other.
//!
//! With recovery keys it works offline; without, the controller does the opening and sealing and no value comes here: over HTTP, or
//! where that is closed, through the object in the cluster (a dry run then only reads its status). Only stale items
//! change; scope, metadata, templates, comments and everything else stay byte for byte. All files of a run change, or none.

mod ask;
mod format;

use self::{ask::Asker, format::To};
use crate::{
    Exit, Io,
    certificate::{CertArgs, Certificates},
    cluster::{self, ClusterArgs},
    inputs,
    kubeseal::refuse_blob,
    objects, parallel,
    recovery::{Need, RecoveryArgs},
    report::{self, CliError, OutputArg},
    sops, write,
};
use seal_core::{
    merge::replace_items,
    open::Opening,
    rotate::{migrate_items, rotate_items},
    seal_to::SealTo,
    sealed::SealedObject,
};
use seal_crypto::{Certificate, Item, Keyring, Kind as Format};
use seal_manifest::{ManifestFile, Segment};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// Flags of `seal rotate`.
#[derive(clap::Args)]
pub struct Args {
    /// SealedSecret files, folders with them, or SOPS files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// As --dry-run, and end with 1 when anything is stale
    #[arg(long)]
    check: bool,
    /// Move all items to this format: age (recipients), pq (post-quantum recipients) or rsa (the newest certificate)
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<To>,
    /// With --to: do not ask after the plan was shown
    #[arg(long, requires = "to")]
    yes: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    #[command(flatten)]
    cert: CertArgs,
    #[command(flatten)]
    recovery: RecoveryArgs,
    #[command(flatten)]
    how: sops::rotate::RotateArgs,
    #[command(flatten)]
    sops: sops::OpenArgs,
}

/// One file and the SealedSecrets in it.
struct Work {
    path: PathBuf,
    file: ManifestFile,
    found: Vec<Found>,
}

/// One SealedSecret, where it stands, and what became of it.
struct Found {
    document: usize,
    prefix: Vec<Segment>,
    object: SealedObject,
    outcome: Outcome,
}

/// What became of one SealedSecret.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing is stale.
    Current,
    /// New ciphertext by item name.
    Stale(BTreeMap<String, String>),
    /// Could not be opened.
    Failed(String),
    /// Nobody could be asked about it, and why.
    Unknown(String),
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if args.sops.input_type.is_some() || args.paths.iter().any(|path| sops::look::is_sops_file(path)) {
        return sops::rotate::run(&args.paths, &args.how, args.dry_run || args.check, args.output, &args.sops, io);
    }
    let (mut works, unread) = read(&args, io)?;
    match args.recovery.keyring(&args.sops.identity, need(&args, &works), io)? {
        Some(keyring) => offline(&args, &keyring, &mut works, io)?,
        None if args.to.is_some() => return Err(format::needs_a_key()),
        None => {}
    }
    online(&args, &mut works, io)?;
    if let Some(to) = args.to.filter(|_| !args.dry_run && !args.check) {
        format::consent(to, &works, args.yes, io)?;
    }
    if !args.dry_run && !args.check {
        save(&works)?;
    }
    if args.to.is_none() {
        format::left_behind(&works, io);
    }
    let works: Vec<&Work> = works.iter().map(|(work, _)| work).collect();
    tell(&works, &args, unread, io)
}

/// Without a key named, v1 items are the controller's to open; v2 items are looked for an identity, as files of SOPS are.
fn need(args: &Args, works: &[Keyed]) -> Need {
    match args.recovery.files.is_empty() && args.sops.identity.identities.is_empty() && args.cert.context.is_some() {
        true => Need::Rsa,
        false => Need::of(works.iter().flat_map(|(work, _)| &work.found).map(|found| &found.object)),
    }
}

/// A file with what its items are to be sealed to, once that is known.
type Keyed = (Work, Option<SealTo>);

fn read(args: &Args, io: &mut Io) -> Result<(Vec<Keyed>, usize), CliError> {
    let (mut works, mut unread) = (Vec::new(), 0);
    for input in inputs::expand(&args.paths)? {
        if input.is_stdin() {
            return Err(CliError::usage("seal rotate changes files in place; standard input is none"));
        }
        let bytes = io.read_file(&input.path)?;
        match ManifestFile::parse(&input.name(), bytes) {
            Ok(file) => {
                let found = find(&file);
                if !found.is_empty() {
                    works.push((Work { path: input.path, file, found }, None));
                } else if input.folder.is_none() {
                    report::warning(format_args!("{}: no SealedSecret in it", input.name()), io);
                }
            }
            Err(error) => {
                unread += 1;
                report::warning(format_args!("not looked at: {error}"), io);
            }
        }
    }
    Ok((works, unread))
}

fn find(file: &ManifestFile) -> Vec<Found> {
    let sealed = objects::all(file)
        .into_iter()
        .filter_map(|place| Some((place.document, place.prefix, SealedObject::from_node(place.node).ok()?)));
    let outcome =
        |object: &SealedObject| refuse_blob(object).map_or_else(|error| Outcome::Failed(error.message), |()| Outcome::Current);
    sealed.map(|(document, prefix, object)| Found { document, prefix, outcome: outcome(&object), object }).collect()
}

/// True unless it cannot be rotated at all or claims to be current.
fn needs_a_look(found: &Found, newest: &SealTo) -> bool {
    found.outcome == Outcome::Current && !claims_to_be_current(&found.object, newest)
}

/// True when the object claims that every item of this format is sealed so, for what the object is.
fn claims_to_be_current(object: &SealedObject, newest: &SealTo) -> bool {
    let items = object.items_of(newest.kind());
    let Some(key) = newest.key() else {
        let claims = |name: &&str| Item::decode(&object.items[*name]).is_ok_and(|item| newest.claimed_by(&item));
        return items.iter().all(claims);
    };
    if items.is_empty() {
        return !object.items.is_empty();
    }
    let Some(claim) = object.claim() else { return false };
    object.binding().is_ok_and(|binding| claim.matches(&binding))
        && items.iter().all(|item| claim.key_of(item).as_ref() == Some(key.fingerprint()))
}

fn offline(args: &Args, keyring: &Keyring, works: &mut [Keyed], io: &mut Io) -> Result<(), CliError> {
    let mut certificates = Certificates::default();
    let named = args.to.is_some() || !args.recovery.files.is_empty() || !args.sops.identity.identities.is_empty();
    for (work, key) in works.iter_mut() {
        // An identity that was only found does not stand for a controller's keys.
        if !named && certificates.recipients(&args.cert, &work.path, io)?.is_none() {
            continue;
        }
        let newest = certificates.for_file(&args.cert, &work.path, io)?.to;
        if let Some(to) = args.to {
            to.check(&newest, &work.path)?;
        }
        *key = Some(newest);
    }
    let mut stale = Vec::new();
    for (work, key) in works {
        let Some(newest) = key else { continue };
        let looked_at = |found: &&mut Found| match args.to {
            Some(_) => found.outcome == Outcome::Current,
            None => needs_a_look(found, newest),
        };
        stale.extend(work.found.iter_mut().filter(looked_at).map(|found| (found, &*newest)));
    }
    parallel::in_order(stale, io, "rotating", |(found, newest), rng| {
        let people = Opening::default();
        let fresh = match args.to {
            Some(_) => migrate_items(&found.object, keyring, newest, &people, rng),
            None => rotate_items(&found.object, keyring, newest, &people, rng),
        };
        found.outcome = fresh.map_or_else(|error| Outcome::Failed(error.to_string()), Outcome::of);
    });
    Ok(())
}

/// Groups the files that no key was there for by their cluster, and asks each cluster in one go.
fn online(args: &Args, works: &mut [Keyed], io: &mut Io) -> Result<(), CliError> {
    if works.iter().all(|(_, key)| key.is_some()) {
        return Ok(());
    }
    if args.cert.cert.is_some() {
        return Err(CliError::usage("--cert alone cannot open anything")
            .hint("add --recovery-key FILE to work offline, or give --context to let the controller do it"));
    }
    let mut certificates = Certificates::default();
    let mut groups: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for (index, (work, _)) in works.iter_mut().enumerate().filter(|(_, (_, key))| key.is_none()) {
        format::look_offline(&args.cert, work, &mut certificates, io)?;
        if !work.found.iter().any(|found| !found.object.items_of(Format::V1).is_empty()) {
            continue;
        }
        let ruled = match certificates.located(&work.path, io)? {
            Some(located) if args.cert.context.is_none() && args.cert.cluster.is_none() => {
                let ruled = located.rule(&work.path)?.and_then(|rule| rule.cluster.clone());
                ruled.or_else(|| located.only().map(str::to_owned))
            }
            _ => None,
        };
        groups.entry(args.cert.cluster.clone().or(ruled)).or_default().push(index);
    }
    for (name, members) in groups {
        let choice = ClusterArgs {
            context: args.cert.context.clone(),
            cluster: name,
            controller_namespace: args.cert.controller_namespace.clone(),
            controller_name: args.cert.controller_name.clone(),
            ..ClusterArgs::default()
        };
        if choice.context.is_none() && choice.cluster.is_none() {
            return Err(CliError::usage("no cluster to ask")
                .hint("give --context NAME, a .seal.yaml cluster, or --recovery-key FILE to work offline"));
        }
        let choice = choice.resolve(io)?;
        let now = io.now();
        let mut asker = Asker::new(args.dry_run || args.check, io.rng());
        cluster::block_on(async {
            let controller = choice.controller().await?;
            let pem = cluster::newest_certificate(controller.api(), &choice.target, now).await?;
            let newest = Certificate::from_pem(pem.as_bytes())
                .map_err(|error| CliError::failed(format!("the controller's certificate: {error}")))?
                .public_key;
            for index in members {
                let (work, key) = &mut works[index];
                let to = SealTo::from(newest.clone());
                for found in work.found.iter_mut().filter(|found| needs_a_look(found, &to)) {
                    found.outcome = asker.ask(&controller, &found.object, &newest).await?;
                }
                *key = Some(to);
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Outcome {
    fn of(fresh: BTreeMap<String, String>) -> Self {
        if fresh.is_empty() { Outcome::Current } else { Outcome::Stale(fresh) }
    }
}

/// All files change, or none.
fn save(works: &[Keyed]) -> Result<(), CliError> {
    let mut changed = Vec::new();
    for (work, key) in works {
        let mut edits = Vec::new();
        for found in &work.found {
            let Outcome::Stale(fresh) = &found.outcome else { continue };
            let plan = replace_items(&found.object, &found.prefix, fresh, key.as_ref())
                .map_err(|error| CliError::failed(format!("{}: {error}", work.path.display())))?;
            edits.extend(plan.edits.into_iter().map(|edit| (found.document, edit)));
        }
        if !edits.is_empty() {
            changed.push((work.path.as_path(), work.file.edit(&edits)?));
        }
    }
    write::all_atomically(&changed.iter().map(|(path, bytes)| (*path, bytes)).collect::<Vec<_>>())
}

fn tell(works: &[&Work], args: &Args, unread: usize, io: &mut Io) -> Result<Exit, CliError> {
    let planned = args.dry_run || args.check;
    let all: Vec<(&Work, &Found)> = works.iter().flat_map(|work| work.found.iter().map(move |found| (*work, found))).collect();
    let stale = all.iter().filter(|(_, found)| matches!(found.outcome, Outcome::Stale(_))).count();
    let failed = all.iter().filter(|(_, found)| matches!(found.outcome, Outcome::Failed(_))).count();
    let unknown = all.iter().filter(|(_, found)| matches!(found.outcome, Outcome::Unknown(_))).count();
    let current = all.len() - stale - failed - unknown;
    if args.output == OutputArg::Json {
        let entry = |(work, found): &(&Work, &Found)| {
            let (word, items, problem) = match &found.outcome {
                Outcome::Current => ("current", Vec::new(), None),
                Outcome::Stale(fresh) => (if planned { "stale" } else { "resealed" }, fresh.keys().cloned().collect(), None),
                Outcome::Failed(problem) => ("failed", Vec::new(), Some(problem.clone())),
                Outcome::Unknown(problem) => ("unknown", Vec::new(), Some(problem.clone())),
            };
            json!({"file": work.path.display().to_string(), "namespace": found.object.namespace(), "name": found.object.name(), "outcome": word, "items": items, "problem": problem})
        };
        io.print(&format!("{}\n", json!({"objects": all.iter().map(entry).collect::<Vec<_>>(), "current": current, "stale": stale, "failed": failed, "unknown": unknown, "unread": unread})))?;
    } else {
        for (work, found) in &all {
            let place = format!("{}: {}/{}", work.path.display(), found.object.namespace(), found.object.name());
            match &found.outcome {
                Outcome::Current => {}
                Outcome::Stale(fresh) => {
                    let items = fresh.keys().cloned().collect::<Vec<_>>().join(", ");
                    io.print(&format!("{place}: {} {items}\n", if planned { "would reseal" } else { "resealed" }))?;
                }
                Outcome::Failed(problem) | Outcome::Unknown(problem) => io.print(&format!("{place}: {problem}\n"))?,
            }
        }
        let more = if unknown == 0 { String::new() } else { format!(", {unknown} unknown") };
        io.say(format_args!("{current} current, {stale} {}, {failed} failed{more}", if planned { "stale" } else { "resealed" }));
    }
    Ok(match (unread + unknown, failed) {
        (1.., _) => Exit::FAILED,
        (0, 1..) => Exit::FINDINGS,
        _ if args.check && stale > 0 => Exit::FINDINGS,
        _ => Exit::DONE,
    })
}

#[cfg(test)]
mod tests {
    use crate::{Exit, Io};
    use rand::SeedableRng;
    use seal_crypto::{Certificate, PrivateKey};
    use std::path::Path;

    fn key(seed: u64, folder: &Path, name: &str) {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let pem = Certificate::self_signed(&key, "", 0, 1000, &mut rng).unwrap().pem;
        std::fs::write(folder.join(format!("{name}.crt")), pem).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.to_pem().expose()).unwrap();
    }

    fn seal(args: &[&str], input: &str) -> (Exit, String, String) {
        let (mut io, out, err) = Io::scripted(input.as_bytes(), 100, &[]);
        let exit = crate::run(std::iter::once("seal").chain(args.iter().copied()).map(Into::into).collect(), &mut io);
        (exit, out.text(), err.text())
    }

    #[test]
    fn only_stale_items_change_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        key(1, folder.path(), "old");
        key(2, folder.path(), "new");
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: one, b: two}\n";
        let (exit, sealed, err) = seal(&["kubeseal", "--cert", &at("old.crt"), "-oyaml"], secret);
        assert_eq!(exit, Exit::DONE, "{err}");
        let commented = sealed.replace("spec:\n", "# kept\nspec:\n");
        std::fs::write(at("db.yaml"), &commented).unwrap();
        let rotate = |more: &[&str]| {
            let (old, new, cert, file) = (at("old.key"), at("new.key"), at("new.crt"), at("db.yaml"));
            let args = ["rotate", "--recovery-key", &old, "--recovery-key", &new, "--cert", &cert, &file];
            seal(&args.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>(), "")
        };
        let (exit, out, _) = rotate(&["--check"]);
        assert_eq!((exit, out.ends_with("shop/db: would reseal a, b\n")), (Exit::FINDINGS, true), "{out}");
        assert_eq!(std::fs::read_to_string(at("db.yaml")).unwrap(), commented);
        let (exit, out, err) = rotate(&[]);
        assert_eq!((exit, out.ends_with("shop/db: resealed a, b\n")), (Exit::DONE, true), "{out}{err}");
        let first = std::fs::read_to_string(at("db.yaml")).unwrap();
        assert!(first.contains("# kept\n") && first != commented);
        let (exit, _, err) = rotate(&["--check"]);
        assert_eq!((exit, err.as_str()), (Exit::DONE, "1 current, 0 resealed, 0 failed\n".replace("resealed", "stale").as_str()));
        let (_, opened, err) =
            seal(&["kubeseal", "--recovery-unseal", "--recovery-private-key", &at("new.key"), "-oyaml"], &first);
        assert!(opened.contains("a: b25l") && opened.contains("b: dHdv"), "{err}");
    }

    #[test]
    fn a_deprecated_blob_is_told_from_what_no_key_opens() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        key(1, folder.path(), "old");
        let text = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: shop}\nspec: {data: AAAA, encryptedData: {}}\n";
        std::fs::write(at("db.yaml"), text).unwrap();
        let (exit, out, _) = seal(&["rotate", "--recovery-key", &at("old.key"), "--cert", &at("old.crt"), &at("db.yaml")], "");
        assert_eq!((exit, out.contains("holds one deprecated blob")), (Exit::FINDINGS, true), "{out}");
    }

    #[test]
    fn what_no_key_opens_is_told_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        key(1, folder.path(), "old");
        key(2, folder.path(), "new");
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: one}\n";
        let (_, sealed, _) = seal(&["kubeseal", "--cert", &at("old.crt"), "-oyaml"], secret);
        std::fs::write(at("db.yaml"), &sealed).unwrap();
        let (exit, out, _) = seal(&["rotate", "--recovery-key", &at("new.key"), "--cert", &at("new.crt"), &at("db.yaml")], "");
        assert_eq!(exit, Exit::FINDINGS);
        assert!(out.ends_with("shop/db: no key could decrypt secret (a)\n"), "{out}");
        assert_eq!(std::fs::read_to_string(at("db.yaml")).unwrap(), sealed);
    }
}
