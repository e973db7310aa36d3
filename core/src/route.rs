//! Route templates: the bounded name that stands for many paths, the same at
//! the edge and in the browser (`http.route`, `url.template`).
//!
//! The operator's templates come first. A path that none matches is named by
//! rules on its segments ([`infer`]). How many different names may exist is not
//! decided here.

mod segments;

pub use segments::infer;

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use crate::search::{after_last, cut, has, position, split};

/// The most templates that are compiled.
pub const MAX_TEMPLATES: usize = 512;
/// The most segments of a template.
const MAX_TEMPLATE_SEGMENTS: usize = 24;

/// Why a template is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// It does not start with `/`.
    NoLeadingSlash,
    /// A brace is not part of a `{name}`.
    Brace,
    /// `*` stands elsewhere than alone in the last segment.
    Star,
    /// It has `?`, `#` or `;`, blanks or control characters, which the path
    /// that is compared never has.
    Character,
    /// It has more than 24 segments.
    Depth,
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
            Self::Depth => "must have at most 24 segments",
            Self::Duplicate => "matches the same paths as an earlier template",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // The order is the precedence: a literal beats a placeholder beats the rest.
    Literal(String),
    /// What stands before and after the placeholder.
    Partial(String, String),
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
        if self.templates.is_empty() {
            return None;
        }
        // Taken apart once, for all templates.
        let mut parts = [""; MAX_TEMPLATE_SEGMENTS];
        let mut count = 0usize;
        for segment in segments_of(path_of(path)) {
            if let Some(part) = parts.get_mut(count) {
                *part = segment;
            }
            count = count.saturating_add(1);
        }
        let found = self
            .templates
            .iter()
            .find(|template| matches(&template.segments, &parts, count));
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

/// Without matrix parameters: `/cart;jsessionid=1` is `/cart`.
fn segments_of(path: &str) -> impl Iterator<Item = &str> {
    let segments = split(path.strip_prefix("/").unwrap_or(path), b'/');
    segments.map(|segment| cut(segment, b";").0)
}

fn parse(text: &str) -> Result<Vec<Segment>, TemplateError> {
    if !text.starts_with('/') {
        return Err(TemplateError::NoLeadingSlash);
    }
    let unfit = |c: char| matches!(c, '?' | '#' | ';') || c.is_whitespace() || c.is_control();
    if text.contains(unfit) {
        return Err(TemplateError::Character);
    }
    let mut segments = Vec::new();
    for segment in segments_of(text) {
        if segments.last() == Some(&Segment::Rest) {
            return Err(TemplateError::Star);
        }
        segments.push(match position(segment, b"{}") {
            Some(_) => placeholder(segment).ok_or(TemplateError::Brace)?,
            None if segment == "*" => Segment::Rest,
            None if has(segment, b'*') => return Err(TemplateError::Star),
            None => Segment::Literal(segment.to_owned()),
        });
    }
    if segments.len() > MAX_TEMPLATE_SEGMENTS {
        return Err(TemplateError::Depth);
    }
    Ok(segments)
}

/// A segment with braces. Several names in it, as in `{base}...{head}`, are as
/// good as one.
fn placeholder(segment: &str) -> Option<Segment> {
    let (before, rest) = cut(segment, b"{");
    let after = after_last(rest, b"}");
    let end = rest.len().saturating_sub(after.len());
    let inner = rest.get(1..end)?.strip_suffix('}')?;
    let names_are_closed = match (position(inner, b"{"), position(inner, b"}")) {
        (None, None) => !inner.is_empty(),
        (Some(open), Some(close)) => close < open && close > 0,
        _ => false,
    };
    if !names_are_closed || position(before, b"}*").is_some() || has(after, b'*') {
        return None;
    }
    Some(match (before, after) {
        ("", "") => Segment::Placeholder,
        _ => Segment::Partial(before.to_owned(), after.to_owned()),
    })
}

/// `parts` are the first segments of a path that has `count`.
fn matches(template: &[Segment], parts: &[&str], count: usize) -> bool {
    for (segment, part) in template.iter().zip(parts) {
        let fits = match segment {
            Segment::Rest => return count.saturating_add(1) >= template.len(),
            Segment::Literal(literal) => literal == part,
            Segment::Placeholder => !part.is_empty(),
            Segment::Partial(before, after) => {
                let rest = part.strip_prefix(before.as_str());
                let value = rest.and_then(|rest| rest.strip_suffix(after.as_str()));
                value.is_some_and(|value| !value.is_empty())
            }
        };
        if !fits {
            return false;
        }
    }
    count == template.len()
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
            "products",
            "/ok",
            "/a{id",
            "/{}",
            "/*/x",
            "/a*",
            "/a?b",
            "/ok",
            "/{a}b}",
            "/{a{b}}",
            "/}a{",
            "/{}-{b}",
            "/*{a}",
            "/a;b",
            "/{a}.x",
            "/{b}.x",
            "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25",
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
                (12, TemplateError::Brace),
                (13, TemplateError::Character),
                (15, TemplateError::Duplicate),
                (16, TemplateError::Depth),
            ]
        );
    }
}
