//! From the text of `$EDITOR` to a command: words apart at blanks, and the shell's own reading where quotes or variables are used,
//! as git has it. It starts nothing.

use std::process::Command;

/// What makes an editor's text more than words and blanks.
const SHELL: &str = "|&;<>()$`\\\"'*?[#~%";

/// The program that an editor's text names, for messages and for what is known of it.
pub fn program(editor: &str) -> String {
    let mut quote = None;
    let mut name = String::new();
    for letter in editor.trim_start().chars() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, _) if letter.is_whitespace() => break,
            _ => name.push(letter),
        }
    }
    name
}

/// The command that starts it; flags and the file are added to its end.
pub fn command(editor: &str) -> Command {
    if cfg!(unix) && editor.contains(|letter| SHELL.contains(letter)) {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{editor} \"$@\""), editor]);
        return command;
    }
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("vi"));
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::{command, program};

    #[test]
    fn quotes_are_read_as_a_shell_reads_them() {
        for (editor, name, words) in [
            ("vi", "vi", "vi"),
            ("code --wait", "code", "code --wait"),
            ("'/opt/my editor/vi' -f", "/opt/my editor/vi", "sh -c '/opt/my editor/vi' -f \"$@\" '/opt/my editor/vi' -f"),
            ("\"C D\"/e", "C D/e", "sh -c \"C D\"/e \"$@\" \"C D\"/e"),
            ("$HOME/bin/ed", "$HOME/bin/ed", "sh -c $HOME/bin/ed \"$@\" $HOME/bin/ed"),
        ] {
            let made = command(editor);
            let written: Vec<_> =
                std::iter::once(made.get_program()).chain(made.get_args()).map(|w| w.to_string_lossy()).collect();
            assert_eq!((program(editor).as_str(), written.join(" ").as_str()), (name, words), "{editor}");
        }
    }
}
