//! References to variables in a text: `${name}`. `$${name}` is the text `${name}`, and other text after a `$` is left
//! unchanged.

use crate::table::is_name;

/// The start of a reference.
const START: &str = "${";

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPart<'t> {
    Text(&'t str),
    /// The name of a variable.
    Reference(&'t str),
}

/// The parts of a text, in order.
pub(super) fn parts(text: &str) -> Vec<TextPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    // Where to look for the next reference: after one that is none.
    let mut from = 0;
    while let Some(at) = rest[from..].find(START).map(|found| from + found) {
        let body = &rest[at + START.len()..];
        let name = body.split_once('}').map(|(name, _)| name);
        let Some(name) = name.filter(|name| is_name(name)) else {
            from = at + START.len();
            continue;
        };
        let after = at + START.len() + name.len() + 1;
        if let Some(before) = rest[..at].strip_suffix('$') {
            parts.extend([TextPart::Text(before), TextPart::Text(&rest[at..after])]);
        } else {
            parts.extend([TextPart::Text(&rest[..at]), TextPart::Reference(name)]);
        }
        (rest, from) = (&rest[after..], 0);
    }
    parts.push(TextPart::Text(rest));
    parts.retain(|part| *part != TextPart::Text(""));
    parts
}

/// The text with its references as they are, and without the escapes of others.
pub(super) fn unescaped(text: &str) -> String {
    let part = |part: TextPart<'_>| match part {
        TextPart::Text(text) => text.to_owned(),
        TextPart::Reference(name) => format!("{START}{name}}}"),
    };
    parts(text).into_iter().map(part).collect()
}

/// Whether a text has the form of a reference, escaped or not.
pub(super) fn looks_like_reference(text: &str) -> bool {
    text.contains(START)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_other_text() {
        use TextPart::{Reference, Text};
        let expected = [
            Text("a "),
            Reference("raw"),
            Text(".$"),
            Text("${raw}"),
            Text(" ${1} ${a-b} $x ${"),
            Reference("day"),
            Text("} ${end"),
        ];
        assert_eq!(
            parts("a ${raw}.$$${raw} ${1} ${a-b} $x ${${day}} ${end"),
            expected
        );
        assert!(parts("").is_empty());
        assert_eq!(unescaped("a ${raw} $${raw} ${1}"), "a ${raw} ${raw} ${1}");
    }
}
