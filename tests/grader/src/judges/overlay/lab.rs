//! `lab-archive-outside`: an archive that writes outside, and an unpacker that does not let it.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

pub(super) fn archive_outside(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("planted");
    let place = format!("/work/victim/{}", bench.nonce("file"));
    bench.shell(Who::Ordinary, "mkdir victim naive")?;
    let script = bench.lab("archive-outside.sh");
    let made = bench.call("/bin/sh", [script.as_str(), "/work/evil.tar", &place, &word]).run()?;
    let is_early = bench.host().in_root(&place).is_some();
    checks
        .check("the script makes an archive, and writes nothing else")
        .did(&made.command)
        .saw(format!("{}\n{place} is {}", made.in_words(), if is_early { "there" } else { "not there" }))
        .means("it is the archive that shall write there, on the machine of whoever unpacks it")
        .mistake_if(is_early, "writes-itself")
        .must(made.went_well() && !is_early && bench.host().in_root("/work/evil.tar").is_some())?;
    let naive = bench.lab("naive-unpack.sh");
    let ran = bench.call("/bin/sh", [naive.as_str(), "/work/evil.tar", "/work/naive"]).run()?;
    let inside = bench.shell(Who::Ordinary, "cd naive && find . -type f")?.output;
    let with_place = inside.contains(place.trim_start_matches('/'));
    checks
        .check("unpacked by one who believes it, it writes outside")
        .worth(3)
        .did(&ran.command)
        .saw(format!("{}\nbelow /work/naive there is\n{inside}", ran.in_words()))
        .means("the file is not where it was to be")
        .mistake_if(with_place, "slash-cut")
        .mistake_if(!inside.trim().is_empty(), "stays-inside")
        .must(bench.host().file(&place).is_some_and(|text| text.trim() == word))?;
    bench.shell(Who::Ordinary, &format!("rm {place}"))?;
    let ran = bench.run("unpack-layer", ["evil.tar", "ours"])?;
    checks
        .check("unpack-layer writes nothing outside")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the wall of exercise overlay-4 has a hole that nobody knew: please report it")
        .also(bench.host().in_root(&place).is_none());
    let own = bench.host().file(&format!("/work/ours{place}")).is_some_and(|text| text.trim() == word);
    checks
        .check("it refuses the archive, or puts the file below its directory")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the archive does not say what the naive one did")
        .also(!ran.went_well() || own);
    Ok(())
}
