//! What a terminal shows in the end of all that was written to it: what was drawn over, such as a bar of progress, is
//! gone.

/// The lines of a screen that is as long as it takes.
#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn line(&mut self) -> &mut Vec<char> {
        self.lines.resize_with(self.lines.len().max(self.row + 1), Vec::new);
        &mut self.lines[self.row]
    }

    fn put(&mut self, c: char) {
        let column = self.column;
        let line = self.line();
        line.resize(line.len().max(column + 1), ' ');
        line[column] = c;
        self.column += 1;
    }

    /// Does what a sequence behind `ESC [` says: its parameters, and its last letter. Colours change no text.
    fn control(&mut self, parameters: &str, letter: char) {
        let number = parameters.parse::<usize>().unwrap_or(1);
        let column = self.column;
        match letter {
            'A' => self.row = self.row.saturating_sub(number),
            'B' => self.row += number,
            'C' => self.column += number,
            'D' => self.column = self.column.saturating_sub(number),
            'G' => self.column = number.saturating_sub(1),
            'K' if parameters == "2" => self.line().clear(),
            'K' => self.line().truncate(column),
            'm' | 'h' | 'l' => {}
            _ => panic!("a terminal is told ESC [ {parameters} {letter}"),
        }
    }
}

/// The lines, without blanks at their ends.
pub(crate) fn lines(written: &str) -> Vec<String> {
    let mut screen = Screen::default();
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\n' => screen.row += 1,
            '\r' => screen.column = 0,
            '\u{1b}' => {
                assert_eq!(chars.next(), Some('['), "a sequence that this terminal does not know");
                let mut parameters = String::new();
                let letter = loop {
                    match chars.next().expect("a sequence ends") {
                        c if c.is_ascii_alphabetic() => break c,
                        c => parameters.push(c),
                    }
                };
                screen.control(&parameters, letter);
            }
            c => screen.put(c),
        }
    }
    screen.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
}

#[test]
fn what_was_drawn_over_is_gone() {
    let written =
        "one\r\n\r\u{1b}[2Kbar 10%\r\u{1b}[2Kbar 90%\r\u{1b}[2K\u{1b}[32mlive\u{1b}[0m\r\nabcdef\rxy\u{1b}[K\r\n";
    assert_eq!(lines(written), ["one", "live", "xy"]);
    assert_eq!(lines("a\r\nb\u{1b}[1A\rc\u{1b}[1B\rd"), ["c", "d"]);
}
