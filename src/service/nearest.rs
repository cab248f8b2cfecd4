//! Which ids may be meant by one that nothing has.

use domain::repository_link::repository_of;

/// Greatest number of ids that are offered.
const OFFERED: usize = 3;

/// The ids that are nearest to one that nothing has, the likelier first; none where none is near.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let meant = repository_of(given.trim()).unwrap_or_else(|| given.trim().to_owned()).to_lowercase();
    if meant.is_empty() {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> =
        known.into_iter().filter_map(|id| Some((distance(&meant, &id.to_lowercase())?, id))).collect();
    near.sort_unstable();
    near.dedup();
    // Beside one that is meant others only confuse.
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= best + 1);
    near.truncate(OFFERED);
    near.into_iter().map(|(_, id)| id).collect()
}

/// How far an id is from what was meant, both in lower case; `None` where it is too far to be offered.
fn distance(meant: &str, id: &str) -> Option<usize> {
    let last = |text: &str| text.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    if id == meant || last(id) == meant {
        return Some(usize::from(id != meant));
    }
    // One letter in six, so that short ids have near ones too.
    let within = |a: &str, b: &str| {
        let allowed = a.chars().count().max(b.chars().count()) / 6 + 1;
        // The distance is at least the difference in length, which costs nothing to tell.
        if a.chars().count().abs_diff(b.chars().count()) > allowed {
            return None;
        }
        Some(strsim::osa_distance(a, b)).filter(|distance| *distance <= allowed)
    };
    let whole = within(meant, id).map(|distance| 2 + distance);
    let name = (!last(meant).is_empty() && last(meant) == last(id)).then_some(4);
    let short =
        || if meant.contains(['/', ':']) { None } else { within(meant, &last(id)).map(|distance| 4 + distance) };
    whole.into_iter().chain(name).min().or_else(short)
}

/// What is said behind the complaint that nothing has an id.
pub(crate) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near: Vec<String> = nearest(given, known).into_iter().map(|id| format!("`{id}`")).collect();
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_offered_and_nothing_else() {
        let known = [
            "pkg:github/expressjs/express",
            "pkg:github/expressjs/session",
            "pkg:npm/express",
            "daoip-5:scf:project:lumina",
            "p:a",
        ];
        for (given, offered) in [
            ("pkg:github/expressjs/expres", vec!["pkg:github/expressjs/express"]),
            ("pkg:github/ExpressJS/Express", vec!["pkg:github/expressjs/express"]),
            ("https://github.com/expressjs/express", vec!["pkg:github/expressjs/express"]),
            ("expressjs/express", vec!["pkg:github/expressjs/express"]),
            ("express", vec!["pkg:github/expressjs/express", "pkg:npm/express"]),
            ("lumnia", vec!["daoip-5:scf:project:lumina"]),
            ("P:a", vec!["p:a"]),
            ("pkg:cargo/serde", vec![]),
            ("", vec![]),
        ] {
            let found = nearest(given, known);
            assert_eq!(found, offered, "{given}");
        }
        assert_eq!(did_you_mean("P:a", known), "; did you mean `p:a`?");
        assert_eq!(did_you_mean("nothing of this", known), "");
    }
}
