new Promise((done) => {
  const lanes = document.querySelector("article:target .tl-lanes");
  const start = performance.now();
  let frames = 0;
  const next = () => {
    if (frames === 60) { done((performance.now() - start) / frames); return; }
    frames += 1;
    const key = frames % 30 < 15 ? "+" : "-";
    lanes.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    requestAnimationFrame(next);
  };
  next();
})
