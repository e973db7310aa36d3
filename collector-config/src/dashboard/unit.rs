//! Units of panels: how Grafana writes each, and which physical dimension it is for.

use super::dimension::Dimension;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Durations.
    Seconds,
    /// Sizes.
    Bytes,
    /// Traffic.
    BytesPerSecond,
    /// A share of a whole, from 0 to 1.
    Ratio,
    /// Something that is counted.
    Count,
    /// Requests each second.
    RequestsPerSecond,
    /// Other things each second.
    PerSecond,
    /// A number without a unit, which may be of any size.
    Number,
    /// A time, since the Unix epoch.
    Time,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Seconds,
        Self::Bytes,
        Self::BytesPerSecond,
        Self::Ratio,
        Self::Count,
        Self::RequestsPerSecond,
        Self::PerSecond,
        Self::Number,
        Self::Time,
    ];

    /// Grafana's name of it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::Ratio => "percentunit",
            Self::Count => "short",
            Self::RequestsPerSecond => "reqps",
            Self::PerSecond => "cps",
            Self::Number => "none",
            Self::Time => "dateTimeFromNow",
        }
    }

    /// Whether an expression of this dimension can have it.
    pub(super) fn fits(self, dimension: Dimension) -> bool {
        let Dimension {
            seconds,
            bytes,
            items,
        } = dimension;
        match self {
            Self::Seconds | Self::Time => (seconds, bytes, items) == (1, 0, 0),
            Self::Bytes => (seconds, bytes, items) == (0, 1, 0),
            Self::BytesPerSecond => (seconds, bytes, items) == (-1, 1, 0),
            Self::Ratio | Self::Number => (seconds, bytes, items) == (0, 0, 0),
            Self::Count => (seconds, bytes) == (0, 0) && (0..=1).contains(&items),
            Self::RequestsPerSecond | Self::PerSecond => {
                (seconds, bytes) == (-1, 0) && (0..=1).contains(&items)
            }
        }
    }
}
