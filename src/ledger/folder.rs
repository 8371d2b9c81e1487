//! The folder of a ledger. Paths in it, first of all its own warehouse, are stored relative to it, so that a folder
//! that was moved, copied or opened through a symlink is still the same. Shown paths are absolute.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Transaction, params};

/// Scheme of an embedded warehouse.
const EMBEDDED: &str = "sqlite:";
/// Prefix of a path relative to the folder.
const HERE: &str = "./";
/// Name of the default warehouse in a state folder.
const OWN: &str = "warehouse";

/// The folder a ledger is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct LedgerFolder<'a>(pub(super) &'a Path);

impl LedgerFolder<'_> {
    /// A path as stored: relative if it is in the folder.
    pub(super) fn kept(self, path: &Path) -> String {
        match self.within(path) {
            Some(within) => format!("{HERE}{}", within.display()),
            None => path.display().to_string(),
        }
    }

    /// Resolves a stored path.
    pub(super) fn whole(self, kept: &str) -> PathBuf {
        match kept.strip_prefix(HERE) {
            Some(within) => self.0.join(within),
            None => PathBuf::from(kept),
        }
    }

    /// The name of a warehouse as stored.
    pub(super) fn stored(self, warehouse: &str) -> String {
        match warehouse.strip_prefix(EMBEDDED) {
            Some(path) => format!("{EMBEDDED}{}", self.kept(Path::new(path))),
            None => warehouse.to_owned(),
        }
    }

    /// Resolves a stored warehouse name.
    pub(super) fn shown(self, stored: &str) -> String {
        match stored.strip_prefix(EMBEDDED) {
            Some(kept) => format!("{EMBEDDED}{}", self.whole(kept).display()),
            None => stored.to_owned(),
        }
    }

    fn within(self, path: &Path) -> Option<PathBuf> {
        if !path.is_absolute() {
            return None;
        }
        let strip = |path: &Path, folder: &Path| {
            let within = path.strip_prefix(folder).ok()?;
            (folder.is_absolute() && within.components().next().is_some()).then(|| within.to_owned())
        };
        strip(path, self.0).or_else(|| strip(&fs::canonicalize(path).ok()?, &fs::canonicalize(self.0).ok()?))
    }

    /// Whether a warehouse with an absolute path was this folder's own before the folder was moved or copied: it has
    /// the default name, and its folder is gone or has a ledger of its own.
    fn was_own(self, warehouse: &str) -> bool {
        let Some(path) = warehouse.strip_prefix(EMBEDDED).map(Path::new) else {
            return false;
        };
        let Some(before) = path
            .parent()
            .filter(|_| path.ends_with(OWN) && path.is_absolute())
        else {
            return false;
        };
        self.0.join(OWN).exists() && (!before.exists() || before.join("ledger.sqlite").exists())
    }
}

/// Rewrites the warehouse names of an older ledger relative to its folder, the last used first. A ledger counts as
/// moved only if it has no warehouse under the folder's current path.
pub(super) fn name_from_folder(ledger: &Transaction<'_>, folder: LedgerFolder<'_>) -> rusqlite::Result<()> {
    let names: Vec<String> = ledger
        .prepare(
            "SELECT warehouse FROM target LEFT JOIN run ON run.target = target.id
             GROUP BY warehouse ORDER BY MAX(run.rowid) DESC",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let own = format!("{EMBEDDED}{HERE}{OWN}");
    let is_here = |name: &String| folder.stored(name) != *name || *name == own;
    let was_moved = !names.iter().any(is_here);
    for name in &names {
        let stored = if was_moved && folder.was_own(name) {
            own.clone()
        } else {
            folder.stored(name)
        };
        if stored != *name {
            for table in ["target", "filled"] {
                ledger.execute(
                    &format!("UPDATE OR IGNORE {table} SET warehouse = ?2 WHERE warehouse = ?1"),
                    params![name, stored],
                )?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_the_folder_are_stored_relative_and_shown_absolute() {
        let folder = LedgerFolder(Path::new("/srv/state"));
        for (name, stored) in [
            ("sqlite:/srv/state/warehouse", "sqlite:./warehouse"),
            ("sqlite:/srv/elsewhere", "sqlite:/srv/elsewhere"),
            ("sqlite:/srv/state", "sqlite:/srv/state"),
            ("bigquery:project", "bigquery:project"),
            ("toy", "toy"),
        ] {
            assert_eq!(folder.stored(name), stored);
            assert_eq!(folder.shown(stored), name);
        }
        let moved = LedgerFolder(Path::new("/mnt/copy"));
        assert_eq!(moved.shown("sqlite:./warehouse"), "sqlite:/mnt/copy/warehouse");
    }

    /// The warehouse names of a ledger in `folder` after [`name_from_folder`]; the last one given was used last.
    fn renamed(folder: &Path, warehouses: &[(&str, String)]) -> Vec<String> {
        let mut ledger = rusqlite::Connection::open_in_memory().unwrap();
        ledger
            .execute_batch(
                "CREATE TABLE target (id INTEGER PRIMARY KEY, plan TEXT, warehouse TEXT, UNIQUE (plan, warehouse));
                 CREATE TABLE run (target INTEGER); CREATE TABLE filled (warehouse TEXT PRIMARY KEY);",
            )
            .unwrap();
        for (at, (plan, warehouse)) in warehouses.iter().enumerate() {
            let id = i64::try_from(at).unwrap();
            (ledger.execute(
                "INSERT INTO target VALUES (?1, ?2, ?3)",
                params![id, plan, warehouse],
            ))
            .unwrap();
            ledger.execute("INSERT INTO run VALUES (?1)", [id]).unwrap();
        }
        let transaction = ledger.transaction().unwrap();
        name_from_folder(&transaction, LedgerFolder(folder)).unwrap();
        transaction.commit().unwrap();
        let mut names = ledger
            .prepare("SELECT warehouse FROM target ORDER BY id")
            .unwrap();
        let names = names.query_map([], |row| row.get(0)).unwrap();
        names.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn an_older_ledger_keeps_its_warehouse_when_its_folder_moves() {
        let root = tempfile::tempdir().unwrap();
        let here = root.path().join("here");
        fs::create_dir_all(here.join(OWN)).unwrap();
        let at = |folder: &Path| format!("{EMBEDDED}{}", folder.join(OWN).display());
        let (own, gone) = ("sqlite:./warehouse", root.path().join("gone"));
        assert_eq!(renamed(&here, &[("p", at(&here))]), [own], "it lies where it lay");
        assert_eq!(renamed(&here, &[("p", at(&gone))]), [own], "it was moved");
        let other = root.path().join("other");
        fs::create_dir_all(other.join(OWN)).unwrap();
        let kept = [at(&other)];
        assert_eq!(
            renamed(&here, &[("p", at(&other))]),
            kept,
            "a warehouse elsewhere, named by a flag"
        );
        let beside = [at(&other), own.to_owned()];
        let both = [("p", at(&other)), ("p", at(&gone))];
        assert_eq!(renamed(&here, &both), beside, "beside one that was moved");
        fs::write(other.join("ledger.sqlite"), "").unwrap();
        assert_eq!(renamed(&here, &[("p", at(&other))]), [own], "it was copied");
        let both = [("p", at(&other)), ("p", at(&here))];
        assert_eq!(
            renamed(&here, &both),
            beside,
            "another state folder's, beside its own"
        );
        let twice = [("p", at(&gone)), ("p", at(&root.path().join("lost")))];
        assert_eq!(
            renamed(&here, &twice),
            [at(&gone), own.to_owned()],
            "the newest counts"
        );
    }

    #[test]
    fn a_symlink_resolves_to_the_same_folder() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real"), root.path().join("link"));
        fs::create_dir_all(real.join(OWN)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let name = format!("sqlite:{}", real.join(OWN).display());
        assert_eq!(LedgerFolder(&link).stored(&name), "sqlite:./warehouse");
    }
}
