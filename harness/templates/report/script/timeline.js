// One attempt's timeline: lanes that zoom, the events in a list, and the bytes of one.
function startTimeline(host) {
  host.dataset.ready = "";
  const source = document.getElementById(host.dataset.source);
  let data = null;
  try {
    data = unpack(source.textContent);
  } catch (error) {
    host.textContent = `The timeline in this page is damaged: ${error.message}`;
    return;
  }
  const view = {
    host, data, name: host.dataset.name, failed: host.dataset.failed === "true",
    rows: makeRows(data.events), hidden: new Set(), words: "", folded: true,
    selected: null, from: 0, to: 1, scale: null, frame: 0,
  };
  view.shown = () => data.events.filter((event) => !view.hidden.has(event.lane)
    && (!view.words || `${event.title} ${event.details}`.toLowerCase().includes(view.words)));
  buildFrame(view);
  rescale(view);
  if (data.events.length > 0) {
    const worst = view.failed ? data.events.filter((event) => event.level === 3).pop() : null;
    view.selected = (worst || data.events[view.failed ? data.events.length - 1 : 0]).index;
  }
  bindInput(view);
  new ResizeObserver(() => redraw(view)).observe(view.host);
  select(view, view.selected, false);
}

function buildFrame(view) {
  const button = (name, label, text) => element("button",
    { type: "button", "data-do": name, "aria-label": label, title: label }, text);
  const lanes = LANES.filter((lane) => view.rows.some((row) => row.lane === lane));
  const chips = lanes.map((lane) => element("label", { class: `chip lane-${lane}` },
    element("input", { type: "checkbox", checked: true, value: lane, "data-lane": lane }),
    LANE_NAMES[lane]));
  view.bar = element("div", { class: "tl-bar" },
    element("span", { class: "tl-buttons", role: "group", "aria-label": "Zoom" },
      button("out", "Zoom out", "−"), button("in", "Zoom in", "+"), button("fit", "Show all", "All")),
    element("span", { class: "tl-buttons", role: "group", "aria-label": "Warnings and errors" },
      button("back", "Previous warning or error", "‹ !"), button("next", "Next warning or error", "! ›")),
    element("span", { class: "tl-chips", role: "group", "aria-label": "Lanes" }, ...chips),
    element("label", { class: "chip" },
      element("input", { type: "checkbox", checked: true, "data-fold": true }), "Fold waits"));
  view.axis = element("div", { class: "tl-axis", "aria-hidden": "true" });
  view.lanes = element("div", {
    class: "tl-lanes", role: "group", tabindex: "-1",
    "aria-label": `Timeline of ${view.name}; arrow keys go from event to event, plus and minus zoom`,
  });
  view.names = element("div", { class: "tl-names", "aria-hidden": "true" });
  view.search = element("input", {
    type: "search", placeholder: "Find in events", "aria-label": "Find in events",
  });
  view.count = element("p", { class: "tl-count", role: "status" });
  view.list = element("ol", { class: "tl-list", "aria-label": "Events in view" });
  view.panel = element("section", { class: "tl-panel", "aria-label": "Selected event" });
  view.host.replaceChildren(view.bar,
    element("div", { class: "tl-graph" }, view.names,
      element("div", { class: "tl-field" }, view.axis, view.lanes)),
    element("p", { class: "tl-hint" },
      "Ctrl + wheel or pinch zooms, dragging moves, arrow keys go from event to event."),
    element("div", { class: "tl-below" },
      element("div", { class: "tl-events" },
        element("div", { class: "tl-find" }, view.search, view.count), view.list),
      view.panel));
  if (view.data.note) view.host.append(element("p", { class: "note" }, view.data.note));
}

function rescale(view) {
  view.scale = makeScale(view.data.events, view.data.end, view.folded);
}

function redraw(view) {
  if (view.frame) return;
  view.frame = requestAnimationFrame(() => {
    view.frame = 0;
    draw(view);
  });
}

function draw(view) {
  const width = view.lanes.clientWidth;
  if (!width) return;
  const { scale } = view;
  const whole = scale.length;
  const perPixel = ((view.to - view.from) * whole) / width;
  const toPixel = (time) => (scale.place(time) - view.from * whole) / perPixel;
  const fromPixel = (pixel) => scale.time(view.from * whole + pixel * perPixel);
  view.fromPixel = fromPixel;
  const hadFocus = view.lanes.contains(document.activeElement)
    && document.activeElement !== view.lanes;
  const rows = view.rows.filter((row) => !view.hidden.has(row.lane));
  const nodes = [];
  const names = [];
  let laneBefore = "";
  view.grid = [];
  for (const row of rows) {
    const first = row.lane !== laneBefore;
    laneBefore = row.lane;
    names.push(element("div", { class: `tl-name lane-${row.lane}${first ? " first" : ""}` },
      element("b", {}, first ? LANE_NAMES[row.lane] : ""), element("span", {}, row.name)));
    const line = element("div", { class: `tl-row lane-${row.lane}${first ? " first" : ""}` });
    const items = itemsOf(row, toPixel, width);
    view.grid.push(items);
    for (const item of items) line.append(drawItem(view, item, width));
    nodes.push(line);
  }
  const marks = scale.gaps.map(([from, to]) => ({ left: toPixel(from), right: toPixel(to), time: to - from }))
    .filter((gap) => gap.right > 0 && gap.left < width && gap.right - gap.left > 6)
    .map((gap) => {
      const mark = element("div", { class: "tl-gap", "aria-hidden": "true" });
      if (gap.right - gap.left > 44) mark.append(element("span", {}, `${duration(gap.time)}`));
      mark.style.left = `${Math.max(0, gap.left)}px`;
      mark.style.width = `${Math.min(width, gap.right) - Math.max(0, gap.left)}px`;
      return mark;
    });
  const end = toPixel(view.data.end);
  if (end >= 0 && end <= width + 1) {
    const mark = element("div", { class: `tl-end${view.failed ? " failed" : ""}`, "aria-hidden": "true" });
    mark.style.left = `${Math.min(width - 2, end)}px`;
    marks.push(mark);
  }
  view.lanes.replaceChildren(...marks, ...nodes);
  view.names.replaceChildren(...names);
  view.axis.replaceChildren(...ticksOf(scale, toPixel, fromPixel, width).map((tick) => {
    const label = element("span", {}, tick.text);
    label.style.left = `${tick.at}px`;
    return label;
  }));
  const tab = view.lanes.querySelector("button.selected") || view.lanes.querySelector("button");
  if (tab) {
    tab.tabIndex = 0;
    if (hadFocus) tab.focus({ preventScroll: true });
  }
  drawList(view, fromPixel(0), fromPixel(width));
}

function drawItem(view, item, width) {
  const [event] = item.events;
  const chosen = item.events.some((one) => one.index === view.selected);
  const many = item.events.length > 1;
  const label = many
    ? `${item.events.length} events from ${clock(event.start)}: ${event.title}, and more`
    : `${clock(event.start)} ${LANE_NAMES[event.lane]}: ${event.title}`;
  const node = element("button", {
    type: "button", tabindex: "-1", "aria-label": label, title: label,
    "aria-pressed": String(chosen), "data-index": event.index,
    class: `tl-item ${LEVELS[item.level]}${chosen ? " selected" : ""}${many ? " many" : ""}`
      + `${event.span && item.right - item.left > 12 ? " span" : ""}`,
  });
  const left = Math.max(-4, item.left);
  node.style.left = `${left}px`;
  node.style.width = `${Math.max(7, Math.min(item.left + item.width, width + 4) - left)}px`;
  if (many) node.append(element("i", {}, String(item.events.length)));
  else if (item.width > 24) node.append(event.title);
  item.node = node;
  return node;
}
