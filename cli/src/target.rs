//! The SealedSecret in a file that a verb changes in place.

use crate::{
    Io,
    objects::{self, is_sealed},
    report::{self, CliError},
    write,
};
use seal_core::{
    merge::{self, Change},
    seal_to::SealTo,
    sealed::SealedObject,
};
use seal_crypto::{Keyring, Kind};
use seal_manifest::{Edit, ManifestFile, Segment};
use std::path::{Path, PathBuf};

/// Which object of a file, when it holds several.
#[derive(clap::Args, Clone, Default)]
pub struct Which {
    /// Name of the SealedSecret, when the file holds several
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Namespace of the SealedSecret, when the file holds several
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
}

/// A SealedSecret and the file around it.
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// Where in its document the object is.
    pub prefix: Vec<Segment>,
    /// The object.
    pub object: SealedObject,
    manifest: ManifestFile,
    document: usize,
}

impl Target {
    /// Reads a file and finds the one object meant.
    pub fn load(path: &Path, which: &Which, io: &Io) -> Result<Target, CliError> {
        if path == Path::new("-") {
            return Err(CliError::usage("standard input cannot be changed in place").hint("name a file"));
        }
        let manifest = ManifestFile::parse(&path.display().to_string(), io.read_file(path)?)?;
        let wanted = |object: &SealedObject| {
            which.name.as_ref().is_none_or(|name| object.name() == name)
                && which.namespace.as_ref().is_none_or(|namespace| object.namespace() == namespace)
        };
        let mut found = Vec::new();
        let mut names = Vec::new();
        for place in objects::all(&manifest).into_iter().filter(|place| is_sealed(place.node)) {
            let object = SealedObject::from_node(place.node).map_err(|error| {
                CliError::failed(format!("{}:{}:{}: {error}", path.display(), place.node.at.line, place.node.at.column))
            })?;
            names.push(format!("{}/{}", object.namespace(), object.name()));
            if wanted(&object) {
                found.push((place.document, place.prefix, object));
            }
        }
        match (found.len(), names.is_empty()) {
            (1, _) => {
                let (document, prefix, object) = found.swap_remove(0);
                Ok(Target { path: path.to_owned(), prefix, object, manifest, document })
            }
            (0, true) => Err(CliError::failed(format!("{}: there is no SealedSecret in it", path.display()))
                .hint("make one with `seal encrypt`")),
            (0, false) => Err(CliError::failed(format!("{}: no SealedSecret of that name", path.display()))
                .hint(format!("it holds {}", names.join(", ")))),
            _ => Err(CliError::usage(format!("{}: it holds several SealedSecrets", path.display()))
                .hint(format!("choose one with --name or -n: {}", names.join(", ")))),
        }
    }

    /// What to call the object.
    pub fn described(&self) -> String {
        format!("SealedSecret {}/{}", self.object.namespace(), self.object.name())
    }

    /// Seals what is to change, writes it into the file and says so.
    pub fn seal(&self, change: &Change, to: &SealTo, keyring: Option<&Keyring>, io: &mut Io) -> Result<(), CliError> {
        let plan =
            merge::plan(&self.object, &self.prefix, change, to, keyring, &mut io.rng()).map_err(|error| self.refuse(&error))?;
        self.apply(&plan)?;
        report::changes(self, &plan, io);
        let weaker: Vec<&str> = self.object.items_of(Kind::V1).into_iter().filter(|name| !plan.touches(name)).collect();
        if to.kind() == Kind::V2 && !weaker.is_empty() && !plan.sealed.is_empty() {
            report::warning(
                format_args!(
                    "{}: only as strong as its weakest item: {} sealed as v1; `seal rotate --to age` moves them",
                    self.described(),
                    weaker.join(", ")
                ),
                io,
            );
        }
        Ok(())
    }

    /// Carries out a plan. Without an edit the file is not touched.
    pub fn apply(&self, plan: &merge::Plan) -> Result<(), CliError> {
        if plan.edits.is_empty() {
            return Ok(());
        }
        let edits: Vec<(usize, Edit)> = plan.edits.iter().map(|edit| (self.document, edit.clone())).collect();
        write::atomically(&self.path, &self.manifest.edit(&edits)?)
    }

    /// Puts file and object in front of a refusal.
    pub fn refuse(&self, error: &merge::MergeError) -> CliError {
        let failure = CliError::failed(format!("{}: {}: {error}", self.path.display(), self.described()));
        match error {
            merge::MergeError::TooLarge(_) => failure.hint("split it over several Secrets, or seal it to fewer recipients"),
            merge::MergeError::Item { source: seal_crypto::SealError::TooLarge, .. } => failure.hint(objects::SPLIT),
            _ => failure,
        }
    }
}
