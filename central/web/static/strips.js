/* The day strip of a desk: the page's big picture, 27 px high, one a desk, aligned; and the hours under a column of them. */
"use strict";
(() => {
  const M = window.Mien;
  const COVERAGE = 4, SPACE = 7, SPILL = 17;                // an axis writes a little into the space beside it
  const el = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    parent.append(node);
    return node;
  };
  const drawn = new WeakMap();

  M.strip = svg => {
    const series = M.series[svg.dataset.series];
    if (!series) return;
    const w = svg.clientWidth || 300, state = series.changed + " " + w;
    if (drawn.get(svg) === state) return;
    if (!drawn.has(svg)) new ResizeObserver(() => M.strip(svg)).observe(svg);
    drawn.set(svg, state);
    const H = svg.clientHeight || 27, h = H - SPACE, x = i => Math.round(i * w / series.n);
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${w} ${H}`);
    svg.setAttribute("preserveAspectRatio", "none");       // on paper it is stretched, not drawn again
    stack(svg, series.bins, x, h);
    textures(svg, series.bins, x, h);
    let seen = "";
    series.bins.forEach((bin, i) => {
      if (bin.coverage > 0) seen += `M${x(i)} ${H}V${(H - COVERAGE * bin.coverage).toFixed(1)}H${x(i + 1)}V${H}Z`;
    });
    el("path", { class: "f-cov", d: seen, "shape-rendering": "crispEdges" }, svg);
    el("rect", { class: "f-line", x: Math.min(w - 1, x(series.now + 1)), y: 0, width: 1, height: H }, svg);
  };

  function stack(svg, bins, x, h) {
    const area = (i, y0, y1) => `M${x(i)} ${y0.toFixed(1)}H${x(i + 1)}V${y1.toFixed(1)}H${x(i)}Z`;
    M.STACK.forEach((name, k) => {
      let d = "";
      bins.forEach((bin, i) => {
        if (!bin.shares) return;
        const above = bin.shares.slice(0, k).reduce((a, b) => a + b, 0);
        d += area(i, above * h, (above + bin.shares[k]) * h);
      });
      el("path", { class: "f-" + name + (M.WASHED[name] ? "-wash" : ""), d, "shape-rendering": "crispEdges" }, svg);
    });
    let edge = "";
    bins.forEach((bin, i) => { if (bin.shares) edge += area(i, Math.max(0, bin.shares[0] * h - 1.5), bin.shares[0] * h); });
    el("path", { class: "f-happiness", d: edge }, svg);
  }

  function textures(svg, bins, x, h) {
    const each = (look, draw) => M.stretches(bins, bin => bin.look === look).forEach(([a, b]) => draw(x(a), x(b)));
    let hatch = "", dots = "", rule = "", late = "";
    each("gap", (a, b) => {
      for (let s = Math.ceil((a - h) / 6) * 6; s < b; s += 6) {
        const from = Math.max(s, a), to = Math.min(s + h, b);
        if (to > from) hatch += `M${from} ${h - (from - s)}L${to} ${h - (to - s)}`;
      }
    });
    each("few", (a, b) => {
      for (let s = Math.ceil(a / 6) * 6 + 1; s < b - 1; s += 6)
        for (let y = 4; y < h; y += 6) dots += `M${s} ${y}h1.6v1.6h-1.6z`;
    });
    each("not", (a, b) => { if (b > a) rule += `M${a} ${Math.round(h / 2)}H${b}v1H${a}z`; });
    each("late", (a, b) => { for (let s = a + 1; s < b; s += 5) late += `M${s} ${h + .5}h2v1.5h-2z`; });
    el("path", { class: "f-hatch", d: hatch }, svg);
    el("path", { class: "f-dots", d: dots }, svg);
    el("path", { class: "f-rule", d: rule }, svg);
    el("path", { class: "f-now", d: late }, svg);
  }

  M.axis = svg => {
    const series = M.series.main, w = svg.clientWidth || 300;
    if (!series) return;
    const state = JSON.stringify(series.ticks) + series.n + " " + w;
    if (drawn.get(svg) === state) return;
    if (!drawn.has(svg)) new ResizeObserver(() => M.axis(svg)).observe(svg);
    drawn.set(svg, state);
    svg.replaceChildren();
    const room = series.step >= 3600000 ? 60 : 52, most = Math.max(2, Math.floor(w / room));
    const every = Math.ceil(series.ticks.length / most);
    const column = svg.closest(".column"), spill = column && column.nextElementSibling ? 0 : SPILL;   // another axis beside it
    const labels = series.ticks.map(([i, label]) => {      // each in the middle of its place, or not at all
      const at = i / series.n, text = el("text", { x: (at * 100).toFixed(2) + "%", y: 12, "text-anchor": "middle" }, svg);
      text.textContent = label;
      const half = text.getComputedTextLength() / 2;
      return { text, fits: at * w - half >= -SPILL && at * w + half <= w + spill };
    });
    const first = labels.findIndex(label => label.fits);
    labels.forEach(({ text, fits }, k) => { if (!fits || (k - first) % every) text.remove(); });
  };
  M.drawStrips = () => {
    document.querySelectorAll("svg.strip").forEach(M.strip);
    document.querySelectorAll("svg.axis").forEach(M.axis);
  };
})();
