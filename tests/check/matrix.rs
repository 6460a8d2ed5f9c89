//! The matrix of scenarios and mistakes, which `cargo test --features cli --test check -- matrix` prints. It runs the
//! whole catalogue for each mistake, which takes about ten minutes.

use std::sync::Mutex;
use std::thread;

use mock_origin::check::{ScenarioResult, State, scenarios};

use crate::catalogue::run;
use crate::client::mistake::{MISTAKES, Mistake};

/// The number of mistakes that are tried at once, and of runs for each. Most runs wait.
const ROWS: usize = 4;
const JOBS: usize = 4;

/// The width of the first column.
const WIDTH: usize = 26;

const LEGEND: &str = "\
A row is a mistake, a column is a scenario.
  #  the rule of the mistake is found, in a scenario that fails
  +  the same, in a scenario that warns
  f  the scenario fails for another reason
  w  the scenario warns for another reason
  .  passed
  d  declined   x  not exercised   space  not applicable or not measured   E  error
The scenario that the row of the mistake names is in brackets.
";

/// Prints the matrix row by row.
pub(crate) fn print() {
    println!("{LEGEND}");
    for (column, scenario) in scenarios().enumerate() {
        println!("{:WIDTH$} {}|  {}", "", " ".repeat(3 * column), scenario.id);
    }
    let rows = Mutex::new(MISTAKES.iter());
    println!("{}", render_row(None));
    thread::scope(|scope| {
        for _ in 0..ROWS {
            scope.spawn(|| {
                while let Some(row) = next(&rows) {
                    println!("{}", render_row(Some(row)));
                }
            });
        }
    });
}

fn next<T>(rows: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    rows.lock().unwrap().next()
}

fn render_row(row: Option<&Mistake>) -> String {
    let name = row.map_or("none", |row| row.id);
    let options = row.map(|row| ["--mistake", row.id]);
    let options = options.as_ref().map_or(&[][..], |options| options);
    let report = match run(options, |suite| suite.jobs(JOBS)) {
        Ok(report) => report,
        Err(error) => return format!("{name:WIDTH$} {error}"),
    };
    let cells = scenarios().map(|scenario| {
        let results = report.results.iter().filter(|result| result.scenario.id == scenario.id);
        // Of several seeds, the one with the most serious result is shown.
        let cell = results.map(|result| cell(result, row)).max_by_key(|cell| rank(*cell));
        let (before, after) = match row.filter(|row| row.scenario == scenario.id) {
            Some(_) => ('[', ']'),
            None => (' ', ' '),
        };
        format!("{before}{}{after}", cell.unwrap_or(' '))
    });
    format!("{name:WIDTH$}{}", cells.collect::<String>())
}

fn cell(result: &ScenarioResult, row: Option<&Mistake>) -> char {
    let is_found = row.is_some_and(|row| result.findings.iter().any(|it| it.rule == row.rule()));
    match (result.state, is_found) {
        (State::Fail, true) => '#',
        (State::Fail, false) => 'f',
        (State::Warn, true) => '+',
        (State::Warn, false) => 'w',
        (State::Pass, _) => '.',
        (State::Declined, _) => 'd',
        (State::NotExercised, _) => 'x',
        (State::Error, _) => 'E',
        _ => ' ',
    }
}

fn rank(cell: char) -> Option<usize> {
    " xd.wf+#E".find(cell)
}
