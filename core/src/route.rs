//! Route templates: the bounded name that stands for many paths, the same at
//! the edge and in the browser (`http.route`, `url.template`).
//!
//! The operator's templates come first. A path that none matches is named by
//! rules on its segments ([`infer`]). How many different names may exist is not
//! decided here.

mod segments;

pub use segments::infer;

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::append;
use crate::search::{after_last, cut, has, is_any, split};

/// The most templates that are compiled.
pub const MAX_TEMPLATES: usize = 512;

/// Why a template is refused. The browser package has the same words in the
/// order of these numbers (`problems.ts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// It does not start with `/`.
    NoLeadingSlash = 1,
    /// A brace is not part of a `{name}`.
    Brace,
    /// `*` stands elsewhere than alone in the last segment.
    Star,
    /// It has `?`, `#` or `;`, blanks or control characters, which the path
    /// that is compared never has.
    Character,
    /// The same template, or one that matches the same paths, came before.
    Duplicate,
}

impl TemplateError {
    /// What is wrong, in words for the operator.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoLeadingSlash => "must start with \"/\"",
            Self::Brace => {
                "braces must enclose a name, as in \"/products/{id}\" or \"/files/{name}.json\""
            }
            Self::Star => "\"*\" may only stand alone as the last segment",
            Self::Character => {
                "must be a path: no query, fragment, \";\", blanks or control characters"
            }
            Self::Duplicate => "matches the same paths as an earlier template",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    // The order is the precedence: a literal beats a placeholder beats the rest.
    Literal(&'a str),
    /// What stands before and after the placeholder.
    Partial(&'a str, &'a str),
    Placeholder,
    Rest,
}

impl<'a> Segment<'a> {
    /// Of a template that is valid.
    fn of(text: &'a str) -> Self {
        let (before, rest) = cut(text, b"{");
        if text == "*" {
            return Self::Rest;
        }
        if rest.is_empty() {
            return Self::Literal(text);
        }
        match (before, after_last(rest, b"}")) {
            ("", "") => Self::Placeholder,
            (before, after) => Self::Partial(before, after),
        }
    }

    fn fits(self, part: &str) -> bool {
        match self {
            Self::Rest => true,
            Self::Literal(literal) => literal == part,
            Self::Placeholder => !part.is_empty(),
            Self::Partial(before, after) => {
                let fixed = before.len().wrapping_add(after.len());
                part.len() > fixed && part.starts_with(before) && part.ends_with(after)
            }
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
        let mut routes = Self::default();
        let mut errors = Vec::new();
        for (at, text) in texts.into_iter().enumerate() {
            if let Some(problem) = routes.add(text) {
                append::item(&mut errors, (at, problem));
            }
        }
        if errors.is_empty() {
            Ok(routes)
        } else {
            Err(errors)
        }
    }

    /// Adds a template, unless it is bad: says why.
    pub fn add(&mut self, text: &str) -> Option<TemplateError> {
        let problem = problem_of(text);
        if problem.is_some() {
            return problem;
        }
        let mut seen = self.templates.iter();
        if seen.any(|seen| order(seen, text).is_eq()) {
            return Some(TemplateError::Duplicate);
        }
        append::item(&mut self.templates, append::owned(text));
        settle_last(&mut self.templates);
        None
    }

    /// The template that a path falls under, if there is one. The path is what
    /// stands in `:path`; a query or fragment is ignored.
    pub fn template_for(&self, path: &str) -> Option<&str> {
        let path = path_of(path);
        let mut templates = self.templates.iter();
        let found = templates.find(|template| matches(template, path));
        found.map(String::as_str)
    }

    /// The route of a path: its template, or its name by the segment rules.
    pub fn route_of(&self, path: &str) -> String {
        match self.template_for(path) {
            Some(template) => append::owned(template),
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
        end = end.wrapping_sub(1);
    }
}

/// A path without its query and fragment.
pub fn path_of(path: &str) -> &str {
    cut(path, b"?#").0
}

/// Without matrix parameters: `/cart;jsessionid=1` is `/cart`.
fn segments_of(path: &str) -> impl Iterator<Item = &str> {
    let segments = split(path.strip_prefix("/").unwrap_or(path), b'/');
    segments.map(|segment| cut(segment, b";").0)
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
    let unfit = |byte| byte <= b' ' || is_any(byte, b"?#;\x7f");
    if text.bytes().any(unfit) {
        return Some(TemplateError::Character);
    }
    let mut ended = false;
    for segment in segments_of(text) {
        if ended {
            return Some(TemplateError::Star);
        }
        ended = segment == "*";
        if !braces_are_good(segment) {
            return Some(TemplateError::Brace);
        }
        if !ended && has(segment, b'*') {
            return Some(TemplateError::Star);
        }
    }
    None
}

/// Whether braces come in pairs around names. Several names in a segment, as
/// in `{base}...{head}`, are as good as one.
fn braces_are_good(segment: &str) -> bool {
    let mut name = None;
    for byte in segment.bytes() {
        name = match (byte, name) {
            (b'{', None) => Some(0u8),
            (b'}', Some(1..)) => None,
            (b'{' | b'}', _) => return false,
            (_, Some(len)) => Some(len.saturating_add(1)),
            (_, None) => None,
        };
    }
    name.is_none()
}

fn matches(template: &str, path: &str) -> bool {
    let mut parts = segments_of(path);
    for segment in segments_of(template) {
        let segment = Segment::of(segment);
        match parts.next() {
            Some(part) if segment.fits(part) => {}
            // `/products/*` takes `/products`, too.
            None if segment == Segment::Rest => return true,
            _ => return false,
        }
        if segment == Segment::Rest {
            return true;
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_more_specific_template_wins() {
        let routes = Routes::compile([
            "/products/*",
            "/products/{id}",
            "/products/{id}.json",
            "/products/new",
            "/{any}/{id}",
            "/compare/{base}...{head}",
            "/things/{id}:cancel",
        ])
        .unwrap();
        for (path, route) in [
            ("/products/new", "/products/new"),
            ("/products/42", "/products/{id}"),
            ("/products/42.json", "/products/{id}.json"),
            ("/products/.json", "/products/{id}"),
            ("/products/42?token=x", "/products/{id}"),
            ("/products/42;v=1", "/products/{id}"),
            ("/products;v=1/new;jsessionid=1", "/products/new"),
            ("/products/42/reviews", "/products/*"),
            ("/products", "/products/*"),
            ("/products/", "/products/*"),
            ("/carts/42", "/{any}/{id}"),
            ("/compare/v1...v2", "/compare/{base}...{head}"),
            ("/things/7:cancel", "/things/{id}:cancel"),
            ("/things/7", "/{any}/{id}"),
        ] {
            assert_eq!(routes.route_of(path), route, "{path}");
        }
    }

    #[test]
    fn a_template_means_its_slashes() {
        let routes = Routes::compile(["/products/{name}", "/help/"]).unwrap();
        for (path, why) in [
            (
                "/products/a/",
                "a trailing slash is another path to the upstream",
            ),
            ("/products/", "a placeholder stands for something"),
            ("//products/a", "the first segment is empty"),
            ("/help", "the template has the slash"),
            (
                "/products/a/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24",
                "it is deeper",
            ),
        ] {
            assert_eq!(routes.template_for(path), None, "{why}");
        }
        assert_eq!(routes.template_for("/help/"), Some("/help/"));
    }

    #[test]
    fn reports_every_bad_template() {
        let errors = Routes::compile([
            "products", "/ok", "/a{id", "/{}", "/*/x", "/a*", "/a?b", "/ok", "/{a}b}", "/{a{b}}",
            "/}a{", "/{}-{b}", "/*{a}", "/a;b", "/{a}.x", "/{b}.x",
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
                (8, TemplateError::Brace),
                (9, TemplateError::Brace),
                (10, TemplateError::Brace),
                (11, TemplateError::Brace),
                (12, TemplateError::Star),
                (13, TemplateError::Character),
                (15, TemplateError::Duplicate),
            ]
        );
    }
}
