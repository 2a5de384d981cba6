//! The states of a run in few bytes: each line of a table is written once, and a table only where it is another than before.

use serde_json::{Value, json};

use crate::view::Section;

/// ```json
/// { "sections": [{ "id": "mounts", "title": "Mounts", "columns": ["Place", …] }, …],
///   "rows":     [["key", "cell", …], …],
///   "steps":    [{ "0": [4, 7], … }, …] }
/// ```
/// `steps[0]` is the state before the first step. Each has, by the number of the section, the numbers of its rows; a section
/// that is not there has not changed.
pub(super) fn encoded(states: &[Vec<Section>]) -> Value {
    let Some(first) = states.first() else { return Value::Null };
    // What is empty all the time is not told.
    let told: Vec<usize> =
        (0..first.len()).filter(|at| states.iter().any(|state| !state[*at].rows.is_empty())).collect();
    let sections: Vec<_> = told
        .iter()
        .map(|at| json!({ "id": first[*at].id, "title": first[*at].title, "columns": first[*at].columns }))
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut steps = Vec::new();
    for (number, state) in states.iter().enumerate() {
        let mut step = serde_json::Map::new();
        for (name, at) in told.iter().enumerate() {
            if number > 0 && states[number - 1][*at] == state[*at] {
                continue;
            }
            let numbers = state[*at].rows.iter().map(|row| {
                let row: Vec<_> = std::iter::once(row.key.clone()).chain(row.cells.iter().cloned()).collect();
                rows.iter().position(|known| *known == row).unwrap_or_else(|| {
                    rows.push(row);
                    rows.len() - 1
                })
            });
            step.insert(name.to_string(), numbers.collect());
        }
        steps.push(Value::Object(step));
    }
    json!({ "sections": sections, "rows": rows, "steps": steps })
}
