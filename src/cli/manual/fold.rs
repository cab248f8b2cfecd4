//! Command lines in lines that fit.

/// A command line, folded where it does not fit `width` columns: so many `before` its first line and the others, which
/// are indented by that, and at the end of a line that goes on `mark`. Neither a quoted text nor a flag and its value
/// are torn apart, nor `>` and a file.
pub(crate) fn folded(line: &str, width: usize, before: [usize; 2], mark: &str) -> String {
    let [first, others] = before;
    let pieces = pieces(line);
    let mut column = first;
    pieces.iter().enumerate().fold(String::new(), |mut folded, (n, piece)| {
        let last = n + 1 == pieces.len();
        let room = width - if last { 0 } else { mark.len() };
        if n > 0 && column + 1 + piece.chars().count() > room {
            folded += &format!("{mark}\n{:others$}", "");
            column = others;
        } else if n > 0 {
            folded.push(' ');
            column += 1;
        }
        column += piece.chars().count();
        folded + piece
    })
}

/// Words, quotes and flags with their values together.
fn pieces(line: &str) -> Vec<String> {
    let mut quote = None;
    let words = line.split(|c: char| {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            _ => {}
        }
        c == ' ' && quote.is_none()
    });
    words.fold(Vec::<String>::new(), |mut pieces, word| {
        let begins = |text: &str, marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
        let takes_value = |piece: &str| begins(piece, &["--", "<--"]) && !piece.contains(' ');
        match pieces.last_mut() {
            Some(last) if last == ">" || takes_value(last) && !begins(word, &["-", "[", "|", ">", "<-"]) => {
                *last = format!("{last} {word}");
            }
            _ => pieces.push(word.to_owned()),
        }
        pieces
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_mean_the_same() {
        let line = "x | a --flag 'one two' --other <VALUE> <--this <A>|--that> [OPTIONS] last";
        assert_eq!(folded(line, 100, [0, 2], " \\"), line);
        assert_eq!(
            folded(line, 24, [4, 2], " \\"),
            "x | a \\\n  --flag 'one two' \\\n  --other <VALUE> \\\n  <--this <A>|--that> \\\n  [OPTIONS] last"
        );
        assert_eq!(folded("too-long-a-word and", 8, [0, 1], ""), "too-long-a-word\n and");
    }
}
