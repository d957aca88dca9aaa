//! Runs async cases under libtest's own command line, on one runtime and one shared stage.

use crate::case::{Case, Stage};
use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, Semaphore};

/// Started once; a cluster that does not come up is not tried again for every case.
type Shared = OnceCell<Result<Arc<Stage>, String>>;
type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// No case takes longer, whatever it waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Clusters beside the shared one. Each is three servers of about 400 MiB, and half of a case is waiting for leases and back-off.
const EXTRA_CLUSTERS: usize = 2;

/// One case: its name and what to do.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) run: for<'a> fn(&'a Case) -> Running<'a>,
}

/// Lists a module's cases; one that is written and not listed is dead code, which clippy refuses.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn tests() -> Vec<crate::runner::Test> {
            vec![$(crate::runner::Test {
                name: concat!(module_path!(), "::", stringify!($name)),
                run: |case| Box::pin($name(case)),
            }),*]
        }
    };
}
pub(crate) use tests;

/// Runs all cases and gives the exit code of a test program.
pub(crate) fn run(mut arguments: Arguments, shared: Vec<Test>, alone: Vec<Test>) -> ExitCode {
    let runtime =
        Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime"));
    let stage: Arc<Shared> = Arc::default();
    let turn = Arc::new(Semaphore::new(EXTRA_CLUSTERS));
    let mut trials = Vec::new();
    for test in shared {
        let (runtime, stage) = (Arc::clone(&runtime), Arc::clone(&stage));
        trials.push(Trial::test(short(test.name), move || finish(&runtime, on_shared_stage(test, &stage))));
    }
    for test in alone {
        let (runtime, turn) = (Arc::clone(&runtime), Arc::clone(&turn));
        trials.push(Trial::test(short(test.name), move || {
            // Its time begins with its turn.
            let _turn = runtime.block_on(turn.acquire()).map_err(|error| error.to_string())?;
            finish(&runtime, on_own_stage(test))
        }));
    }
    // The cases wait for servers most of the time; a few more than cores keep both busy.
    arguments.test_threads.get_or_insert(6);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn short(name: &str) -> &str {
    name.split_once("::").map_or(name, |(_, rest)| rest)
}

fn finish(runtime: &Runtime, case: impl Future<Output = Result<()>>) -> Result<(), Failed> {
    let outcome = runtime.block_on(async { tokio::time::timeout(PATIENCE, case).await });
    match outcome {
        Ok(result) => result.map_err(|error| format!("{error:#}").into()),
        Err(_) => Err(format!("not done after {PATIENCE:?}").into()),
    }
}

async fn on_shared_stage(test: Test, stage: &Shared) -> Result<()> {
    let stage =
        stage.get_or_init(|| async { Stage::with_controller().await.map(Arc::new).map_err(|error| format!("{error:#}")) }).await;
    let stage = stage.as_ref().map_err(|error| anyhow::anyhow!("no stage: {error}"))?;
    let case = Case::new(Arc::clone(stage)).await?;
    (test.run)(&case).await.map_err(|error| error.context(format!("namespace {}", case.namespace)))
}

async fn on_own_stage(test: Test) -> Result<()> {
    let case = Case::new(Arc::new(Stage::empty().await?)).await?;
    (test.run)(&case).await
}
