use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn execve(host: &Elsewhere, program: &str, errno: Errno) -> String {
    hint_on(host, "execve", &[&format!("{program:?}"), "[]", "/* 0 vars */"], errno).unwrap_or_default()
}

/// The smallest ELF file that has one program header: the name of its loader.
fn elf(bits: u8, big_endian: bool, machine: u16, loader: &str) -> Vec<u8> {
    let number = |value: u64, size: usize| -> Vec<u8> {
        let value = u128::from(value);
        let little = value.to_le_bytes();
        let bytes = little[..size].iter().copied();
        if big_endian { bytes.rev().collect() } else { bytes.collect() }
    };
    let (word, header, entry): (usize, u64, u64) = if bits == 32 { (4, 52, 32) } else { (8, 64, 56) };
    let mut file = vec![0x7f, b'E', b'L', b'F', bits / 32, if big_endian { 2 } else { 1 }, 1];
    file.resize(16, 0);
    file.extend(
        [number(2, 2), number(machine.into(), 2), number(1, 4), number(0, word), number(header, word)].concat(),
    );
    file.extend([number(0, word), number(0, 4), number(header, 2), number(entry, 2), number(1, 2)].concat());
    file.resize(header as usize, 0);
    let (at, size) = (header + entry, loader.len() as u64 + 1);
    let sizes = [number(size, word), number(size, word)].concat();
    if bits == 32 {
        file.extend([number(3, 4), number(at, 4), number(0, 8), sizes].concat());
    } else {
        file.extend([number(3, 4), number(4, 4), number(at, 8), number(0, 16), sizes].concat());
    }
    file.resize(at as usize, 0);
    file.extend(loader.bytes().chain([0]));
    file
}

#[test]
fn a_missing_loader_is_named_whatever_the_elf_file_is_like() {
    for (bits, big_endian) in [(64, false), (64, true), (32, false), (32, true)] {
        let host = Elsewhere::ordinary().program("/bin/ls", elf(bits, big_endian, 62, "/lib/ld.so"));
        assert_eq!(
            execve(&host, "/bin/ls", ENOENT),
            "/bin/ls is there, but what runs it is not: /lib/ld.so is missing in this root; copy it there, with the \
             libraries it loads",
            "{bits} bits, big endian {big_endian}",
        );
    }
}

#[test]
fn the_chain_of_interpreters_is_followed_to_the_one_that_is_missing() {
    let host = Elsewhere::ordinary()
        .program("/bin/tool", "#! /bin/sh -e\n")
        .program("/bin/sh", elf(64, false, 62, "/lib64/ld-linux.so"));
    let hint = execve(&host, "/bin/tool", ENOENT);
    assert!(hint.starts_with("/bin/sh is there, but what runs it is not: /lib64/ld-linux.so"), "{hint}");
}

#[test]
fn a_script_from_windows_is_recognised() {
    let host = Elsewhere::ordinary().program("/bin/sh", "").program("/tool", "#!/bin/sh\r\necho\r\n");
    let hint = execve(&host, "/tool", ENOENT);
    assert!(hint.ends_with("`sed -i 's/\\r$//' /tool`"), "{hint}");
}

#[test]
fn a_link_to_nothing_and_a_name_of_nothing_are_told_apart() {
    let host = Elsewhere::ordinary().linked("/bin/vi", "/etc/alternatives/vi");
    assert!(execve(&host, "/bin/vi", ENOENT).contains("a link to /etc/alternatives/vi"));
    assert!(execve(&host, "/bin/ls", ENOENT).starts_with("this root has no /bin/ls"));
}

#[test]
fn each_way_to_be_denied_is_told() {
    let host = Elsewhere::ordinary()
        .with("/tool", "")
        .directory("/bin")
        .mounted("40 28 0:30 / /media rw,noexec - vfat /dev/sdb rw")
        .program("/media/tool", "")
        .with("/interpreter", "")
        .program("/script", "#!/interpreter\n");
    assert_eq!(execve(&host, "/tool", EACCES), "/tool is not executable; `chmod +x /tool`");
    assert_eq!(execve(&host, "/bin", EACCES), "/bin is a directory; name a program in it");
    assert!(execve(&host, "/media/tool", EACCES).contains("mount -o remount,exec /media"));
    assert!(execve(&host, "/script", EACCES).starts_with("/script is run by /interpreter"));
    assert!(execve(&host, "/hidden/tool", EACCES).contains("namei -l /hidden/tool"));
}

#[test]
fn what_is_no_program_is_told() {
    let s390 = elf(64, true, 22, "/lib/ld64.so.1");
    let host = Elsewhere::ordinary()
        .program("/empty", "")
        .program("/text", "echo hello\n")
        .program("/noise", [0, 1, 2, 255])
        .program("/other", s390);
    assert!(execve(&host, "/empty", ENOEXEC).contains("is empty"));
    assert!(execve(&host, "/text", ENOEXEC).contains("make `#!/bin/sh` its first line"));
    assert!(execve(&host, "/noise", ENOEXEC).contains("neither an ELF program nor a script"));
    assert!(execve(&host, "/other", ENOEXEC).contains("is made for s390x, and this machine is"));
}

#[test]
fn a_damaged_elf_file_is_no_reason_to_panic() {
    let whole = elf(64, false, 62, "/lib/ld.so");
    for length in 0..whole.len() {
        let host = Elsewhere::ordinary().program("/cut", &whole[..length]);
        let _ = execve(&host, "/cut", ENOENT);
        let _ = execve(&host, "/cut", ENOEXEC);
    }
    let mut wild = whole;
    wild[32..40].fill(0xff);
    let host = Elsewhere::ordinary().program("/wild", wild);
    assert_eq!(execve(&host, "/wild", ENOENT), "");
}
