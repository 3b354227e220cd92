// What a page must keep to be usable by everybody; gives a list of what it does not keep.
(() => {
  const problems = [];
  const say = (what, node) => problems.push(`${what}: ${node ? node.outerHTML.slice(0, 160) : ""}`);
  const visible = (node) => node.checkVisibility({ checkVisibilityCSS: true })
    && node.getClientRects().length > 0;
  const all = (selector) => Array.from(document.querySelectorAll(selector)).filter(visible);

  if (document.documentElement.scrollWidth > innerWidth) {
    say(`the page is ${document.documentElement.scrollWidth} wide in ${innerWidth}`);
  }
  if (!document.documentElement.lang || !document.title) say("no language or title");
  if (all("main").length !== 1) say("not one main part");

  // Names.
  const name = (node) => {
    const labelled = node.getAttribute("aria-labelledby");
    if (labelled) return labelled.split(" ").map((id) => document.getElementById(id)?.textContent || "").join(" ");
    return node.getAttribute("aria-label") || node.textContent
      || Array.from(node.labels || [], (label) => label.textContent).join(" ");
  };
  for (const node of all("a, button, input, select, textarea, summary, [tabindex='0'], [role=group], [role=region]")) {
    if (!name(node).trim()) say("without a name", node);
    if (node.closest("[aria-hidden=true]")) say("hidden but in reach", node);
  }
  for (const node of document.querySelectorAll("[tabindex]")) {
    if (node.tabIndex > 0) say("its own tab order", node);
  }
  for (const node of all("button, .chip, summary")) {
    const { width, height } = node.getBoundingClientRect();
    const small = node.classList.contains("tl-item") ? height < 22 : height < 24 || width < 24;
    if (small) say(`only ${width} by ${height}`, node);
  }
  for (const node of all("svg, img")) {
    if (!node.closest("[aria-hidden=true]") && !name(node).trim()) say("picture without words", node);
  }

  // References.
  const ids = Array.from(document.querySelectorAll("[id]"), (node) => node.id);
  if (new Set(ids).size !== ids.length) say("the same id twice");
  for (const node of document.querySelectorAll("a[href^='#']")) {
    if (!document.getElementById(decodeURIComponent(node.hash.slice(1)))) say("leads nowhere", node);
  }

  // Headings.
  const levels = all("h1, h2, h3, h4, h5, h6").map((node) => [Number(node.tagName[1]), node]);
  if (levels.filter(([level]) => level === 1).length !== 1) say("not one heading of the first level");
  levels.forEach(([level, node], index) => {
    const before = index ? levels[index - 1][0] : 0;
    if (level > before + 1) say("skips a level", node);
  });
  for (const table of all("table")) {
    if (!table.querySelector("th")) say("no headings", table);
  }

  // Contrast (WCAG 2.2, 1.4.3).
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
  };
  const light = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92
      : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(node) || !visible(node)) continue;
    seen.add(node);
    if (node.closest(".unseen, script, style, thead[style], .skip")) continue;
    const style = getComputedStyle(node);
    if (style.clipPath !== "none") continue;
    const under = behind(node);
    const text = over(rgba(style.color).map((v, i) => (i === 3 ? v * Number(style.opacity) : v)), under);
    const [a, b] = [light(text), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, node);
  }
  return problems.slice(0, 20);
})()
