/* The two plots of a page on one time axis: composition (stacked shares over a coverage strip) and valence. uPlot gives
   axes and cursor; what is drawn is drawn here, from the series as it is at that moment. The x scale counts columns. */
"use strict";
(() => {
  const M = window.Mien;
  const STRIP = { low: -.14, bottom: -.115, top: -.04 };   // the coverage strip, on the scale of the shares
  const NARROW = [-.35, .5], WIDE = [-1.06, 1.06];         // the fixed scale of valence, and where a value leaves it
  const PHONE = 560, MANY = 90, MOST = 2000;
  const rebuilds = [];
  M.redraw = () => rebuilds.forEach(build => build());

  const font = () => "12px " + getComputedStyle(document.body).fontFamily;
  const sizeOf = (box, series) => box.clientWidth < PHONE && series.n > MANY ? 3 : Math.ceil(series.n / MOST);

  function ticksFor(box, series) {                         // as many labels as have room
    const room = series.step >= 3600000 ? 76 : 52, width = Math.max(1, box.clientWidth - 66);
    const every = [1, 2, 3, 4, 6, 8, 12].find(k => width / Math.max(1, series.ticks.length / k) >= room) || 12;
    const first = Math.max(0, series.ticks.findIndex(([, label]) => Number(label.slice(-2)) % (5 * every) === 0));
    return series.ticks.filter((_, i) => (i - first) % every === 0);   // from a round one
  }

  function options(box, series, y) {
    const line = M.token("line"), quiet = M.token("text-3");
    const ticks = ticksFor(box, series), labels = new Map(ticks);
    const axis = { stroke: quiet, font: font(), ticks: { show: false } };
    return {
      width: box.clientWidth, height: box.clientHeight, legend: { show: false }, padding: [8, 22, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: "columns" } },
      scales: { x: { time: false, range: () => [0, series.n] }, y: { range: y.range } },
      axes: [
        {
          ...axis, size: 22, gap: 4, grid: { stroke: line, width: 1 },
          splits: () => ticks.map(([i]) => i), values: (u, at) => at.map(i => labels.get(i)),
        },
        { ...axis, size: 44, gap: 6, grid: { show: false }, splits: () => y.splits(), values: (u, at) => y.labels(at) },
      ],
      series: y.series, hooks: y.hooks,
    };
  }

  const placer = u => ({
    c: u.ctx, r: devicePixelRatio,
    x: i => Math.round(u.valToPos(i, "x", true)), y: v => Math.round(u.valToPos(v, "y", true)),
  });

  // a plot that follows its box, its keys and its series
  function mount(box, series, make) {
    let u = null, layout = "", width = box.clientWidth;
    const signature = () => JSON.stringify([series.n, series.step, series.ticks, make.layout(series)]);
    const build = () => {
      if (u) u.destroy();
      layout = signature();
      u = new uPlot(make.options(), make.data(), box);
    };
    build();
    rebuilds.push(build);
    new ResizeObserver(() => {
      if (Math.abs(box.clientWidth - width) < 2) return;
      width = box.clientWidth;
      build();
    }).observe(box);
    box.addEventListener("keydown", event => step(event, u, series));
    box.addEventListener("blur", () => u.setCursor({ left: -10, top: -10 }));
    return { update: () => signature() === layout ? u.setData(make.data()) : build(), plot: () => u };
  }

  function step(event, u, series) {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -series.page, PageDown: series.page }[event.key];
    if (!by && !["Home", "End", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") return void u.setCursor({ left: -10, top: -10 });
    const at = M.shown ? M.shown[0] : null, size = M.shown ? M.shown[1] : 1;
    let to = at == null ? series.now : by < 0 ? at + by : at + (by === 1 ? size : by || 0);
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = series.now;
    to = Math.max(0, Math.min(series.now, to));
    M.byKey = true;
    u.setCursor({ left: u.valToPos(to + .5, "x"), top: 10 }, true, true);
    M.byKey = false;
  }

  // ---- composition -------------------------------------------------------------------------------------------
  M.composition = (box, series, onColumn) => {
    const groups = () => M.grouped(series, sizeOf(box, series));
    const columnAt = u => {
      if (u.cursor.left == null || u.cursor.left < 0) return null;
      const i = Math.floor(u.posToVal(u.cursor.left, "x"));
      const group = groups().find(g => i >= g.from && i < g.to);
      return group && group.from <= series.now ? group : null;
    };
    return mount(box, series, {
      layout: () => 0,
      data: () => { const g = groups(); return [g.map(b => (b.from + b.to) / 2), g.map(b => b.coverage)]; },
      options: () => options(box, series, {
        range: [STRIP.low, 1], splits: () => [(STRIP.bottom + STRIP.top) / 2, 0, .5, 1],
        labels: at => at.map((v, i) => i ? Math.round(v * 100) + "%" : M.t("seen_axis")),
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: { draw: [u => drawComposition(u, groups(), series)], setCursor: [u => onColumn(columnAt(u))] },
      }),
    });
  };

  function drawComposition(u, groups, series) {
    const p = placer(u), { c, r } = p, top = p.y(1), floor = p.y(0), hatch = M.token("hatch");
    c.save();
    c.fillStyle = M.token("surface");
    c.fillRect(p.x(0), top, p.x(series.n) - p.x(0), p.y(STRIP.low) - top);
    for (const look of M.TEXTURES)
      for (const [a, b] of M.stretches(groups, g => g.look === look)) {
        const x = p.x(groups[a].from);
        M.texture(c, look, x, top, p.x(groups[b - 1].to) - x, floor - top, r, hatch);
      }
    drawStack(p, groups);
    drawCoverage(p, groups, series);
    c.fillStyle = M.token("line-strong");
    c.fillRect(p.x(series.now + 1), top, r, p.y(STRIP.bottom) - top);
    c.restore();
  }

  function drawStack({ c, r, x, y }, groups) {
    const surface = M.token("surface"), patterns = M.patternsOn();
    M.STACK.forEach((name, k) => {
      const full = M.token("x-" + name), wash = M.WASHED[name] && M.token("x-" + name + "-wash");
      const edged = k && M.WASHED[M.STACK[k - 1]];
      for (const g of groups) {
        if (!g.shares) continue;
        const above = g.shares.slice(0, k).reduce((a, b) => a + b, 0);
        const y0 = y(1 - above), y1 = y(1 - above - g.shares[k]), x0 = x(g.from), w = x(g.to) - x0;
        c.fillStyle = wash || full;
        c.fillRect(x0, y0, w, y1 - y0);
        if (wash) {                                    // the wash never without its edge: the edge carries the contrast
          const edge = k ? r : 2 * r;
          c.fillStyle = full;
          if (k) c.fillRect(x0, y0, w, r);
          c.fillRect(x0, y1 - edge, w, edge);
        } else if (patterns) M.motif(c, name, x0, y0, w, y1 - y0, r, surface);
        if (k && !wash && !edged && y1 - y0 > 2 * r) {
          c.fillStyle = surface;
          c.fillRect(x0, y0, w, r);
        }
      }
    });
  }

  function drawCoverage({ c, r, x, y }, groups, series) {  // height: the part that was seen; dotted foot: came late
    const top = y(STRIP.top), foot = y(STRIP.bottom);
    const first = groups.find(g => g.look !== "none");
    if (first && first.look !== "future") {
      c.fillStyle = M.token("inset");
      c.fillRect(x(first.from), top, x(series.now + 1) - x(first.from), foot - top);
    }
    c.fillStyle = M.token("line-strong");
    for (const g of groups) {
      const h = Math.round((foot - top) * g.coverage);
      if (h) c.fillRect(x(g.from), foot - h, x(g.to) - x(g.from), h);
    }
    c.fillStyle = M.token("text");
    for (const [a, b] of M.stretches(groups, g => g.look === "late"))
      for (let at = x(groups[a].from) + r; at < x(groups[b - 1].to); at += 5 * r) c.fillRect(at, foot + 2 * r, 2 * r, 2 * r);
  }

  // ---- valence -----------------------------------------------------------------------------------------------
  M.valencePlot = (box, series) => {
    const smooth = () => smoothed(series.bins, series.now);
    const scale = () => scaleOf(series, smooth());
    return mount(box, series, {
      layout: () => scale(),
      data: () => [series.bins.map((_, i) => i + .5), smooth()],
      options: () => options(box, series, {
        range: () => scale(), splits: () => scale() === WIDE ? [-1, -.5, 0, .5, 1] : [-.2, 0, .2, .4],
        labels: at => at.map(v => v === 0 ? "0" : (v < 0 ? "\u2212" : "+") + M.decimal(Math.abs(v), 1)),
        series: [{}, { stroke: M.token("text"), width: 1.75, points: { show: false }, spanGaps: false }],
        hooks: { drawClear: [u => underValence(u, series)], draw: [u => overValence(u, series, smooth())] },
      }),
    });
  };
  // the mean of up to three columns that follow each other; a gap breaks it
  const smoothed = (bins, now) => bins.map((bin, i) => {
    if (!bin.shares || i > now) return null;
    let from = i;
    while (from > 0 && i - from < 2 && bins[from - 1].shares) from--;
    const part = bins.slice(from, i + 1);
    return part.reduce((sum, b) => sum + b.valence, 0) / part.length;
  });
  const scaleOf = (series, values) => {
    const all = values.filter(v => v != null).concat(series.usual.flatMap(band => [band[2] / 1000, band[3] / 1000]));
    return all.every(v => v >= NARROW[0] && v <= NARROW[1]) ? NARROW : WIDE;
  };

  function underValence(u, series) {                       // the usual range, the textures, zero
    const { c, r, x, y } = placer(u), { top, height } = u.bbox;
    c.save();
    for (const [from, to, low, high] of series.usual) {
      const a = x(from), w = x(to) - a, t = y(high / 1000), b = y(low / 1000);
      c.fillStyle = M.token("band");
      c.fillRect(a, t, w, b - t);
      c.globalAlpha = .55;
      c.fillStyle = M.token("band-edge");
      c.fillRect(a, t, w, r);
      c.fillRect(a, b - r, w, r);
      c.globalAlpha = 1;
    }
    for (const look of M.TEXTURES)
      for (const [a, b] of M.stretches(series.bins, bin => bin.look === look)) {
        c.globalAlpha = .8;
        c.fillStyle = M.token("surface");
        c.fillRect(x(a), top, x(b) - x(a), height);
        c.globalAlpha = 1;
        M.texture(c, look, x(a), top, x(b) - x(a), height, r, M.token("hatch"));
      }
    c.fillStyle = M.token("line-strong");
    for (const [a, b] of M.stretches(series.bins, bin => bin.look !== "not")) c.fillRect(x(a), y(0), x(b) - x(a), r);
    c.restore();
  }

  function overValence(u, series, values) {                // now, the newest value, the longest stretch below the usual
    const { c, r, x } = placer(u);
    c.save();
    c.fillStyle = M.token("line-strong");
    c.fillRect(x(series.now + 1), u.bbox.top, r, u.bbox.height);
    let last = series.now;
    while (last >= 0 && values[last] == null) last--;
    if (last >= 0) {
      c.fillStyle = M.token("text");
      c.strokeStyle = M.token("surface");
      c.lineWidth = 2 * r;
      c.beginPath();
      c.arc(u.valToPos(last + .5, "x", true), u.valToPos(values[last], "y", true), 4.5 * r, 0, 7);
      c.fill();
      c.stroke();
    }
    for (const [from, to] of series.talks || []) {         // a bracket over each conversation
      const a = x(from), w = Math.max(3 * r, x(to) - a), top = u.bbox.top;
      c.fillStyle = M.token("text-2");
      c.fillRect(a, top, w, 2 * r);
      c.fillRect(a, top, r, 6 * r);
      c.fillRect(a + w - r, top, r, 6 * r);
    }
    const below = M.belowUsual(series, values);
    if (below) bracket(u, below, M.t("below_from", { time: M.column(series, below[0], below[1] - below[0]) }));
    c.restore();
  }
  M.belowUsual = (series, values) => {
    const lowAt = i => (series.usual.find(([from, to]) => i >= from && i < to) || [])[2];
    const long = M.stretches(values, (v, i) => v != null && lowAt(i) != null && v < lowAt(i) / 1000)
      .filter(([a, b]) => (b - a) * series.step >= 20 * 60000);
    return long.sort((a, b) => b[1] - b[0] - a[1] + a[0])[0] || null;
  };
  function bracket(u, [from, to], words) {
    const { c, r, x } = placer(u), a = x(from), b = x(to), y = u.bbox.top + u.bbox.height - 6 * r;
    c.fillStyle = M.token("text-2");
    c.fillRect(a, y, b - a, 2 * r);
    c.fillRect(a, y - 4 * r, r, 4 * r);
    c.fillRect(b - r, y - 4 * r, r, 4 * r);
    c.font = 12 * r + "px " + getComputedStyle(document.body).fontFamily;
    const width = c.measureText(words).width, from0 = u.bbox.left, end = from0 + u.bbox.width;
    const beside = a - width - 10 * r > from0 ? a - 6 * r - width : b + width + 10 * r < end ? b + 6 * r : null;
    const at = beside ?? Math.max(from0, Math.min(end - width, a)), line = beside == null ? y - 8 * r : y + 5 * r;
    c.fillStyle = M.token("surface");
    c.fillRect(at - 2 * r, line - 17 * r, width + 4 * r, 18 * r);
    c.fillStyle = M.token("text-2");
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillText(words, at, line);
  }

  for (const query of ["(prefers-color-scheme: dark)", "print", "(prefers-contrast: more)"])
    matchMedia(query).addEventListener("change", () => M.redraw());
})();
