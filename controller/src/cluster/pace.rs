//! Requests per second to the API server, as `--kubeclient-qps` and `--kubeclient-burst` allow: who comes too early waits, in
//! the order of coming.

use crate::limit::Limit;
use crate::ports::Clock;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Puts the pace around a client's requests.
pub struct Pace {
    limit: Arc<Limit>,
    clock: Arc<dyn Clock>,
}

impl Pace {
    /// `burst` requests at once, `qps` a second sustained.
    pub fn new(qps: f32, burst: u32, clock: Arc<dyn Clock>) -> Self {
        Self { limit: Arc::new(Limit::new(f64::from(qps), burst.saturating_sub(1))), clock }
    }
}

impl<S> Layer<S> for Pace {
    type Service = Paced<S>;

    fn layer(&self, inner: S) -> Paced<S> {
        Paced { inner, limit: self.limit.clone(), clock: self.clock.clone(), step: Step::Ask }
    }
}

/// A service that is not ready before its pace allows.
pub struct Paced<S> {
    inner: S,
    limit: Arc<Limit>,
    clock: Arc<dyn Clock>,
    step: Step,
}

enum Step {
    /// Nobody waits.
    Ask,
    /// Somebody waits for its turn.
    Wait(BoxFuture<'static, ()>),
    /// It is somebody's turn.
    Go,
}

impl<S: Service<R>, R> Service<R> for Paced<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Go => return self.inner.poll_ready(context),
                Step::Ask => match self.limit.take(self.clock.now()) {
                    Ok(()) => Step::Go,
                    Err(wait) => Step::Wait(self.clock.sleep(wait)),
                },
                Step::Wait(turn) => match turn.as_mut().poll(context) {
                    Poll::Ready(()) => Step::Ask,
                    Poll::Pending => return Poll::Pending,
                },
            };
        }
    }

    fn call(&mut self, request: R) -> S::Future {
        self.step = Step::Ask;
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::delivery::tests::fake::EagerClock;
    use crate::ports::Clock;
    use futures::FutureExt;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::Duration;
    use tower::{Layer, Service, ServiceExt};

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let clock = Arc::new(EagerClock::default());
        let seen = clock.clone();
        let inner = tower::service_fn(move |()| std::future::ready(Ok::<_, Infallible>(seen.now())));
        let mut paced = Pace::new(10.0, 3, clock).layer(inner);
        let mut ask = || {
            let ready = paced.ready().now_or_never().expect("time passes by itself").expect("infallible");
            ready.call(()).now_or_never().expect("ready").expect("infallible")
        };
        let times: Vec<Duration> = (0..6).map(|_| ask()).collect();
        assert_eq!(times, [0, 0, 0, 100, 200, 300].map(Duration::from_millis));
    }
}
