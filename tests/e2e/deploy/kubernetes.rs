//! Kubernetes' resources as kustomize renders them: against Kubernetes' own strict
//! schemas and Prometheus Operator's types, and against each other.

use crate::compose::is_pinned;
use crate::rendered::{OVERLAYS, Rendered, containers, items, name, pod, port};
use crate::{said, text, yaml};
use serde_json::Value;
use sightline_tests::parts;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

/// The oldest that has all of it, and the newest that is known.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];
/// Those of Istio and Envoy Gateway; `host-double` checks the fields of these files.
const OF_MESHES: [&str; 6] = [
    "extensions.istio.io/v1alpha1",
    "telemetry.istio.io/v1",
    "networking.istio.io/v1",
    "gateway.envoyproxy.io/v1alpha1",
    "gateway.networking.k8s.io/v1",
    "gateway.networking.k8s.io/v1beta1",
];
const OF_OPERATOR: &str = "monitoring.coreos.com/v1";

/// A command that reads this; what it has against it.
fn objections(command: &mut Command, input: &Value) -> Option<String> {
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(why)
}

fn against_schemas(resources: Vec<&Value>) -> Option<String> {
    let mut python = Command::new(parts::require(parts::KUBERNETES_SCHEMAS).unwrap());
    let script = parts::repository().join("tests/e2e/deploy/validate.py");
    let resources: Value = resources.into_iter().cloned().collect();
    objections(python.arg(script).args(VERSIONS), &resources)
}

fn against_operator(resource: &Value) -> Option<String> {
    let mut check = Command::new(parts::require(parts::DEPLOY_CHECK).unwrap());
    objections(check.arg("monitoring"), resource)
}

#[test]
fn every_resource_is_what_its_schema_says() {
    if !parts::all_present(&[parts::KUBERNETES_SCHEMAS, parts::DEPLOY_CHECK]) {
        return;
    }
    for overlay in OVERLAYS.into_iter().chain(["cluster-rules"]) {
        let Some(rendered) = Rendered::of(overlay) else {
            return;
        };
        let of_meshes = |resource: &&Value| {
            let version = resource["apiVersion"].as_str().unwrap();
            OF_MESHES.contains(&version)
        };
        let known: Vec<_> = rendered.0.iter().filter(|one| !of_meshes(one)).collect();
        let (operator, own): (Vec<_>, Vec<_>) = known
            .into_iter()
            .partition(|resource| resource["apiVersion"] == OF_OPERATOR);
        let is_whole = operator.len() > 8 && own.len() > 9;
        assert!(is_whole || overlay == "cluster-rules", "{overlay}");
        for resource in operator {
            let why = against_operator(resource);
            assert!(why.is_none(), "{overlay}: {}: {why:?}", name(resource));
        }
        let why = against_schemas(own);
        assert!(why.is_none(), "{overlay}: {}", why.unwrap_or_default());
    }
}

#[test]
fn schemas_find_mistakes() {
    let needed = [parts::KUBERNETES_SCHEMAS, parts::DEPLOY_CHECK];
    if !parts::all_present(&needed) {
        return;
    }
    let Some(rendered) = Rendered::of("envoy") else {
        return;
    };
    let mut deployment = rendered.kind("Deployment").next().unwrap().clone();
    assert_eq!(against_schemas(vec![&deployment]), None);
    deployment["spec"]["template"]["spec"]["containers"][0]["livnessProbe"] = Value::Null;
    assert!(
        against_schemas(vec![&deployment])
            .unwrap()
            .contains("livnessProbe")
    );
    let mut monitor = rendered.kind("ServiceMonitor").next().unwrap().clone();
    monitor["spec"]["endpoints"][0]["every"] = "15s".into();
    assert!(against_operator(&monitor).unwrap().contains("every"));
}

#[test]
fn pods_fit_the_restricted_standard_and_their_machine() {
    for overlay in OVERLAYS {
        let Some(rendered) = Rendered::of(overlay) else {
            return;
        };
        for workload in rendered.workloads() {
            let (pod, name) = (pod(workload), name(workload));
            let context = &pod["securityContext"];
            assert_eq!(context["runAsNonRoot"], true, "{name}");
            assert_eq!(
                context["seccompProfile"]["type"], "RuntimeDefault",
                "{name}"
            );
            assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
            for field in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod[field].is_null(), "{name}: {field}");
            }
            for container in containers(pod) {
                let image = container["image"].as_str().unwrap();
                assert!(is_pinned(image), "{name}: {image}");
                let context = &container["securityContext"];
                assert_eq!(context["allowPrivilegeEscalation"], false, "{image}");
                assert_eq!(context["readOnlyRootFilesystem"], true, "{image}");
                assert_eq!(context["capabilities"]["drop"][0], "ALL", "{image}");
                let resources = &container["resources"];
                for path in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
                    assert!(resources.pointer(path).is_some(), "{image}: {path}");
                }
            }
            for container in items(&pod["containers"]) {
                for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                    let asked = &container[probe]["httpGet"]["port"];
                    assert!(port(pod, asked).is_some(), "{name}: {probe} of {asked}");
                }
            }
        }
        for namespace in rendered.kind("Namespace") {
            let labels = &namespace["metadata"]["labels"];
            assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
        }
    }
}

#[test]
fn what_is_referred_to_is_there() {
    for overlay in OVERLAYS {
        let Some(rendered) = Rendered::of(overlay) else {
            return;
        };
        for workload in rendered.workloads() {
            let (pod, name) = (pod(workload), name(workload));
            let maps = items(&pod["volumes"]).map(|volume| &volume["configMap"]["name"]);
            let settings = containers(pod)
                .flat_map(|container| items(&container["envFrom"]))
                .map(|from| &from["configMapRef"]["name"]);
            for map in maps.chain(settings).filter(|map| !map.is_null()) {
                let found = rendered.beside(workload, "ConfigMap", map);
                assert!(found.is_some(), "{name}: {map}");
            }
            let account = &pod["serviceAccountName"];
            let found = rendered.beside(workload, "ServiceAccount", account);
            assert!(found.is_some(), "{name}: {account}");
            let claims = items(&workload["spec"]["volumeClaimTemplates"]);
            let volumes = items(&pod["volumes"]).map(|volume| &volume["name"]);
            let there: Vec<_> = volumes
                .chain(claims.map(|claim| &claim["metadata"]["name"]))
                .collect();
            let mounts = containers(pod).flat_map(|container| items(&container["volumeMounts"]));
            for mount in mounts {
                assert!(there.contains(&&mount["name"]), "{name}: {mount}");
            }
            if workload["kind"] == "StatefulSet" {
                let service = &workload["spec"]["serviceName"];
                let service = rendered.beside(workload, "Service", service);
                assert_eq!(service.unwrap()["spec"]["clusterIP"], "None", "{name}");
            }
        }
        for service in rendered.kind("Service") {
            let selected = rendered.selected(service, &service["spec"]["selector"]);
            assert_eq!(selected.len(), 1, "{}", name(service));
            for own in items(&service["spec"]["ports"]) {
                let number = port(pod(selected[0]), &own["targetPort"]);
                assert_eq!(number, own["port"].as_u64(), "{}: {own}", name(service));
            }
        }
        for budget in rendered.kind("PodDisruptionBudget") {
            let labels = &budget["spec"]["selector"]["matchLabels"];
            let selected = rendered.selected(budget, labels);
            assert_eq!(selected.len(), 1, "{}", name(budget));
        }
        for scaler in rendered.kind("HorizontalPodAutoscaler") {
            let target = &scaler["spec"]["scaleTargetRef"];
            let kind = target["kind"].as_str().unwrap();
            let scaled = rendered.beside(scaler, kind, &target["name"]).unwrap();
            // Else each update would take the number back.
            assert!(scaled["spec"]["replicas"].is_null(), "{}", name(scaled));
            let cpu = "/spec/template/spec/containers/0/resources/requests/cpu";
            assert!(scaled.pointer(cpu).is_some());
        }
    }
}

#[test]
fn rules_about_the_whole_cluster_come_only_when_asked_for() {
    let [Some(base), Some(cluster)] = ["base", "cluster-rules"].map(Rendered::of) else {
        return;
    };
    let [base, cluster] = [&base, &cluster].map(|rendered| {
        let rules = rendered.kind("PrometheusRule");
        rules.map(name).collect::<BTreeSet<_>>()
    });
    let of_cluster = ["infrastructure", "prometheus"];
    let of_cluster = of_cluster.map(|file| format!("PrometheusRule sightline-{file}"));
    assert_eq!(cluster, of_cluster.into());
    assert!(base.is_disjoint(&cluster));
    let files = std::fs::read_dir(crate::path("rules")).unwrap();
    assert_eq!(base.len() + cluster.len(), files.count());
}

#[test]
fn prometheus_may_look_for_what_its_monitor_selects() {
    let Some(rendered) = Rendered::of("base") else {
        return;
    };
    let monitor = rendered.kind("ServiceMonitor").next().unwrap();
    let binding = rendered.kind("RoleBinding").next().unwrap();
    let prometheus = "system:serviceaccounts:monitoring";
    assert_eq!(binding["subjects"][0]["name"], prometheus);
    let role = rendered.beside(monitor, "Role", &binding["roleRef"]["name"]);
    let rules = &role.unwrap()["rules"];
    for kind in ["services", "endpoints", "pods", "endpointslices"] {
        let mut rules = items(rules);
        let rule = rules.find(|rule| crate::texts(&rule["resources"]).contains(&kind));
        let rule = rule.unwrap_or_else(|| panic!("{kind}"));
        assert_eq!(crate::texts(&rule["verbs"]), ["get", "list", "watch"]);
    }
}

#[test]
fn the_page_asks_prometheus_operator_for_what_our_prometheus_has() {
    let ours = yaml("prometheus/prometheus.yml");
    let window = &ours["storage"]["tsdb"]["out_of_order_time_window"];
    let asked = format!("outOfOrderTimeWindow: {}`", window.as_str().unwrap());
    assert!(text("deploy/README.md").contains(&asked), "{asked}");
}

#[test]
fn the_rules_job_is_the_one_that_is_scraped() {
    let Some(rendered) = Rendered::of("base") else {
        return;
    };
    let monitor = rendered.kind("ServiceMonitor").next().unwrap();
    let labels = &monitor["spec"]["selector"]["matchLabels"];
    let wanted = labels.as_object().unwrap();
    let services = rendered.kind("Service").filter(|service| {
        let has = &service["metadata"]["labels"];
        wanted.iter().all(|(name, value)| has[name] == *value)
    });
    let scraped = &monitor["spec"]["endpoints"][0]["port"];
    let mut workloads = Vec::new();
    for service in services {
        let job = &service["metadata"]["labels"][monitor["spec"]["jobLabel"].as_str().unwrap()];
        assert_eq!(job, "otel-collector");
        let mut ports = items(&service["spec"]["ports"]);
        assert!(ports.any(|port| port["name"] == *scraped));
        workloads.extend(rendered.selected(service, &service["spec"]["selector"]));
    }
    // Each once: twice would be twice the counts.
    let all: Vec<_> = rendered.workloads().collect();
    assert_eq!(workloads.len(), 2);
    assert!(all.iter().all(|workload| workloads.contains(workload)));
    assert!(text("rules/collector.yaml").contains(r#"up{job="otel-collector"}"#));
}

#[test]
fn collectors_take_their_configurations_and_know_every_setting() {
    let Some(rendered) = Rendered::of("base") else {
        return;
    };
    if !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let is_known = |files: &str, name: &str| files.contains(&format!("${{env:{name}"));
    let mut all_files = String::new();
    let mut all_shared = Vec::new();
    for set in rendered.kind("StatefulSet") {
        let container = &pod(set)["containers"][0];
        let own = items(&container["env"]).map(|one| {
            // What comes from the cluster is a text, too.
            let value = one["value"].as_str().unwrap_or("otel-0");
            (one["name"].as_str().unwrap(), value)
        });
        // Agents have the pages' door, gateways the stores: what an overlay sets
        // reaches both.
        let shared = &container["envFrom"][0]["configMapRef"]["name"];
        let shared = rendered.beside(set, "ConfigMap", shared).unwrap();
        let shared = shared["data"].as_object().unwrap().iter();
        let shared = shared.map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        all_shared.extend(shared.clone().map(|(name, _)| name));
        let map = &pod(set)["volumes"][0]["configMap"]["name"];
        let map = rendered.beside(set, "ConfigMap", map).unwrap();
        let mut command = Command::new(parts::require(parts::OTELCOL).unwrap());
        command.arg("validate");
        let mut files = String::new();
        for argument in crate::texts(&container["args"]) {
            let file = argument.strip_prefix("--config=/etc/sightline/").unwrap();
            let shipped = text(&format!("collector/{file}"));
            assert_eq!(map["data"][file], shipped, "{file}");
            command
                .arg("--config")
                .arg(crate::path("collector").join(file));
            files += &shipped;
        }
        command.envs(shared);
        for (name, value) in own {
            assert!(is_known(&files, name), "{name}");
            command.env(name, value);
        }
        // A folder that is there.
        let queue = tempfile::tempdir().unwrap();
        said(command.env("SIGHTLINE_QUEUE_FOLDER", queue.path()));
        all_files += &files;
    }
    for name in all_shared {
        assert!(is_known(&all_files, name), "{name}");
    }
}
