//! Who has an id on this host.
//!
//! The C library's getpwuid(3) loads whatever nsswitch.conf(5) names as shared objects, and a static program has no place for
//! them: it crashes. So the file is read here, and what lies elsewhere (LDAP, systemd's accounts) is left to getent(1).

use std::process::{Command, Stdio};

use nix::unistd::Uid;

/// The name of a user, as passwd(5) has it, or getent(1) knows it from elsewhere.
pub fn user_name(id: Uid) -> Option<String> {
    let text = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&text, id).or_else(|| name_elsewhere(id))
}

fn name_elsewhere(id: Uid) -> Option<String> {
    let mut command = Command::new("getent");
    let answer = command.args(["passwd", &id.to_string()]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    name_in(&String::from_utf8(answer.stdout).ok()?, id)
}

fn name_in(passwd: &str, id: Uid) -> Option<String> {
    let name = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(id.as_raw())).then(|| name.to_owned())
    };
    passwd.lines().find_map(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_an_id_is_its_name() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n\nbroken\n+\nmary:x:1000:1000::/home/mary:/bin/sh\ntwin:x:1000:5::/:\n";
        assert_eq!(name_in(passwd, Uid::from_raw(1000)).as_deref(), Some("mary"));
        assert_eq!(name_in(passwd, Uid::from_raw(5)), None);
    }

    #[test]
    fn an_id_that_nobody_has_is_looked_for_without_harm() {
        assert_eq!(user_name(Uid::from_raw(4_000_000_001)), None);
    }
}
