use super::*;

const SHEET: &str = "\
# Exercises

Prose.

## uts-1: A host name

- points: 2
- programs: unshare-uts, other
- needs: UtsNamespace

- chapter: 02-unshare.md#uts

Do it.

```sh
## no heading
```

### Hint 1
one
### Hint 2
two
### Hint 3
three

### Commentary

Well done.

### Mistakes

- `a-b`: It was
  too late.
- `c`: No.

# Predictions

## predict-ps: What does ps show?

- needs: PidNamespace

Think.

### Options

- `all`: Everybody.
  /proc was mounted
  outside.
- `one`: Itself.
  No.

### How it is found

By running it.
";

#[test]
fn a_sheet_is_read() {
    let sheet = parse("02-unshare", SHEET).unwrap();
    let [exercise] = sheet.exercises.as_slice() else { panic!("{sheet:?}") };
    assert_eq!((exercise.id.as_str(), exercise.title.as_str(), exercise.points), ("uts-1", "A host name", 2));
    assert_eq!(exercise.programs, ["unshare-uts", "other"]);
    assert_eq!(exercise.chapter, "02-unshare.md#uts");
    assert_eq!(exercise.hints, ["one", "two", "three"]);
    assert!(exercise.task.contains("## no heading"), "{}", exercise.task);
    assert_eq!(exercise.diagnosis("a-b"), Some("It was too late."));
    assert_eq!(exercise.diagnosis("d"), None);
    let [prediction] = sheet.predictions.as_slice() else { panic!("{sheet:?}") };
    assert_eq!(prediction.question, "Think.");
    assert_eq!(prediction.options[0].text, "Everybody.");
    assert_eq!(prediction.options[0].explanation, "/proc was mounted outside.");
}

#[test]
fn what_is_missing_is_named_with_its_line() {
    for (without, named) in [
        ("- points: 2\n", "points"),
        ("- programs: unshare-uts, other\n", "programs"),
        ("### Hint 3\n", "three hints"),
        ("Well done.\n", "Commentary"),
        ("By running it.\n", "How it is found"),
    ] {
        let error = parse("02-unshare", &SHEET.replace(without, "")).unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("line "), "{without:?}: {error}");
    }
}
