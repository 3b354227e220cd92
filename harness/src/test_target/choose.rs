//! Which tests are meant.

use super::image::TestImage;
use super::trials::Chosen;

/// How many tests an error proposes.
const PROPOSALS: usize = 3;

/// Which tests of the images to run: as the standard library's test programs choose theirs.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// A test whose name contains one of these; all without any.
    pub filters: Vec<String>,
    /// Names are compared as a whole.
    pub exact: bool,
    /// Not a test whose name contains one of these.
    pub skip: Vec<String>,
    /// Only those that are left out otherwise.
    pub ignored: bool,
    /// Tests are called by their own name, as in the program they are in; else with the name of
    /// the image in front.
    pub bare_names: bool,
}

/// Nothing is chosen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// A filter does not match.
    #[error(
        "no test matches `{filter}`; closest: {}. `cargo hil test-target --list` shows all",
        closest.join(", ")
    )]
    Filter {
        /// The filter.
        filter: String,
        /// Names, the closest first.
        closest: Vec<String>,
    },
    /// Everything was excluded.
    #[error("no test is left to run: all are excluded by --skip, --ignored and the filters")]
    Nothing,
}

impl Choice {
    /// All tests of `images`, by the names they are called by.
    pub fn all(&self, images: &[TestImage]) -> Vec<Chosen> {
        let of_image = |(number, image): (usize, &TestImage)| {
            let tests = image.tests().iter().enumerate();
            tests
                .map(|(test, about)| Chosen {
                    image: number,
                    test,
                    name: match self.bare_names {
                        true => about.name.clone(),
                        false => format!("{}::{}", image.name(), about.name),
                    },
                    ignored: about.ignored,
                })
                .collect::<Vec<_>>()
        };
        images.iter().enumerate().flat_map(of_image).collect()
    }

    /// Whether a test is meant.
    pub fn holds(&self, test: &Chosen) -> bool {
        let any = |texts: &[String]| texts.iter().any(|text| self.matches(&test.name, text));
        (self.filters.is_empty() || any(&self.filters))
            && !any(&self.skip)
            && (!self.ignored || test.ignored)
    }

    /// Each filter has to match something, so that a slip of the pen does not pass for a green
    /// run.
    ///
    /// # Errors
    /// [`ChooseError`].
    pub fn check(&self, all: &[Chosen]) -> Result<(), ChooseError> {
        for filter in &self.filters {
            if !all.iter().any(|test| self.matches(&test.name, filter)) {
                return Err(ChooseError::Filter {
                    filter: filter.clone(),
                    closest: closest(all, filter),
                });
            }
        }
        match all.iter().any(|test| self.holds(test)) {
            true => Ok(()),
            false => Err(ChooseError::Nothing),
        }
    }

    fn matches(&self, name: &str, text: &str) -> bool {
        if self.exact {
            name == text
        } else {
            name.contains(text)
        }
    }
}

fn closest(all: &[Chosen], filter: &str) -> Vec<String> {
    let distance = |name: &str| {
        let own = name.rsplit("::").next().unwrap_or(name);
        strsim::osa_distance(name, filter).min(strsim::osa_distance(own, filter))
    };
    let mut names: Vec<&str> = all.iter().map(|test| &*test.name).collect();
    // Stable: what is equally close stays in its order.
    names.sort_by_key(|name| distance(name));
    names
        .iter()
        .take(PROPOSALS)
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Chosen> {
        let names = [
            ("uart::tests::loses_nothing", false),
            ("uart::tests::slow", true),
        ];
        let chosen = |(test, (name, ignored)): (usize, (&str, bool))| Chosen {
            image: 0,
            test,
            name: name.to_owned(),
            ignored,
        };
        names.into_iter().enumerate().map(chosen).collect()
    }

    fn chosen(choice: &Choice) -> Vec<usize> {
        let all = all();
        let held = all.iter().filter(|test| choice.holds(test));
        held.map(|test| test.test).collect()
    }

    fn filters(filters: &[&str]) -> Choice {
        Choice {
            filters: filters.iter().map(ToString::to_string).collect(),
            ..Choice::default()
        }
    }

    #[test]
    fn chooses_as_the_standard_library_does() {
        assert_eq!(chosen(&filters(&[])), [0, 1]);
        assert_eq!(chosen(&filters(&["loses", "nowhere"])), [0]);
        let mut exact = filters(&["uart::tests::slow"]);
        exact.exact = true;
        assert_eq!(chosen(&exact), [1]);
        exact.filters = vec!["slow".to_owned()];
        assert_eq!(chosen(&exact), [0; 0]);
        let mut others = filters(&["uart"]);
        others.skip = vec!["slow".to_owned()];
        assert_eq!(chosen(&others), [0]);
        others.skip.clear();
        others.ignored = true;
        assert_eq!(chosen(&others), [1]);
    }

    #[test]
    fn a_filter_that_matches_nothing_is_told_with_what_is_near() {
        let error = filters(&["slow", "looses_nothing"])
            .check(&all())
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(
                "no test matches `looses_nothing`; closest: uart::tests::loses_nothing,"
            ),
            "{text}"
        );
        let mut none = filters(&["loses"]);
        none.ignored = true;
        assert_eq!(none.check(&all()), Err(ChooseError::Nothing));
        assert_eq!(filters(&["uart"]).check(&all()), Ok(()));
    }
}
