// The table of all scenarios, narrowed by words, verdicts and boards.
function initFilter() {
  const form = document.getElementById("filter");
  const rows = Array.from(document.querySelectorAll("#all tbody tr"));
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const apply = () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = (name) => new Set(
      Array.from(form.querySelectorAll(`input[name=${name}]:checked`), (box) => box.value));
    const statuses = chosen("status");
    const boards = chosen("board");
    let shown = 0;
    rows.forEach((row, index) => {
      const fits = (statuses.size === 0 || statuses.has(row.dataset.status))
        && (boards.size === 0 || boards.has(row.dataset.board))
        && words.every((word) => texts[index].includes(word));
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    count.textContent = shown === rows.length ? `all ${shown}` : `${shown} of ${rows.length}`;
    none.hidden = shown > 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  // A number of the summary shows what it counts.
  for (const link of document.querySelectorAll("a[data-only]")) {
    link.addEventListener("click", () => {
      for (const box of form.querySelectorAll("input[name=status]")) {
        box.checked = box.value === link.dataset.only;
      }
      apply();
    });
  }
  form.hidden = false;
  apply();
}
