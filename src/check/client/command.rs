//! A client that is a command: its arguments, its environment and its files. Start with [`CommandClient`].

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::check::scratch::Folder;
use crate::check::template::{Template, variables};
use crate::check::{Profile, Target, Via};
use crate::error::Error;

use super::{Client, ClientRun, Ending, Limits, process};

/// The variables by which programs find proxies, in lower case.
const PROXIES: &[&str] = &["all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy"];

/// The variable whose value is different for each run, as long as the scratch folder is.
const MARKER: &str = "MOCK_ORIGIN_SCRATCH";

/// The variables by which programs find the certificates that they trust.
const AUTHORITIES: &[&str] =
    &["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/// A client that is a command. It runs in the scratch folder, without input and without a shell.
///
/// The scratch folder is the working directory of the client. Relative paths that exist in ours are therefore made
/// absolute: a program with `/` in it, and an argument with `/` or `.` in it and without a placeholder. Everything
/// else stays as it is. Any other program is looked up in our PATH.
#[derive(Debug)]
pub(crate) struct CommandClient {
    argv: Vec<Template>,
    setup: Vec<Template>,
    /// By path below HOME.
    files: BTreeMap<PathBuf, Template>,
    variables: BTreeMap<String, Template>,
    via: Via,
    keeps_proxies: bool,
    /// The scratch folders in which the setup command has run.
    set_up: Mutex<BTreeSet<PathBuf>>,
}

impl CommandClient {
    /// Creates the client from a command, or from that of the profile if the command is empty.
    ///
    /// # Errors
    ///
    /// If there is no command, a placeholder is unknown, or a file is not below HOME.
    pub(crate) fn new(
        argv: &[String],
        profile: &Profile,
        keeps_proxies: bool,
    ) -> Result<Self, Error> {
        let argv = if argv.is_empty() { &profile.command } else { argv };
        if argv.first().is_none_or(String::is_empty) {
            return Err(Error::invalid_argument("no command for the client".to_owned()));
        }
        let mut files = BTreeMap::new();
        for (name, text) in &profile.files {
            let path = Path::new(name);
            let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
            if name.is_empty() || !is_below {
                let problem = "it must be relative to HOME, without `..`";
                let message = format!("invalid path {name:?} in `files`: {problem}");
                return Err(Error::invalid_argument(message));
            }
            files.insert(path.to_owned(), Template::parse(text)?);
        }
        let variable = |(name, text): (&String, &String)| {
            let is_name = !name.is_empty() && !name.contains(['=', '\0']);
            let message = || Error::invalid_argument(format!("invalid variable {name:?} in `env`"));
            Ok((
                name.clone(),
                Template::parse(text).and_then(|it| is_name.then_some(it).ok_or_else(message))?,
            ))
        };
        Ok(Self {
            argv: parse(argv)?,
            setup: parse(&profile.setup)?,
            files,
            variables: profile.env.iter().map(variable).collect::<Result<_, Error>>()?,
            via: profile.via,
            keeps_proxies,
            set_up: Mutex::default(),
        })
    }

    /// Writes the files of the profile.
    fn write_files(&self, target: &Target) -> Result<(), String> {
        let home = target.scratch.join(Folder::HOME);
        for (path, text) in &self.files {
            let path = home.join(path);
            let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = folder.and_then(|()| fs::write(&path, text.render(target)));
            // Some programs reject passwords that others can read.
            #[cfg(unix)]
            let written = written.and_then(|()| {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            });
            written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Runs a command in the environment of the client.
    fn run_command(&self, argv: &[Template], target: &Target, limits: &Limits<'_>) -> ClientRun {
        let argv: Vec<_> = argv.iter().map(|argument| argument.render(target)).collect();
        let mut command = match program(&argv[0]) {
            Ok(program) => Command::new(program),
            Err(reason) => return ClientRun::not_started(reason),
        };
        #[cfg(unix)]
        if !argv[0].contains('/') {
            std::os::unix::process::CommandExt::arg0(&mut command, &argv[0]);
        }
        command.args(&argv[1..]).current_dir(&target.scratch);

        let is_proxy = |name: &OsStr| {
            name.to_str().is_some_and(|name| PROXIES.contains(&&*name.to_ascii_lowercase()))
        };
        if !self.keeps_proxies || self.via == Via::Proxy {
            std::env::vars_os().map(|(name, _)| name).filter(|name| is_proxy(name)).for_each(
                |name| {
                    command.env_remove(name);
                },
            );
        }
        if self.via == Via::Proxy {
            command.envs(
                ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].map(|it| (it, &target.url)),
            );
        }
        if let Some(authority) = &target.ca {
            command.envs(AUTHORITIES.iter().map(|name| (name, authority)));
        }
        let home = target.scratch.join(Folder::HOME);
        command.envs([
            ("TMPDIR", target.scratch.join(Folder::TMP)),
            ("XDG_CACHE_HOME", home.join(".cache")),
            ("XDG_CONFIG_HOME", home.join(".config")),
            ("XDG_DATA_HOME", home.join(".local/share")),
            ("XDG_STATE_HOME", home.join(".local/state")),
            ("XDG_RUNTIME_DIR", target.scratch.join(Folder::RUN)),
            ("HOME", home),
        ]);
        command.envs(variables(target));
        command.envs(self.variables.iter().map(|(name, text)| (name, text.render(target))));
        let scratch = target.scratch.display().to_string();
        process::run(&mut command, (MARKER, &scratch), limits)
    }
}

impl Client for CommandClient {
    fn is_process(&self) -> bool {
        true
    }

    fn run(&self, target: &Target, limits: &Limits<'_>) -> ClientRun {
        if let Err(reason) = self.write_files(target) {
            return ClientRun::not_started(reason);
        }
        let mut set_up = self.set_up.lock().unwrap_or_else(PoisonError::into_inner);
        let is_set_up = self.setup.is_empty() || !set_up.insert(target.scratch.clone());
        drop(set_up);
        if !is_set_up {
            let setup =
                self.run_command(&self.setup, target, &Limits { interruption: None, ..*limits });
            let problem = match &setup.ending {
                Ending::Exited(0) => None,
                Ending::Stopped => return setup,
                Ending::Exited(status) => Some(format!("exited with {status}")),
                Ending::Crashed(signal) => Some(format!("was ended by {signal}")),
                Ending::NotStarted(reason) => Some(format!("did not start: {reason}")),
                _ => Some(format!("did not end within {:?}", limits.deadline)),
            };
            if let Some(problem) = problem {
                let ending = Ending::NotStarted(format!("the setup command {problem}"));
                return ClientRun { ending, ..setup };
            }
        }
        self.run_command(&self.argv, target, limits)
    }
}

/// Parses a command, with absolute paths for relative ones that exist.
fn parse(argv: &[String]) -> Result<Vec<Template>, Error> {
    let parse = |(at, argument): (usize, &String)| {
        let template = Template::parse(argument)?;
        let is_path = |text: &&str| {
            text.contains(if at == 0 { &['/'][..] } else { &['/', '.'] })
                && Path::new(text).exists()
        };
        let absolute = template.as_text().filter(is_path).and_then(|text| {
            // `absolute` would keep `..` behind a link, as the program would.
            std::path::absolute(text).ok()?.into_os_string().into_string().ok()
        });
        Ok(absolute.map_or(template, Template::from))
    };
    argv.iter().enumerate().map(parse).collect()
}

/// Returns the path of a program, which must not depend on the working directory.
fn program(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if name.contains('/') || cfg!(not(unix)) {
        return Ok(name.into());
    }
    let candidates = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = candidates
        .filter(|path| is_executable(path))
        .find_map(|path| std::path::absolute(path).ok());
    found.ok_or_else(|| format!("command not found: `{name}` is in no folder of PATH"))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::client::tests::{limits, target};
    use crate::check::scratch::Scratch;

    const MINUTE: Duration = Duration::from_secs(60);

    fn client(argv: &[&str], profile: &str) -> Result<CommandClient, Error> {
        let profile = Profile::from_toml("profile.toml", profile).unwrap();
        let argv: Vec<_> = argv.iter().map(|argument| (*argument).to_owned()).collect();
        CommandClient::new(&argv, &profile, false)
    }

    /// Runs a command in a scratch folder, and returns the run with the path of the folder.
    fn run(argv: &[&str], profile: &str) -> (ClientRun, String) {
        let scratch = Scratch::new(None, false).unwrap();
        let folder = scratch.folder("lost/piece").unwrap();
        let run = client(argv, profile).unwrap().run(&target(folder.path()), &limits(MINUTE));
        (run, folder.path().to_str().unwrap().to_owned())
    }

    #[test]
    fn arguments_are_passed_as_they_stand() {
        let script = "for it in \"$@\"; do echo \"[$it]\"; done";
        let argv = [
            "sh",
            "-c",
            script,
            "sh",
            "",
            "a  b",
            "$HOME",
            "{{}}",
            "{url}/{size}",
            "--a=src/lib.rs",
        ];
        let (run, _) = run(&argv, "");
        let expected = "[]\n[a  b]\n[$HOME]\n[{}]\n[http://127.0.0.1:9/7]\n[--a=src/lib.rs]\n";
        assert_eq!((run.stdout.tail, run.ending), (expected.to_owned(), Ending::Exited(0)));
    }

    #[test]
    fn relative_paths_that_exist_become_absolute() {
        let root = env!("CARGO_MANIFEST_DIR");
        let script = "pwd; for it in \"$@\"; do echo \"$it\"; done";
        let argv =
            ["sh", "-c", script, "sh", "Cargo.toml", "./src/check", "src", "src/none", "/videos"];
        let (run, scratch) = run(&argv, "");
        let expected =
            format!("{scratch}\n{root}/Cargo.toml\n{root}/src/check\nsrc\nsrc/none\n/videos\n");
        assert_eq!(run.stdout.tail, expected);
    }

    #[test]
    fn the_environment_belongs_to_the_run() {
        let profile = "env = { A = 'b {name}', XDG_CACHE_HOME = '/c' }";
        let (run, scratch) = run(&["env"], profile);
        let find = |name: &str| {
            let line =
                run.stdout.tail.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.map(str::to_owned)
        };
        for (name, value) in [
            ("HOME", format!("{scratch}/home")),
            ("TMPDIR", format!("{scratch}/tmp")),
            ("XDG_CONFIG_HOME", format!("{scratch}/home/.config")),
            ("XDG_CACHE_HOME", "/c".to_owned()),
            ("XDG_RUNTIME_DIR", format!("{scratch}/run")),
            ("A", "b film.mp4".to_owned()),
            ("MOCK_ORIGIN_URL", "http://127.0.0.1:9".to_owned()),
            ("MOCK_ORIGIN_PIECE_SIZE", "65536".to_owned()),
            ("MOCK_ORIGIN_SCRATCH", scratch.clone()),
            ("MOCK_ORIGIN_CA", String::new()),
            ("PATH", std::env::var("PATH").unwrap()),
        ] {
            assert_eq!(find(name), Some(value), "{name}");
        }
        for name in ["http_proxy", "HTTPS_PROXY", "no_proxy"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn a_proxy_and_an_authority_are_passed_if_needed() {
        let folder = tempfile::tempdir().unwrap();
        let script = "echo $http_proxy $HTTP_PROXY $ALL_PROXY $SSL_CERT_FILE $NODE_EXTRA_CA_CERTS";
        let client = client(&["sh", "-c", script], "via = 'proxy'").unwrap();
        let target = Target { ca: Some("/ca.pem".into()), ..target(folder.path()) };
        let url = &target.url;
        let expected = format!("{url} {url} {url} /ca.pem /ca.pem\n");
        assert_eq!(client.run(&target, &limits(MINUTE)).stdout.tail, expected);
    }

    #[test]
    fn files_are_written_below_home() {
        let profile = "[files]\n'.config/up/up.ini' = 'url = {url}'\n'.netrc' = 'login {user}'";
        let (run, _) =
            run(&["sh", "-c", "cat ~/.config/up/up.ini ~/.netrc; ls -l ~/.netrc"], profile);
        let text = run.stdout.tail;
        assert!(text.starts_with("url = http://127.0.0.1:9login user-rw-------"), "{text}");
    }

    #[test]
    fn the_setup_command_runs_once_for_each_scratch_folder() {
        let scratch = Scratch::new(None, false).unwrap();
        let profile = "setup = ['sh', '-c', 'echo {scenario} >>setup']";
        let client = client(&["cat", "setup"], profile).unwrap();
        for _ in 0..2 {
            let folder = scratch.folder("a").unwrap();
            for _ in 0..2 {
                let run = client.run(&target(folder.path()), &limits(MINUTE));
                assert_eq!(run.stdout.tail, "lost/piece\n");
            }
        }
    }

    #[test]
    fn a_failed_setup_command_is_told_with_its_output() {
        for (setup, reason) in [
            ("'sh', '-c', 'echo why >&2; exit 3'", "the setup command exited with 3"),
            ("'sh', '-c', 'echo why >&2; kill -9 $$'", "the setup command was ended by SIGKILL"),
        ] {
            let (run, _) = run(&["touch", "ran"], &format!("setup = [{setup}]"));
            assert_eq!(run.ending, Ending::NotStarted(reason.to_owned()));
            assert_eq!(run.stderr.tail, "why\n");
        }
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let (run, _) = run(&["mock-origin-none", "a"], "");
        let reason = "command not found: `mock-origin-none` is in no folder of PATH";
        assert_eq!(run.ending, Ending::NotStarted(reason.to_owned()));
    }

    #[test]
    fn wrong_commands_and_profiles_are_rejected() {
        for (argv, profile, message) in [
            (&[][..], "", "no command for the client"),
            (&[""], "", "no command for the client"),
            (&["a", "{ulr}"], "", "unknown placeholder {ulr}; did you mean {url}? in `{ulr}`"),
            (&["a"], "setup = ['{b}']", "unknown placeholder {b}"),
            (&["a"], "env = { A = '{b}' }", "unknown placeholder {b}"),
            (&["a"], "env = { 'A=' = '' }", "invalid variable \"A=\" in `env`"),
            (&["a"], "files = { '../b' = '' }", "invalid path \"../b\" in `files`"),
            (&["a"], "files = { '/b' = '' }", "invalid path \"/b\" in `files`"),
            (&["a"], "files = { '' = '' }", "invalid path \"\" in `files`"),
        ] {
            let error = client(argv, profile).unwrap_err();
            assert!(error.is_invalid_argument());
            assert!(error.to_string().starts_with(message), "{error}");
        }
        assert_eq!(client(&[], "command = ['a', '{url}']").unwrap().argv.len(), 2);
    }
}
