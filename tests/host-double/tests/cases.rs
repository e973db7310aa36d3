//! The built filter on a host in memory: every case of `tests/cases/host/`,
//! every host function that fails, and what one request costs.

use sightline_host_double::case::Case;
use sightline_host_double::fault::{Fault, GARBAGE};
use sightline_host_double::host::HostCall;
use sightline_host_double::script::{
    Build, ROOT, background, configured, configured_with, one_request,
};
use sightline_host_double::{Module, Shared};
use sightline_tests::parts;

fn module() -> Option<Module> {
    module_of(Build::Envoy)
}

/// The builds for other hosts stand beside the one for Envoy.
fn module_of(build: Build) -> Option<Module> {
    if !parts::all_present(&[parts::FILTER]) {
        return None;
    }
    let filter = parts::require(parts::FILTER).unwrap();
    let file = match build {
        Build::Envoy => filter,
        _ => filter.with_file_name(format!("sightline_filter_{}.wasm", build.name())),
    };
    Some(Module::open(&file).unwrap())
}

fn imports(build: Build) -> Vec<String> {
    let list = parts::repository().join(format!("proxy-filter/imports/{}.txt", build.name()));
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

/// What a function may do in place of its work.
fn faults(statuses: &[u32]) -> Vec<Fault> {
    let statuses = statuses.iter().map(|status| Fault::Status(*status));
    statuses.chain(GARBAGE.map(Fault::Garbage)).collect()
}

/// One import that fails, from the configuration on or from the first request on:
/// whether requests still go on, and how often it was called.
fn with_fault(
    module: &Module,
    everything: &str,
    import: &str,
    fault: Fault,
    is_from_the_start: bool,
) -> anyhow::Result<(bool, usize)> {
    let mut vm = if is_from_the_start {
        let mut vm = module.vm(Shared::default())?;
        vm.host().faults.insert(import.to_owned(), fault);
        vm.configure(ROOT, everything.as_bytes())?;
        vm
    } else {
        let mut vm = configured_with(module, everything)?;
        vm.host().faults.insert(import.to_owned(), fault);
        vm
    };
    let mut goes_on = true;
    for _ in 0..2 {
        goes_on &= one_request(&mut vm)?;
        background(&mut vm)?;
    }
    let calls = vm.host().host_calls.iter();
    let called = calls.filter(|call| call.name == import).count();
    // It comes to its senses.
    vm.host().faults.clear();
    anyhow::ensure!(vm.configure(ROOT, everything.as_bytes())?, "no recovery");
    goes_on &= one_request(&mut vm)?;
    let request = &vm.host().streams[&2].request;
    let has_id = request.iter().any(|(name, _)| name == b"x-request-id");
    anyhow::ensure!(has_id, "no id afterwards");
    background(&mut vm)?;
    vm.delete(ROOT)?;
    Ok((goes_on, called))
}

#[test]
fn whatever_host_function_fails_the_request_goes_on() {
    let every_status: Vec<_> = (1..=12).chain([u32::MAX]).collect();
    let mut wrong = Vec::new();
    let mut runs = 0;
    for (build, statuses) in [
        (Build::Envoy, every_status.as_slice()),
        (Build::Mesh, &[1, 2]),
        (Build::Nginx, &[1, 2]),
    ] {
        let Some(module) = module_of(build) else {
            return;
        };
        let everything = build.everything();
        for import in imports(build) {
            for fault in faults(statuses) {
                for is_from_the_start in [true, false] {
                    runs += 1;
                    let what = format!("{} {import} {fault:?}", build.name());
                    let ran = with_fault(&module, &everything, &import, fault, is_from_the_start);
                    let called = match ran {
                        Ok((goes_on, called)) => {
                            if !goes_on {
                                wrong.push(format!("{what}: the request was held"));
                            }
                            called
                        }
                        Err(error) => {
                            wrong.push(format!("{what}: {error:#}"));
                            continue;
                        }
                    };
                    let is_rare = import == "proxy_set_tick_period_milliseconds";
                    if called == 0 && !is_from_the_start && !is_rare {
                        wrong.push(format!("{what}: the script never calls it"));
                    }
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
