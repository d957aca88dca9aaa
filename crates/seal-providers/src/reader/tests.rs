//! What the reader asks a store for, and what it spares it.

use super::{Limits, Read, Reader};
use crate::clock::Clock;
use crate::error::{Absent, Operation, Outage, StoreError};
use crate::port::{Answer, Capabilities, Reference, Shape, Store, Version};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Hands(Mutex<Duration>);

impl Hands {
    fn forward(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// Says what it is told to and writes down what it was asked.
#[derive(Default)]
struct Script {
    asked: Mutex<Vec<&'static str>>,
    versions: Mutex<Option<StoreError>>,
    get: Mutex<Option<StoreError>>,
    version: Mutex<u32>,
}

impl Script {
    fn asked(&self) -> String {
        std::mem::take(&mut *self.asked.lock().unwrap()).join(" ")
    }
}

#[async_trait]
impl Store for Script {
    fn capabilities(&self) -> Capabilities {
        Capabilities { cheap_versions: true, sweeps: true, ..Capabilities::default() }
    }

    async fn get(&self, _: &Reference) -> Result<Answer, StoreError> {
        self.asked.lock().unwrap().push("get");
        tokio::task::yield_now().await;
        let error = self.get.lock().unwrap().clone();
        let version = Some(self.version.lock().unwrap().to_string());
        error.map_or_else(|| Ok(Answer { value: "v".to_owned().into(), shape: Shape::Bytes, version }), Err)
    }

    async fn versions(&self, keys: &[String]) -> Result<BTreeMap<String, Result<Version, StoreError>>, StoreError> {
        self.asked.lock().unwrap().push("versions");
        let error = self.versions.lock().unwrap().clone();
        let version = self.version.lock().unwrap().to_string();
        error.map_or_else(|| Ok(keys.iter().map(|key| (key.clone(), Ok(version.clone()))).collect()), Err)
    }

    async fn validate(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn reader(limits: Limits) -> (Arc<Script>, Arc<Hands>, Reader) {
    let (script, hands) = (Arc::new(Script::default()), Arc::new(Hands::default()));
    let reader = Reader::new(script.clone(), hands.clone(), limits);
    (script, hands, reader)
}

fn unchanged(read: &Result<Read, StoreError>) -> bool {
    matches!(read, Ok(Read::Unchanged))
}

#[tokio::test]
async fn everybody_at_the_same_time_is_one_call() {
    let (script, hands, reader) = reader(Limits::default());
    let reader = Arc::new(reader);
    let reference = Reference::new("a");
    let all: Vec<_> = (0..100)
        .map(|_| {
            let (reader, reference) = (reader.clone(), reference.clone());
            tokio::spawn(async move { reader.read(&reference, None).await.map(|_| ()) })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), Ok(()));
    }
    assert_eq!(script.asked(), "get");
    hands.forward(5);
    reader.tick();
    assert!(reader.slots.lock().unwrap().is_empty(), "no value outlives its window");
}

#[tokio::test]
async fn a_value_is_fetched_when_its_version_moved() {
    let (script, hands, reader) = reader(Limits::default());
    let reference = Reference::new("a");
    assert!(matches!(reader.read(&reference, None).await, Ok(Read::Value(_))));
    assert_eq!(script.asked(), "get", "who knows nothing needs no version first");
    hands.forward(60);
    assert!(unchanged(&reader.read(&reference, Some("0")).await));
    assert!(unchanged(&reader.read(&reference, Some("0")).await));
    assert_eq!(script.asked(), "versions");
    *script.version.lock().unwrap() = 1;
    hands.forward(60);
    assert!(matches!(reader.read(&reference, Some("0")).await, Ok(Read::Value(_))));
    assert_eq!(script.asked(), "versions get");
    assert!(unchanged(&reader.read(&reference, Some("1")).await), "the shared value serves who has it already");
    assert_eq!(script.asked(), "");
}

#[tokio::test]
async fn a_refusal_to_tell_versions_is_remembered() {
    let (script, hands, reader) = reader(Limits::default());
    *script.versions.lock().unwrap() = Some(StoreError::Denied(Operation::Metadata));
    let reference = Reference::new("a");
    for (expected, pause) in [("versions get", 60), ("get", 60), ("get", 3600), ("versions get", 0)] {
        assert!(unchanged(&reader.read(&reference, Some("0")).await));
        assert_eq!(script.asked(), expected);
        hands.forward(pause);
    }
}

#[tokio::test]
async fn a_sweep_saves_a_call_for_each_key() {
    let (script, _, reader) = reader(Limits::default());
    let keys: Vec<String> = (0..50).map(|n| format!("k{n}")).collect();
    assert_eq!(reader.sweep(&keys).await, Ok(()));
    for key in &keys {
        assert!(unchanged(&reader.read(&Reference::new(key), Some("0")).await));
    }
    assert_eq!(script.asked(), "versions");
}

#[tokio::test]
async fn errors_are_shared_and_asked_again_after_the_window() {
    let (script, hands, reader) = reader(Limits::default());
    let absent = StoreError::Absent(Absent::Secret);
    *script.get.lock().unwrap() = Some(absent.clone());
    let reference = Reference::new("a");
    for _ in 0..3 {
        assert_eq!(reader.read(&reference, None).await.err(), Some(absent.clone()));
    }
    assert_eq!(script.asked(), "get");
    *script.get.lock().unwrap() = None;
    hands.forward(5);
    assert!(reader.read(&reference, None).await.is_ok());
}

#[tokio::test]
async fn an_outage_is_one_call_a_pause_for_all_keys_together() {
    let (script, hands, reader) = reader(Limits::default());
    let sealed = StoreError::Unavailable(Outage::Sealed);
    *script.get.lock().unwrap() = Some(sealed.clone());
    for n in 0..1000 {
        assert!(reader.read(&Reference::new(&format!("k{n}")), None).await.is_err());
    }
    assert_eq!(reader.calls(), 5);
    hands.forward(1);
    *script.get.lock().unwrap() = None;
    assert!(reader.read(&Reference::new("back"), None).await.is_ok());
    assert!(reader.read(&Reference::new("others"), None).await.is_ok());
}

#[tokio::test]
async fn a_budget_refuses_without_asking() {
    let (script, _, reader) = reader(Limits { per_second: Some(2), ..Limits::default() });
    for n in 0..10 {
        let read = reader.read(&Reference::new(&format!("k{n}")), None).await;
        assert_eq!(matches!(read.err(), Some(StoreError::Throttled { .. })), n >= 2);
    }
    assert_eq!(script.asked(), "get get");
}
