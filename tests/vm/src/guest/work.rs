//! What the host asks for: one command after the other.

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{WaitOptions, wait};

use super::{cgroups, ports, root};
use crate::session::{Port, Request, end_mark};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Lines {
    output: PipeWriter,
    errors: PipeWriter,
    input: Option<File>,
}

/// Says that the machine is ready, and does what it is told until nobody is there any more.
pub(super) fn serve() -> Result<Infallible> {
    let control = ports::open(Port::Control)?;
    let (from_command, output) = pipe()?;
    ports::pass_out(from_command, ports::open(Port::Output)?);
    let (from_command, errors) = pipe()?;
    ports::pass_out(from_command, ports::open(Port::Errors)?);
    let mut lines = Lines { output, errors, input: Some(ports::open(Port::Input)?) };
    writeln!(&control, "ready")?;
    let mut requests = BufReader::new(ports::Attentive(control.try_clone()?)).lines();
    loop {
        let Some(line) = requests.next() else { bail!("the host is gone") };
        let request: Request = serde_json::from_str(&line?).context("what the host asks for")?;
        let status = match lines.run(&request, &control) {
            Ok(status) => status,
            Err(error) => {
                let _ = writeln!(lines.errors, "vm: {error:#}");
                127
            }
        };
        let mark = end_mark(&request.word);
        lines.output.write_all(mark.as_bytes())?;
        lines.errors.write_all(mark.as_bytes())?;
        writeln!(&control, "{status}")?;
    }
}

impl Lines {
    fn run(&mut self, request: &Request, control: &File) -> Result<i32> {
        let mut command = self.command(request)?;
        // Born there, with everybody whom it will start. Ourselves are better off at the top: nobody limits us.
        cgroups::enter(&cgroups::place(request.user))?;
        let started = command.spawn();
        cgroups::enter(std::path::Path::new("/sys/fs/cgroup"))?;
        let mut child = started.with_context(|| request.command[0].clone())?;
        if let (Some(to), Some(port)) = (child.stdin.take(), self.input.take_if(|_| request.input)) {
            ports::pass_in(port, to);
        }
        watch_host(control)?;
        // Those who have lost their parent are ours too.
        loop {
            match wait(WaitOptions::empty())? {
                Some((pid, status)) if pid.as_raw_nonzero().get().cast_unsigned() == child.id() => {
                    let signal = || 128 + status.terminating_signal().unwrap_or_default();
                    return Ok(status.exit_status().unwrap_or_else(signal));
                }
                _ => {}
            }
        }
    }

    fn command(&self, request: &Request) -> Result<Command> {
        let (first, rest) = request.command.split_first().context("nothing to run")?;
        // In a session of its own: the first process has none, and a signal for the group 0 is one for the sender's.
        let mut command = Command::new("setsid");
        if let Some(terminal) = &request.terminal {
            let path = "/dev/hvc0";
            root::await_file(path)?;
            let device = File::options().read(true).write(true).open(path)?;
            let size = rustix::termios::Winsize { ws_row: terminal.0, ws_col: terminal.1, ws_xpixel: 0, ws_ypixel: 0 };
            rustix::termios::tcsetwinsize(&device, size)?;
            std::os::unix::fs::chown(path, Some(if request.user { 1000 } else { 0 }), Some(5))?;
            command.arg("--ctty").stdin(device.try_clone()?).stdout(device.try_clone()?).stderr(device);
        } else {
            command.stdout(self.output.try_clone()?).stderr(self.errors.try_clone()?);
            command.stdin(if request.input && self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        }
        command.arg(first).args(rest).env_clear().env("PATH", PATH).current_dir(&request.folder);
        let (user, home) = if request.user { ("learner", "/home/learner") } else { ("root", "/root") };
        command.envs([("HOME", home), ("USER", user), ("LOGNAME", user), ("SHELL", "/bin/sh"), ("LC_ALL", "C.UTF-8")]);
        command.envs(&request.environment);
        if request.user {
            command.env("XDG_RUNTIME_DIR", "/run/user/1000").uid(1000).gid(1000);
        }
        Ok(command)
    }
}

/// When the host goes away in the middle, the machine goes too. The host says nothing before the command has ended.
fn watch_host(control: &File) -> Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    static WATCHED: std::sync::Once = std::sync::Once::new();
    let control = control.try_clone()?;
    WATCHED.call_once(|| {
        std::thread::spawn(move || {
            loop {
                let mut lines = [PollFd::new(&control, PollFlags::empty())];
                let answered = poll(&mut lines, Some(&ports::PAUSE));
                if answered.is_ok() && lines[0].revents().contains(PollFlags::HUP) {
                    let _ = rustix::system::reboot(rustix::system::RebootCommand::PowerOff);
                }
            }
        });
    });
    Ok(())
}
