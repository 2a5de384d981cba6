use super::*;
use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn overlay(host: &Elsewhere, options: &str, errno: Errno) -> String {
    let words = ["\"overlay\"", "\"/merged\"", "\"overlay\"", "0", &format!("{options:?}")];
    hint_on(host, "mount", &words, errno).unwrap_or_default()
}

fn host() -> Elsewhere {
    let directories = ["/l1", "/l2", "/upper", "/work", "/upper/work", "/merged"];
    directories.iter().fold(Elsewhere::rootless(), |host, path| host.directory(path))
}

#[test]
fn options_are_read_with_their_escapes() {
    let layers = Layers::of(r"lowerdir=/a\:b:/c,upperdir=/u\,v,workdir=/w,userxattr");
    assert_eq!(layers.lower, [Path::new("/a:b"), Path::new("/c")]);
    assert_eq!(layers.upper.as_deref(), Some(Path::new("/u,v")));
    assert_eq!(layers.work.as_deref(), Some(Path::new("/w")));
}

#[test]
fn the_layer_that_is_missing_is_named() {
    let hint = overlay(&host(), "lowerdir=/l1:/nowhere,upperdir=/upper,workdir=/work", ENOENT);
    assert!(hint.starts_with("there is no /nowhere"), "{hint}");
}

#[test]
fn options_longer_than_a_page_are_the_first_suspect() {
    let long = format!("lowerdir={}", "/l1:".repeat(1200));
    for errno in [ENOENT, EINVAL] {
        let hint = overlay(&host(), &long, errno);
        assert!(hint.contains("these are 4809 bytes"), "{hint}");
    }
}

#[test]
fn each_invalid_overlay_is_told_apart() {
    let tell = |host: &Elsewhere, options| overlay(host, options, EINVAL);
    let two_mounts = host().mounted("70 28 0:50 / /work rw - tmpfs t rw");
    let usual = "lowerdir=/l1,upperdir=/upper,workdir=/work";
    assert!(tell(&two_mounts, usual).contains("lie on two mounts"));
    assert!(tell(&host(), "lowerdir=/l1,upperdir=/upper,workdir=/upper/work").contains("one in the other"));
    assert!(tell(&host(), "lowerdir=/l1,upperdir=/upper").contains("needs a workdir"));
    assert!(tell(&host(), "lowerdir=/l1").contains("needs two lower ones"));
    let nested = host().mounted("71 28 0:51 / / rw - overlay overlay rw");
    assert!(tell(&nested, usual).contains("lies on overlay, which cannot carry an upper layer"));
    assert!(tell(&nested, "lowerdir=/l1:/l2").contains("stacks no third one"));
    assert!(tell(&host(), usual).contains("dmesg"));
}

#[test]
fn what_the_file_system_says_becomes_the_hint() {
    let tell = |words: &[&str], errno, said: &str| {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let host = host();
        hint(&Asked { name: "fsconfig", words: &words, errno, said: Some(said.to_owned()), host: &host }).unwrap()
    };
    let layer = ["3<anon_inode:[fscontext]>", "FSCONFIG_SET_STRING", "\"lowerdir+\"", "\"/l1\"", "0"];
    assert!(tell(&layer, EINVAL, "overlay: Unknown parameter 'lowerdir+'").contains("came with Linux 6.7"));
    assert!(tell(&layer, EINVAL, "overlay: too many lower directories, limit is 500").contains("at most 500"));
    let create = ["3<anon_inode:[fscontext]>", "FSCONFIG_CMD_CREATE", "NULL", "NULL", "0"];
    assert!(tell(&create, ELOOP, "").contains("named twice"));
    assert!(tell(&create, EBUSY, "").contains("another overlay uses"));
    assert!(tell(&create, EINVAL, "").contains("side by side on one mount"));
}
