//! A chapter that is wrong in every way is told so. In a process of its own: it adopts orphans, and waits for them.

use std::path::Path;
use std::process::Command;

use binder::console::{chapter, programs};
use binder::place::Place;

const CHAPTER: &str = "\
# A chapter

```console
$ a=here; echo $a
here
$ echo one; echo two >&2; printf three
one
…
$ echo seen
printed
$ sh
# echo $a inside
inside
# exit
```

```console,root
$ test $(id -u) = 0 && echo ${a-nothing is known here}
nothing is known here
```

```console
$ echo $a again
here again
$ mktemp
/tmp/tmp.0123456789
$ readlink /proc/self/ns/uts /proc/self/ns/mnt
uts:[1]
mnt:[1]
$ setsid sleep 1000 &
$ false; echo $?
1
$ echo more; echo lines
more
```
";

#[test]
fn what_is_wrong_is_said_and_what_is_left_is_taken_away() {
    let real = Place::find().unwrap();
    let built = programs::built_for_tests(&real).unwrap();
    let repository = tempfile::tempdir().unwrap();
    let place = Place { repository: repository.path().canonicalize().unwrap(), target: real.target };
    std::fs::create_dir_all(place.chapters()).unwrap();
    std::fs::write(place.chapters().join("chapter.md"), CHAPTER).unwrap();
    git_init(&place.repository);

    let report = chapter::run(&place, &built, "chapter.md").unwrap();

    let wrong = report.wrong.join("\n");
    let said = ["-printed\n  +seen", "not the same namespace", "+lines", "process: sleep 1000", "temporary file: "];
    assert_eq!(report.wrong.len(), said.len(), "{wrong}");
    for (said, wrong) in said.iter().zip(&report.wrong) {
        assert!(wrong.contains(said), "{said} in {wrong}");
    }
    let made = report.renewed.unwrap();
    assert!(
        made.contains("$ echo seen\nseen\n") && made.contains("one\n…\n") && made.contains("more\nlines\n"),
        "{made}"
    );
    assert!(report.run + report.skipped.len() == 3 && report.norun.is_empty());
    assert_eq!(grader::process::Process(std::process::id()).descendants(), []);
}

fn git_init(folder: &Path) {
    let made = Command::new("git").args(["init", "--quiet"]).arg(folder).status().unwrap();
    assert!(made.success());
}
