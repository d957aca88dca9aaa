//! Completion in the shell: the scripts ask the program itself, so they never grow old.

use super::flag_table::{PROGRAM, VERBS};

/// What may stand next on an unfinished command line: the answer to `--generate-bash-completion`, which the completion scripts of
/// sops ask for.
pub fn suggestions(words: &[String]) -> String {
    let found = VERBS.iter().find(|verb| {
        let parts: Vec<&str> = verb.name.split(' ').collect();
        words.len() >= parts.len() && parts.iter().zip(words).all(|(part, word)| part == word)
    });
    let first_words = || {
        let mut names: Vec<&str> = VERBS.iter().filter_map(|verb| verb.name.split(' ').next()).collect();
        names.dedup();
        names
    };
    let below = |word: &String| {
        VERBS.iter().filter_map(move |verb| verb.name.strip_prefix(word.as_str())?.strip_prefix(' ')).collect::<Vec<_>>()
    };
    let lines: Vec<String> = match (words.last(), found) {
        (Some(last), _) if last.starts_with('-') => {
            let names = found.unwrap_or(&PROGRAM).all().flat_map(|flag| flag.names);
            names.map(|name| format!("{}{name}", if name.len() > 1 { "--" } else { "-" })).collect()
        }
        (_, Some(_)) => Vec::new(),
        (Some(word), None) => below(word).into_iter().map(str::to_owned).collect(),
        (None, None) => first_words().into_iter().map(str::to_owned).collect(),
    };
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A completion script that asks the program itself, so it never grows old.
pub fn script(shell: &str) -> &'static str {
    if shell == "zsh" {
        return "#compdef sops\n_sops() {\n  local -a found\n  found=(\"${(@f)$(${words[1,CURRENT-1]} ${(M)words[CURRENT]:#-*} --generate-bash-completion 2>/dev/null)}\")\n  \
                if [[ -n \"${found[1]}\" ]]; then compadd -a found; else _files; fi\n}\ncompdef _sops sops\n";
    }
    "_sops() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" flag=\n  case \"$word\" in -*) flag=\"$word\" ;; esac\n  \
     COMPREPLY=( $(compgen -W \"$(\"${COMP_WORDS[@]:0:COMP_CWORD}\" $flag --generate-bash-completion 2>/dev/null)\" -- \"$word\") )\n}\n\
     complete -o bashdefault -o default -F _sops sops\n"
}

#[cfg(test)]
mod tests {
    use super::suggestions;

    #[test]
    fn what_may_stand_next_depends_on_what_stands_there() {
        let next =
            |line: &str| suggestions(&line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>());
        assert!(next("").contains("groups\n") && !next("").contains("groups add"));
        assert_eq!(next("groups"), "add\ndelete\n");
        assert!(next("decrypt --").contains("--extract\n"));
        assert!(next("-").contains("-d\n"));
        assert_eq!(next("decrypt"), "");
    }
}
