//! Lines and heatmaps of panels as SVG.

use super::number;
use super::page::escape;
use sightline_tests::grafana::{Panel, Series, Target, View};
use std::fmt::Write;

const COLOURS: [&str; 12] = [
    "#3872b8", "#d9731a", "#2b8a57", "#7c5cd6", "#b8860b", "#c62f3b", "#1596a6", "#a34c8c",
    "#6b7a1f", "#8a5a3c", "#4b5b9e", "#7f8894",
];
const HEIGHT: f64 = 172.0;
const LEFT: f64 = 58.0;
const BOTTOM: f64 = 18.0;
const TOP: f64 = 6.0;
/// Of a legend; the rest is counted.
const NAMED: usize = 6;

/// The colour of the n-th line.
fn colour(at: usize) -> &'static str {
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or_default()
}

struct Area {
    width: f64,
    highest: f64,
    lowest: f64,
    view: View,
}

impl Area {
    fn x(&self, time: f64) -> f64 {
        let share = (time - self.view.from) / (self.view.to - self.view.from);
        LEFT + share.clamp(0.0, 1.0) * (self.width - LEFT - 4.0)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.lowest) / (self.highest - self.lowest);
        HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - BOTTOM - TOP)
    }
}

fn width(panel: &Panel) -> f64 {
    panel.width as f64 / 24.0 * 1220.0 - 40.0
}

/// Something that happened: when, and what.
pub type Mark = (f64, String);

/// Lines over time, with what they are called.
pub fn lines(
    panel: &Panel,
    target: &Target,
    series: &[Series],
    view: &View,
    marks: &[Mark],
) -> String {
    let mut drawn = series.to_vec();
    // The highest first, as in a legend that is sorted.
    drawn.sort_by(|one, other| highest(&other.points).total_cmp(&highest(&one.points)));
    let own = drawn.clone();
    if panel.is_stacked {
        stack(&mut drawn);
    }
    let values = || {
        drawn
            .iter()
            .flat_map(|one| one.points.iter().map(|point| point.1))
    };
    let most = values()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let least = values()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::min);
    let limits = target
        .thresholds
        .iter()
        .filter_map(|(value, colour)| Some(((*value)?, colour)));
    let area = Area {
        width: width(panel),
        highest: nice(most.max(panel.soft_max.unwrap_or(0.0))),
        lowest: least,
        view: *view,
    };
    let mut svg = axes(&area, &target.unit);
    for (value, colour) in limits.filter(|(value, _)| (area.lowest..=area.highest).contains(value))
    {
        let y = area.y(value);
        let _ = write!(
            svg,
            "<path class=\"limit\" stroke=\"{}\" d=\"M{LEFT:.0} {y:.1}H{:.0}\"/>",
            limit(colour),
            area.width - 4.0
        );
    }
    for (time, what) in marks
        .iter()
        .filter(|(time, _)| (view.from..=view.to).contains(time))
    {
        let (x, low) = (area.x(*time), HEIGHT - BOTTOM);
        let _ = write!(
            svg,
            "<path class=\"mark\" d=\"M{x:.1} {TOP}V{low}\"><title>{}</title></path>",
            escape(what)
        );
    }
    let drawn: Vec<_> = drawn.iter().enumerate().collect();
    let step = step(series);
    // Of lines the highest lies on top; of a stack the lowest, which covers the rest.
    let order: Vec<_> = match panel.is_stacked {
        true => drawn,
        false => drawn.into_iter().rev().collect(),
    };
    for (at, one) in order {
        svg += &line(&area, one, step, colour(at), panel.is_stacked);
    }
    format!(
        "<svg viewBox=\"0 0 {:.0} {HEIGHT}\">{svg}</svg>{}",
        area.width,
        legend(&own, &target.unit)
    )
}

/// Counts by size, darker where there are more; Prometheus has them added up.
pub fn heatmap(panel: &Panel, series: &[Series], view: &View, step: f64) -> String {
    let bound = |series: &Series| series.name.parse::<f64>().unwrap_or(f64::INFINITY);
    let mut rows: Vec<&Series> = series.iter().collect();
    rows.sort_by(|one, other| bound(one).total_cmp(&bound(other)));
    let mut cells = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for (time, value) in &row.points {
            let below = at.checked_sub(1).and_then(|at| rows.get(at));
            let below = below.and_then(|row| row.points.iter().find(|point| point.0 == *time));
            let count = (value - below.map_or(0.0, |point| point.1)).max(0.0);
            cells.push((at as f64, *time, count));
        }
    }
    let most = cells
        .iter()
        .map(|cell| cell.2)
        .fold(f64::MIN_POSITIVE, f64::max);
    let area = Area {
        width: width(panel),
        highest: rows.len().max(1) as f64,
        lowest: 0.0,
        view: *view,
    };
    let mut svg = times(&area);
    for (at, row) in rows.iter().enumerate().filter(|(at, _)| at % 3 == 0) {
        let label = number::text(bound(row), "s").replace('–', "∞");
        let _ = write!(
            svg,
            "<text class=\"tick end\" x=\"{:.0}\" y=\"{:.1}\">{label}</text>",
            LEFT - 6.0,
            area.y(at as f64 + 0.5) + 3.0
        );
    }
    let each = (area.width - LEFT) / ((view.to - view.from) / step).max(1.0);
    let high = (HEIGHT - BOTTOM - TOP) / area.highest;
    for (at, time, count) in cells.iter().filter(|cell| cell.2 > 0.0) {
        let opacity = 0.15 + 0.85 * (count / most).sqrt();
        let _ = write!(
            svg,
            "<rect fill=\"#d9731a\" opacity=\"{opacity:.2}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            (area.x(*time) - each).max(LEFT),
            area.y(at + 1.0),
            (each - 1.0).max(1.0),
            high - 1.0
        );
    }
    format!(
        "<svg viewBox=\"0 0 {:.0} {HEIGHT}\">{svg}</svg>",
        area.width
    )
}

fn highest(points: &[(f64, f64)]) -> f64 {
    points
        .iter()
        .map(|point| point.1)
        .filter(|value| value.is_finite())
        .fold(f64::MIN, f64::max)
}

/// Each line upon those after it.
fn stack(series: &mut [Series]) {
    let mut below = std::collections::BTreeMap::<u64, f64>::new();
    for one in series.iter_mut().rev() {
        for (time, value) in &mut one.points {
            let sum = below.entry((*time * 1e3) as u64).or_default();
            *sum += if value.is_finite() { *value } else { 0.0 };
            *value = *sum;
        }
    }
}

/// A colour with much white, which hides what is behind it.
fn tint(colour: &str) -> String {
    let part = |at: usize| u8::from_str_radix(colour.get(at..at + 2).unwrap_or_default(), 16);
    let light = |at| 255 - (255 - u16::from(part(at).unwrap_or(255))) * 2 / 5;
    format!("rgb({},{},{})", light(1), light(3), light(5))
}

/// The next of 1, 2, 2.5, 5, 10 above.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fits = steps.into_iter().find(|step| step * power >= value * 0.999);
    fits.unwrap_or(10.0) * power
}

fn axes(area: &Area, unit: &str) -> String {
    let mut svg = times(area);
    for part in 0..=4 {
        let value = area.lowest + (area.highest - area.lowest) * f64::from(part) / 4.0;
        let y = area.y(value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT:.0} {y:.1}H{:.0}\"/><text class=\"tick end\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            area.width - 4.0,
            LEFT - 6.0,
            y + 3.0,
            number::text(value, unit)
        );
    }
    svg
}

fn times(area: &Area) -> String {
    let mut svg = String::new();
    let span = area.view.to - area.view.from;
    for part in 0..=4 {
        let time = area.view.from + span * f64::from(part) / 4.0;
        let back = span * f64::from(4 - part) / 4.0;
        let label = if part == 4 {
            "now".to_owned()
        } else {
            format!("−{back:.0} s")
        };
        if part == 3 && area.width < 340.0 {
            continue;
        }
        let anchor = if part == 4 { " end" } else { "" };
        let _ = write!(
            svg,
            "<text class=\"tick{anchor}\" x=\"{:.0}\" y=\"{:.0}\">{label}</text>",
            area.x(time),
            HEIGHT - 4.0
        );
    }
    svg
}

/// The least time between two points.
fn step(series: &[Series]) -> f64 {
    let pairs = series.iter().flat_map(|one| one.points.windows(2));
    let steps = pairs.filter_map(|pair| Some(pair.get(1)?.0 - pair.first()?.0));
    steps.fold(f64::MAX, f64::min)
}

fn line(area: &Area, series: &Series, step: f64, colour: &str, is_filled: bool) -> String {
    // Where Prometheus has no point the line pauses.
    let mut points = Vec::new();
    let mut before = f64::MAX;
    for (time, value) in &series.points {
        if time - before > step * 1.5 {
            points.push(None);
        }
        before = *time;
        points.push(value.is_finite().then(|| (area.x(*time), area.y(*value))));
    }
    let mut svg = String::new();
    for part in points.split(Option::is_none) {
        let part: Vec<_> = part.iter().flatten().collect();
        let (Some(first), Some(last)) = (part.first(), part.last()) else {
            continue;
        };
        if part.len() == 1 {
            let _ = write!(
                svg,
                "<circle fill=\"{colour}\" r=\"2.5\" cx=\"{:.1}\" cy=\"{:.1}\"/>",
                first.0, first.1
            );
            continue;
        }
        let path: Vec<_> = part.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let path = format!("M{}", path.join("L"));
        if is_filled {
            let floor = HEIGHT - BOTTOM;
            let _ = write!(
                svg,
                "<path fill=\"{}\" d=\"{path}L{:.1} {floor}L{:.1} {floor}Z\"/>",
                tint(colour),
                last.0,
                first.0
            );
        }
        let _ = write!(
            svg,
            "<path class=\"line\" stroke=\"{colour}\" d=\"{path}\"/>"
        );
    }
    svg
}

fn legend(series: &[Series], unit: &str) -> String {
    let mut text = String::from("<ul class=\"legend\">");
    for (at, one) in series.iter().enumerate().take(NAMED) {
        let last = one.points.iter().rev().find(|point| point.1.is_finite());
        let last = last.map_or(f64::NAN, |point| point.1);
        let _ = write!(
            text,
            "<li><i style=\"background:{}\"></i>{} <b>{}</b>",
            colour(at),
            escape(&one.name),
            number::text(last, unit)
        );
    }
    if let Some(more) = series.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = write!(text, "<li class=\"soft\">and {more} more");
    }
    text + "</ul>"
}

/// The colour of a limit, dark enough for text.
pub fn limit(colour: &str) -> &'static str {
    match colour {
        "red" => "#c62f3b",
        "yellow" => "#c98a00",
        _ => "#2b8a57",
    }
}
