//! Shorthands for requests that cases send often.

/// A shorthand and the lines of a script that it expands to.
///
/// The words in capitals are arguments. The last argument extends to the end of the line. `UPLOAD` is
/// optional; its default is `mpid`.
struct Shorthand {
    usage: &'static str,
    script: &'static str,
}

const SHORTHANDS: [Shorthand; 13] = [
    Shorthand {
        usage: "login SECONDS",
        script: "> POST /account/login
> X-Agile-Username: jane
> X-Agile-Password: secret
> X-Agile-Expiry: SECONDS
< 200 0
< X-Agile-Token: {token}",
    },
    Shorthand {
        usage: "logout",
        script: r#"rpc logout ["{token}"]
= 0"#,
    },
    Shorthand {
        usage: "create DIRECTORY NAME UPLOAD",
        script: "> POST /multipart/create
> X-Agile-Authorization: {token}
> X-Agile-Directory: DIRECTORY
> X-Agile-Basename: NAME
< 200 0
< X-Agile-Multipart: {UPLOAD=hex32}",
    },
    Shorthand {
        usage: "piece NUMBER CONTENT UPLOAD",
        script: "> POST /multipart/piece
> X-Agile-Authorization: {token}
> X-Agile-Multipart: {UPLOAD}
> X-Agile-Part: NUMBER
>
> CONTENT
< 200 0",
    },
    Shorthand {
        usage: "complete UPLOAD",
        script: "> POST /multipart/complete
> X-Agile-Authorization: {token}
> X-Agile-Multipart: {UPLOAD}
< 200 0",
    },
    Shorthand {
        usage: "abort UPLOAD",
        script: r#"rpc abortMultipart ["{token}", "{UPLOAD}"]
= 0"#,
    },
    Shorthand {
        usage: "state NUMBER UPLOAD",
        script: r#"rpc getMultipartStatus ["{token}", "{UPLOAD}"]
= {"path": "{*}", "code": 0, {*}, "state": NUMBER, "mtime": {*}}"#,
    },
    Shorthand {
        usage: "pieces JSON",
        script: r#"rpc listMultipartPiece ["{token}", "{mpid}"]
= {"code": 0, "cookie": 0, "pieces": [JSON]}"#,
    },
    Shorthand {
        usage: "raw DIRECTORY NAME CONTENT",
        script: "> POST /post/raw
> X-Agile-Authorization: {token}
> X-Agile-Directory: DIRECTORY
> X-Agile-Basename: NAME
>
> CONTENT
< 200 0",
    },
    Shorthand {
        usage: "mkdir PATH",
        script: r#"rpc makeDir ["{token}", "PATH"]
= 0"#,
    },
    Shorthand {
        usage: "rmdir PATH",
        script: r#"rpc deleteDir ["{token}", "PATH"]
= 0"#,
    },
    Shorthand {
        usage: "get PATH CONTENT",
        script: "> GET PATH
< 200
<
< CONTENT",
    },
    Shorthand {
        usage: "rpc METHOD PARAMS",
        script: r#"> POST /jsonrpc
>
> {"jsonrpc": "2.0", "id": 1, "method": "METHOD", "params": PARAMS}"#,
    },
];

/// Returns the lines, with their marks, that a shorthand expands to.
pub(crate) fn expand(line: &str) -> Result<Vec<String>, String> {
    let verb = line.split(' ').next();
    let of_verb = |shorthand: &&Shorthand| shorthand.usage.split(' ').next() == verb;
    let shorthand =
        SHORTHANDS.iter().find(of_verb).ok_or_else(|| format!("unknown line: {line}"))?;
    let words: Vec<_> = shorthand.usage.split(' ').collect();
    let mut given = line.splitn(words.len(), ' ');
    let mut script = shorthand.script.to_owned();
    for word in words {
        let default = (word == "UPLOAD").then_some("mpid");
        let value = given.next().or(default).ok_or_else(|| format!("{line}: missing {word}"))?;
        script = script.replace(word, value);
    }
    // The first line of a shorthand may be another shorthand.
    match script.split_once('\n') {
        Some((first, rest)) if !first.starts_with('>') => {
            Ok([expand(first)?, lines(rest)].concat())
        }
        _ => Ok(lines(&script)),
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
