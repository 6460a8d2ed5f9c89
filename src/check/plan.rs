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

    /// Returns the first request that carries bytes of the file: piece 1, or the whole file.
    pub fn first_body(&self) -> Op {
        match self.flavour {
            Flavour::Multipart | Flavour::JsonRpc => Op::piece(1),
            Flavour::Raw | Flavour::Form => self.body(),
        }
    }

    /// Returns a request that carries bytes of the file: a middle piece, or the whole file.
    pub fn body(&self) -> Op {
        self.whole_file().unwrap_or_else(|| Op::piece(self.middle()))
    }

    /// Returns the request that carries the last bytes of the file: the last piece, or the whole file.
    pub fn last_body(&self) -> Op {
        self.whole_file().unwrap_or_else(|| Op::piece(self.pieces))
    }

    /// Returns the request that carries the whole file, if the client sends no pieces.
    pub fn whole_file(&self) -> Option<Op> {
        match self.flavour {
            Flavour::Multipart | Flavour::JsonRpc => None,
            Flavour::Raw => Some(Op::raw()),
            Flavour::Form => Some(Op::file()),
        }
    }

    /// Returns the number of a piece that is neither first nor last, if there are three pieces.
    pub fn middle(&self) -> u32 {
        self.pieces.div_ceil(2)
    }

    /// Returns half the bytes of [`body`](Self::body): of a piece, or of the whole file.
    pub fn half(&self) -> u64 {
        match self.whole_file() {
            Some(_) => self.size / 2,
            None => self.piece_size.min(self.size) / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_chosen_by_their_place_in_the_file() {
        for flavour in [Flavour::Multipart, Flavour::JsonRpc] {
            let plan = Plan::new(flavour, 1_000, 3_500, 1);
            assert_eq!((plan.pieces, plan.half()), (4, 500));
            assert_eq!((plan.body(), plan.last_body()), (Op::piece(2), Op::piece(4)));
            assert_eq!(plan.whole_file(), None);
            let empty = Plan::new(flavour, 1_000, 0, 1);
            assert_eq!((empty.body(), empty.last_body()), (Op::piece(1), Op::piece(1)));
        }
    }

    #[test]
    fn a_client_without_pieces_sends_the_whole_file() {
        for (flavour, op) in [(Flavour::Raw, Op::raw()), (Flavour::Form, Op::file())] {
            let plan = Plan::new(flavour, 1_000, 3_500, 1);
            assert_eq!((plan.body(), plan.last_body()), (op.clone(), op.clone()));
            assert_eq!((plan.whole_file(), plan.half()), (Some(op), 1_750));
        }
    }
}
