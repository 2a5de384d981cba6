//! What an ELF file says about itself: see elf(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::host::Host;

const PT_INTERP: u64 = 3;
/// No program has more headers than fit in here.
const MOST_HEADERS: u64 = 128;
/// The kernel's own limit for the name of a loader.
const MOST_NAME: u64 = 4096;

/// Where the numbers are that differ between 32 and 64 bits: offset and size in bytes.
struct Shape {
    table: (usize, usize),
    entry: (usize, usize),
    entries: (usize, usize),
    offset: (usize, usize),
    size: (usize, usize),
}

const ELF32: Shape = Shape { table: (28, 4), entry: (42, 2), entries: (44, 2), offset: (4, 4), size: (16, 4) };
const ELF64: Shape = Shape { table: (32, 8), entry: (54, 2), entries: (56, 2), offset: (8, 8), size: (32, 8) };

/// An ELF file, of which only the headers are read.
pub(super) struct Elf {
    header: Vec<u8>,
    is_big_endian: bool,
    shape: &'static Shape,
}

/// The loader that an ELF program names, or nothing for a static one and for what is no ELF program.
pub fn interpreter_of(host: &dyn Host, program: &Path) -> Option<PathBuf> {
    Elf::open(host, program)?.interpreter(host, program)
}

impl Elf {
    pub(super) fn open(host: &dyn Host, file: &Path) -> Option<Self> {
        let header = host.read_at(file, 0, 64)?;
        let (class, order) = (*header.get(4)?, *header.get(5)?);
        let shape = if class == 1 { &ELF32 } else { &ELF64 };
        header.starts_with(b"\x7fELF").then_some(Self { header, is_big_endian: order == 2, shape })
    }

    pub(super) fn interpreter(&self, host: &dyn Host, file: &Path) -> Option<PathBuf> {
        let [table, entry, entries] =
            [self.shape.table, self.shape.entry, self.shape.entries].map(|field| self.number(&self.header, field));
        let (table, entry) = (table?, usize::try_from(entry?).ok().filter(|size| *size >= 32)?);
        let most = entry * usize::try_from(entries?.min(MOST_HEADERS)).ok()?;
        let headers = host.read_at(file, table, most)?;
        let header = headers.chunks_exact(entry).find(|header| self.number(header, (0, 4)) == Some(PT_INTERP))?;
        let (start, size) = (self.number(header, self.shape.offset)?, self.number(header, self.shape.size)?);
        let name = host.read_at(file, start, usize::try_from(size.min(MOST_NAME)).ok()?)?;
        let name = name.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())?;
        Some(PathBuf::from(OsString::from_vec(name.to_vec())))
    }

    /// The machine that it is made for, when that is another one than this.
    pub(super) fn foreign_machine(&self) -> Option<&'static str> {
        let machine = self.machine()?;
        (machine != std::env::consts::ARCH && !(machine == "x86" && cfg!(target_arch = "x86_64"))).then_some(machine)
    }

    pub(super) fn is_32_bit(&self) -> bool {
        self.header.get(4) == Some(&1)
    }

    fn machine(&self) -> Option<&'static str> {
        Some(match self.number(&self.header, (18, 2))? {
            2 => "sparc",
            3 => "x86",
            8 => "mips",
            20 => "powerpc",
            21 => "powerpc64",
            22 => "s390x",
            40 => "arm",
            62 => "x86_64",
            183 => "aarch64",
            243 => "riscv64",
            247 => "bpf",
            258 => "loongarch64",
            _ => return None,
        })
    }

    fn number(&self, bytes: &[u8], (at, size): (usize, usize)) -> Option<u64> {
        let bytes = bytes.get(at..at + size)?;
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }
}
