//! Why tests failed, read from what libtest prints with `--show-output`: that of
//! many tests is long, and whoever sees only its end has to see the reason too.

use std::fmt;

/// Lines shown of one test: a log's last 40 (`sightline_tests::process`) and
/// what was said around them.
const MAX_LINES: usize = 60;
/// Characters shown of one line.
const MAX_WIDTH: usize = 1000;

/// A test that failed.
#[derive(Debug, PartialEq)]
pub struct FailedTest {
    name: String,
    /// What it printed, and its panic.
    output: Vec<String>,
}

/// Its name and the end of its output, indented below it.
impl fmt::Display for FailedTest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.name)?;
        let left_out = self.output.len().saturating_sub(MAX_LINES);
        if left_out > 0 {
            write!(f, "\n  ({left_out} lines left out)")?;
        }
        for line in &self.output[left_out..] {
            let shown: String = line.chars().take(MAX_WIDTH).collect();
            let more = if shown.len() < line.len() { " …" } else { "" };
            let indent = if line.is_empty() { "" } else { "  " };
            write!(f, "\n{indent}{shown}{more}")?;
        }
        Ok(())
    }
}

/// What libtest has printed of one program's tests so far.
#[derive(Default)]
pub struct Printed {
    lines: Vec<String>,
}

impl Printed {
    /// Takes the next line. The one with the counts is a program's last, and only
    /// then it is known which tests failed.
    pub fn take(&mut self, line: String) -> Vec<FailedTest> {
        if !line.starts_with("test result: ") {
            self.lines.push(line);
            return Vec::new();
        }
        failed_tests(&std::mem::take(&mut self.lines))
    }
}

/// The names of those that failed are listed at the end. Whatever else looks like
/// a heading is what a test printed.
fn failed_tests(lines: &[String]) -> Vec<FailedTest> {
    let Some(list) = lines.iter().rposition(|line| line == "failures:") else {
        return Vec::new();
    };
    let (lines, list) = lines.split_at(list);
    let names: Vec<_> = list[1..].iter().map(|line| line.trim()).collect();
    let mut failed: Vec<FailedTest> = Vec::new();
    for line in lines {
        let heading = line.strip_prefix("---- ");
        let name = heading.and_then(|line| line.strip_suffix(" stdout ----"));
        if let Some(name) = name.filter(|name| names.contains(name)) {
            failed.push(FailedTest {
                name: name.to_owned(),
                output: Vec::new(),
            });
        } else if let Some(last) = failed.last_mut() {
            last.output.push(line.clone());
        }
    }
    for test in &mut failed {
        let end = test.output.iter().rposition(|line| !line.is_empty());
        test.output.truncate(end.map_or(0, |end| end + 1));
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What libtest printed of tests that passed.
    const PASSED: &str = r#"
running 1 test
test other ... ok

successes:

---- other stdout ----
skipped: x


successes:
    other

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
"#;

    /// Of tests that failed, two of which print what looks like its own lines.
    const FAILED: &str = r#"
running 5 tests
test tests::adds ... ok
test tests::divides ... FAILED
test tests::is_quiet ... ok
test tests::refuses - should panic ... FAILED
test tests::subtracts ... FAILED

successes:

---- tests::adds stdout ----
4
failures:

---- tests::is_quiet stdout ----
nothing


successes:
    tests::adds
    tests::is_quiet

failures:

---- tests::divides stdout ----
about to divide

thread 'tests::divides' (19331) panicked at src/lib.rs:4:55:
assertion `left == right` failed: a list of

failures:
    one
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- tests::refuses stdout ----
took it
note: test did not panic as expected at src/lib.rs:7:30
---- tests::subtracts stdout ----
Error: "no"


failures:
    tests::divides
    tests::refuses
    tests::subtracts

test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"#;

    fn read(text: &str) -> Vec<FailedTest> {
        let mut printed = Printed::default();
        let lines = text.lines().map(str::to_owned);
        lines.flat_map(|line| printed.take(line)).collect()
    }

    #[test]
    fn tests_that_passed_are_not_told() {
        assert_eq!(read(PASSED), []);
        let of_all = read(&[PASSED, FAILED, PASSED].concat());
        assert_eq!(of_all, read(FAILED));
    }

    #[test]
    fn each_test_that_failed_is_told_with_what_it_printed() {
        let told: Vec<_> = read(FAILED).iter().map(FailedTest::to_string).collect();
        let divides = r#"tests::divides
  about to divide

  thread 'tests::divides' (19331) panicked at src/lib.rs:4:55:
  assertion `left == right` failed: a list of

  failures:
      one
    left: 1
   right: 2
  note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"#;
        let refuses = r#"tests::refuses
  took it
  note: test did not panic as expected at src/lib.rs:7:30"#;
        let subtracts = r#"tests::subtracts
  Error: "no""#;
        assert_eq!(told, [divides, refuses, subtracts]);
    }

    #[test]
    fn of_long_output_the_end_is_told_and_how_much_is_not() {
        let told = |output| {
            let name = "x".to_owned();
            FailedTest { name, output }.to_string()
        };
        let lines = |count: usize| (1..=count).map(|line| format!("line {line}")).collect();
        assert!(told(lines(MAX_LINES)).starts_with("x\n  line 1\n"));
        let long = told(lines(MAX_LINES + 2));
        assert!(
            long.starts_with("x\n  (2 lines left out)\n  line 3\n"),
            "{long}"
        );
        assert!(long.ends_with("\n  line 62"), "{long}");
        let wide = told(vec!["ä".repeat(MAX_WIDTH + 1)]);
        assert_eq!(wide, format!("x\n  {} …", "ä".repeat(MAX_WIDTH)));
    }
}
