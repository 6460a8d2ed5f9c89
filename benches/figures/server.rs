//! The two servers that are compared, in one shape.

use std::io;
use std::net::SocketAddr;

use mock_origin::{MockOrigin, OpenUpload};

use crate::bare::Bare;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Bare,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Bare => "bare",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        if name == Self::Ours.name() { Self::Ours } else { Self::Bare }
    }
}

/// A server that is listening; dropping it stops it.
pub(crate) enum Server {
    Ours(Box<MockOrigin>),
    Bare(Bare),
}

impl Server {
    pub(crate) fn start(side: Side) -> io::Result<Self> {
        Self::with_uploads(side, 0)
    }

    /// Starts one that has so many open uploads.
    pub(crate) fn with_uploads(side: Side, count: u32) -> io::Result<Self> {
        if side == Side::Bare {
            return Bare::start().map(Self::Bare);
        }
        let builder = (0..count).fold(MockOrigin::builder(), |builder, index| {
            builder.upload(OpenUpload::new(&format!("/videos/{index}.mp4")))
        });
        Ok(Self::Ours(Box::new(builder.start())))
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Ours(origin) => {
                let url = origin.url();
                let address = url.trim_start_matches("http://").parse();
                address.map_err(io::Error::other)
            }
            Self::Bare(bare) => Ok(bare.address()),
        }
    }

    /// The open uploads. The bare server knows none, and is sent heads of the same length.
    pub(crate) fn uploads(&self, count: usize) -> Vec<Upload> {
        match self {
            Self::Ours(origin) => {
                let token = origin.token_for("jane");
                let upload = |id: &str| Upload { token: token.clone(), id: id.to_owned() };
                origin.uploads().iter().map(|snapshot| upload(snapshot.id())).collect()
            }
            Self::Bare(_) => {
                let made_up = Upload { token: "0".repeat(36), id: "0".repeat(32) };
                vec![made_up; count]
            }
        }
    }
}

/// An upload that takes pieces.
#[derive(Clone)]
pub(crate) struct Upload {
    token: String,
    id: String,
}

impl Upload {
    /// The head of a request that sends a piece.
    pub(crate) fn piece_head(&self, number: u32, size: u64) -> Vec<u8> {
        let Self { token, id } = self;
        format!(
            "POST /multipart/piece HTTP/1.1\r\n\
             Host: 127.0.0.1\r\n\
             User-Agent: figures/1.0\r\n\
             X-Agile-Authorization: {token}\r\n\
             X-Agile-Multipart: {id}\r\n\
             X-Agile-Part: {number}\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Length: {size}\r\n\r\n"
        )
        .into_bytes()
    }

    /// A whole request that sends a small piece.
    pub(crate) fn piece(&self, number: u32, size: u32) -> Vec<u8> {
        let mut request = self.piece_head(number, size.into());
        request.resize(request.len() + size as usize, b'x');
        request
    }
}
