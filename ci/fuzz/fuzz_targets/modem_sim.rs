//! Any host, any network, any timing: the simulated modem never panics, its outputs are in order
//! of time, and they do not depend on how often it is advanced.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use modem_sim::{
    Apns, ConnId, Fault, Initial, Latency, Modem, ModemConfig, NetEvent, Options, Output, Profile,
    Settings, Sim, StalledInput, Unterminated, When,
};

/// One step of the surroundings.
enum Step {
    Serial(Vec<u8>),
    Wait(Duration),
    Net(u8, Vec<u8>),
    Surroundings(u8),
}

/// Texts that a blind search would not find.
const WORDS: [&[u8]; 19] = [
    b"AT+",
    b"\r\n",
    b"?",
    b"=?",
    b"=",
    b"usr.cn#AT+CSQ\r\n",
    b"AT+SOCKA=UDP,h,7\r\n",
    b"AT+WKMOD=",
    b"CMD",
    b"SMS",
    b"HTTPD",
    b"AT+SDPEN=ON\r\n",
    b"AT+S\r\n",
    b"AT+ENTM\r\n",
    b"\x55\xFD\xAA\x00\x03\x61\x00hi",
    b"AT+SOCKASL=SHORT\r\n",
    b"AT+MQTTPUBTP=",
    b"AT+SSLCRT=0,",
    b"1,message",
];

const WAITS: [u64; 8] = [1, 12, 60, 500, 3_000, 12_000, 70_000, 400_000];

fn steps(data: &[u8]) -> Vec<Step> {
    let mut data = data.iter().copied();
    let mut steps = Vec::new();
    while let (Some(op), true) = (data.next(), steps.len() < 200) {
        let arg = data.next().unwrap_or(0);
        match op % 8 {
            0 | 1 => steps.push(Step::Serial(
                data.by_ref().take(usize::from(arg % 40)).collect(),
            )),
            2 => steps.push(Step::Serial(WORDS[usize::from(arg) % WORDS.len()].to_vec())),
            3 | 4 => {
                steps.push(Step::Wait(Duration::from_millis(
                    WAITS[usize::from(arg) % WAITS.len()],
                )));
            }
            5 => {
                steps.push(Step::Wait(Duration::from_secs(12)));
                steps.push(Step::Serial(b"+++".to_vec()));
                steps.push(Step::Wait(Duration::from_secs(1)));
                steps.push(Step::Serial(b"a".to_vec()));
                steps.push(Step::Wait(Duration::from_secs(1)));
            }
            6 => {
                let bytes = data.by_ref().take(usize::from(arg / 8)).collect();
                steps.push(Step::Net(arg, bytes));
            }
            _ => steps.push(Step::Surroundings(arg)),
        }
    }
    steps
}

struct World {
    modem: Modem,
    now: Duration,
    /// Whether the modem is advanced to each of its deadlines, or only by its inputs.
    eager: bool,
    conn: Option<ConnId>,
    log: Vec<(Duration, Output)>,
}

impl World {
    fn new(config: ModemConfig, eager: bool) -> Self {
        let modem = Modem::new(config, Duration::ZERO);
        Self {
            modem,
            now: Duration::ZERO,
            eager,
            conn: None,
            log: Vec::new(),
        }
    }

    fn drain(&mut self) {
        while let Some((at, output)) = self.modem.poll_output() {
            assert!(at <= self.now, "{output:?} from the future");
            assert!(
                self.log.last().is_none_or(|(last, _)| *last <= at),
                "{output:?} too late"
            );
            if let Output::Connect { conn, .. } = &output {
                self.conn = Some(*conn);
            }
            self.log.push((at, output));
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        if self.eager {
            while let Some(at) = self.modem.next_deadline().filter(|at| *at <= end) {
                self.now = self.now.max(at);
                self.modem.advance(self.now);
                self.drain();
                assert!(
                    self.modem
                        .next_deadline()
                        .is_none_or(|next| next > self.now)
                );
            }
        }
        self.now = end;
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Serial(bytes) => {
                for byte in bytes {
                    self.pass(Duration::from_micros(87));
                    self.modem.uart_receive(self.now, *byte);
                }
            }
            // Both kinds of world must know the same connections at the next step.
            Step::Wait(time) => {
                self.pass(*time);
                self.modem.advance(self.now);
            }
            Step::Net(kind, bytes) => {
                let Some(conn) = self.conn else { return };
                let bytes = bytes.clone();
                self.modem.net_event(
                    self.now,
                    match kind % 8 {
                        0 | 1 | 2 => NetEvent::Connected { conn },
                        3 => NetEvent::Data { conn, bytes },
                        4 => NetEvent::Closed { conn },
                        5 => NetEvent::Refused { conn },
                        6 => NetEvent::Reset { conn },
                        _ => NetEvent::Sms {
                            sender: String::from("1008610010"),
                            text: bytes,
                        },
                    },
                );
            }
            Step::Surroundings(kind) => {
                let mut network = self.modem.network().clone();
                match kind % 8 {
                    0 => network.coverage = !network.coverage,
                    1 => network.apns = Apns::Only(vec![String::from("free")]),
                    2 => network.apns = Apns::Any,
                    3 => network.sim = Sim::Pin,
                    4 => return self.modem.power_cycle(self.now),
                    5 => return self.modem.reset(self.now),
                    _ => return self.plan(*kind),
                }
                self.modem.set_network(self.now, network);
            }
        }
        self.drain();
    }

    fn plan(&mut self, kind: u8) {
        let when = match kind / 8 % 3 {
            0 => When::At(self.now + Duration::from_millis(u64::from(kind))),
            1 => When::AfterSent(u64::from(kind / 8)),
            _ => When::AfterReceived(u64::from(kind / 8)),
        };
        let lasts = Duration::from_millis(u64::from(kind) * 40);
        let fault = match kind % 5 {
            0 => Fault::Reset,
            1 => Fault::BrownOut { off: lasts },
            2 => Fault::Stall {
                lasts,
                input: StalledInput::Kept,
            },
            3 => Fault::Stall {
                lasts,
                input: StalledInput::Lost,
            },
            _ => Fault::LateReplies {
                delay: Latency {
                    least: lasts / 8,
                    jitter: lasts / 4,
                },
                lasts,
            },
        };
        self.modem.schedule(self.now, when, fault);
        self.drain();
    }
}

/// The factory's modem, or the box as an MQTT client with topics in both directions.
fn product(client: bool) -> ModemConfig {
    if !client {
        return ModemConfig::default();
    }
    let mut settings = Settings::factory(Profile::UsrDr154E);
    for (name, value) in [
        ("WKMOD", "MQTT,NOR"),
        ("MQTTPUBTP", "1,1,up,2,0"),
        ("MQTTSUBTP", "1,1,down/#,2"),
        ("MQTTMOD", "1"),
    ] {
        settings.set(name, value).expect("the product takes it");
    }
    ModemConfig {
        initial: Initial::Custom(Box::new(settings)),
        ..ModemConfig::of(Profile::UsrDr154E)
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let mut config = ModemConfig {
        seed: u64::from(*first),
        ..product(first & 64 != 0)
    };
    config.options = Options {
        unterminated: if first & 1 == 0 {
            Unterminated::Error58
        } else {
            Unterminated::Buffered
        },
        ate: first & 2 != 0,
        socket_switch_at_once: first & 4 != 0,
        network_at_in_command_mode: first & 8 != 0,
        cache_survives_restart: first & 16 != 0,
        quoted_values: first & 32 != 0,
        ..Options::default()
    };
    let mut eager = World::new(config.clone(), true);
    let mut lazy = World::new(config, false);
    for step in steps(rest) {
        eager.step(&step);
        lazy.step(&step);
    }
    assert_eq!(eager.log, lazy.log);
});
