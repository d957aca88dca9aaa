//! Any bytes: reading never panics; what is read and printed again, as YAML and as JSON, means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_manifest::{ManifestFile, to_json_pretty, to_yaml};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ManifestFile::parse("f", bytes.to_vec()) else { return };
    for document in &file.documents {
        for printed in [to_yaml(&document.root), to_json_pretty(&document.root)] {
            let text = printed.expose().to_vec();
            let again = ManifestFile::parse("again", text).unwrap_or_else(|error| panic!("printed text is refused: {error}"));
            match again.documents.as_slice() {
                [one] => assert!(one.root.means_the_same(&document.root), "printed text means something else"),
                none => assert!(none.is_empty() && document.root.is_null(), "printed text has other documents"),
            }
        }
    }
});
