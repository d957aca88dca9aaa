//! Leader election on a Lease: only the leader writes. The Lease is an optimisation, not a fence: every write carries its
//! own precondition, so two leaders for a moment do no harm.
//!
//! Elapsed time is measured with the monotonic clock since the last renewal *observed*, so a machine whose wall clock is
//! wrong neither steals the Lease nor holds it too long.

use crate::context::Context;
use crate::ports::{KubeError, Lease, ObjectRef};
use std::time::Duration;
use tokio::sync::watch;

/// How long a silent leader keeps the Lease.
pub const DURATION: Duration = Duration::from_secs(15);
/// Time between renewals.
pub const RENEW: Duration = Duration::from_secs(5);
/// A leader that could not renew for this long stops leading, before anyone else can begin.
pub const GIVE_UP: Duration = Duration::from_secs(10);

/// An API server that has just started forbids everything until it has read its roles.
const WARM_UP: Duration = Duration::from_secs(4);

/// A candidate.
pub struct Candidate {
    context: Context,
    at: ObjectRef,
    identity: String,
    observed: Option<(Lease, Duration)>,
    renewed: Option<Duration>,
    alone_when_forbidden: bool,
    /// Since when every answer was that the Lease is forbidden.
    forbidden: Option<Duration>,
    /// The role grants the Lease: it was read once.
    granted: bool,
    alone: bool,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// We lead.
    Leading,
    /// Somebody else does, or nobody knows.
    Following,
}

/// What to do with the Lease as read. Pure.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    Take,
    Renew,
    Wait,
}

fn decide(lease: Option<&Lease>, identity: &str, unmoved_for: Duration) -> Move {
    match lease {
        None => Move::Take,
        Some(lease) if lease.holder == identity => Move::Renew,
        Some(lease) if lease.holder.is_empty() || unmoved_for > lease.duration => Move::Take,
        Some(_) => Move::Wait,
    }
}

impl Candidate {
    /// A candidate under a name that no other process has. `alone_when_forbidden`: without the right to a Lease it leads
    /// all the same, because roles made for upstream grant none and its only replica must not stand still.
    pub fn new(context: Context, at: ObjectRef, identity: String, alone_when_forbidden: bool) -> Self {
        Self {
            context,
            at,
            identity,
            observed: None,
            renewed: None,
            alone_when_forbidden,
            forbidden: None,
            granted: false,
            alone: false,
        }
    }

    /// Runs for the Lease until `stop` turns true, tells through `leading`, and releases it at the end.
    pub async fn run(mut self, leading: watch::Sender<bool>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let round = self.round().await;
            leading.send_if_modified(|now| std::mem::replace(now, round == Round::Leading) != (round == Round::Leading));
            let wait =
                self.context.dice.jitter(if round == Round::Leading { RENEW } else { RENEW / 2 }, 0.2).min(self.time_left());
            tokio::select! {
                () = self.context.clock.sleep(wait) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        leading.send_replace(false);
        self.release().await;
    }

    /// Until this leader has to stop for want of a renewal; plenty for a follower.
    fn time_left(&self) -> Duration {
        self.renewed.map_or(GIVE_UP, |at| (at + GIVE_UP).saturating_sub(self.context.clock.now()))
    }

    /// One read and at most one write. An answer that comes too late for a leader to go on is not waited for.
    pub async fn round(&mut self) -> Round {
        let too_late = self.context.clock.sleep(self.time_left());
        let tried = tokio::select! {
            biased;
            tried = self.try_round() => tried,
            () = too_late => Err(KubeError::Transport("no answer in time")),
        };
        let now = self.context.clock.now();
        let forbidden = matches!(tried, Err(KubeError::Forbidden(_))).then(|| *self.forbidden.get_or_insert(now));
        self.forbidden = forbidden;
        match tried {
            Ok(round) => round,
            Err(KubeError::Forbidden(_))
                if self.alone_when_forbidden && !self.granted && forbidden.is_some_and(|since| now - since >= WARM_UP) =>
            {
                if !std::mem::replace(&mut self.alone, true) {
                    tracing::warn!(lease = %self.at, "the controller's role grants no Lease: it leads without one, run one replica only");
                }
                Round::Leading
            }
            Err(error) => {
                tracing::warn!(lease = %self.at, %error, "lease not renewed");
                match self.renewed {
                    Some(at) if now - at < GIVE_UP => Round::Leading,
                    _ => {
                        self.renewed = None;
                        Round::Following
                    }
                }
            }
        }
    }

    async fn try_round(&mut self) -> Result<Round, KubeError> {
        let now = self.context.clock.now();
        let lease = self.context.kube.lease(&self.at).await?;
        self.granted = true;
        let since = match (&self.observed, &lease) {
            (Some((seen, since)), Some(lease)) if seen == lease => *since,
            _ => now,
        };
        self.observed = lease.clone().map(|lease| (lease, since));
        let step = decide(lease.as_ref(), &self.identity, now - since);
        if step == Move::Wait {
            self.renewed = None;
            return Ok(Round::Following);
        }
        let next = self.claim(lease, step == Move::Take);
        match self.context.kube.put_lease(&self.at, &next).await {
            Ok(written) => {
                self.observed = Some((written, now));
                self.renewed = Some(now);
                Ok(Round::Leading)
            }
            // Somebody was faster: the next round sees who.
            Err(KubeError::Conflict | KubeError::AlreadyExists) => {
                self.renewed = None;
                Ok(Round::Following)
            }
            Err(error) => Err(error),
        }
    }

    fn claim(&self, lease: Option<Lease>, take: bool) -> Lease {
        let now = self.context.clock.wall().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let had = lease.is_some();
        let lease = lease.unwrap_or_default();
        let transitions = lease.transitions + i64::from(take && had);
        let acquired = if take { now.clone() } else { lease.acquired.clone() };
        Lease { holder: self.identity.clone(), duration: DURATION, acquired, renewed: now, transitions, ..lease }
    }

    /// Gives the Lease back, so that the successor need not wait. Best effort: it expires anyway.
    async fn release(&mut self) {
        let Some((lease, _)) = self.observed.take() else { return };
        if lease.holder == self.identity {
            let released = Lease { holder: String::new(), duration: Duration::from_secs(1), ..lease };
            if let Err(error) = self.context.kube.put_lease(&self.at, &released).await {
                tracing::debug!(lease = %self.at, %error, "lease not released");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::fake::{self, EagerClock, FakeClock, FakeKube};
    use crate::ports::Clock;
    use futures::executor::block_on;
    use std::sync::Arc;

    #[test]
    fn a_lease_is_taken_only_when_free_or_silent_for_its_duration() {
        let held = |holder: &str| Lease { holder: holder.into(), duration: DURATION, ..Lease::default() };
        let short = Duration::from_secs(14);
        let long = Duration::from_secs(16);
        for (lease, silent, expected) in [
            (None, Duration::ZERO, Move::Take),
            (Some(held("")), Duration::ZERO, Move::Take),
            (Some(held("me")), long, Move::Renew),
            (Some(held("other")), short, Move::Wait),
            (Some(held("other")), long, Move::Take),
        ] {
            assert_eq!(decide(lease.as_ref(), "me", silent), expected);
        }
    }

    fn candidate(kube: &Arc<FakeKube>, clock: &Arc<FakeClock>, name: &str) -> Candidate {
        let context = fake::context(kube.clone(), clock.clone());
        Candidate::new(context, ObjectRef::new("home", "lease"), name.into(), true)
    }

    #[test]
    fn the_second_leads_only_when_the_first_has_been_silent_for_the_duration() {
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(FakeClock::default()));
        let (mut a, mut b) = (candidate(&kube, &clock, "a"), candidate(&kube, &clock, "b"));
        for second in [0, 5, 10, 20, 30] {
            clock.advance_to(Duration::from_secs(second));
            assert_eq!((block_on(a.round()), block_on(b.round())), (Round::Leading, Round::Following), "at {second} s");
        }
        for (second, expected) in [(35, Round::Following), (45, Round::Following), (46, Round::Leading)] {
            clock.advance_to(Duration::from_secs(second));
            assert_eq!(block_on(b.round()), expected, "at {second} s");
        }
        assert_eq!(block_on(a.round()), Round::Following);
        assert_eq!(kube.with(|store| store.lease.clone().map(|lease| (lease.holder, lease.transitions))), Some(("b".into(), 1)));
    }

    #[test]
    fn a_leader_that_cannot_renew_stops_before_another_may_begin() {
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(FakeClock::default()));
        let mut a = candidate(&kube, &clock, "a");
        assert_eq!(block_on(a.round()), Round::Leading);
        kube.with(|store| store.outage = Some(KubeError::Transport("gone")));
        for (second, expected) in [(9, Round::Leading), (10, Round::Following), (11, Round::Following)] {
            clock.advance_to(Duration::from_secs(second));
            assert_eq!(block_on(a.round()), expected, "at {second} s");
        }
        assert!(GIVE_UP < DURATION);
    }

    #[test]
    fn a_leader_that_hears_nothing_stops_in_the_middle_of_asking() {
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(EagerClock::default()));
        let context = fake::context(kube.clone(), clock.clone());
        let mut a = Candidate::new(context, ObjectRef::new("home", "lease"), "a".into(), true);
        assert_eq!((block_on(a.round()), clock.now()), (Round::Leading, Duration::ZERO));
        kube.with(|store| store.silent = true);
        assert_eq!((block_on(a.round()), clock.now()), (Round::Following, GIVE_UP));
    }

    #[test]
    fn a_released_lease_is_taken_at_once() {
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(FakeClock::default()));
        let (mut a, mut b) = (candidate(&kube, &clock, "a"), candidate(&kube, &clock, "b"));
        assert_eq!((block_on(a.round()), block_on(b.round())), (Round::Leading, Round::Following));
        block_on(a.release());
        assert_eq!(block_on(b.round()), Round::Leading);
    }

    #[test]
    fn only_a_lease_that_was_never_granted_is_done_without() {
        let forbid = |kube: &FakeKube| kube.with(|store| store.outage = Some(KubeError::Forbidden(String::new())));
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(FakeClock::default()));
        let (mut a, mut b) = (candidate(&kube, &clock, "a"), candidate(&kube, &clock, "b"));
        assert_eq!((block_on(a.round()), block_on(b.round())), (Round::Leading, Round::Following));
        forbid(&kube);
        for second in [5, 20, 60] {
            clock.advance_to(Duration::from_secs(second));
            assert_eq!(block_on(b.round()), Round::Following, "at {second} s: the API server has just started");
        }
        let mut c = candidate(&kube, &clock, "c");
        for (second, expected) in [(60, Round::Following), (62, Round::Following), (64, Round::Leading), (66, Round::Leading)] {
            clock.advance_to(Duration::from_secs(second));
            assert_eq!(block_on(c.round()), expected, "at {second} s");
        }
    }
}
