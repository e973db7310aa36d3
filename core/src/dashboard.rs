//! The dashboards: uid and title of each, so that alerts can link to them. A uid
//! is part of an address that people keep; it never changes.

/// A dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dashboard {
    /// The uid in its address, `/d/UID`.
    pub uid: &'static str,
    /// The title.
    pub title: &'static str,
}

macro_rules! dashboards {
    ($($id:ident = $uid:literal $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $id: Dashboard = Dashboard { uid: $uid, title: $title };
        )*
        /// All of them.
        pub const ALL: &[Dashboard] = &[$($id),*];
    };
}

dashboards! {
    OVERVIEW = "sightline-overview" "Sightline / Overview";
    RED = "sightline-red" "Sightline / Requests by route";
    EDGE = "sightline-edge" "Sightline / Edge and filter";
    WEB_VITALS = "sightline-web-vitals" "Sightline / Web vitals";
    BROWSER_ERRORS = "sightline-browser-errors" "Sightline / Front-end errors";
    DEPENDENCIES = "sightline-dependencies" "Sightline / Dependencies";
    INFRASTRUCTURE = "sightline-infrastructure" "Sightline / Infrastructure";
    BUSINESS = "sightline-business" "Sightline / Business";
    SLO = "sightline-slo" "Sightline / Objectives and budgets";
    PIPELINE = "sightline-pipeline" "Sightline / Telemetry pipeline";
}

/// Whether a dashboard has this uid.
pub fn is_known(uid: &str) -> bool {
    ALL.iter().any(|dashboard| dashboard.uid == uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_what_grafana_takes_and_unique() {
        for (at, dashboard) in ALL.iter().enumerate() {
            let fits = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(dashboard.uid.len() <= 40 && dashboard.uid.chars().all(fits));
            let same = ALL.iter().filter(|other| other.uid == dashboard.uid);
            assert_eq!(same.count(), 1, "{at}");
        }
    }

    #[test]
    fn a_uid_is_known_as_a_whole() {
        assert!(is_known("sightline-red"));
        assert!(!is_known("sightline") && !is_known("") && !is_known("Sightline-Red"));
    }
}
