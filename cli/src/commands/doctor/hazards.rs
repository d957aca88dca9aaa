//! What the cluster's own objects say about data that is about to be lost: who owns the definition, how many controllers run.

use super::{Answer, Verdict, answer};
use serde_json::Value;

/// Set by `deploy/crds`, and so by `deploy/keep`: the definition is not in one manifest with what people uninstall.
const KEPT_APART: &str = "sealkit.dev/kept-apart";

/// Who would delete the SealedSecret definition, and with it every SealedSecret and every Secret they own.
pub fn definition(crd: &Value) -> Vec<Answer> {
    let annotation = |name: &str| crd.pointer("/metadata/annotations").and_then(|all| all.get(name)).and_then(Value::as_str);
    let label = |name: &str| crd.pointer("/metadata/labels").and_then(|all| all.get(name)).and_then(Value::as_str);
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    let served = versions.filter(|version| version["served"] == true).filter_map(|version| version["name"].as_str());
    let mut answers = vec![answer(
        "definition",
        Verdict::Ok,
        format!("SealedSecret is defined ({})", served.collect::<Vec<_>>().join(", ")),
        "",
    )];
    if crd.pointer("/metadata/deletionTimestamp").is_some() {
        answers.push(answer(
            "definition",
            Verdict::Bad,
            "the definition is being deleted, and every SealedSecret and owned Secret with it",
            "stop whatever deletes it; back up Secrets now",
        ));
    }
    let mut hazard = |found: String, remedy: &str| {
        answers.push(answer(
            "deletion",
            Verdict::Warn,
            format!("{found}; deleting the definition deletes every SealedSecret and every Secret they own"),
            remedy,
        ));
    };
    if let Some(release) = annotation("meta.helm.sh/release-name")
        && annotation("helm.sh/resource-policy") != Some("keep")
    {
        hazard(
            format!("Helm release {release:?} owns it"),
            "kubectl annotate crd sealedsecrets.bitnami.com helm.sh/resource-policy=keep",
        );
    }
    if let Some(kustomization) = label("kustomize.toolkit.fluxcd.io/name")
        && annotation("kustomize.toolkit.fluxcd.io/prune").or(label("kustomize.toolkit.fluxcd.io/prune")) != Some("disabled")
    {
        hazard(
            format!("Flux Kustomization {kustomization:?} may prune it"),
            "kubectl annotate crd sealedsecrets.bitnami.com kustomize.toolkit.fluxcd.io/prune=disabled",
        );
    }
    let argo = annotation("argocd.argoproj.io/tracking-id").or(label("argocd.argoproj.io/instance"));
    if let Some(application) = argo
        && !annotation("argocd.argoproj.io/sync-options").is_some_and(|options| options.contains("Prune=false"))
    {
        hazard(
            format!("Argo CD tracks it ({application})"),
            "kubectl annotate crd sealedsecrets.bitnami.com argocd.argoproj.io/sync-options=Prune=false,Delete=false",
        );
    }
    if annotation("kubectl.kubernetes.io/last-applied-configuration").is_some() && annotation(KEPT_APART) != Some("true") {
        hazard(
            "it was applied from a manifest that may hold the controller too".to_owned(),
            "never run `kubectl delete -f` on that manifest, or apply the definition apart from it: kubectl apply -k deploy/crds",
        );
    }
    answers
}

/// Deployments that open SealedSecrets. Two kinds at once undo each other's work.
pub fn controllers(deployments: &[Value]) -> Answer {
    let (mut old, mut ours) = (Vec::new(), Vec::new());
    for deployment in deployments {
        let text = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let containers = deployment.pointer("/spec/template/spec/containers").and_then(Value::as_array).into_iter().flatten();
        let images: Vec<&str> = containers.filter_map(|container| container["image"].as_str()).collect();
        let replicas = deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
        let is = |word: &str| images.iter().find(|image| base_name(image).contains(word)).copied();
        let name = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
        if let Some(image) = is("seal-controller") {
            ours.push((format!("{name} ({})", tag(image)), replicas));
        } else if let Some(image) = is("sealed-secrets") {
            old.push((format!("{name} ({})", tag(image)), replicas));
        }
    }
    let running = |all: &[(String, i64)]| {
        all.iter().filter(|(_, replicas)| *replicas > 0).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let (old_names, our_names) = (running(&old), running(&ours));
    match (old_names.len(), our_names.len()) {
        (0, 0) => answer(
            "controllers",
            Verdict::Warn,
            "no Deployment of a controller that runs",
            "one run outside Deployments is not seen here",
        ),
        (0, 1) => answer("controllers", Verdict::Ok, format!("{} runs", our_names[0]), ""),
        (1, 0) => answer("controllers", Verdict::Ok, format!("{} runs, sealed-secrets' own", old_names[0]), ""),
        (0, _) => answer(
            "controllers",
            Verdict::Warn,
            format!("several run: {}", our_names.join(", ")),
            "make sure that each has namespaces of its own",
        ),
        (_, 0) => answer(
            "controllers",
            Verdict::Warn,
            format!("several of sealed-secrets' own run: {}", old_names.join(", ")),
            "make sure that each has namespaces of its own",
        ),
        _ => answer(
            "controllers",
            Verdict::Bad,
            format!("an old controller still runs beside this one: {}; {}", old_names.join(", "), our_names.join(", ")),
            "stop the old one: kubectl -n NAMESPACE scale deployment NAME --replicas=0",
        ),
    }
}

/// The last part of an image's name, without registry, digest and tag.
fn base_name(image: &str) -> &str {
    let path = image.split('@').next().unwrap_or(image);
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split(':').next().unwrap_or(last)
}

fn tag(image: &str) -> &str {
    let path = image.split('@').next().unwrap_or(image);
    path.rsplit('/').next().and_then(|last| last.split_once(':')).map_or("no tag", |(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::{Verdict, controllers, definition};
    use serde_json::json;

    #[test]
    fn whoever_may_delete_the_definition_is_named() {
        let table = [
            (json!({}), 0, ""),
            (json!({"annotations": {"meta.helm.sh/release-name": "ss"}}), 1, "Helm release \"ss\""),
            (json!({"annotations": {"meta.helm.sh/release-name": "ss", "helm.sh/resource-policy": "keep"}}), 0, ""),
            (json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "infra"}}), 1, "Flux Kustomization \"infra\""),
            (json!({"annotations": {"argocd.argoproj.io/tracking-id": "app:x"}}), 1, "Argo CD"),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "app:x", "argocd.argoproj.io/sync-options": "Prune=false"}}),
                0,
                "",
            ),
            (json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}), 1, "manifest"),
            (
                json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "sealkit.dev/kept-apart": "true"}}),
                0,
                "",
            ),
        ];
        for (metadata, hazards, words) in table {
            let answers =
                definition(&json!({"metadata": metadata, "spec": {"versions": [{"name": "v1alpha1", "served": true}]}}));
            let warned: Vec<_> = answers.iter().filter(|a| a.verdict == Verdict::Warn).collect();
            assert_eq!(warned.len(), hazards, "{metadata}");
            assert!(warned.iter().all(|a| a.found.contains(words)), "{metadata}");
        }
    }

    #[test]
    fn an_old_controller_beside_the_new_one_is_a_problem() {
        let deployment = |name: &str, image: &str, replicas: i64| json!({"metadata": {"namespace": "kube-system", "name": name}, "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image}]}}}});
        let old = deployment("sealed-secrets-controller", "docker.io/bitnami/sealed-secrets-controller:0.40.0@sha256:ab", 1);
        let stopped = deployment("sealed-secrets-controller", "docker.io/bitnami/sealed-secrets-controller:0.40.0", 0);
        let ours = deployment("seal-controller", "registry.example:5000/seal-controller:0.1.0", 2);
        let both = controllers(&[old.clone(), ours.clone()]);
        assert_eq!(both.verdict, Verdict::Bad);
        assert!(both.found.contains("(0.40.0)") && both.found.contains("(0.1.0)"), "{}", both.found);
        assert_eq!(controllers(&[stopped, ours]).verdict, Verdict::Ok);
        assert_eq!(controllers(&[old]).verdict, Verdict::Ok);
        assert_eq!(controllers(&[]).verdict, Verdict::Warn);
    }
}
