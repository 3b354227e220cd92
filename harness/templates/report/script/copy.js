// Buttons that copy a command or bytes.
async function copyText(button, text) {
  const label = button.dataset.label || button.textContent;
  button.dataset.label = label;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch (_) {
    // Files have no clipboard in some browsers: the old way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  document.getElementById("said").textContent = button.textContent;
  setTimeout(() => { button.textContent = label; }, 1500);
}

function initCopy() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    if (source) copyText(button, source.textContent);
  });
}
