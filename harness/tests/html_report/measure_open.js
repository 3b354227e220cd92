new Promise((done) => {
  const start = performance.now();
  location.hash = document.querySelectorAll("article.detail")[25].id;
  setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now() - start))));
})
