//! What the migrations make of a database: tables, views, functions and triggers, read from their texts.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::migrate::Migrator;

/// Every migration, in order.
pub(super) static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// A trigger, whatever the order in which its events are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TriggerText {
    pub(super) name: String,
    /// Before or after what.
    events: BTreeSet<String>,
    /// The table with its schema.
    pub(super) relation: String,
    /// What it does for each row or statement.
    does: String,
}

impl TriggerText {
    /// Reads `CREATE TRIGGER name BEFORE a OR b ON schema.table FOR EACH ... EXECUTE FUNCTION ...`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        let (name, rest) = text.strip_prefix("CREATE TRIGGER ")?.split_once(' ')?;
        let (events, rest) = rest.split_once(" ON ")?;
        let (relation, does) = rest.split_once(' ')?;
        let events = events.split(' ').filter(|word| *word != "OR").map(str::to_owned).collect();
        Some(Self { name: name.to_owned(), events, relation: relation.to_owned(), does: does.to_owned() })
    }
}

/// What a database that has these migrations holds.
#[derive(Clone, Debug, Default)]
pub(super) struct MigratedSchema {
    /// Tables of `log` and `atlas`, with their schemas.
    pub(super) tables: BTreeSet<String>,
    /// Views of `log`, by name; each what follows its name in the statement.
    pub(super) views: BTreeMap<String, String>,
    /// Functions of `log` and `atlas`, by name with schema; each what follows its name in the statement.
    pub(super) functions: BTreeMap<String, String>,
    /// Triggers, and whether they fire in every session.
    pub(super) triggers: BTreeMap<TriggerText, bool>,
}

impl MigratedSchema {
    /// What all migrations make, each replacing what those before it made.
    pub(super) fn newest() -> Self {
        let mut made = Self::default();
        MIGRATOR.iter().for_each(|migration| made.read(&migration.sql));
        made
    }

    fn read(&mut self, text: &str) {
        for start in ["CREATE FUNCTION ", "CREATE OR REPLACE FUNCTION "] {
            let each = text.match_indices(start).map(|(at, start)| &text[at + start.len()..]);
            self.functions.extend(each.filter_map(function));
        }
        // Of a function's text its remarks are a part; elsewhere they could be taken for statements.
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("--"));
        let text = lines.collect::<Vec<_>>().join("\n");
        let from = |start: &'static str| text.match_indices(start).map(|(at, start)| &text[at + start.len()..]);
        for rest in from("CREATE TABLE ") {
            let name = rest.split([' ', '(']).next().unwrap_or_default();
            self.tables.extend(Some(name.to_owned()).filter(|name| name.contains('.')));
        }
        for start in ["CREATE VIEW log.", "CREATE OR REPLACE VIEW log."] {
            for rest in from(start) {
                let statement = rest.split(';').next().unwrap_or_default();
                let view = statement.split_once([' ', '\n']);
                self.views.extend(view.map(|(name, rest)| (name.to_owned(), rest.to_owned())));
            }
        }
        for rest in from("CREATE TRIGGER ") {
            let statement = format!("CREATE TRIGGER {}", rest.split(';').next().unwrap_or_default());
            self.triggers.extend(TriggerText::parse(&statement).map(|trigger| (trigger, false)));
        }
        for rest in from("ALTER TABLE ") {
            let words: Vec<&str> = rest.split(';').next().unwrap_or_default().split_whitespace().collect();
            if let [relation, "ENABLE", "ALWAYS", "TRIGGER", name] = words[..] {
                let here = self
                    .triggers
                    .iter_mut()
                    .filter(|(trigger, _)| (&*trigger.relation, &*trigger.name) == (relation, name));
                here.for_each(|(_, always)| *always = true);
            }
        }
    }
}

/// Reads what follows `CREATE FUNCTION`: the name, and the rest of the statement.
fn function(text: &str) -> Option<(String, String)> {
    // Inside of a text between dollars a semicolon ends nothing.
    let quoted = match (text.find("$$"), text.find(';')?) {
        (Some(opened), end) if opened < end => opened + 2 + text[opened + 2..].find("$$")? + 2,
        _ => 0,
    };
    let statement = &text[..quoted + text[quoted..].find(';')?];
    let (name, _) = statement.split_once('(')?;
    Some((name.to_owned(), statement[name.len()..].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_migrations_make_is_read_from_them() {
        let made = MigratedSchema::newest();
        for name in ["log.refuse_rewrite", "log.fill_tiles", "log.tile_root", "log.discard_unused", "atlas.share"] {
            assert!(made.functions.contains_key(name), "{name}");
        }
        let refuse = &made.functions["log.refuse_change"];
        assert!(
            refuse.starts_with("() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER SET search_path"),
            "{refuse}"
        );
        assert!(refuse.contains("new.tenant_id") && refuse.ends_with("END;\n$$"), "the last text counts: {refuse}");
        let current = &made.functions["log.current_tenant"];
        assert!(
            current.contains("'^[1-9][0-9]*$'") && current.ends_with("END;\n$$"),
            "the last text counts: {current}"
        );
        let guarded = ["event", "append", "commit", "idempotency_key", "tile", "checkpoint"];
        for table in guarded.map(|table| format!("log.{table}")) {
            let on: Vec<bool> = made.triggers.iter().filter(|(t, _)| t.relation == table).map(|(_, a)| *a).collect();
            assert_eq!(on, [true, true], "{table}");
            assert!(made.tables.contains(&table), "{table}");
        }
        assert!(made.views["events"].contains("security_invoker"), "{:?}", made.views);
    }

    #[test]
    fn a_trigger_is_the_same_however_its_events_are_ordered() {
        let read = |text| TriggerText::parse(text).unwrap();
        let ours = read("CREATE TRIGGER a BEFORE UPDATE OR DELETE ON log.e\n    FOR EACH ROW EXECUTE FUNCTION log.f()");
        assert_eq!(
            ours,
            read("CREATE TRIGGER a BEFORE DELETE OR UPDATE ON log.e FOR EACH ROW EXECUTE FUNCTION log.f()")
        );
        for other in [
            "CREATE TRIGGER a BEFORE DELETE ON log.e FOR EACH ROW EXECUTE FUNCTION log.f()",
            "CREATE TRIGGER a BEFORE DELETE OR UPDATE ON log.e FOR EACH ROW WHEN (false) EXECUTE FUNCTION log.f()",
            "CREATE TRIGGER a AFTER DELETE OR UPDATE ON log.e FOR EACH ROW EXECUTE FUNCTION log.f()",
        ] {
            assert_ne!(ours, read(other), "{other}");
        }
    }
}
