//! The help texts of the command line. Start with [`help`].

use mock_origin::options::{LIMITS, OPTION_SPECS};

const USAGE: &str = "\
An HTTP origin for the tests of Origin Storage upload clients.

Usage: mock-origin serve [OPTIONS]
       mock-origin check [OPTIONS] -- COMMAND [ARGS…]
                                     judge an upload client; see mock-origin check --help
       mock-origin explain [RULE]    print a rule of the referee, or the list of all

The first line on standard output is the base URL; with several listeners, one URL per
line; with --control, the last line is \"control URL\". Standard error gets a line for each
exchange when it ends, and for each finding that no later request can undo. Lines that are
not read in time are dropped and counted.

Ctrl-C or SIGTERM stops the program. It prints unfinished exchanges, a summary, the
injections of chaos, all findings and the failures of verification, and waits at most 2
seconds for a reader of standard error. It exits with 0, or with 1 if --strict or --fail-on
says so. An invalid command line or file is one line on standard error, and exit status 2.

Options; each may be given once, unless it may be repeated:
  --listen ADDR:PORT        the address to listen on; may be repeated  [127.0.0.1:0]
  --expose                  allow addresses that other machines can reach
  --tls                     serve https:// on every --listen address, with a certificate for
                            localhost, 127.0.0.1, ::1 and these addresses
  --tls-name HOST           a name for the certificate: a DNS name, *.example.com or an IP
                            address; may be repeated
  --ca-out FILE             write what clients must trust, as PEM, before the first line is
                            printed
  --account NAME            the account                       [acme]
  --user NAME:PASSWORD      a user; may be repeated           [jane:secret]
  --dir PATH                a directory; may be repeated
  --file PATH=LOCALFILE     a stored file with the content of a local file, which is kept in
                            memory; may be repeated
  --upload PATH             an open upload without pieces, of the first user; may be
                            repeated. PUT /__mock/uploads/ID/pieces adds pieces
  --key-pair ACCESS:SECRET  keys for signed requests, which act as the first user
  --set NAME=VALUE          an option or a limit; may be repeated
  --seed N                  the seed of tokens and identifiers  [random]
  --faults FILE             faults, as [[fault]] tables in TOML
  --control ADDR:PORT       the address of the control endpoint; loopback only
  --expose-control          allow --control to be reached by other machines. Every request
                            needs \"Authorization: Bearer TOKEN\". The line before the last
                            on standard output is \"control-token TOKEN\"
  --control-token TOKEN     the token for --expose-control        [random]
  --hold-limit SECONDS      the longest time that a fault may hold a response  [30]
  --journal-limit N         how many exchanges the journal keeps; those of open uploads stay
                            too  [100000]
  --report FILE             write an HTML page of the run, at the start and at the end
  --referee LEVEL           findings from this level on fail the verification: must, should
                            or off  [must]
  --allow ID=REASON         allow clients to violate a rule; may be repeated. Verification
                            fails if the rule is not violated
  --fail-on LEVEL           exit with 1 on findings of this level or worse: must, should or
                            never  [never]. With --strict, findings that --referee selects
                            also count
  --quiet                   do not print exchanges
  --strict                  exit with 1 if verification fails
  --exit-with-stdin         stop when standard input ends
  --exit-with-parent        stop within 0.1 s after the parent process has ended (Unix)
  -h, --help                this text
  -V, --version             the version
";

/// Returns the usage with every option and limit.
pub(crate) fn help() -> String {
    let switch = |row: &mock_origin::options::OptionSpec| {
        let name = format!("{}={}", row.name, row.values);
        format!("  {name:<44} [{}]\n      {}\n", row.default, row.what)
    };
    let limit = |row: &mock_origin::options::LimitSpec| {
        format!("  {:<44} [{}]\n", format!("{}=N", row.name), row.default)
    };
    let options: String = OPTION_SPECS.iter().map(switch).collect();
    let limits: String = LIMITS.iter().map(limit).collect();
    format!("{USAGE}\nOptions for --set:\n{options}\nLimits for --set:\n{limits}")
}

/// Returns the name and the version of the program.
pub(crate) fn version() -> String {
    format!("mock-origin {}\n", env!("CARGO_PKG_VERSION"))
}
