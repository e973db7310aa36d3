//! A trace as a picture: one bar a span, indented by its depth, coloured by
//! its service.

use super::page::escape;
use sightline_tests::otlp::Span;
use std::fmt::Write;

const WIDTH: f64 = 1120.0;
const NAMES: f64 = 420.0;
const ROW: f64 = 26.0;
const AXIS: f64 = 24.0;
const TICKS: u32 = 4;

/// The picture, as SVG to stand within a page. A bar has the class of its
/// service (`service-<name>`), which the page colours.
pub fn svg(spans: &[Span]) -> String {
    let start = spans
        .iter()
        .map(|span| span.start)
        .min()
        .unwrap_or_default();
    let end = spans.iter().map(|span| span.end).max().unwrap_or_default();
    let whole = end.saturating_sub(start).max(1) as f64;
    let x = |at: u64| NAMES + at.saturating_sub(start) as f64 / whole * (WIDTH - NAMES - 80.0);
    let ordered = in_tree_order(spans);
    let height = AXIS + ROW * ordered.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Waterfall of the joined trace\">"
    );
    for tick in 0..=TICKS {
        let share = f64::from(tick) / f64::from(TICKS);
        let at = x(start + (whole * share) as u64);
        let _ = write!(
            svg,
            "<line class=\"tick\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{AXIS}\" y2=\"{height}\"/>\
             <text class=\"axis\" x=\"{at:.1}\" y=\"14\">{:.0} ms</text>",
            whole * share / 1e6
        );
    }
    for (row, (depth, span)) in ordered.iter().enumerate() {
        let top = AXIS + ROW * row as f64;
        let width = (x(span.end) - x(span.start)).max(2.0);
        let failed = if span.status == 2 { " failed" } else { "" };
        let indent = 4.0 + 14.0 * *depth as f64;
        let label = shortened(
            &format!("{} · {}", span.service, span.name),
            58 - 2 * (*depth).min(12),
        );
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"{indent}\" y=\"{:.1}\">{}</text>\
             <rect class=\"service-{}{failed}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"14\" rx=\"3\">\
             <title>{}</title></rect>\
             <text class=\"time\" x=\"{:.1}\" y=\"{:.1}\">{:.1} ms</text>",
            top + 17.0,
            escape(&label),
            escape(&span.service),
            x(span.start),
            top + 6.0,
            escape(&format!(
                "{} · {} · span {} · parent {}",
                span.service, span.name, span.span_id, span.parent_id
            )),
            x(span.end).max(x(span.start) + width) + 6.0,
            top + 17.0,
            super::milliseconds(span.start, span.end),
        );
    }
    svg + "</svg>"
}

/// Each span after its parent, children by start, with the depth.
fn in_tree_order(spans: &[Span]) -> Vec<(usize, &Span)> {
    let known = |id: &str| spans.iter().any(|span| span.span_id == id);
    let mut waiting: Vec<_> = spans
        .iter()
        .filter(|span| !known(&span.parent_id))
        .map(|span| (0, span))
        .collect();
    waiting.sort_by_key(|(_, span)| std::cmp::Reverse(span.start));
    let mut ordered = Vec::new();
    while let Some((depth, span)) = waiting.pop() {
        if ordered.len() == spans.len() {
            break;
        }
        ordered.push((depth, span));
        let mut children: Vec<_> = spans
            .iter()
            .filter(|child| child.parent_id == span.span_id)
            .collect();
        children.sort_by_key(|child| std::cmp::Reverse(child.start));
        waiting.extend(children.into_iter().map(|child| (depth + 1, child)));
    }
    ordered
}

fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    kept + "…"
}
