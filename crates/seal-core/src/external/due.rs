//! When a store is next asked for an object.
//!
//! | policy | never asked | object changed | interval over |
//! |---|---|---|---|
//! | Periodic | now | now | now, or when a window allows it |
//! | Periodic, interval 0 | now | `strict`: now; `compatible`: never | never |
//! | OnChange | now | now | never |
//! | CreatedOnce | now | never | never |
//!
//! An object changed when its spec, a label or an annotation did, so any annotation forces a fetch. Edits and first
//! fetches do not wait for windows. Objects of one interval are spread: each is asked up to a tenth of it early, by its uid.

pub use super::windows::unreadable;

use super::Profile;
use super::adoption::synced_version;
use super::windows::Windows;
use jiff::{SignedDuration, Timestamp};
use seal_api::external_secrets::{ExternalSecret, RefreshPolicy};

/// When a store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once, and why.
    Now(Why),
    /// Not before.
    At(Timestamp),
    /// Not until the object changes.
    Never,
}

/// Why a store is asked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It never was.
    First,
    /// The object changed.
    Edited,
    /// The interval is over.
    Interval,
    /// The last time lies in the future, so nobody knows how old the data is.
    Clock,
}

impl Why {
    /// True for what a user waits for: it goes before refreshes.
    pub fn is_urgent(self) -> bool {
        matches!(self, Why::First | Why::Edited)
    }
}

/// When the store is next asked for an object.
pub fn next_due(object: &ExternalSecret, profile: Profile, now: Timestamp) -> Due {
    let (status, interval) = (&object.status, object.interval());
    let last = status.refresh_time.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
    let Some(last) = last.filter(|_| !status.synced_resource_version.is_empty()) else { return Due::Now(Why::First) };
    let once = object.spec.refresh_policy == RefreshPolicy::Periodic && interval.is_zero();
    let edits_count = object.spec.refresh_policy != RefreshPolicy::CreatedOnce && !(once && profile == Profile::Compatible);
    if edits_count && status.synced_resource_version != synced_version(&object.meta) {
        return Due::Now(Why::Edited);
    }
    if once || object.spec.refresh_policy != RefreshPolicy::Periodic {
        return Due::Never;
    }
    let interval = SignedDuration::try_from(interval.0).unwrap_or(SignedDuration::MAX);
    let early = interval / 1000 * early_thousandths(&object.meta.uid);
    let after = last.checked_add(interval - early).unwrap_or(Timestamp::MAX);
    let (at, why) = if last > now { (now, Why::Clock) } else { (after.max(now), Why::Interval) };
    let windows = object.spec.windows.as_ref().and_then(Windows::new);
    let allowed = match windows {
        Some(windows) => windows.allowed_from(at),
        None => Some(at),
    };
    match allowed {
        None => Due::Never,
        Some(at) if at <= now => Due::Now(why),
        Some(at) => Due::At(at),
    }
}

/// From 0 to 99, the same for a uid each time (FNV-1a).
fn early_thousandths(uid: &str) -> i32 {
    let hash = uid.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i32::try_from((hash >> 16) % 100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const LAST: &str = "2026-01-01T12:00:00Z";

    fn object(spec: Value, edit: bool, uid: &str) -> ExternalSecret {
        let mut whole = json!({"secretStoreRef": {"name": "s"}, "data": [{"secretKey": "k", "remoteRef": {"key": "k"}}]});
        whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let mut object =
            ExternalSecret::from_value(&json!({"metadata": {"name": "x", "generation": 2, "uid": uid}, "spec": whole}));
        assert_eq!(object.problems, vec![]);
        object.status.refresh_time = Some(LAST.into());
        object.status.synced_resource_version = synced_version(&object.meta);
        if edit {
            object.meta.annotations.insert("any".into(), "1".into());
        }
        object
    }

    /// A uid for which nothing is early.
    fn on_time() -> String {
        (0..).map(|n| format!("uid-{n}")).find(|uid| early_thousandths(uid) == 0).unwrap()
    }

    #[test]
    fn the_policy_says_when_a_store_is_asked() {
        use Profile::{Compatible, Strict};
        let at = |time: &str| Due::At(time.parse().unwrap());
        let once = json!({"refreshPolicy": "CreatedOnce"});
        let changes = json!({"refreshPolicy": "OnChange"});
        let window = |kind: &str| json!({"syncWindows": {"kind": kind, "windows": [{"schedule": "0 13 * * *", "duration": "1h"}]}, "refreshInterval": "30m"});
        for (spec, edited, profile, now, wanted) in [
            (json!({}), false, Strict, "2026-01-01T12:10:00Z", at("2026-01-01T13:00:00Z")),
            (json!({}), false, Strict, "2026-01-01T13:00:00Z", Due::Now(Why::Interval)),
            (json!({}), true, Strict, "2026-01-01T12:10:00Z", Due::Now(Why::Edited)),
            (json!({"refreshInterval": "12h"}), false, Strict, "2026-01-01T12:10:00Z", at("2026-01-02T00:00:00Z")),
            (json!({"refreshInterval": "0"}), false, Strict, "2027-01-01T00:00:00Z", Due::Never),
            (json!({"refreshInterval": "0"}), true, Strict, "2027-01-01T00:00:00Z", Due::Now(Why::Edited)),
            (json!({"refreshInterval": "0"}), true, Compatible, "2027-01-01T00:00:00Z", Due::Never),
            (once.clone(), false, Strict, "2027-01-01T00:00:00Z", Due::Never),
            (once, true, Strict, "2027-01-01T00:00:00Z", Due::Never),
            (changes.clone(), false, Compatible, "2027-01-01T00:00:00Z", Due::Never),
            (changes, true, Compatible, "2027-01-01T00:00:00Z", Due::Now(Why::Edited)),
            (json!({}), false, Strict, "2026-01-01T11:00:00Z", Due::Now(Why::Clock)),
            (window("allow"), false, Strict, "2026-01-01T12:31:00Z", at("2026-01-01T13:00:00Z")),
            (window("allow"), false, Strict, "2026-01-01T13:59:00Z", Due::Now(Why::Interval)),
            (window("deny"), false, Strict, "2026-01-01T13:01:00Z", at("2026-01-01T14:00:00Z")),
            (window("deny"), true, Strict, "2026-01-01T13:01:00Z", Due::Now(Why::Edited)),
            (json!({"refreshInterval": "87600h"}), false, Strict, "2026-01-01T13:01:00Z", at("2035-12-30T12:00:00Z")),
        ] {
            let found = next_due(&object(spec.clone(), edited, &on_time()), profile, now.parse().unwrap());
            assert_eq!(found, wanted, "{spec} edited {edited} {profile:?} {now}");
        }
    }

    #[test]
    fn what_was_never_asked_or_is_unreadable_is_asked_now() {
        for (time, version) in [(None, "2-x"), (Some("hunter2"), "2-x"), (Some(LAST), "")] {
            let mut object = object(json!({"refreshPolicy": "CreatedOnce"}), false, "u");
            object.status.refresh_time = time.map(str::to_owned);
            object.status.synced_resource_version = version.into();
            assert_eq!(next_due(&object, Profile::Strict, LAST.parse().unwrap()), Due::Now(Why::First));
        }
    }

    #[test]
    fn objects_of_one_interval_are_spread_over_a_tenth_of_it_and_never_late() {
        let last: Timestamp = LAST.parse().unwrap();
        let minutes: std::collections::BTreeSet<i64> = (0..1000)
            .map(|n| {
                match next_due(&object(json!({"refreshInterval": "1000m"}), false, &format!("uid-{n}")), Profile::Strict, last) {
                    Due::At(at) => at.duration_since(last).as_mins(),
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        assert!(minutes.len() > 90 && *minutes.first().unwrap() >= 900 && *minutes.last().unwrap() <= 1000, "{minutes:?}");
    }
}
