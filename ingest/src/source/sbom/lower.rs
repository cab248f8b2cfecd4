//! From a draft to facts, counts and warnings: the rules that all formats share.

use std::collections::BTreeMap;

use domain::claims::DocumentGraph;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::facts::{DocumentRef, Subject};
use domain::number::fit;
use domain::purl::{self, Purl};

use super::Parsed;
use super::draft::{Draft, Kept};
use super::warning::shown;

impl Draft<'_> {
    /// Makes the facts of a document that was read to its end.
    pub(super) fn lower(mut self, subject: Subject, document: DocumentRef, publishes: Vec<String>) -> Parsed {
        // Numbers stand for distinct texts, so distinct pairs of numbers are distinct pairs as written.
        self.relations.sort_unstable();
        self.relations.dedup();
        let dependencies = self.relations.len();
        let packages = self.listed;
        // The parts of the root are not counted, but are depended upon: what comes later replaces them too.
        let complete = packages > 0 || self.entries.len() > usize::from(self.root.is_some());
        self.warn_of_entries(complete);

        let mut listing = Listing::of(std::mem::take(&mut self.entries));
        let numbers = std::mem::take(&mut self.numbers);
        let mut texts = vec![""; numbers.len()];
        for (text, number) in &numbers {
            texts[*number as usize] = text;
        }
        let mut targets = self.targets(&listing, &texts);
        let mut described = self.described_packages(&listing, &targets, &texts);
        self.name_the_subject(&subject, &mut listing, &mut targets, &mut described);
        let relations = self.package_relations(&targets, &texts);
        // Documents may be large: what is not needed any more goes before a graph is made of the facts.
        drop((targets, texts));
        drop(numbers);
        (self.references, self.owners, self.relations) = Default::default();
        let facts =
            SbomSubmitted { subject, document, complete, packages: listing.packages, described, relations, publishes };
        self.parsed(facts, packages, dependencies)
    }

    fn parsed(mut self, facts: SbomSubmitted, packages: usize, dependencies: usize) -> Parsed {
        let graph = DocumentGraph::of(&facts);
        let root_place = self.root_place.as_deref().unwrap_or(self.words.entries);
        if let Some(other) = &graph.foreign_root {
            let (other, subject) = (shown(other), shown(&facts.subject.id));
            self.warnings.tally(
                root_place,
                format_args!("the described package names the repository {other}, not {subject}; taken for {subject}"),
            );
        }
        if facts.publishes.is_empty()
            && let [root] = facts.described[..]
            && facts.packages.get(root as usize).is_some_and(|root| root.purl.is_none())
        {
            self.warnings.tally(
                root_place,
                "the described package has no purl, so nothing says which package is published from here: name it with \
                 --package, or later with `curate publication`",
            );
        }
        if graph.self_edges > 0 {
            let count = graph.self_edges;
            self.warnings.tally(self.words.relations, format_args!("self edges dropped: {count}"));
        }
        Parsed {
            format: facts.document.format.clone(),
            format_version: facts.document.format_version.clone().unwrap_or_default(),
            packages,
            dependencies,
            root_dependencies: graph.edges.iter().filter(|edge| edge.root).count(),
            vertices: graph.ids.len(),
            edges: graph.nested_edges().count(),
            warnings: self.warnings.finish(),
            facts,
        }
    }

    fn warn_of_entries(&mut self, complete: bool) {
        let place = self.words.entries;
        if !complete {
            self.warnings.tally(place, "none listed; an incomplete snapshot, which retires nothing");
        }
        let root = self.root.map(|entry| entry as usize);
        let without =
            self.entries.iter().enumerate().filter(|(entry, kept)| !kept.has_purl && Some(*entry) != root).count();
        if without > 0 {
            let message = format_args!("entries without purl, known by name and to this repository alone: {without}");
            self.warnings.tally(place, message);
        }
    }

    /// What every reference stands for: an entry that goes by it, else an entry whose purl it is.
    fn targets(&self, listing: &Listing, texts: &[&str]) -> Vec<Option<u32>> {
        let mut best: Vec<Option<(bool, bool, u32)>> = vec![None; self.references.len()];
        for (reference, entry) in &self.owners {
            let index = listing.index_of[*entry as usize];
            let without_purl = listing.packages[index as usize].purl.is_none();
            // Where several entries go by one reference: the root, else one with a purl, else the first by value,
            // never by place in the document.
            let candidate = (self.root != Some(*entry), without_purl, index);
            let slot = &mut best[*reference as usize];
            *slot = Some(slot.map_or(candidate, |former| former.min(candidate)));
        }
        let mut targets: Vec<Option<u32>> = best.into_iter().map(|slot| slot.map(|(_, _, index)| index)).collect();

        let is_open = |(number, text): &(usize, &&str)| targets[*number].is_none() && is_purl(text);
        let open: Vec<(usize, &&str)> = texts.iter().enumerate().filter(is_open).collect();
        let by_purl = if open.is_empty() { BTreeMap::new() } else { listing.by_purl() };
        if by_purl.is_empty() {
            return targets;
        }
        for (number, text) in open {
            let purl = Purl::parse(text).ok().map(Purl::without_addresses);
            targets[number] = purl.and_then(|purl| by_purl.get(&(purl.id.as_str(), purl.version.as_deref())).copied());
        }
        targets
    }

    fn described_packages(&mut self, listing: &Listing, targets: &[Option<u32>], texts: &[&str]) -> Vec<u32> {
        let mut described: Vec<u32> = self.root.iter().map(|entry| listing.index_of[*entry as usize]).collect();
        self.described.sort_unstable();
        self.described.dedup();
        for number in std::mem::take(&mut self.described) {
            match targets[number as usize] {
                Some(index) => described.push(index),
                None => self.warn_of_reference(number, texts, "described, but no package of this document"),
            }
        }
        described.sort_unstable();
        described.dedup();
        described
    }

    /// Where the document itself is an end of a relation, that end is the subject: the root that the document
    /// describes, or, where there is none, the repository as a package of its own document.
    fn name_the_subject(
        &self,
        subject: &Subject,
        listing: &mut Listing,
        targets: &mut [Option<u32>],
        described: &mut [u32],
    ) {
        let mut is_document = vec![false; targets.len()];
        for document in &self.documents {
            is_document[*document as usize] = true;
        }
        let meant = |(from, to): &(u32, u32)| is_document[*from as usize] || is_document[*to as usize];
        if !self.relations.iter().any(meant) {
            return;
        }
        let index = if let [root] = *described {
            root
        } else {
            let name = purl::short_name(&subject.id);
            let package = Package { purl: Some(subject.id.clone()), group: None, name, version: None };
            let (index, is_new) = listing.with(package);
            if is_new {
                let later = targets.iter_mut().flatten().chain(described).filter(|other| **other >= index);
                later.for_each(|other| *other += 1);
            }
            index
        };
        for document in &self.documents {
            targets[*document as usize] = Some(index);
        }
    }

    fn package_relations(&mut self, targets: &[Option<u32>], texts: &[&str]) -> Vec<(u32, u32)> {
        let mut found = Vec::with_capacity(self.relations.len());
        let mut left_out: BTreeMap<u32, usize> = BTreeMap::new();
        for (from, to) in &self.relations {
            match (targets[*from as usize], targets[*to as usize]) {
                (Some(from), Some(to)) => found.push((from, to)),
                (known, _) => *left_out.entry(if known.is_none() { *from } else { *to }).or_default() += 1,
            }
        }
        for (number, count) in left_out {
            let message = format!("no package of this document, relations left out: {count}");
            self.warn_of_reference(number, texts, &message);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn warn_of_reference(&mut self, number: u32, texts: &[&str], message: &str) {
        let reference = &self.references[number as usize];
        if !reference.other {
            self.warnings.push(&reference.place, format_args!("{} is {message}", shown(texts[number as usize])));
        }
    }
}

/// Whether a reference is meant as a purl.
fn is_purl(text: &str) -> bool {
    text.trim_start().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkg:"))
}

/// The distinct packages of a document, sorted, and where every entry went.
struct Listing {
    packages: Vec<Package>,
    index_of: Vec<u32>,
    /// Entries whose purls have a version of their own.
    purl_versions: Vec<(u32, String)>,
}

impl Listing {
    fn of(mut entries: Vec<Kept>) -> Self {
        let purl_versions =
            entries.iter_mut().filter_map(|kept| Some((kept.number, kept.purl_version.take()?))).collect();
        // In place: there may be a million.
        entries.sort_unstable_by(|one, other| one.package.cmp(&other.package));
        let mut index_of = vec![0; entries.len()];
        let mut index = 0;
        let mut former: Option<&Package> = None;
        for kept in &entries {
            index += u32::from(former.is_some_and(|former| *former != kept.package));
            former = Some(&kept.package);
            index_of[kept.number as usize] = index;
        }
        entries.dedup_by(|one, other| one.package == other.package);
        let mut packages: Vec<Package> = entries.into_iter().map(|kept| kept.package).collect();
        packages.shrink_to_fit();
        Self { packages, index_of, purl_versions }
    }

    /// The index of a package, and whether it had to be added. Indices of later ones grow by one then.
    fn with(&mut self, package: Package) -> (u32, bool) {
        // Entries are bounded, far below 2^32.
        let number = |index: usize| fit::<u32>(index, "package");
        match self.packages.binary_search(&package) {
            Ok(index) => (number(index), false),
            Err(index) => {
                self.packages.insert(index, package);
                (number(index), true)
            }
        }
    }

    /// Packages by purl and version, as written and as in the purl; without version the first of that purl.
    fn by_purl(&self) -> BTreeMap<(&str, Option<&str>), u32> {
        let written = (0..)
            .zip(&self.packages)
            .flat_map(|(index, package)| [None, package.version.as_deref()].map(|version| (index, version)));
        let own =
            self.purl_versions.iter().map(|(entry, version)| (self.index_of[*entry as usize], Some(version.as_str())));
        let mut found: BTreeMap<(&str, Option<&str>), u32> = BTreeMap::new();
        for (index, version) in written.chain(own) {
            let Some(id) = &self.packages[index as usize].purl else { continue };
            let slot = found.entry((id, version)).or_insert(index);
            *slot = index.min(*slot);
        }
        found
    }
}
