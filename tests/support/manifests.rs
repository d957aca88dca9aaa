//! Kubernetes objects from YAML files in `deploy/`, applied as an administrator would.

use anyhow::{Context, Result};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde::Deserialize;
use std::path::Path;

/// All objects of all YAML files of one folder, in file order. Kustomize's own files are not objects.
///
/// # Errors
/// When a file cannot be read or a document has no kind and name.
pub fn read_dir(dir: &Path) -> Result<Vec<DynamicObject>> {
    let mut files: Vec<_> = std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| {
        file.extension().is_some_and(|ext| ext == "yaml") && file.file_name().is_some_and(|name| name != "kustomization.yaml")
    });
    files.sort();
    let mut objects = Vec::new();
    for file in files {
        objects.extend(read(&file)?);
    }
    Ok(objects)
}

/// All objects of one YAML file.
///
/// # Errors
/// When it cannot be read or a document has no kind and name.
pub fn read(file: &Path) -> Result<Vec<DynamicObject>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text, &file.display().to_string())
}

/// All objects of a YAML text; `name` says in errors whose it is.
///
/// # Errors
/// When a document is no object.
pub fn parse(text: &str, name: &str) -> Result<Vec<DynamicObject>> {
    let mut objects = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_json::Value::deserialize(document).with_context(|| format!("{name} is not YAML"))?;
        if !value.is_null() {
            objects.push(serde_json::from_value(value).with_context(|| format!("{name} holds something that is no object"))?);
        }
    }
    Ok(objects)
}

/// Server-side apply, into `namespace` when the kind has one.
///
/// # Errors
/// When the API server refuses.
pub async fn apply(client: &Client, object: DynamicObject, namespace: Option<&str>) -> Result<DynamicObject> {
    let types = object.types.clone().context("an object without kind")?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = object.name_any();
    let how = PatchParams::apply("seal-tests").force();
    api.patch(&name, &how, &Patch::Apply(&object)).await.with_context(|| format!("cannot apply {} {name}", types.kind))
}
