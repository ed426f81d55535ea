/* The columns of a chart. As JSON a series is
     {start, step, n, now, page, ticks: [[column, label]], usual: [[from, to, low, high]], from, bins}
   and a bin [mark, coverage, valence, eight shares], in thousandths, in the order of the stack; one that is not drawn
   has its mark alone, or with its coverage. Of an update only the bins from column `from` on are sent. */
"use strict";
(() => {
  const M = window.Mien;
  M.STACK = ["happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger"];  // from the top
  M.WASHED = { happiness: true, neutral: true };      // the two that fill large areas: a wash with an edge
  const LOOKS = { o: "ok", l: "late", f: "few", n: "not", g: "gap", "-": "none", "+": "future" };

  const decoded = code => {
    const bin = { look: LOOKS[code[0]], coverage: (code[1] || 0) / 1000, shares: null, valence: null };
    if (code.length > 2) {
      const parts = code.slice(3), sum = parts.reduce((a, b) => a + b, 0) || 1;
      bin.valence = code[2] / 1000;
      bin.shares = parts.map(part => part / sum);     // rounding must not leave the stack short of its floor
    }
    return bin;
  };

  M.series = {};                                      // by name; charts keep the object and read it when they draw
  M.take = (name, json) => {
    const old = M.series[name];
    const shift = old && old.step === json.step ? (json.start - old.start) / json.step : 0;
    const kept = json.from ? old.bins.slice(shift, shift + json.from) : [];
    const next = Object.assign(old || {}, json, { bins: kept.concat(json.bins.map(decoded)) });
    while (next.bins.length < next.n) next.bins.push({ look: "future", coverage: 0, shares: null, valence: null });
    next.changed = (next.changed || 0) + 1;
    M.series[name] = next;
    return next;
  };

  // several columns as one, each weighing by what was seen of it; with too little of it seen it has no figure, as on
  // the server (over, in bins.py): a wide column must not show as seen what its narrow ones show as missing
  const LITTLE = .25;
  M.joined = bins => {
    const there = bins.filter(bin => bin.look !== "none" && bin.look !== "future");
    const observed = there.filter(bin => bin.look !== "not"), seen = observed.filter(bin => bin.shares);
    if (!observed.length) return { ...(there[0] || bins[0] || { look: "none" }) };
    const sum = (of, all) => all.reduce((total, bin) => total + of(bin), 0), weight = sum(bin => bin.coverage, seen);
    const coverage = sum(bin => bin.coverage, observed) / observed.length;
    if (!weight || coverage < LITTLE) {
      const gaps = observed.filter(bin => bin.look === "gap").length;
      return { look: 2 * gaps >= observed.length ? "gap" : "few", coverage, shares: null, valence: null };
    }
    const mean = of => sum(bin => of(bin) * bin.coverage, seen) / weight;
    return {
      look: seen.some(bin => bin.look === "late") ? "late" : "ok", coverage, valence: mean(bin => bin.valence),
      shares: M.STACK.map((_, k) => mean(bin => bin.shares[k])),
    };
  };
  // columns put together so that few enough are drawn; cut where the clock cuts, so that they do not wander
  M.grouped = (series, size) => {
    if (size === 1) return series.bins.map((bin, i) => ({ ...bin, from: i, to: i + 1 }));
    const groups = [], first = Math.round(series.start / series.step);
    for (let i = 0; i < series.n;) {
      const to = Math.min(series.n, i + size - (first + i) % size);
      const bins = series.bins.slice(i, Math.max(i + 1, Math.min(to, series.now + 1)));
      groups.push({ ...M.joined(i > series.now ? [series.bins[i]] : bins), from: i, to });
      i = to;
    }
    return groups;
  };
  // stretches [from, to) of columns that pass a test
  M.stretches = (bins, test) => {
    const found = [];
    bins.forEach((bin, i) => {
      if (!test(bin, i)) return;
      const last = found[found.length - 1];
      if (last && last[1] === i) last[1] = i + 1;
      else found.push([i, i + 1]);
    });
    return found;
  };
})();
