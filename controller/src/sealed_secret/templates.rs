//! The seam for `spec.template.data`. Until an engine is plugged in, an object with templates gets a typed condition and nothing is written.

use crate::delivery::error::Failure;
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// Renders templates with opened values.
pub trait Templates: Send + Sync + 'static {
    /// Asked before anything is opened: can these templates be rendered at all?
    fn accepts(&self, templates: &BTreeMap<String, Option<String>>) -> Result<(), Failure>;
    /// The Secret's data from the opened items and the templates.
    fn render(
        &self,
        templates: &BTreeMap<String, Option<String>>,
        data: BTreeMap<String, SecretBytes>,
    ) -> Result<BTreeMap<String, SecretBytes>, Failure>;
}

/// No engine: objects without templates pass, others are refused by name of their keys.
pub struct NoTemplates;

impl Templates for NoTemplates {
    fn accepts(&self, templates: &BTreeMap<String, Option<String>>) -> Result<(), Failure> {
        if templates.is_empty() {
            return Ok(());
        }
        let keys = templates.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(Failure::template(format!(
            "spec.template.data ({keys}) needs the template engine, which this version does not have; seal the final values instead"
        )))
    }

    fn render(
        &self,
        _: &BTreeMap<String, Option<String>>,
        data: BTreeMap<String, SecretBytes>,
    ) -> Result<BTreeMap<String, SecretBytes>, Failure> {
        Ok(data)
    }
}
