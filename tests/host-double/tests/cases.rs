//! The built filter on a host in memory: every case of `tests/cases/host/`,
//! every host function that fails, and what one request costs.

use sightline_host_double::case::Case;
use sightline_host_double::fault::{Fault, GARBAGE};
use sightline_host_double::host::HostCall;
use sightline_host_double::script::{EVERYTHING, ROOT, background, configured, one_request};
use sightline_host_double::{Module, Shared};
use sightline_tests::parts;

fn module() -> Option<Module> {
    parts::all_present(&[parts::FILTER])
        .then(|| Module::open(&parts::require(parts::FILTER).unwrap()).unwrap())
}

fn imports() -> Vec<String> {
    let list = parts::repository().join("proxy-filter/imports/envoy.txt");
    let list = std::fs::read_to_string(list).unwrap();
    let names = list.lines().filter_map(|line| line.split(' ').nth(1));
    names.map(str::to_owned).collect()
}

#[test]
fn every_case_is_as_its_file_says() {
    let Some(module) = module() else { return };
    let folder = parts::repository().join("tests/cases/host");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let ran = Case::read(&text).and_then(|case| case.run(&module));
        if let Err(error) = ran {
            wrong.push(format!(
                "{}: {error:#}",
                file.file_name().unwrap().display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a function may do in place of its work.
fn faults() -> Vec<Fault> {
    let statuses = (1..=12).chain([u32::MAX]).map(Fault::Status);
    statuses.chain(GARBAGE.map(Fault::Garbage)).collect()
}

#[test]
fn a_trap_is_noticed() {
    let Some(module) = module() else { return };
    let mut vm = module.vm(Shared::default()).unwrap();
    assert_ne!(vm.allocate(16).unwrap(), 0);
    // More than there ever is: an allocation that fails is the one way to trap
    // that is known.
    let trap = vm.allocate(u32::MAX).unwrap_err().to_string();
    assert!(trap.starts_with("trap in "), "{trap}");
}

#[test]
fn whatever_host_function_fails_the_request_goes_on() {
    let Some(module) = module() else { return };
    let mut wrong = Vec::new();
    let mut runs = 0;
    for import in imports() {
        for fault in faults() {
            for is_from_the_start in [true, false] {
                runs += 1;
                let mut called = 0;
                let ran = (|| {
                    let mut vm = if is_from_the_start {
                        let mut vm = module.vm(Shared::default())?;
                        vm.host().faults.insert(import.clone(), fault);
                        vm.configure(ROOT, EVERYTHING.as_bytes())?;
                        vm
                    } else {
                        let mut vm = configured(&module)?;
                        vm.host().faults.insert(import.clone(), fault);
                        vm
                    };
                    let mut goes_on = true;
                    for _ in 0..2 {
                        goes_on &= one_request(&mut vm)?;
                        background(&mut vm)?;
                    }
                    called = vm
                        .host()
                        .host_calls
                        .iter()
                        .filter(|call| call.name == import)
                        .count();
                    // It comes to its senses.
                    vm.host().faults.clear();
                    anyhow::ensure!(vm.configure(ROOT, EVERYTHING.as_bytes())?, "no recovery");
                    goes_on &= one_request(&mut vm)?;
                    let request = &vm.host().streams[&2].request;
                    let has_id = request.iter().any(|(name, _)| name == b"x-request-id");
                    anyhow::ensure!(has_id, "no id afterwards");
                    background(&mut vm)?;
                    vm.delete(ROOT)?;
                    anyhow::Ok(goes_on)
                })();
                match ran {
                    Ok(true) => {}
                    Ok(false) => wrong.push(format!("{import} {fault:?}: the request was held")),
                    Err(error) => wrong.push(format!("{import} {fault:?}: {error:#}")),
                }
                if called == 0
                    && !is_from_the_start
                    && import != "proxy_set_tick_period_milliseconds"
                {
                    wrong.push(format!("{import}: the script never calls it"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {runs}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{runs} runs");
}

/// Host calls as a table, in their order; those that follow one another and
/// are alike in one line.
fn table(calls: &[HostCall]) -> String {
    let mut table = String::from("| host call | of |\n|---|---|\n");
    for together in calls.chunk_by(|one, next| one.name == next.name) {
        let subjects = together.iter().filter(|call| !call.subject.is_empty());
        let subjects: Vec<_> = subjects.map(|call| format!("`{}`", call.subject)).collect();
        let times = match together.len() {
            1 => String::new(),
            times => format!(" × {times}"),
        };
        table += &format!(
            "| `{}`{times} | {} |\n",
            together[0].name,
            subjects.join(", ")
        );
    }
    table + &format!("\nIn all: {}\n", calls.len())
}

#[test]
fn one_request_costs_the_host_calls_that_the_documentation_says() {
    let Some(module) = module() else { return };
    let mut vm = configured(&module).unwrap();
    // The first request fetches random bytes for many.
    one_request(&mut vm).unwrap();
    vm.host().host_calls.clear();
    assert!(one_request(&mut vm).unwrap());
    let table = table(&vm.host().host_calls);
    println!("{table}");
    let page = parts::repository().join("docs/host-calls.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains(&table),
        "docs/host-calls.md is to say:\n{table}"
    );
}

#[test]
fn memory_stays_when_requests_go() {
    let Some(module) = module() else { return };
    let mut vm = configured(&module).unwrap();
    let mut rounds = |count: usize| {
        for _ in 0..count {
            one_request(&mut vm).unwrap();
            vm.host().host_calls.clear();
        }
        background(&mut vm).unwrap();
        vm.memory_bytes()
    };
    let before = rounds(300);
    for _ in 0..10 {
        assert_eq!(rounds(300), before, "memory grows");
    }
}
