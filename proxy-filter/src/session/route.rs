//! The route that a request is counted under, as far as the request itself
//! tells. Whether there is room for that name is decided by who counts.

use crate::config::Settings;
use sightline_core::names;
use sightline_core::route;
use std::borrow::Cow;

/// A longer name of a route in the proxy is not taken.
const MAX_ROUTE_NAME: usize = 128;

/// Where the name of a route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is one of the operator's templates: there is always room for it.
    Template,
    /// It is the name of the proxy's route.
    RouteName,
    /// It is made of the path's segments.
    Segments,
}

/// The route that a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Where the name comes from.
    pub origin: Origin,
}

/// Asks the proxy for the name of its route, empty if it has none. Asked only
/// where no template matches and the operator wants to know.
pub type RouteName<'a> = &'a mut dyn FnMut() -> Vec<u8>;

/// The route of a path as it stands in `:path`; [`names::UNKNOWN`] if there is
/// none.
pub fn route_of<'a>(
    settings: &'a Settings,
    path: &'a [u8],
    route_name: RouteName<'_>,
) -> Route<'a> {
    if path.is_empty() {
        return Route {
            name: Cow::Borrowed(names::UNKNOWN),
            origin: Origin::Template,
        };
    }
    let path = String::from_utf8_lossy(path);
    if let Some(template) = settings.routes.template_for(&path) {
        return Route {
            name: Cow::Borrowed(template),
            origin: Origin::Template,
        };
    }
    let named = settings.use_route_name.then(|| usable(route_name()));
    if let Some(name) = named.flatten() {
        return Route {
            name: Cow::Owned(name),
            origin: Origin::RouteName,
        };
    }
    Route {
        name: Cow::Owned(route::infer(&path)),
        origin: Origin::Segments,
    }
}

/// A name that says something. `default` is what Istio calls what has no name.
fn usable(name: Vec<u8>) -> Option<String> {
    let name = String::from_utf8(name).ok()?;
    let says_nothing = name.is_empty() || name == "default" || name.len() > MAX_ROUTE_NAME;
    (!says_nothing && !name.chars().any(char::is_control)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(use_route_name: bool) -> Settings {
        let document = format!(
            r#"{{"service": {{"name": "edge"}}, "routes": ["/products/{{id}}"], "use_route_name": {use_route_name}}}"#
        );
        Settings::from_document(document.as_bytes()).unwrap()
    }

    #[test]
    fn templates_come_before_the_route_name_and_that_before_the_segments() {
        for (path, wanted, asked, why) in [
            (
                &b"/products/1"[..],
                ("/products/{id}", Origin::Template),
                0,
                "a template",
            ),
            (
                b"/carts/1",
                ("checkout", Origin::RouteName),
                1,
                "no template",
            ),
            (b"", ("_unknown", Origin::Template), 0, "no path"),
        ] {
            let mut times = 0;
            let mut name = || {
                times += 1;
                b"checkout".to_vec()
            };
            let settings = settings(true);
            let route = route_of(&settings, path, &mut name);
            assert_eq!((&*route.name, route.origin), wanted, "{why}");
            assert_eq!(times, asked, "{why}");
        }
    }

    #[test]
    fn nobody_is_asked_for_a_name_unless_wanted() {
        let settings = settings(false);
        let route = route_of(&settings, b"/carts/1", &mut || panic!("asked"));
        assert_eq!(
            (&*route.name, route.origin),
            ("/carts/{id}", Origin::Segments)
        );
    }

    #[test]
    fn names_that_say_nothing_are_not_taken() {
        for (name, why) in [
            (&b""[..], "no name"),
            (b"default", "what has no name"),
            (b"a\nb", "a control character"),
            (b"\xff", "no text"),
            (&[b'x'; 129], "too long for a label"),
        ] {
            let settings = settings(true);
            let route = route_of(&settings, b"/carts/\xff", &mut || name.to_vec());
            assert_eq!(
                (&*route.name, route.origin),
                ("/carts/{id}", Origin::Segments),
                "{why}"
            );
        }
    }
}
