/* The report's own script: language, colours and patterns as the address or the reader's browser asks, and paper. */
"use strict";
(() => {
  const root = document.documentElement, chosen = {};
  const TAGS = { en: "en", zh: "zh-Hans", vi: "vi" }, THEMES = ["light", "dark", "auto"];

  const asked = (name, known) => {
    const parts = [location.hash.slice(1), location.search].map(text => new URLSearchParams(text).get(name));
    return parts.find(value => known.includes(value));
  };
  const spoken = () => navigator.languages.map(tag => tag.slice(0, 2).toLowerCase()).find(code => TAGS[code]);

  const press = (name, value) => {
    for (const button of document.querySelectorAll(`#controls [data-${name}]`))
      button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  };
  const speak = code => {
    root.lang = TAGS[code];
    for (const e of document.querySelectorAll("[data-zh], [data-vi]")) {
      e.dataset.en ??= e.textContent;
      e.textContent = e.dataset[code] ?? e.dataset.en;
    }
    press("lang", code);
  };
  const wear = theme => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    press("theme", theme);
  };
  const pattern = on => {
    if (on === "on") root.dataset.patterns = "on";
    else delete root.dataset.patterns;
    document.querySelector("#controls [data-patterns]").setAttribute("aria-pressed", String(on === "on"));
  };
  const APPLY = { lang: speak, theme: wear, patterns: pattern };

  const choose = (name, value) => {
    chosen[name] = value;
    APPLY[name](value);
    history.replaceState(null, "", "#" + new URLSearchParams(chosen));
  };
  const follow = () => {
    const wanted = { lang: asked("lang", Object.keys(TAGS)), theme: asked("theme", THEMES), patterns: asked("patterns", ["on", "off"]) };
    for (const name in wanted)
      if (wanted[name] && wanted[name] !== chosen[name]) APPLY[name](chosen[name] = wanted[name]);
    const part = location.hash.startsWith("#f") && document.getElementById(location.hash.slice(1));
    if (part) {
      part.open = true;
      part.scrollIntoView();
    }
  };

  const controls = document.getElementById("controls");
  controls.hidden = false;
  controls.addEventListener("click", event => {
    const { lang, theme, patterns } = event.target.closest("button")?.dataset ?? {};
    if (lang) choose("lang", lang);
    if (theme) choose("theme", theme);
    if (patterns !== undefined) choose("patterns", root.dataset.patterns ? "off" : "on");
  });
  speak(asked("lang", Object.keys(TAGS)) ?? spoken() ?? "en");
  wear("auto");
  pattern("off");
  follow();
  addEventListener("hashchange", follow);

  // on paper every table is open, and each file where there are few; afterwards all is as it was
  const folded = new Set();
  addEventListener("beforeprint", () => {
    for (const e of document.querySelectorAll("details[data-print]:not([open])")) {
      e.open = true;
      folded.add(e);
    }
  });
  addEventListener("afterprint", () => {
    for (const e of folded) e.open = false;
    folded.clear();
  });
})();
