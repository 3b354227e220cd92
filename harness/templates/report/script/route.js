// A scenario is opened by the address's fragment, so that links and the back button work; its
// timeline is unpacked then, not before.
function initRoute() {
  let listScroll = 0;
  let listFocus = null;
  const open = () => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch (_) { /* a fragment that is none of ours */ }
    const article = target && target.closest("article.detail");
    if (!article) {
      document.title = document.body.dataset.title;
      if (listFocus) {
        scrollTo(0, listScroll);
        listFocus.focus({ preventScroll: true });
        listFocus = null;
      }
      return;
    }
    document.title = `${article.dataset.name} · ${document.body.dataset.title}`;
    for (const host of article.querySelectorAll(".timeline:not([data-ready])")) {
      if (!host.closest("details:not([open])")) startTimeline(host);
    }
    scrollTo(0, 0);
    article.querySelector("h1").focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[href^='#']");
    if (link && !link.closest("article.detail")) {
      listScroll = scrollY;
      listFocus = link;
    }
  });
  document.addEventListener("toggle", (event) => {
    for (const host of event.target.querySelectorAll(".timeline:not([data-ready])")) {
      if (event.target.open) startTimeline(host);
    }
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.querySelector("article.detail:target")) location.hash = "#top";
  });
  addEventListener("hashchange", open);
  open();
}
