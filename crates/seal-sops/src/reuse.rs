//! Ciphertext of an earlier version of a file, to be used again where path and plaintext are equal.

use std::collections::HashMap;

use crate::layout::NodeId;
use crate::walk::Walk;
use crate::{Opened, SopsError, Value};

/// What can still be used again. Every ciphertext is given out once.
pub(crate) struct Reuse<'a> {
    opened: &'a Opened,
    by_path: HashMap<Vec<u8>, Vec<NodeId>>,
}

impl<'a> Reuse<'a> {
    pub(crate) fn new(opened: &'a Opened) -> Result<Reuse<'a>, SopsError> {
        let walk: Walk = opened.file.walk()?;
        let mut by_path: HashMap<Vec<u8>, Vec<NodeId>> = HashMap::new();
        // Last one first, so that taking from the end keeps the order of list elements.
        for id in opened.file.layout.ids().rev().filter(|id| opened.values[*id as usize].is_some()) {
            by_path.entry(walk.aad(id).to_vec()).or_default().push(id);
        }
        Ok(Reuse { opened, by_path })
    }

    /// The ciphertext of an equal value at an equal path.
    pub(crate) fn take(&mut self, aad: &[u8], value: &Value) -> Option<String> {
        let ids = self.by_path.get_mut(aad)?;
        let same = |id: &NodeId| {
            self.opened.values[*id as usize].as_ref().is_some_and(|old| old.kind == value.kind && old.bytes == value.bytes)
        };
        let at = ids.iter().rposition(same)?;
        let id = ids.remove(at);
        self.opened.file.layout.text(&self.opened.file.bytes, id).map(str::to_owned)
    }
}
