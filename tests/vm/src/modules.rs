//! Which modules the machine needs, and in what order: each after those it depends on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

/// The disk and the lines to the host, and what the course uses. What a kernel has built in, it has no module for.
const WANTED: [&str; 9] =
    ["virtio_pci", "virtio_blk", "virtio_console", "overlay", "veth", "bridge", "loop", "fuse", "br_netfilter"];

/// The name of a module by its file's, and whether it is compressed.
pub(crate) fn named(file: &str) -> Option<(String, bool)> {
    let (stem, compressed) = match file.strip_suffix(".xz") {
        Some(stem) => (stem, true),
        None => (file, false),
    };
    // The kernel takes both for one.
    Some((stem.strip_suffix(".ko")?.replace('-', "_"), compressed))
}

/// The wanted ones and what they depend on, each after its own.
pub(crate) fn in_order(modules: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut order = Vec::new();
    for module in WANTED {
        follow(modules, module, &mut order);
    }
    order
}

fn follow(modules: &BTreeMap<String, Vec<u8>>, module: &str, order: &mut Vec<String>) {
    let Some(content) = modules.get(module) else { return };
    if order.iter().any(|known| known == module) {
        return;
    }
    for needed in depends(content) {
        follow(modules, &needed, order);
    }
    order.push(module.to_owned());
}

/// What the section .modinfo says: `depends=virtio_ring,virtio`.
fn depends(content: &[u8]) -> Vec<String> {
    const FIELD: &[u8] = b"\0depends=";
    let Some(start) = content.windows(FIELD.len()).position(|window| window == FIELD) else { return Vec::new() };
    let value = content[start + FIELD.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
    let names = value.split(|byte| *byte == b',').filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).replace('-', "_")).collect()
}

/// All modules below a folder, such as /lib/modules/RELEASE. Those that are compressed in a way we do not know are left.
pub(crate) fn below(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Some((name, false)) = named(&entry.file_name().to_string_lossy()) {
                found.insert(name, std::fs::read(entry.path())?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_comes_after_what_it_depends_on() {
        let module = |depends: &str| format!("\x7fELF\0license=GPL\0depends={depends}\0retpoline=Y\0").into_bytes();
        let modules = BTreeMap::from([
            ("virtio_pci".to_owned(), module("virtio,virtio-ring")),
            ("virtio_ring".to_owned(), module("virtio")),
            ("virtio".to_owned(), module("")),
            ("radio".to_owned(), module("")),
            ("virtio_blk".to_owned(), module("virtio_ring,virtio")),
        ]);
        assert_eq!(in_order(&modules), ["virtio", "virtio_ring", "virtio_pci", "virtio_blk"]);
        assert_eq!(named("virtio-rng.ko.xz"), Some(("virtio_rng".to_owned(), true)));
        assert_eq!(named("modules.dep"), None);
    }
}
