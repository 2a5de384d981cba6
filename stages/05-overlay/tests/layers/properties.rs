//! What is committed and unpacked again is what it was: for any tree that a container can leave behind.

use std::fs::{self, File};
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use groundwork::Kernel;
use nix::sys::stat::{Mode, SFlag, UtimensatFlags, mknod, utimensat};
use nix::sys::time::TimeSpec;
use overlay::{CommitOptions, UnpackOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rustix::fs::{XattrFlags, setxattr};

use crate::place::is_root;
use crate::tree::{Kind, Tree, tree};

/// One file of a tree, before it is known which directories there are.
#[derive(Clone, Debug)]
struct Wish {
    within: Index,
    name: String,
    kind: Wished,
    mode: u32,
    time: (i64, i64),
    owner: (u32, u32),
    attribute: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Wished {
    File(Vec<u8>),
    Hollow(u64),
    Directory { opaque: bool },
    Symlink(String),
    Link(Index),
    Fifo,
    Whiteout,
}

fn wish() -> impl Strategy<Value = Wish> {
    let name = prop_oneof![
        8 => "[a-d]{1,2}",
        2 => "[ -.0-~\u{e9}\n]{1,30}",
        1 => "[x-z]{101,255}",
    ]
    .prop_filter("not a file's name, or an instruction", |name| {
        !matches!(&name[..], "." | "..") && !name.starts_with(".wh.")
    });
    let kind = prop_oneof![
        4 => bytes(2000).prop_map(Wished::File),
        1 => (1_u64..1 << 20).prop_map(Wished::Hollow),
        4 => any::<bool>().prop_map(|opaque| Wished::Directory { opaque }),
        2 => "[a-z/.]{1,150}".prop_map(Wished::Symlink),
        2 => any::<Index>().prop_map(Wished::Link),
        1 => Just(Wished::Fifo),
        2 => Just(Wished::Whiteout),
    ];
    let time = (-10_000_000_000_i64..10_000_000_000, prop_oneof![Just(0), 0..1_000_000_000_i64]);
    let owner = (0..3_000_000_u32, 0..3_000_000_u32);
    let attribute = proptest::option::weighted(0.3, bytes(300));
    (any::<Index>(), name, kind, 0..0o10000_u32, time, owner, attribute).prop_map(
        |(within, name, kind, mode, time, owner, attribute)| Wish { within, name, kind, mode, time, owner, attribute },
    )
}

/// Any number of bytes, no two blocks of them alike. To choose each byte would take most of the time.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    };
    (0..most, any::<u32>())
        .prop_map(move |(length, mut state)| std::iter::from_fn(|| next(&mut state)).take(length).collect())
}

/// Makes what is wished for; a name that is taken stays what it is.
fn make(top: &Path, wishes: &[Wish]) {
    let mut directories = vec![top.to_owned()];
    let mut files: Vec<PathBuf> = Vec::new();
    let mut made = Vec::new();
    for wish in wishes {
        let path = wish.within.get(&directories).join(&wish.name);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match &wish.kind {
            Wished::Link(_) if files.is_empty() => continue,
            // Its owner and mode are those of its other name.
            Wished::Link(file) => {
                fs::hard_link(file.get(&files), &path).unwrap();
                continue;
            }
            kind => make_one(&path, kind),
        }
        match wish.kind {
            Wished::Directory { .. } => directories.push(path.clone()),
            Wished::Whiteout => continue,
            _ => files.push(path.clone()),
        }
        made.push((path, wish));
    }
    // The innermost last: a mode may close a directory, and every file in it changes its time.
    made.iter().rev().for_each(|(path, wish)| describe(path, wish));
}

fn make_one(path: &Path, kind: &Wished) {
    match kind {
        Wished::File(content) => fs::write(path, content).unwrap(),
        Wished::Hollow(size) => {
            let mut file = File::create(path).unwrap();
            file.seek(SeekFrom::Start(*size)).unwrap();
            file.write_all(b"end").unwrap();
        }
        Wished::Directory { opaque } => {
            fs::create_dir(path).unwrap();
            if *opaque {
                let name = if is_root() { "trusted.overlay.opaque" } else { "user.overlay.opaque" };
                setxattr(path, name, b"y", XattrFlags::empty()).unwrap();
            }
        }
        Wished::Symlink(text) => symlink(text, path).unwrap(),
        Wished::Fifo => nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap(),
        Wished::Whiteout => mknod(path, SFlag::S_IFCHR, Mode::empty(), 0).unwrap(),
        Wished::Link(_) => unreachable!(),
    }
}

fn describe(path: &Path, wish: &Wish) {
    if is_root() {
        lchown(path, Some(wish.owner.0), Some(wish.owner.1)).unwrap();
    }
    let is_symlink = matches!(wish.kind, Wished::Symlink(_));
    if let (Some(value), false) = (&wish.attribute, is_symlink || matches!(wish.kind, Wished::Fifo)) {
        setxattr(path, "user.any", value, XattrFlags::empty()).unwrap();
    }
    if !is_symlink {
        // What its owner cannot read cannot be committed, except by root.
        let readable = if matches!(wish.kind, Wished::Directory { .. }) { 0o700 } else { 0o400 };
        fs::set_permissions(path, fs::Permissions::from_mode(wish.mode | readable)).unwrap();
    }
    let time = TimeSpec::new(wish.time.0, wish.time.1);
    utimensat(nix::fcntl::AT_FDCWD, path, &time, &time, UtimensatFlags::NoFollowSymlink).unwrap();
}

/// Without what no layer carries: when an inode was changed, and whose a deletion is.
fn comparable(mut tree: Tree) -> Tree {
    tree.values_mut().for_each(|node| {
        node.forget_change();
        if node.kind == Kind::Character(0) {
            node.forget_times();
            node.owner = (0, 0);
        }
    });
    tree
}

fn committed(upper: &Path) -> Vec<u8> {
    let mut archive = Vec::new();
    overlay::commit(upper, &mut archive, &CommitOptions::default()).unwrap();
    archive
}

fn is_the_same_when_unpacked_again(wishes: &[Wish]) -> Result<(), TestCaseError> {
    let place = tempfile::tempdir().unwrap();
    let (upper, again) = (place.path().join("upper"), place.path().join("again"));
    fs::create_dir(&upper).unwrap();
    make(&upper, wishes);
    let archive = committed(&upper);
    is_an_archive_for_other_programs(&archive, &upper)?;
    let bytes = Cursor::new(archive.clone());
    let report = overlay::unpack(&Kernel::quiet(), bytes, &again, &UnpackOptions::default()).unwrap();
    prop_assert_eq!(report.left_out_count, 0);
    prop_assert_eq!(comparable(tree(&again)), comparable(tree(&upper)));
    // The same files give the same bytes.
    prop_assert!(committed(&again) == archive);
    Ok(())
}

fn is_an_archive_for_other_programs(archive: &[u8], upper: &Path) -> Result<(), TestCaseError> {
    let mut reader = tar::Archive::new(archive);
    let names: Vec<_> = reader.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned()).collect();
    prop_assert!(names.len() >= tree(upper).len());
    prop_assert_eq!(&names[0], Path::new("./"));
    Ok(())
}

proptest! {
    // Two tests of it, for two processors.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_commit_of_few_files_unpacked_is_what_was_committed(wishes in vec(wish(), 0..15)) {
        is_the_same_when_unpacked_again(&wishes)?;
    }

    #[test]
    fn a_commit_of_many_files_unpacked_is_what_was_committed(wishes in vec(wish(), 10..40)) {
        is_the_same_when_unpacked_again(&wishes)?;
    }
}
