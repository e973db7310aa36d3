//! Pages, good and bad, with what is wrong with each.

use super::*;

const GOOD: &str = r#"# TYPE a counter
# HELP a What a \"says\", \\ and \n.
a_total{b="x\"}\n\\",c=""} 3 # {trace_id="1"} 0.5 1700000000.5
a_total{b="y"} 0
# HELP d_seconds Durations.
# TYPE d_seconds histogram
# UNIT d_seconds seconds
d_seconds_bucket{r="/",le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.07
d_seconds_bucket{r="/",le="+Inf"} 3
d_seconds_sum{r="/"} 4.5
d_seconds_count{r="/"} 3
# TYPE g gauge
# HELP g Now.
g -1.5e3
# EOF
"#;

#[test]
fn a_good_page_is_read() {
    let families = read(GOOD, Form::OpenMetrics).unwrap();
    let names: Vec<_> = families.iter().map(|family| family.name.as_str()).collect();
    assert_eq!(names, ["a", "d_seconds", "g"]);
    let first = &families[0].samples[0];
    assert_eq!((first.label("b"), first.value), (Some("x\"}\n\\"), 3.0));
    let exemplar = first.exemplar.as_ref().unwrap();
    assert_eq!(
        (exemplar.value, exemplar.unix_seconds),
        (0.5, Some(1_700_000_000.5))
    );
    assert_eq!(families[0].help, "What a \"says\", \\ and \n.");
    assert_eq!(families[2].samples[0].value, -1500.0);
}

#[test]
fn the_older_form_names_counters_in_full_and_has_no_exemplars() {
    let page = "# HELP a_total A.\n# TYPE a_total counter\na_total 3 1700000000000\n# EOF\n";
    read(page, Form::Prometheus).unwrap();
    assert!(
        read(page, Form::OpenMetrics).is_err(),
        "a counter a_total_total"
    );
    let page = "# HELP a_total A.\n# TYPE a_total counter\na_total 3 # {x=\"1\"} 1\n";
    assert!(read(page, Form::Prometheus).is_err(), "an exemplar");
}

#[test]
fn each_fault_is_found() {
    let long = "x".repeat(121);
    let long = format!("{{trace_id=\"{long}\"}}");
    for (old, new, why) in [
        ("# EOF\n", "", "no end"),
        ("# EOF\n", "# EOF", "a last line that does not end"),
        ("# EOF\n", "# EOF\n# EOF\n", "something behind the end"),
        (
            "# EOF\n",
            "a_total{b=\"z\"} 1\n# EOF\n",
            "a sample among another family's",
        ),
        (
            "# EOF\n",
            "# TYPE a gauge\n# HELP a A.\n# EOF\n",
            "a family that comes twice",
        ),
        ("# EOF\n", "# HELP g Again.\n# EOF\n", "help behind samples"),
        ("# EOF\n", "g -1.5e3\n# EOF\n", "a sample that comes twice"),
        (
            "# EOF\n",
            "# TYPE a_total gauge\n# HELP a_total A.\na_total 1\n# EOF\n",
            "a name of two families",
        ),
        ("# EOF\n", "\n# EOF\n", "an empty line"),
        (
            "# EOF\n",
            "# a comment\n# EOF\n",
            "a comment that is none of the format's",
        ),
        ("# TYPE g gauge\n", "", "no type"),
        ("# HELP g Now.\n", "", "no help"),
        ("# TYPE g gauge", "# TYPE g gage", "no such type"),
        (
            "# UNIT d_seconds seconds",
            "# UNIT d_seconds bytes",
            "a unit that the name does not say",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a{b=\"y\"} 0",
            "a counter without _total",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\"} -1",
            "a counter below zero",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\"} NaN",
            "a counter that is no number",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\"} inf",
            "infinity as the formats do not spell it",
        ),
        ("a_total{b=\"y\"} 0", "a_total{b=\"y\"}  0", "two spaces"),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\"} 0 ",
            "a space at the end",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\",} 0",
            "a comma behind the last label",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"y\",b=\"z\"} 0",
            "a label twice",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"\\y\"} 0",
            "no such escape",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{b=\"\"y\"} 0",
            "a quote that is not escaped",
        ),
        (
            "a_total{b=\"y\"} 0",
            "a_total{0b=\"y\"} 0",
            "no label's name",
        ),
        (
            "le=\"0.1\"} 1",
            "le=\"0.1\"} 4",
            "buckets that do not add up",
        ),
        (
            "{r=\"/\",le=\"+Inf\"} 3",
            "{r=\"/\",le=\"9\"} 3",
            "no bucket +Inf",
        ),
        ("le=\"0.1\"", "le=\"abc\"", "a bound that is no number"),
        (
            "_count{r=\"/\"} 3",
            "_count{r=\"/\"} 2",
            "a count that is not the last bucket's",
        ),
        ("d_seconds_count{r=\"/\"} 3\n", "", "no count"),
        ("d_seconds_sum{r=\"/\"} 4.5\n", "", "no sum"),
        (
            "d_seconds_sum{r=\"/\"}",
            "d_seconds_sum{r=\"/x\"}",
            "metrics that mingle",
        ),
        ("0.07", "0.2", "an exemplar that is not of its bucket"),
        ("} 0.07", "}", "an exemplar without a value"),
        (
            "{trace_id=\"1\"}",
            long.as_str(),
            "an exemplar of 129 characters",
        ),
        (
            "g -1.5e3",
            "g -1.5e3 # {a=\"b\"} 1",
            "an exemplar of a gauge",
        ),
    ] {
        let page = GOOD.replacen(old, new, 1);
        assert_ne!(page, GOOD, "{why}");
        assert!(read(&page, Form::OpenMetrics).is_err(), "{why}:\n{page}");
    }
    let fits = format!("{{trace_id=\"{}\"}}", "é".repeat(120));
    read(
        &GOOD.replacen("{trace_id=\"1\"}", &fits, 1),
        Form::OpenMetrics,
    )
    .unwrap();
}
