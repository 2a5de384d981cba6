//! More layers than one page of options holds, and names that would break it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::harness::Room;

use super::{enter, enter_keeping, listening, upper};

/// So many layers, each with a file of its own and one that every layer has.
fn layers(room: &Room, count: usize, name: impl Fn(usize) -> PathBuf) -> Vec<PathBuf> {
    let layer = |number| {
        let layer = room.folder(name(number));
        fs::create_dir(layer.join("many")).unwrap();
        fs::write(layer.join(format!("many/{number}")), "").unwrap();
        fs::write(layer.join("which"), format!("{number}\n")).unwrap();
        layer
    };
    (0..count).map(layer).collect()
}

fn count_inside(room: &Room, layers: &[PathBuf]) -> String {
    let layers: Vec<_> = layers.iter().map(PathBuf::as_path).collect();
    enter_keeping(room, "box", &layers, "ls /many | wc -l; cat /which; echo above > /which; rm /many/0").ok()
}

#[test]
fn a_hundred_layers_and_three_hundred_are_one_root() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let all = layers(&room, 300, |number| format!("{number}").into());
    for count in [70, 100, 300] {
        assert_eq!(count_inside(&room, &all[..count]), format!("{count}\n{}\n", count - 1));
        assert_eq!(fs::read_to_string(upper(&room, "box").join("which")).unwrap(), "above\n");
        assert!(super::is_whiteout(&upper(&room, "box").join("many/0")));
        fs::remove_dir_all(upper(&room, "box")).unwrap();
    }
    assert_eq!(fs::read_to_string(all[299].join("which")).unwrap(), "299\n");
}

#[test]
fn long_paths_are_no_limit() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    // Too long for one option of fsconfig(2), which takes 255 bytes, and together for a page.
    let deep = ["x".repeat(200), "y".repeat(200), "z".repeat(200)].join("/");
    let all = layers(&room, 20, |number| format!("{deep}/{number}").into());
    assert_eq!(count_inside(&room, &all), "20\n19\n");
}

#[test]
fn no_name_is_too_odd() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let odd: [&[u8]; 14] = [
        b"a:b",
        b"a,b",
        b"a\\b",
        b"ends\\",
        b"a b",
        b"a\nb",
        b"a\tb",
        b"'a\"b'",
        b"\xff\xfe",
        "\u{e9}\u{4e16}".as_bytes(),
        b",upperdir=x",
        b":",
        b"-a",
        b"%2f\\072",
    ];
    let all = layers(&room, odd.len(), |number| PathBuf::from(OsStr::from_bytes(odd[number])));
    assert_eq!(count_inside(&room, &all), "14\n13\n");
    // Each by itself, as a layer and as the place of the state.
    for (number, name) in odd.iter().enumerate() {
        let state = room.path(OsStr::from_bytes(&[b"state-", *name].concat()));
        let words = [
            OsStr::new("--layer"),
            crate::harness::rootfs().as_os_str(),
            OsStr::new("--layer"),
            all[number].as_os_str(),
        ];
        let words = words.into_iter().chain([OsStr::new("--state"), state.as_os_str()]);
        let words = words.chain(["--", "sh", "-c", "cat /which; echo x > /new"].map(OsStr::new));
        assert_eq!(room.run("enter-overlay", words).ok(), format!("{number}\n"), "{name:?}");
        assert!(state.join("upper/new").is_file(), "{name:?}");
    }
}

#[test]
fn what_the_kernel_cannot_stack_is_refused_in_words() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    // With the root file system and the container's own layer, two more than the kernel takes.
    let all = layers(&room, 500, |number| format!("{number}").into());
    let all: Vec<_> = all.iter().map(PathBuf::as_path).collect();
    let said = enter(&room, &all, &[], "echo it ran").fails_with(125);
    assert!(said.contains("500") && said.len() < 400, "{said}");
    assert_eq!(enter(&room, &all[..498], &[], "cat /which").ok(), "497\n");
}

#[test]
fn a_page_of_options_and_one_by_one_show_the_same() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let all = layers(&room, 3, |number| format!("{number}").into());
    let comma = room.path("with,comma");
    fs::rename(&all[1], &comma).unwrap();
    let words = "ls /many | xargs; cat /which; stat -c '%a %u' /many /which | xargs; echo $(stat -f -c %T /)";
    let odd = enter(&room, &[&all[0], &comma, &all[2]], &[], words).ok();
    fs::rename(&comma, &all[1]).unwrap();
    let plain: Vec<&Path> = all.iter().map(PathBuf::as_path).collect();
    assert_eq!(enter(&room, &plain, &[], words).ok(), odd);
    assert!(odd.starts_with("0 1 2\n2\n") && odd.contains("overlayfs"), "{odd}");
    // However it was named, the kernel says where it is mounted, and of what kind it is.
    let mut running = listening(&room, &plain, &[]);
    assert_eq!(running.say("grep -c ' / / .* - overlay overlay ' /proc/self/mountinfo\n").line(), "1");
    assert_eq!(running.end().status(), 0);
}
