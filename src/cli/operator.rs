//! The operator's name for the record, and the console's name for other consoles.

use std::fs;

/// The operator's user name, also behind sudo.
pub(super) fn operator() -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let uid = rustix::process::getuid().as_raw();
    name(|variable| std::env::var(variable).ok(), &users, uid)
}

/// The name of this console as shown to others: user and terminal.
pub(super) fn console_name() -> String {
    let tty = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new()).ok();
    let tty = tty.and_then(|tty| tty.into_string().ok());
    match tty.as_deref().map(|tty| tty.strip_prefix("/dev/").unwrap_or(tty)) {
        Some(tty) => format!("{}@{tty}", operator()),
        None => operator(),
    }
}

/// The environment comes before the user list, whose lines are `name:password:id:…`. A shell without a login, as in a
/// container, has no name in its environment.
fn name(variable: impl Fn(&str) -> Option<String>, users: &str, uid: u32) -> String {
    let candidates = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(variable);
    let listed = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let is_own = fields.nth(1)?.parse() == Ok(uid);
        is_own.then(|| name.to_owned())
    });
    let mut names = candidates.chain(listed).filter(|name| !name.is_empty());
    names.next().unwrap_or_else(|| format!("user {uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n# none\nanna:x:1000:1000::/home/anna:/bin/sh\n";

    #[test]
    fn the_operator_comes_from_the_environment_then_the_user_list_then_uid() {
        let none = |_: &str| None;
        assert_eq!(name(none, USERS, 0), "root");
        assert_eq!(name(none, USERS, 1000), "anna");
        assert_eq!(name(none, USERS, 7), "user 7");
        let sudo = |variable: &str| match variable {
            "SUDO_USER" => Some("berta".to_owned()),
            "USER" => Some("root".to_owned()),
            _ => None,
        };
        assert_eq!(name(sudo, USERS, 0), "berta");
        let empty = |_: &str| Some(String::new());
        assert_eq!(name(empty, USERS, 1000), "anna");
    }
}
