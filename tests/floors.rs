//! The walls of the house. A module imports only from floors below its own; the doors to sled, to libp2p and to
//! the terminal are one each; no source file lies about unused. The wall around `protocol` is the compiler's, as
//! long as its manifest names none of the things it must not know.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, its floor, and what it may import beside everything on lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("store", 1),
    ("blobs", 1),
    ("media", 1),
    ("net", 1),
    ("search", 1),
    ("node", 2),
    ("control", 3),
    ("http", 3),
    ("config", 4),
    ("telemetry", 4),
    ("daemon", 4),
    ("cli", 5),
];

/// The running node is put together on the fourth floor from its neighbours' configuration.
const BESIDE: &[(&str, &str)] = &[("daemon", "config"), ("daemon", "telemetry")];

/// What a floor must not see although it lies below.
const HIDDEN: &[(&str, &[&str])] = &[
    ("control", &["store", "net", "search", "blobs", "media"]),
    ("http", &["store", "net", "search", "blobs", "media"]),
    ("cli", &["store", "net", "search", "blobs", "media"]),
];

/// Crates that have one door each.
const DOORS: &[(&str, &str)] = &[
    ("sled", "store"),
    ("libp2p", "net"),
    ("clap", "cli"),
    ("tantivy", "search"),
    ("image", "media"),
    ("object_store", "blobs"),
    ("reqwest", "blobs"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The source without its comments and without string literals' contents, which import nothing.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Names that follow `crate::`, in plain and in grouped imports.
fn imports(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let after = &code[at + "crate::".len()..];
        let group = after.strip_prefix('{').and_then(|group| group.split_once('}')).map(|(group, _)| group);
        for part in group.unwrap_or(after).split(',') {
            let name: String =
                part.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            names.insert(name);
            if group.is_none() {
                break;
            }
        }
    }
    names
}

#[test]
fn every_module_imports_from_lower_floors_only() {
    let mut checked = 0;
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let module = module_of(&path);
        if matches!(module.as_str(), "main" | "lib") {
            continue;
        }
        let floor = floor_of(&module).unwrap_or_else(|| panic!("{} is on no floor", path.display()));
        for import in imports(&code(&path)) {
            let Some(below) = floor_of(&import) else { continue };
            checked += 1;
            let beside = BESIDE.contains(&(module.as_str(), import.as_str()));
            let hidden =
                HIDDEN.iter().any(|(from, names)| *from == module && names.contains(&import.as_str()));
            if import != module && (hidden || (below >= floor && !beside)) {
                faults.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(checked > 20, "only {checked} imports were seen: the check is blind");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn sled_libp2p_and_clap_have_one_door_each() {
    for (library, door) in DOORS {
        let mut seen = false;
        for path in sources(&root().join("src")) {
            let text = code(&path);
            let used = text.contains(&format!("{library}::")) || text.contains(&format!("use {library};"));
            let module = module_of(&path);
            seen |= used && module == *door;
            assert!(!used || module == *door || module == "main", "{} uses {library}", path.display());
        }
        assert!(seen, "nothing uses {library}: the check is blind");
    }
}

#[test]
fn the_protocol_crate_knows_no_clock_network_or_disk() {
    let manifest = fs::read_to_string(root().join("protocol/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for forbidden in ["tokio", "libp2p", "sled", "getrandom", "\nrand ", "async", "tracing"] {
        assert!(!dependencies.contains(forbidden), "protocol depends on {forbidden}");
    }
    for path in sources(&root().join("protocol/src")) {
        let text = code(&path);
        for forbidden in ["SystemTime", "Instant::now", "std::fs", "std::net", "std::thread", "getrandom"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn every_source_file_is_part_of_the_program() {
    for top in ["src", "protocol/src"] {
        let folder = root().join(top);
        let all = sources(&folder);
        let text: String = all.iter().map(|path| code(path)).collect();
        for path in &all {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let module = if name == "mod" {
                path.parent().unwrap().file_name().unwrap().to_str().unwrap()
            } else {
                name
            };
            let declared = matches!(module, "lib" | "main") || text.contains(&format!("mod {module};"));
            assert!(declared, "{} belongs to nothing", path.display());
        }
    }
}

#[test]
fn files_are_one_thing_each() {
    for top in ["src", "protocol/src", "tests"] {
        for path in sources(&root().join(top)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 800, "{} has {lines} lines: it is usually two things", path.display());
        }
    }
}
