//! What `cargo fuzz` runs for hours with a nightly compiler, run for seconds with any: fixed seeds, random mutations.

#[path = "../../../fuzz/unpack_anything.rs"]
mod unpack_anything;

use std::cmp::Ordering;

use tar::{Builder, EntryType, Header};

const ROUNDS: u64 = 3000;
const THREADS: u64 = 4;

/// Names and targets that an attacker would try, and some that are harmless together with them.
const WORDS: [&str; 22] = [
    "a",
    "d",
    "d/file",
    "d/sub/x",
    "l",
    "l/secret",
    "..",
    "../outside",
    "../outside/secret",
    "/outside",
    "../../outside",
    ".",
    "./",
    ".wh.d",
    ".wh..",
    ".wh...",
    ".wh.",
    "d/.wh..wh..opq",
    ".wh..wh..opq",
    "l/.wh.secret",
    "d/../l",
    "l/../d",
];

/// The oldest trap: a link that leads out, and entries that go through it.
const OUT: [&str; 4] = ["..", "../outside", "../outside/sub", "../.."];
const THROUGH: [&str; 8] =
    ["l/secret", "l/x", "l/sub/x", "l/.wh.secret", "l/.wh..wh..opq", "l/outside/secret", "l/outside/new", "l"];

/// xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators".
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }
}

/// An archive of a few entries of any kind, with names from the list; every other one with a trap in it.
fn seed(random: &mut Random) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let trap = random.below(12);
    for at in 0..random.below(12) {
        let kind = b"0000111222235546SxLKgV"[random.below(22)];
        let (kind, name, target) = match at.cmp(&trap) {
            Ordering::Equal => (b'2', "l", random.one_of(&OUT)),
            Ordering::Greater => (kind, random.one_of(&THROUGH), random.one_of(&WORDS)),
            Ordering::Less => (kind, random.one_of(&WORDS), random.one_of(&WORDS)),
        };
        entry(random, &mut archive, kind, name, target);
    }
    archive.into_inner().unwrap()
}

fn entry(random: &mut Random, archive: &mut Builder<Vec<u8>>, kind: u8, name: &str, target: &str) {
    let records = format!("18 path={:<9}\n", random.one_of(&WORDS));
    let content = match kind {
        b'x' | b'g' if records.len() == 18 => records,
        b'L' | b'K' => format!("{}\0", random.one_of(&WORDS)),
        _ => "x".repeat(random.below(1200)),
    };
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::new(kind));
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_link_name_literal(target).unwrap();
    header.set_mode(random.next() as u32 & 0o7777);
    header.set_uid(random.next() % 3);
    header.set_gid(0);
    let stored = if b"0Sx7LKgV".contains(&kind) { content.as_bytes() } else { b"" };
    header.set_size(stored.len() as u64);
    if let (b'S', Some(sparse)) = (kind, header.as_gnu_mut()) {
        sparse.set_real_size(5000 + stored.len() as u64);
        sparse.sparse[0].set_offset(5000);
        sparse.sparse[0].set_length(stored.len() as u64);
    }
    header.set_cksum();
    archive.append(&header, stored).unwrap();
}

fn mutate(random: &mut Random, archive: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        let at = random.below(archive.len());
        let block = at / 512 * 512;
        match random.below(6) {
            0 => archive[at] = random.next() as u8,
            1 => archive[at] ^= 1 << random.below(8),
            2 => archive.truncate(at),
            3 => drop(archive.drain(block..(block + 512).min(archive.len()))),
            4 => {
                let copied = archive[block..(block + 512).min(archive.len())].to_vec();
                archive.splice(block..block, copied);
            }
            _ => {
                let word = random.one_of(&WORDS).as_bytes();
                let end = (block + word.len()).min(archive.len());
                archive[block..end].copy_from_slice(&word[..end - block]);
            }
        }
        if archive.is_empty() {
            return;
        }
    }
}

#[test]
fn no_archive_gets_out_or_leaves_half_a_layer() {
    // The same archives every time, unless somebody asks for others.
    let start = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || fuzz(start.wrapping_mul(THREADS).wrapping_add(thread), ROUNDS / THREADS));
        }
    });
}

fn fuzz(start: u64, rounds: u64) {
    let place = unpack_anything::Place::new();
    let mut random = Random(start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..rounds {
        let mut archive = seed(&mut random);
        if random.below(3) > 0 {
            mutate(&mut random, &mut archive);
        }
        let how = random.next() as u8 & 3 | if random.below(8) == 0 { 4 } else { 0 };
        archive.insert(0, how);
        place.unpack_anything(&archive);
    }
}
