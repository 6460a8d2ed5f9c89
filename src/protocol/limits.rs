//! The origin's limits by name, with the figures of the real service.

use super::Provenance;
use super::provenance::{A, D, DA};

/// A limit that a test can set to a small figure, so that it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Uploads in NEW or READY that an account may have.
    OpenUploads,
    /// Distinct part numbers that an upload may have.
    Pieces,
    /// The largest part number.
    PartNumber,
    /// Bytes in one piece.
    PieceBytes,
    /// Bytes in all pieces of an upload, a replaced piece counted once.
    UploadBytes,
    /// Bytes in a segment, a name or a whole path.
    PathBytes,
    /// Entries on one page of a list.
    PageSize,
    /// Requests in one JSON-RPC batch.
    BatchSize,
    /// Bytes in a JSON-RPC body.
    JsonRpcBytes,
    /// Seconds that a piece or an upload may be in NEW or FAILED before the collector takes it.
    CollectAfter,
    /// Seconds that a token of `authenticate` may live.
    AuthenticateExpiry,
    /// Seconds that a MediaVault address may work.
    MediaVaultExpiry,
}

/// One limit: its name in options and files, the service's figure, and where it is said.
#[derive(Debug)]
pub struct LimitSpec {
    /// The limit.
    pub limit: Limit,
    /// Its name where it is written as text.
    pub name: &'static str,
    /// The figure of the real service.
    pub default: u64,
    /// The section it stands in.
    pub section: &'static str,
    /// What it rests on.
    pub provenance: &'static [Provenance],
}

const fn row(
    limit: Limit,
    name: &'static str,
    default: u64,
    section: &'static str,
    provenance: &'static [Provenance],
) -> LimitSpec {
    LimitSpec { limit, name, default, section, provenance }
}

/// Every limit, in the order of [`Limit`].
pub const LIMITS: [LimitSpec; 12] = [
    row(Limit::OpenUploads, "open_uploads", 1_000_000, "§4.1", DA),
    row(Limit::Pieces, "pieces", 1_000, "§4.2", DA),
    row(Limit::PartNumber, "part_number", 2_147_483_647, "§4.2", DA),
    row(Limit::PieceBytes, "piece_bytes", 100_000_000_000, "§4.2", DA),
    row(Limit::UploadBytes, "upload_bytes", 20_000_000_000_000, "§4.2", DA),
    row(Limit::PathBytes, "path_bytes", 4096, "§3.2", D),
    row(Limit::PageSize, "page_size", 10_000, "§7.2", D),
    row(Limit::BatchSize, "batch_size", 3, "§7.1.9", D),
    row(Limit::JsonRpcBytes, "jsonrpc_bytes", 1 << 20, "§7.1", A),
    row(Limit::CollectAfter, "collect_after", 24 * 60 * 60, "§4.4", D),
    row(Limit::AuthenticateExpiry, "authenticate_expiry", 86_400, "§7.4", D),
    row(Limit::MediaVaultExpiry, "media_vault_expiry", 2_147_483_648, "§7.2", D),
];

/// The figures that an origin goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits([u64; LIMITS.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(std::array::from_fn(|index| LIMITS[index].default))
    }
}

impl Limits {
    /// The figure of one limit.
    pub fn of(&self, limit: Limit) -> u64 {
        self.0[limit as usize]
    }

    /// Sets one limit.
    pub fn set(&mut self, limit: Limit, figure: u64) {
        self.0[limit as usize] = figure;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, row) in LIMITS.iter().enumerate() {
            assert_eq!(row.limit as usize, index, "{}", row.name);
        }
    }
}
