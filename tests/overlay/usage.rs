//! Sizes: what is held, what is seen, and what is shared.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::Room;

use super::{enter_keeping, upper};

/// Files, length of files and links, and room on disk, counted here and now, each inode once.
fn counted(top: &Path) -> (u64, u64, u64) {
    let (mut known, mut waiting, mut sums) = (BTreeSet::new(), vec![top.to_owned()], (0, 0, 0));
    while let Some(path) = waiting.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if known.insert((about.dev(), about.ino())) {
            let length = if about.is_file() || about.is_symlink() { about.len() } else { 0 };
            sums = (sums.0 + 1, sums.1 + length, sums.2 + about.blocks() * 512);
        }
    }
    sums
}

fn numbers(sizes: &Value) -> (u64, u64, u64) {
    let number = |name: &str| sizes[name].as_u64().unwrap_or_else(|| panic!("{name} is missing in {sizes}"));
    (number("files"), number("size"), number("disk"))
}

fn measured(room: &Room, words: &[&Path]) -> Value {
    let told = room.run("layer-usage", [Path::new("--json")].iter().chain(words)).ok();
    serde_json::from_str(&told).unwrap()
}

/// Two layers: files of known lengths, two names of one file, a hole, a link.
fn layers(room: &Room) -> [std::path::PathBuf; 2] {
    let (base, app) = (room.folder("base"), room.folder("app"));
    fs::create_dir_all(base.join("d")).unwrap();
    for (file, length) in [("d/large", 100_000), ("d/small", 1), ("covered", 20_000)] {
        fs::write(base.join(file), vec![b'x'; length]).unwrap();
    }
    fs::hard_link(base.join("d/large"), base.join("twin")).unwrap();
    fs::File::create(base.join("hollow")).unwrap().set_len(3 << 20).unwrap();
    std::os::unix::fs::symlink("d/large", base.join("link")).unwrap();
    fs::write(app.join("covered"), "of the application").unwrap();
    fs::write(app.join("added"), vec![b'y'; 50_000]).unwrap();
    [base, app]
}

#[test]
fn what_layers_hold_is_what_is_counted_and_what_du_says() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layers = layers(&room);
    let told = measured(&room, &[&layers[0], &layers[1]]);
    for (at, layer) in layers.iter().enumerate() {
        let held = numbers(&told["image"]["layers"][at]["held"]);
        assert_eq!(held, counted(layer));
        let du = room.run("/usr/bin/du", ["-s", "-B1", layer.to_str().unwrap()]).ok();
        assert_eq!(du.split_whitespace().next().unwrap(), held.2.to_string());
    }
    assert_eq!(
        numbers(&told["image"]["layers"][0]["held"]).1,
        100_000 + 1 + 20_000 + (3 << 20) + "d/large".len() as u64
    );
}

#[test]
fn virtual_size_is_what_a_container_sees() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layers = layers(&room);
    let [base, app] = layers.each_ref().map(std::path::PathBuf::as_path);
    let words = "head -c 7000 /dev/zero > /own; rm /added; echo more >> /d/small; rm /link; \
                 find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path '/dev/*' -printf '%D:%i %y %s\\n' | sort -u | \
                 awk '$2 ~ /[fl]/ { sum += $3 } END { print NR, sum }'";
    let seen = enter_keeping(&room, "box", &[base, app], words).ok();
    let seen: Vec<u64> = seen.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let (files, inside) = (seen[0], seen[1]);
    let (root, state) = (crate::harness::rootfs(), room.path("box"));
    let told = measured(&room, &[root, base, app, Path::new("--state"), &state]);
    let usage = &told["containers"][0]["usage"];
    let own = usage["layers"].as_array().unwrap().last().unwrap();
    assert_eq!(numbers(&own["held"]), counted(&upper(&room, "box")));
    assert_eq!(numbers(&own["held"]).1, 7000 + 1 + "more\n".len() as u64);
    assert_eq!((numbers(&usage["seen"]).0, numbers(&usage["seen"]).1), (files, inside));
    // What was deleted and covered is held below, and not seen.
    let held: u64 = usage["layers"].as_array().unwrap().iter().map(|layer| numbers(&layer["held"]).1).sum();
    assert_eq!(held - inside, 50_000 + 20_000 + 1 + "d/large".len() as u64);
}

#[test]
fn shared_layers_are_counted_once() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layers = layers(&room);
    let [base, app] = layers.each_ref().map(std::path::PathBuf::as_path);
    for (state, length) in [("one", 1000), ("two", 2000), ("three", 3000)] {
        enter_keeping(&room, state, &[base, app], &format!("head -c {length} /dev/zero > /own")).ok();
    }
    let states = ["one", "two", "three"].map(|state| room.path(state));
    let mut words = vec![base, app];
    words.extend(states.iter().flat_map(|state| [Path::new("--state"), state.as_path()]));
    let told = measured(&room, &words);
    let image = numbers(&told["image"]["seen"]).1;
    for (at, length) in [1000, 2000, 3000].into_iter().enumerate() {
        let usage = &told["containers"][at]["usage"];
        let layers: Vec<_> =
            usage["layers"].as_array().unwrap().iter().map(|layer| numbers(&layer["held"]).1).collect();
        assert_eq!(layers.last(), Some(&length));
        let init = layers[layers.len() - 2];
        assert_eq!(numbers(&usage["seen"]).1, image + init + length);
    }
    let text = room.run("layer-usage", &words).ok();
    let held: u64 = [base, app].iter().map(|layer| counted(layer).2).sum();
    let line = text.lines().last().unwrap();
    assert!(line.contains("stored once for 3 containers"), "{text}");
    let kib = |bytes: u64| format!("{}", bytes / 1024);
    assert!(line.starts_with(&kib(held)) && line.contains(&format!("would take {}", kib(held * 3))), "{held}: {text}");
}
