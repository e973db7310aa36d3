//! Which histograms of pages the pipeline takes: those of core's vitals, with their
//! bounds. Whoever sends others could make as many series as he likes.

use anyhow::Result;
use sightline_core::web_vital;

use crate::site::Site;

/// What leaves out all others.
pub fn conditions(_: &Site) -> Result<String> {
    let names: Vec<_> = web_vital::ALL.iter().map(|vital| vital.name).collect();
    let bounds = web_vital::ALL
        .first()
        .map_or(0, |vital| vital.bounds().len());
    let buckets = (0..=bounds).map(|at| {
        format!("Int(Split(Trim(String(datapoint.bucket_counts), \"[]\"), \",\")[{at}])")
    });
    Ok(format!(
        "      - not IsMatch(metric.name, \"^browser\\\\.web_vital\\\\.({})\\\\z\")\n      \
         - Len(datapoint.bucket_counts) != {} or Len(datapoint.explicit_bounds) != {bounds}\n      \
         # More in a bucket than in all would be a share above one.\n      \
         - datapoint.count != {}\n",
        names.join("|"),
        bounds + 1,
        buckets.collect::<Vec<_>>().join(" + "),
    ))
}

/// What gives each its bounds and its unit: one that says others is wrong.
pub fn statements(_: &Site) -> Result<String> {
    let statements = web_vital::ALL.iter().map(|vital| {
        let name = vital.name;
        let bounds = vital.bounds().map(|bound| format!("{bound:?}"));
        let bounds = bounds.join(", ");
        let unit = vital.metric.unit;
        format!(
            "          - set(datapoint.explicit_bounds, [{bounds}]) where metric.name == \"browser.web_vital.{name}\"\n          \
             - set(metric.unit, \"{unit}\") where metric.name == \"browser.web_vital.{name}\"\n"
        )
    });
    Ok(statements.collect())
}
