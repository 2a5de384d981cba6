//! `refusal-1`: ENOENT of a program that is there.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::{Ran, Who};

pub(super) fn missing_interpreter(bench: &Bench, checks: &mut Checks) -> Judged {
    let [script, runs, first, second, last, link, target] =
        ["script", "interpreter", "first", "second", "last", "link", "target"]
            .map(|stem| format!("/work/{}", bench.nonce(stem)));
    bench.file(&script, &format!("#!{runs} -x\necho hello\n"))?;
    bench.file(&first, &format!("#!{second}\n"))?;
    bench.file(&second, &format!("#! {last}\n"))?;
    bench.shell(Who::Ordinary, &format!("chmod +x {script} {first} {second}; ln -s {target} {link}"))?;

    let ran = bench.run("unshare-uts", ["--", script.as_str()])?;
    let hint = hint(&ran);
    checks
        .check("of a script that is there, the hint names what runs it and is missing")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("{script} is there; what the kernel could not find is {runs}"))
        .mistake_if(hint.contains(&script) && !hint.contains(&runs), "no-such-file")
        .mistake_if(hint.is_empty(), "no-hint")
        .must(hint.contains(&runs))?;
    followed(bench, checks, &first, &last)?;
    linked(bench, checks, &link, &target)?;
    checks
        .check("the call is told with its argument and the kernel's answer")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("a hint is a guess; what was asked, and what was answered, is what somebody can look up")
        .also(ran.errors.contains(&format!("execve(\"{script}\"")) && ran.errors.contains("ENOENT"));
    Ok(())
}

fn followed(bench: &Bench, checks: &mut Checks, first: &str, last: &str) -> Judged {
    let ran = bench.run("unshare-uts", ["--", first])?;
    checks
        .check("an interpreter that is a script is followed to its own")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("{first} is run by a script that is there; what is missing is what runs that: {last}"))
        .mistake("first-only")
        .also(hint(&ran).contains(last));
    Ok(())
}

fn linked(bench: &Bench, checks: &mut Checks, link: &str, target: &str) -> Judged {
    let ran = bench.run("unshare-uts", ["--", link])?;
    checks
        .check("of a link that leads nowhere, the hint names where it leads")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("{link} is there, and leads to {target}: copying the link again would not help"))
        .mistake("link-blind")
        .also(hint(&ran).contains(target));
    let none = format!("/work/{}", bench.nonce("none"));
    let ran = bench.run("unshare-uts", ["--", none.as_str()])?;
    checks
        .check("of a file that is not there, the hint says that")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("nothing runs it, because there is nothing to run")
        .also(hint(&ran).contains(&none));
    Ok(())
}

fn hint(ran: &Ran) -> String {
    ran.errors.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default().to_owned()
}
