//! Counters that the operator makes of requests: `orders_placed_total` is
//! every `POST /checkout` that succeeded, or the sum of what a header of its
//! responses says.

use sightline_core::metric;

/// The longest value of a header that is read as a number.
const MAX_NUMBER: usize = 32;

/// A counter, and the requests that count.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessCounter {
    /// Its name on every way out.
    pub name: String,
    /// The method; any without it.
    pub method: Option<String>,
    /// The route as it is counted; any without it.
    pub route: Option<String>,
    /// The statuses.
    pub statuses: Vec<Statuses>,
    /// The response header whose value is added; without it one is.
    pub sum_header: Option<String>,
}

/// One status, such as `201`, or all of a class, such as `2xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    /// Reads `201` or `2xx`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = match text.strip_suffix("xx") {
            Some(class) => {
                let first = class.parse::<u16>().ok()?.checked_mul(100)?;
                (first, first.checked_add(99)?)
            }
            None => {
                let status = text.parse().ok()?;
                (status, status)
            }
        };
        let is_status = |status| (100..=599).contains(&status);
        (is_status(first) && is_status(last)).then_some(Self { first, last })
    }
}

impl BusinessCounter {
    /// Whether a request counts.
    pub fn takes(&self, method: &str, route: &str, status: Option<u16>) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
        let has = |status: u16| {
            let mut statuses = self.statuses.iter();
            statuses.any(|one| (one.first..=one.last).contains(&status))
        };
        is(&self.method, method) && is(&self.route, route) && status.is_some_and(has)
    }
}

/// What is wrong with a name for a counter.
pub fn name_problem(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() > 128 || !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit())
    {
        Some("must be letters, digits and \"_\", at most 128, not beginning with a digit")
    } else if name.strip_suffix("_total").is_none_or(str::is_empty) {
        Some("must end in \"_total\", as counters do")
    } else if metric::EDGE.iter().any(|known| known.name == name) {
        Some("is a metric of the filter itself; choose another")
    } else {
        None
    }
}

/// What a header's value adds: a decimal number of zero or more.
pub fn amount(value: &[u8]) -> Option<f64> {
    let text = core::str::from_utf8(value).ok()?.trim();
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if text.is_empty() || text.len() > MAX_NUMBER || !text.bytes().all(plain) {
        return None;
    }
    text.parse::<f64>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(texts: &[&str]) -> Vec<Statuses> {
        let parsed = texts.iter().map(|text| Statuses::parse(text).unwrap());
        parsed.collect()
    }

    #[test]
    fn method_route_and_status_decide() {
        let counter = BusinessCounter {
            name: "orders_placed_total".to_owned(),
            method: Some("POST".to_owned()),
            route: Some("/checkout".to_owned()),
            statuses: statuses(&["2xx", "303"]),
            sum_header: None,
        };
        for (method, route, status, takes) in [
            ("POST", "/checkout", Some(200), true),
            ("POST", "/checkout", Some(299), true),
            ("POST", "/checkout", Some(303), true),
            ("POST", "/checkout", Some(300), false),
            ("POST", "/checkout", None, false),
            ("GET", "/checkout", Some(200), false),
            ("POST", "/cart", Some(200), false),
        ] {
            assert_eq!(
                counter.takes(method, route, status),
                takes,
                "{method} {route} {status:?}"
            );
        }
        let any = BusinessCounter {
            method: None,
            route: None,
            ..counter
        };
        assert!(any.takes("GET", "/x", Some(200)));
    }

    #[test]
    fn statuses_are_single_or_a_class() {
        for bad in [
            "", "xx", "6xx", "0xx", "2x", "20", "600", "-1", "2XX", "200-299",
        ] {
            assert_eq!(Statuses::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_plain_numbers_add() {
        for (value, expected) in [
            (&b"12"[..], Some(12.0)),
            (b" 12.50 ", Some(12.5)),
            (b"0", Some(0.0)),
            (b"-1", None),
            (b"1e308", None),
            (b"NaN", None),
            (b"inf", None),
            (b"1.2.3", None),
            (b".", None),
            (b"", None),
            (b"1,000", None),
            (b"\xff", None),
            (&[b'9'; 33], None),
        ] {
            assert_eq!(amount(value), expected, "{value:?}");
        }
    }

    #[test]
    fn names_are_those_of_counters_and_ours_are_taken() {
        assert_eq!(name_problem("orders_placed_total"), None);
        for bad in [
            "",
            "orders",
            "_total",
            "1_total",
            "a-b_total",
            "http_requests_total",
            "caf\u{e9}_total",
        ] {
            assert!(name_problem(bad).is_some(), "{bad}");
        }
    }
}
