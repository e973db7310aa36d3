//! What holds for every service of `docker compose`.

use crate::{path, said, text, texts, yaml};
use serde_json::{Map, Value, json};
use sightline_tests::parts;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

pub const FILE: &str = "deploy/compose/compose.yaml";

/// The project as docker compose understands it; nothing where the part is missing.
pub fn project() -> Option<Value> {
    if !parts::all_present(&[parts::DEPLOY_CHECK]) {
        return None;
    }
    Some(loaded(&path(FILE)))
}

fn loaded(file: &Path) -> Value {
    let mut command = Command::new(parts::require(parts::DEPLOY_CHECK).unwrap());
    let said = said(command.arg("compose").arg(file));
    serde_json::from_str(&said).unwrap()
}

pub fn services(project: &Value) -> &Map<String, Value> {
    project["services"].as_object().unwrap()
}

/// The images that a service is made of.
fn images(service: &Value) -> Vec<String> {
    if let Some(image) = service["image"].as_str() {
        return vec![image.to_owned()];
    }
    let build = &service["build"];
    let file = build["dockerfile"].as_str().unwrap_or("Dockerfile");
    let file = Path::new(build["context"].as_str().unwrap()).join(file);
    let mut text = std::fs::read_to_string(&file).unwrap();
    for (name, value) in build["args"].as_object().into_iter().flatten() {
        text = text.replace(&format!("${{{name}}}"), value.as_str().unwrap());
    }
    let from = text.lines().filter_map(|line| line.strip_prefix("FROM "));
    let words = from.filter_map(|image| image.split(' ').next());
    words.map(str::to_owned).collect()
}

/// Whether an image has a version of three numbers.
pub fn is_pinned(image: &str) -> bool {
    let (_, tag) = image.rsplit_once(':').unwrap_or_default();
    let version = tag.trim_start_matches('v');
    let version = version.split('-').next().unwrap_or_default();
    let numbers: Vec<_> = version.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok())
}

#[test]
fn every_image_is_pinned() {
    let Some(project) = project() else { return };
    for (name, service) in services(&project) {
        let images = images(service);
        assert!(!images.is_empty(), "{name}");
        for image in images {
            assert!(is_pinned(&image), "{name}: {image}");
        }
    }
    for bad in [
        "envoy",
        "envoy:latest",
        "envoy:v1",
        "envoy:v1.40",
        "a.b:5/envoy",
    ] {
        assert!(!is_pinned(bad), "{bad}");
    }
}

#[test]
fn every_service_is_watched_and_bounded_and_has_no_rights_to_gain() {
    let Some(project) = project() else { return };
    let mut memory = 0;
    for (name, service) in services(&project) {
        let limits = &service["deploy"]["resources"]["limits"];
        for limit in ["cpus", "memory", "pids"] {
            assert!(!limits[limit].is_null(), "{name} has no limit of {limit}");
        }
        let bytes = limits["memory"].as_str().unwrap();
        memory += bytes.parse::<u64>().unwrap();
        let test = texts(&service["healthcheck"]["test"]);
        assert!(test.len() > 1 && test[0] == "CMD", "{name}: {test:?}");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        let options = texts(&service["security_opt"]);
        assert_eq!(options, ["no-new-privileges:true"], "{name}");
        assert!(service["privileged"].is_null(), "{name}");
        let max_size = &service["logging"]["options"]["max-size"];
        assert!(!max_size.is_null(), "{name}");
        for port in service["ports"].as_array().into_iter().flatten() {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
        }
    }
    let together = format!(" {} GiB.", memory as f64 / f64::from(1 << 30));
    let page = text("deploy/README.md");
    assert!(page.contains(&together), "the page knows not of{together}");
}

/// An internal network publishes no port.
#[test]
fn the_go_live_check_finds_open_on_this_machine_what_its_page_says() {
    let Some(closed) = project() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let merged = folder.path().join("merged.yaml");
    let files = [FILE, "deploy/compose/golive.yaml"].map(path);
    std::fs::write(&merged, json!({"include": [{"path": files}]}).to_string()).unwrap();
    let opened = loaded(&merged);
    let page = text("go-live.md");
    for (name, port) in [
        ("prometheus", 9090),
        ("alertmanager", 9093),
        ("jaeger", 16686),
        ("loki", 3100),
    ] {
        assert!(page.contains(&format!("http://127.0.0.1:{port}")), "{name}");
        assert!(closed["services"][name]["ports"].is_null(), "{name}");
        let service = &opened["services"][name];
        let [published] = service["ports"].as_array().unwrap().as_slice() else {
            panic!("{name}: {}", service["ports"]);
        };
        let [ip, number] = ["host_ip", "published"].map(|key| published[key].as_str());
        assert_eq!(
            (ip, published["target"].as_u64()),
            (Some("127.0.0.1"), Some(port))
        );
        assert_eq!(number, Some(port.to_string().as_str()));
        let mut networks = service["networks"].as_object().unwrap().keys();
        let is_open = |network: &String| opened["networks"][network]["internal"] != true;
        assert!(networks.any(is_open), "{name}");
        assert_eq!(service["image"], closed["services"][name]["image"]);
    }
}

#[test]
fn what_is_mounted_is_there() {
    let Some(project) = project() else { return };
    let root = parts::repository();
    let mut built = Vec::new();
    for (name, service) in services(&project) {
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume["source"].as_str().unwrap();
            if volume["type"] == "volume" {
                assert!(project["volumes"][source].is_object(), "{name}: {source}");
                continue;
            }
            assert_eq!(volume["read_only"], true, "{name}: {source}");
            match Path::new(source).strip_prefix(root.join("dist")) {
                Ok(file) => built.push(file.display().to_string()),
                Err(_) => assert!(Path::new(source).exists(), "{name}: {source}"),
            }
        }
    }
    // What `cargo xtask dist` makes.
    assert_eq!(built, ["filter/sightline_filter.wasm"]);
}

#[test]
fn secrets_are_files_that_nobody_commits() {
    let Some(project) = project() else { return };
    let ignored = std::fs::read_to_string(parts::repository().join(".gitignore")).unwrap();
    let line = "/collector-config/deploy/compose/secrets/";
    assert!(ignored.lines().any(|ignored| ignored == line));
    let secrets = project["secrets"].as_object().unwrap();
    for (name, secret) in secrets {
        let file = path("deploy/compose/secrets").join(name);
        assert_eq!(secret["file"].as_str(), file.to_str(), "{name}");
    }
    // Alertmanager finds each where its configuration looks for it.
    let alertmanager = &project["services"]["alertmanager"];
    assert_eq!(alertmanager["working_dir"], "/etc/alertmanager");
    let given = alertmanager["secrets"].as_array().unwrap();
    let configuration = text("alertmanager/alertmanager.yaml");
    let wanted: Vec<_> = configuration
        .lines()
        .filter_map(|line| line.split_once("secrets/"))
        .filter(|(before, _)| before.ends_with("_file: "))
        .map(|(_, file)| format!("/etc/alertmanager/secrets/{file}"))
        .collect();
    assert_eq!(wanted.len(), 4);
    for file in wanted {
        let is_given = given.iter().any(|secret| secret["target"] == *file);
        assert!(is_given, "{file}");
    }
    let environment = &project["services"]["grafana"]["environment"];
    let password = &environment["GF_SECURITY_ADMIN_PASSWORD__FILE"];
    assert_eq!(password, "/run/secrets/grafana_admin_password");
    // A value beside a name is a secret in a file.
    for (name, service) in services(&project) {
        for (variable, _) in service["environment"].as_object().into_iter().flatten() {
            let secret = ["PASSWORD", "SECRET", "TOKEN", "KEY"];
            let is_one = secret.iter().any(|word| variable.contains(word));
            assert!(
                !is_one || variable.ends_with("__FILE"),
                "{name}: {variable}"
            );
        }
    }
}

#[test]
fn the_page_s_way_to_write_secrets_works_in_any_shell() {
    let Some(project) = project() else { return };
    let page = text("deploy/README.md");
    let (_, way) = page.split_once("compose && mkdir").unwrap();
    let (way, _) = way.split_once("\ndocker compose").unwrap();
    let folder = tempfile::tempdir().unwrap();
    // POSIX, and as little readable as a careful person has it.
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask 077; mkdir{way}")]);
    shell.current_dir(folder.path()).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(b"a\nb\nc\nd\ne\n").unwrap();
    assert!(shell.wait().unwrap().success());
    let folder = folder.path().join("secrets");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut written = String::new();
    for (name, _) in project["secrets"].as_object().unwrap() {
        let file = folder.join(name);
        written += &std::fs::read_to_string(&file).unwrap();
        // Containers have users of their own.
        assert_eq!(mode(&file), 0o644, "{name}");
    }
    let mut written: Vec<_> = written.chars().collect();
    written.sort_unstable();
    assert_eq!(written, ['a', 'b', 'c', 'd', 'e']);
}

#[test]
fn data_is_kept_as_long_as_promised() {
    let Some(project) = project() else { return };
    let services = services(&project);
    let prometheus = texts(&services["prometheus"]["command"]);
    assert!(prometheus.contains(&"--storage.tsdb.retention.time=30d"));
    let loki = yaml("deploy/compose/loki.yaml");
    assert_eq!(loki["limits_config"]["retention_period"], "168h");
    assert_eq!(loki["compactor"]["retention_enabled"], true);
    let jaeger = yaml("deploy/compose/jaeger.yaml");
    let disk = &jaeger["extensions"]["jaeger_storage"]["backends"]["disk"]["badger"];
    assert_eq!(disk["ttl"]["spans"], "72h");
    assert_eq!(disk["ephemeral"], false);
    // All of it on volumes, the collector's queue too.
    for (service, folder) in [
        ("prometheus", "/prometheus"),
        ("loki", "/data"),
        ("jaeger", "/data"),
        ("collector", "/data"),
        ("alertmanager", "/alertmanager"),
        ("grafana", "/var/lib/grafana"),
    ] {
        let volumes = services[service]["volumes"].as_array().unwrap();
        let mut volumes = volumes.iter().filter(|volume| volume["type"] == "volume");
        let volume = volumes.next().unwrap_or_else(|| panic!("{service}"));
        assert_eq!(volume["target"], folder, "{service}");
    }
    for written in ["/directories/keys", "/directories/values"] {
        let written = disk.pointer(written).unwrap();
        assert!(written.as_str().unwrap().starts_with("/data/"));
    }
    assert_eq!(loki["common"]["path_prefix"], "/data");
}
