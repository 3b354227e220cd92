// What the page carries of a timeline: arrays, strings by number, times in microseconds.
const LANES = ["fault", "at", "modem", "tls", "mqtt", "log"];
const LANE_NAMES = {
  fault: "Faults", at: "AT", modem: "Modem", tls: "TLS", mqtt: "MQTT", log: "Device log",
};
const LEVELS = ["debug", "info", "warn", "error"];
const SIDES = ["", "device", "modem", "broker"];

// Bytes that are their title, or their title and a line end, are not told twice.
const SAME = 1;
const SAME_LINE = 2;

function unpack(text) {
  const packed = JSON.parse(text);
  const word = (number) => (number ? packed.s[number - 1] : "");
  const events = packed.e.map(([lane, start, length, level, from, title, track, details, bytes,
    leftOut], index) => ({
    index,
    lane: LANES[lane],
    start,
    end: length < 0 ? start : start + length,
    span: length >= 0,
    level,
    from: SIDES[from || 0],
    title: word(title),
    track: word(track),
    details: word(details),
    bytes: bytes || "",
    leftOut: leftOut || 0,
  }));
  return { end: packed.end, events, note: packed.note || "" };
}

function bytesOf(event) {
  if (event.bytes === SAME || event.bytes === SAME_LINE) {
    const text = event.bytes === SAME ? event.title : `${event.title}\r\n`;
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  }
  if (!event.bytes) return new Uint8Array();
  return Uint8Array.from(atob(event.bytes), (letter) => letter.charCodeAt(0));
}

function clock(micros, digits = 3) {
  return `${(micros / 1e6).toFixed(digits)} s`;
}

function duration(micros) {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e4 ? 2 : 1)} ms`;
  return `${(micros / 1e6).toFixed(micros < 1e7 ? 2 : 1)} s`;
}

function hexDump(bytes, width) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += width) {
    const part = Array.from(bytes.subarray(at, at + width));
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·"));
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(width * 3 - 1)}  ${text.join("")}`);
  }
  return lines.join("\n");
}

// The text that bytes are, if they are one.
function readable(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex
    if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return null;
    const trimmed = text.trim();
    if (/^[{[]/.test(trimmed)) {
      try {
        return JSON.stringify(JSON.parse(trimmed), null, 2);
      } catch (_) { /* looks like JSON, is none */ }
    }
    return trimmed;
  } catch (_) {
    return null;
  }
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
