// The events in view as a list, and everything that is known of the selected one.
const LISTED = 250;

function drawList(view, from, to) {
  const all = view.from <= 0 && view.to >= 1;
  const fits = view.shown().filter((event) => all || (event.end >= from && event.start <= to));
  let first = 0;
  const at = fits.findIndex((event) => event.index === view.selected);
  if (fits.length > LISTED) first = Math.max(0, Math.min(at - LISTED / 2, fits.length - LISTED));
  const listed = fits.slice(first, first + LISTED);
  const hadFocus = view.list.contains(document.activeElement);
  view.list.replaceChildren(...listed.map((event) => {
    const chosen = event.index === view.selected;
    const arrow = { device: "→", modem: "←", broker: "←" }[event.from] || "";
    const node = element("button", {
      type: "button", tabindex: chosen ? "0" : "-1", "aria-pressed": String(chosen),
      "data-index": event.index,
      class: `${LEVELS[event.level]} lane-${event.lane}${chosen ? " selected" : ""}`,
    },
    element("span", { class: "time" }, clock(event.start)),
    element("span", { class: "lane" }, LANE_NAMES[event.lane]),
    element("span", { class: "arrow", "aria-hidden": "true" }, arrow),
    element("span", { class: "title" }, event.title));
    return element("li", {}, node);
  }));
  const tab = view.list.querySelector("button.selected") || view.list.querySelector("button");
  if (tab) {
    tab.tabIndex = 0;
    if (hadFocus) tab.focus({ preventScroll: true });
    if (tab.classList.contains("selected")) {
      const box = view.list;
      const above = tab.offsetTop;
      if (above < box.scrollTop || above > box.scrollTop + box.clientHeight - 30) {
        box.scrollTop = above - box.clientHeight / 2;
      }
    }
  }
  const total = view.data.events.length;
  view.count.textContent = listed.length < fits.length
    ? `${listed.length} around the selected one, of ${fits.length} in view: zoom in for the others`
    : `${fits.length} of ${total} events`;
}

function drawPanel(view) {
  const event = view.data.events[view.selected];
  if (!event) {
    view.panel.replaceChildren(element("p", { class: "note" }, "Nothing happened."));
    return;
  }
  const facts = [["at", clock(event.start, 6)]];
  if (event.span) facts.push(["lasts", duration(event.end - event.start)]);
  facts.push(["lane", LANE_NAMES[event.lane]]);
  if (event.from) facts.push(["from", event.from]);
  if (event.level !== 1) facts.push(["level", LEVELS[event.level]]);
  const list = element("dl", {});
  for (const [name, value] of facts) {
    list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  }
  const parts = [element("h3", { class: LEVELS[event.level] }, event.title), list];
  if (event.details) parts.push(element("pre", { tabindex: "0" }, event.details));
  const bytes = bytesOf(event);
  if (bytes.length || event.leftOut) {
    const more = event.leftOut ? `, ${event.leftOut} more left out` : "";
    const copy = element("button", { type: "button", class: "copy" }, "Copy hex");
    copy.addEventListener("click", () => copyText(copy,
      Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")));
    parts.push(element("h4", {}, `${bytes.length} bytes${more}`, copy));
    const text = readable(bytes);
    if (text && text !== event.title) parts.push(element("pre", { tabindex: "0" }, text));
    const width = view.panel.clientWidth < 480 ? 8 : 16;
    parts.push(element("pre", { class: "hex", tabindex: "0" }, hexDump(bytes, width)));
  }
  view.panel.replaceChildren(...parts);
}

function select(view, index, reveal = true) {
  if (index == null) {
    drawPanel(view);
    draw(view);
    return;
  }
  view.selected = index;
  const event = view.data.events[index];
  if (reveal && event) {
    const place = view.scale.place(event.start) / view.scale.length;
    const room = view.to - view.from;
    if (place < view.from || place > view.to) {
      view.from = Math.max(0, Math.min(1 - room, place - room / 2));
      view.to = view.from + room;
    }
  }
  draw(view);
  drawPanel(view);
}
