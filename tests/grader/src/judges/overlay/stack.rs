//! `overlay-1`: layers in one string of options.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::super::reach::reached;

/// More than one page of options names.
const MANY: usize = 70;

pub(super) fn stack(bench: &Bench, checks: &mut Checks) -> Judged {
    let (low, high, word) = (bench.nonce("low"), bench.nonce("high"), bench.nonce("here"));
    let made = format!(
        "mkdir -p low/etc high/etc && echo {low} >low/etc/both && echo {low} >low/etc/low && echo {high} >high/etc/both"
    );
    bench.shell(Who::Root, &made)?;
    let base = bench.shared_root();
    let script = "echo $0 >/etc/made; echo $0; read end";
    let layers = ["--layer", base, "--layer", "low", "--layer", "high", "--state", "box"];
    let command = ["--", "sh", "-c", script, &word];
    let mut running = bench.call("enter-overlay", layers.iter().chain(&command).copied()).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |words| {
        (words.contains("upperdir=") && words.contains("EINVAL")).then_some("no-work")
    })?;
    let root = inside.mounts_at("/").pop().unwrap_or_default();
    let seen = inside.file("/etc/both").unwrap_or_default();
    checks
        .check("of two layers with the same file, the upper one's is seen")
        .worth(2)
        .did(running.command())
        .saw(format!("{root}\nin /etc/both is {seen}"))
        .means("the layers lie the wrong way round: what one layer brings, the one below it takes back")
        .mistake_if(seen.trim() == low, "lowest-first")
        .must(root.contains(" overlay ") && seen.trim() == high)?;
    checks
        .check("what only a lower layer has is seen too")
        .did(running.command())
        .saw(&root)
        .means("a layer is missing from the stack")
        .also(inside.file("/etc/low").is_some_and(|text| text.trim() == low));
    let upper = bench.host().file("/work/box/upper/etc/made").unwrap_or_default();
    checks
        .check("what is written goes to the upper directory")
        .worth(2)
        .did(running.command())
        .saw(&root)
        .means("the kernel prepares writes in one directory, and keeps them in the other; they are exchanged")
        .mistake("exchanged")
        .must(upper.trim() == word)?;
    running.end();
    odd_names(bench, checks)?;
    many_layers(bench, checks)?;
    let ran = bench
        .call("enter-overlay", ["--layer", base, "--layer", "low", "--", "sh", "-c", "cat /etc/low; exit 7"])
        .who(Who::Ordinary)
        .run()?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("in a user namespace overlayfs needs an option of its own, which `extras_in_words` has")
        .also(ran.status() == Some(7) && ran.output.trim() == low);
    Ok(())
}

fn odd_names(bench: &Bench, checks: &mut Checks) -> Judged {
    let odd = bench.nonce("odd");
    bench.shell(Who::Root, &format!("mkdir -p 'a,b:c/etc' && echo {odd} >'a,b:c/etc/odd'"))?;
    let layers = ["--layer", bench.shared_root(), "--layer", "a,b:c", "--", "cat", "/etc/odd"];
    let ran = bench.call("enter-overlay", layers).as_root().run()?;
    checks
        .check("a layer may have any name")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("a comma ends an option, and a colon a layer: the kernel looked for other directories")
        .mistake("parted")
        .also(ran.output.trim() == odd);
    Ok(())
}

fn many_layers(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("lowest");
    let name = |number: usize| format!("many/{number:03}-{}", "x".repeat(60));
    let all: Vec<_> = (0..MANY).map(name).collect();
    bench.shell(
        Who::Root,
        &format!("mkdir -p {}; mkdir {}/etc; echo {word} >{}/etc/lowest", all.join(" "), all[0], all[0]),
    )?;
    let layers = all.iter().flat_map(|layer| ["--layer", layer.as_str()]);
    let base = ["--layer", bench.shared_root()];
    let command = ["--", "cat", "/etc/lowest"];
    let arguments: Vec<_> = base.into_iter().chain(layers).chain(command).collect();
    let mut ran = bench.call("enter-overlay", arguments).as_root().run()?;
    ran.command = format!("enter-overlay, with {MANY} layers more, -- cat /etc/lowest");
    checks
        .check("more layers than one page of options can name")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("mount(2) copies one page of options and cuts off what is longer, in the middle of a name")
        .mistake("cut-off")
        .also(ran.output.trim() == word);
    Ok(())
}
