//! Route templates: the bounded name that stands for many paths, the same at
//! the edge and in the browser (`http.route`, `url.template`).
//!
//! The operator's templates come first. A path that none matches is named by
//! rules on its segments: what looks like an identifier becomes a placeholder.
//! How many different names may exist is not decided here.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::append;
use crate::search::{cut, find, has, is_any, position, split};

/// The most templates that are compiled.
pub const MAX_TEMPLATES: usize = 512;
/// A path with more segments than this ends in `/*`.
const MAX_SEGMENTS: usize = 8;
/// A segment longer than this is taken for an identifier.
const MAX_LITERAL: usize = 32;

/// Why a template is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// It does not start with `/`.
    NoLeadingSlash,
    /// A brace is not part of a whole `{name}` segment.
    Brace,
    /// `*` stands elsewhere than alone in the last segment.
    Star,
    /// It has `?`, `#`, blanks or control characters, which no path has.
    Character,
    /// The same template, or one that matches the same paths, came before.
    Duplicate,
}

impl TemplateError {
    /// What is wrong, in words for the operator.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoLeadingSlash => "must start with \"/\"",
            Self::Brace => "braces must enclose a whole segment, as in \"/products/{id}\"",
            Self::Star => "\"*\" may only stand alone as the last segment",
            Self::Character => "must be a path: no query, fragment, blanks or control characters",
            Self::Duplicate => "matches the same paths as an earlier template",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    // The order is the precedence: a literal beats a placeholder beats the rest.
    Literal(&'a str),
    Placeholder,
    Rest,
}

impl<'a> Segment<'a> {
    /// Of a template that is valid.
    fn of(text: &'a str) -> Self {
        match text.as_bytes() {
            b"*" => Self::Rest,
            [b'{', ..] => Self::Placeholder,
            _ => Self::Literal(text),
        }
    }
}

/// Compiled templates.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The more specific template stands first.
    templates: Vec<String>,
}

impl Routes {
    /// Compiles templates such as `/products/{id}` or `/assets/*`. Reports
    /// every bad one, with its position.
    pub fn compile<'a>(
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<(usize, TemplateError)>> {
        let mut templates: Vec<String> = Vec::new();
        let mut errors = Vec::new();
        for (at, text) in texts.into_iter().enumerate() {
            let problem = match problem_of(text) {
                None if templates.iter().any(|seen| order(seen, text).is_eq()) => {
                    Some(TemplateError::Duplicate)
                }
                problem => problem,
            };
            match problem {
                Some(problem) => append::item(&mut errors, (at, problem)),
                None => {
                    append::item(&mut templates, append::owned(text));
                    settle_last(&mut templates);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { templates })
    }

    /// The template that a path falls under, if there is one. The path is what
    /// stands in `:path`; a query or fragment is ignored.
    pub fn template_for(&self, path: &str) -> Option<&str> {
        let path = path_of(path);
        let found = self
            .templates
            .iter()
            .find(|template| matches(template, path));
        found.map(String::as_str)
    }

    /// The route of a path: its template, or its name by the segment rules.
    pub fn route_of<'a>(&'a self, path: &'a str) -> Cow<'a, str> {
        match self.template_for(path) {
            Some(template) => Cow::Borrowed(template),
            None => infer(path),
        }
    }
}

/// Moves the last template to its place among the others, which are in order:
/// sorting would cost the browser engine 5 kB.
fn settle_last(templates: &mut [String]) {
    let mut end = templates.len();
    while let Some([.., before, last]) = templates.get_mut(..end)
        && order(before, last).is_gt()
    {
        core::mem::swap(before, last);
        end = end.saturating_sub(1);
    }
}

/// A path without its query and fragment.
pub fn path_of(path: &str) -> &str {
    cut(path, b"?#").0
}

fn segments_of(path: &str) -> impl Iterator<Item = &str> {
    split(path.strip_prefix("/").unwrap_or(path), b'/')
}

/// Which of two valid templates comes first; equal where they match the same.
fn order(one: &str, other: &str) -> Ordering {
    let mut others = segments_of(other);
    for segment in segments_of(one) {
        let Some(beside) = others.next() else {
            return Ordering::Greater;
        };
        let order = Segment::of(segment).cmp(&Segment::of(beside));
        if order.is_ne() {
            return order;
        }
    }
    match others.next() {
        Some(_) => Ordering::Less,
        None => Ordering::Equal,
    }
}

fn problem_of(text: &str) -> Option<TemplateError> {
    if !text.starts_with("/") {
        return Some(TemplateError::NoLeadingSlash);
    }
    if text
        .bytes()
        .any(|byte| byte <= b' ' || is_any(byte, b"?#\x7f"))
    {
        return Some(TemplateError::Character);
    }
    let mut ended = false;
    for segment in segments_of(text) {
        let inner = segment
            .strip_prefix("{")
            .and_then(|rest| rest.strip_suffix("}"));
        if ended || inner.is_none() && segment != "*" && has(segment, b'*') {
            return Some(TemplateError::Star);
        }
        ended = segment == "*";
        if position(inner.unwrap_or(segment), b"{}").is_some() || inner == Some("") {
            return Some(TemplateError::Brace);
        }
    }
    None
}

fn matches(template: &str, path: &str) -> bool {
    let mut parts = segments_of(path);
    for segment in segments_of(template) {
        match (Segment::of(segment), parts.next()) {
            (Segment::Rest, _) => return true,
            (Segment::Literal(literal), Some(part)) if literal == part => {}
            (Segment::Placeholder, Some(part)) if !part.is_empty() => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// Names a path by its segments: what looks like an identifier becomes `{id}`,
/// a date `{date}`, an e-mail address `{email}`; a deep path ends in `/*`.
pub fn infer(path: &str) -> Cow<'_, str> {
    let path = path_of(path);
    let mut route = String::new();
    for (at, segment) in segments_of(path).enumerate() {
        append::text(&mut route, "/");
        if at >= MAX_SEGMENTS {
            append::text(&mut route, "*");
            break;
        }
        append::text(&mut route, placeholder_for(segment).unwrap_or(segment));
    }
    if route == path {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(route)
    }
}

fn placeholder_for(segment: &str) -> Option<&'static str> {
    let len = segment.len();
    let (mut digits, mut letters, mut hex) = (0usize, 0usize, 0usize);
    let mut is_plain = true;
    let mut is_date = len == 10;
    for (at, byte) in segment.bytes().enumerate() {
        let is_digit = byte.is_ascii_digit();
        let is_letter = byte.is_ascii_alphabetic();
        digits = digits.wrapping_add(usize::from(is_digit));
        letters = letters.wrapping_add(usize::from(is_letter));
        hex = hex.wrapping_add(usize::from(byte.is_ascii_hexdigit()));
        is_plain &= is_digit || is_letter || is_any(byte, b"-_.~");
        // `2026-11-21`.
        is_date &= match at {
            4 | 7 => byte == b'-',
            _ => is_digit,
        };
    }
    // Eight or more hexadecimal digits.
    let is_hash = len >= 8 && hex == len;
    // Letters and digits in one word, long and with at least three digits: order
    // numbers, ULIDs, object ids. `web-vitals`, `v2` and `oauth2` are not.
    let is_mixed = len >= 12 && digits >= 3 && !has(segment, b'.');
    if is_date {
        Some("{date}")
    } else if has(segment, b'@') || find(segment, "%40").is_some() {
        Some("{email}")
    } else if len > MAX_LITERAL
        || !is_plain
        || (digits > 0 && (letters == 0 || is_hash || is_mixed))
    {
        Some("{id}")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn the_more_specific_template_wins() {
        let routes = Routes::compile([
            "/products/*",
            "/products/{id}",
            "/products/new",
            "/{any}/{id}",
        ])
        .unwrap();
        for (path, route) in [
            ("/products/new", "/products/new"),
            ("/products/42", "/products/{id}"),
            ("/products/42?token=x", "/products/{id}"),
            ("/products/42/reviews", "/products/*"),
            ("/carts/42", "/{any}/{id}"),
        ] {
            assert_eq!(routes.route_of(path), route, "{path}");
        }
    }

    #[test]
    fn paths_without_a_template_are_named_by_their_segments() {
        let routes = Routes::default();
        for (path, route) in [
            ("", "/"),
            ("/", "/"),
            ("/?a=1", "/"),
            ("/health/live", "/health/live"),
            ("/api/v2/web-vitals", "/api/v2/web-vitals"),
            ("/orders/1234", "/orders/{id}"),
            (
                "/orders/6fd8b1ce-0a2f-4c67-8e0a-0c1b7a8a9f10/lines",
                "/orders/{id}/lines",
            ),
            ("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/{id}"),
            (
                "/commit/9fceb02d0ae598e95dc970b74767f19372d61af8",
                "/commit/{id}",
            ),
            ("/day/2026-11-21", "/day/{date}"),
            ("/users/ada@example.org/cart", "/users/{email}/cart"),
            ("/users/ada%40example.org", "/users/{email}"),
            ("/reset/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "/reset/{id}"),
            ("/caf\u{e9}", "/{id}"),
            ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/*"),
            ("*", "/{id}"),
        ] {
            assert_eq!(routes.route_of(path), route, "{path}");
        }
    }

    #[test]
    fn reports_every_bad_template() {
        let errors = Routes::compile([
            "products", "/ok", "/a{id}", "/{}", "/*/x", "/a*", "/a?b", "/ok",
        ])
        .unwrap_err();
        assert_eq!(
            errors,
            vec![
                (0, TemplateError::NoLeadingSlash),
                (2, TemplateError::Brace),
                (3, TemplateError::Brace),
                (4, TemplateError::Star),
                (5, TemplateError::Star),
                (6, TemplateError::Character),
                (7, TemplateError::Duplicate),
            ]
        );
    }

    proptest! {
        #[test]
        fn a_route_names_itself(path in "(/[a-zA-Z0-9@.%-]{0,40}){0,12}") {
            let routes = Routes::default();
            let route = routes.route_of(&path).into_owned();
            // A placeholder has braces, which no literal has: naming again may
            // not make it longer or turn it into something with more variety.
            prop_assert!(route.starts_with('/'));
            prop_assert!(route.len() <= (MAX_SEGMENTS + 1) * (MAX_LITERAL + 1));
        }
    }
}
