//! Where the files of a mapping come from.

use crate::cli::errors::Failure;
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use std::{
    fs::File,
    io::{BufReader, Read},
    path::PathBuf,
};

/// Opens files by the names a mapping gives them.
pub trait Files: Send + Sync {
    /// The file's content, unpacked if its name ends in `.gz`; `progress` follows the bytes as they are stored.
    fn open(&self, name: &str, progress: &ProgressBar) -> Result<Box<dyn Read + Send>, Failure>;
}

/// Files of a folder.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn open(&self, name: &str, progress: &ProgressBar) -> Result<Box<dyn Read + Send>, Failure> {
        let path = self.0.join(name);
        let wrong = |problem| Failure::usage(format!("{}: {problem}", path.display()));
        let file = File::open(&path).map_err(wrong)?;
        progress.set_length(file.metadata().map_err(wrong)?.len());
        Ok(unpacked(name, progress.wrap_read(BufReader::new(file))))
    }
}

/// Files that are part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded(pub &'static [(&'static str, &'static [u8])]);

impl Files for Embedded {
    fn open(&self, name: &str, progress: &ProgressBar) -> Result<Box<dyn Read + Send>, Failure> {
        let found = self.0.iter().find(|(own, _)| *own == name);
        let (_, content) =
            found.ok_or_else(|| Failure::usage(format!("there is no file {name}")))?;
        progress.set_length(content.len() as u64);
        Ok(unpacked(name, progress.wrap_read(*content)))
    }
}

fn unpacked(name: &str, content: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    match name.ends_with(".gz") {
        true => Box::new(BufReader::new(MultiGzDecoder::new(content))),
        false => Box::new(content),
    }
}
