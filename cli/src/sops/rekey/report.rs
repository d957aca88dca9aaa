//! What `rekey` says: the plan, then what became of it. Names of recipients and keys, never a value.

use super::{
    Outcome, Request, Work,
    plan::{Difference, Master, Step, described},
};
use crate::{
    Exit, Io,
    report::{self, CliError, OutputArg},
};
use serde_json::json;

/// Key names listed for one file before the rest is counted.
const MOST_KEYS: usize = 12;

/// Prints what would be done.
pub fn show_plan(works: &[Work], io: &mut Io) -> Result<(), CliError> {
    for work in works.iter().filter(|work| work.is_due()) {
        io.print(&line(work))?;
    }
    Ok(())
}

/// Prints what was done, or would be, and gives the exit code.
pub fn tell(works: &[Work], request: &Request<'_>, io: &mut Io) -> Result<Exit, CliError> {
    let count = |which: fn(&Outcome) -> bool| works.iter().filter(|work| which(&work.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let blocked = count(|outcome| matches!(outcome, Outcome::Planned(Step::Blocked(_))));
    let current = count(|outcome| matches!(outcome, Outcome::Planned(Step::Current)));
    let unruled = count(|outcome| matches!(outcome, Outcome::NoRule));
    let due = works.iter().filter(|work| work.is_due()).count();
    let done = count(|outcome| matches!(outcome, Outcome::Done(..)));
    match request.output {
        OutputArg::Json => {
            let files: Vec<_> = works.iter().map(as_json).collect();
            let counts = json!({"files": files, "current": current, "due": due, "changed": done, "blocked": blocked, "withoutRule": unruled, "failed": failed});
            io.print(&format!("{counts:#}\n"))?;
        }
        OutputArg::Text => {
            for work in works.iter().filter(|work| !matches!(work.outcome, Outcome::Planned(Step::Current))) {
                io.print(&line(work))?;
            }
            let mut parts =
                vec![format!("{current} current"), format!("{} {}", due + done, if due > 0 { "to change" } else { "changed" })];
            for (number, what) in [(blocked, "blocked"), (unruled, "without a rule"), (failed, "failed")] {
                if number > 0 {
                    parts.push(format!("{number} {what}"));
                }
            }
            io.say(format_args!("{}", parts.join(", ")));
            if works.is_empty() {
                report::warning("there is no SOPS file in it", io);
            }
        }
    }
    Ok(match (failed, blocked) {
        (1.., _) => Exit::FAILED,
        (0, 1..) => Exit::FINDINGS,
        _ if request.check && due + unruled > 0 => Exit::FINDINGS,
        _ => Exit::DONE,
    })
}

fn line(work: &Work) -> String {
    let path = work.path.display();
    let rule = work.policy.as_ref().map(|policy| format!("  [{}]", policy.source)).unwrap_or_default();
    match &work.outcome {
        Outcome::Planned(Step::Current) => format!("{path}: current\n"),
        Outcome::Planned(Step::Rewrap(difference)) => format!("{path}: would re-wrap the data key: {}{rule}\n", who(difference)),
        Outcome::Planned(Step::Rotate(difference)) => format!("{path}: would make a new data key: {}{rule}\n", who(difference)),
        Outcome::Planned(Step::Blocked(why)) => format!("{path}: not possible here: {why}{rule}\n"),
        Outcome::Done(Step::Rotate(difference), keys) if !difference.removed.is_empty() => {
            let more = keys.len().saturating_sub(MOST_KEYS);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            let keys = keys.iter().take(MOST_KEYS).map(String::as_str).collect::<Vec<_>>().join(", ");
            format!(
                "{path}: new data key: {}\n  could be read until now, so change at the source: {keys}{tail}\n",
                who(difference)
            )
        }
        Outcome::Done(Step::Rotate(difference), _) => format!("{path}: new data key: {}\n", who(difference)),
        Outcome::Done(step, _) => format!("{path}: data key re-wrapped: {}\n", difference(step).map(who).unwrap_or_default()),
        Outcome::NoRule => format!("{path}: no rule of .sops.yaml or .seal.yaml names it\n"),
        Outcome::Failed(error) => match error.message.strip_prefix(&format!("{path}:")) {
            Some(_) => format!("{}\n", error.message),
            None => format!("{path}: {}\n", error.message),
        },
    }
}

fn who(difference: &Difference) -> String {
    let list =
        |sign: char, masters: &[Master]| masters.iter().map(|master| format!("{sign}{}", described(master))).collect::<Vec<_>>();
    let all = [list('+', &difference.added), list('-', &difference.removed)].concat();
    if all.is_empty() { "same recipients".to_owned() } else { all.join(" ") }
}

fn difference(step: &Step) -> Option<&Difference> {
    match step {
        Step::Rewrap(difference) | Step::Rotate(difference) => Some(difference),
        Step::Current | Step::Blocked(_) => None,
    }
}

fn as_json(work: &Work) -> serde_json::Value {
    let (word, step, keys, problem) = match &work.outcome {
        Outcome::Planned(Step::Current) => ("current", None, None, None),
        Outcome::Planned(step @ Step::Rewrap(_)) => ("rewrap", Some(step), None, None),
        Outcome::Planned(step @ Step::Rotate(_)) => ("rotate", Some(step), None, None),
        Outcome::Planned(Step::Blocked(why)) => ("blocked", None, None, Some(why.as_str())),
        Outcome::Done(step @ Step::Rotate(_), keys) => ("rotated", Some(step), Some(keys), None),
        Outcome::Done(step, _) => ("rewrapped", Some(step), None, None),
        Outcome::NoRule => ("no-rule", None, None, None),
        Outcome::Failed(error) => ("failed", None, None, Some(error.message.as_str())),
    };
    let names =
        |masters: &[Master]| masters.iter().map(|master| json!({"kind": master.kind, "name": master.name})).collect::<Vec<_>>();
    let difference = step.and_then(difference);
    json!({
        "file": work.path.display().to_string(),
        "rule": work.policy.as_ref().map(|policy| policy.source.as_str()),
        "outcome": word,
        "added": difference.map(|difference| names(&difference.added)),
        "removed": difference.map(|difference| names(&difference.removed)),
        "keys": keys,
        "problem": problem,
    })
}
