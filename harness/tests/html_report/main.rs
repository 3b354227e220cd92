//! The report's page: that nothing in it does harm, and, where Chromium is installed, that it works
//! there without a complaint, at the sizes of a desk and a phone, light and dark.
//!
//! `HIL_CHROMIUM` names another browser; `HIL_SCREENSHOTS` a folder for the pictures; `HIL_AXE` an
//! `axe.min.js` to check the pages with, too.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod browser;
mod planted;

use std::env;
use std::fs;
use std::path::Path;

use browser::Browser;
use harness::report::html;
use serde_json::Value;
use tempfile::TempDir;

/// The report of one of each, as a page in a folder of its own.
fn page() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let report = planted::one_of_each(folder.path());
    let earlier = planted::earlier(&report);
    let path = harness::report::write_html(&report, Some(&earlier)).unwrap();
    (folder, path)
}

/// A browser, or a word that there is none.
fn browser() -> Option<Browser> {
    let Some(program) = browser::find() else {
        println!(
            "skipped: no Chromium in the path (Debian has it in chromium); or set HIL_CHROMIUM"
        );
        return None;
    };
    Some(Browser::start(&program).unwrap())
}

#[test]
fn the_first_screen_tells_what_broke_since_when_and_where() {
    let (_folder, path) = page();
    let page = fs::read_to_string(path).unwrap();
    let overview = page.split("id=\"all\"").next().unwrap();
    for told in [
        "<title>2 failed, 1 vanished, 2 could not be judged, 2 flaky of 14",
        "What broke",
        "no message on +/telemetry within 120 s",
        "since 0123456789, 2026-01-10 08:00 UTC",
        "<span class=\"board\">desk-c3</span>",
        "native::T98::gone",
        "the operator&#39;s gateway (owner radio team, until 2027-01-31, #12; quarantine.toml:3)",
        "+5,120 B (+1.7 %)",
    ] {
        assert!(
            overview.contains(told),
            "the first screen does not tell {told}"
        );
    }
    assert!(
        page.contains("AT+APN=<del>free</del>"),
        "no difference inside the line"
    );
    assert!(
        page.contains("+7,000,000 (+20.6 %)"),
        "no change of the cycles"
    );
    assert!(page.contains("cargo hil run T01::scenario_1 --board virtual --seed 1"));
}

#[test]
fn hostile_text_stays_text() {
    let folder = TempDir::new().unwrap();
    planted::one_of_each(folder.path());
    let harm = |path: &Path| {
        let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        planted::make_hostile(&mut value, "");
        fs::write(path, value.to_string()).unwrap();
    };
    harm(&folder.path().join("report.json"));
    let place = folder.path().join("virtual/T01-scenario_1");
    harm(&place.join("timeline.json"));
    for file in ["x.expected.txt", "x.actual.txt"] {
        let text = format!(
            "{}{}\n",
            fs::read_to_string(place.join(file)).unwrap(),
            planted::HOSTILE
        );
        fs::write(place.join(file), text).unwrap();
    }
    let report = harness::report::load(folder.path()).unwrap();
    let page = html::render(&report, Some(&report.report)).unwrap();
    assert!(
        page.contains("x-hostile"),
        "the text is not in the page at all"
    );
    assert!(
        !page.contains("<x-hostile"),
        "an element of the report's text"
    );
    assert!(page.contains("{{7*7}}&#38;lt;"), "an entity is not escaped");
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<script"), count("</script>"));
    assert_eq!((count("<style"), count("</style>")), (1, 1));
    // Nothing is fetched from anywhere.
    for fetched in ["src=\"", "@import", "url(", "<link", "<iframe", "<object"] {
        assert!(!page.contains(fetched), "the page has {fetched}");
    }
    let Some(mut browser) = browser() else { return };
    let path = harness::report::write_html(&report, None).unwrap();
    browser.open(&path, "").unwrap();
    let elements = browser
        .value("document.querySelectorAll('x-hostile').length")
        .unwrap();
    assert_eq!(
        (elements, browser.complaints.clone()),
        (0.into(), Vec::new())
    );
}

#[test]
fn it_works_at_a_desk_and_on_a_phone_in_light_and_dark() {
    let Some(mut browser) = browser() else { return };
    let (_folder, path) = page();
    let shown = [
        "",
        "s-virtual--T01--scenario_1",
        "s-virtual--T03--scenario_3",
    ];
    for (size, phone) in [((1280, 800), false), ((390, 844), true)] {
        for dark in [false, true] {
            browser.shape(size, phone, dark).unwrap();
            for fragment in shown {
                browser.open(&path, fragment).unwrap();
                settle(&mut browser);
                let what = format!("{size:?} dark {dark} #{fragment}");
                let ground = browser.value("getComputedStyle(document.body).backgroundColor");
                let expected = if dark {
                    "rgb(21, 24, 28)"
                } else {
                    "rgb(247, 247, 245)"
                };
                assert_eq!(ground.unwrap(), expected, "{what}");
                assert_eq!(browser.value("innerWidth").unwrap(), size.0, "{what}");
                assert_eq!(browser.value("scrollY").unwrap(), 0, "{what}");
                let problems = browser.value(include_str!("check.js")).unwrap();
                assert_eq!(problems, Value::Array(Vec::new()), "{what}: {problems:#}");
                axe(&mut browser, &what);
                keep_picture(&mut browser, size, phone, dark, fragment);
                assert_eq!(browser.complaints, Vec::<String>::new(), "{what}");
            }
        }
    }
}

#[test]
fn every_event_is_reached_with_keys_and_shows_its_bytes() {
    let Some(mut browser) = browser() else { return };
    let (_folder, path) = page();
    browser.shape((1280, 800), false, false).unwrap();
    browser.open(&path, "s-virtual--T01--scenario_1").unwrap();
    settle(&mut browser);
    let title = "document.querySelector('article:target .tl-panel h3').textContent";
    // What is selected at first is where it went wrong.
    assert_eq!(
        browser.value(title).unwrap(),
        "modem: no service, giving up"
    );
    browser
        .value("document.querySelector('article:target .tl-lanes button.selected').focus()")
        .unwrap();
    browser.press("Home").unwrap();
    assert_eq!(browser.value(title).unwrap(), "starting");
    browser.press("ArrowUp").unwrap();
    assert_eq!(browser.value(title).unwrap(), "AT+SOCKA1?");
    let hex = "document.querySelector('article:target .tl-panel .hex').textContent";
    let bytes = browser.value(hex).unwrap();
    assert!(
        bytes.as_str().unwrap().contains("41 54 2b 53 4f 43 4b 41"),
        "{bytes}"
    );
    browser.press("ArrowRight").unwrap();
    assert_eq!(
        browser.value(title).unwrap(),
        "+SOCKA:TCP,host0.example,2000"
    );
    // Each of them: to the right until there is no more.
    let mut seen = 2;
    loop {
        let before = browser.value(title).unwrap();
        browser.press("ArrowRight").unwrap();
        if browser.value(title).unwrap() == before {
            break;
        }
        seen += 1;
    }
    assert_eq!(seen, 140, "AT events");
    // Zooming keeps the selected one, and tells what was bundled apart.
    let bundles = "document.querySelectorAll('article:target .tl-item.many').length";
    let before = browser.value(bundles).unwrap().as_u64().unwrap();
    for _ in 0..7 {
        browser.press("+").unwrap();
    }
    let after = browser.value(bundles).unwrap().as_u64().unwrap();
    assert!(after < before, "{before} bundles became {after}");
    let focus = browser
        .value("document.activeElement.classList.contains('selected')")
        .unwrap();
    assert_eq!(focus, true, "the focus is lost");
    browser.press("0").unwrap();
    assert_eq!(browser.value(bundles).unwrap(), before);
    browser.press("Escape").unwrap();
    settle(&mut browser);
    assert_eq!(browser.value("location.hash").unwrap(), "#top");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_table_narrows_and_the_theme_is_chosen() {
    let Some(mut browser) = browser() else { return };
    let (_folder, path) = page();
    browser.shape((1280, 800), false, false).unwrap();
    browser.open(&path, "").unwrap();
    let shown = "document.querySelectorAll('#all tbody tr:not([hidden])').length";
    assert_eq!(browser.value(shown).unwrap(), 14);
    browser
        .value("document.querySelector('a[data-only=fail]').click()")
        .unwrap();
    assert_eq!(browser.value(shown).unwrap(), 2);
    browser
        .value("document.querySelector('#filter input[name=board][value=desk-c3]').click()")
        .unwrap();
    assert_eq!(browser.value(shown).unwrap(), 1);
    assert_eq!(
        browser
            .value("document.getElementById('count').textContent")
            .unwrap(),
        "1 of 14"
    );
    browser
        .value("document.getElementById('theme').click()")
        .unwrap();
    let ground = browser
        .value("getComputedStyle(document.body).backgroundColor")
        .unwrap();
    assert_eq!(ground, "rgb(21, 24, 28)");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Prints figures; `cargo test -p harness --test html_report -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn figures_of_five_hundred_results() {
    let folder = TempDir::new().unwrap();
    let entries = (0..500)
        .map(|number| {
            let status = if number % 25 == 0 { "fail" } else { "pass" };
            planted::entry(folder.path(), number, "virtual", status)
        })
        .collect();
    let report = planted::report(folder.path(), entries);
    let start = std::time::Instant::now();
    let path = harness::report::write_html(&report, None).unwrap();
    let size = fs::metadata(&path).unwrap().len();
    println!(
        "500 results: written in {:?}, {size} bytes",
        start.elapsed()
    );
    let Some(mut browser) = browser() else { return };
    browser.shape((1280, 800), false, false).unwrap();
    browser.open(&path, "").unwrap();
    for (what, expression) in [
        (
            "page complete, ms",
            "performance.getEntriesByType('navigation')[0].loadEventEnd",
        ),
        (
            "first paint, ms",
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null",
        ),
        ("filter by a word, ms", include_str!("measure_filter.js")),
        ("open a scenario, ms", include_str!("measure_open.js")),
        ("zoom, ms a frame", include_str!("measure_zoom.js")),
    ] {
        println!("{what}: {}", browser.value(expression).unwrap());
    }
}

/// Lets the page draw what it draws later.
fn settle(browser: &mut Browser) {
    let frames = "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(1)))))";
    browser.value(frames).unwrap();
}

/// The check of axe-core, where it is at hand.
fn axe(browser: &mut Browser, what: &str) {
    let Some(script) = env::var_os("HIL_AXE") else {
        return;
    };
    browser
        .value(&format!("{};0", fs::read_to_string(script).unwrap()))
        .unwrap();
    let rules = "axe.run().then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(' ')}`))";
    let violations = browser.value(rules).unwrap();
    assert_eq!(
        violations,
        Value::Array(Vec::new()),
        "{what}: {violations:#}"
    );
}

fn keep_picture(browser: &mut Browser, size: (u32, u32), phone: bool, dark: bool, part: &str) {
    let picture = browser.screenshot().unwrap();
    // The header of a PNG: signature, IHDR, width and height (PNG specification, 11.2.2).
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), size);
    if let Some(folder) = env::var_os("HIL_SCREENSHOTS") {
        let device = if phone { "phone" } else { "desk" };
        let theme = if dark { "dark" } else { "light" };
        let part = if part.is_empty() { "overview" } else { part };
        let name = format!("{part}-{device}-{theme}.png");
        fs::create_dir_all(&folder).unwrap();
        fs::write(Path::new(&folder).join(name), picture).unwrap();
    }
}
