//! Where strace and a narration spell one thing in two ways. Each rule with its reason; there are no others.

use super::call::{Call, outside_quotes};

/// A call as strace has seen it, in the common spelling; nothing for one that never came back.
pub fn made(call: Call) -> Option<Call> {
    let Call { name, mut arguments, answer } = call;
    let answer = answer.filter(|answer| !answer.starts_with('?'))?;
    // The door asks again when a signal has come in between, and tells the answer.
    if answer.starts_with("-1 EINTR") {
        return None;
    }
    // A thread is no process: the one that decompresses shares all that its program has, and makes no call of the story.
    if name.starts_with("clone") && arguments.iter().any(|argument| argument.contains("CLONE_THREAD")) {
        return None;
    }
    for argument in &mut arguments {
        // strace -y says where "here" is.
        if argument.starts_with("AT_FDCWD<") {
            *argument = "AT_FDCWD".to_owned();
        }
    }
    let (name, mut arguments) = in_telling_form(name, arguments);
    if let ("clone3", Some(request)) = (name.as_str(), arguments.first_mut()) {
        *request = request_of_clone3(request);
    }
    if let ("sendmsg" | "recvmsg", Some(message)) = (name.as_str(), arguments.get_mut(1)) {
        *message = message_in_short(message);
    }
    // strace adds the date in words.
    if let ("utimensat", Some(times)) = (name.as_str(), arguments.get_mut(2)) {
        *times = without_remarks(times);
    }
    // The environment is told by its size; where it lies in memory differs from run to run.
    if let ("execve", Some(environment)) = (name.as_str(), arguments.get_mut(2)) {
        *environment = environment.split_once(' ').map_or("", |(_, size)| size).to_owned();
    }
    // A call that has succeeded in making another program of its caller has nobody left who could tell it.
    let answer = (name != "execve" || answer != "0").then_some(answer);
    Some(common(Call { name, arguments, answer }))
}

/// The C library makes some calls in the form of another.
fn in_telling_form(name: String, mut arguments: Vec<String>) -> (String, Vec<String>) {
    // fork(3) is a clone(2) that also tells the child its number.
    if name == "clone" && arguments.iter().any(|argument| argument.contains("CLONE_CHILD_SETTID")) {
        return ("fork".to_owned(), Vec::new());
    }
    // mknod(3) is an mknodat(2) from here.
    if name == "mknodat" && arguments.first().is_some_and(|first| first == "AT_FDCWD") {
        arguments.remove(0);
        return ("mknod".to_owned(), arguments);
    }
    // ioctl_tty(2) writes the flags by name; strace 6.1 writes the number.
    if name == "ioctl" && arguments.get(1).is_some_and(|request| request == "TIOCGPTPEER") {
        arguments[2] = "O_RDWR|O_NOCTTY|O_CLOEXEC".to_owned();
    }
    (name, arguments)
}

/// Without what the kernel only writes to, and without the stack that a child with its own memory does not need.
fn request_of_clone3(request: &str) -> String {
    let given = request.split(" => ").next().unwrap_or_default();
    let fields = given.trim_matches(['{', '}']).split(", ");
    let is_said = |field: &&str| !["pidfd=", "stack=", "stack_size="].iter().any(|name| field.starts_with(name));
    format!("{{{}}}", fields.filter(is_said).collect::<Vec<_>>().join(", "))
}

/// Without what stands between `/*` and `*/`, and the space before it.
fn without_remarks(text: &str) -> String {
    let mut parts = text.split(" /*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("*/").map_or("", |(_, rest)| rest))
}

/// A message is told by its words and the descriptors with them.
fn message_in_short(message: &str) -> String {
    let field = |name: &str, end: &str| Some(message.split_once(name)?.1.split_once(end)?.0.to_owned());
    let words = field("iov_base=", ", iov_len=").unwrap_or_default();
    let rights = field("cmsg_data=[", "]}").map(|data| format!(", {{cmsg_type=SCM_RIGHTS, cmsg_data=[{data}]}}"));
    format!("{{{words}{}}}", rights.unwrap_or_default())
}

/// Calls as they were told, in the common spelling.
pub fn told(calls: Vec<Call>) -> Vec<Call> {
    let mut told = Vec::<Call>::new();
    for call in calls.into_iter().map(common) {
        // execve(2) is announced, because it cannot be told afterwards; when it fails it can.
        let is_announced =
            |last: &Call| last.answer.is_none() && last.name == call.name && last.arguments == call.arguments;
        if told.last().is_some_and(is_announced) {
            told.pop();
        }
        told.push(call);
    }
    told
}

/// What may be spelled in two ways on either side.
fn common(call: Call) -> Call {
    let Call { name, mut arguments, answer } = call;
    for argument in &mut arguments {
        *argument = with_flags_in_order(argument);
    }
    // Signals in a set have no order.
    if name == "rt_sigprocmask"
        && let Some(set) = arguments.get_mut(1)
    {
        let mut signals: Vec<_> = set.trim_matches(['[', ']']).split(' ').collect();
        signals.sort_unstable();
        *set = format!("[{}]", signals.join(" "));
    }
    // Only one of the two says what is behind these descriptors.
    if name == "dup2" {
        arguments.truncate(2);
        arguments[1] = number(&arguments[1]);
    }
    // Made where /proc may not know its caller: in namespaces that were just entered.
    if matches!(name.as_str(), "fchdir" | "recvmsg") {
        arguments[0] = number(&arguments[0]);
    }
    if name == "clone3" {
        arguments[0] = arguments[0].split('<').next().unwrap_or_default().trim_end_matches('}').to_owned() + "}";
    }
    // strace 6.1 takes the 0 of mount_setattr(2) for a descriptor; pidfd_open(2) is also asked inside entered namespaces.
    let bare = matches!(name.as_str(), "dup2" | "mount_setattr" | "pidfd_open")
        || (name == "ioctl" && arguments[1].starts_with("TIOCGPTPEER"));
    let answer = answer.map(|answer| if bare { number(&answer) } else { answer }).map(|answer| without_words(&answer));
    Call { name, arguments, answer }
}

/// An error by its name: the words for it are the C library's on one side and nix's on the other.
fn without_words(answer: &str) -> String {
    let mut words = answer.split(' ');
    match (words.next(), words.next()) {
        (Some("-1"), Some(errno)) => format!("-1 {errno}"),
        _ => answer.to_owned(),
    }
}

fn number(descriptor: &str) -> String {
    descriptor.split('<').next().unwrap_or_default().to_owned()
}

/// `A|B` and `B|A` are the same number.
fn with_flags_in_order(text: &str) -> String {
    let plain: Vec<_> = outside_quotes(text).collect();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '|';
    let (mut sorted, mut end) = (String::new(), 0);
    let mut at = 0;
    while at < plain.len() {
        let mut to = at;
        while to < plain.len() && is_part(plain[to].1) && plain[to].0 - plain[at].0 == to - at {
            to += 1;
        }
        if to > at {
            let (from, until) = (plain[at].0, plain[to - 1].0 + 1);
            let mut flags: Vec<_> = text[from..until].split('|').collect();
            flags.sort_unstable();
            sorted.push_str(&text[end..from]);
            sorted.push_str(&flags.join("|"));
            end = until;
        }
        at = to.max(at + 1);
    }
    sorted.push_str(&text[end..]);
    sorted
}
