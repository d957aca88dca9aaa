//! `--validate` and `--re-encrypt`: both ask the controller ([`super::ask`] how).
//!
//! The original prints what the controller answers, which loses labels, annotations and templates. Here only the new ciphertext is taken
//! from the answer and put into the user's own document; everything else, comments included, stays as it is. The controller is sent
//! no template: it has no need of it.

use super::{
    ask::Asker,
    input, object,
    output::{self, Format},
    session::Session,
};
use crate::{
    Io,
    cluster::{self, Controller},
    objects,
    report::CliError,
    write,
};
use seal_core::{merge, seal_to::SealTo, sealed::SealedObject};
use seal_crypto::{Item, PublicKey};
use seal_manifest::{Edit, ManifestFile};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};

/// Asks whether the controller opens every SealedSecret of the input.
pub fn validate(session: &mut Session<'_>) -> Result<(), CliError> {
    let bytes = session.read_input()?;
    let file = input::parse(session.input_name(), bytes).map_err(|error| error.context("unable to decrypt sealed secret"))?;
    let sealed = input::sealed(&file).map_err(|error| error.context("unable to decrypt sealed secret"))?;
    with_controller(session, async |controller, io| {
        let mut asker = Asker::new(controller, io);
        for object in &sealed {
            asker.validate(object).await?;
        }
        Ok(())
    })
}

/// Has every SealedSecret of the input sealed to the newest key.
pub fn run(session: &mut Session<'_>) -> Result<(), CliError> {
    let format = session.format()?;
    let bytes = session.read_input()?;
    let file = input::parse(session.input_name(), bytes)?;
    let sealed = input::sealed(&file)?;
    let claims = sealed.iter().any(|object| object.claim().is_some());
    let (fresh, key) = with_controller(session, async |controller, io| {
        let (mut asker, mut fresh) = (Asker::new(controller, io), Vec::new());
        for object in &sealed {
            refuse_blob(object)?;
            fresh.push(asker.rotate(object).await?);
        }
        let newest = if claims { Some(asker.newest().await?) } else { None };
        Ok((fresh, newest))
    })?;
    let edited = file.edit(&edits(&file, &sealed, &fresh, key.as_ref())?)?;
    if let Some(path) = session.flags.text("secret-file").filter(|_| session.output_file().is_none()) {
        return write::atomically(Path::new(path), &edited);
    }
    if file.documents.iter().all(|document| same_format(document.format, format)) {
        return session.deliver(edited);
    }
    let converted = input::sealed(&ManifestFile::parse(&file.name, edited)?)?;
    session.deliver(output::print(format, &converted.iter().map(object::sealed).collect::<Vec<_>>()))
}

fn same_format(own: seal_manifest::Format, wanted: Format) -> bool {
    matches!((own, wanted), (seal_manifest::Format::Json, Format::Json) | (seal_manifest::Format::Yaml, Format::Yaml))
}

fn with_controller<T>(
    session: &mut Session<'_>,
    work: impl AsyncFnOnce(&Controller, &mut Io) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let (overrides, environment, target) = (session.overrides()?, session.environment(), session.target());
    cluster::block_on(async {
        let api = cluster::connect(&overrides, &environment).await?;
        work(&Controller::find(&api, &target).await?, session.io).await
    })
}

/// What becomes of an object that holds a whole Secret in one ciphertext: it has no items to seal anew in place.
pub fn refuse_blob(object: &SealedObject) -> Result<(), CliError> {
    if object.blob.is_none() || !object.items.is_empty() {
        return Ok(());
    }
    let message =
        format!("SealedSecret {:?} holds one deprecated blob (spec.data), which has no items to seal anew", object.name());
    Err(CliError::failed(message).hint("open it with --recovery-unseal and seal the Secret again"))
}

/// The changed items of the answer. An answer with other items than the question is not used.
pub fn fresh_items(object: &SealedObject, answer: &Value) -> Result<BTreeMap<String, String>, CliError> {
    let strange = || {
        CliError::failed(format!("cannot re-encrypt secret {:?}: the controller's answer does not hold its items", object.name()))
    };
    let items = answer.pointer("/spec/encryptedData").and_then(Value::as_object).ok_or_else(strange)?;
    if items.len() != object.items.len() {
        return Err(strange());
    }
    let mut fresh = BTreeMap::new();
    for (name, old) in &object.items {
        let new = items.get(name).and_then(Value::as_str).filter(|text| Item::decode(text).is_ok()).ok_or_else(strange)?;
        if new != old {
            fresh.insert(name.clone(), new.to_owned());
        }
    }
    Ok(fresh)
}

/// What the controller needs: who the object is, its scope, its ciphertext.
pub fn essence(object: &SealedObject) -> Value {
    let mut metadata = Map::new();
    for field in ["name", "namespace"] {
        if let Some(value) = object.metadata.get(field) {
            metadata.insert(field.into(), value.clone());
        }
    }
    seal_core::seal::set_scope(&mut metadata, object.scope());
    let mut spec = json!({"encryptedData": object.items});
    if let Some(blob) = &object.blob {
        spec["data"] = json!(blob);
    }
    json!({"apiVersion": seal_core::sealed::API_VERSION, "kind": seal_core::sealed::KIND, "metadata": metadata, "spec": spec})
}

/// The edits that put the fresh items at their places.
fn edits(
    file: &ManifestFile,
    sealed: &[SealedObject],
    fresh: &[BTreeMap<String, String>],
    key: Option<&PublicKey>,
) -> Result<Vec<(usize, Edit)>, CliError> {
    let mut edits = Vec::new();
    let to = key.cloned().map(SealTo::from);
    for (place, (object, fresh)) in objects::all(file).into_iter().zip(sealed.iter().zip(fresh)) {
        let plan =
            merge::replace_items(object, &place.prefix, fresh, to.as_ref()).map_err(|error| CliError::from_error(&error))?;
        edits.extend(plan.edits.into_iter().map(|edit| (place.document, edit)));
    }
    Ok(edits)
}
