//! The few shapes that most queries have. Rates are over what a point stands for,
//! sums over all the time that is shown.

use crate::known::ENVIRONMENT;

/// The services that are chosen.
pub const JOB: &str = r#"job=~"$job""#;
/// What a point of a line stands for.
pub const POINT: &str = "$__rate_interval";
/// All the time that is shown.
pub const SHOWN: &str = "$__range";

/// The environments that are chosen; what names none is in each.
pub fn environment() -> String {
    format!(r#"{ENVIRONMENT}=~"$environment|""#)
}

/// Series of the chosen services in the chosen environments.
pub fn of_job(name: &str, matchers: &str) -> String {
    recorded(name, &format!("{}, {matchers}", environment()))
}

/// Log records of these, by OpenTelemetry's names as Loki writes them.
pub fn of_log(filter: &str) -> String {
    format!(r#"{{service_name=~"$job"}} | {} | {filter}"#, environment())
}

/// What rules record of the chosen services, for all environments together.
pub fn recorded(name: &str, matchers: &str) -> String {
    let matchers = [JOB, matchers].join(", ");
    format!("{name}{{{}}}", matchers.trim_end_matches(", "))
}

/// `sum by (…)`, or of all.
pub fn sum(by: &str, expr: &str) -> String {
    match by.is_empty() {
        true => format!("sum({expr})"),
        false => format!("sum by ({by}) ({expr})"),
    }
}

/// How much series grow each second.
pub fn rate(by: &str, series: &str) -> String {
    sum(by, &format!("rate({series}[{POINT}])"))
}

/// How much they grew in all the time that is shown.
pub fn increase(by: &str, series: &str) -> String {
    sum(by, &format!("increase({series}[{SHOWN}])"))
}

/// The part of a whole; nothing where there is no whole. What is not there yet is
/// none of it.
pub fn share(part: &str, whole: &str) -> String {
    format!("({part} or 0 * {whole}) / ({whole} > 0)")
}

/// None, where what would count it has not been needed yet but its like is there.
pub fn or_none_of(part: &str, like: &str) -> String {
    format!("{part} or 0 * {like}")
}

/// A quantile of a histogram's values; nothing where there are none.
pub fn quantile(quantile: f64, by: &str, histogram: &str, matchers: &str, window: &str) -> String {
    let buckets = of_job(&format!("{histogram}_bucket"), matchers);
    quantile_of(quantile, by, &buckets, window)
}

/// The same of any buckets.
pub fn quantile_of(quantile: f64, by: &str, buckets: &str, window: &str) -> String {
    let by = match by.is_empty() {
        true => "le".to_owned(),
        false => format!("{by}, le"),
    };
    format!("histogram_quantile({quantile}, sum by ({by}) (rate({buckets}[{window}]))) >= 0")
}

/// The share of a histogram's values up to a bound.
pub fn within(by: &str, histogram: &str, bound: f64, matchers: &str, window: &str) -> String {
    let of = |part: &str, more: &str| {
        let matchers: Vec<_> = [more, matchers]
            .into_iter()
            .filter(|m| !m.is_empty())
            .collect();
        let series = of_job(&format!("{histogram}_{part}"), &matchers.join(", "));
        sum(by, &format!("rate({series}[{window}])"))
    };
    let good = of("bucket", &format!("le=\"{bound}\""));
    format!("{good} / ({} > 0)", of("count", ""))
}

/// The highest of many.
pub fn top(count: u8, expr: &str) -> String {
    format!("topk({count}, {expr})")
}

/// Recorded: when a release of a service was first seen, in seconds since the Unix
/// epoch (`alerts/releases.yaml`).
pub const FIRST_SEEN: &str = "job_release:first_seen:timestamp_seconds";
/// Recorded: the same of a type of error in a release.
pub const FIRST_ERROR: &str = "job_exception:first_seen:timestamp_seconds";
