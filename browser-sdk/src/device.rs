//! What the browser says of itself, as attributes of the resource
//! ([`browser.*`](https://opentelemetry.io/docs/specs/semconv/resource/browser/)):
//! each of few values, so that one can group by it. Screen sizes, fonts and what
//! else tells persons apart are left out.

use alloc::string::String;

use crate::attributes::Attributes;

/// Texts may be empty: the browser does not tell.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// `navigator.userAgentData`'s brands, each with its version, one a line: the
    /// made-up ones too, as the conventions have it.
    pub brands: String,
    /// `navigator.userAgentData.platform`.
    pub platform: String,
    /// `navigator.language`.
    pub language: String,
    /// `navigator.userAgent`, where there are no brands.
    pub user_agent: String,
    /// Whether it prefers a mobile page, if it tells.
    pub mobile: Option<bool>,
}

impl Device {
    /// Adds what is known. `brands` are the lines of [`Device::brands`].
    pub fn describe<'a>(&'a self, brands: &'a [&'a str], attributes: &mut Attributes<'a>) {
        attributes.list("browser.brands", brands);
        attributes.text("browser.platform", &self.platform);
        attributes.text("browser.language", &self.language);
        attributes.text("user_agent.original", &self.user_agent);
        if let Some(mobile) = self.mobile {
            attributes.bool("browser.mobile", mobile);
        }
    }
}
