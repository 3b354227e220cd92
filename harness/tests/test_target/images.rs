//! The planted images, and damaged copies of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::firmware_build;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// The planted image of this name, built once.
pub(crate) fn planted(name: &str) -> &'static Path {
    static IMAGES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let images = IMAGES.get_or_init(|| {
        let options = firmware_build::Options::default();
        firmware_build::build_tests(&options, true, &mut |_| {})
            .unwrap_or_else(|error| panic!("{error}"))
    });
    let has_name = |path: &&PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        file.rsplit_once('-').is_some_and(|(stem, _)| stem == name)
    };
    images
        .iter()
        .find(has_name)
        .unwrap_or_else(|| panic!("no image {name} in {images:?}"))
}

/// A copy of a planted image with `damage` done to it, in a folder of its own.
pub(crate) fn damaged(damage: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let mut bytes = fs::read(planted("planted")).expect("it was built");
    damage(&mut bytes);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("damaged.elf");
    fs::write(&path, bytes).expect("the folder is ours");
    (folder, path)
}

/// Offset in the file of a symbol of the section `.embedded_test`.
pub(crate) fn offset_of(bytes: &[u8], is: impl Fn(&str) -> bool) -> usize {
    let file = object::File::parse(bytes).expect("an ELF file");
    let section = file.section_by_name(".embedded_test").expect("a section");
    let (start, _) = section.file_range().expect("content");
    let symbol = file
        .symbols()
        .find(|symbol| symbol.name().is_ok_and(&is))
        .expect("a symbol");
    usize::try_from(start + symbol.address() - section.address()).expect("within the file")
}
