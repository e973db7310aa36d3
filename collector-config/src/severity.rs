//! Whom an alert is for, as a label that Alertmanager routes by.

use serde::Deserialize;

/// Whom an alert is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The next business day.
    Ticket,
    /// Within half an hour, in hours of business.
    Chat,
    /// Somebody, now; unless less is asked for.
    #[default]
    Page,
}

impl Severity {
    /// This, or the highest that is wanted.
    pub fn at_most(self, highest: Self) -> Self {
        self.min(highest)
    }

    /// The value of the label.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Chat => "chat",
            Self::Page => "page",
        }
    }
}
