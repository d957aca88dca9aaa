//! One token for each identity: made when first needed, by one login however many wait for it, renewed before it ends,
//! replaced once when the server no longer knows it, revoked when nobody uses it any more.

use crate::clock::Clock;
use crate::error::{Operation, Outage, StoreError};
use crate::vault::door::{As, Door};
use crate::vault::login::{Credential, Credentials, login};
use crate::vault::wire::{self, Grant};
use seal_secret::SecretBytes;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vaultrs::api::token::requests::{LookupTokenSelfRequest, RenewTokenSelfRequest, RevokeTokenSelfRequest};

/// A token that answered is not doubted again for this long, however often a path is refused.
const TRUST: Duration = Duration::from_secs(10);
/// After a failed login nobody tries for this long; doubled for each failure in a row.
const LOGIN_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_LOGIN_PAUSE: Duration = Duration::from_secs(60);
/// After a failed renewal of a token that still lives.
const RENEW_PAUSE: Duration = Duration::from_secs(5);

/// A token and when to do something about it.
struct Held {
    token: Arc<SecretBytes>,
    fixed: bool,
    renewable: bool,
    lease: Option<Duration>,
    renew_at: Duration,
    ends_at: Duration,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    serial: u64,
    used: Duration,
    checked: Option<Duration>,
    failures: u32,
    failed: Option<(Duration, StoreError)>,
}

/// A token to use, and which one it is.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) token: Arc<SecretBytes>,
    serial: u64,
}

/// One identity on one server.
pub struct Session {
    door: Arc<Door>,
    namespace: Option<String>,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    /// Between 0 and 1: spreads the renewals of many identities.
    spread: f64,
    state: tokio::sync::Mutex<State>,
    logins: AtomicU64,
}

impl Session {
    /// A session that has not logged in yet. `name` tells identities apart; only its hash is used.
    pub fn new(
        name: &str,
        door: Arc<Door>,
        namespace: Option<String>,
        credentials: Arc<dyn Credentials>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let spread = f64::from(u16::try_from(hasher.finish() & 0xffff).unwrap_or(0)) / 65536.0;
        Arc::new(Self { door, namespace, credentials, clock, spread, state: tokio::sync::Mutex::default(), logins: 0.into() })
    }

    /// The connection it uses.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Logins tried so far.
    pub fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    /// A token that should be good now. Work on it goes on when the caller gives up: a token must not be lost half made.
    pub(crate) async fn ticket(self: &Arc<Self>) -> Result<Ticket, StoreError> {
        if let Some(ticket) = self.ready(&mut *self.state.lock().await) {
            return Ok(ticket);
        }
        let this = self.clone();
        detached(async move {
            let mut state = this.state.lock().await;
            match this.ready(&mut state) {
                Some(ticket) => Ok(ticket),
                None => this.refresh(&mut state).await,
            }
        })
        .await
    }

    /// Called after the server refused a call: another token to try once, or [`StoreError::Denied`] when the token is good
    /// and the refusal is about what was asked.
    pub(crate) async fn refused(self: &Arc<Self>, ticket: &Ticket, what: Operation) -> Result<Ticket, StoreError> {
        let (this, serial) = (self.clone(), ticket.serial);
        detached(async move {
            let mut state = this.state.lock().await;
            let now = this.clock.now();
            if state.serial == serial {
                let Some(held) = &state.held else { return this.refresh(&mut state).await };
                let trusted = state.checked.is_some_and(|at| now.saturating_sub(at) < TRUST);
                if held.fixed || trusted || this.is_known(&held.token).await? {
                    state.checked = Some(if trusted { state.checked.unwrap_or(now) } else { now });
                    return Err(StoreError::Denied(what));
                }
                state.held = None;
            }
            match this.ready(&mut state) {
                Some(ticket) => Ok(ticket),
                None => this.refresh(&mut state).await,
            }
        })
        .await
    }

    /// Asks the server whether the token is good. Reads no secret.
    pub(crate) async fn validate(self: &Arc<Self>) -> Result<(), StoreError> {
        let ticket = self.ticket().await?;
        if self.is_known(&ticket.token).await? {
            return Ok(());
        }
        match self.refused(&ticket, Operation::Login).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Renews what is due and revokes what nobody used for `idle`. Call it now and then.
    pub async fn tick(&self, idle: Duration) {
        let Ok(mut state) = self.state.try_lock() else { return };
        let now = self.clock.now();
        let Some(held) = &state.held else { return };
        if held.fixed {
            return;
        }
        if now.saturating_sub(state.used) >= idle {
            self.drop_token(&mut state).await;
        } else if held.renewable && now >= held.renew_at {
            // Nothing to report to: whoever needs the token next finds out.
            let _ = self.renew(&mut state).await;
        }
    }

    /// Revokes the token, if there is one of our making.
    pub async fn close(&self) {
        self.drop_token(&mut *self.state.lock().await).await;
    }

    async fn drop_token(&self, state: &mut State) {
        if let Some(held) = state.held.take()
            && !held.fixed
        {
            self.revoke(&held.token).await;
        }
    }

    /// The token in hand, when nothing has to be done about it first.
    fn ready(&self, state: &mut State) -> Option<Ticket> {
        let now = self.clock.now();
        state.used = now;
        let held = state.held.as_ref()?;
        let due = now >= held.ends_at || (held.renewable && now >= held.renew_at);
        (!due).then(|| Ticket { token: held.token.clone(), serial: state.serial })
    }

    async fn refresh(&self, state: &mut State) -> Result<Ticket, StoreError> {
        if self.renew(state).await
            && let Some(ticket) = self.ready(state)
        {
            return Ok(ticket);
        }
        let now = self.clock.now();
        if let Some((until, error)) = &state.failed
            && now < *until
        {
            return Err(error.clone());
        }
        let old = state.held.take();
        match self.login(state).await {
            Ok(ticket) => {
                (state.failures, state.failed) = (0, None);
                if let Some(old) = old {
                    self.revoke(&old.token).await;
                }
                Ok(ticket)
            }
            Err(error) => {
                let pause = LOGIN_PAUSE * 2_u32.pow(state.failures.min(6));
                state.failures = state.failures.saturating_add(1);
                state.failed = Some((self.clock.now() + pause.min(LONGEST_LOGIN_PAUSE), error.clone()));
                Err(error)
            }
        }
    }

    /// True when the token in hand can be used on.
    async fn renew(&self, state: &mut State) -> bool {
        let now = self.clock.now();
        let Some(held) = state.held.as_mut().filter(|held| held.renewable && now < held.ends_at) else { return false };
        let first = held.lease.unwrap_or_default();
        let identity = As { token: Some(&held.token), namespace: self.namespace.as_deref() };
        match self.door.send(&RenewTokenSelfRequest { increment: None }, Operation::Login, identity, None).await {
            Ok(body) => match wire::grant(&body) {
                Ok(grant) => {
                    let token = held.token.clone();
                    *held = self.hold(token, &grant, first);
                    true
                }
                Err(_) => false,
            },
            Err(error) if error.is_transient() => {
                held.renew_at = now + RENEW_PAUSE;
                now + RENEW_PAUSE < held.ends_at
            }
            Err(_) => false,
        }
    }

    async fn login(&self, state: &mut State) -> Result<Ticket, StoreError> {
        let credential = self.credentials.credential().await?;
        let held = match &credential {
            Credential::Token(token) => Held {
                token: Arc::new(trimmed(token)),
                fixed: true,
                renewable: false,
                lease: None,
                renew_at: Duration::MAX,
                ends_at: Duration::MAX,
            },
            other => {
                self.logins.fetch_add(1, Ordering::Relaxed);
                let grant = login(&self.door, self.namespace.as_deref(), other).await?;
                let grant = grant.ok_or(StoreError::Garbled("a login without a token"))?;
                let lease = grant.lease.unwrap_or_default();
                self.hold(Arc::new(grant.token.clone()), &grant, lease)
            }
        };
        state.serial += 1;
        state.checked = None;
        let ticket = Ticket { token: held.token.clone(), serial: state.serial };
        state.held = Some(held);
        Ok(ticket)
    }

    /// When to renew and when to stop using a token: at two thirds, a little earlier for some; and a tenth before the end,
    /// since what is on its way must still arrive. One whose renewal brought little is at its longest life: it is replaced.
    fn hold(&self, token: Arc<SecretBytes>, grant: &Grant, first: Duration) -> Held {
        let now = self.clock.now();
        let Some(lease) = grant.lease else {
            return Held { token, fixed: false, renewable: false, lease: None, renew_at: Duration::MAX, ends_at: Duration::MAX };
        };
        Held {
            token,
            fixed: false,
            renewable: grant.renewable && lease >= first.mul_f64(0.5),
            lease: Some(first.max(lease)),
            renew_at: now + lease.mul_f64(0.666 - 0.1 * self.spread),
            ends_at: now + lease.mul_f64(0.9),
        }
    }

    async fn is_known(&self, token: &SecretBytes) -> Result<bool, StoreError> {
        let identity = As { token: Some(token), namespace: self.namespace.as_deref() };
        match self.door.send(&LookupTokenSelfRequest {}, Operation::Login, identity, None).await {
            Ok(_) => Ok(true),
            Err(StoreError::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A token that cannot be revoked ends by itself.
    async fn revoke(&self, token: &SecretBytes) {
        let identity = As { token: Some(token), namespace: self.namespace.as_deref() };
        let _ = self.door.send(&RevokeTokenSelfRequest {}, Operation::Login, identity, None).await;
    }
}

/// Runs on when the caller is dropped.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.unwrap_or(Err(StoreError::Unavailable(Outage::Failing)))
}

fn trimmed(token: &SecretBytes) -> SecretBytes {
    token.expose().trim_ascii_end().to_vec().into()
}

/// All sessions of a process, each once.
#[derive(Default)]
pub struct Sessions {
    all: Mutex<HashMap<String, Arc<Session>>>,
}

impl Sessions {
    /// The session of this name, opened when there is none. A name must hold all that makes an identity: server,
    /// namespace, method, role and which credentials, at which version.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn of(&self, name: &str, open: impl FnOnce() -> Result<Arc<Session>, StoreError>) -> Result<Arc<Session>, StoreError> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = all.get(name) {
            return Ok(session.clone());
        }
        let session = open()?;
        all.insert(name.to_owned(), session.clone());
        Ok(session)
    }

    /// [`Session::tick`] for all; sessions that only this list still knows are closed.
    pub async fn tick(&self, idle: Duration) {
        let (known, unused): (Vec<_>, Vec<_>) = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            let unused: Vec<String> =
                all.iter().filter(|(_, one)| Arc::strong_count(one) == 1).map(|(name, _)| name.clone()).collect();
            let unused = unused.iter().filter_map(|name| all.remove(name)).collect();
            (all.values().cloned().collect(), unused)
        };
        for session in unused {
            session.close().await;
        }
        for session in known {
            session.tick(idle).await;
        }
    }

    /// Revokes every token of our making: for shutting down.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.all.lock().unwrap_or_else(PoisonError::into_inner));
        for session in all.into_values() {
            session.close().await;
        }
    }
}
