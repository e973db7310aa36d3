//! The Envoy of `docker compose`: the shop's, with the names and ports that the
//! services have there. What its log lines would say besides the filter's own is
//! left out.

use anyhow::Result;
use sightline_tests::shop;

use crate::site::Site;

pub fn edge(_: &Site) -> Result<String> {
    let values = [
        ("ADMIN_PORT", "9901"),
        ("ADDRESS", "0.0.0.0"),
        ("PUBLIC_PORT", "8080"),
        ("INTERNAL_PORT", "8081"),
        ("WEB_HOST", "web"),
        ("WEB_PORT", "3000"),
        ("API_HOST", "api"),
        ("API_PORT", "8000"),
        ("COLLECTOR_HOST", "collector"),
        ("COLLECTOR_PORT", "4318"),
        ("BROWSER_PORT", "4319"),
        ("EXPORT_INTERVAL_MS", "5000"),
        ("FILTER", "/etc/envoy/sightline_filter.wasm"),
        ("PUBLIC_ACCESS_LOG", "/dev/null"),
        ("PUBLIC_REQUEST_LOG", "/dev/stdout"),
        ("INTERNAL_ACCESS_LOG", "/dev/null"),
        ("INTERNAL_REQUEST_LOG", "/dev/stdout"),
    ];
    let made = shop::envoy_config(&values.map(|(name, value)| (name, value.to_owned())))?;
    let (_, made) = made.split_once("\nadmin:").unwrap_or_default();
    Ok(format!(
        "# Made from examples/shop/envoy.yaml: change that, then run cargo xtask gen.\nadmin:{made}"
    ))
}
