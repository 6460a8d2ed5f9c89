//! The client of the tutorial as it is first written: it ignores the status of a response.

// region: client
use ureq::http::Response;
use ureq::{Agent, Body, Error};

/// Uploads `content` to `/videos/NAME` in pieces of 1,000 bytes.
pub fn upload(url: &str, name: &str, content: &[u8]) -> Result<(), Error> {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let login = agent
        .get(format!("{url}/account/login"))
        .header("X-Agile-Username", "jane")
        .header("X-Agile-Password", "secret")
        .call()?;
    let token = header(&login, "X-Agile-Token");
    let created = agent
        .post(format!("{url}/multipart/create"))
        .header("X-Agile-Authorization", &token)
        .header("X-Agile-Directory", "/videos")
        .header("X-Agile-Basename", name)
        .send_empty()?;
    let upload = header(&created, "X-Agile-Multipart");
    for (number, piece) in content.chunks(1000).enumerate() {
        agent
            .post(format!("{url}/multipart/piece"))
            .header("X-Agile-Authorization", &token)
            .header("X-Agile-Multipart", &upload)
            .header("X-Agile-Part", (number + 1).to_string())
            .send(piece)?;
    }
    agent
        .post(format!("{url}/multipart/complete"))
        .header("X-Agile-Authorization", &token)
        .header("X-Agile-Multipart", &upload)
        .send_empty()?;
    Ok(())
}

fn header(response: &Response<Body>, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}
// endregion
