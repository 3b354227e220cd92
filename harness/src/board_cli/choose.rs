//! Which board is meant.

use super::error::BoardCliError;
use crate::config::{BoardConfig, Config, RESERVED_NAMES};

/// The board `name` of `config`, or its only one.
///
/// # Errors
/// [`BoardCliError`] with the boards there are.
pub fn choose<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> Result<&'a BoardConfig, BoardCliError> {
    let known = || {
        config
            .boards
            .iter()
            .map(|board| board.name.clone())
            .collect()
    };
    match (name, config.boards.as_slice()) {
        (Some(name), _) if RESERVED_NAMES.contains(&name) => {
            Err(BoardCliError::Simulated(name.to_owned()))
        }
        (_, []) => Err(BoardCliError::NoBoard),
        (None, [only]) => Ok(only),
        (None, _) => Err(BoardCliError::WhichBoard { known: known() }),
        (Some(name), _) => config
            .board(name)
            .ok_or_else(|| BoardCliError::UnknownBoard {
                name: name.to_owned(),
                known: known(),
            }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(names: &[&str]) -> Config {
        let board = |(index, name)| {
            format!(
                "[[board]]\nname = \"{name}\"\nchip = \"esp32c3\"\nprobe = \"303a:1001:{index}\"\n"
            )
        };
        let text: String = names.iter().enumerate().map(board).collect();
        Config::parse(&text, Path::new("hil.toml")).unwrap()
    }

    fn refused(names: &[&str], name: Option<&str>) -> String {
        choose(&config(names), name).unwrap_err().to_string()
    }

    #[test]
    fn the_only_board_needs_no_name() {
        assert_eq!(choose(&config(&["a"]), None).unwrap().name, "a");
        assert_eq!(choose(&config(&["a", "b"]), Some("b")).unwrap().name, "b");
    }

    #[test]
    fn everything_else_is_told() {
        assert_eq!(
            refused(&["a", "b"], None),
            "which board? Name one with --board: a, b"
        );
        assert_eq!(
            refused(&["a", "b"], Some("c")),
            "unknown board `c`; hil.toml lists: a, b"
        );
        assert!(refused(&[], None).starts_with("no board to work on"));
        assert!(refused(&["a"], Some("virtual")).starts_with("`virtual` is simulated"));
    }
}
