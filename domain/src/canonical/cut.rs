//! Members taken out of canonical bytes. What stays is canonical: members keep their order.

use memchr::{memchr2, memchr3};

/// The parts of an object's canonical bytes that stay without the members at these paths of names. A name is compared
/// as it is written; only objects lead to further members.
pub(super) fn cut<'a>(json: &'a [u8], without: &[&[&str]]) -> Vec<&'a [u8]> {
    let mut cutting = Cutting { json, kept: Vec::new(), from: 0 };
    if json.first() == Some(&b'{') {
        cutting.object(0, without);
    }
    cutting.kept.push(&json[cutting.from..]);
    cutting.kept
}

struct Cutting<'a> {
    json: &'a [u8],
    kept: Vec<&'a [u8]>,
    /// Where the part that is being kept begins.
    from: usize,
}

impl Cutting<'_> {
    /// Cuts members out of the object at `start`.
    fn object(&mut self, start: usize, without: &[&[&str]]) {
        let mut wanted = without.iter().filter(|path| !path.is_empty()).count();
        let (mut at, mut is_first) = (start + 1, true);
        // Names are there once: what was met is not looked for again.
        while wanted > 0 && self.json[at] == b'"' {
            let end_of_key = text_end(self.json, at);
            let name = &self.json[at + 1..end_of_key - 1];
            let inside: Vec<&[&str]> = without
                .iter()
                .filter(|path| path.first().is_some_and(|first| first.as_bytes() == name))
                .map(|path| &path[1..])
                .collect();
            wanted -= inside.len();
            let value = end_of_key + 1;
            let is_cut = inside.iter().any(|path| path.is_empty());
            if !is_cut && !inside.is_empty() && self.json[value] == b'{' {
                self.object(value, &inside);
            }
            let end = if is_cut || wanted > 0 { value_end(self.json, value) } else { return };
            let follows = self.json[end] == b',';
            if is_cut {
                let (cut_from, cut_to) = if is_first { (at, end + usize::from(follows)) } else { (at - 1, end) };
                self.kept.push(&self.json[self.from..cut_from]);
                self.from = cut_to;
            } else {
                is_first = false;
            }
            at = end + usize::from(follows);
        }
    }
}

/// The byte after the text whose quote is at `start`.
fn text_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = memchr2(b'"', b'\\', &json[at..]) {
        at += found + 1;
        if json[at - 1] == b'"' {
            break;
        }
        at += 1;
    }
    at
}

/// The byte after the value at `start`.
fn value_end(json: &[u8], start: usize) -> usize {
    match json[start] {
        b'"' => text_end(json, start),
        b'{' | b'[' => nesting_end(json, start),
        _ => start + memchr3(b',', b'}', b']', &json[start..]).unwrap_or(json.len() - start),
    }
}

/// The byte after the array or object at `start`: of brackets of its own kind, texts aside, as many close as begin.
fn nesting_end(json: &[u8], start: usize) -> usize {
    let (open, close) = if json[start] == b'{' { (b'{', b'}') } else { (b'[', b']') };
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(found) = memchr3(b'"', open, close, &json[at..]) {
        at += found;
        match json[at] {
            b'"' => at = text_end(json, at),
            byte => {
                at += 1;
                depth = if byte == open { depth + 1 } else { depth - 1 };
                if depth == 0 {
                    break;
                }
            }
        }
    }
    at
}
