//! The resource that spans and metrics are reported for. All workers of a
//! proxy process are one instance of the service.

use crate::config::Service;
use sightline_core::names;
use sightline_core::otlp::{Attribute, RESOURCE_ATTRIBUTES, Source, encode, export_request};
use sightline_core::request_id;

/// The scope that everything comes from.
const SCOPE: (&str, &str) = (names::EDGE_SCOPE, env!("CARGO_PKG_VERSION"));

/// A service and the instance of it that this process is.
#[derive(Debug)]
pub struct Resource<'a> {
    service: &'a Service,
    instance: [u8; 36],
}

impl<'a> Resource<'a> {
    /// `instance` are the random bytes of the process's record.
    pub fn new(service: &'a Service, instance: [u8; 16]) -> Self {
        let mut text = [0; 36];
        request_id::uuid_v4(instance, &mut text);
        Self {
            service,
            instance: text,
        }
    }

    /// The body of an export request with these items.
    pub fn export_request(&self, items: &[u8]) -> Vec<u8> {
        let instance = core::str::from_utf8(&self.instance).unwrap_or_default();
        let optional = [
            ("service.version", &self.service.version),
            ("service.namespace", &self.service.namespace),
            ("deployment.environment.name", &self.service.environment),
        ];
        let mut attributes = vec![
            Attribute::str("service.name", &self.service.name),
            Attribute::str("service.instance.id", instance),
        ];
        for (key, value) in optional {
            attributes.extend(value.as_deref().map(|value| Attribute::str(key, value)));
        }
        let source = Source {
            resource: &encode(RESOURCE_ATTRIBUTES, &attributes),
            scope: SCOPE.0,
            scope_version: SCOPE.1,
        };
        export_request(&source, items)
    }
}
