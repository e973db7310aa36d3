//! Where the real parts lie: one variable each, from the environment, which
//! `cargo xtask test` fills, or from [`provide`]. A test without its part says
//! so and ends; in CI it fails.

use std::path::PathBuf;
use std::sync::OnceLock;

static PROVIDED: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();

/// Says where parts lie, once, for a program that set them up itself.
pub fn provide(parts: Vec<(String, PathBuf)>) {
    // A second call would be a mistake that changes nothing.
    let _ = PROVIDED.set(parts);
}

/// Envoy's binary.
pub const ENVOY: &str = "SIGHTLINE_ENVOY";
/// An OpenTelemetry Collector.
pub const OTELCOL: &str = "SIGHTLINE_OTELCOL";
/// Prometheus.
pub const PROMETHEUS: &str = "SIGHTLINE_PROMETHEUS";
/// Prometheus' tool.
pub const PROMTOOL: &str = "SIGHTLINE_PROMTOOL";
/// Alertmanager.
pub const ALERTMANAGER: &str = "SIGHTLINE_ALERTMANAGER";
/// Alertmanager's tool.
pub const AMTOOL: &str = "SIGHTLINE_AMTOOL";
/// node_exporter.
pub const NODE_EXPORTER: &str = "SIGHTLINE_NODE_EXPORTER";
/// Asks sites from outside.
pub const BLACKBOX: &str = "SIGHTLINE_BLACKBOX";
/// Reads deployments as docker compose and Prometheus Operator do.
pub const DEPLOY_CHECK: &str = "SIGHTLINE_DEPLOY_CHECK";
/// Renders Kubernetes' resources.
pub const KUSTOMIZE: &str = "SIGHTLINE_KUSTOMIZE";
/// The Python of an environment with Kubernetes' schemas.
pub const KUBERNETES_SCHEMAS: &str = "SIGHTLINE_KUBERNETES_SCHEMAS";
/// Chromium or Chrome.
pub const CHROMIUM: &str = "SIGHTLINE_CHROMIUM";
/// Firefox.
pub const FIREFOX: &str = "SIGHTLINE_FIREFOX";
/// WebKitWebDriver, beside which its browser and `broadwayd` are installed.
pub const WEBKIT: &str = "SIGHTLINE_WEBKIT";
/// Node.js.
pub const NODE: &str = "SIGHTLINE_NODE";
/// A folder whose `node_modules` has playwright-core.
pub const PLAYWRIGHT: &str = "SIGHTLINE_PLAYWRIGHT";
/// A folder whose `node_modules` has web-vitals.
pub const WEB_VITALS: &str = "SIGHTLINE_WEB_VITALS";
/// A folder whose `node_modules` has what the apps of `tests/apps` need.
pub const NEXT_APPS: &str = "SIGHTLINE_NEXT_APPS";
/// A folder whose `node_modules` has what `tests/apps/vite-react` needs.
pub const VITE_APP: &str = "SIGHTLINE_VITE_APP";
/// The built filter.
pub const FILTER: &str = "SIGHTLINE_FILTER";
/// The Python of an environment with the shop API's requirements.
pub const SHOP_PYTHON: &str = "SIGHTLINE_SHOP_PYTHON";
/// The folder of the built shop.
pub const SHOP_WEB: &str = "SIGHTLINE_SHOP_WEB";

/// The part, if it is there.
pub fn find(variable: &str) -> Option<PathBuf> {
    let provided = PROVIDED.get().and_then(|parts| {
        let part = parts.iter().find(|(name, _)| name == variable);
        part.map(|(_, path)| path.clone())
    });
    let path = provided.or_else(|| std::env::var_os(variable).map(PathBuf::from))?;
    path.exists().then_some(path)
}

/// The part.
pub fn require(variable: &str) -> anyhow::Result<PathBuf> {
    find(variable)
        .ok_or_else(|| anyhow::anyhow!("{variable} names no file; run `cargo xtask test`"))
}

/// Whether a test can run. If not, says which parts are missing; panics in CI.
pub fn all_present(variables: &[&str]) -> bool {
    let missing: Vec<_> = variables
        .iter()
        .filter(|name| find(name).is_none())
        .collect();
    if missing.is_empty() {
        return true;
    }
    let message = format!("skipped: {missing:?} not set; run `cargo xtask test`");
    assert!(!is_ci(), "{message}");
    eprintln!("{message}");
    false
}

/// Whether this is CI, where a missing part is a failure.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map(PathBuf::from).unwrap_or(tests)
}
