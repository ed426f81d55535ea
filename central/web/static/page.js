/* Sets a page going: its charts where it has some, its strips, the link to the centre. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const M = window.Mien;
  for (const name in M.given.update.series) M.take(name, M.given.update.series[name]);
  const comp = document.getElementById("comp"), plots = [];
  const start = () => {                                    // not before there is something to draw: a box needs its size
    if (plots.length || !comp || !comp.clientWidth || !M.series.main) return;
    plots.push(M.composition(comp, M.series.main, M.showColumn));
    plots.push(M.valencePlot(document.getElementById("vale"), M.series.main));
    M.plots = plots;
  };
  M.onUpdate = update => {
    start();
    if (update.series.main) plots.forEach(plot => plot.update());
    M.drawStrips();
    M.refreshLegend();
  };
  start();
  M.drawStrips();
  const patterns = document.getElementById("patterns");
  if (patterns) patterns.addEventListener("click", () => {
    const on = document.documentElement.dataset.patterns !== "on";
    document.documentElement.dataset.patterns = on ? "on" : "off";
    patterns.setAttribute("aria-pressed", String(on));
    document.cookie = "patterns=" + (on ? "on" : "off") + "; path=/; max-age=31536000; SameSite=Lax";
    M.redraw();
  });
  M.link();
});
