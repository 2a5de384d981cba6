//! What answers the predictions of stage 00.

use crate::bench::Bench;
use crate::checks::Judged;
use crate::sandbox::Who;

pub(super) fn killed(bench: &Bench) -> Judged<(&'static str, String)> {
    let ran = bench.call("clone-into", ["--kinds", "uts", "--", "sh", "-c", "kill -9 $$"]).as_root().run()?;
    let option = match ran.status() {
        Some(9) => "nine",
        Some(137) => "sum",
        Some(125) => "ours",
        _ => return Err(anyhow::anyhow!("{}", ran.in_words()).into()),
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}

pub(super) fn shebang(bench: &Bench) -> Judged<(&'static str, String)> {
    let script = format!("/work/{}", bench.nonce("script"));
    bench.file(&script, "#!/no/such/interpreter\necho hello\n")?;
    bench.shell(Who::Ordinary, &format!("chmod +x {script}"))?;
    let ran = bench.run("unshare-uts", ["--", script.as_str()])?;
    let option = match ran.status() {
        Some(126) => "cannot-run",
        Some(127) => "not-there",
        Some(0) => "shell",
        _ => return Err(anyhow::anyhow!("{}", ran.in_words()).into()),
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}
