//! `syncWindows`: whether a periodic refresh may happen now, and when it may next.

use super::cron::Schedule;
use jiff::{SignedDuration, Timestamp};
use seal_api::external_secrets::{SyncWindows, WindowKind};

/// Windows that follow one another without a gap are looked through this often.
const MOST_JOINS: usize = 1000;

struct Window {
    schedule: Schedule,
    duration: SignedDuration,
}

/// Windows that could be read.
pub(super) struct Windows {
    kind: WindowKind,
    windows: Vec<Window>,
}

impl Windows {
    /// Windows with a schedule that cannot be read are passed over. `None` when none is left: as if there were none.
    pub(super) fn new(given: &SyncWindows) -> Option<Self> {
        let read = given.windows.iter().filter_map(|window| {
            let duration = SignedDuration::try_from(window.duration.0).ok().filter(SignedDuration::is_positive)?;
            Some(Window { schedule: Schedule::parse(&window.schedule)?, duration })
        });
        let windows: Vec<_> = read.collect();
        (!windows.is_empty()).then_some(Self { kind: given.kind, windows })
    }

    /// The first moment from `at` on in which a refresh may happen; `None` when there is none.
    pub(super) fn allowed_from(&self, at: Timestamp) -> Option<Timestamp> {
        match self.kind {
            WindowKind::Allow if self.inside(at).is_some() => Some(at),
            WindowKind::Allow => self.windows.iter().filter_map(|window| window.schedule.next(at)).min(),
            WindowKind::Deny => {
                let mut at = at;
                for _ in 0..MOST_JOINS {
                    let Some(end) = self.inside(at) else { return Some(at) };
                    at = end;
                }
                None
            }
        }
    }

    /// The end of a window that is open, the latest of them.
    fn inside(&self, at: Timestamp) -> Option<Timestamp> {
        let end = |window: &Window| {
            // A window that began no longer ago than it is open.
            let begun = window.schedule.next(at.checked_sub(window.duration).ok()?)?;
            (begun <= at).then(|| begun.checked_add(window.duration).ok()).flatten()
        };
        self.windows.iter().filter_map(end).max()
    }
}

/// Indices of windows whose schedule or duration cannot be read, for a warning.
pub fn unreadable(given: &SyncWindows) -> Vec<usize> {
    let bad = |window: &&seal_api::external_secrets::SyncWindow| {
        Schedule::parse(&window.schedule).is_none() || window.duration.is_zero()
    };
    given.windows.iter().enumerate().filter(|(_, window)| bad(window)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_api::external_secrets::{Interval, SyncWindow};

    fn given(kind: WindowKind, windows: &[(&str, &str)]) -> SyncWindows {
        let window = |(schedule, duration): &(&str, &str)| SyncWindow {
            schedule: (*schedule).to_owned(),
            duration: Interval::parse(duration).unwrap(),
        };
        SyncWindows { kind, windows: windows.iter().map(window).collect() }
    }

    #[test]
    fn refreshes_wait_for_the_next_moment_they_may_happen() {
        let night = &[("0 2 * * *", "2h")][..];
        for (kind, windows, at, wanted) in [
            (WindowKind::Allow, night, "2026-01-01T03:00:00Z", Some("2026-01-01T03:00:00Z")),
            (WindowKind::Allow, night, "2026-01-01T02:00:00Z", Some("2026-01-01T02:00:00Z")),
            (WindowKind::Allow, night, "2026-01-01T04:00:00Z", Some("2026-01-02T02:00:00Z")),
            (WindowKind::Deny, night, "2026-01-01T03:00:00Z", Some("2026-01-01T04:00:00Z")),
            (WindowKind::Deny, night, "2026-01-01T04:00:00Z", Some("2026-01-01T04:00:00Z")),
            (WindowKind::Deny, &[("0 2 * * *", "2h"), ("0 4 * * *", "1h")], "2026-01-01T03:00:00Z", Some("2026-01-01T05:00:00Z")),
            (WindowKind::Deny, &[("0 * * * *", "1h")], "2026-01-01T03:00:00Z", None),
            (WindowKind::Allow, &[("0 0 31 2 *", "1h")], "2026-01-01T03:00:00Z", None),
        ] {
            let found = Windows::new(&given(kind, windows)).unwrap().allowed_from(at.parse().unwrap());
            assert_eq!(found, wanted.map(|at| at.parse().unwrap()), "{kind:?} {windows:?} {at}");
        }
    }

    #[test]
    fn windows_that_cannot_be_read_are_told_of_and_stop_nothing() {
        let broken = given(WindowKind::Allow, &[("often", "1h"), ("@daily", "0")]);
        assert!(Windows::new(&broken).is_none());
        assert_eq!(unreadable(&broken), [0, 1]);
    }
}
