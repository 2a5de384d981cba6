//! A command line or more for every program, each of which can be rehearsed first and then done.

use std::fs;

use crate::harness::{Room, Running, is_root, programs, rootfs};

/// The command lines of a stage, and what must run beside them.
pub struct Examples {
    pub lines: Vec<Example>,
    /// Ends with the examples.
    pub beside: Vec<Running>,
}

impl From<Vec<Example>> for Examples {
    fn from(lines: Vec<Example>) -> Self {
        Self { lines, beside: Vec::new() }
    }
}

/// One command line.
pub struct Example {
    pub program: &'static str,
    /// Before its words come `--explain` and the like.
    pub words: Vec<String>,
    /// What comes before them: a verb.
    pub verb: Option<&'static str>,
    pub status: i32,
    /// True when what is told depends on what was really done before, which a rehearsal cannot know, or is not heard to the
    /// end, because standard error has been given away.
    pub is_told_only: bool,
    /// True when it removes in the end what the command has made: a rehearsal knows only that, and not what there is.
    pub removes_in_the_end: bool,
}

impl Example {
    /// The whole command line but for the program, with these options.
    pub fn words(&self, options: &[&str]) -> Vec<String> {
        let options = options.iter().map(|word| (*word).to_owned());
        self.verb.iter().map(|verb| (*verb).to_owned()).chain(options).chain(self.words.iter().cloned()).collect()
    }

    /// As one would type it.
    pub fn shown(&self) -> String {
        format!("{} {}", self.program, self.words(&[]).join(" "))
    }

    fn ends_with(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    fn told_only(mut self) -> Self {
        self.is_told_only = true;
        self
    }

    fn removes(mut self) -> Self {
        self.removes_in_the_end = true;
        self
    }
}

fn example(program: &'static str, words: &str) -> Example {
    let words = words.split_whitespace().map(str::to_owned).collect();
    Example { program, words, verb: None, status: 0, is_told_only: false, removes_in_the_end: false }
}

fn verb(verb: &'static str, words: &str) -> Example {
    Example { verb: Some(verb), ..example("boxwright", words) }
}

fn root() -> &'static str {
    rootfs().to_str().expect("paths are UTF-8")
}

/// A program that has said that it is where it should be.
fn waiting(room: &Room, program: &str, words: &str) -> Running {
    let words = words.split_whitespace().chain(["--", "sh", "-c", "echo here; exec sleep 1000"]);
    let mut running = room.start(program, words);
    assert_eq!(running.line(), "here");
    running
}

/// The programs of which there is no example: what doctor asks of the kernel, it asks in children and tells nobody.
const WITHOUT: [&str; 1] = ["doctor"];

/// Every program has an example, and every verb of boxwright.
#[test]
fn every_program_is_compared_with_strace() {
    let text = include_str!("examples.rs");
    let names = programs().keys().filter(|name| !WITHOUT.contains(&name.as_str()) && *name != "boxwright");
    let mut missing: Vec<_> = names.filter(|name| !text.contains(&format!("example(\"{name}\""))).cloned().collect();
    let help = crate::harness::Room::new(name!()).run("boxwright", ["--help"]).ok();
    let verbs = help.split_once("Commands:\n").expect("it lists its verbs").1;
    let verbs =
        verbs.lines().map_while(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|verb| *verb != "help");
    missing.extend(
        verbs.filter(|verb| !text.contains(&format!("verb(\"{verb}\""))).map(|verb| format!("boxwright {verb}")),
    );
    assert_eq!(missing, [""; 0]);
}

pub fn chroot(room: &Room) -> Examples {
    let own = room.root(&[]);
    let (root, own) = (root(), own.display());
    vec![
        example("enter-chroot", &format!("{root} -- true")),
        example("enter-chroot", &format!("{root} -- no-such-command")).ends_with(127),
        example("escape-chroot", &format!("{own}")),
        example("escape-chroot", &format!("{own} -- true")),
    ]
    .into()
}

pub fn unshare(_: &Room) -> Examples {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    vec![
        example("unshare-uts", "--hostname inside --domainname in.side -- true"),
        example("unshare-ipc", "-- true"),
        example("unshare-mount", "-- true"),
        example("unshare-mount", "--propagation slave -- true"),
        example("unshare-mount", "--propagation shared -- true"),
        example("unshare-mount", "--propagation unchanged -- true"),
        example("unshare-pid", "-- true"),
        example("unshare-pid", "--no-proc -- false").ends_with(1),
        example("unshare-net", "-- true"),
        example("unshare-user", "-- true"),
        example("unshare-user", &format!("--map 7:{user}:1 --map-groups 8:{group}:1 -- true")),
        example("unshare-cgroup", "-- true"),
        example("unshare-time", "--boottime 60 --monotonic 7 -- true"),
        example("unshare-uts", "-- /etc/passwd").ends_with(126),
        example("clone-into", "-- true"),
        example("clone-into", "--kinds uts,net -- true"),
        // What the child has done to its parent is the point.
        example("unshare-rest", "").told_only(),
        example("pid-orphans", ""),
        example("mount-leak", ""),
        example("mount-leak", "--propagation slave"),
    ]
    .into()
}

/// Made on the host, where nobody can see whose they are: in a room without others beside it.
pub fn objects(room: &Room) -> Examples {
    // A key that nobody else takes: the kernel counts processes, and each judge's program has made a few.
    let names = format!("--key {} --queue /{}", std::process::id(), room.name("queue"));
    let line = |what: &str| example("ipc-objects", &format!("{names} {what}"));
    vec![line("make"), line("list"), line("remove")].into()
}

pub fn nsfs(room: &Room) -> Examples {
    let me = std::process::id();
    let other = waiting(room, "unshare-uts", "--hostname other");
    let it = other.process().0;
    let mut lines = vec![
        example("ns-show", &me.to_string()),
        example("ns-show", &format!("--tree {me}")),
        example("ns-show", &format!("--json --compare {me} {it}")),
        example("ns-show", "--kept"),
        example("ns-keep", &format!("--hold {me} uts -- true")),
        example("ns-enter", &format!("{it} -- true")),
        example("ns-enter", &format!("{it} --kind uts -- false")).ends_with(1),
        example("ns-enter", &format!("/proc/{it}/ns/uts -- true")),
    ];
    if is_root() {
        let file = room.path("kept-uts");
        let file = file.display();
        lines.push(example("ns-keep", &format!("{me} uts {file}")));
        lines.push(example("ns-enter", &format!("{file} -- true")));
        lines.push(example("ns-drop", &format!("{file}")));
        lines.push(example("ns-enter", &format!("{me} --kind uts,ipc,net -- true")));
    }
    Examples { lines, beside: vec![other] }
}

pub fn pivot(room: &Room) -> Examples {
    let volume = room.folder("volume");
    let (root, own, volume) = (root(), room.root(&[]), volume.display());
    fs::create_dir_all(own.join("data")).expect("a folder can be made in a room");
    let own = own.display();
    vec![
        example("enter-pivot", &format!("{root} -- true")),
        example("enter-pivot", &format!("{root} --read-only --tmpfs /mnt -- true")),
        example("enter-pivot", &format!("{own} --volume {volume}:/data:ro -- false")).ends_with(1),
        example("enter-pivot", &format!("{root} --no-pivot -- true")),
    ]
    .into()
}

pub fn overlay(room: &Room) -> Examples {
    let layer = room.folder("layer");
    fs::create_dir_all(layer.join("etc")).expect("a folder can be made in a room");
    fs::write(layer.join("etc/new"), "new").expect("a file can be written in a room");
    let archive = room.path("layer.tar");
    let gzip = room.path("layer.tar.gz");
    for (how, archive) in [("-cf", &archive), ("-czf", &gzip)] {
        room.run("/bin/tar", [how, archive.to_str().expect("UTF-8"), "-C", layer.to_str().expect("UTF-8"), "."]).ok();
    }
    let [state, unpacked, mine, out] = ["state", "unpacked", "mine", "out.tar"].map(|name| room.path(name));
    let (layer, archive, gzip, state) = (layer.display(), archive.display(), gzip.display(), state.display());
    let (unpacked, mine, out, root) = (unpacked.display(), mine.display(), out.display(), root());
    vec![
        example("unpack-layer", &format!("{archive} {unpacked}")),
        example("unpack-layer", &format!("--apply {archive} {unpacked}")),
        example("unpack-layer", &format!("--mine {archive} {mine}")),
        example("unpack-layer", &format!("--apply {gzip} {unpacked}")),
        example("layer-usage", &format!("{layer}")),
        example("enter-overlay", &format!("--layer {root} --layer {layer} -- true")).removes(),
        example("enter-overlay", &format!("--layer {root} --read-only --tmpfs /mnt -- true")).removes(),
        example("enter-overlay", &format!("--layer {root} --state {state} -- touch /file")),
        example("enter-overlay", &format!("--layer {root} --state {state} -- rm /file")),
        example("layer-usage", &format!("{root} --state {state}")),
        example("commit-layer", &format!("{state} {out}")),
        example("commit-layer", &format!("--gzip {state} {out}")),
    ]
    .into()
}

pub fn cgroup(room: &Room) -> Examples {
    let (name, parked) = (room.name("limited"), room.name("parked"));
    let running = waiting(room, "limit", &format!("--quiet --name {parked}"));
    let parked = format!("boxwright/{parked}");
    let lines = vec![
        example("limit", &format!("--quiet --name {name} --pids 100 -- true")),
        example("limit", &format!("--quiet --name {name} --memory 64M --cpus 0.5 -- false")).ends_with(1),
        example("usage", &parked),
        example("freeze", &parked),
        example("thaw", &parked),
        example("kill-cgroup", &parked),
    ];
    Examples { lines, beside: vec![running] }
}

pub fn run(room: &Room) -> Examples {
    let (root, name, web, alone) = (root(), room.name("told"), room.name("web"), room.name("alone"));
    let volume = room.folder("volume");
    let volume = volume.display();
    places(room);
    room.run("boxwright", ["run", "-d", "--name", &web, root, "--", "sleep", "1000"]).ok();
    vec![
        verb("run", &format!("--rm --name {name} {root} -- true")),
        verb("run", &format!("--rm --name {name} {root} -- no-such-command")).ends_with(127),
        verb(
            "run",
            &format!(
                "--rm --name {name} --read-only --tmpfs /mnt -v {volume}:/data -v {volume}:/more:ro {root} -- true"
            ),
        ),
        verb("run", &format!("--rm --name {name} --network host --no-cgroup -w /usr {root} -- false")).ends_with(1),
        verb("run", &format!("--rm --name {name} --hostname red -e COLOR=red -u 0:0 {root} -- true")),
        verb("run", &format!("--rm --name {name} --init {root} -- true")),
        // strace waits for everyone it follows.
        verb("run", &format!("-d --rm --name {name} {root} -- true")).told_only(),
        verb("run", &format!("-d --unattended --name {alone} {root} -- true")).told_only(),
        // Nobody has waited for its end: it may come between the rehearsal and the run.
        verb("rm", &format!("--force {alone}")).told_only(),
        verb("ps", "--all"),
        verb("exec", &format!("{web} -- true")),
        verb("kill", &format!("--signal USR1 {web}")),
        verb("stop", &format!("--time 0 {web}")),
        verb("logs", &web),
        verb("commit", &format!("{web} {}", room.path("web.tar").display())),
        verb("rm", &web),
    ]
    .into()
}

/// The places where containers are kept are made once for each user; what is told begins after that.
fn places(room: &Room) {
    for place in ["records", "containers", "merged", "init"] {
        fs::create_dir_all(room.boxes().join(place)).expect("a folder can be made in a room");
    }
}

/// What only those may do who can limit and freeze a container.
pub fn walls(room: &Room) -> Examples {
    let (root, name, web) = (root(), room.name("told"), room.name("web"));
    places(room);
    room.run("boxwright", ["run", "-d", "--name", &web, root, "--", "sleep", "1000"]).ok();
    vec![
        verb("run", &format!("--rm --name {name} --memory 64M --pids 50 {root} -- true")),
        verb("pause", &web),
        verb("unpause", &web),
        verb("rm", &format!("--force {web}")),
    ]
    .into()
}
