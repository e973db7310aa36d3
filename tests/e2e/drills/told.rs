//! What notifications say: of which alert, of which service, and its end.

use serde_json::Value;
use sightline_tests::parts;
use sightline_tests::webhook::Webhook;

/// What has to be told of a fault, and where.
#[derive(Debug)]
pub struct Expected {
    pub fault: &'static str,
    pub alert: &'static str,
    pub job: &'static str,
    pub receiver: &'static str,
}

/// What a notification can say of a fault.
pub type Says = fn(&Expected, &Value) -> bool;

impl Expected {
    /// The first notification that says it, after so many that were known.
    pub fn news(&self, webhook: &Webhook, known: usize, says: Says) -> Option<Value> {
        let received = webhook.received(self.receiver).into_iter();
        received.skip(known).find(|body| says(self, body))
    }

    /// Whether a notification tells that it fires.
    pub fn fires_in(&self, body: &Value) -> bool {
        let page = body["payload"]["custom_details"]["firing"].as_str();
        let chat = || body["attachments"][0]["text"].as_str();
        let text = page.or_else(chat).unwrap_or_default();
        let firing = text.split("*Resolved*").next().unwrap_or_default();
        body["event_action"] != "resolve" && self.is_named_in(firing, body)
    }

    /// Whether a notification tells that it has ended.
    pub fn ends_in(&self, body: &Value) -> bool {
        let page = body["payload"]["custom_details"]["resolved"].as_str();
        let chat = || {
            let text = body["attachments"][0]["text"].as_str()?;
            Some(text.split_once("*Resolved*")?.1)
        };
        self.is_named_in(page.or_else(chat).unwrap_or_default(), body)
    }

    /// Alerts are told apart by the pages that they link to.
    fn is_named_in(&self, part: &str, body: &Value) -> bool {
        part.contains(&format!("/{}.md", self.alert)) && body.to_string().contains(self.job)
    }
}

/// Every runbook that is linked to is a page of ours.
pub fn assert_runbooks(body: &Value) {
    let folder = parts::repository().join("collector-config/runbooks");
    let text = body.to_string();
    let names: Vec<_> = text
        .match_indices(".md")
        .map(|(end, _)| text[..end].rsplit('/').next().unwrap_or_default())
        .collect();
    assert!(!names.is_empty(), "no runbook: {text}");
    for name in names {
        let page = folder.join(format!("{name}.md"));
        assert!(page.is_file(), "no runbook {name}");
    }
}
