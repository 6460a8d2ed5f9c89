//! What the setup of a scenario needs to know about the client. Start with [`Plan`].

use crate::journal::Op;

use super::Flavour;

/// The facts by which a scenario chooses the requests that it acts on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The interface that the client uploads by.
    pub flavour: Flavour,
    /// The piece size in bytes.
    pub piece_size: u64,
    /// The size of the file in bytes.
    pub size: u64,
    /// The number of pieces that the file has.
    pub pieces: u32,
    /// The seed of the run.
    pub seed: u64,
}

impl Plan {
    /// Creates the plan for a file of `size` bytes. An empty file has one piece.
    pub fn new(flavour: Flavour, piece_size: u64, size: u64, seed: u64) -> Self {
        let pieces = u32::try_from(size.div_ceil(piece_size.max(1))).unwrap_or(u32::MAX).max(1);
        Self { flavour, piece_size, size, pieces, seed }
    }

    /// Returns a request that carries bytes of the file: a middle piece, or the whole file.
    pub fn body(&self) -> Op {
        match self.flavour {
            Flavour::Multipart | Flavour::JsonRpc => Op::piece(self.middle()),
            Flavour::Raw => Op::raw(),
            Flavour::Form => Op::file(),
        }
    }

    /// Returns the number of a piece that is neither first nor last, if there are three pieces.
    pub fn middle(&self) -> u32 {
        self.pieces.div_ceil(2)
    }
}
