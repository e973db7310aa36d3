//! What people are told, by whom, and when.

use crate::{FAST, LIMIT, alert, stage, with};
use serde_json::json;
use sightline_tests::alertmanager::{CHAT, DEAD_MANS_SWITCH, Hours, PAGER, TICKET};
use sightline_tests::process::wait_for;
use sightline_tests::test_alert;

#[test]
fn a_page_goes_to_the_pager_and_in_copy_to_the_chat() {
    let Some(stage) = stage(FAST, Hours::Never) else {
        return;
    };
    stage.post(&[alert("EdgeErrorRatioHigh", "page", "shop")]);
    let event = stage.wait_for(PAGER, "EdgeErrorRatioHigh");
    assert_eq!(event["event_action"], "trigger", "{event}");
    assert_eq!(event["routing_key"], "0123456789abcdef");
    let payload = &event["payload"];
    assert_eq!(
        payload["summary"],
        "[FIRING:1] EdgeErrorRatioHigh · shop: EdgeErrorRatioHigh of shop: 7.5% failed"
    );
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["class"], "EdgeErrorRatioHigh");
    assert_eq!(payload["component"], "edge");
    assert_eq!(payload["group"], "shop");
    assert_eq!(payload["custom_details"]["num_firing"], "1");
    assert_eq!(
        event["links"],
        json!([
            {"href": "https://runbooks.example/EdgeErrorRatioHigh.md", "text": "Runbook"},
            {"href": "https://grafana.example/d/sightline-red", "text": "Dashboard"},
        ])
    );
    let copy = stage.wait_for(CHAT, "EdgeErrorRatioHigh");
    let copy = &copy["attachments"][0];
    assert_eq!(copy["title"], "[FIRING:1] EdgeErrorRatioHigh · shop");
    assert_eq!(copy["color"], "danger");
    assert!(stage.webhook.received(TICKET).is_empty());
}

#[test]
fn a_chat_alert_says_what_since_when_and_where_to_look() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    let mut alert = alert("VitalsRegressed", "chat", "shop");
    alert["startsAt"] = "2026-01-02T03:04:05Z".into();
    stage.post(&[alert]);
    let message = stage.wait_for(CHAT, "VitalsRegressed");
    let message = &message["attachments"][0];
    assert_eq!(
        message["text"],
        "• VitalsRegressed of shop: 7.5% failed\n\
         chat, since 2026-01-02 03:04 UTC · <https://runbooks.example/VitalsRegressed.md|runbook>\
         \u{20}· <https://grafana.example/d/sightline-red|dashboard>\n"
    );
    assert_eq!(
        message["title_link"],
        "https://grafana.example/d/sightline-red"
    );
    assert_eq!(message["color"], "warning");
    assert!(stage.webhook.received(PAGER).is_empty());
    assert!(stage.webhook.received(TICKET).is_empty());
}

#[test]
fn a_ticket_carries_labels_links_and_its_end() {
    // News of a ticket come once a day: here after four seconds.
    let Some(stage) = stage(20_000, Hours::Never) else {
        return;
    };
    stage.post(&[alert("CertificateExpires", "ticket", "shop")]);
    let ticket = stage.wait_for(TICKET, "firing");
    assert_eq!(
        ticket["groupLabels"],
        json!({"alertname": "CertificateExpires", "job": "shop"})
    );
    let one = &ticket["alerts"][0];
    assert_eq!(one["labels"]["severity"], "ticket");
    assert_eq!(
        one["annotations"]["runbook_url"],
        "https://runbooks.example/CertificateExpires.md"
    );
    let ended = stage.api().resolve(&json!({"job": "shop"}));
    assert_eq!(ended.expect("it ends"), 1);
    stage
        .webhook
        .wait_for(TICKET, LIMIT, |body| body["status"] == "resolved")
        .expect("its end");
    assert!(stage.webhook.received(PAGER).is_empty());
    assert!(stage.webhook.received(CHAT).is_empty());
}

#[test]
fn the_end_of_a_page_is_told_to_pager_and_chat() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    stage.post(&[alert("EdgeErrorRatioHigh", "page", "shop")]);
    let begun = stage.wait_for(PAGER, "trigger");
    stage.wait_for(CHAT, "FIRING");
    let ended = stage.api().resolve(&json!({"job": "shop"}));
    assert_eq!(ended.expect("it ends"), 1);
    let end = stage.wait_for(PAGER, "\"event_action\":\"resolve\"");
    // PagerDuty closes the incident with the same key.
    assert_eq!(end["dedup_key"], begun["dedup_key"]);
    let message = stage.wait_for(CHAT, "[RESOLVED]");
    let message = &message["attachments"][0];
    assert_eq!(message["color"], "good");
    let text = message["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("*Resolved*\n• Edge"), "{text}");
}

#[test]
fn what_a_stranger_put_into_a_label_is_no_markup() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    let mut alert = alert("NewError", "chat", "<!here>");
    alert["annotations"]["summary"] = "<!channel> <https://evil.example|log in> & go".into();
    alert["annotations"]["runbook_url"] = "https://runbooks.example/a|b>c".into();
    stage.post(&[alert]);
    let message = stage.wait_for(CHAT, "NewError");
    let message = &message["attachments"][0];
    let text = message["text"].as_str().unwrap_or_default();
    assert!(
        text.starts_with("• &lt;!channel&gt; &lt;https://evil.example|log in&gt; &amp; go\n"),
        "{text}"
    );
    assert!(
        text.contains("<https://runbooks.example/a%7Cb%3Ec|runbook>"),
        "{text}"
    );
    assert_eq!(message["title"], "[FIRING:1] NewError · !here");
}

#[test]
fn a_dead_service_is_one_notification() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    let alerts: Vec<_> = (0..50)
        .map(|number| {
            let name = format!("Alert{}", number % 5);
            with(
                alert(&name, "page", "shop"),
                &[("endpoint", &format!("/{number}"))],
            )
        })
        .collect();
    stage.post(&alerts);
    stage.wait_for(PAGER, "Alert");
    // Sent later, so that whatever else there is of the shop has come before it.
    stage.post(&[alert("Other", "page", "another")]);
    stage.wait_for(PAGER, "Other of another");
    let events = stage.webhook.received(PAGER);
    let of_shop: Vec<_> = events
        .iter()
        .filter(|event| event["payload"]["group"] == "shop")
        .collect();
    assert_eq!(of_shop.len(), 1, "{of_shop:?}");
    let details = &of_shop[0]["payload"]["custom_details"];
    assert_eq!(details["num_firing"], "50");
    let text = details["firing"].as_str().unwrap_or_default();
    assert_eq!(text.matches("runbook:").count(), 10, "{text}");
    assert!(text.ends_with("… 50 in all\n"), "{text}");
    let summary = of_shop[0]["payload"]["summary"]
        .as_str()
        .unwrap_or_default();
    assert!(summary.contains(" and others · shop"), "{summary}");
}

#[test]
fn a_receiver_that_was_down_gets_it_later() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    stage.webhook.set_down(true);
    stage.post(&[alert("EdgeErrorRatioHigh", "page", "shop")]);
    // Both integrations have been refused, the first more than once.
    wait_for("refusals", LIMIT, || {
        Ok((stage.webhook.refused() > 3).then_some(()))
    })
    .expect("it tries again");
    stage.webhook.set_down(false);
    stage.wait_for(PAGER, "EdgeErrorRatioHigh");
    stage.wait_for(CHAT, "EdgeErrorRatioHigh");
}

#[test]
fn outside_business_hours_chat_waits_and_pages_do_not() {
    let Some(stage) = stage(FAST, Hours::Never) else {
        return;
    };
    stage.post(&[alert("VitalsRegressed", "chat", "shop")]);
    wait_for("the hours to mute it", LIMIT, || {
        let alerts = stage.api().grouped()?;
        let muted = &alerts[0]["status"]["mutedBy"];
        Ok((*muted == json!(["business-hours"])).then_some(()))
    })
    .expect("it is muted");
    stage.post(&[alert("EdgeErrorRatioHigh", "page", "shop-api")]);
    stage.wait_for(PAGER, "EdgeErrorRatioHigh");
    stage.wait_for(CHAT, "EdgeErrorRatioHigh");
    assert!(!stage.has(CHAT, "VitalsRegressed"));
    stage
        .alertmanager
        .set_hours(Hours::Always)
        .expect("the morning comes");
    stage.wait_for(CHAT, "VitalsRegressed");
}

#[test]
fn the_dead_mans_switch_hears_again_and_again() {
    let Some(stage) = stage(FAST, Hours::Never) else {
        return;
    };
    let labels = json!({"alertname": "Watchdog", "severity": "ticket", "component": "collector"});
    stage.post(&[json!({"labels": labels})]);
    wait_for("a second sign of life", LIMIT, || {
        let heard = stage.webhook.received(DEAD_MANS_SWITCH);
        Ok((heard.len() > 1).then_some(()))
    })
    .expect("it repeats");
    for path in [PAGER, CHAT, TICKET] {
        assert!(stage.webhook.received(path).is_empty(), "{path}");
    }
}

#[test]
fn the_test_alert_reaches_every_receiver_and_ends() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    let mut said = Vec::new();
    let severities = test_alert::SEVERITIES;
    test_alert::fire(stage.api(), &severities, LIMIT, &mut |line| {
        said.push(line);
    })
    .expect("it is delivered");
    for (path, text) in [
        (PAGER, "sightline-test-page"),
        (CHAT, "sightline-test-page"),
        (CHAT, "sightline-test-chat"),
        (TICKET, "sightline-test-ticket"),
    ] {
        assert!(stage.has(path, text), "{path} without {text}");
    }
    assert!(said.contains(&"page: to page (pagerduty, slack)".to_owned()));
    assert!(said.contains(&"ticket: to ticket (webhook)".to_owned()));
    assert_eq!(stage.api().alerts().expect("alerts").len(), 0);
    stage.wait_for(PAGER, "\"event_action\":\"resolve\"");
}

#[test]
fn a_test_alert_outside_business_hours_says_what_keeps_it_back() {
    let Some(stage) = stage(FAST, Hours::Never) else {
        return;
    };
    let mut said = Vec::new();
    let severities = test_alert::SEVERITIES;
    let kept_back = test_alert::fire(stage.api(), &severities, LIMIT, &mut |line| {
        said.push(line);
    })
    .expect("the others are delivered");
    assert_eq!(kept_back, ["chat: kept back by hours business-hours"]);
    assert!(said.contains(&kept_back[0]));
    assert!(said.contains(&"delivered: 1 pagerduty, 1 slack, 1 webhook".to_owned()));
    assert!(!stage.has(CHAT, "sightline-test-chat"));
    let alone = test_alert::fire(stage.api(), &["chat"], LIMIT, &mut |_| ());
    assert_eq!(alone.expect("it is said"), kept_back);
}

#[test]
fn a_test_alert_that_nobody_takes_is_a_failure() {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    stage.webhook.set_down(true);
    let limit = std::time::Duration::from_secs(2);
    let error = test_alert::fire(stage.api(), &["page"], limit, &mut |_| ());
    let error = error.expect_err("it is not delivered").to_string();
    assert!(error.contains("pagerduty"), "{error}");
    assert_eq!(stage.api().alerts().expect("alerts").len(), 0);
}
