initTheme();
initFilter();
initCopy();
initRoute();
document.documentElement.dataset.script = "on";
