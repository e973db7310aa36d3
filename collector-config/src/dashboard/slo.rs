//! Objectives: what is promised, what was kept, and how fast the budgets burn. All
//! of it from what the rules record.

use super::promql::{POINT, SHOWN, recorded, sum};
use super::{Dashboard, Row, Thresholds, Unit, column, lines, query, row, table};
use crate::objective::Document;
use crate::objective_rules::{
    BAD_EVENTS, BUDGET, BUDGET_REMAINING, EVENTS, TIMES_RECORDED, ratio_name,
};
use sightline_core::dashboard::SLO;

const NAME: &str = "{{objective}} {{job}}";

pub fn dashboard(document: &Document) -> Dashboard {
    Dashboard {
        page: SLO,
        about: "What is promised, what was kept, and how fast the budgets burn.",
        services: &[EVENTS],
        rows: vec![kept(document), burn()],
    }
}

fn kept(document: &Document) -> Row {
    let minutes = document.period_days() * 24 * 60;
    let by = "objective, job";
    let bad = sum(by, &recorded(&ratio_name(minutes), ""));
    let left = sum(by, &recorded(BUDGET_REMAINING, ""));
    let events = sum(
        by,
        &format!("sum_over_time({}[{SHOWN}])", recorded(EVENTS, "")),
    );
    let bad_events = sum(
        by,
        &format!("sum_over_time({}[{SHOWN}])", recorded(BAD_EVENTS, "")),
    );
    row(
        "Kept",
        vec![
            table(
                "Objectives",
                "Good is the share over the whole period; events are those of the time shown. A budget below 0 is spent.",
                &["objective", "job"],
                vec![
                    column("budget left", Unit::Number, left.clone())
                        .rated(Thresholds::Above(0.0, 0.25)),
                    column("good", Unit::Ratio, format!("1 - {bad}")),
                    column(
                        "may be bad",
                        Unit::Ratio,
                        format!(
                            "sum by (objective) ({BUDGET}) * on (objective) group_right () ({bad} >= bool 0)"
                        ),
                    ),
                    column(
                        "events",
                        Unit::Count,
                        format!("{events} / {TIMES_RECORDED}"),
                    ),
                    column(
                        "bad events",
                        Unit::Count,
                        format!("{bad_events} / {TIMES_RECORDED}"),
                    ),
                ],
            ),
            lines(
                "Budget left",
                "Of the period up to each point; 1 is all of it, 0 none.",
                24,
                Unit::Number,
                vec![query(left, NAME)],
            )
            .rated(Thresholds::Above(0.0, 0.25)),
        ],
    )
}

fn burn() -> Row {
    let by = "objective, job";
    let over = |window: &str| {
        let sum_of = |name: &str| {
            sum(
                by,
                &format!("sum_over_time({}[{window}])", recorded(name, "")),
            )
        };
        format!("{} / ({} > 0)", sum_of(BAD_EVENTS), sum_of(EVENTS))
    };
    let allowed = format!("on (objective) group_left () sum by (objective) ({BUDGET})");
    let rate = format!("{} / {allowed}", over(POINT));
    let events = sum(
        by,
        &format!("avg_over_time({}[{POINT}])", recorded(EVENTS, "")),
    );
    row(
        "Burning",
        vec![
            lines("Burn rate", "How many times as fast as it may the budget is spent: at 1 it lasts for the period, at 14.4 for two days of 30.", 12, Unit::Number, vec![query(rate, NAME).at_least("5m")])
                .rated(Thresholds::Below(1.0, 14.4)),
            lines("Bad events", "Their share.", 12, Unit::Ratio, vec![query(over(POINT), NAME).at_least("5m")]),
            lines("Events", "How many there were in 5 minutes: a few tell nothing.", 24, Unit::Count, vec![query(events, NAME).at_least("5m")]),
        ],
    )
}
