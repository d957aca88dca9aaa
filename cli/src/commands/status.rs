//! `seal status`: all SealedSecrets of a cluster, whether they open, and which key they were sealed with.
//!
//! With `--key` it lists the values to change when that key is compromised. Which key an item was sealed with is a claim of the
//! object; items without one are listed as possible, never left out.

use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    report::{self, CliError, OutputArg},
    table::{span, table},
};
use seal_core::{claim::keys_of, sealed::SealedObject};
use seal_crypto::Fingerprint;
use serde_json::{Value, json};

/// Flags of `seal status`.
#[derive(clap::Args)]
pub struct Args {
    /// Only this namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// List the values sealed with this key: those to change when it is compromised
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<Fingerprint>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// One SealedSecret as the cluster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    namespace: String,
    name: String,
    synced: String,
    reason: String,
    message: String,
    age: Option<i64>,
    /// Items with the keys they claim; none is "not claimed".
    items: Vec<(String, Vec<String>)>,
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let path = match &args.namespace {
        Some(namespace) => format!("/apis/bitnami.com/v1alpha1/namespaces/{}/sealedsecrets", cluster::encoded(namespace)),
        None => "/apis/bitnami.com/v1alpha1/sealedsecrets".to_owned(),
    };
    let objects =
        cluster::block_on(async { Ok(choice.api().await?.list("list SealedSecrets", &path, "").await?) }).map_err(|error| {
            if error.message.contains("could not find the requested resource") {
                error.hint("the SealedSecret definition is not installed: see `seal doctor`")
            } else {
                error
            }
        })?;
    let now = io.now();
    let mut rows: Vec<Row> = objects.iter().map(|object| row(object, now)).collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    match &args.key {
        Some(key) => by_key(&rows, key, args.output, io),
        None => overview(&rows, args.output, io),
    }
}

fn row(object: &Value, now: i64) -> Row {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let of_type = |kind: &str| conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    let synced = of_type("Synced").or_else(|| of_type("Ready"));
    let part = |field: &str| synced.and_then(|condition| condition[field].as_str()).unwrap_or_default().to_owned();
    let reason =
        of_type("Ready").and_then(|condition| condition["reason"].as_str()).map_or_else(|| part("reason"), str::to_owned);
    let behind = object.pointer("/status/observedGeneration").and_then(Value::as_i64)
        != object.pointer("/metadata/generation").and_then(Value::as_i64);
    let synced = match part("status") {
        status if status.is_empty() || behind => "Waiting".to_owned(),
        status => status,
    };
    let created = text("/metadata/creationTimestamp").parse::<jiff::Timestamp>().ok();
    let sealed = SealedObject::from_json(&with_kind(object)).unwrap_or_default();
    Row {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        synced,
        reason,
        message: part("message"),
        age: created.map(|at| now - at.as_second()),
        items: keys_of(&sealed).into_iter().map(|(item, keys)| (item, keys.iter().map(ToString::to_string).collect())).collect(),
    }
}

/// Items of a list carry no kind of their own.
fn with_kind(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".into(), seal_core::sealed::API_VERSION.into());
        map.insert("kind".into(), seal_core::sealed::KIND.into());
    }
    object
}

impl Row {
    fn keys(&self) -> String {
        let of = |keys: &'_ [String]| if keys.is_empty() { "?".to_owned() } else { keys.join(",") };
        let mut keys: Vec<String> = self.items.iter().map(|(_, keys)| of(keys)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.join(",")
    }
    fn open(&self) -> bool {
        self.synced == "True"
    }
}

fn overview(rows: &[Row], output: OutputArg, io: &mut Io) -> Result<Exit, CliError> {
    let bad = rows.iter().filter(|row| !row.open()).count();
    match output {
        OutputArg::Json => {
            let all: Vec<Value> = rows
                .iter()
                .map(|row| json!({"namespace": row.namespace, "name": row.name, "synced": row.synced, "reason": row.reason, "message": row.message, "ageSeconds": row.age, "items": row.items.iter().map(|(item, key)| json!({"name": item, "claimedKey": key.first(), "claimedKeys": key})).collect::<Vec<_>>()}))
                .collect();
            io.print(&format!("{}\n", json!({"sealedSecrets": all, "notSynced": bad})))?;
        }
        OutputArg::Text => {
            let cells = |row: &Row| {
                vec![
                    row.namespace.clone(),
                    row.name.clone(),
                    row.synced.clone(),
                    row.reason.clone(),
                    row.age.map(span).unwrap_or_default(),
                    row.keys(),
                    row.message.clone(),
                ]
            };
            let cells: Vec<_> = rows.iter().map(cells).collect();
            io.print(&table(&["NAMESPACE", "NAME", "SYNCED", "REASON", "AGE", "KEY (CLAIMED)", "MESSAGE"], &cells))?;
            io.say(format_args!("{}, {bad} not synced", crate::table::counted(rows.len(), "SealedSecret")));
        }
    }
    Ok(if bad == 0 { Exit::DONE } else { Exit::FINDINGS })
}

/// Values sealed with a key, and those that say nothing about theirs.
fn by_key(rows: &[Row], key: &Fingerprint, output: OutputArg, io: &mut Io) -> Result<Exit, CliError> {
    let hits = rows.iter().flat_map(|row| row.items.iter().map(move |(item, claimed)| (row, item, claimed)));
    let hits: Vec<(&Row, &String, bool)> = hits
        .filter(|(_, _, claimed)| claimed.is_empty() || claimed.iter().any(|one| one == key.as_str()))
        .map(|(row, item, claimed)| (row, item, !claimed.is_empty()))
        .collect();
    let unknown = hits.iter().filter(|(_, _, certain)| !certain).count();
    match output {
        OutputArg::Json => {
            let all: Vec<Value> = hits.iter().map(|(row, item, certain)| json!({"namespace": row.namespace, "name": row.name, "item": item, "claimed": certain})).collect();
            io.print(&format!("{}\n", json!({"key": key.as_str(), "values": all})))?;
        }
        OutputArg::Text => {
            let cells: Vec<_> = hits
                .iter()
                .map(|(row, item, certain)| {
                    vec![
                        row.namespace.clone(),
                        row.name.clone(),
                        (*item).clone(),
                        if *certain { "yes" } else { "possible" }.to_owned(),
                    ]
                })
                .collect();
            io.print(&table(&["NAMESPACE", "NAME", "VALUE", "SEALED WITH IT"], &cells))?;
        }
    }
    if unknown > 0 {
        report::warning(
            format_args!("{unknown} values say nothing about their key; `seal decrypt` with that key tells which it opens"),
            io,
        );
    }
    Ok(if hits.is_empty() { Exit::DONE } else { Exit::FINDINGS })
}

#[cfg(test)]
mod tests {
    use super::{OutputArg, by_key, overview, row};
    use crate::{Exit, Io};
    use serde_json::json;

    fn object(name: &str, synced: &str, claim: Option<&str>) -> serde_json::Value {
        let mut metadata =
            json!({"namespace": "shop", "name": name, "generation": 2, "creationTimestamp": "1970-01-01T00:00:10Z"});
        if let Some(key) = claim {
            metadata["annotations"] = json!({"sealkit.dev/sealed-for": json!({"key": key, "scope": "strict", "namespace": "shop", "name": name}).to_string()});
        }
        json!({"metadata": metadata, "spec": {"encryptedData": {"pw": "x"}}, "status": {"observedGeneration": 2, "conditions": [
            {"type": "Synced", "status": synced, "message": "no key could decrypt secret (pw)"}, {"type": "Ready", "status": synced, "reason": "NoKey"}]}})
    }

    #[test]
    fn the_overview_counts_what_is_not_synced_and_ends_with_1() {
        let key = "SHA256:3Fw0vJm0C2y1bqkqDgT2m0d9fYI3zF3u3y0N2d8mJ5s";
        let rows = [row(&object("a", "True", Some(key)), 70), row(&object("b", "False", None), 70)];
        let (mut io, out, err) = Io::scripted(b"", 0, &[]);
        assert_eq!(overview(&rows, OutputArg::Text, &mut io).unwrap(), Exit::FINDINGS);
        let text = out.text();
        assert!(text.lines().nth(1).unwrap().starts_with("shop       a     True"), "{text}");
        assert!(text.contains("NoKey   1m   ?") && text.contains("no key could decrypt secret (pw)"), "{text}");
        assert_eq!(err.text(), "2 SealedSecrets, 1 not synced\n");
    }

    #[test]
    fn a_status_of_an_older_generation_is_no_answer_yet() {
        let mut waiting = object("a", "True", None);
        waiting["metadata"]["generation"] = json!(3);
        assert_eq!(row(&waiting, 70).synced, "Waiting");
    }

    #[test]
    fn values_of_a_compromised_key_include_those_that_do_not_say() {
        let key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        let other = "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg";
        let rows = [
            row(&object("a", "True", Some(key)), 0),
            row(&object("b", "True", Some(other)), 0),
            row(&object("c", "True", None), 0),
        ];
        let (mut io, out, _) = Io::scripted(b"", 0, &[]);
        assert_eq!(by_key(&rows, &key.parse().unwrap(), OutputArg::Text, &mut io).unwrap(), Exit::FINDINGS);
        assert_eq!(
            out.text(),
            "NAMESPACE  NAME  VALUE  SEALED WITH IT\nshop       a     pw     yes\nshop       c     pw     possible\n"
        );
    }
}
