//! The parts that the commands need: what they are called, which variable
//! carries each to the tests and the demo, and in which lane it is made.

use std::path::PathBuf;

use sightline_tests::parts;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Compiler and standard library for wasm32-unknown-unknown.
    Wasm,
    Envoy,
    Collector,
    Prometheus,
    /// With amtool.
    Alertmanager,
    NodeExporter,
    /// blackbox_exporter.
    Blackbox,
    /// What reads the deployments as docker compose and Kubernetes do; with kustomize.
    DeployCheck,
    /// Python environment with Kubernetes' schemas.
    KubernetesSchemas,
    Chromium,
    Firefox,
    /// WebKitWebDriver, which brings the browser.
    WebKit,
    /// Drives Chromium, from node.
    Playwright,
    /// What our vitals are compared with.
    WebVitals,
    /// Next.js and React, for the apps that are built with the SDK.
    NextApps,
    /// Vite and React, for the app that is built with the SDK.
    ViteApp,
    /// Holds wasm-opt.
    Binaryen,
    /// `dist/filter/sightline_filter.wasm`.
    Filter,
    /// `dist/npm/*.tgz`.
    Sdk,
    /// Python environment of the example shop's API.
    ShopApi,
    /// Production build of the example shop's web application.
    ShopWeb,
}

/// A part that is there.
#[derive(Clone)]
pub struct Found {
    pub path: PathBuf,
    /// Further programs of the same part.
    pub also: Vec<(&'static str, PathBuf)>,
}

impl Found {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            also: Vec::new(),
        }
    }
}

impl Part {
    /// Made one after another, for each takes all cores; in an order in which
    /// the longest that nothing waits for comes late.
    pub const HEAVY: [Part; 8] = [
        Part::Wasm,
        Part::Collector,
        Part::Alertmanager,
        Part::Blackbox,
        Part::DeployCheck,
        Part::Filter,
        Part::Sdk,
        Part::ShopWeb,
    ];

    /// Mostly waiting for the network, so made beside the heavy ones.
    pub const LIGHT: [Part; 13] = [
        Part::Envoy,
        Part::Binaryen,
        Part::Prometheus,
        Part::NodeExporter,
        Part::Playwright,
        Part::WebVitals,
        Part::NextApps,
        Part::ViteApp,
        Part::ShopApi,
        Part::KubernetesSchemas,
        Part::Chromium,
        Part::Firefox,
        Part::WebKit,
    ];

    pub const COUNT: usize = Self::HEAVY.len() + Self::LIGHT.len();

    pub fn name(self) -> &'static str {
        match self {
            Part::Wasm => "wasm target",
            Part::Envoy => "envoy",
            Part::Collector => "collector",
            Part::Prometheus => "prometheus",
            Part::Alertmanager => "alertmanager",
            Part::NodeExporter => "node_exporter",
            Part::Blackbox => "blackbox_exporter",
            Part::DeployCheck => "deployment checks",
            Part::KubernetesSchemas => "kubernetes schemas",
            Part::Chromium => "chromium",
            Part::Firefox => "firefox",
            Part::WebKit => "webkit",
            Part::Playwright => "playwright-core",
            Part::WebVitals => "web-vitals",
            Part::NextApps => "next-apps",
            Part::ViteApp => "vite-app",
            Part::Binaryen => "binaryen",
            Part::Filter => "filter",
            Part::Sdk => "browser SDK",
            Part::ShopApi => "shop API",
            Part::ShopWeb => "shop web",
        }
    }

    /// The variable in which tests and demo find the part.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Part::Envoy => Some(parts::ENVOY),
            Part::Collector => Some(parts::OTELCOL),
            Part::Prometheus => Some(parts::PROMETHEUS),
            Part::Alertmanager => Some(parts::ALERTMANAGER),
            Part::NodeExporter => Some(parts::NODE_EXPORTER),
            Part::Blackbox => Some(parts::BLACKBOX),
            Part::DeployCheck => Some(parts::DEPLOY_CHECK),
            Part::KubernetesSchemas => Some(parts::KUBERNETES_SCHEMAS),
            Part::Chromium => Some(parts::CHROMIUM),
            Part::Firefox => Some(parts::FIREFOX),
            Part::WebKit => Some(parts::WEBKIT),
            Part::Playwright => Some(parts::PLAYWRIGHT),
            Part::WebVitals => Some(parts::WEB_VITALS),
            Part::NextApps => Some(parts::NEXT_APPS),
            Part::ViteApp => Some(parts::VITE_APP),
            Part::Filter => Some(parts::FILTER),
            Part::ShopApi => Some(parts::SHOP_PYTHON),
            Part::ShopWeb => Some(parts::SHOP_WEB),
            Part::Wasm | Part::Binaryen | Part::Sdk => None,
        }
    }
}
