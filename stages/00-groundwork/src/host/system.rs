//! Which kernel, which distribution, which machine around it.

use crate::host::Host;

impl dyn Host + '_ {
    /// The kernel's release, as uname(2) gives it.
    pub fn release(&self) -> String {
        self.sysctl("kernel.osrelease").unwrap_or_else(|| "unknown".to_owned())
    }

    /// True when the kernel is at least this old; true too when nobody can tell.
    pub fn is_kernel_at_least(&self, major: u32, minor: u32) -> bool {
        let release = self.release();
        let mut numbers = release.split(|letter: char| !letter.is_ascii_digit()).map_while(|part| part.parse().ok());
        let (Some(this), Some(that)) = (numbers.next(), numbers.next()) else { return true };
        (this, that) >= (major, minor)
    }

    /// 1 or 2 on the Windows Subsystem for Linux.
    pub fn wsl(&self) -> Option<u8> {
        let release = self.release();
        if release.contains("WSL2") || release.contains("microsoft-standard") {
            return Some(2);
        }
        release.ends_with("-Microsoft").then_some(1)
    }

    /// The container engine that this process is inside of, as far as it left a mark.
    pub fn container(&self) -> Option<String> {
        // The mark alone proves little: an image that was unpacked elsewhere has it too.
        if self.has("/.dockerenv") && self.mount_at("/etc/hosts".as_ref()).is_some() {
            return Some("docker".to_owned());
        }
        if self.has("/run/.containerenv") {
            return Some("podman".to_owned());
        }
        self.text("/run/systemd/container").filter(|engine| !engine.is_empty())
    }

    /// What the machine is, where that matters: WSL, a container, a virtual machine.
    pub fn surroundings(&self) -> Option<String> {
        let wsl = self.wsl().map(|version| format!("WSL {version}"));
        let container = || self.container().map(|engine| format!("inside {engine}"));
        wsl.or_else(container).or_else(|| self.is_virtual_machine().then(|| "virtual machine".to_owned()))
    }

    fn is_virtual_machine(&self) -> bool {
        let cpu = self.text("/proc/cpuinfo").unwrap_or_default();
        let flags = cpu.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
        flags.split_whitespace().any(|flag| flag == "hypervisor")
    }

    /// What the distribution calls itself.
    pub fn distribution(&self) -> String {
        self.os_release("PRETTY_NAME").unwrap_or_else(|| "unknown distribution".to_owned())
    }

    /// The command that installs a package, which may have another name elsewhere.
    pub fn install(&self, apt: &str, dnf: &str, apk: &str) -> String {
        let like = [self.os_release("ID"), self.os_release("ID_LIKE")].map(Option::unwrap_or_default).join(" ");
        let is = |names: &[&str]| like.split_whitespace().any(|word| names.contains(&word));
        if is(&["debian", "ubuntu"]) {
            format!("sudo apt-get install {apt}")
        } else if is(&["fedora", "rhel", "centos"]) {
            format!("sudo dnf install {dnf}")
        } else if is(&["alpine"]) {
            format!("doas apk add {apk}")
        } else {
            format!("install your distribution's package {dnf} (Debian calls it {apt})")
        }
    }

    /// One field of os-release(5), without its quotes.
    fn os_release(&self, field: &str) -> Option<String> {
        let text = self.text("/etc/os-release").or_else(|| self.text("/usr/lib/os-release"))?;
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix('='))?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    }
}
