//! What kustomize renders, and how its parts are found.

use crate::{path, said};
use serde_json::Value;
use sightline_tests::parts;
use std::process::Command;

/// Each a whole deployment, with the edge that is in front.
pub const OVERLAYS: [&str; 4] = ["base", "envoy", "istio", "envoy-gateway"];

/// The resources of an overlay.
pub struct Rendered(pub Vec<Value>);

impl Rendered {
    /// Nothing where the part is missing.
    pub fn of(overlay: &str) -> Option<Self> {
        if !parts::all_present(&[parts::KUSTOMIZE]) {
            return None;
        }
        let mut kustomize = Command::new(parts::require(parts::KUSTOMIZE).unwrap());
        let folder = path("deploy/kubernetes").join(overlay);
        let text = said(kustomize.arg("build").arg(folder));
        Some(Self(serde_saphyr::from_multiple(&text).unwrap()))
    }

    /// All of a kind.
    pub fn kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0
            .iter()
            .filter(move |resource| resource["kind"] == kind)
    }

    /// Of a kind and name, in the namespace of another resource.
    pub fn beside(&self, other: &Value, kind: &str, name: &Value) -> Option<&Value> {
        self.0.iter().find(|resource| {
            resource["kind"] == kind
                && resource["metadata"]["name"] == *name
                && resource["metadata"]["namespace"] == other["metadata"]["namespace"]
        })
    }

    /// Whatever runs pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Value> {
        let runs = |resource: &&Value| resource["spec"]["template"]["spec"].is_object();
        self.0.iter().filter(runs)
    }

    /// The workloads in a resource's namespace that have these labels.
    pub fn selected(&self, by: &Value, labels: &Value) -> Vec<&Value> {
        let found = self.workloads().filter(|workload| {
            let has = &workload["spec"]["template"]["metadata"]["labels"];
            let mut wanted = labels.as_object().into_iter().flatten();
            workload["metadata"]["namespace"] == by["metadata"]["namespace"]
                && wanted.all(|(name, value)| has[name] == *value)
        });
        found.collect()
    }
}

/// A resource's kind and name, for failures.
pub fn name(resource: &Value) -> String {
    let [kind, name] = [&resource["kind"], &resource["metadata"]["name"]];
    format!("{} {}", kind.as_str().unwrap(), name.as_str().unwrap())
}

/// The items of a list, which may be missing.
pub fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The pod of a workload.
pub fn pod(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

/// The containers of a pod, those that only begin included.
pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    items(&pod["initContainers"]).chain(items(&pod["containers"]))
}

/// The number of a pod's port, by its name.
pub fn port(pod: &Value, port: &Value) -> Option<u64> {
    let mut ports = items(&pod["containers"]).flat_map(|container| items(&container["ports"]));
    let found = ports.find(|known| known["name"] == *port);
    found?["containerPort"].as_u64()
}
