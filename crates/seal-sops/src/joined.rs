//! Files that were sealed one by one and joined by `---`: each document has a data key of its own.
//!
//! sops cannot open them; Flux can, for it looks at one object at a time.

use crate::layout::{Raw, RawForm};
use crate::{SopsError, SopsFile, Store};

impl SopsFile {
    /// True for a file whose documents were sealed apart.
    pub fn is_joined(&self) -> bool {
        let mut macs = self.layout.documents.iter().filter_map(|document| document.block.as_ref()).map(|block| mac(&block.raw));
        let first = macs.next();
        first.is_some_and(|first| macs.any(|mac| mac != first))
    }

    /// The parts that open by themselves, in file order; one for a file that is one. Joined again, their bytes are those of the file,
    /// and so are their texts in clear.
    pub fn parts(self) -> Result<Vec<SopsFile>, SopsError> {
        if self.store != Store::Yaml || !self.is_joined() {
            return Ok(vec![self]);
        }
        let bytes = self.bytes.expose();
        let text = std::str::from_utf8(bytes).expect("the store has read it as text");
        let mut starts: Vec<usize> =
            self.layout.documents.iter().map(|document| separator_before(text, document.span.start)).collect();
        starts[0] = 0;
        starts.push(bytes.len());
        let part = |range: &[usize]| {
            let mut part = SopsFile::parse(&self.name, self.store, bytes[range[0]..range[1]].to_vec())?;
            let lines = bytes[..range[0]].iter().filter(|byte| **byte == b'\n').count();
            part.lines_before = u32::try_from(lines).unwrap_or(u32::MAX);
            Ok(part)
        };
        starts.windows(2).map(part).collect()
    }
}

/// The start of the line `---` that a document begins behind.
fn separator_before(text: &str, start: usize) -> usize {
    let before = &text[..start];
    before.rfind("---").map_or(start, |mark| before[..mark].rfind('\n').map_or(0, |newline| newline + 1))
}

fn mac(raw: &Raw) -> Option<&str> {
    let RawForm::Map(entries) = &raw.form else { return None };
    entries.iter().find(|(key, _)| key == "mac").and_then(|(_, value)| match &value.form {
        RawForm::Scalar(text) => Some(text.as_str()),
        _ => None,
    })
}
