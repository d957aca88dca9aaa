//! What can be broken, what it happens to, and what was asked.

use http::Method;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// One way to break things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and maybe a `Retry-After` in seconds.
    Answer(u16, Option<u64>),
    /// Cuts the connection, also of answers under way.
    Cut,
    /// Takes requests and delivers nothing, as a network that drops packets; what is under way stops. Once healed,
    /// everything held goes on, also requests whose sender has gone.
    Hang,
    /// Passes requests on, and of the answers nothing but their head, for good.
    Silence,
    /// Passes bodies on in pieces of so many bytes with a pause before each.
    Slow(usize, Duration),
    /// Ends bodies after so many bytes as if they were complete.
    Truncate(usize),
    /// Breaks connections after so many bytes of the body.
    Break(usize),
}

/// Method, path and query of a request.
#[derive(Clone, Debug)]
pub struct Line {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub path: String,
}

impl Line {
    /// True for a watch.
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=true") || self.path.contains("watch=1")
    }

    /// True when it changes something other than the Lease.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET && self.method != Method::HEAD && !self.path.contains("/leases")
    }

    /// True when it concerns one kind, by its plural name.
    pub fn is_of(&self, plural: &str) -> bool {
        self.path.split(['/', '?']).any(|part| part == plural)
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What it asked.
    pub line: Line,
    /// When.
    pub at: Instant,
    /// What the API server answered; none when it was never asked or has not answered.
    pub code: Option<u16>,
}

impl Asked {
    /// True when it changed something other than the Lease.
    pub fn wrote(&self) -> bool {
        self.line.is_write() && self.code.is_some_and(|code| (200..300).contains(&code))
    }
}

/// A fault and what it happens to.
pub(super) struct Rule {
    pub(super) fault: Fault,
    pub(super) hits: Box<dyn Fn(&Line) -> bool + Send + Sync>,
}

/// What is broken now, and what came.
pub(super) struct State {
    rule: watch::Sender<Option<Arc<Rule>>>,
    asked: Mutex<Vec<Arc<Mutex<Asked>>>>,
}

impl Default for State {
    fn default() -> Self {
        Self { rule: watch::channel(None).0, asked: Mutex::default() }
    }
}

impl State {
    pub(super) fn set(&self, rule: Option<Rule>) {
        self.rule.send_replace(rule.map(Arc::new));
    }

    /// What happens to this request at the moment.
    pub(super) fn fault(&self, line: &Line) -> Option<Fault> {
        self.rule.borrow().as_ref().filter(|rule| (rule.hits)(line)).map(|rule| rule.fault.clone())
    }

    /// Tells of every change.
    pub(super) fn changes(&self) -> watch::Receiver<Option<Arc<Rule>>> {
        self.rule.subscribe()
    }

    /// Writes a request down; its answer's status is filled in later.
    pub(super) fn note(&self, line: &Line) -> Arc<Mutex<Asked>> {
        let asked = Arc::new(Mutex::new(Asked { line: line.clone(), at: Instant::now(), code: None }));
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        asked
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().map(copy).collect()
    }

    pub(super) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner)).iter().map(copy).collect()
    }
}

fn copy(asked: &Arc<Mutex<Asked>>) -> Asked {
    asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
