//! Documents in XML whose elements are missing, doubled, elsewhere or strange, and XML's many ways to write one thing.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{parsed, twins};
use super::{dice, read_anything, say_the_same, seeds};

/// CycloneDX with every element that is read.
const CYCLONEDX: &str = r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">
<metadata><tools><components><component type="library"><name>t</name></component></components></tools>
<component type="application" bom-ref="app"><name>app</name><purl>pkg:npm/app@1</purl>
<components><component type="library" bom-ref="p"><name>part</name></component></components></component></metadata>
<components><component type="library" bom-ref="a"><group>@o</group><name>a</name><version>1.10</version>
<purl>pkg:npm/%40o/a@1.10</purl><components><component type="file" bom-ref="b"><name>b &amp; c</name></component></components>
<pedigree><ancestors><component type="library"><name>old</name></component></ancestors></pedigree></component>
<component type="library" bom-ref="d"><name>d</name><version>no</version></component></components>
<services><service bom-ref="s"><name>s</name><services><service bom-ref="u"><name>u</name></service></services></service></services>
<dependencies><dependency ref="app"><dependency ref="a"/><dependency ref="s"/></dependency><dependency ref="a">
<dependency ref="b"/><dependency ref="pkg:npm/app@1"/><dependency ref="gone"/></dependency></dependencies></bom>"#;
/// CycloneDX 1.1, where dependencies are an extension.
const EXTENDED: &str = r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.1" xmlns:g="http://cyclonedx.org/schema/ext/dependency-graph/1.0">
<components><component type="library" bom-ref="a"><name>a</name><version>1</version></component>
<component type="library" bom-ref="b"><name>b</name><version>1</version></component></components>
<g:dependencies><g:dependency ref="a"><g:dependency ref="b"/></g:dependency></g:dependencies></bom>"#;

/// An element, and what is inside of it.
#[derive(Clone, Debug, Default)]
struct Branch {
    name: String,
    /// As written, with the space before them.
    attributes: String,
    inside: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Branch(Branch),
    Raw(String),
}

impl Branch {
    /// Takes a sample apart; the root comes out, and what stands before it is dropped.
    fn of(text: &str) -> Self {
        let mut open = vec![Self::default()];
        let mut rest = text;
        while let Some(end) = rest.find(if rest.starts_with('<') { '>' } else { '<' }) {
            let (piece, after) = rest.split_at(end + usize::from(rest.starts_with('<')));
            rest = after;
            let tag = piece.trim_start_matches('<').trim_end_matches('>');
            if piece.starts_with("</") {
                let whole = open.pop().unwrap();
                open.last_mut().unwrap().inside.push(Piece::Branch(whole));
            } else if !piece.starts_with('<') || tag.starts_with(['!', '?']) {
                open.last_mut().unwrap().inside.push(Piece::Raw(piece.to_owned()));
            } else {
                let (name, attributes) = tag.trim_end_matches('/').split_at(tag.find([' ', '/']).unwrap_or(tag.len()));
                let found = Self { name: name.to_owned(), attributes: attributes.to_owned(), inside: Vec::new() };
                match tag.ends_with('/') {
                    true => open.last_mut().unwrap().inside.push(Piece::Branch(found)),
                    false => open.push(found),
                }
            }
        }
        let inside = open.pop().unwrap().inside.into_iter();
        inside.filter_map(|piece| if let Piece::Branch(root) = piece { Some(root) } else { None }).next().unwrap()
    }

    fn count(&self) -> usize {
        self.children().map(|child| 1 + child.count()).sum()
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.inside.iter().filter_map(|piece| if let Piece::Branch(child) = piece { Some(child) } else { None })
    }

    /// The list that holds the element of this number, counted from the first inside of the root, and its place there.
    fn place(&mut self, number: &mut usize) -> Option<(&mut Vec<Piece>, usize)> {
        for at in 0..self.inside.len() {
            let Piece::Branch(child) = &self.inside[at] else { continue };
            let within = child.count();
            if *number == 0 {
                return Some((&mut self.inside, at));
            }
            *number -= 1;
            if *number < within {
                let Piece::Branch(child) = &mut self.inside[at] else { return None };
                return child.place(number);
            }
            *number -= within;
        }
        None
    }

    fn element(&mut self, mut number: usize) -> &mut Self {
        let (list, at) = self.place(&mut number).unwrap();
        let Piece::Branch(found) = &mut list[at] else { unreachable!("it was counted") };
        found
    }

    fn change(&mut self, (one, other, action): &(Index, Index, u8)) {
        let strange = [
            "",
            "NOASSERTION",
            "\u{7f}\u{202e}",
            "pkg:npm/%00/@",
            "a",
            "]]>",
            "&x;",
            "&#0;",
            "<a>",
            "<!DOCTYPE x>",
            "</name>",
        ];
        let count = self.count();
        if count == 0 || count > 500 {
            return;
        }
        let number = one.index(count);
        let elsewhere = self.element(other.index(count)).clone();
        match action {
            0 | 1 => {
                let mut left = number;
                let (list, at) = self.place(&mut left).unwrap();
                let piece = list.remove(at);
                if *action == 1 {
                    list.extend([piece.clone(), piece]);
                }
            }
            2 => *self.element(number) = elsewhere,
            3 => self.element(number).name = elsewhere.name,
            4 => self.element(number).attributes = elsewhere.attributes,
            5 => self.element(number).inside.push(Piece::Branch(elsewhere)),
            6 => self.element(number).inside.clear(),
            _ => self.element(number).inside.push(Piece::Raw((*other.get(&strange)).to_owned())),
        }
    }

    /// Writes it; with dice in some other way that says the same.
    fn write(&self, out: &mut String, dice: &mut Option<impl FnMut(usize) -> usize>) {
        let _ = write!(out, "<{}{}", self.name, self.attributes);
        let mut pieces: Vec<&Piece> = self.inside.iter().collect();
        let mixed = pieces.iter().any(|piece| matches!(piece, Piece::Raw(text) if !text.trim().is_empty()));
        if let Some(dice) = dice.as_mut().filter(|_| !mixed) {
            (1..pieces.len()).for_each(|n| pieces.swap(n, dice(n + 1)));
        }
        let mut roll = |sides: usize| dice.as_mut().map_or(0, |dice| dice(sides));
        if pieces.is_empty() {
            out.push_str(["/>", " />"][roll(2)]);
            return;
        }
        out.push_str([">", "\n>", " >"][roll(3)]);
        for piece in pieces {
            let mut roll = |sides: usize| dice.as_mut().map_or(0, |dice| dice(sides));
            out.push_str(["", "", "", "<!-- x -->", "<?x y?>", "<x:name xmlns:x='urn:x'>z<x:a/></x:name>"][roll(6)]);
            match piece {
                Piece::Branch(child) => child.write(out, dice),
                Piece::Raw(text) if text.contains(['<', '>', '&']) => out.push_str(text),
                Piece::Raw(text) => match roll(4) {
                    1 => out.extend(["<![CDATA[", text, "]]>"]),
                    2 => out.extend(text.chars().map(|letter| format!("&#x{:x};", u32::from(letter)))),
                    3 => out.extend(text.chars().map(|letter| format!("{letter}<!-- -->"))),
                    _ => out.push_str(text),
                },
            }
        }
        let _ = write!(out, "</{}>", self.name);
    }

    fn plainly(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, &mut None::<fn(usize) -> usize>);
        out
    }
}

fn samples() -> [Branch; 3] {
    let written = twins::written(&twins::example());
    let spdx = written.iter().find(|(name, _)| *name == "SPDX-XML").unwrap();
    [Branch::of(CYCLONEDX), Branch::of(EXTENDED), Branch::of(&spdx.1)]
}

fn changed(sample: usize, changes: &[(Index, Index, u8)]) -> Branch {
    let mut tree = samples()[sample].clone();
    changes.iter().for_each(|change| tree.change(change));
    tree
}

fn changes() -> impl Strategy<Value = Vec<(Index, Index, u8)>> {
    prop::collection::vec((any::<Index>(), any::<Index>(), 0..9u8), 0..8)
}

#[test]
fn the_samples_in_xml_are_read() {
    for (sample, edges) in samples().iter().zip([3, 2, 5]) {
        assert_eq!(parsed(&sample.plainly()).edges, edges, "{}", sample.plainly());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_elements_are_refused_or_read(sample in 0..3usize, changes in changes()) {
        read_anything(changed(sample, &changes).plainly().as_bytes());
    }

    #[test]
    fn xml_says_the_same_however_it_is_written(sample in 0..3usize, changes in changes(), seeds in seeds()) {
        let tree = changed(sample, &changes);
        let mut other = "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n".to_owned();
        tree.write(&mut other, &mut Some(dice(&seeds)));
        say_the_same(&tree.plainly(), &other)?;
    }
}
