//! The client of the tutorial with the bug fixed: it checks the status and retries.

use ureq::http::Response;
use ureq::{Agent, Body, Error};

/// Uploads `content` to `/videos/NAME` in pieces of 1,000 bytes.
pub fn upload(url: &str, name: &str, content: &[u8]) -> Result<(), Error> {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let login = retry(|| {
        agent
            .get(format!("{url}/account/login"))
            .header("X-Agile-Username", "jane")
            .header("X-Agile-Password", "secret")
            .call()
    })?;
    let token = header(&login, "X-Agile-Token");
    let created = retry(|| {
        agent
            .post(format!("{url}/multipart/create"))
            .header("X-Agile-Authorization", &token)
            .header("X-Agile-Directory", "/videos")
            .header("X-Agile-Basename", name)
            .send_empty()
    })?;
    let upload = header(&created, "X-Agile-Multipart");
    for (number, piece) in content.chunks(1000).enumerate() {
        // region: piece
        retry(|| {
            agent
                .post(format!("{url}/multipart/piece"))
                .header("X-Agile-Authorization", &token)
                .header("X-Agile-Multipart", &upload)
                .header("X-Agile-Part", (number + 1).to_string())
                .send(piece)
        })?;
        // endregion
    }
    retry(|| {
        agent
            .post(format!("{url}/multipart/complete"))
            .header("X-Agile-Authorization", &token)
            .header("X-Agile-Multipart", &upload)
            .send_empty()
    })?;
    Ok(())
}

// region: retry
/// Sends a request until it succeeds, up to three times.
fn retry(send: impl Fn() -> Result<Response<Body>, Error>) -> Result<Response<Body>, Error> {
    let send = || {
        let response = send()?;
        let status = response.status();
        if status.is_success() { Ok(response) } else { Err(Error::StatusCode(status.as_u16())) }
    };
    send().or_else(|_| send()).or_else(|_| send())
}
// endregion

fn header(response: &Response<Body>, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}
