//! Texts that the modem prints without being asked, and without a line end it can be relied upon
//! for (MODEM.md 2, "Unsolicited text").

use heapless::String;

use super::line::Unsolicited;

/// Longest banner: `AT+STMSG` takes 1 to 20 bytes (MODEM.md 3.1).
const BANNER: usize = 20;

/// Shorter banners are not searched for: they would be found by accident.
const SHORTEST_BANNER: usize = 4;

/// No known text is longer than this, in bytes.
pub(crate) const LONGEST: usize = BANNER;

/// Banners from the factory. A longer one first: it starts with the shorter.
const BANNERS: [&str; 3] = ["WH-LTE-7S1-E", "WH-LTE-7S1", "USR-DR154-E"];
const REGISTRATION_FAILED: &str = "Net Reg Fail";
const NO_SIM: &str = "No Sim.Reboot";
/// Heartbeat from the factory, as it comes back from an echoing server.
const HEARTBEAT: &str = "www.usr.cn";

/// The texts to look for.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    banner: String<BANNER>,
}

impl Texts {
    pub(crate) const fn new() -> Self {
        Self {
            banner: String::new(),
        }
    }

    /// Adds the banner that is configured. One that is too long or too short is not looked for.
    pub(crate) fn set_banner(&mut self, banner: &str) {
        self.banner.clear();
        if banner.len() >= SHORTEST_BANNER {
            // Too long for the modem as well: nothing to look for.
            let _ = self.banner.push_str(banner);
        }
    }

    /// What stands before the banner that ends `line`, and that banner.
    pub(crate) fn trailing_banner<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        let configured = Some(self.banner.as_str()).filter(|banner| !banner.is_empty());
        let mut banners = configured.into_iter().chain(BANNERS);
        let before = banners.find_map(|banner| line.strip_suffix(banner))?;
        Some((before, &line[before.len()..]))
    }

    /// The first known text in `line`: what stands before it, the text, what stands behind it.
    pub(crate) fn find<'a>(&self, line: &'a str) -> Option<(&'a str, Unsolicited<'a>, &'a str)> {
        let configured = Some(self.banner.as_str()).filter(|banner| !banner.is_empty());
        let banners = configured
            .into_iter()
            .chain(BANNERS)
            .map(|text| (text, Kind::Banner));
        let others = [
            (REGISTRATION_FAILED, Kind::RegistrationFailed),
            (NO_SIM, Kind::NoSim),
            (HEARTBEAT, Kind::Heartbeat),
        ];
        let mut first: Option<(usize, &str, Kind)> = None;
        for (text, kind) in banners.chain(others) {
            let Some(at) = line.find(text) else { continue };
            let better = first.is_none_or(|(best, found, _)| {
                at < best || (at == best && text.len() > found.len())
            });
            if better {
                first = Some((at, text, kind));
            }
        }
        let (at, text, kind) = first?;
        let (before, rest) = line.split_at(at);
        let (found, after) = rest.split_at(text.len());
        let event = match kind {
            Kind::Banner => Unsolicited::Banner(found),
            Kind::RegistrationFailed => Unsolicited::RegistrationFailed,
            Kind::NoSim => Unsolicited::NoSim,
            Kind::Heartbeat => Unsolicited::Heartbeat,
        };
        Some((before, event, after))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Banner,
    RegistrationFailed,
    NoSim,
    Heartbeat,
}
