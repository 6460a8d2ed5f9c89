//! Writes the files that the command line asks for. Start with [`write`].

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use mock_origin::check::{ExportKinds, ScenarioResult, SuiteReport};

use super::args::Check;

type Format = fn(&SuiteReport) -> String;
type Export = fn(&ScenarioResult) -> Option<&String>;

/// Returns what each run is exported to.
pub(super) fn export_kinds(check: &Check) -> ExportKinds {
    let mut kinds = ExportKinds::default();
    kinds.html = check.html.is_some();
    kinds.har = check.har.is_some();
    kinds.trace = check.trace.is_some();
    kinds
}

/// Creates the files and folders, so that one that cannot be written is reported before the run and not after it.
pub(super) fn prepare(check: &Check) -> Result<(), String> {
    for file in [&check.junit, &check.html, &check.json, &check.markdown].into_iter().flatten() {
        let opened = OpenOptions::new().create(true).append(true).open(file);
        opened.map_err(|error| format!("{file}: {error}"))?;
    }
    let pages = check.html.as_ref().map(|file| folder_of_pages(file));
    let folders = [&check.har, &check.trace].into_iter().flatten().map(PathBuf::from);
    for folder in folders.chain(pages) {
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

/// Writes all reports. After an error the others are written all the same; the first error is returned.
pub(super) fn write(check: &Check, report: &SuiteReport) -> Result<(), String> {
    let mut result = Ok(());
    let mut write = |path: &Path, text: &str| {
        let written = fs::write(path, text);
        let written = written.map_err(|error| format!("{}: {error}", path.display()));
        result = std::mem::replace(&mut result, Ok(())).and(written);
    };
    let formats: [(&Option<String>, Format); 3] = [
        (&check.junit, SuiteReport::to_junit),
        (&check.json, SuiteReport::to_json),
        (&check.markdown, SuiteReport::to_markdown),
    ];
    for (file, format) in formats {
        if let Some(file) = file {
            write(file.as_ref(), &format(report));
        }
    }
    if let Some(file) = &check.html {
        let folder = folder_of_pages(file);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        write(file.as_ref(), &report.to_html(&name));
    }
    let exports: [(Option<PathBuf>, &str, Export); 3] = [
        (check.html.as_ref().map(|file| folder_of_pages(file)), "html", |it| {
            it.exports.html.as_ref()
        }),
        (check.har.as_ref().map(PathBuf::from), "har", |it| it.exports.har.as_ref()),
        (check.trace.as_ref().map(PathBuf::from), "trace.json", |it| it.exports.trace.as_ref()),
    ];
    for (folder, extension, export) in exports {
        let Some(folder) = folder else { continue };
        for result in &report.results {
            if let Some(text) = export(result) {
                write(&folder.join(format!("{}.{extension}", result.file_name())), text);
            }
        }
    }
    result
}

/// Returns the folder beside a page: `out/report.d` for `out/report.html`.
fn folder_of_pages(file: &str) -> PathBuf {
    Path::new(file).with_extension("d")
}
