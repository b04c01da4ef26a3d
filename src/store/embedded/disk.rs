//! The files of one folder, as the store uses them. Everything that the store reads and writes goes through here, so
//! that a simulation can put a disk beneath it that tears, forgets and lies.

use std::{io, sync::Arc};

/// The files of one folder. Names have no separators: there are no folders below.
///
/// What was written is sure to be there after a crash only once [`DiskFile::sync`] has returned, and a name that was
/// made, changed or removed only once [`Disk::sync_names`] has.
pub trait Disk: Send + Sync + 'static {
    /// The names of all files, in no order.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file, or empties the one that is there.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file that is there. What is open can be read still when its name is removed or given to another file.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name; a file of that name is replaced.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names durable.
    fn sync_names(&self) -> io::Result<()>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// How many bytes it has.
    fn size(&self) -> io::Result<u64>;

    /// Fills `bytes` from a place on; fails with `UnexpectedEof` if the file ends before.
    fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Writes bytes from a place on; the file grows if need be.
    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off, or lengthens it with zeros; room for these is kept, so that what is written there later finds
    /// it. Fails with `StorageFull` or `QuotaExceeded` if there is no room.
    fn set_size(&self, size: u64) -> io::Result<()>;

    /// Makes everything that was written durable.
    fn sync(&self) -> io::Result<()>;

    /// Asks that what was written be on its way to the disk, and waits for nothing. Whether it arrived, the next
    /// [`DiskFile::sync`] tells.
    fn start_sync(&self) {}

    /// As [`DiskFile::sync`], without waiting long: says whether it is done, and is asked again if it is not. Nothing
    /// may be written in between.
    fn finish_sync(&self) -> io::Result<bool> {
        self.sync().map(|()| true)
    }
}
