//! Route templates: the bounded name that stands for many paths, the same at
//! the edge and in the browser (`http.route`, `url.template`).
//!
//! The operator's templates come first. A path that none matches is named by
//! rules on its segments: what looks like an identifier becomes a placeholder.
//! How many different names may exist is not decided here.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use crate::search::{cut, find, has, split};

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

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // The order is the precedence: a literal beats a placeholder beats the rest.
    Literal(String),
    Placeholder,
    Rest,
}

#[derive(Clone, Debug)]
struct Template {
    text: String,
    segments: Vec<Segment>,
}

/// Compiled templates.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The more specific template stands first.
    templates: Vec<Template>,
}

impl Routes {
    /// Compiles templates such as `/products/{id}` or `/assets/*`. Reports
    /// every bad one, with its position.
    pub fn compile<'a>(
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<(usize, TemplateError)>> {
        let mut templates: Vec<Template> = Vec::new();
        let mut errors = Vec::new();
        for (at, text) in texts.into_iter().enumerate() {
            match parse(text) {
                Ok(segments) if templates.iter().any(|seen| seen.segments == segments) => {
                    errors.push((at, TemplateError::Duplicate));
                }
                Ok(segments) => {
                    templates.push(Template {
                        text: text.to_owned(),
                        segments,
                    });
                    settle_last(&mut templates);
                }
                Err(error) => errors.push((at, error)),
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
            .find(|template| matches(&template.segments, path));
        found.map(|template| template.text.as_str())
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
fn settle_last(templates: &mut [Template]) {
    let mut end = templates.len();
    while let Some([.., before, last]) = templates.get_mut(..end)
        && before.segments > last.segments
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

fn parse(text: &str) -> Result<Vec<Segment>, TemplateError> {
    if !text.starts_with('/') {
        return Err(TemplateError::NoLeadingSlash);
    }
    let unfit = |c: char| matches!(c, '?' | '#') || c.is_whitespace() || c.is_control();
    if text.contains(unfit) {
        return Err(TemplateError::Character);
    }
    let mut segments = Vec::new();
    for segment in segments_of(text) {
        if segments.last() == Some(&Segment::Rest) {
            return Err(TemplateError::Star);
        }
        let inner = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        segments.push(match inner {
            Some(name) if !name.is_empty() && !name.contains(['{', '}']) => Segment::Placeholder,
            _ if segment.contains(['{', '}']) => return Err(TemplateError::Brace),
            _ if segment == "*" => Segment::Rest,
            _ if has(segment, b'*') => return Err(TemplateError::Star),
            _ => Segment::Literal(segment.to_owned()),
        });
    }
    Ok(segments)
}

fn matches(template: &[Segment], path: &str) -> bool {
    let mut parts = segments_of(path);
    for segment in template {
        match (segment, parts.next()) {
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
    if path.is_empty() || path == "/" {
        return Cow::Borrowed("/");
    }
    let replaced = |segment| placeholder_for(segment).is_some();
    if path.starts_with('/')
        && segments_of(path).count() <= MAX_SEGMENTS
        && !segments_of(path).any(replaced)
    {
        return Cow::Borrowed(path);
    }
    let mut route = String::new();
    for (at, segment) in segments_of(path).enumerate() {
        route.push('/');
        if at >= MAX_SEGMENTS {
            route.push('*');
            break;
        }
        route.push_str(placeholder_for(segment).unwrap_or(segment));
    }
    Cow::Owned(route)
}

fn placeholder_for(segment: &str) -> Option<&'static str> {
    let count =
        |class: fn(&u8) -> bool| segment.as_bytes().iter().filter(|byte| class(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let letters = count(u8::is_ascii_alphabetic);
    let plain = segment
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'));
    if is_date(segment) {
        Some("{date}")
    } else if has(segment, b'@') || find(segment, "%40").is_some() {
        Some("{email}")
    } else if segment.len() > MAX_LITERAL
        || !plain
        || (digits > 0 && (letters == 0 || is_hash(segment) || is_mixed_token(segment, digits)))
    {
        Some("{id}")
    } else {
        None
    }
}

/// `2026-11-21`.
fn is_date(segment: &str) -> bool {
    segment.len() == 10
        && segment.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Eight or more hexadecimal digits.
fn is_hash(segment: &str) -> bool {
    segment.len() >= 8 && segment.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Letters and digits in one word, long and with at least three digits: order
/// numbers, ULIDs, object ids. `web-vitals`, `v2` and `oauth2` are not.
fn is_mixed_token(segment: &str, digits: usize) -> bool {
    segment.len() >= 12 && digits >= 3 && !has(segment, b'.')
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
