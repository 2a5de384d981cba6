//! `overlay-3`: what a container has changed, and deleted, as an archive.

use crate::bench::Bench;
use crate::checks::{Checks, Judged, Making, Stop};
use crate::doctor::first_missing;
use crate::outcome::Missing;
use crate::sandbox::Who;

use super::archive::{Entry, read};

/// What happens in the container whose changes are committed.
const CHANGES: &str = "rm /etc/gone; rm -r /etc/anew; mkdir /etc/anew; echo $0 >/etc/anew/new; echo $0 >/etc/made; \
                       echo 192.0.2.1 $0 >>/etc/hosts";

pub(super) fn commit(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("made");
    bench.shell(Who::Root, "mkdir -p old/etc/anew && echo old >old/etc/gone && echo old >old/etc/anew/old")?;
    let base = bench.shared_root();
    let layers = ["--layer", base, "--layer", "old", "--state", "box", "--", "sh", "-c", CHANGES, word.as_str()];
    let ran = bench.call(&bench.reference("enter-overlay"), layers).as_root().run()?;
    anyhow::Context::context(ran.went_well().then_some(()), ran.in_words())?;
    if !is_marked(bench, "/work/box/upper/etc/anew") {
        return Err(Stop::NotHere(no_marks()));
    }
    let ran = bench.call("commit-layer", ["box", "change.tar"]).as_root().run()?;
    let entries = read(bench.host().in_root("/work/change.tar"));
    let find = |name: &str| entries.iter().find(|entry| entry.name == name);
    let list: Vec<_> = entries.iter().map(|entry| format!("{} {}", entry.kind, entry.name)).collect();
    let list = format!("{}\nchange.tar has, each after the letter of its kind:\n{}", ran.in_words(), list.join("\n"));
    check_file(
        checks.check("a file that was made is in the archive").did(&ran.command).saw(&list),
        find("etc/made"),
        &word,
    )?;
    checks
        .check("a file that was deleted is a whiteout: an empty file named .wh.NAME")
        .did(&ran.command)
        .saw(&list)
        .worth(2)
        .means("overlayfs says it with a device 0:0, an archive with a name; one has to become the other")
        .mistake_if(find("etc/gone").is_some_and(|entry| entry.kind == '3'), "device-kept")
        .mistake_if(find("etc/gone").is_some_and(|entry| entry.kind == '0'), "empty-file")
        .mistake("left-out")
        .must(find("etc/.wh.gone").is_some_and(|entry| entry.kind == '0' && entry.content.is_empty()))?;
    checks.check("a directory that begins anew says so: .wh..wh..opq").did(&ran.command).saw(&list)
        .worth(2)
        .means("only an attribute of the directory says that nothing from below shows through, and no archive carries that")
        .mistake("no-opaque")
        .must(find("etc/anew/.wh..wh..opq").is_some_and(|entry| entry.content.is_empty()))?;
    checks
        .check("what belongs to the container stays with it")
        .did(&ran.command)
        .saw(&list)
        .means("/etc/hosts says who this container is: no other that is made of the layer must believe it")
        .mistake("takes-hosts")
        .also(find("etc/hosts").is_none());
    stacked_again(bench, checks, base, &word)?;
    let layers = ["--layer", base, "--state", "mine", "--", "sh", "-c", "rm /etc/passwd; echo $0 >/etc/made", &word];
    let entered = bench.call(&bench.reference("enter-overlay"), layers).run()?;
    if !entered.went_well() {
        // Root alone may stack layers on this host: then nobody else has anything to commit.
        let doctor = bench.call(&bench.reference("doctor"), ["--json", "overlayfs"]).run()?;
        anyhow::Context::context(first_missing(&doctor.output), entered.in_words())?;
        return Ok(());
    }
    let ran = bench.run("commit-layer", ["mine", "mine.tar"])?;
    let entries = read(bench.host().in_root("/work/mine.tar"));
    checks
        .check("an ordinary user can do it too")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("in a user namespace the attributes have other names; `found.is_opaque()` and its like know both")
        .also(entries.iter().any(|entry| entry.name == "etc/made" && entry.content.trim() == word));
    Ok(())
}

/// True when overlayfs could write on a directory that it begins anew.
fn is_marked(bench: &Bench, directory: &str) -> bool {
    let Some(directory) = bench.host().in_root(directory) else { return false };
    let has = |name: &&str| rustix::fs::fgetxattr(&directory, *name, &mut [0; 1]).is_ok();
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(has)
}

fn no_marks() -> Missing {
    Missing {
        why: "the sandbox works in memory, and a tmpfs keeps what overlayfs writes on directories for ordinary users \
              only since Linux 6.6"
            .to_owned(),
        remedy: "boot a newer kernel, or grade it as root".to_owned(),
    }
}

fn check_file(making: Making<'_>, entry: Option<&Entry>, word: &str) -> Judged {
    making
        .means("what the container has written is lost")
        .must(entry.is_some_and(|entry| entry.kind == '0' && entry.content.trim() == word))
}

fn stacked_again(bench: &Bench, checks: &mut Checks, base: &str, word: &str) -> Judged {
    let unpacked = bench.call(&bench.reference("unpack-layer"), ["change.tar", "change"]).as_root().run()?;
    let script = "cat /etc/made /etc/anew/*; ls /etc/gone";
    let layers = ["--layer", base, "--layer", "old", "--layer", "change", "--", "sh", "-c", script];
    let ran = bench.call(&bench.reference("enter-overlay"), layers).as_root().run()?;
    checks
        .check("unpacked and stacked again, the change is the same change")
        .did(format!("{}\n{}", unpacked.command, ran.command))
        .saw(format!("{}\n{}", unpacked.in_words(), ran.in_words()))
        .means("another container on these layers sees other files than the first one did")
        .also(ran.output.lines().eq([word, word]) && !ran.went_well());
    Ok(())
}
