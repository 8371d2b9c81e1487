//! User-facing text uses field terms: a figure of speech that was removed from a message, the help or a page must not
//! come back.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// Forbidden wordings, each with its replacement.
const NEVER: [(&str, &str); 41] = [
    (r"\bhelm\b", "control"),
    (r"\b(nobody|somebody)\b", "no client, another process"),
    (r"\bwhoever\b", "the caller, you"),
    (r"\b(go|goes|going|went) on\b", "continue, resume"),
    (r"\bin trouble\b", "need attention"),
    (r"\bnot all well\b", "finished with failures"),
    (r"\bof late\b", "recent"),
    (r"\bfor good\b", "permanently"),
    (r"\bstands? (twice|against)\b", "is duplicated, blocks"),
    (r"\bat its end\b", "finished"),
    (r"\bset aside\b", "quarantined"),
    (r"\bput back\b", "requeued"),
    (r"\byour (yes|word)\b", "approval"),
    (r"\bsay yes\b", "approve"),
    (r"\b(not met|unmet)\b", "failing"),
    (
        r"\bgates? (is |are )?shut\b|\bshuts? the gate\b|\bshut gates?\b",
        "closed",
    ),
    (r"\brests? (on|until)\b", "depends on, throttled until"),
    (r"\b(lands?|landed)\b", "finishes, commits"),
    (r"\b(gave|give|gives|given) up\b", "cancel in-flight work"),
    (r"\bcut off\b", "aborted"),
    (r"\b(is|are) through\b", "has finished"),
    (r"([^e]|[^r]e) is no ([a-km-z]|l[a-np-z])", "is not a valid …"),
    (r"\bsuch that\b", "so"),
    (r"\b(begun|anew)\b", "started, again"),
    (
        r"\bask(s|ed|ing)? (all |every |this |these |the )?(check|quer)",
        "run",
    ),
    (
        r"\b(cannot|could not|not|being|to) be(ing)? asked\b|\bbeing asked\b|\bnot asked\b",
        "run",
    ),
    (
        r"\b(done?|does|doing) (it|them|these|those|all of them|dates?)? ?(dates )?again\b",
        "rerun",
    ),
    (r"\bfetch(es|ed)? .{0,30}again\b", "reload"),
    (r"\bshows? it again\b", "reattach"),
    (r"\ball is known\b|\bnot all (is )?known\b", "missing values"),
    (r"\bdoes not know\b", "NULLs and data issues"),
    (r"\bis going to be\b", "estimated"),
    (r"\bthe (one|choice|stage|pane|view|item) before\b", "previous"),
    (r"\btelling dates?\b", "representative dates"),
    (
        r"\bnothing (is|was) (left to lose|begun)\b",
        "no work in flight, not started",
    ),
    (r"\bholds (no|rows|columns|texts|numbers|something)\b", "contains"),
    (r"\bleft as it is\b", "left unchanged"),
    (r"\bvitals\b", "process metrics"),
    (r"\bpictured\b", "snapshot"),
    (r"\bovertaken\b", "invalidated, superseded"),
    (r"\bseed(s|_[1-5]| quer(y|ies)| checks?)\b", "critical checks"),
];

/// Texts that aren't prose: names of earlier versions, file names, and texts stored in NBA rows.
const NAMES: [&str; 6] = [
    "helm",
    "pictured",
    "vitals",
    "{dataset}.{SUFFIX}.begun",
    "a player stands twice, the newer row counts",
    "holds no name",
];

/// Markers of SQL texts.
const SQL: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "ALTER ", "DELETE "];

/// Pages outside docs/.
const PAGES: [&str; 4] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "assets/league/README.md",
];

#[test]
fn messages_use_standard_terms() {
    let placeholder = Regex::new(r"\{[^{}]*\}").unwrap();
    let mut found = Vec::new();
    for path in sources(Path::new("src")) {
        let source = fs::read_to_string(root().join(&path)).unwrap();
        for text in literals(&source) {
            if !NAMES.contains(&text.as_str()) && !SQL.iter().any(|word| text.contains(word)) {
                let prose = placeholder.replace_all(&text, "…");
                found.extend(faults(&path.display().to_string(), &prose));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn help_uses_standard_terms() {
    let folder = tempfile::tempdir().unwrap();
    let mut man = Command::new(env!("CARGO_BIN_EXE_backcourt"));
    assert!(
        man.args(["man", "--to"])
            .arg(folder.path())
            .status()
            .unwrap()
            .success()
    );
    let mut found = Vec::new();
    for page in fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap();
        let text = fs::read_to_string(page.path()).unwrap();
        found.extend(faults(&page.file_name().display().to_string(), &text));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn docs_use_standard_terms() {
    let code = Regex::new(r"`[^`\n]+`").unwrap();
    let pages = fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|page| Path::new("docs").join(page.unwrap().file_name()));
    let pages = pages.filter(|page| page.extension().is_some_and(|ext| ext == "md"));
    let found: Vec<String> = (PAGES.map(PathBuf::from).into_iter().chain(pages))
        .flat_map(|page| {
            let text = fs::read_to_string(root().join(&page)).unwrap();
            let place = page.display().to_string();
            // A sentence may span lines and ends with its paragraph.
            let paragraphs: Vec<_> = text.split("\n\n").collect();
            let of = |paragraph: &str| faults(&place, &code.replace_all(paragraph, "…"));
            paragraphs.into_iter().flat_map(of).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The forbidden wordings in a text.
fn faults(place: &str, text: &str) -> Vec<String> {
    static PATTERNS: LazyLock<RegexSet> =
        LazyLock::new(|| RegexSet::new(NEVER.map(|(pattern, _)| format!("(?i){pattern}"))).unwrap());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let of = |at: usize| {
        let (pattern, term) = NEVER[at];
        format!("{place}: /{pattern}/ is in \"{line}\"; write: {term}")
    };
    PATTERNS.matches(&line).into_iter().map(of).collect()
}

/// Every source file of the program.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if root().join(&path).is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs")
            && !["tests", "fixture", "fixtures"].contains(&name.as_str())
            && !path.parent().unwrap().ends_with("tests")
        {
            files.push(path);
        }
    }
    files
}

/// The string literals of a source file before its unit tests, without comments and lint reasons.
fn literals(source: &str) -> Vec<String> {
    let mut rest = source.split("#[cfg(test)]").next().unwrap();
    let mut texts = Vec::new();
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        let (text, length) = match from {
            _ if from.starts_with("//") => (None, from.find('\n').unwrap_or(from.len())),
            _ if from.starts_with('"') && before.ends_with("r#") => {
                let end = from.find("\"#").unwrap();
                (Some(&from[1..end]), end + 2)
            }
            _ if from.starts_with('"') => {
                let mut escaped = false;
                let end = from[1..].find(|letter| {
                    let ends = letter == '"' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    ends
                });
                (Some(&from[1..=end.unwrap()]), end.unwrap() + 2)
            }
            // A character literal, such as a quotation mark, or a lifetime.
            _ if from.starts_with("'\\") => (None, 3 + from[3..].find('\'').unwrap()),
            _ if from.starts_with("'\"'") => (None, 3),
            _ => (None, 1),
        };
        let reason = before.ends_with("reason = ");
        texts.extend(text.filter(|_| !reason).map(|text| {
            let lines = text.split("\\\n").enumerate();
            let line = |(at, line): (usize, &str)| {
                if at == 0 {
                    line.to_owned()
                } else {
                    line.trim_start().to_owned()
                }
            };
            lines.map(line).collect::<String>()
        }));
        rest = &from[length..];
    }
    texts
}
