//! qemu, started with what was prepared. It ends with us, however we end: the lines between us are all that holds it.

use std::collections::VecDeque;
use std::fmt::{Display, Formatter};
use std::io::{BufRead, BufReader};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::io::FdFlags;

use super::programs::on_this_host;
use super::session::{Lines, Port};

/// How many lines of the console are kept, to be shown when the machine does not come up.
const KEPT: usize = 40;
/// How long qemu may take to end once its machine has.
const END: Duration = Duration::from_secs(2);

/// The processor that qemu plays. Without cmpxchg16b: qemu 7.2 emulates it with wrong flags, and Linux 6.12 crashes of that in
/// most of its starts. Without what moves bytes fast on real ones: qemu moves one after the other.
const EMULATED: &str = "max,cx16=off,-erms";

/// Where the processor is emulated, programs lie at the same addresses each time: what qemu has translated for one run of a
/// program is of use to the next, and twenty shells start in a third of the time.
const EMULATED_WORDS: &str = " norandmaps";

/// A panic ends the machine; the kernel's own words are for the console, of which we show the end. What it encrypts with, it
/// need not try each time, which emulated takes a second; and it need not protect itself from what a processor might guess, as
/// whatever is in the machine is a copy.
const KERNEL_WORDS: &str = "console=ttyS0 panic=-1 loglevel=4 random.trust_cpu=on cryptomgr.notests mitigations=off";

/// What the machine is made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) kernel: PathBuf,
    /// What it unpacks.
    pub(crate) archive: PathBuf,
    /// Files and swap. Without them, the machine lives in its first root.
    pub(crate) disks: Option<[PathBuf; 2]>,
    pub(crate) memory: String,
    pub(crate) processors: usize,
    pub(crate) accelerated: bool,
    /// The host's terminal is the machine's.
    pub(crate) terminal: bool,
}

/// It has ended by itself, with an emulated processor.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl Display for BrokenOff {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the emulated machine has broken off")
    }
}

/// A machine that runs.
pub(crate) struct Machine {
    qemu: Child,
    accelerated: bool,
    /// How to ask it for something.
    pub(crate) lines: Lines,
    console: Arc<Mutex<VecDeque<String>>>,
    /// How long it took to be ready.
    pub(crate) started_in: Duration,
}

/// qemu, or what to do to have it.
pub(crate) fn qemu() -> Result<PathBuf> {
    if std::env::consts::ARCH != "x86_64" {
        bail!(
            "this host is {}, and the machine's kernels are for x86_64\nhint: run the course on this host itself, or \
             in a virtual machine of yours",
            std::env::consts::ARCH
        );
    }
    let named = std::env::var_os("BOXWRIGHT_QEMU").map(PathBuf::from);
    named.map_or_else(|| on_this_host("qemu-system-x86_64"), |path| Some(path).filter(|path| path.is_file())).context(
        "there is no qemu-system-x86_64, which is the machine\nhint: install it: `apt install qemu-system-x86` on \
         Debian and Ubuntu, `dnf install qemu-system-x86-core` on Fedora, `pacman -S qemu-system-x86` on Arch, `brew \
         install qemu` on macOS",
    )
}

/// True when the processor helps: the device alone says nothing, as a host may have it without the processor's help.
pub(crate) fn is_accelerated() -> bool {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let helps = processors.split_whitespace().any(|flag| flag == "vmx" || flag == "svm");
    helps && std::fs::File::options().read(true).write(true).open("/dev/kvm").is_ok()
}

impl Machine {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(parts: &Parts) -> Result<Self> {
        let began = Instant::now();
        let mut command = Command::new(qemu()?);
        parts.describe(&mut command);
        let (console, held) = line(&mut command, "console")?;
        command.args(["-serial", "chardev:console"]);
        let mut held = vec![held];
        let mut line_to = |port: Port| -> Result<UnixStream> {
            let name = format!("{port:?}").to_lowercase();
            let (own, other) = line(&mut command, &name)?;
            let device = format!("virtserialport,bus=lines.0,nr={},chardev={name},name={name}", port as u32);
            command.args(["-device", &device]);
            held.push(other);
            Ok(own)
        };
        let (control, input) = (line_to(Port::Control)?, line_to(Port::Input)?);
        let lines = Lines { control, input, output: line_to(Port::Output)?, errors: line_to(Port::Errors)? };
        if !parts.terminal {
            command.stdin(Stdio::null()).stdout(Stdio::null());
        }
        let qemu = command.spawn().context("qemu-system-x86_64")?;
        drop(held);
        let (console, accelerated) = (listen(console), parts.accelerated);
        let mut machine = Self { qemu, accelerated, lines, console, started_in: Duration::ZERO };
        if let Err(error) = machine.lines.await_ready() {
            let _ = machine.qemu.wait();
            let error = anyhow!("{error:#}, and has not come up; its console:\n{}", machine.console());
            return Err(if accelerated { error } else { error.context(BrokenOff) });
        }
        machine.started_in = began.elapsed();
        Ok(machine)
    }

    /// The error, which is another one where the emulated machine has ended by itself.
    pub(crate) fn blamed(&mut self, error: anyhow::Error) -> anyhow::Error {
        let deadline = Instant::now() + END;
        // Its lines are closed a moment before it ends.
        while !self.accelerated && Instant::now() < deadline {
            if self.qemu.try_wait().is_ok_and(|ended| ended.is_some()) {
                return error.context(BrokenOff);
            }
            std::thread::sleep(END / 100);
        }
        error
    }

    /// What its console has shown last.
    pub(crate) fn console(&self) -> String {
        let lines = self.console.lock().unwrap_or_else(|failed| failed.into_inner());
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

impl Parts {
    fn describe(&self, command: &mut Command) {
        let accelerator = if self.accelerated { ["kvm", "host"] } else { ["tcg,thread=multi", EMULATED] };
        // q35: the interrupts of the older machine are found by a program in its tables, and emulated that takes two seconds.
        command.args(["-machine", "q35", "-accel", accelerator[0], "-cpu", accelerator[1], "-m", &self.memory]);
        command.args(["-smp", &self.processors.to_string()]);
        command.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none"]);
        command.arg("-kernel").arg(&self.kernel).arg("-initrd").arg(&self.archive);
        let disk = if self.disks.is_some() { " boxwright.disk" } else { "" };
        let words = if self.accelerated { "" } else { EMULATED_WORDS };
        command.arg("-append").arg(format!("{KERNEL_WORDS}{words}{disk}"));
        for disk in self.disks.iter().flatten() {
            // What is written is thrown away: qemu keeps it in a file without a name.
            let words = format!("file={},if=virtio,format=raw,snapshot=on,discard=unmap", disk.display());
            command.args(["-drive", &words]);
        }
        command.args(["-device", "virtio-serial-pci,id=lines,max_ports=8"]);
        if self.terminal {
            command.args(["-chardev", "stdio,id=terminal,signal=off"]);
            command.args(["-device", "virtconsole,bus=lines.0,nr=0,chardev=terminal"]);
        }
    }
}

/// A line to qemu, which inherits its end of it.
fn line(command: &mut Command, name: &str) -> Result<(UnixStream, OwnedFd)> {
    let (own, other) = UnixStream::pair()?;
    let other = OwnedFd::from(other);
    rustix::io::fcntl_setfd(&other, FdFlags::empty())?;
    command.args(["-chardev", &format!("socket,id={name},fd={}", other.as_raw_fd())]);
    Ok((own, other))
}

/// Keeps the last lines of the console.
fn listen(console: UnixStream) -> Arc<Mutex<VecDeque<String>>> {
    let kept = Arc::new(Mutex::new(VecDeque::new()));
    let keeps = Arc::clone(&kept);
    std::thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            let mut lines = keeps.lock().unwrap_or_else(|failed| failed.into_inner());
            lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            if lines.len() > KEPT {
                lines.pop_front();
            }
        }
    });
    kept
}
