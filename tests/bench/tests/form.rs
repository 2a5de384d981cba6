//! The forms of what is written: configuration, tables, pictures; and that the book shows what was measured.

use bench::oci::{Asked, config};
use bench::report::{Bar, Host, Line, Report, Table};
use bench::stats::Summary;
use bench::{book, plot, table};

fn english(text: &str) -> String {
    text.to_owned()
}

/// Three contenders in four rounds, of which the third was slow for everybody.
fn example() -> Table {
    let times = [("boxwright", [2.0, 2.2, 6.0, 2.0]), ("floor", [1.5, 1.6, 4.5, 1.5]), ("crun", [8.0, 9.0, 25.0, 8.5])];
    let taken: Vec<_> = times.iter().map(|(name, times)| ((*name).to_owned(), times.to_vec())).collect();
    let mut table = Table::of("start", "root, no cgroup", "ms", &taken, &["crun", "floor", "nobody"]);
    table.lines[2].walls = "also with a cgroup".to_owned();
    table.notes.push("crun: also with a cgroup".to_owned());
    table
}

fn report() -> Report {
    let host = Host {
        kernel: "6.12.0".into(),
        processors: 2,
        cgroups: "cgroup v2".into(),
        user: "root".into(),
        file_system: "ext4".into(),
        static_programs: true,
    };
    let measured = Some(0.24);
    let bars = vec![
        Bar { what: "start beside crun".into(), at_most: 0.45, measured },
        Bar { what: "start beside the floor".into(), at_most: 1.25, measured: Some(1.33) },
        Bar { what: "exec beside crun".into(), at_most: 0.5, measured: None },
    ];
    let versions = [("crun".to_owned(), "crun version 1.8.1".to_owned())].into();
    Report { host, versions, rounds: 4, tables: vec![example()], bars, notes: vec!["not on this host: youki".into()] }
}

#[test]
fn one_configuration_for_all() {
    let plain = Asked { root: "/srv/root", arguments: &["/bin/true"], ..Asked::default() };
    insta::assert_snapshot!("config", serde_json::to_string_pretty(&config(&plain)).unwrap());
    let mapped = config(&Asked { user: Some((1000, 100)), cgroup: Some("/crun"), ..plain.clone() });
    assert_eq!(mapped["linux"]["uidMappings"][0]["hostID"], 1000);
    assert_eq!(mapped["linux"]["gidMappings"][0]["hostID"], 100);
    assert_eq!(mapped["linux"]["cgroupsPath"], "/crun");
    assert_eq!(mapped["linux"]["namespaces"][6]["type"], "user");
    assert!(!mapped["mounts"].to_string().contains("gid=5"), "no such group is mapped");
    assert!(config(&plain)["mounts"].to_string().contains("gid=5"));
}

#[test]
fn a_table_as_text() {
    let report = report();
    insta::assert_snapshot!(
        "table",
        format!("{}\n{}\n{}", table::host(&report), table::text(&example()), table::bars(&report.bars))
    );
}

#[test]
fn a_table_as_a_picture() {
    insta::assert_snapshot!("plot", plot::svg(&example(), &english));
}

#[test]
fn a_table_in_the_book() {
    let report = report();
    let all = ["host", "start", "bars"].map(|what| book::shown(&report, what, &english).unwrap());
    insta::assert_snapshot!("book", all.join("\n"));
    let missing = book::shown(&report, "exec", &english).unwrap_err();
    assert!(format!("{missing:#}").contains("has nothing of exec"));
}

#[test]
fn every_word_of_a_picture_is_said_in_the_language_of_the_edition() {
    let picture = plot::svg(&example(), &|words| format!("«{words}»"));
    let words = picture.split("</text>").filter_map(|part| part.rsplit_once('>')).map(|(_, text)| text);
    for text in words.filter(|text| text.chars().any(char::is_alphabetic)) {
        assert!(text.starts_with('«'), "{text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let report = report();
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn what_is_measured_again_takes_the_place_of_what_was() {
    let (mut now, mut earlier) = (report(), report());
    earlier.tables.insert(0, Table::new("size", "kept", "MB"));
    earlier.tables.push(Table::new("start", "another variant", "ms"));
    now.keep_from(earlier.clone()).unwrap();
    let tables: Vec<_> = now.tables.iter().map(|table| (table.what.as_str(), table.variant.as_str())).collect();
    assert_eq!(tables, [("start", "root, no cgroup"), ("size", "kept")]);
    earlier.host.kernel = "5.4".into();
    assert!(now.keep_from(earlier).is_err());
}

#[test]
fn a_bar_is_met_up_to_its_height() {
    let bar = |measured| Bar { what: String::new(), at_most: 1.0, measured };
    assert_eq!([bar(Some(1.0)), bar(Some(1.01)), bar(None)].map(|bar| bar.is_met()), [Some(true), Some(false), None]);
}

#[test]
fn nothing_below_zero_is_drawn() {
    let mut table = Table::new("walls", "what each costs", "µs");
    table.lines.push(Line::new("a wall", Summary::of(&[-3.0])));
    table.lines.push(Line::new("another", Summary::of(&[5.0])));
    let picture = plot::svg(&table, &english);
    assert!(!picture.contains("width=\"-"), "{picture}");
}

/// `cargo test -p bench --test form` with INSTA_UPDATE=always draws it anew.
#[test]
fn the_picture_that_is_kept_is_drawn_from_the_numbers_that_are_kept() {
    let file = bench::programs::repository().join(book::SVG);
    let drawn = plot::all(&book::kept().unwrap());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        std::fs::write(&file, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap_or_default() == drawn,
        "INSTA_UPDATE=always draws {} anew",
        book::SVG
    );
}

#[test]
fn every_measurement_of_the_book_is_there() {
    let report = book::kept().unwrap();
    for what in
        ["host", "start", "walls", "layers", "exec", "thousand", "unpack", "commit", "door", "grade", "size", "bars"]
    {
        book::shown(&report, what, &english).unwrap_or_else(|error| panic!("{error:#}"));
    }
}
