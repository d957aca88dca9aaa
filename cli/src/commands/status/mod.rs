//! `seal status`: all SealedSecrets and SopsSecrets of a cluster, whether they open, and which key they were sealed with.
//!
//! With `--key` it lists the values to change when that key is compromised. Which key an item was sealed with is a claim of the
//! object; items without one are listed as possible, never left out.

mod row;

use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    report::{self, CliError, OutputArg},
    table::{counted, span, table},
};
use row::{Kind, Row};
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

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let objects = cluster::block_on(async {
        let (api, namespace) = (choice.api().await?, args.namespace.as_deref());
        Ok([cluster::sealed_secrets(&api, namespace).await?, cluster::sops_secrets(&api, namespace).await?])
    })
    .map_err(|error| {
        if error.message.contains("could not find the requested resource") {
            error.hint("the SealedSecret definition is not installed: see `seal doctor`")
        } else {
            error
        }
    })?;
    let (now, [sealed, sops]) = (io.now(), objects);
    let mut rows: Vec<Row> = sealed.iter().map(|object| Row::of(Kind::SealedSecret, object, now)).collect();
    rows.extend(sops.iter().map(|object| Row::of(Kind::SopsSecret, object, now)));
    rows.sort_by(|a, b| (&a.namespace, &a.name, a.kind).cmp(&(&b.namespace, &b.name, b.kind)));
    match &args.key {
        Some(key) => by_key(&rows, key, args.output, io),
        None => overview(&rows, args.output, io),
    }
}

fn overview(rows: &[Row], output: OutputArg, io: &mut Io) -> Result<Exit, CliError> {
    let bad = rows.iter().filter(|row| !row.is_ready()).count();
    match output {
        OutputArg::Json => {
            let of = |kind: Kind| rows.iter().filter(|row| row.kind == kind).map(Row::as_json).collect::<Vec<_>>();
            let all = json!({"sealedSecrets": of(Kind::SealedSecret), "sopsSecrets": of(Kind::SopsSecret), "notSynced": bad});
            io.print(&format!("{all}\n"))?;
        }
        OutputArg::Text => {
            let cells: Vec<_> = rows.iter().map(cells).collect();
            let heading = ["KIND", "NAMESPACE", "NAME", "READY", "REASON", "AGE", "LAST SUCCESS", "KEY (CLAIMED)", "MESSAGE"];
            io.print(&table(&heading, &cells))?;
            let count = |kind: Kind| counted(rows.iter().filter(|row| row.kind == kind).count(), kind.as_str());
            let mut kinds = vec![count(Kind::SealedSecret)];
            if rows.iter().any(|row| row.kind == Kind::SopsSecret) {
                kinds.push(count(Kind::SopsSecret));
            }
            io.say(format_args!("{}, {bad} not ready", kinds.join(", ")));
        }
    }
    Ok(if bad == 0 { Exit::DONE } else { Exit::FINDINGS })
}

fn cells(row: &Row) -> Vec<String> {
    vec![
        row.kind.as_str().to_owned(),
        row.namespace.clone(),
        row.name.clone(),
        row.ready.clone(),
        row.reason.clone(),
        row.age.map(span).unwrap_or_default(),
        row.last_success.map_or_else(String::new, |ago| format!("{} ago", span(ago))),
        row.keys(),
        row.message.clone(),
    ]
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
            let all: Vec<Value> = hits.iter().map(|(row, item, certain)| json!({"kind": row.kind.as_str(), "namespace": row.namespace, "name": row.name, "item": item, "claimed": certain})).collect();
            io.print(&format!("{}\n", json!({"key": key.as_str(), "values": all})))?;
        }
        OutputArg::Text => {
            let cells: Vec<_> = hits
                .iter()
                .map(|(row, item, certain)| {
                    vec![
                        row.kind.as_str().to_owned(),
                        row.namespace.clone(),
                        row.name.clone(),
                        (*item).clone(),
                        if *certain { "yes" } else { "possible" }.to_owned(),
                    ]
                })
                .collect();
            io.print(&table(&["KIND", "NAMESPACE", "NAME", "VALUE", "SEALED WITH IT"], &cells))?;
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
    use super::{
        OutputArg, by_key, overview,
        row::{Kind, Row},
    };
    use crate::{Exit, Io};
    use serde_json::json;

    fn row(object: &serde_json::Value, now: i64) -> Row {
        Row::of(Kind::SealedSecret, object, now)
    }

    fn object(name: &str, synced: &str, claim: Option<&str>) -> serde_json::Value {
        let mut metadata =
            json!({"namespace": "shop", "name": name, "generation": 2, "creationTimestamp": "1970-01-01T00:00:10Z"});
        if let Some(key) = claim {
            metadata["annotations"] = json!({"sealkit.dev/sealed-for": json!({"key": key, "scope": "strict", "namespace": "shop", "name": name}).to_string()});
        }
        json!({"metadata": metadata, "spec": {"encryptedData": {"pw": "x"}}, "status": {"observedGeneration": 2, "conditions": [
            {"type": "Synced", "status": synced, "lastUpdateTime": "1970-01-01T00:00:30Z", "lastTransitionTime": "1970-01-01T00:00:20Z", "message": "no key could decrypt secret (pw)"}, {"type": "Ready", "status": synced, "reason": "NoKey"}]}})
    }

    #[test]
    fn the_overview_counts_what_is_not_synced_and_ends_with_1() {
        let key = "SHA256:3Fw0vJm0C2y1bqkqDgT2m0d9fYI3zF3u3y0N2d8mJ5s";
        let rows = [row(&object("a", "True", Some(key)), 70), row(&object("b", "False", None), 70)];
        let (mut io, out, err) = Io::scripted(b"", 0, &[]);
        assert_eq!(overview(&rows, OutputArg::Text, &mut io).unwrap(), Exit::FINDINGS);
        let text = out.text();
        assert!(text.lines().nth(1).unwrap().starts_with("SealedSecret  shop       a     True"), "{text}");
        assert!(text.contains("NoKey   1m                 ?") && text.contains("no key could decrypt secret (pw)"), "{text}");
        assert_eq!(err.text(), "2 SealedSecrets, 1 not ready\n");
    }

    #[test]
    fn a_status_of_an_older_generation_is_no_answer_yet() {
        let mut waiting = object("a", "True", None);
        waiting["metadata"]["generation"] = json!(3);
        assert_eq!(row(&waiting, 70).ready, "Waiting");
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
            "KIND          NAMESPACE  NAME  VALUE  SEALED WITH IT\nSealedSecret  shop       a     pw     yes\nSealedSecret  shop       c     pw     possible\n"
        );
    }
}
