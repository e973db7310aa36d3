//! The cases of the W3C's trace-context suite as a table.

use anyhow::Result;
use sightline_tests::w3c_suite;

use crate::site::Site;

pub fn make(_: &Site) -> Result<String> {
    let cases = w3c_suite::cases()?;
    let envoy = cases.iter().filter(|case| case.envoy_passes).count();
    let count = cases.len();
    let mut table = format!(
        "| case | sent | must reach the upstream | filter ({count} of {count}) \
         | Envoy's own tracing ({envoy} of {count}) |\n|---|---|---|---|---|\n"
    );
    for case in &cases {
        let verdict = if case.envoy_passes { "passes" } else { "fails" };
        table += &format!(
            "| `{}` | {} | {} | passes | {verdict} |\n",
            case.name, case.sent, case.expected
        );
    }
    Ok(table)
}
