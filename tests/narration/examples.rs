//! A command line or more for every program, each of which can be rehearsed first and then done.

use crate::harness::{Room, programs, rootfs};

/// One command line.
pub struct Example {
    pub program: &'static str,
    /// Before its words come `--explain` and the like.
    pub words: Vec<String>,
    /// What comes before them: a verb.
    pub verb: Option<&'static str>,
    pub status: i32,
    /// True when what is told depends on what was really done before: a rehearsal cannot know it.
    pub is_told_only: bool,
    pub is_rehearsed: bool,
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

    /// For one whose rehearsal does not come back.
    fn unrehearsed(mut self) -> Self {
        self.is_rehearsed = false;
        self
    }

    fn told_only(mut self) -> Self {
        self.is_told_only = true;
        self
    }
}

fn example(program: &'static str, words: &str) -> Example {
    let words = words.split_whitespace().map(str::to_owned).collect();
    Example { program, words, verb: None, status: 0, is_told_only: false, is_rehearsed: true }
}

fn verb(verb: &'static str, words: &str) -> Example {
    Example { verb: Some(verb), ..example("boxwright", words) }
}

fn is_built(example: &Example) -> bool {
    programs().contains_key(example.program)
}

fn root() -> &'static str {
    rootfs().to_str().expect("paths are UTF-8")
}

pub fn chroot(room: &Room) -> Vec<Example> {
    let own = room.root(&[]);
    let (root, own) = (root(), own.display());
    vec![
        example("enter-chroot", &format!("{root} -- true")),
        example("enter-chroot", &format!("{root} -- no-such-command")).ends_with(127),
        example("escape-chroot", &format!("{own} -- true")),
    ]
}

pub fn unshare(_: &Room) -> Vec<Example> {
    vec![
        example("unshare-uts", "--hostname inside --domainname in.side -- true"),
        example("unshare-ipc", "-- true"),
        example("unshare-mount", "-- true"),
        example("unshare-mount", "--propagation slave -- true"),
        example("unshare-mount", "--propagation unchanged -- true"),
        example("unshare-pid", "-- true"),
        example("unshare-pid", "--no-proc -- false").ends_with(1),
        example("unshare-net", "-- true"),
        example("unshare-user", "-- true"),
        example("unshare-cgroup", "-- true"),
        example("unshare-time", "--boottime 60 --monotonic 7 -- true"),
        example("unshare-uts", "-- /etc/passwd").ends_with(126),
        example("clone-into", "-- true"),
        example("clone-into", "--kinds uts,net -- true"),
        // What the child has done to its parent is the point.
        example("unshare-rest", "").told_only(),
        example("pid-orphans", ""),
        example("mount-leak", ""),
    ]
}

pub fn nsfs(room: &Room) -> Vec<Example> {
    let me = std::process::id();
    let mut examples = vec![
        example("ns-show", &me.to_string()),
        example("ns-show", &format!("--tree {me}")),
        example("ns-show", &format!("--json --compare {me} {me}")),
        example("ns-keep", &format!("--hold {me} uts -- true")),
    ];
    if crate::harness::is_root() {
        let file = room.path("kept-uts");
        let file = file.display();
        examples.push(example("ns-keep", &format!("{me} uts {file}")).told_only());
        examples.push(example("ns-enter", &format!("{file} -- true")).told_only());
        examples.push(example("ns-drop", &format!("{file}")).told_only());
        examples.push(example("ns-enter", &format!("{me} --kind uts,ipc,net -- true")));
    }
    examples
}

pub fn pivot(room: &Room) -> Vec<Example> {
    let volume = room.folder("volume");
    let (root, own, volume) = (root(), room.root(&[]), volume.display());
    std::fs::create_dir_all(own.join("data")).expect("a folder can be made in a room");
    let own = own.display();
    let examples = vec![
        example("enter-pivot", &format!("{root} -- true")),
        example("enter-pivot", &format!("{root} --read-only --tmpfs /mnt -- true")),
        example("enter-pivot", &format!("{own} --volume {volume}:/data:ro -- false")).ends_with(1),
    ];
    examples.into_iter().filter(is_built).collect()
}

pub fn overlay(room: &Room) -> Vec<Example> {
    let layer = room.folder("layer");
    std::fs::create_dir_all(layer.join("etc")).expect("a folder can be made in a room");
    std::fs::write(layer.join("etc/new"), "new").expect("a file can be written in a room");
    let archive = room.path("layer.tar");
    room.run("/bin/tar", ["-cf", archive.to_str().expect("UTF-8"), "-C", layer.to_str().expect("UTF-8"), "."]).ok();
    let (layer, archive, state) = (layer.display(), archive.display(), room.path("state"));
    let (state, unpacked, written) = (state.display(), room.path("unpacked"), room.path("out.tar"));
    let root = root();
    let examples = vec![
        example("unpack-layer", &format!("{archive} {}", unpacked.display())).told_only(),
        example("layer-usage", &format!("{layer}")),
        example("enter-overlay", &format!("--layer {root} --layer {layer} -- true")),
        example("enter-overlay", &format!("--layer {root} --state {state} -- touch /file")),
        example("commit-layer", &format!("{state} {}", written.display())).told_only(),
    ];
    // What there is to commit, enter-overlay has to write first.
    let all = programs().contains_key("enter-overlay");
    examples.into_iter().filter(|one| is_built(one) && (all || one.program != "commit-layer")).collect()
}

pub fn cgroup(room: &Room) -> Vec<Example> {
    if !crate::harness::is_root() {
        return Vec::new();
    }
    let name = room.name("limited");
    vec![
        example("limit", &format!("--quiet --name {name} --pids 100 -- true")).told_only(),
        example("limit", &format!("--quiet --name {name} --memory 64M --cpus 0.5 -- false")).ends_with(1).told_only(),
        example("usage", &std::process::id().to_string()),
    ]
}

pub fn run(room: &Room) -> Vec<Example> {
    let (root, name, web) = (root(), room.name("told"), room.name("web"));
    let volume = room.folder("volume");
    let volume = volume.display();
    // The place where containers are kept is made once for each user; what is told begins after that.
    std::fs::create_dir_all(room.boxes().join("containers")).expect("a folder can be made in a room");
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
        verb("run", &format!("--rm --name {name} --init {root} -- true")).told_only(),
        // strace waits for everyone it follows.
        verb("run", &format!("-d --rm --name {name} {root} -- true")).told_only(),
        verb("ps", "--all"),
        verb("exec", &format!("{web} -- true")).told_only(),
        verb("kill", &format!("--signal USR1 {web}")),
        verb("stop", &format!("--time 0 {web}")).told_only().unrehearsed(),
        verb("logs", &web),
        verb("commit", &format!("{web} {}", room.path("web.tar").display())).told_only(),
        verb("rm", &web).told_only(),
    ]
}
