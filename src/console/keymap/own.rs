//! The keys in effect: the table's, overridden by the operator's own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crossterm::event::KeyCode;

use super::{Action, Binding, Key, KeyContext, TABLE, at, is_order};
use crate::plan::with_hint;

/// Commands that were renamed, each with its earlier name, which configuration files may still use.
const RENAMED: [(&str, &str); 28] = [
    ("helm", "take-control"),
    ("minute-on", "minute-forward"),
    ("next-trouble", "next-problem"),
    ("previous-trouble", "previous-problem"),
    ("fetch", "reload"),
    ("offending", "failing-dates"),
    ("rerun-offending", "rerun-failing"),
    ("fetch-named", "reload-failing"),
    ("ask-sources", "run-sources"),
    ("ask-source", "run-source"),
    ("explain", "run-breakdown"),
    ("hit-before", "previous-match"),
    ("hit-after", "next-match"),
    ("go-on", "continue-sample"),
    ("hold", "pause-work"),
    ("give-up", "cancel-work"),
    ("day-before", "previous-day"),
    ("day-after", "next-day"),
    ("week-before", "previous-week"),
    ("week-after", "next-week"),
    ("year-before", "previous-year"),
    ("year-after", "next-year"),
    ("stage-before", "previous-stage"),
    ("stage-after", "next-stage"),
    ("choice-before", "previous-choice"),
    ("choice-after", "next-choice"),
    ("refresh", "rerun-stale"),
    ("begin", "approve-cost"),
];

/// Keys that can't be rebound: questions are answered the same way on every console, and no configuration can remove
/// the keys to leave.
pub const FIXED: [Key; 4] = [
    Key::of(KeyCode::Enter),
    Key::of(KeyCode::Esc),
    Key::control('c'),
    Key::control('z'),
];

/// Keys by command. The default is the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    own: BTreeMap<&'static str, Vec<Key>>,
}

/// Errors in the keys of commands, by command name as written.
pub type Faults = BTreeMap<String, String>;

impl Keymap {
    /// The table with other keys for some commands, given by name and by the names of their keys. A command keeps its
    /// fixed keys.
    ///
    /// # Errors
    /// One sentence per faulty command: the command or key doesn't exist, or two commands share a key in the same
    /// place.
    pub fn with<N, K>(own: impl IntoIterator<Item = (N, Vec<K>)>) -> Result<Self, Faults>
    where
        N: AsRef<str>,
        K: AsRef<str>,
    {
        let mut keymap = Self::default();
        let mut faults = Faults::new();
        for (name, written) in own {
            let written_as = name.as_ref();
            let renamed = RENAMED.iter().find(|(earlier, _)| *earlier == written_as);
            let name = renamed.map_or(written_as, |(_, now)| now);
            let Some(binding) = TABLE.iter().find(|binding| binding.name == name) else {
                let names = TABLE.iter().map(|binding| binding.name);
                faults.insert(name.to_owned(), with_hint("command", name, names));
                continue;
            };
            // A command whose keys can't be parsed gets none here, so that no other is blamed for a conflict with its
            // old keys.
            let keys = instead_of(binding.keys, &written).unwrap_or_else(|problem| {
                faults.insert(name.to_owned(), format!("'{name}': {problem}"));
                Vec::new()
            });
            keymap.own.insert(binding.name, keys);
        }
        keymap.no_key_means_two_things(&mut faults);
        keymap.text_can_be_typed(&mut faults);
        for own in [KeyContext::Recording, KeyContext::Observation] {
            keymap.check_hidden(own, &mut faults);
        }
        if faults.is_empty() {
            Ok(keymap)
        } else {
            Err(faults)
        }
    }

    /// The keys of a command; the key bar shows the first.
    #[must_use]
    pub fn keys(&self, binding: &Binding) -> &[Key] {
        self.own.get(binding.name).map_or(binding.keys, Vec::as_slice)
    }

    /// Whether the keys of a command differ from the table's.
    #[must_use]
    pub fn differs(&self, binding: &Binding) -> bool {
        self.keys(binding) != binding.keys
    }

    /// All keys of a command, separated by spaces.
    #[must_use]
    pub fn spelt(&self, binding: &Binding, signs: bool) -> String {
        spelt(self.keys(binding), signs)
    }

    /// The first key of an action in a place, for use in sentences.
    #[must_use]
    pub fn key_of(&self, place: KeyContext, action: Action, signs: bool) -> String {
        let mut bindings = at(place).filter(|binding| binding.action == action);
        let first = bindings
            .next()
            .and_then(|binding| self.keys(binding).first().copied());
        first.map_or_else(String::new, |key| key.spelt(signs))
    }

    /// The action of a key in a place.
    #[must_use]
    pub fn lookup(&self, place: KeyContext, key: Key) -> Option<Action> {
        at(place)
            .find(|binding| self.keys(binding).contains(&key))
            .map(|binding| binding.action)
    }

    fn no_key_means_two_things(&self, faults: &mut Faults) {
        for &place in KeyContext::ALL {
            let mut taken: HashMap<Key, &str> = HashMap::new();
            for binding in at(place) {
                for key in self.keys(binding) {
                    let Some(before) = taken.insert(*key, binding.name) else {
                        continue;
                    };
                    faults
                        .entry(self.changed(binding.name, before))
                        .or_insert_with(|| {
                            format!(
                                "{} would mean both '{before}' and '{}' ({}); give one of them another key",
                                key.spelt(false),
                                binding.name,
                                place.title()
                            )
                        });
                }
            }
        }
    }

    fn text_can_be_typed(&self, faults: &mut Faults) {
        for binding in at(KeyContext::Prompt) {
            if let Some(key) = self.keys(binding).iter().find(|key| key.typed().is_some()) {
                faults.entry(binding.name.to_owned()).or_insert_with(|| {
                    format!(
                        "'{}' can't use {}, which types text in the search line; choose a key such as Ctrl-O or F5",
                        binding.name,
                        key.spelt(false)
                    )
                });
            }
        }
    }

    /// Checks that the keys of a recording or a read-only view, which take precedence, hide only commands and no action
    /// that reads.
    fn check_hidden(&self, own: KeyContext, faults: &mut Faults) {
        let hiding: BTreeMap<String, &str> = at(own)
            .flat_map(|binding| (self.keys(binding).iter()).map(|key| (key.spelt(false), binding.name)))
            .collect();
        let is_run = |place: &KeyContext| {
            use KeyContext::{Observation, Prompt, Recording};
            !matches!(place, Prompt | Recording | Observation)
        };
        for place in KeyContext::ALL.iter().copied().filter(is_run) {
            for binding in at(place).filter(|binding| binding.places.len() < KeyContext::ALL.len()) {
                let keys = self.keys(binding).iter().map(|key| key.spelt(false));
                let hidden: Option<Vec<_>> = keys.map(|key| Some((hiding.get(&key)?, key))).collect();
                if let Some((by, key)) = hidden.and_then(|mut hidden| hidden.pop())
                    && !is_order(place, binding.action)
                {
                    faults.entry(self.changed(binding.name, by)).or_insert_with(|| {
                        format!(
                            "{key} would mean both '{}' ({}) and '{by}' ({}); give one of them another key",
                            binding.name,
                            place.title(),
                            own.title()
                        )
                    });
                }
            }
        }
    }

    /// Of two commands, the one whose keys were changed.
    fn changed(&self, one: &str, other: &str) -> String {
        let changed = if self.own.contains_key(one) { one } else { other };
        changed.to_owned()
    }
}

/// The names of keys, separated by spaces.
#[must_use]
pub fn spelt(keys: &[Key], signs: bool) -> String {
    let written: Vec<_> = keys.iter().map(|key| key.spelt(signs)).collect();
    written.join(" ")
}

/// The parsed keys without duplicates, plus the command's fixed keys.
fn instead_of(given: &[Key], written: &[impl AsRef<str>]) -> Result<Vec<Key>, String> {
    if written.is_empty() {
        return Err("no key given; give at least one, or leave it out".to_owned());
    }
    let mut keys = Vec::new();
    for text in written {
        let key = Key::read(text.as_ref())?;
        if FIXED.contains(&key) && !given.contains(&key) {
            return Err(format!(
                "{} can't be rebound; choose another key",
                key.spelt(false)
            ));
        }
        keys.push(key);
    }
    keys.extend(given.iter().filter(|key| FIXED.contains(key)));
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(key.spelt(false)));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A command and its keys, separated by spaces.
    type Own = (&'static str, &'static str);

    fn with(own: &[Own]) -> Result<Keymap, Faults> {
        Keymap::with(
            own.iter()
                .map(|(name, keys)| (*name, keys.split_whitespace().collect())),
        )
    }

    fn bound(name: &str) -> &'static Binding {
        TABLE.iter().find(|binding| binding.name == name).unwrap()
    }

    #[test]
    fn the_default_keymap_is_valid() {
        let same = TABLE.iter().map(|binding| {
            let keys = binding.keys.iter().map(|key| key.spelt(false));
            (binding.name, keys.collect())
        });
        let keymap = Keymap::with(same).unwrap();
        for binding in TABLE {
            assert!(!keymap.differs(binding), "{}", binding.name);
        }
    }

    #[test]
    fn former_command_names_are_accepted() {
        let keymap = with(&[("helm", "F5")]).unwrap();
        assert_eq!(keymap.spelt(bound("take-control"), false), "F5");
        for (_, name) in RENAMED {
            bound(name);
        }
    }

    #[test]
    fn custom_keys_replace_the_defaults() {
        let keymap = with(&[("pause", "F5 Ctrl-P")]).unwrap();
        assert_eq!(keymap.spelt(bound("pause"), false), "F5 Ctrl-P");
        let asked = |key| keymap.lookup(KeyContext::Log, Key::read(key).unwrap());
        assert_eq!(asked("F5"), Some(Action::PauseResume));
        assert_eq!(asked("Ctrl-P"), Some(Action::PauseResume));
        assert_eq!(asked("p"), None);
        assert_eq!(
            keymap.lookup(KeyContext::Sample, Key::read("p").unwrap()),
            Some(Action::PauseResume),
            "another command that asks for the same keeps its key"
        );
        assert_eq!(
            keymap.key_of(KeyContext::Dates, Action::PauseResume, false),
            "F5",
            "and hints name the key of the place"
        );
        assert!(keymap.differs(bound("pause")) && !keymap.differs(bound("continue-sample")));
    }

    #[test]
    fn two_commands_can_swap_keys() {
        let keymap = with(&[("zoom", "s"), ("sample", "z")]).unwrap();
        assert_eq!(
            keymap.lookup(KeyContext::Log, Key::read("z").unwrap()),
            Some(Action::Sample)
        );
    }

    #[test]
    fn fixed_keys_cannot_be_rebound() {
        let keymap = with(&[("close", "F8"), ("accept", "F2"), ("interrupt", "F9 Ctrl-C")]);
        let keymap = keymap.unwrap();
        assert_eq!(keymap.spelt(bound("close"), false), "F8 Esc");
        assert_eq!(keymap.spelt(bound("accept"), false), "F2 Enter");
        assert_eq!(keymap.spelt(bound("interrupt"), false), "F9 Ctrl-C");
        for fixed in FIXED {
            assert!(
                TABLE.iter().any(|binding| binding.keys.contains(&fixed)),
                "{fixed:?} has a meaning"
            );
        }
    }

    #[rstest]
    #[case::no_command(&[("rerunn", "r")], "command 'rerunn' not found; did you mean 'rerun'?")]
    #[case::no_key(&[("rerun", "Entre")], "'rerun': 'Entre' is not a key; did you mean 'Enter'?")]
    #[case::none_left(&[("rerun", "")], "'rerun': no key given; give at least one, or leave it out")]
    #[case::taken(
        &[("rerun", "p")],
        "p would mean both 'rerun' and 'pause' (Dates); give one of them another key"
    )]
    #[case::both_custom(
        &[("wrap", "F3"), ("level", "F3")],
        "F3 would mean both 'level' and 'wrap' (Log); give one of them another key"
    )]
    #[case::fixed(&[("rerun", "Esc")], "'rerun': Esc can't be rebound; choose another key")]
    #[case::typed(
        &[("accept", "ö")],
        "'accept' can't use ö, which types text in the search line; choose a key such as Ctrl-O or F5"
    )]
    #[case::replay(
        &[("faster", "n")],
        "n would mean both 'next-problem' (Dates) and 'faster' (replay); give one of them another key"
    )]
    fn ambiguous_bindings_are_rejected(#[case] own: &[Own], #[case] sentence: &str) {
        let faults = with(own).unwrap_err();
        assert_eq!(faults.into_values().collect::<Vec<_>>(), [sentence]);
    }

    #[test]
    fn only_commands_with_invalid_bindings_are_reported() {
        // 'zoom' was to release z: its misspelt key is no error of 'sample'.
        let faults = with(&[("rerunn", "r"), ("sample", "z"), ("zoom", "Entre")]).unwrap_err();
        let at_fault: Vec<_> = faults.keys().collect();
        assert_eq!(at_fault, ["rerunn", "zoom"]);
        let taken = with(&[("pause", "r")]).unwrap_err();
        assert_eq!(
            taken.keys().collect::<Vec<_>>(),
            ["pause"],
            "the one that was changed"
        );
    }
}
