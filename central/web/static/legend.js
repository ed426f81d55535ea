/* The legend is the distribution: it shows the column under the pointer or the arrow keys, else the last 15 minutes,
   which the server has printed. A step by the keys is spoken once. */
"use strict";
(() => {
  const M = window.Mien;
  M.shown = null;                                          // [first column, number of columns] while one is pointed at

  const what = bin => M.t({ gap: "n_gap", few: "k_few", not: "k_not" }[bin.look] || "n_none");

  function print(bin, title) {
    const table = document.getElementById("legend");
    if (!table) return;
    const full = bin.shares && Math.max(...bin.shares) > .7 ? 1 : .7;
    table.classList.add("pointed");
    table.querySelector(".when").textContent = bin.shares ? title : M.t("column_none", { time: title, what: what(bin) });
    for (const row of table.tBodies[0].rows) {
      const k = M.STACK.indexOf(row.dataset.x), seen = ["ok", "late", "few", "gap"].includes(bin.look) ? bin.coverage : null;
      const part = k < 0 ? seen : bin.shares ? bin.shares[k] : null;
      row.cells[2].textContent = M.share(part);
      row.querySelector(".bar").setAttribute("width", Math.min(100, (part || 0) / (k < 0 ? 1 : full) * 100) + "%");
    }
  }
  const spoken = (bin, title) => bin.shares
    ? M.t("column", { time: title, v: M.valence(bin.valence), p: M.share(bin.coverage) })
    : M.t("column_none", { time: title, what: what(bin) });

  M.showColumn = group => {
    const series = M.series.main;
    if (!group) {
      if (!M.shown) return;
      M.shown = null;
      M.restoreLegend();
      return;
    }
    const count = group.to - group.from, title = M.column(series, group.from, count);
    const same = M.shown && M.shown[0] === group.from && M.shown[1] === count && M.shown[2] === series.changed;
    M.shown = [group.from, count, series.changed];
    if (!same) print(group, title);
    if (M.byKey) document.getElementById("say").textContent = spoken(group, title);
  };
  // after an update the legend is the server's again; point at the same column anew
  M.refreshLegend = () => {
    if (!M.shown) return;
    const series = M.series.main, [from, count] = M.shown;
    const bins = series.bins.slice(from, from + count);
    if (bins.length) print(count === 1 ? bins[0] : M.joined(bins), M.column(series, from, count));
  };
})();
