//! One interface to the two servers that are compared.

use std::any::Any;
use std::io;
use std::net::SocketAddr;

use mock_origin::{Builder, InProgressUpload, MockOrigin};

use crate::bare::Bare;
use crate::piece_head::piece_head;

/// One of the two servers.
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
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The open uploads.
    pub(crate) uploads: Vec<Upload>,
    _running: Box<dyn Any>,
}

impl Server {
    pub(crate) fn start(side: Side) -> io::Result<Self> {
        Self::with_uploads(side, 0)
    }

    /// Starts a server with `count` open uploads.
    pub(crate) fn with_uploads(side: Side, count: u32) -> io::Result<Self> {
        match side {
            Side::Ours => Self::ours(count),
            Side::Bare => Self::bare(count),
        }
    }

    fn ours(count: u32) -> io::Result<Self> {
        let origin = (0..count)
            .map(|index| InProgressUpload::new(&format!("/videos/{index}.mp4")))
            .fold(MockOrigin::builder(), Builder::upload)
            .start();
        let address = origin.url().trim_start_matches("http://").parse();
        let upload = |id: &str| Upload { token: origin.issue_token("jane"), id: id.to_owned() };
        let uploads = origin.uploads().iter().map(|snapshot| upload(snapshot.id())).collect();
        let address = address.map_err(io::Error::other)?;
        Ok(Self { address, uploads, _running: Box::new(origin) })
    }

    /// Starts the bare server. It has no uploads; the made-up ones give heads of the same length.
    fn bare(count: u32) -> io::Result<Self> {
        let bare = Bare::start()?;
        let made_up = Upload { token: "0".repeat(36), id: "0".repeat(32) };
        let uploads = vec![made_up; count as usize];
        Ok(Self { address: bare.address(), uploads, _running: Box::new(bare) })
    }
}

/// An open upload.
#[derive(Clone)]
pub(crate) struct Upload {
    token: String,
    id: String,
}

impl Upload {
    /// The head of a request that sends a piece.
    pub(crate) fn piece_head(&self, number: u32, size: u64) -> Vec<u8> {
        piece_head("figures/1.0", (&self.token, &self.id), number, size).into_bytes()
    }

    /// A whole request that sends a small piece.
    pub(crate) fn piece(&self, number: u32, size: u32) -> Vec<u8> {
        let mut request = self.piece_head(number, size.into());
        request.resize(request.len() + size as usize, b'x');
        request
    }
}
