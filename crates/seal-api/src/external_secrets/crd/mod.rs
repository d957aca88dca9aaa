//! The CustomResourceDefinitions of these kinds, made from the schemas beside this file and printed as YAML.
//!
//! They replace upstream's webhook: what can be said in a schema or a rule is refused when it is applied. Nothing is
//! defaulted, so that what Git holds and what the API server holds are the same. What stands under `provider` is kept
//! whole, so that a provider that is not served can be named.

mod definition;
mod external_secret;
mod generators;
mod push_secret;
mod schema;
mod stores;
mod yaml;

use definition::Definition;

/// Plural names, in the order of their files.
pub const PLURALS: [&str; 13] = [
    "clusterexternalsecrets",
    "clustergenerators",
    "clustersecretstores",
    "ecrauthorizationtokens",
    "externalsecrets",
    "fakes",
    "passwords",
    "pushsecrets",
    "secretstores",
    "sshkeys",
    "stssessiontokens",
    "uuids",
    "vaultdynamicsecrets",
];

/// The definition of a kind as YAML; `None` for a name that is not one of [`PLURALS`].
pub fn crd_yaml(plural: &str) -> Option<String> {
    definition(plural).map(|definition| yaml::print(&definition.value()))
}

fn definition(plural: &str) -> Option<Definition> {
    Some(match plural {
        "externalsecrets" => external_secret::namespaced(),
        "clusterexternalsecrets" => external_secret::cluster(),
        "secretstores" => stores::namespaced(),
        "clustersecretstores" => stores::cluster(),
        "pushsecrets" => push_secret::definition(),
        other => return generators::definition(other),
    })
}

#[cfg(test)]
mod tests;
