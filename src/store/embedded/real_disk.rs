//! A folder of this machine as a [`Disk`], and the lock that keeps two programs from writing to it.
//!
//! Knows nothing of what is in the files.

use super::disk::{Disk, DiskFile};
use crate::domain::problem::Problem;
use std::{
    fmt::Display,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// The file whose lock says that the folder is open.
const LOCK: &str = "LOCK";

/// How long to wait for a sync before something else has a turn.
const MOMENT: Duration = Duration::from_micros(200);

/// A folder. If it was opened for writing, nobody else can do so until this is dropped.
#[derive(Debug)]
pub struct RealDisk {
    folder: PathBuf,
    _lock: Option<File>,
}

impl RealDisk {
    /// Opens a folder for reading and writing, or makes it. Refused if another process has done so.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        make(folder).map_err(|error| folder_problem(folder, error))?;
        let lock = lock(folder)?;
        // At every opening, since the one that made them may have been cut short: the names in the folder, and the
        // folder's own name and those of the folders around it.
        sync_names_of(folder).map_err(|error| folder_problem(folder, error))?;
        for around in folder.ancestors().skip(1) {
            // Folders further up may belong to others, who keep them.
            if sync_names_of(around).is_err() {
                break;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            _lock: Some(lock),
        })
    }

    /// Opens a folder that is there without a lock, for reading beside the process that writes.
    pub fn beside(folder: &Path) -> Result<Self, Problem> {
        fs::read_dir(folder).map_err(|error| folder_problem(folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: None,
        })
    }
}

impl Disk for RealDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // What is no file or has no name in Unicode is none of ours.
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
                && name != LOCK
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        // What customers earn is nobody else's affair.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(RealFile::shared(options.open(self.folder.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.folder.join(name);
        let writable = self._lock.is_some();
        let file = OpenOptions::new().read(true).write(writable).open(path)?;
        Ok(RealFile::shared(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_names_of(&self.folder)
    }
}

/// An open file of this machine.
struct RealFile {
    file: Arc<File>,
    started: Mutex<Started>,
}

/// A sync that was started and not waited for.
#[derive(Default)]
struct Started {
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Whether everything that was written is part of it.
    is_last: bool,
    /// What went wrong with one: the operating system tells an error once, and whoever syncs next must hear it.
    failed: Option<io::Error>,
}

impl Started {
    fn is_going_on(&self) -> bool {
        (self.thread.as_ref()).is_some_and(|thread| !thread.is_finished())
    }

    /// Starts one, unless one failed.
    fn start(&mut self, file: &Arc<File>) {
        if self.failed.is_none() {
            let file = Arc::clone(file);
            let thread = thread::Builder::new().name("sync".to_owned());
            // Where no thread can be had the next sync does all of it.
            self.thread = thread.spawn(move || file.sync_data()).ok();
        }
    }

    /// Waits for its end.
    fn join(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.failed = Some(error),
            Err(_) => self.failed = Some(io::Error::other("a sync has panicked")),
        }
    }
}

impl RealFile {
    fn shared(file: File) -> Arc<dyn DiskFile> {
        Arc::new(Self {
            file: Arc::new(file),
            started: Mutex::default(),
        })
    }

    fn started(&self) -> MutexGuard<'_, Started> {
        // Nothing behind this lock is ever half done.
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&*self.file, bytes, place)
    }

    #[cfg(windows)]
    fn read_at(&self, mut place: u64, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&*self.file, bytes, place) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    bytes = &mut bytes[count..];
                    place += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    #[cfg(unix)]
    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&*self.file, bytes, place)
    }

    #[cfg(windows)]
    fn write_at(&self, mut place: u64, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(&*self.file, bytes, place) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    bytes = &bytes[count..];
                    place += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if size > self.size()? {
            use rustix::{fs::FallocateFlags, io::Errno};
            match rustix::fs::fallocate(&*self.file, FallocateFlags::empty(), 0, size) {
                Ok(()) => return Ok(()),
                // The file system cannot keep room: the file grows all the same.
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.file.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        // With what is needed to read it again, such as the size, and without the time of the last change.
        let mut started = self.started();
        started.join();
        started.is_last = false;
        match started.failed.take() {
            Some(error) => Err(error),
            None => self.file.sync_data(),
        }
    }

    fn start_sync(&self) {
        let mut started = self.started();
        if !started.is_going_on() {
            started.join();
            started.is_last = false;
            started.start(&self.file);
        }
    }

    fn finish_sync(&self) -> io::Result<bool> {
        let mut started = self.started();
        if started.is_going_on() {
            // Who asks has other things to do, or nothing at all.
            thread::sleep(MOMENT);
            return Ok(false);
        }
        started.join();
        if let Some(error) = started.failed.take() {
            return Err(error);
        }
        if std::mem::take(&mut started.is_last) {
            return Ok(true);
        }
        started.start(&self.file);
        started.is_last = started.thread.is_some();
        match started.is_last {
            true => Ok(false),
            false => self.file.sync_data().map(|()| true),
        }
    }
}

/// Makes a folder and those around it that are missing; readable by nobody else.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn lock(folder: &Path) -> Result<File, Problem> {
    let path = folder.join(LOCK);
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let lock = lock.map_err(|error| folder_problem(folder, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let message = format!("the folder {} is open in another process", folder.display());
            Err(Problem::store_unavailable(&message))
        }
        Err(TryLockError::Error(error)) => Err(folder_problem(folder, error)),
    }
}

/// Makes the names in a folder durable.
fn sync_names_of(folder: &Path) -> io::Result<()> {
    // Windows has no such thing, and keeps names in its journal.
    if cfg!(windows) {
        return Ok(());
    }
    let empty = folder.as_os_str().is_empty();
    File::open(if empty { Path::new(".") } else { folder })?.sync_all()
}

fn folder_problem(folder: &Path, error: impl Display) -> Problem {
    Problem::store_unavailable(&format!("the folder {}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_to_the_disk_is_there_once_that_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let file = disk.create("a").unwrap();
        for place in 0..4 {
            file.write_at(place, b"aabcd").unwrap();
            file.start_sync();
        }
        while !file.finish_sync().unwrap() {}
        file.write_at(7, b"e").unwrap();
        while !file.finish_sync().unwrap() {}
        file.sync().unwrap();
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"aaaaabce");
    }
}
