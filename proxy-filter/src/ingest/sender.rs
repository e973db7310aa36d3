//! Which page a request is from, by what browsers say and pages can't. It keeps
//! pages of others out, as CORS does; who writes a client can say anything, and
//! what holds for him is the limit of each client.
//!
//! Every browser sends `Origin` with a POST. Those since 2023 send
//! `Sec-Fetch-Site`, too, where the page came by HTTPS or from this machine
//! ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)). It knows what the
//! edge can't where TLS or the host's name end in front of it, and it is right
//! where a `Referrer-Policy` has made the origin `null`; so it goes first.

use super::Head;
use crate::session::head::Line;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender<'h> {
    /// A page of the listener's own origin.
    Own,
    /// A page of an origin that the operator has listed.
    Listed(&'h [u8]),
    /// A page of somebody else, or no page.
    Foreign,
}

impl<'h> Head<'h> {
    /// Who sends it.
    pub(super) fn sender(&self, listed: &[String]) -> Sender<'h> {
        if self.sec_fetch_site == Line::One(b"same-origin") {
            return Sender::Own;
        }
        let Line::One(origin) = self.origin else {
            return Sender::Foreign;
        };
        if listed.iter().any(|known| known.as_bytes() == origin) {
            Sender::Listed(origin)
        } else if self.sec_fetch_site == Line::None && self.is_own(origin) {
            Sender::Own
        } else {
            Sender::Foreign
        }
    }

    fn is_own(&self, origin: &[u8]) -> bool {
        let default_port: &[u8] = match self.scheme {
            b"http" => b":80",
            b"https" => b":443",
            _ => return false,
        };
        let host = self.authority;
        let host = host.strip_suffix(default_port).unwrap_or(host);
        let rest = origin.strip_prefix(self.scheme);
        let rest = rest.and_then(|rest| rest.strip_prefix(b"://"));
        !host.is_empty() && rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(site: &str, origin: &str, scheme: &str, authority: &str) -> &'static str {
        let line = |text: &'static str| match text {
            "" => Line::None,
            "twice" => Line::Several,
            text => Line::One(text.as_bytes()),
        };
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let head = Head {
            sec_fetch_site: line(leak(site)),
            origin: line(leak(origin)),
            scheme: leak(scheme).as_bytes(),
            authority: leak(authority).as_bytes(),
            ..Head::default()
        };
        match head.sender(&["https://app.example".to_owned()]) {
            Sender::Own => "own",
            Sender::Listed(b"https://app.example") => "listed",
            Sender::Listed(_) => "another",
            Sender::Foreign => "foreign",
        }
    }

    #[test]
    fn pages_of_others_are_told_from_the_listeners_own() {
        for (site, origin, scheme, authority, expected, why) in [
            (
                "same-origin",
                "https://a.example",
                "https",
                "a.example",
                "own",
                "fetch today",
            ),
            (
                "same-origin",
                "https://a.example",
                "http",
                "a.example",
                "own",
                "TLS ended before",
            ),
            (
                "same-origin",
                "https://a.example",
                "https",
                "edge:8443",
                "own",
                "its name was changed before",
            ),
            (
                "same-origin",
                "null",
                "https",
                "a.example",
                "own",
                "a beacon under no-referrer",
            ),
            (
                "same-origin",
                "",
                "https",
                "a.example",
                "own",
                "the browser says so",
            ),
            (
                "",
                "https://a.example",
                "https",
                "a.example",
                "own",
                "an older browser",
            ),
            (
                "",
                "http://a.example",
                "http",
                "a.example:80",
                "own",
                "the port that its scheme has",
            ),
            (
                "",
                "http://a.example:8080",
                "http",
                "a.example:8080",
                "own",
                "another port",
            ),
            ("", "http://[::1]:8080", "http", "[::1]:8080", "own", "IPv6"),
            (
                "",
                "http://a.example",
                "http",
                "A.Example",
                "own",
                "hosts have no case",
            ),
            (
                "",
                "http://a.example",
                "https",
                "a.example",
                "foreign",
                "another scheme",
            ),
            (
                "",
                "https://a.example",
                "https",
                "a.example:80",
                "foreign",
                "another port",
            ),
            (
                "",
                "https://a.example.evil.example",
                "https",
                "a.example",
                "foreign",
                "only begins alike",
            ),
            (
                "",
                "https://evil.example",
                "https",
                "a.example",
                "foreign",
                "another host",
            ),
            (
                "",
                "null",
                "https",
                "a.example",
                "foreign",
                "a sandboxed frame",
            ),
            (
                "",
                "",
                "https",
                "a.example",
                "foreign",
                "no browser posts without",
            ),
            ("", "http://", "http", "", "foreign", "no host"),
            (
                "",
                "http://a.example",
                "",
                "a.example",
                "foreign",
                "no scheme",
            ),
            (
                "",
                "twice",
                "https",
                "a.example",
                "foreign",
                "no browser sends two",
            ),
            (
                "cross-site",
                "https://app.example",
                "https",
                "a.example",
                "listed",
                "from another site",
            ),
            (
                "same-site",
                "https://app.example",
                "https",
                "a.example",
                "listed",
                "from another host",
            ),
            (
                "",
                "https://app.example",
                "https",
                "a.example",
                "listed",
                "from an older browser",
            ),
            (
                "",
                "https://app.example:8443",
                "https",
                "a.example",
                "foreign",
                "not quite the one listed",
            ),
            (
                "same-site",
                "https://b.example",
                "https",
                "a.example",
                "foreign",
                "a host beside it",
            ),
            (
                "cross-site",
                "null",
                "https",
                "a.example",
                "foreign",
                "a sandboxed frame, today",
            ),
            (
                "cross-site",
                "https://a.example",
                "https",
                "a.example",
                "foreign",
                "the browser knows better",
            ),
            (
                "none",
                "",
                "https",
                "a.example",
                "foreign",
                "typed by a person",
            ),
            (
                "twice",
                "https://evil.example",
                "https",
                "a.example",
                "foreign",
                "no browser sends two",
            ),
        ] {
            assert_eq!(sender(site, origin, scheme, authority), expected, "{why}");
        }
    }
}
