//! Versions as programs print them: three numbers, found in any line of text.
//! Pre-release tags and build metadata are left out.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64, u64, u64);

impl Version {
    /// The first `1.2` or `1.2.3` in a text.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|character: char| !(character.is_ascii_digit() || character == '.'))
            .find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.split('.').map(str::parse::<u64>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        let patch = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_found_in_what_programs_print() {
        for (printed, version) in [
            ("v20.20.2", Version(20, 20, 2)),
            ("Python 3.9", Version(3, 9, 0)),
            ("go version go1.26.8 linux/amd64", Version(1, 26, 8)),
            (
                "envoy  version: 9e5580933739775e8bce/1.40.0/Clean/RELEASE",
                Version(1, 40, 0),
            ),
            (
                "prometheus, version 2.42.0+ds (branch: x)",
                Version(2, 42, 0),
            ),
            (
                "Chromium 156.0.8078.79 built on Debian",
                Version(156, 0, 8078),
            ),
        ] {
            assert_eq!(Version::find(printed), Some(version), "{printed}");
        }
    }

    #[test]
    fn text_without_a_version_has_none() {
        for text in ["", "main", "12", "a.b.c", "."] {
            assert_eq!(Version::find(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(Version::find("1.9.0") < Version::find("1.10.0"));
    }
}
