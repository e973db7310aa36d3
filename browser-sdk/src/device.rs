//! What the browser says of itself, as attributes of the resource
//! ([`browser.*`](https://opentelemetry.io/docs/specs/semconv/resource/browser/)):
//! each of few values, so that one can group by it. Screen sizes, fonts and what
//! else tells persons apart are left out.

use crate::record::Record;

/// Texts may be empty: the browser does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Device<'a> {
    /// `navigator.userAgentData`'s brands, each with its version, one a line: the
    /// made-up ones too, as the conventions have it.
    pub brands: &'a str,
    /// `navigator.userAgentData.platform`.
    pub platform: &'a str,
    /// `navigator.language`.
    pub language: &'a str,
    /// `navigator.userAgent`, where there are no brands.
    pub user_agent: &'a str,
    /// `navigator.connection.effectiveType` at the start.
    pub network: &'a str,
    /// Whether it prefers a mobile page, if it tells.
    pub mobile: Option<bool>,
    /// Whether it tells of no layout shifts: then there is no CLS, not one of zero.
    pub lacks_shifts: bool,
}

impl Device<'_> {
    /// Adds what is known.
    pub fn describe(&self, record: &mut Record) {
        record.lines("browser.brands", self.brands);
        record.text("browser.platform", self.platform);
        record.text("browser.language", self.language);
        record.text("user_agent.original", self.user_agent);
        record.text("sightline.network.effective_type", self.network);
        if let Some(mobile) = self.mobile {
            record.bool("browser.mobile", mobile);
        }
    }
}
