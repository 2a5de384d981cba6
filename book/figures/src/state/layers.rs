//! The layers of an overlay.

use super::State;
use crate::trace::{Mounting, Step};

/// What an overlay is stacked of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Those that nobody writes to, the uppermost first.
    pub(crate) lower: Vec<String>,
    /// The one that is written to.
    pub(crate) upper: Option<String>,
    /// Where the kernel prepares its writes.
    pub(crate) work: Option<String>,
}

impl State {
    pub(super) fn layers_change(&mut self, step: &Step) {
        match step.call.as_str() {
            "fsopen" => {
                self.asked.insert(step.pid, Vec::new());
            }
            "fsconfig" if step.argument(1).starts_with("FSCONFIG_SET") => {
                let said = (step.argument(2).to_owned(), step.argument(3).to_owned());
                self.asked.entry(step.pid).or_default().push(said);
            }
            _ => {}
        }
        let overlay = step.mounts.iter().find_map(|happened| match happened {
            Mounting::Mounted(mount) if mount.kind == "overlay" => Some(mount.id.clone()),
            _ => None,
        });
        let Some(id) = overlay else { return };
        let said = if step.call == "mount" {
            options(step.argument(4))
        } else {
            self.asked.remove(&step.pid).unwrap_or_default()
        };
        self.stacks.insert(id, stack(&said));
    }
}

fn options(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|option| option.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn stack(said: &[(String, String)]) -> Stack {
    let mut stack = Stack::default();
    for (name, value) in said {
        match name.as_str() {
            "lowerdir" => stack.lower.extend(value.split(':').map(str::to_owned)),
            "lowerdir+" => stack.lower.push(value.clone()),
            "upperdir" => stack.upper = Some(value.clone()),
            "workdir" => stack.work = Some(value.clone()),
            _ => {}
        }
    }
    stack
}
