// Mouse, fingers and keys on a timeline.
const CLOSEST = 1e-7;

function zoom(view, factor, middle = 0.5) {
  const room = view.to - view.from;
  const least = Math.max(CLOSEST, Math.min(1, 200 / view.scale.length));
  const next = Math.max(least, Math.min(1, room * factor));
  const centre = view.from + room * middle;
  view.from = Math.max(0, Math.min(1 - next, centre - next * middle));
  view.to = view.from + next;
  redraw(view);
}

function pan(view, share) {
  const room = view.to - view.from;
  view.from = Math.max(0, Math.min(1 - room, view.from + share * room));
  view.to = view.from + room;
  redraw(view);
}

function placeOf(view) {
  const event = view.data.events[view.selected];
  const place = event ? view.scale.place(event.start) / view.scale.length : 0.5;
  const middle = (place - view.from) / (view.to - view.from);
  return middle >= 0 && middle <= 1 ? middle : 0.5;
}

function toProblem(view, step) {
  const problems = view.shown().filter((event) => event.level >= 2);
  const next = step > 0
    ? problems.find((event) => event.index > view.selected)
    : problems.filter((event) => event.index < view.selected).pop();
  if (next) select(view, next.index);
}

// Opens a bundle of events by zooming to it, or takes its first when they cannot be told apart.
function openItem(view, item) {
  const [first] = item.events;
  if (item.events.length > 1) {
    const last = item.events[item.events.length - 1];
    const whole = view.scale.length;
    const from = view.scale.place(first.start) / whole;
    const to = Math.max(view.scale.place(last.end) / whole, from);
    const margin = Math.max((to - from) * 0.15, 100 / whole);
    const room = Math.min(1, to - from + 2 * margin);
    if (room < (view.to - view.from) * 0.9) {
      view.from = Math.max(0, Math.min(1 - room, from - margin));
      view.to = view.from + room;
    }
  }
  select(view, first.index);
}

function neighbour(view, index, key) {
  const shown = view.shown();
  if (key === "Home") return shown[0];
  if (key === "End") return shown[shown.length - 1];
  const event = view.data.events[index];
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const lane = shown.filter((other) => other.lane === event.lane);
    const at = lane.indexOf(event);
    return lane[at + (key === "ArrowRight" ? 1 : -1)];
  }
  // Up and down: the nearest in time on another lane.
  const lanes = LANES.filter((lane) => shown.some((other) => other.lane === lane));
  const lane = lanes[lanes.indexOf(event.lane) + (key === "ArrowDown" ? 1 : -1)];
  const there = shown.filter((other) => other.lane === lane);
  const far = (other) => Math.abs(other.start - event.start);
  return there.reduce((best, other) => (!best || far(other) < far(best) ? other : best), null);
}

function bindInput(view) {
  bindBar(view);
  bindKeys(view);
  bindPointer(view);
  view.list.addEventListener("click", (event) => {
    const node = event.target.closest("button[data-index]");
    if (!node) return;
    select(view, Number(node.dataset.index));
    view.panel.scrollIntoView({ block: "nearest" });
  });
}

function bindBar(view) {
  const acts = {
    in: () => zoom(view, 0.5, placeOf(view)),
    out: () => zoom(view, 2, placeOf(view)),
    fit: () => { view.from = 0; view.to = 1; redraw(view); },
    back: () => toProblem(view, -1),
    next: () => toProblem(view, 1),
  };
  view.bar.addEventListener("click", (event) => {
    const node = event.target.closest("button[data-do]");
    if (node) acts[node.dataset.do]();
  });
  view.bar.addEventListener("change", (event) => {
    const box = event.target;
    if (box.dataset.lane) {
      if (box.checked) view.hidden.delete(box.dataset.lane);
      else view.hidden.add(box.dataset.lane);
    } else {
      view.folded = box.checked;
      rescale(view);
    }
    redraw(view);
  });
  view.search.addEventListener("input", () => {
    view.words = view.search.value.toLowerCase();
    redraw(view);
  });
}

function bindKeys(view) {
  const zooms = { "+": 0.5, "=": 0.5, "-": 2, _: 2 };
  view.lanes.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (zooms[event.key]) zoom(view, zooms[event.key], placeOf(view));
    else if (event.key === "0") { view.from = 0; view.to = 1; redraw(view); }
    else if (event.key === "PageDown") pan(view, 0.8);
    else if (event.key === "PageUp") pan(view, -0.8);
    else if (/^(Arrow|Home|End)/.test(event.key)) {
      const next = neighbour(view, view.selected, event.key);
      if (next) select(view, next.index);
    } else return;
    event.preventDefault();
  });
  view.list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const shown = view.shown();
    const at = shown.findIndex((one) => one.index === view.selected);
    const next = shown[Math.max(0, at + step)];
    if (next) select(view, next.index);
  });
}

function bindPointer(view) {
  const pointers = new Map();
  let moved = 0;
  const share = (x) => (x - view.lanes.getBoundingClientRect().left) / view.lanes.clientWidth;
  view.lanes.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(view, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.012), share(event.clientX));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      pan(view, (event.deltaX || event.deltaY) / view.lanes.clientWidth);
    }
  }, { passive: false });
  view.lanes.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, event.clientX);
  });
  addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = pointers.get(event.pointerId);
    const others = Array.from(pointers).filter(([id]) => id !== event.pointerId);
    pointers.set(event.pointerId, event.clientX);
    moved += Math.abs(event.clientX - before);
    if (moved < 4) return;
    if (others.length === 1) {
      const [, other] = others[0];
      const was = Math.max(20, Math.abs(before - other));
      const is = Math.max(20, Math.abs(event.clientX - other));
      zoom(view, was / is, share((event.clientX + other) / 2));
    } else if (others.length === 0) {
      pan(view, (before - event.clientX) / view.lanes.clientWidth);
    }
  });
  const up = (event) => pointers.delete(event.pointerId);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", up);
  view.lanes.addEventListener("click", (event) => {
    // The end of a drag is no click.
    if (moved >= 4 && event.detail > 0) { moved = 0; return; }
    const node = event.target.closest("button.tl-item");
    const item = node && view.grid.flat().find((one) => one.node === node);
    if (!item) return;
    openItem(view, item);
    const chosen = view.lanes.querySelector("button.selected");
    if (chosen) chosen.focus({ preventScroll: true });
  });
}
