// Light or dark: what the system says, until somebody chooses.
function initTheme() {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => {
    button.setAttribute("aria-pressed", String(dark()));
  };
  try {
    // Storage is refused to files in some browsers.
    const kept = localStorage.getItem("hil-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch (_) { /* the system's choice stands */ }
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("hil-theme", root.dataset.theme);
    } catch (_) { /* it lasts as long as the page */ }
    show();
  });
  system.addEventListener("change", show);
  button.hidden = false;
  show();
}
