//! `rekey`: the files of a tree against policy. The plan comes first; files change in parallel, each by itself, so a run that was
//! stopped is simply run again. Whoever is taken out costs a new data key, and the keys they could read are listed.

pub mod plan;
mod report;
pub mod tree;

use super::{
    OpenArgs, Unlocker, file, keypath,
    policy::{Policies, Policy},
};
use crate::{
    Exit, Io, parallel,
    report::{CliError, OutputArg},
};
use plan::{Step, plan};
use rand::rngs::StdRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{LeafState, SopsFile, Type, unwrap};
use std::{path::PathBuf, sync::Arc};

/// What the verb asks for.
pub struct Request<'a> {
    /// Files and folders.
    pub paths: &'a [PathBuf],
    /// A new data key for every file, whatever the difference.
    pub always: bool,
    /// Plan only.
    pub dry_run: bool,
    /// Plan only, and anything to do is a finding.
    pub check: bool,
    /// Nobody is asked before it is carried out.
    pub yes: bool,
    /// Post-quantum beside classic recipients is accepted.
    pub half_post_quantum: bool,
    /// For people or for scripts.
    pub output: OutputArg,
}

/// One file, what it should be and what became of it.
pub struct Work {
    path: PathBuf,
    sealed: Option<SopsFile>,
    policy: Option<Arc<Policy>>,
    outcome: Outcome,
}

/// What a file needs, and then what became of it.
pub enum Outcome {
    /// A step that is planned.
    Planned(Step),
    /// A step that was carried out, with the names of the keys it concerns.
    Done(Step, Vec<String>),
    /// No rule names it.
    NoRule,
    /// It could not be read, planned or changed.
    Failed(CliError),
}

/// Plans, asks, changes, tells.
pub fn run(request: &Request<'_>, open: &OpenArgs, io: &mut Io) -> Result<Exit, CliError> {
    let works = planned(request, open, io)?;
    let planned_only = request.dry_run || request.check;
    let due = works.iter().filter(|work| work.is_due()).count();
    if planned_only || due == 0 {
        return report::tell(&works, request, io);
    }
    if !request.yes {
        report::show_plan(&works, io)?;
        if !io.input_is_terminal() {
            return Err(CliError::usage("nobody can be asked whether to carry this out").hint("pass --yes"));
        }
        if !io.confirm(&format!("change {due} of {} files?", works.len())) {
            return Err(CliError::failed("nothing was changed"));
        }
    }
    let works = carried_out(works, request, open, io)?;
    report::tell(&works, request, io)
}

fn planned(request: &Request<'_>, open: &OpenArgs, io: &mut Io) -> Result<Vec<Work>, CliError> {
    let mut policies = Policies::new(open.identity.plugins);
    let mut works = Vec::new();
    for found in tree::sealed_files(request.paths, open.input_type, tree::Named::MustBeSealed, io)? {
        let mut work = Work { path: found.path, sealed: None, policy: None, outcome: Outcome::NoRule };
        match found.file {
            Err(error) => work.outcome = Outcome::Failed(error),
            Ok(sealed) => {
                match policies.for_file(&work.path, io) {
                    Ok(policy) => work.policy = policy,
                    Err(error) => work.outcome = Outcome::Failed(error),
                }
                if let (Some(policy), Some(metadata)) = (&work.policy, sealed.metadata()) {
                    work.outcome = Outcome::Planned(plan(metadata, &policy.wanted(), request.always));
                }
                work.sealed = Some(sealed);
            }
        }
        works.push(work);
    }
    Ok(works)
}

fn carried_out(mut works: Vec<Work>, request: &Request<'_>, open: &OpenArgs, io: &mut Io) -> Result<Vec<Work>, CliError> {
    let mut unlocker = open.unlocker(io)?;
    unlocker.prepare(works.iter().filter(|work| work.is_due()).filter_map(|work| work.sealed.as_ref()), io);
    let (now, options) = (file::now(io), open.options());
    works = parallel::in_order(works, io, "rekeying", |mut work, rng| {
        let Work { path, sealed, policy: Some(policy), outcome: Outcome::Planned(step), .. } = &mut work else { return work };
        let step = step.clone();
        let Some(sealed) = sealed.take().filter(|_| matches!(step, Step::Rewrap(_) | Step::Rotate(_))) else { return work };
        let before = sealed.bytes().clone();
        let keys = sealed_keys(&sealed);
        let change = Change { policy, half_post_quantum: request.half_post_quantum, now, options };
        let written = keys.and_then(|keys| {
            let bytes = change.bytes(&step, sealed, &unlocker, rng)?;
            file::replace_bytes(path, &before, &bytes).map(|()| keys)
        });
        work.outcome = match written {
            Ok(keys) => Outcome::Done(step, keys),
            Err(error) => Outcome::Failed(error),
        };
        work
    });
    Ok(works)
}

/// What a worker needs to know.
struct Change<'a> {
    policy: &'a Policy,
    half_post_quantum: bool,
    now: jiff::Timestamp,
    options: seal_sops::OpenOptions,
}

impl Change<'_> {
    fn bytes(&self, step: &Step, sealed: SopsFile, unlocker: &Unlocker, rng: &mut StdRng) -> Result<SecretBytes, CliError> {
        let (groups, threshold) = (self.policy.recipients(), self.policy.threshold);
        let name = sealed.name().to_owned();
        let refused = |error: &unwrap::WrapError| super::unlock::not_wrapped(&name, error);
        if let (Step::Rewrap(_), Some(metadata)) = (step, sealed.metadata()) {
            let key = unlocker.known_data_key(&sealed)?;
            let groups = unwrap::rewrap(metadata, &key, &groups, threshold, self.half_post_quantum, rng)
                .map_err(|error| refused(&error))?;
            return Ok(sealed.rewrap(groups, threshold)?);
        }
        let unlocked = unlocker.open_known(sealed, self.options)?;
        let key = DataKey::generate(rng);
        let groups = unwrap::wrap(&key, &groups, threshold, self.half_post_quantum, rng).map_err(|error| refused(&error))?;
        super::unlock::resealed(&unlocked.opened, &key, groups, threshold, self.policy.strong_mac, self.now, rng)
    }
}

impl Work {
    fn is_due(&self) -> bool {
        matches!(self.outcome, Outcome::Planned(Step::Rewrap(_) | Step::Rotate(_)))
    }
}

/// Names of the sealed values of a file.
fn sealed_keys(file: &SopsFile) -> Result<Vec<String>, CliError> {
    let sealed = |state: &LeafState<'_>| matches!(state, LeafState::Sealed(kind, _) if *kind != Type::Comment);
    Ok(file.leaves()?.into_iter().filter(|leaf| sealed(&leaf.state)).map(|leaf| keypath::shown(&leaf.path)).collect())
}
