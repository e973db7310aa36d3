//! The signals, one a file: each turns what the page measured into a record.
//! Nothing here knows how records are kept or sent.

pub mod cls;
pub mod custom;
pub mod document_load;
pub mod errors;
pub mod fcp;
pub mod fetch;
pub mod frames;
pub mod inp;
pub mod lcp;
pub mod ttfb;
pub mod vital;
