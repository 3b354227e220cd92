// Which row of its lane an event is on, and what is shown where there is no room for all.
const NEAREST = 12;
const LABEL = 56;

function makeRows(events) {
  const lanes = new Map(LANES.map((lane) => [lane, []]));
  const rows = new Map();
  const rank = (event) => {
    if (event.track) return 0;
    return ["device", "modem", "broker", ""].indexOf(event.from) + 1;
  };
  for (const event of events) {
    const name = event.track || event.from;
    const key = `${event.lane}/${event.track ? "t" : "f"}/${name}`;
    let row = rows.get(key);
    if (!row) {
      row = { lane: event.lane, name, rank: rank(event), events: [] };
      rows.set(key, row);
      lanes.get(event.lane).push(row);
    }
    row.events.push(event);
  }
  const ordered = [];
  for (const lane of LANES) {
    ordered.push(...lanes.get(lane).sort((a, b) => a.rank - b.rank));
  }
  return ordered;
}

// The items to draw of one row: events, or several in one where they are too close to tell.
function itemsOf(row, toPixel, width) {
  const items = [];
  for (const event of row.events) {
    const left = toPixel(event.start);
    const right = toPixel(event.end);
    if (right < -1 || left > width) continue;
    const last = items[items.length - 1];
    const close = last && left - last.left < NEAREST && right - last.left < LABEL
      && last.right - last.left < LABEL;
    if (close) {
      last.events.push(event);
      last.right = Math.max(last.right, right);
      last.level = Math.max(last.level, event.level);
    } else {
      items.push({ events: [event], left, right, level: event.level });
    }
  }
  items.forEach((item, index) => {
    const next = items[index + 1];
    const room = (next ? next.left : width) - item.left - 3;
    const wanted = item.events[0].title.length * 7 + 14;
    const least = item.right - item.left;
    item.width = item.events.length > 1 ? Math.max(22, least)
      : Math.max(7, least, Math.min(room, wanted, 320));
    if (next) item.width = Math.min(item.width, Math.max(6, next.left - item.left - 1));
  });
  return items;
}

// Round instants to write on the axis, not too many for the room.
function ticksOf(scale, toPixel, fromPixel, width) {
  const ticks = [];
  const steps = [1, 2, 5];
  let last = -Infinity;
  for (let pixel = 0; pixel < width; pixel += 92) {
    const from = fromPixel(pixel);
    const to = fromPixel(Math.min(width, pixel + 92));
    const span = to - from;
    if (span <= 0) continue;
    let step = 10 ** Math.floor(Math.log10(span));
    for (const factor of steps) {
      if (step * factor >= span / 1.5) { step *= factor; break; }
    }
    const time = Math.ceil(from / step) * step;
    const at = toPixel(time);
    if (time > to || at - last < 64 || at > width - 8) continue;
    last = at;
    const digits = step >= 1e6 ? 0 : Math.min(6, Math.ceil(-Math.log10(step / 1e6)));
    ticks.push({ at, text: clock(time, digits) });
  }
  return ticks;
}
