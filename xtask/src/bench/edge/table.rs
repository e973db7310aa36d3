//! The figures of each configuration, and what they add to the bare Envoy.

use serde_json::{Value, json};

use super::variant::Variant;

/// What was measured, a value for each round.
pub struct Measured {
    name: &'static str,
    sampled: Option<f64>,
    /// Of one request, in seconds.
    cpu: Vec<f64>,
    median: Vec<f64>,
    p99: Vec<f64>,
    spans: Vec<f64>,
}

impl Measured {
    pub fn new(variant: &Variant) -> Self {
        Self {
            name: variant.name,
            sampled: variant.sampled,
            cpu: Vec::new(),
            median: Vec::new(),
            p99: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// A round: CPU of a request, the sorted latencies, and spans that arrived.
    pub fn add(&mut self, cpu: f64, latencies: &[f64], spans: u64) {
        let at = |share: f64| {
            let place = (latencies.len() as f64 * share) as usize;
            latencies.get(place).copied().unwrap_or(f64::NAN)
        };
        self.cpu.push(cpu);
        self.median.push(at(0.5));
        self.p99.push(at(0.99));
        self.spans.push(spans as f64);
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => middle
            .checked_sub(1)
            .map_or(f64::NAN, |at| (sorted[at] + sorted[middle]) / 2.0),
        _ => sorted[middle],
    }
}

pub fn text(all: &[Measured], requests: usize) -> String {
    let mut text = format!(
        "{:<16}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}\n",
        "of a request", "CPU µs", "added", "p50 µs", "p99 µs", "added", "spans"
    );
    let micros = |values: &[f64]| median(values) * 1e6;
    let bare = all.first();
    let added = |one: &Measured, of: fn(&Measured) -> &Vec<f64>| {
        // Rounds by rounds: what the machine does meanwhile, it does to both.
        let pairs = of(one).iter().zip(bare.into_iter().flat_map(&of));
        micros(&pairs.map(|(one, bare)| one - bare).collect::<Vec<_>>())
    };
    for one in all {
        let spans = match one.sampled {
            Some(_) => format!("{:.1} %", median(&one.spans) / requests as f64 * 100.0),
            None => String::new(),
        };
        text += &format!(
            "{:<16}{:>10.1}{:>10.1}{:>10.0}{:>10.0}{:>10.0}{spans:>12}\n",
            one.name,
            micros(&one.cpu),
            added(one, |one| &one.cpu),
            micros(&one.median),
            micros(&one.p99),
            added(one, |one| &one.p99),
        );
    }
    for share in [1.0, 0.1] {
        let mut of_share = all.iter().filter(|one| one.sampled == Some(share));
        if let (Some(native), Some(filter)) = (of_share.next(), of_share.next()) {
            let ratio = added(filter, |one| &one.cpu) / added(native, |one| &one.cpu);
            text += &format!(
                "at {:.0} % the filter adds {ratio:.2} times the CPU that Envoy's own adds\n",
                share * 100.0
            );
        }
    }
    text
}

pub fn json(all: &[Measured]) -> Value {
    all.iter()
        .map(|one| {
            json!({"variant": one.name, "cpu_seconds": one.cpu, "p50_seconds": one.median,
                "p99_seconds": one.p99, "spans": one.spans})
        })
        .collect()
}
