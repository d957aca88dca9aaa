//! Command lines and variables, and what becomes of them.

use std::time::Duration;

use super::{Config, DriftPolicy, Environment, Invocation, KeyMode, KeyOrder, LogLevel, Profile, parse};

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        service_account_namespace: Some("seal-system\n".to_owned()),
        cores: 2,
    }
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
    match parse(arguments.iter().map(|a| (*a).to_owned()), &environment(variables)) {
        Ok(Invocation::Run(config)) => Ok(*config),
        Ok(other) => panic!("{arguments:?} gave {other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn config(arguments: &[&str]) -> Config {
    run(arguments, &[]).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

#[test]
fn without_flags_it_is_what_upstream_would_be() {
    let config = config(&[]);
    assert_eq!(config.profile, Profile::Compatible);
    assert_eq!(config.home_namespace, "seal-system");
    assert_eq!(config.keys.prefix, "sealed-secrets-key");
    assert_eq!(config.keys.size, 4096);
    assert_eq!(config.keys.ttl, Duration::from_hours(87600));
    assert_eq!(config.keys.renew_period, Some(Duration::from_hours(720)));
    assert_eq!(config.keys.order, KeyOrder::CertNotBefore);
    assert_eq!(config.keys.mode, KeyMode::Generate);
    assert!(!config.keys.import_required && config.own_namespace);
    assert!(config.http.verify && config.http.rotate);
    assert_eq!((config.http.rate_per_second, config.http.rate_burst), (2, 2));
    assert_eq!(config.http.listen[0].port(), 8080);
    assert_eq!(config.watched.namespaces, None);
    assert!(config.update_status && !config.skip_recreate && config.watch_secrets && config.accept_v1_data);
    assert_eq!(config.crypto_threads, 2);
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}

#[test]
fn strict_closes_what_cannot_know_its_caller() {
    let config = config(&["--profile=strict"]);
    assert!(!config.http.verify && !config.http.rotate && !config.own_namespace && config.keys.import_required);
    assert_eq!(config.warnings, Vec::<String>::new());
    let opened = self::config(&["--profile", "strict", "--rotate-endpoint"]);
    assert!(opened.http.rotate && !opened.http.verify);
    assert_eq!(opened.warnings.len(), 1);
}

#[test]
fn every_flag_of_upstream_is_taken() {
    let config = config(&[
        "--key-prefix=team-keys",
        "--key-size",
        "2048",
        "--key-ttl=24h",
        "--my-cn=example",
        "--key-renew-period=0",
        "--key-order-priority=SecretCreationTimestamp",
        "--key-cutoff-time=Mon, 02 Jan 2006 15:04:05 -0700",
        "--privatekey-labels=a=b",
        "--privatekey-annotations=c=d",
        "--watch-for-secrets",
        "--all-namespaces=false",
        "--additional-namespaces=one, two,one",
        "--label-selector=app=x",
        "--update-status=false",
        "--skip-recreate",
        "--max-unseal-retries=-1",
        "--rate-limit=5",
        "--rate-limit-burst=6",
        "--kubeclient-qps=-1",
        "--kubeclient-burst=20",
        "--metrics-omit-secret-labels=1",
        "--accept-deprecated-v1-data=F",
        "--old-gc-behavior",
        "--log-level=error",
        "--log-format=json",
        "--log-info-stdout=false",
        "--listen-addr=127.0.0.1:1",
        "--listen-metrics-addr=127.0.0.1:2",
        "--read-timeout=1s",
        "--write-timeout=1m",
        "-v=2",
        "--logtostderr",
        "--stderrthreshold",
        "INFO",
    ]);
    assert_eq!(config.keys.renew_period, None);
    assert_eq!(config.keys.cutoff, Some(1_136_239_445));
    assert_eq!(config.watched.namespaces.as_deref(), Some(["seal-system", "one", "two"].map(str::to_owned).as_slice()));
    assert_eq!(config.watched.label_selector.as_deref(), Some("app=x"));
    assert!(
        !config.update_status
            && config.skip_recreate
            && !config.watch_secrets
            && !config.accept_v1_data
            && config.omit_secret_labels
    );
    assert_eq!(config.kube.qps, None);
    assert_eq!(config.log.level, LogLevel::Error);
    assert_eq!(config.warnings.len(), 4, "{:?}", config.warnings);
    assert!(config.warnings.contains(&"logging flags without effect here: v, logtostderr, stderrthreshold".to_owned()));
}

#[test]
fn variables_fill_in_and_the_command_line_wins() {
    let variables = [
        ("SEALED_SECRETS_KEY_RENEW_PERIOD", "1h"),
        ("SEALED_SECRETS_DRIFT", "report"),
        ("SEALED_SECRETS_UPDATE_STATUS", "false"),
    ];
    let config = run(&["--key-renew-period=2h"], &variables).expect("valid");
    assert_eq!(config.keys.renew_period, Some(Duration::from_hours(2)));
    assert_eq!(config.drift, DriftPolicy::Report);
    assert!(!config.update_status);
    assert_eq!(
        run(&[], &[("SEALED_SECRETS_ROTATE_PERIOD", "3h")]).expect("valid").keys.renew_period,
        Some(Duration::from_hours(3))
    );
    assert_eq!(run(&[], &[("POD_NAMESPACE", "kube-system")]).expect("valid").home_namespace, "kube-system");
}

#[test]
fn wrong_values_are_refused_with_the_flag_and_a_remedy() {
    for (arguments, expected) in [
        (&["--key-size=1024"][..], "invalid value '1024' for '--key-size <KEY_SIZE>': expected 2048, 3072 or 4096"),
        (&["--key-ttl=10d"], "expected a Go duration such as 720h"),
        (&["--key-ttl=0"], "invalid value for --key-ttl: it must be longer than 0"),
        (&["--privatekey-labels=broken"], "entry \"broken\" has no '='"),
        (&["--additional-namespaces=UPPER"], "\"UPPER\" is not a namespace name"),
        (&["--listen-addr=8080"], "invalid value for --listen-addr: expected HOST:PORT or :PORT"),
        (&["--key-mode=external", "--force-first-key"], "exclude each other"),
        (&["--pinned-key=abc"], "invalid value 'abc' for '--pinned-key"),
        (&["--update-status", "false"], "unexpected argument 'false' found"),
        (&["--no-such-flag"], "unexpected argument '--no-such-flag' found"),
    ] {
        let error = run(arguments, &[]).expect_err("refused");
        assert!(error.contains(expected), "{arguments:?} gave {error}");
    }
    let error = run(&[], &[("POD_NAMESPACE", "not a namespace")]).expect_err("refused");
    assert!(error.contains("check POD_NAMESPACE"), "{error}");
}

#[test]
fn an_external_or_pinned_key_is_never_renewed() {
    let external = config(&["--key-mode=external"]);
    assert_eq!((external.keys.mode, external.keys.renew_period), (KeyMode::External, None));
    let fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let pinned = config(&[&format!("--pinned-key={fingerprint}")]);
    assert_eq!(pinned.keys.pinned.map(|f| f.as_str().to_owned()).as_deref(), Some(fingerprint));
    assert_eq!(pinned.keys.renew_period, None);
}

#[test]
fn version_and_help_win_over_the_rest() {
    assert_eq!(parse(["--version".to_owned()], &environment(&[])), Ok(Invocation::Version));
    let Ok(Invocation::Help(text)) = parse(["--help".to_owned()], &environment(&[])) else { panic!("no help") };
    assert!(text.contains("--key-renew-period"), "{text}");
}
