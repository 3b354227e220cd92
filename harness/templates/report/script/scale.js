// Time to place. A wait of minutes takes little more room than one of a second, so that what
// happened stays visible; folding can be switched off.
const FOLD_FROM = 0.4e6;

function makeScale(events, end, folded) {
  const instants = new Set([0, end]);
  for (const event of events) {
    instants.add(event.start);
    instants.add(event.end);
  }
  const times = Float64Array.from(instants).sort();
  const places = new Float64Array(times.length);
  const gaps = [];
  for (let index = 1; index < times.length; index += 1) {
    const gap = times[index] - times[index - 1];
    const fold = folded && gap > FOLD_FROM;
    const room = fold ? FOLD_FROM * (1 + Math.log2(gap / FOLD_FROM) / 4) : gap;
    places[index] = places[index - 1] + room;
    if (fold && gap > 2e6) gaps.push([times[index - 1], times[index]]);
  }
  const convert = (from, to) => (value) => {
    let low = 0;
    let high = from.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle] <= value) low = middle;
      else high = middle;
    }
    if (high === low || from[high] === from[low]) return to[low];
    const share = (value - from[low]) / (from[high] - from[low]);
    return to[low] + Math.min(1, Math.max(0, share)) * (to[high] - to[low]);
  };
  return {
    place: convert(times, places),
    time: convert(places, times),
    length: places[places.length - 1] || 1,
    gaps,
  };
}
