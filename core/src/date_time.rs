//! Time as text: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC,
//! with milliseconds. Time zones and leap seconds are left out: Unix time has
//! neither.

use crate::append;
use alloc::string::String;

const MILLIS_PER_DAY: u64 = 86_400_000;
/// Days from March 1 of the year 0 to January 1, 1970.
const DAYS_BEFORE_1970: u64 = 719_468;
/// Days in the 400 years after which the calendar repeats.
const DAYS_PER_ERA: u64 = 146_097;

/// Appends a time, given in nanoseconds since the Unix epoch, such as
/// `2026-02-28T23:59:59.999Z`. A part of a millisecond is cut off.
pub fn write_rfc3339(out: &mut String, unix_nanos: u64) {
    let millis = unix_nanos / 1_000_000;
    let (year, month, day) = civil(millis / MILLIS_PER_DAY);
    let of_day = millis % MILLIS_PER_DAY;
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, milli) = (of_day / 1000 % 60, of_day % 1000);
    // Without the formatting machinery: every line of a log begins so.
    for (number, digits, behind) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (hour, 2, ':'),
        (minute, 2, ':'),
        (second, 2, '.'),
        (milli, 3, 'Z'),
    ] {
        append::decimal(out, number, digits);
        out.push(behind);
    }
}

/// Year, month and day of a day since 1970. Years are counted from March, so
/// that the leap day is the last one of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(DAYS_BEFORE_1970);
    let (era, of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    // Takes the leap days out: one each 4 years, none each 100, one each 400.
    let leap_days = (of_era / 1460)
        .saturating_sub(of_era / 36_524)
        .saturating_add(of_era / 146_096);
    let year_of_era = of_era.saturating_sub(leap_days) / 365;
    let before = (year_of_era.saturating_mul(365))
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let of_year = of_era.saturating_sub(before);
    // Five months from March on have 153 days, and so have the next five.
    let from_march = of_year.saturating_mul(5).saturating_add(2) / 153;
    let days_before = from_march.saturating_mul(153).saturating_add(2) / 5;
    let day = of_year.saturating_sub(days_before).saturating_add(1);
    let month = match from_march {
        0..=9 => from_march.saturating_add(3),
        _ => from_march.saturating_sub(9),
    };
    let year = era.saturating_mul(400).saturating_add(year_of_era);
    (year.saturating_add(u64::from(month <= 2)), month, day)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(unix_seconds: u64, nanos: u64) -> String {
        let mut out = String::new();
        write_rfc3339(&mut out, unix_seconds * 1_000_000_000 + nanos);
        out
    }

    #[test]
    fn times_read_as_the_calendar_says() {
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
            (951_868_800, 0, "2000-03-01T00:00:00.000Z"),
            (1_077_926_400, 0, "2004-02-28T00:00:00.000Z"),
            (1_704_067_199, 1_000_000, "2023-12-31T23:59:59.001Z"),
            (1_709_164_800, 0, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, 0, "2024-12-31T23:59:59.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(text(seconds, nanos), expected);
        }
        assert!(text(u64::MAX / 1_000_000_000, 0).starts_with("2554-07-21T"));
    }

    proptest! {
        #[test]
        fn each_day_follows_the_one_before(day in 0u64..200_000) {
            let (year, month, date) = civil(day);
            let next = civil(day + 1);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let expected = match (month, date) {
                (12, 31) => (year + 1, 1, 1),
                (_, date) if date == last => (year, month + 1, 1),
                _ => (year, month, date + 1),
            };
            prop_assert_eq!(next, expected);
        }
    }
}
