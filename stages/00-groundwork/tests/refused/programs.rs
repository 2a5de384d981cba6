//! Programs that cannot be run.

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;

use crate::{Case, change, directories, execve, file, tmpfs};

pub(crate) const CASES: &[Case] = &[
    ("a_program_whose_interpreter_is_missing", "what runs it is not: /none is missing", |kernel| {
        script(kernel, "#!/none\n")
    }),
    ("a_script_from_windows", "sed -i 's/\\r$//'", |kernel| script(kernel, "#!/bin/sh\r\n")),
    ("a_script_without_a_first_line", "make `#!/bin/sh` its first line", |kernel| script(kernel, "echo\n")),
    ("an_empty_program", "is empty", |kernel| script(kernel, "")),
    ("a_program_that_is_not_there", "this root has no /tmp/none", |kernel| execve(kernel, Path::new("/tmp/none"))),
    ("a_directory_run_as_a_program", "is a directory", |kernel| execve(kernel, Path::new("/tmp"))),
    ("a_program_that_is_not_executable", "chmod +x /tmp/file", |kernel| execve(kernel, &file("file", "", 0o644)?)),
    ("a_program_on_a_noexec_mount", "mounted noexec", on_a_noexec_mount),
    ("a_program_for_another_machine", "is made for s390x", for_another_machine),
    ("a_link_to_nothing", "is a link to /tmp/none", |kernel| {
        std::os::unix::fs::symlink("/tmp/none", "/tmp/link")?;
        execve(kernel, Path::new("/tmp/link"))
    }),
    ("a_program_below_a_file", "namei /tmp/file/program", |kernel| {
        file("file", "", 0o644)?;
        execve(kernel, Path::new("/tmp/file/program"))
    }),
];

fn script(kernel: &Kernel, content: &str) -> Result<()> {
    execve(kernel, &file("script", content, 0o755)?)
}

fn on_a_noexec_mount(kernel: &Kernel) -> Result<()> {
    directories(&["noexec"])?;
    tmpfs(kernel, "/tmp/noexec")?;
    change(kernel, "/tmp/noexec", MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOEXEC)?;
    execve(kernel, &file("noexec/program", "#!/bin/sh\n", 0o755)?)
}

/// The beginning of a big-endian ELF file for IBM's mainframes.
fn for_another_machine(kernel: &Kernel) -> Result<()> {
    let mut header = [0_u8; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x02\x01");
    header[16..20].copy_from_slice(&[0, 2, 0, 22]);
    let path = file("foreign", "", 0o755)?;
    std::fs::write(&path, header)?;
    execve(kernel, &path)
}
