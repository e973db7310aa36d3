//! Route templates out of an OpenAPI document: its paths below the paths of its
//! servers. Nothing else of the document is read.

use super::problem::Problems;
use serde::Deserialize;
use serde_json::Value;
use sightline_core::route::{MAX_TEMPLATES, Routes, TemplateError};
use sightline_core::url::{split_authority, split_scheme};
use std::collections::BTreeMap;

/// What is read of an OpenAPI document. All else in it is ignored.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct OpenApi {
    /// The servers; the paths stand below theirs.
    pub servers: Vec<Server>,
    /// The paths; only their names are read.
    pub paths: BTreeMap<String, Value>,
}

/// A server of an OpenAPI document.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct Server {
    /// Its URL, absolute or not.
    pub url: String,
}

/// Compiles the operator's templates together with those of the document. A
/// template of the document that says the same as an earlier one is left out.
pub fn routes(texts: &[String], document: &OpenApi, problems: &mut Problems) -> Option<Routes> {
    let own = texts.len();
    let found = templates(document);
    let all = own.saturating_add(found.len());
    if all > MAX_TEMPLATES {
        let list = if own > MAX_TEMPLATES {
            "routes"
        } else {
            "openapi.paths"
        };
        let message = format!("must be at most {MAX_TEMPLATES} templates in all, got {all}");
        problems.add(list, message);
        return None;
    }
    let texts = texts.iter().map(String::as_str);
    let mut texts: Vec<_> = texts.chain(found.iter().map(|(_, text)| &**text)).collect();
    let errors = match Routes::compile(texts.iter().copied()) {
        Ok(routes) => return Some(routes),
        Err(errors) => errors,
    };
    let mut is_good = true;
    // From the last, so that the positions of the others stay.
    for (at, error) in errors.into_iter().rev() {
        match at.checked_sub(own) {
            Some(_) if error == TemplateError::Duplicate => drop(texts.remove(at)),
            Some(at) => {
                let path = found.get(at).map_or("", |(path, _)| path);
                problems.add(format!("openapi.paths[{path:?}]"), error.message());
                is_good = false;
            }
            None => {
                problems.add(format!("routes[{at}]"), error.message());
                is_good = false;
            }
        }
    }
    is_good.then(|| Routes::compile(texts).ok()).flatten()
}

/// Each path of the document with its templates: one for each server's path.
fn templates(document: &OpenApi) -> Vec<(&str, String)> {
    let mut bases: Vec<_> = document
        .servers
        .iter()
        .map(|server| base(&server.url))
        .collect();
    bases.sort_unstable();
    bases.dedup();
    if bases.is_empty() {
        bases.push("");
    }
    // What begins with "x-" is no path but an extension.
    let paths = document.paths.keys().filter(|path| !path.starts_with("x-"));
    paths
        .flat_map(|path| {
            bases
                .iter()
                .map(|base| (path.as_str(), [base, path.as_str()].concat()))
        })
        .collect()
}

/// The path of a server's URL, absolute or not, without a slash at its end.
fn base(url: &str) -> &str {
    let path = match split_scheme(url) {
        Some((_, location)) => split_authority(location).1,
        None => url,
    };
    path.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::super::Settings;

    fn settings(routes: &str, openapi: &str) -> Result<Settings, Vec<String>> {
        let document = format!(
            r#"{{"service": {{"name": "edge"}}, "routes": {routes}, "openapi": {openapi}}}"#
        );
        Settings::from_document(document.as_bytes())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn paths_of_the_document_are_templates_below_each_server() {
        let settings = settings(
            r#"["/v1/pets/{name}"]"#,
            r#"{
                "openapi": "3.1.0", "info": {"title": "Pets", "version": "1"},
                "servers": [{"url": "https://pets.example/v1/", "description": "x"}, {"url": "/v2"}, {"url": "/v2/"}],
                "paths": {
                    "/pets": {"get": {"responses": {}}}, "/pets/{petId}": null,
                    "/files/{name}.json": {}, "x-internal": {"a": 1}
                },
                "components": {}
            }"#,
        )
        .unwrap();
        for (path, template, why) in [
            ("/v1/pets", Some("/v1/pets"), "below the first server"),
            ("/v2/pets/7?a", Some("/v2/pets/{petId}"), "below the second"),
            (
                "/v1/pets/7",
                Some("/v1/pets/{name}"),
                "the operator's own name stays",
            ),
            (
                "/v1/files/a.json",
                Some("/v1/files/{name}.json"),
                "a part of a segment",
            ),
            ("/pets", None, "no server is there"),
            ("/v1/x-internal", None, "an extension"),
        ] {
            assert_eq!(
                settings.routes.template_for(path),
                template,
                "{path}: {why}"
            );
        }
    }

    #[test]
    fn a_document_without_servers_stands_at_the_root() {
        for servers in ["", r#""servers": [],"#, r#""servers": [{"url": "/"}],"#] {
            let document = format!(r#"{{{servers} "paths": {{"/pets/{{id}}": {{}}}}}}"#);
            let settings = settings("[]", &document).unwrap();
            assert_eq!(settings.routes.template_for("/pets/7"), Some("/pets/{id}"));
        }
    }

    #[test]
    fn problems_are_reported_by_path() {
        let paths = r#"{"/a{b": {}, "pets": {}, "/ok/{a}": {}, "/ok/{b}": {}}"#;
        let document = format!(r#"{{"paths": {paths}}}"#);
        let problems = settings(r#"["/ok/{c}", "/ok/{c}"]"#, &document).unwrap_err();
        let starts = [
            "openapi.paths[\"pets\"]: must start with",
            "openapi.paths[\"/a{b\"]: braces must",
            "routes[1]: matches the same paths",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:#?}");
        for start in starts {
            assert!(
                problems.iter().any(|found| found.starts_with(start)),
                "{start}"
            );
        }
        let many: Vec<_> = (0..513).map(|at| format!("\"/p{at}\": {{}}")).collect();
        let document = format!(r#"{{"paths": {{{}}}}}"#, many.join(","));
        let problems = settings("[]", &document).unwrap_err();
        assert_eq!(
            problems,
            ["openapi.paths: must be at most 512 templates in all, got 513"]
        );
        let problems = settings("[]", r#"{"paths": [], "servers": "/v1"}"#).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
