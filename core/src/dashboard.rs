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
    ($($uid:literal $title:literal;)*) => {
        /// All of them.
        pub const ALL: &[Dashboard] = &[$(Dashboard { uid: $uid, title: $title }),*];
    };
}

dashboards! {
    "sightline-overview" "Sightline / Overview";
    "sightline-red" "Sightline / Requests by route";
    "sightline-edge" "Sightline / Edge and filter";
    "sightline-web-vitals" "Sightline / Web vitals";
    "sightline-browser-errors" "Sightline / Front-end errors";
    "sightline-dependencies" "Sightline / Dependencies";
    "sightline-infrastructure" "Sightline / Infrastructure";
    "sightline-business" "Sightline / Business";
    "sightline-slo" "Sightline / Objectives and budgets";
    "sightline-pipeline" "Sightline / Telemetry pipeline";
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
