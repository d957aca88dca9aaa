//! A watch against scripted answers: what reaches the sink, and when it lists again.

use super::*;
use crate::delivery::feed::address;
use crate::delivery::tests::fake::{self, EagerClock, FakeKube};
use crate::ports::Kind;
use futures::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Mutex;

#[derive(Default)]
struct Notes {
    known: BTreeSet<String>,
    told: Vec<String>,
}

#[derive(Default)]
struct Notebook(Mutex<Notes>);

impl Notebook {
    fn note(&self, what: &str, at: &ObjectRef, there: bool) {
        let mut notes = self.0.lock().unwrap();
        notes.told.push(format!("{what} {}", at.name));
        let _ = if there { notes.known.insert(at.name.to_string()) } else { notes.known.remove(&*at.name) };
    }
}

impl Sink for Notebook {
    fn upsert(&self, object: &Value, lane: Lane) {
        self.note(if lane == Lane::Edit { "edit" } else { "list" }, &address(object), true);
    }
    fn delete(&self, object: &Value) {
        self.note("delete", &address(object), false);
    }
    fn gone(&self, at: &ObjectRef) {
        self.note("gone", at, false);
    }
    fn compare(&self, metadata: &Value) {
        self.note("compare", &address(metadata), true);
    }
    fn known(&self, _: Option<&str>) -> Vec<ObjectRef> {
        self.0.lock().unwrap().known.iter().map(|name| ObjectRef::new("n", name)).collect()
    }
}

fn object(name: &str) -> Value {
    json!({"metadata": {"namespace": "n", "name": name, "resourceVersion": "7"}})
}

/// Runs until the script is used up; answers what was told and how often was listed.
fn told(script: Vec<Vec<Result<Change, KubeError>>>) -> (Vec<String>, usize) {
    let (told, lists, _) = run(script);
    (told, lists)
}

/// The same, and how long it took.
fn run(script: Vec<Vec<Result<Change, KubeError>>>) -> (Vec<String>, usize, Duration) {
    let kube = Arc::new(FakeKube::default());
    kube.with(|store| {
        store.apply(&ObjectRef::new("n", "a"), object("a"));
        store.apply(&ObjectRef::new("n", "b"), object("b"));
        store.watches = script.into_iter().map(Ok).collect();
    });
    let notebook = Arc::new(Notebook::default());
    let what = Selection { kind: Kind::SealedSecrets, namespace: None, labels: String::new() };
    let compare = Selection { kind: Kind::SealedSecretsMeta, ..what.clone() };
    let clock = Arc::new(EagerClock::default());
    let context = fake::context(kube.clone(), clock.clone());
    let watch = Watch { context, what, compare, timeout: Duration::from_secs(200), sink: notebook.clone() };
    assert!(watch.run(|| ()).now_or_never().is_none(), "a watch never ends by itself");
    let told = std::mem::take(&mut notebook.0.lock().unwrap().told);
    (told, kube.with(|store| store.lists), clock.now())
}

#[test]
fn a_list_is_backlog_and_what_follows_is_edits() {
    let script = vec![vec![Ok(Change::Upsert(object("c"))), Ok(Change::Delete(object("a")))]];
    assert_eq!(told(script), (["list a", "list b", "edit c", "delete a"].map(str::to_owned).to_vec(), 1));
}

#[test]
fn too_old_a_version_lists_again_and_finds_what_went_unseen() {
    let script = vec![vec![Ok(Change::Upsert(object("c"))), Err(KubeError::Gone)], vec![]];
    assert_eq!(told(script), (["list a", "list b", "edit c", "list a", "list b", "gone c"].map(str::to_owned).to_vec(), 2));
}

#[test]
fn a_server_that_calls_every_version_too_old_is_not_asked_in_a_tight_loop() {
    let (_, lists, took) = run((0..8).map(|_| vec![Err(KubeError::Gone)]).collect());
    assert_eq!((lists, took.as_millis()), (9, 500 + 1000 + 2000 + 4000 + 8000 + 16000 + 2 * 30000));
    let heard = || vec![Ok(Change::Upsert(object("c"))), Err(KubeError::Gone)];
    assert_eq!(run(vec![heard(), heard()]).2, Duration::ZERO, "one that shows something is asked at once");
}

#[test]
fn a_broken_watch_goes_on_where_it_was_after_a_compare() {
    let script = vec![vec![Err(KubeError::Transport("broke off"))], vec![Ok(Change::Upsert(object("c")))]];
    let expected = ["list a", "list b", "compare a", "compare b", "edit c"].map(str::to_owned).to_vec();
    assert_eq!(told(script), (expected, 2));
}

fn compares(script: Vec<Vec<Result<Change, KubeError>>>) -> (usize, Duration) {
    let (told, _, took) = run(script);
    (told.iter().filter(|line| *line == "compare a").count(), took)
}

#[test]
fn every_ten_minutes_or_so_everything_is_compared() {
    // A bookmark each second, from the server's point of view.
    let quiet = (0..1300).map(|_| vec![Ok(Change::Bookmark("2".to_owned()))]).collect();
    assert_eq!(compares(quiet), (2, Duration::from_secs(1300)));
}

#[test]
fn after_a_watch_broke_off_everything_is_compared_but_not_every_time() {
    let broken = || vec![Err(KubeError::Transport("broke off"))];
    let quiet = || vec![Ok(Change::Bookmark("2".to_owned()))];
    let cuts = |cuts| (0..cuts).flat_map(|_| [broken(), quiet()]).collect();
    assert_eq!(compares(cuts(2)).0, 2);
    let (compares, took) = compares(cuts(300));
    assert!(took < Duration::from_secs(600) && compares == 3, "{compares} compares in {took:?}");
}

#[test]
fn a_server_restored_from_a_backup_is_listed_again() {
    let broken = || vec![Err(KubeError::Transport("broke off"))];
    let ahead = vec![Ok(Change::Bookmark("900".to_owned()))];
    let script = vec![ahead, broken()];
    let (told, _, _) = run(script);
    assert_eq!(told.iter().filter(|line| *line == "list a").count(), 2, "{told:?}");
}
