//! The words of Rust sources: enough to see who names whom and what is declared, no more.

/// What the words are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// `::`.
    Path,
    /// Anything else.
    Mark(char),
}

/// A source without the tests at its end.
pub(super) fn without_tests(text: &str) -> &str {
    text.split_once("\n#[cfg(test)]\nmod tests {").map_or(text, |(before, _)| before)
}

/// The tokens of a source, without comments, texts and letters in quotation marks.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(n, c)| text.get(at + n) == Some(&c));
    let end_of =
        |from: usize, end: &str| (from..text.len()).find(|at| starts(*at, end)).map_or(text.len(), |at| at + end.len());
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            '/' if starts(at, "//") => at = end_of(at, "\n"),
            '/' if starts(at, "/*") => at = end_of(at, "*/"),
            'r' if starts(at, "r\"") => at = end_of(at + 2, "\""),
            'r' if starts(at, "r#\"") => at = end_of(at + 3, "\"#"),
            '"' => {
                at += 1;
                while at < text.len() && text[at] != '"' {
                    at += if text[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
            }
            '\'' if starts(at + 1, "\\") => at = end_of(at + 3, "'"),
            '\'' if text.get(at + 2) == Some(&'\'') => at += 3,
            ':' if starts(at, "::") => {
                tokens.push(Token::Path);
                at += 2;
            }
            c if is_word(&c) => {
                let word: String = text[at..].iter().take_while(|c| is_word(c)).collect();
                at += word.chars().count();
                tokens.push(Token::Word(word));
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Mark(c));
                }
                at += 1;
            }
        }
    }
    tokens
}

/// Reads the tree behind `use` from token `at`: each path with the name that it is bound to. Returns where it ends.
pub(super) fn use_tree(
    tokens: &[Token],
    mut at: usize,
    before: &[String],
    leaves: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = before.to_vec();
    let mut bound = None;
    let mut group = false;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Word(word) if word == "as" => {
                if let Some(Token::Word(name)) = tokens.get(at + 1) {
                    bound = Some(name.clone());
                }
                at += 1;
            }
            Token::Word(word) if word == "self" && !path.is_empty() => {}
            Token::Word(word) => path.push(word.clone()),
            Token::Mark('{') => {
                group = true;
                at += 1;
                while tokens.get(at).is_some_and(|token| !matches!(token, Token::Mark('}' | ';'))) {
                    at = use_tree(tokens, at, &path, leaves);
                    at += usize::from(tokens.get(at) == Some(&Token::Mark(',')));
                }
            }
            Token::Mark(',' | '}' | ';') => break,
            _ => {}
        }
        at += 1;
    }
    if let Some(last) = path.last().filter(|_| !group) {
        let bound = bound.unwrap_or_else(|| last.clone());
        leaves.push((path, bound));
    }
    at
}
