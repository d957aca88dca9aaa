//! What each known editor must be told so that it writes the text it edits nowhere but into the file. Pure: a name in, flags out.

use std::path::Path;

/// How to start an editor on plaintext.
#[derive(Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Flags that go before the file.
    pub flags: &'static [&'static str],
    /// What it keeps elsewhere all the same, when it cannot be told not to.
    pub warning: Option<&'static str>,
}

/// After `--cmd` and again after the user's own settings have been read.
const VIM: &[&str] = &[
    "-n",
    "-i",
    "NONE",
    "--cmd",
    "set noswapfile nobackup nowritebackup noundofile",
    "-c",
    "set noswapfile nobackup nowritebackup noundofile",
];
const NANO: &[&str] = &["--ignorercfiles"];
const EMACS: &[&str] = &[
    "--eval",
    "(setq make-backup-files nil auto-save-default nil auto-save-list-file-prefix nil create-lockfiles nil kill-buffer-delete-auto-save-files t undo-tree-auto-save-history nil savehist-mode nil)",
];
const MICRO: &[&str] = &["-backup", "false", "-saveundo", "false", "-savehistory", "false", "-savecursor", "false"];
const CODE: &str = "this editor keeps unsaved text in a folder of its own; close the file before you leave it unsaved";
const SERVER: &str = "this editor runs as a server of its own, with the backups its settings ask for";

/// Flags for the editor behind `program`, which is what the user named or what that name leads to (`vi` is mostly a link).
pub fn quiet(program: &Path) -> Quiet {
    let stem = program.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = stem.split('.').next().unwrap_or(stem);
    let told = |flags| Quiet { flags, warning: None };
    let warned = |warning| Quiet { flags: &[], warning: Some(warning) };
    match name {
        "vim" | "nvim" | "gvim" | "mvim" | "vimx" | "view" => told(VIM),
        "nano" | "rnano" => told(NANO),
        "micro" => told(MICRO),
        "joe" => told(&["-nobackups"]),
        "emacsclient" => warned(SERVER),
        "code" | "codium" | "code-insiders" | "cursor" | "windsurf" | "zed" | "subl" => warned(CODE),
        _ if name == "emacs" || name.starts_with("emacs-") => told(EMACS),
        _ => told(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_that_keep_copies_are_told_not_to() {
        for (program, flag) in [
            ("vim", Some("-n")),
            ("/usr/bin/vim.basic", Some("-n")),
            ("/opt/nvim", Some("-n")),
            ("/bin/nano", Some("--ignorercfiles")),
            ("emacs-nox", Some("--eval")),
            ("micro", Some("-backup")),
            ("ed", None),
            ("true", None),
        ] {
            assert_eq!(quiet(Path::new(program)).flags.first().copied(), flag, "{program}");
        }
    }

    #[test]
    fn an_editor_that_cannot_be_told_is_warned_about() {
        for (program, warned) in [("code", true), ("/usr/bin/emacsclient", true), ("vim", false), ("hx", false)] {
            assert_eq!(quiet(Path::new(program)).warning.is_some(), warned, "{program}");
        }
    }
}
