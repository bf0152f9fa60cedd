//! Archives as `majlis export` writes them (spec chapter 8), so that posts of a thousand accounts come into a home by the
//! same door as anyone's.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use majlis_protocol::identity::VerifiedId;
use majlis_protocol::limits::MAX_PACK_ENTRIES;
use majlis_protocol::pack::Sections;
use majlis_protocol::sync::chunk;
use majlis_protocol::{Entry, Verified};

const MAGIC: &[u8; 8] = b"MAJLIS1\n";
const IDENTITY: u8 = 1;
const PACK: u8 = 3;
const END: u8 = 255;

/// An archive being written.
pub struct Archive {
    file: BufWriter<File>,
    records: u64,
}

impl Archive {
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(MAGIC)?;
        Ok(Self { file, records: 0 })
    }

    fn record(&mut self, kind: u8, body: &[u8]) -> std::io::Result<()> {
        self.file.write_all(&[kind])?;
        self.file.write_all(&(body.len() as u32).to_be_bytes())?;
        self.file.write_all(body)?;
        self.records += 1;
        Ok(())
    }

    /// Who an author is.
    pub fn identity(&mut self, document: &VerifiedId) -> std::io::Result<()> {
        self.record(IDENTITY, &document.entry().encode())
    }

    /// Entries of one log, ascending and linked.
    pub fn entries(&mut self, entries: &[Verified<Entry>]) -> std::io::Result<()> {
        for pack in entries.chunks(MAX_PACK_ENTRIES) {
            let mut sections = Sections::default();
            assert_eq!(sections.put(pack), pack.len(), "entries of one log link");
            let log = pack[0].header.log();
            let mut body = Vec::new();
            body.extend_from_slice(&log.account.0);
            body.extend_from_slice(&log.device.0);
            body.extend_from_slice(&log.log_id.0.to_be_bytes());
            chunk::put_sections(&mut body, &sections);
            self.record(PACK, &body)?;
        }
        Ok(())
    }

    /// Writes the end.
    pub fn finish(mut self) -> std::io::Result<()> {
        let records = self.records.to_be_bytes();
        self.record(END, &records)?;
        self.file.flush()
    }
}
