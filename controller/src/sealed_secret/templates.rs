//! `spec.template.data`, rendered where a Secret is made and nowhere else: no HTTP route, no request object gets here.

use crate::delivery::error::{Again, Failure};
use crate::ports::Clock;
use rand::Rng;
use seal_core::render::{self, Templates, Unrendered};
use seal_secret::SecretBytes;
use seal_template::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What all templates of one object may take together; then the next object has its turn. Their steps are bounded well below
/// that; it is for those that make keys, and for a machine that is starved.
const TIME: Duration = Duration::from_secs(60);

/// Renders templates with the time of this clock.
pub struct Renderer(pub Arc<dyn Clock>);

impl Renderer {
    /// Asked before anything is opened: can these be read as templates at all?
    pub fn check(&self, templates: &Templates) -> Result<(), Failure> {
        render::check(templates).map_err(failure)
    }

    /// The Secret's data from the opened items and the templates.
    pub fn render(
        &self,
        templates: &Templates,
        data: BTreeMap<String, SecretBytes>,
    ) -> Result<BTreeMap<String, SecretBytes>, Failure> {
        let mut world = Now { wall: self.0.wall(), clock: &*self.0, end: self.0.now() + TIME };
        render::render(templates, data, &mut world).map_err(failure)
    }
}

fn failure(unrendered: Unrendered) -> Failure {
    let again = if unrendered.is_out_of_time() { Again::Slowly } else { Again::OnChange };
    Failure::template(unrendered.to_string(), again)
}

/// One moment.
struct Now<'c> {
    wall: jiff::Timestamp,
    clock: &'c dyn Clock,
    end: Duration,
}

impl World for Now<'_> {
    fn now(&self) -> (i64, i32) {
        (self.wall.as_second(), self.wall.subsec_nanosecond())
    }

    fn random(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn is_over(&self) -> bool {
        self.clock.now() >= self.end
    }
}
