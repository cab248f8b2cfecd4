//! The modules of a folder use each other in one direction: who reads one of them need not know all.
//!
//! A module stands for its file and all below it. What it names is read from the words of its paths (`crate::`,
//! `super::`, `self::`, modules of its own), through whatever the modules above it re-export by name. To use what the
//! module above defines is no circle, and tests may use anything.

use std::collections::{BTreeMap, BTreeSet};

use super::files;
use super::words::{self, Token};

/// The crates: folder of sources.
const CRATES: &[&str] = &["domain/src", "ingest/src", "projections/src", "replay/src", "src"];
/// Circles that are not opened yet: folder, modules. This list only gets shorter.
const LEFT: &[(&str, &[&str])] = &[];
/// Re-exports that are followed one after another, so that a circle of them ends.
const MAX_REEXPORTS: usize = 8;

/// A module's path below the root of its crate.
type Path = Vec<String>;

/// What a module says.
#[derive(Default)]
struct Module {
    /// Names it imports, to where they come from.
    binds: BTreeMap<String, Path>,
    /// Every path it names.
    named: BTreeSet<Path>,
}

/// The modules of a crate.
struct Crate(BTreeMap<Path, Module>);

impl Crate {
    fn read(folder: &str) -> Self {
        let mut modules = BTreeMap::new();
        let mut texts = Vec::new();
        let prefix = format!("{folder}/");
        for file in files::all() {
            let Some(path) = file.path.strip_prefix(&prefix).and_then(|path| path.strip_suffix(".rs")) else {
                continue;
            };
            let path: Path = path.split('/').map(str::to_owned).collect();
            let root = path.len() == 1 && (path[0] == "lib" || path[0] == "main");
            let path = if root { Path::new() } else { path };
            modules.insert(path.clone(), Module::default());
            texts.push((path, words::without_tests(&file.text).to_owned()));
        }
        let mut all = Self(modules);
        for (path, text) in texts {
            let module = all.said(&path, &words::tokens(&text));
            all.0.insert(path, module);
        }
        all
    }

    /// A path as written in a module, from the root of the crate; `None` where it leads into another crate.
    fn absolute(&self, module: &[String], written: &[String]) -> Option<Path> {
        let above = written.iter().take_while(|word| *word == "super").count();
        if above > 0 {
            let base = &module[..module.len().checked_sub(above)?];
            return Some([base, &written[above..]].concat());
        }
        let first = written.first()?;
        let child = [module, std::slice::from_ref(first)].concat();
        match first.as_str() {
            "crate" => Some(written[1..].to_vec()),
            "self" => Some([module, &written[1..]].concat()),
            _ => self.0.contains_key(&child).then(|| [module, written].concat()),
        }
    }

    fn said(&self, file: &[String], tokens: &[Token]) -> Module {
        let mut said = Module::default();
        // Modules within the file, each with the depth of its brace.
        let (mut within, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let here: Path = file.iter().cloned().chain(within.iter().map(|(name, _)| name.clone())).collect();
            at += 1;
            match token {
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => {
                    depth -= 1;
                    within.pop_if(|(_, opened)| *opened == depth);
                }
                Token::Word(word) if word == "mod" => {
                    if let [Token::Word(name), Token::Mark('{'), ..] = &tokens[at..] {
                        within.push((name.clone(), depth));
                    }
                }
                // Not the `use<..>` of a type.
                Token::Word(word) if word == "use" && tokens.get(at) != Some(&Token::Mark('<')) => {
                    let mut leaves = Vec::new();
                    at = words::use_tree(tokens, at, &[], &mut leaves);
                    for (written, bound) in leaves {
                        if let Some(path) = self.absolute(&here, &written) {
                            said.named.insert(path.clone());
                            if within.is_empty() {
                                said.binds.insert(bound, path);
                            }
                        }
                    }
                }
                Token::Word(first) => {
                    let mut written = vec![first.clone()];
                    while let [Token::Path, Token::Word(next), ..] = &tokens[at..] {
                        written.push(next.clone());
                        at += 2;
                    }
                    if written.len() > 1 {
                        said.named.extend(self.absolute(&here, &written));
                    }
                }
                _ => {}
            }
        }
        said
    }

    /// The module that defines what a path names.
    fn definer(&self, path: &[String], reexports: usize) -> Path {
        let mut module = Path::new();
        for (n, word) in path.iter().enumerate() {
            let child = [&module[..], std::slice::from_ref(word)].concat();
            if self.0.contains_key(&child) {
                module = child;
                continue;
            }
            let bound = self.0.get(&module).and_then(|module| module.binds.get(word));
            return match bound.filter(|_| reexports < MAX_REEXPORTS) {
                Some(bound) => self.definer(&[bound, &path[n + 1..]].concat(), reexports + 1),
                None => module,
            };
        }
        module
    }

    /// By folder and module the modules of the same folder that it uses.
    fn arrows(&self) -> BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> {
        let mut arrows: BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (user, module) in &self.0 {
            for path in &module.named {
                let used = self.definer(path, 0);
                let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (user.get(common), used.get(common)) {
                    let folder = arrows.entry(user[..common].to_vec()).or_default();
                    folder.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        arrows
    }
}

/// All that a module uses, and what that uses.
fn reached<'a>(arrows: &'a BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&str> = vec![from];
    while let Some(module) = waiting.pop() {
        for next in arrows.get(module).into_iter().flatten() {
            if seen.insert(next.as_str()) {
                waiting.push(next);
            }
        }
    }
    seen
}

/// Modules that reach each other, each circle once.
fn circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let circle = |module: &String| -> Vec<String> {
        let below = reached(arrows, module);
        let both = arrows.keys().filter(|other| below.contains(other.as_str()));
        both.filter(|other| reached(arrows, other).contains(module.as_str())).cloned().collect()
    };
    arrows.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn modules_use_each_other_in_one_direction() {
    let mut found = BTreeSet::new();
    let mut seen = 0;
    for root in CRATES {
        for (folder, arrows) in Crate::read(root).arrows() {
            seen += arrows.len();
            let folder = [&[(*root).to_owned()], &folder[..]].concat().join("/");
            found.extend(circles(&arrows).into_iter().map(|circle| (folder.clone(), circle)));
        }
    }
    assert!(seen > 100, "arrows are seen at all: {seen}");
    let left = LEFT.iter().map(|(folder, modules)| {
        ((*folder).to_owned(), modules.iter().map(|module| (*module).to_owned()).collect::<Vec<_>>())
    });
    let left: BTreeSet<(String, Vec<String>)> = left.collect();
    let new: Vec<_> = found.difference(&left).collect();
    let gone: Vec<_> = left.difference(&found).collect();
    assert!(new.is_empty(), "modules that use each other in a circle; move a definition below both: {new:#?}");
    assert!(gone.is_empty(), "opened; strike off the list: {gone:#?}");
}

#[test]
fn a_circle_is_seen_through_a_reexport() {
    let mut all = Crate(BTreeMap::new());
    let path = |words: &str| words.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect::<Path>();
    let texts = [
        ("", "mod a; mod b; mod c; pub use b::Thing;"),
        ("a", "use crate::Thing; use super::c;"),
        ("b", "/* super::c */ fn f() -> u8 { super::a::inner::count(\"super::c::x\") }"),
        ("b::low", "use super::super::c::Other as Mine;"),
        ("c", "use crate::*; mod inner { use super::low; }"),
        ("a::inner", ""),
    ];
    texts.iter().for_each(|(module, _)| _ = all.0.insert(path(module), Module::default()));
    for (module, text) in texts {
        let said = all.said(&path(module), &words::tokens(text));
        all.0.insert(path(module), said);
    }
    let arrows = all.arrows();
    let root = &arrows[&Path::new()];
    let uses = |module: &str| root.get(module).map(|used| used.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(uses("a"), Some(vec!["b", "c"]));
    assert_eq!(uses("b"), Some(vec!["a", "c"]));
    assert_eq!(uses("c"), None);
    assert_eq!(circles(root), BTreeSet::from([vec!["a".to_owned(), "b".to_owned()]]));
}
