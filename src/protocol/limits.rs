//! The limits of the origin by name, with the values of the real service. Start with [`Limit`] and
//! [`Limits`].

use super::Provenance;
use super::provenance::{A, D, DA};

/// A limit. A test can set it to a small value, so that it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// The number of uploads in NEW or READY in an account.
    OpenUploads,
    /// The number of distinct part numbers in an upload.
    Pieces,
    /// The largest part number.
    PartNumber,
    /// The bytes in one piece.
    PieceBytes,
    /// The bytes in all pieces of an upload. A replaced piece does not count.
    UploadBytes,
    /// The bytes in a segment, a name or a whole path.
    PathBytes,
    /// The entries on one page of a list.
    PageSize,
    /// The requests in one JSON-RPC batch.
    BatchSize,
    /// The bytes in a JSON-RPC body.
    JsonRpcBytes,
    /// The seconds after which the collector removes a piece or an upload in NEW or FAILED.
    CollectAfter,
    /// The lifetime in seconds of a token of `authenticate`.
    AuthenticateExpiry,
    /// The lifetime in seconds of a MediaVault address.
    MediaVaultExpiry,
}

/// One limit: its name in options and files, the value of the service, and the section that states
/// it.
#[derive(Debug)]
#[non_exhaustive]
pub struct LimitSpec {
    /// The limit.
    pub limit: Limit,
    /// Its name in texts.
    pub name: &'static str,
    /// The value of the real service.
    pub default: u64,
    /// The section that describes it.
    pub section: &'static str,
    /// The source of this fact.
    #[doc(hidden)]
    pub provenance: &'static [Provenance],
}

const fn spec(
    limit: Limit,
    name: &'static str,
    default: u64,
    section: &'static str,
    provenance: &'static [Provenance],
) -> LimitSpec {
    LimitSpec { limit, name, default, section, provenance }
}

/// Every limit, in the order of [`Limit`].
pub const LIMITS: &[LimitSpec] = &[
    spec(Limit::OpenUploads, "open_uploads", 1_000_000, "§4.1", DA),
    spec(Limit::Pieces, "pieces", 1_000, "§4.2", DA),
    spec(Limit::PartNumber, "part_number", 2_147_483_647, "§4.2", DA),
    spec(Limit::PieceBytes, "piece_bytes", 100_000_000_000, "§4.2", DA),
    spec(Limit::UploadBytes, "upload_bytes", 20_000_000_000_000, "§4.2", DA),
    spec(Limit::PathBytes, "path_bytes", 4096, "§3.2", D),
    spec(Limit::PageSize, "page_size", 10_000, "§7.2", D),
    spec(Limit::BatchSize, "batch_size", 3, "§7.1.9", D),
    spec(Limit::JsonRpcBytes, "jsonrpc_bytes", 1 << 20, "§7.1", A),
    spec(Limit::CollectAfter, "collect_after", 24 * 60 * 60, "§4.4", D),
    spec(Limit::AuthenticateExpiry, "authenticate_expiry", 86_400, "§7.4", D),
    spec(Limit::MediaVaultExpiry, "media_vault_expiry", 2_147_483_648, "§7.2", D),
];

/// The values of all limits of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits([u64; LIMITS.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(std::array::from_fn(|index| LIMITS[index].default))
    }
}

impl Limits {
    /// Returns the value of one limit.
    pub fn get(&self, limit: Limit) -> u64 {
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
    fn limits_are_listed_in_the_order_of_the_enum() {
        for (index, spec) in LIMITS.iter().enumerate() {
            assert_eq!(spec.limit as usize, index, "{}", spec.name);
        }
    }
}
