/* The link to the centre: an event stream while the page is looked at; where it gets none, asking every few seconds.
   Updates are HTML of named parts, already in the page's language, and columns of series. */
"use strict";
(() => {
  const M = window.Mien;
  const POLL_MS = 5000, AWAY_MS = 10000, STREAM_AGAIN_MS = 60000;
  let source = null, timer = null, streamAgain = 0, heard = performance.now(), held = false, away = false, last = M.given.update;
  M.linkKind = "none";                                     // stream, poll or none; tests look at it

  // ---- changing the document in place, so that focus, open tables and what scripts drew stay -------------------
  function morph(old, next) {
    if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName || (old.id || "") !== (next.id || ""))
      return void old.replaceWith(next.cloneNode(true));
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    if (old.hasAttribute("data-keep")) return;
    for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    morphChildren(old, next);
  }
  function morphChildren(old, next) {
    const now = [...old.childNodes], then = [...next.childNodes];
    then.forEach((node, i) => i < now.length ? morph(now[i], node) : old.append(node.cloneNode(true)));
    now.slice(then.length).forEach(node => node.remove());
  }
  const parts = {};
  M.setPart = (name, html) => {
    const place = document.querySelector(`[data-part="${name}"]`);
    if (!place) return;
    const next = place.cloneNode(false);
    next.innerHTML = html;                                 // printed and escaped by the server's own templates
    morphChildren(place, next);
  };
  M.restoreLegend = () => M.setPart("legend", parts.legend);

  // ---- updates -------------------------------------------------------------------------------------------------
  function arrived(update) {
    heard = performance.now();
    if (away) back();
    if (held) return;
    last = update;
    for (const name in update.parts) {
      parts[name] = update.parts[name];
      M.setPart(name, update.parts[name]);
    }
    for (const name in update.series) M.take(name, update.series[name]);
    M.onUpdate(update);
    badge();
  }
  function listen() {
    if (document.hidden || held) return;
    source = new EventSource(M.given.events);
    source.addEventListener("update", event => { M.linkKind = "stream"; arrived(JSON.parse(event.data)); });
    source.onerror = () => {
      if (source && source.readyState !== EventSource.CLOSED) return;   // the browser tries again by itself
      silence();
      streamAgain = performance.now() + STREAM_AGAIN_MS;
      poll();
    };
  }
  async function poll() {
    clearTimeout(timer);
    if (document.hidden || held) return;
    try {
      const answer = await fetch(M.given.data, { headers: { Accept: "application/json" } });
      if (answer.ok) { M.linkKind = "poll"; arrived(await answer.json()); }
    } catch { /* the banner tells */ }
    if (source || document.hidden || held) return;
    if (performance.now() > streamAgain) return listen();
    timer = setTimeout(poll, POLL_MS);
  }
  function silence() {
    if (source) source.close();
    source = null;
    clearTimeout(timer);
    M.linkKind = "none";
  }

  // ---- the badge and the banners ---------------------------------------------------------------------------------
  const age = () => (last.now - last.newest) / 1000 + (performance.now() - heard) / 1000;
  function badge() {
    const place = document.getElementById("badge"), live = last.newest != null && !away && !held;
    place.className = "badge " + (live ? "is-ok" : away ? "is-bad" : "is-quiet");
    place.querySelector("use").setAttribute("href", "#g-" + (live ? "live" : away ? "offline" : held ? "pause" : "not"));
    place.lastElementChild.textContent = live ? M.t("live_ago", { d: M.duration(age()) })
      : away || held ? M.t("last_at", { time: M.clock(last.now) }) : M.t("none_live");
  }
  const show = (id, on, values = {}) => {
    const banner = document.getElementById(id);
    if (on) {
      banner.querySelector("b").textContent = M.t(id, values);
      banner.querySelector("span").textContent = M.t(id + "_p", values);
      banner.querySelector("button").textContent = M.t(id === "away" ? "try_now" : "go_live");
    }
    banner.hidden = !on;
    document.body.classList.toggle("is-" + id, on);
  };
  function watch() {
    if (!document.hidden && !held && !away && performance.now() - heard > AWAY_MS) {
      away = true;
      show("away", true, { time: M.clock(last.now), n: POLL_MS / 1000 });
      silence();
      poll();
    }
    badge();
  }
  function back() {
    away = false;
    show("away", false);
    document.getElementById("link").textContent = M.t("back");
  }
  function hold(on) {
    held = on;
    document.getElementById("go-live").setAttribute("aria-pressed", String(!on));
    document.getElementById("go-hold").setAttribute("aria-pressed", String(on));
    show("held", on, { time: M.clock(last.now + performance.now() - heard) });
    if (on) silence();
    else { heard = performance.now(); poll(); }
    badge();
  }

  M.link = () => {
    document.querySelectorAll("[data-part]").forEach(place => { parts[place.dataset.part] = place.innerHTML; });
    document.getElementById("go-live").addEventListener("click", () => held && hold(false));
    document.getElementById("go-hold").addEventListener("click", () => held || hold(true));
    document.querySelector("#held button").addEventListener("click", () => hold(false));
    document.querySelector("#away button").addEventListener("click", poll);
    document.addEventListener("visibilitychange", () => {   // a browser opens few streams to one place: leave ours
      silence();
      if (document.hidden) return;
      heard = performance.now();
      poll();
    });
    addEventListener("pagehide", silence);
    setInterval(watch, 1000);
    badge();
    listen();
  };
})();
