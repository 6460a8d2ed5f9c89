//! Reads and writes at an offset, on Unix and on Windows.
//!
//! No caller relies on the cursor of the file, so any number of threads share one file without a
//! lock. Start with [`Positional`].

#[cfg(unix)]
pub(super) use std::os::unix::fs::FileExt as Positional;

#[cfg(windows)]
pub(super) use windows::Positional;

#[cfg(windows)]
mod windows {
    use std::{
        fs::File,
        io::{self, ErrorKind},
        os::windows::fs::FileExt as _,
    };

    /// The two methods that Unix has, built from those of Windows.
    pub(in super::super) trait Positional {
        /// Fills `buffer` from `offset` on.
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
        /// Writes all of `bytes` from `offset` on.
        fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    }

    impl Positional for File {
        fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
            while !buffer.is_empty() {
                let count = progress(self.seek_read(buffer, offset)?, ErrorKind::UnexpectedEof)?;
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Ok(())
        }

        fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
            while !bytes.is_empty() {
                let count = progress(self.seek_write(bytes, offset)?, ErrorKind::WriteZero)?;
                bytes = &bytes[count..];
                offset += count as u64;
            }
            Ok(())
        }
    }

    /// Turns a count of 0 into an error, because the loops would never end.
    fn progress(count: usize, otherwise: ErrorKind) -> io::Result<usize> {
        (count > 0).then_some(count).ok_or_else(|| otherwise.into())
    }
}
