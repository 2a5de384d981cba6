//! `overlay-4`: whatever an archive says, nothing is written outside.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::{Ran, Who};

use super::super::reach::is_same;
use super::archive::{Entry, directory, file, link, written};

pub(super) fn unpack(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("word");
    bench.file("/work/victim/secret", &word)?;
    bench.shell(Who::Root, "chmod 777 victim")?;
    honest_links(bench, checks, &word)?;
    way_out_by_link(bench, checks, &word)?;
    way_out_by_second_name(bench, checks)?;
    climbing_name(bench, checks, &word)?;
    honest_absolute_links(bench, checks, &word)?;
    mounted_on_the_way(bench, checks, &word)?;
    let entries = [directory("etc"), file("etc/word", &word)];
    let ran = unpacked(bench, "mine", &entries, Who::Ordinary)?;
    let found = bench.host().file("/work/mine/etc/word").unwrap_or_default();
    checks
        .check("an ordinary user can unpack too")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("nothing here needs a right that only root has")
        .also(ran.went_well() && found == word);
    Ok(())
}

/// Unpacks these into /work/NAME.
fn unpacked(bench: &Bench, name: &str, entries: &[Entry], who: Who) -> Judged<Ran> {
    bench.file(&format!("/work/{name}.tar"), &written(entries))?;
    bench.call("unpack-layer", ["--mine", &format!("{name}.tar"), name]).who(who).run()
}

fn honest_links(bench: &Bench, checks: &mut Checks, word: &str) -> Judged {
    let entries = [directory("usr"), directory("usr/lib"), link("lib", '2', "usr/lib"), file("lib/a", word)];
    let ran = unpacked(bench, "honest", &entries, Who::Root)?;
    let found = bench.host().file("/work/honest/usr/lib/a").unwrap_or_default();
    checks
        .check("an honest archive is unpacked, with a link to follow in it")
        .did(&ran.command)
        .saw(format!("the archive has lib -> usr/lib and lib/a\n{}", ran.in_words()))
        .means("every distribution has such links in its images; whoever refuses them can unpack none")
        .mistake("refuses-links")
        .must(found == word)
}

fn way_out_by_link(bench: &Bench, checks: &mut Checks, word: &str) -> Judged {
    let entries = [link("out", '2', "/work/victim"), file("out/planted", word)];
    let ran = unpacked(bench, "linked", &entries, Who::Root)?;
    let planted = bench.host().file("/work/victim/planted");
    checks
        .check("no symbolic link in the archive leads out")
        .worth(2)
        .did(&ran.command)
        .saw(format!(
            "the archive has out -> /work/victim and out/planted; /work/victim/planted is {}\n{}",
            if planted.is_none() { "not there" } else { "there" },
            ran.in_words()
        ))
        .means("whoever made the archive can write any file that you can write")
        .mistake("follows-out")
        .must(planted.is_none())
}

fn way_out_by_second_name(bench: &Bench, checks: &mut Checks) -> Judged {
    let entries = [directory("etc"), link("etc/second", '1', "/work/victim/secret")];
    let ran = unpacked(bench, "second", &entries, Who::Root)?;
    let is_out = is_same((bench.host(), "/work/second/etc/second"), (bench.host(), "/work/victim/secret"));
    checks
        .check("no hard link in the archive names a file outside")
        .worth(2)
        .did(&ran.command)
        .saw(format!(
            "the archive has etc/second, a second name for /work/victim/secret; it {} that file\n{}",
            if is_out { "is" } else { "is not" },
            ran.in_words()
        ))
        .means("a file of the host is part of the layer now: who writes to one writes to the other")
        .mistake("links-out")
        .must(!is_out)
}

fn climbing_name(bench: &Bench, checks: &mut Checks, word: &str) -> Judged {
    let ran = unpacked(bench, "climber", &[directory("etc"), file("etc/../../planted", word)], Who::Root)?;
    let planted = bench.host().file("/work/planted");
    checks
        .check("an archive with \"..\" in a name is refused")
        .did(&ran.command)
        .saw(format!("the archive has etc/../../planted\n{}", ran.in_words()))
        .means("what such a name means depends on links, and nobody honest needs one")
        .mistake("climbs")
        .must(planted.is_none() && !ran.went_well() && bench.host().in_root("/work/climber/planted").is_none())
}

fn honest_absolute_links(bench: &Bench, checks: &mut Checks, word: &str) -> Judged {
    let entries = [
        directory("usr"),
        directory("usr/lib"),
        link("lib", '2', "/usr/lib"),
        file("lib/a", word),
        link("usr/b", '1', "usr/lib/a"),
    ];
    let ran = unpacked(bench, "absolute", &entries, Who::Root)?;
    let host = bench.host();
    let found = host.file("/work/absolute/usr/lib/a").unwrap_or_default();
    checks
        .check("an absolute link is followed, and means the root of the layer")
        .did(&ran.command)
        .saw(format!("the archive has lib -> /usr/lib and lib/a\n{}", ran.in_words()))
        .means("to a program inside, \"/\" is the root of the layer: that is where such a link leads")
        .mistake("beneath-only")
        .must(found == word)?;
    checks
        .check("a second name of a file in the layer is the same file")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the layer takes twice the room, and a change of one name is not seen by the other")
        .also(is_same((host, "/work/absolute/usr/b"), (host, "/work/absolute/usr/lib/a")));
    Ok(())
}

fn mounted_on_the_way(bench: &Bench, checks: &mut Checks, word: &str) -> Judged {
    let (entries, place) = ([directory("etc"), file("etc/mounted", word)], "/work/crossed/etc");
    bench.shell(Who::Root, &format!("mkdir -p {place} && mount --bind /work/victim {place}"))?;
    let is_mounted = !bench.host().mounts_at(place).is_empty();
    let ran = unpacked(bench, "crossed", &entries, Who::Root);
    bench.shell(Who::Root, &format!("umount {place}"))?;
    if !is_mounted {
        return Err(anyhow::anyhow!("nothing could be mounted at {place}").into());
    }
    let (ran, written) = (ran?, bench.host().file("/work/victim/mounted"));
    checks
        .check("nothing is written to a file system that is mounted in the layer")
        .did(&ran.command)
        .saw(format!(
            "/work/victim is mounted at {place}, and the archive has etc/mounted; /work/victim/mounted is {}\n{}",
            if written.is_none() { "not there" } else { "there" },
            ran.in_words()
        ))
        .means("the layer lacks a file that went somewhere else, to whatever happened to be mounted there")
        .mistake("crosses-mounts")
        .also(written.is_none() && !ran.went_well());
    Ok(())
}
