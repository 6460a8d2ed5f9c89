//! The code of docs/tls.md.

/// The client of the page. It verifies the certificate.
mod my_client {
    use std::io;

    use crate::tls::client::{TlsClient, trusting};

    pub(super) fn upload(
        origin: &mock_origin::MockOrigin,
        ca_pem: &str,
        name: &str,
        content: &[u8],
    ) -> io::Result<()> {
        let mut client = TlsClient::connect(origin, "127.0.0.1", trusting(ca_pem))?;
        let token = origin.issue_token("jane");
        let headers = [
            ("X-Agile-Authorization", &*token),
            ("X-Agile-Directory", "/videos"),
            ("X-Agile-Basename", name),
        ];
        let response = client.send("POST", "/post/raw", &headers, content);
        if response.code() == Some(0) { Ok(()) } else { Err(io::Error::other("rejected")) }
    }
}

#[test]
fn an_upload_over_https() {
    // region: upload
    use mock_origin::MockOrigin;

    let origin = MockOrigin::builder().tls().directory("/videos").start();
    assert!(origin.url().starts_with("https://127.0.0.1:"));

    my_client::upload(&origin, origin.ca_pem(), "movie.mp4", &[7; 2500]).unwrap();

    origin.file("/videos/movie.mp4").assert_content([7; 2500]);
    origin.finish();
    // endregion
}

#[test]
fn an_expired_certificate() {
    // region: certificate
    use mock_origin::{InvalidCertificate, MockOrigin};

    let origin = MockOrigin::builder().tls().directory("/videos").start();
    origin.on_connection().present_certificate(InvalidCertificate::Expired);

    assert!(my_client::upload(&origin, origin.ca_pem(), "movie.mp4", &[7; 2500]).is_err());

    origin.requests().assert_count(0);
    origin.finish();
    // endregion
}
