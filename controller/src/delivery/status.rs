//! `status` as it should be after a look, and whether it has to be written. No other file makes a condition.

use super::error::Failure;
use seal_api::{Condition, ConditionStatus, ConditionType, Reason, SecretRecord, Status};

/// What a look at an object came to.
pub enum Verdict<'a> {
    /// The Secret is as sealed; record and keys as of the last write, `None` to keep what is there.
    Synced(Option<(SecretRecord, Vec<String>)>),
    /// It is not.
    Failed(&'a Failure),
}

/// The status to write, or `None` when the present one already says it. Times alone are no reason to write.
///
/// Guarantees: `Synced` is first, `Ready` second; `observedGeneration` is always the generation looked at; the message is
/// always the present one; `weakness` is a condition of its own while there is one; conditions of other writers keep their place behind ours.
pub fn next(old: &Status, generation: i64, verdict: Verdict<'_>, weakness: Option<&str>, now: &str) -> Option<Status> {
    let (status, reason, message, stalled) = match &verdict {
        Verdict::Synced(_) => (ConditionStatus::True, Reason::Unsealed, "", false),
        Verdict::Failed(failure) => {
            (ConditionStatus::False, failure.reason, failure.message.as_str(), failure.reason.needs_action())
        }
    };
    let mut conditions = vec![
        condition(old, ConditionType::Synced, status, reason, message, now),
        condition(old, ConditionType::Ready, status, reason, message, now),
    ];
    if stalled {
        conditions.push(condition(old, ConditionType::Stalled, ConditionStatus::True, reason, message, now));
    }
    if let Some(weakness) = weakness {
        conditions.push(condition(old, ConditionType::Weak, ConditionStatus::True, Reason::MixedItems, weakness, now));
    }
    let ours = [ConditionType::Synced, ConditionType::Ready, ConditionType::Stalled, ConditionType::Weak];
    conditions.extend(old.conditions.iter().filter(|c| ours.iter().all(|o| o.as_str() != c.kind)).cloned());
    let (secret, keys) = match verdict {
        Verdict::Synced(Some((record, keys))) => (Some(record), keys),
        _ => (old.secret.clone(), old.keys.clone()),
    };
    let new = Status { observed_generation: generation, conditions, secret, keys };
    (!same(old, &new)).then_some(new)
}

/// True when the status says that this generation is synced.
pub fn says_synced(status: &Status, generation: i64) -> bool {
    let holds = |kind| status.condition(kind).is_some_and(|c| c.status == ConditionStatus::True && c.message.is_empty());
    status.observed_generation == generation && holds(ConditionType::Synced) && holds(ConditionType::Ready)
}

fn condition(old: &Status, kind: ConditionType, status: ConditionStatus, reason: Reason, message: &str, now: &str) -> Condition {
    let since = old.condition(kind).filter(|c| c.status == status).and_then(|c| c.last_transition_time.clone());
    Condition {
        kind: kind.as_str().into(),
        status,
        last_update_time: Some(now.into()),
        last_transition_time: Some(since.unwrap_or_else(|| now.into())),
        reason: reason.as_str().into(),
        message: message.into(),
    }
}

fn same(a: &Status, b: &Status) -> bool {
    fn timeless(status: &Status) -> Vec<(&str, ConditionStatus, &str, &str)> {
        status.conditions.iter().map(|c| (c.kind.as_str(), c.status, c.reason.as_str(), c.message.as_str())).collect()
    }
    a.observed_generation == b.observed_generation && a.secret == b.secret && a.keys == b.keys && timeless(a) == timeless(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(status: &Status) -> Vec<(&str, ConditionStatus)> {
        status.conditions.iter().map(|c| (c.kind.as_str(), c.status)).collect()
    }

    #[test]
    fn the_first_status_has_synced_first_and_equal_times() {
        let status = next(&Status::default(), 1, Verdict::Synced(None), None, "T1").unwrap();
        assert_eq!(kinds(&status), [("Synced", ConditionStatus::True), ("Ready", ConditionStatus::True)]);
        assert_eq!(status.conditions[0].last_update_time, status.conditions[0].last_transition_time);
        assert_eq!(status.conditions[0].message, "");
        assert!(says_synced(&status, 1) && !says_synced(&status, 2));
    }

    #[test]
    fn the_same_verdict_later_is_no_reason_to_write() {
        let status = next(&Status::default(), 1, Verdict::Synced(None), None, "T1").unwrap();
        assert_eq!(next(&status, 1, Verdict::Synced(None), None, "T2"), None);
    }

    #[test]
    fn a_new_generation_is_written_and_keeps_the_transition_time() {
        let status = next(&Status::default(), 1, Verdict::Synced(None), None, "T1").unwrap();
        let later = next(&status, 2, Verdict::Synced(None), None, "T2").unwrap();
        assert_eq!(later.observed_generation, 2);
        assert_eq!(later.conditions[0].last_update_time.as_deref(), Some("T2"));
        assert_eq!(later.conditions[0].last_transition_time.as_deref(), Some("T1"));
    }

    #[test]
    fn another_message_is_written_though_the_answer_is_still_no() {
        let first =
            next(&Status::default(), 1, Verdict::Failed(&Failure::no_key("no key could decrypt secret (a)".into())), None, "T1")
                .unwrap();
        let second =
            next(&first, 1, Verdict::Failed(&Failure::no_key("no key could decrypt secret (b)".into())), None, "T2").unwrap();
        assert_eq!(second.conditions[0].message, "no key could decrypt secret (b)");
        assert_eq!(second.conditions[0].last_transition_time.as_deref(), Some("T1"));
    }

    #[test]
    fn stalled_is_there_only_while_someone_has_to_act() {
        let stalled =
            next(&Status::default(), 1, Verdict::Failed(&Failure::not_managed("SealedSecret", "db")), None, "T1").unwrap();
        assert_eq!(kinds(&stalled)[2], ("Stalled", ConditionStatus::True));
        let outage = next(
            &stalled,
            1,
            Verdict::Failed(&Failure::api("reading the Secret", &crate::ports::KubeError::Transport("timeout"))),
            None,
            "T2",
        )
        .unwrap();
        assert_eq!(kinds(&outage), [("Synced", ConditionStatus::False), ("Ready", ConditionStatus::False)]);
    }

    #[test]
    fn a_weakness_is_a_condition_while_there_is_one() {
        let weak = next(&Status::default(), 1, Verdict::Synced(None), Some("a"), "T1").unwrap();
        assert_eq!(kinds(&weak)[2], ("Weak", ConditionStatus::True));
        assert_eq!(next(&weak, 1, Verdict::Synced(None), Some("a"), "T2"), None);
        assert_eq!(kinds(&next(&weak, 1, Verdict::Synced(None), None, "T2").unwrap()).len(), 2);
    }

    #[test]
    fn foreign_conditions_stay_behind_ours_and_upstreams_order_is_repaired() {
        let foreign = Condition {
            kind: "Seen".into(),
            status: ConditionStatus::True,
            last_update_time: None,
            last_transition_time: None,
            reason: String::new(),
            message: String::new(),
        };
        let old = Status { conditions: vec![foreign], ..Status::default() };
        let status = next(&old, 1, Verdict::Synced(None), None, "T1").unwrap();
        assert_eq!(kinds(&status).iter().map(|k| k.0).collect::<Vec<_>>(), ["Synced", "Ready", "Seen"]);
    }

    #[test]
    fn a_failure_keeps_the_record_so_that_recovery_costs_nothing() {
        let record = SecretRecord { uid: "u".into(), ..SecretRecord::default() };
        let good = next(&Status::default(), 1, Verdict::Synced(Some((record.clone(), vec!["k".into()]))), None, "T1").unwrap();
        let bad =
            next(&good, 1, Verdict::Failed(&Failure::api("reading the Secret", &crate::ports::KubeError::Conflict)), None, "T2")
                .unwrap();
        assert_eq!((bad.secret, bad.keys), (Some(record), vec!["k".to_owned()]));
    }
}
