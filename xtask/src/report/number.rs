//! Numbers with their units, as Grafana writes them.

/// A value of one of Grafana's units.
pub fn text(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    match unit {
        "s" => seconds(value),
        "percentunit" => format!("{} %", short(value * 100.0)),
        "bytes" => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"]),
        "Bps" => scaled(value, 1000.0, &["B/s", "kB/s", "MB/s", "GB/s"]),
        "reqps" => format!("{} req/s", short(value)),
        "cps" => format!("{} /s", short(value)),
        _ => scaled(value, 1000.0, &["", "K", "Mil", "Bil"]),
    }
}

/// How long ago a time in milliseconds since the Unix epoch was.
pub fn ago(value: f64, now: f64) -> String {
    format!("{} ago", seconds((now - value / 1e3).max(0.0)))
}

fn seconds(value: f64) -> String {
    let (divisor, unit) = match value.abs() {
        0.0 => (1.0, "s"),
        size if size < 1e-3 => (1e-6, "µs"),
        size if size < 1.0 => (1e-3, "ms"),
        size if size < 60.0 => (1.0, "s"),
        size if size < 3600.0 => (60.0, "min"),
        size if size < 86400.0 => (3600.0, "hours"),
        _ => (86400.0, "days"),
    };
    format!("{} {unit}", short(value / divisor))
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut at = 0;
    while value.abs() >= step && at + 1 < units.len() {
        value /= step;
        at += 1;
    }
    let unit = units.get(at).copied().unwrap_or_default();
    format!("{} {unit}", short(value)).trim_end().to_owned()
}

/// Three digits that count.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_long_as_a_person_reads() {
        for (value, unit, expected) in [
            (0.0, "s", "0 s"),
            (0.0123456, "s", "12.3 ms"),
            (2.5, "s", "2.5 s"),
            (2_592_000.0, "s", "30 days"),
            (0.9987, "percentunit", "99.9 %"),
            (1536.0, "bytes", "1.5 KiB"),
            (2500.0, "Bps", "2.5 kB/s"),
            (12345.0, "short", "12.3 K"),
            (f64::NAN, "s", "–"),
        ] {
            assert_eq!(text(value, unit), expected);
        }
        assert_eq!(ago(10_000.0, 100.0), "1.5 min ago");
    }
}
