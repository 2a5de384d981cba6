//! `lab-leaked-directory`: an open directory needs no path, and no mount.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::{Ran, Who};

const SECRET: &str = "/work/host/secret";
const LOG: &str = "/work/log";

pub(super) fn leaked_directory(bench: &Bench, checks: &mut Checks) -> Judged {
    let root = bench.root(Who::Root)?;
    bench.shell(Who::Root, &format!("mkdir host && mount -t proc none {root}/proc"))?;
    let chroot = format!("{} \"$@\"", bench.reference("enter-chroot"));
    let tried = attempt(bench, &chroot, &root);
    bench.shell(Who::Root, &format!("umount {root}/proc"))?;
    let (word, ran) = tried?;
    let open = bench.host().file(LOG);
    checks
        .check("from inside a chroot the file is read")
        .worth(3)
        .did(&ran.command)
        .saw(format!(
            "{}\nopen when the root was entered: {}",
            ran.in_words(),
            open.as_deref().unwrap_or("(it never was)")
        ))
        .means("what is in the file was not printed")
        .mistake_if(open.is_none(), "never-enters")
        .mistake_if(open.as_ref().is_some_and(|list| list.contains(&root)), "wrong-directory")
        .mistake("by-path")
        .must(ran.output.contains(&word))?;
    checks
        .check("a directory of the host was open")
        .did(&ran.command)
        .saw(open.as_deref().unwrap_or_default())
        .means("the file was reached in another way")
        .must(open.as_ref().is_some_and(|list| list.lines().any(|link| link.starts_with('/'))))?;
    let pivot = format!("{} \"$@\"", bench.reference("enter-pivot"));
    refused(bench, checks, &pivot, ("enter-pivot", &root))?;
    let boxwright = format!("{} run --rm \"$@\"", bench.reference("boxwright"));
    refused(bench, checks, &boxwright, ("boxwright run", bench.shared_root()))
}

fn refused(bench: &Bench, checks: &mut Checks, enter: &str, (name, root): (&str, &str)) -> Judged {
    let (word, ran) = attempt(bench, enter, root)?;
    checks
        .check(format!("from inside {name} it is not"))
        .did(format!("{}: {name}", ran.command))
        .saw(ran.in_words())
        .means("the program has inherited the directory: please report it")
        .also(!ran.output.contains(&word));
    Ok(())
}

/// Runs the script with a program that notes what is open, puts a word into the file, enters, and takes the file away.
fn attempt(bench: &Bench, enter: &str, root: &str) -> Judged<(String, Ran)> {
    let word = bench.nonce("secret");
    let files = "for link in /proc/$$/fd/*; do readlink $link; done";
    let wrapper = format!("#!/bin/sh\n{files} >{LOG}\necho {word} >{SECRET}\n{enter}\nrm {SECRET}\n");
    bench.shell(Who::Root, &format!("rm -f {LOG}; cat >enter <<'END'\n{wrapper}END\nchmod 755 enter"))?;
    let script = bench.lab("leaked-directory.sh");
    let ran = bench.call("/bin/sh", [script.as_str(), SECRET, "/work/enter", root]).as_root().run()?;
    Ok((word, ran))
}
