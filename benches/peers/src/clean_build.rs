//! The time and the crates of a clean build of each server as a dependency. Start with
//! [`write_table`].

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::report::{rounded, write_heading};
use crate::server::Kind;

/// The name for `--only`.
pub(crate) const NAME: &str = "clean-build";

pub(crate) const EXPLANATION: &str = "\
An empty crate with this one dependency, default features, dev profile. The bare server has hyper, hyper-util, tokio and
ring with the features that it needs.";

const LOCK_FILE: &str = include_str!("../Cargo.lock");

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const SERVERS: [Kind; 6] =
    [Kind::Hyper, Kind::MockOrigin, Kind::Httptest, Kind::Httpmock, Kind::Wiremock, Kind::Mockito];

/// Returns the version of a crate in this program.
pub(crate) fn locked_version(name: &str) -> &'static str {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let after = LOCK_FILE.split_once(&entry).map_or("", |(_, after)| after);
    after.split_once('"').map_or("?", |(version, _)| version)
}

/// Builds every server once and writes the table.
pub(crate) fn write_table(page: &mut String) -> Result<(), Box<dyn Error>> {
    let built = SERVERS.map(|kind| build(kind).map_err(|error| format!("{kind}: {error}")));
    let built = built.into_iter().collect::<Result<Vec<_>, _>>()?;
    write_heading(page, "", &SERVERS)?;
    let cells = built.iter().map(|(seconds, _)| format!("{} s", rounded(*seconds)));
    writeln!(page, "| time | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    let cells = built.iter().map(|(_, crates)| crates.to_string());
    writeln!(page, "| crates | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    Ok(())
}

/// Returns the seconds of a build from nothing, and the number of crates.
fn build(kind: Kind) -> Result<(f64, usize), Box<dyn Error>> {
    eprintln!("clean build of {kind}");
    let exact = |name: &str| format!("version = \"={}\"", locked_version(name));
    let dependencies = match kind {
        Kind::MockOrigin => format!("mock-origin = {{ path = {:?} }}", fs::canonicalize(ROOT)?),
        Kind::Hyper => [
            ("hyper", "\"http1\", \"server\""),
            ("hyper-util", "\"tokio\""),
            ("tokio", "\"net\", \"rt\", \"time\""),
            ("ring", ""),
        ]
        .map(|(name, features)| {
            let version = exact(name);
            format!("{name} = {{ {version}, default-features = false, features = [{features}] }}")
        })
        .join("\n"),
        other => format!("{other} = {{ {} }}", exact(other.name())),
    };
    let directory = std::env::temp_dir().join(format!("peers-{}-{kind}", std::process::id()));
    let built = build_in(&directory, &dependencies);
    fs::remove_dir_all(&directory)?;
    built
}

fn build_in(directory: &Path, dependencies: &str) -> Result<(f64, usize), Box<dyn Error>> {
    fs::create_dir_all(directory.join("src"))?;
    fs::write(directory.join("src/lib.rs"), "")?;
    // The same versions as in this program. cargo removes the entries that are not needed.
    fs::write(directory.join("Cargo.lock"), LOCK_FILE)?;
    let manifest =
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    let manifest = format!("{manifest}[dependencies]\n{dependencies}\n");
    fs::write(directory.join("Cargo.toml"), manifest)?;
    let tree = ["tree", "--edges=normal,build", "--prefix=none", "--format={p}"];
    let tree = cargo(directory, &tree)?;
    let crates: std::collections::BTreeSet<&str> =
        tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let before = Instant::now();
    cargo(directory, &["build"])?;
    Ok((before.elapsed().as_secs_f64(), crates.len() - 1))
}

fn cargo(directory: &Path, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let mut command = Command::new("cargo");
    command.args(arguments).arg("--offline").current_dir(directory);
    command.env("CARGO_TARGET_DIR", directory.join("target")).env_remove("CARGO_PROFILE_DEV_DEBUG");
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
