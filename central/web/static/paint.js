/* Colours and textures on a canvas. Colours come from tokens.css alone. The four textures are the same everywhere:
   hatch is missing, dots are too little seen, a rule is not observed, and what is to come is empty. */
"use strict";
(() => {
  const M = window.Mien;

  // tokens as the theme in force resolves them: a custom property holds light-dark() unresolved, so ask a probe
  let probe;
  M.token = name => {
    if (!probe) {
      probe = document.createElement("i");
      probe.hidden = true;
      document.body.append(probe);
    }
    probe.style.color = "var(--" + name + ")";
    return getComputedStyle(probe).color;
  };

  const clipped = (c, x, y, w, h, colour, width, draw) => {
    c.save();
    c.beginPath();
    c.rect(x, y, w, h);
    c.clip();
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = width;
    c.beginPath();
    draw();
    c.stroke();
    c.restore();
  };
  const slanted = (c, x, y, w, h, gap, up) => {
    for (let a = Math.floor((x - h) / gap) * gap; a < x + w; a += gap) {
      c.moveTo(a, up ? y + h : y);
      c.lineTo(a + h, up ? y : y + h);
    }
  };
  const dotted = (c, x, y, w, h, gap, rise, size) => {
    for (let a = Math.ceil(x / gap) * gap; a < x + w; a += gap)
      for (let b = y + rise; b < y + h; b += gap) c.fillRect(a, b, size, size);
  };

  M.TEXTURES = ["gap", "few", "not"];
  M.texture = (c, look, x, y, w, h, r, colour) => clipped(c, x, y, w, h, colour, r, () => {
    if (look === "gap") slanted(c, x, y, w, h, 6 * r, true);
    if (look === "few") dotted(c, x, y, w, h, 6 * r, 4 * r, 1.6 * r);
    if (look === "not") c.fillRect(x, Math.round(y + h / 2), w, r);
  });

  // patterns over the colours: on request, on paper, and where more contrast is asked for
  const MOTIFS = { surprise: "v", sadness: "\\", fear: ".", contempt: "x", disgust: "-", anger: "/" };
  M.motif = (c, name, x, y, w, h, r, colour) => {
    const kind = MOTIFS[name], gap = 5 * r;
    if (!kind || h <= 0) return;
    clipped(c, x, y, w, h, colour, 1.1 * r, () => {
      if (kind === "/" || kind === "x") slanted(c, x, y, w, h, gap, true);
      if (kind === "\\" || kind === "x") slanted(c, x, y, w, h, gap, false);
      if (kind === "v")
        for (let a = Math.ceil(x / gap) * gap; a < x + w; a += gap) { c.moveTo(a, y); c.lineTo(a, y + h); }
      if (kind === "-") for (let b = y + 2 * r; b < y + h; b += 4 * r) { c.moveTo(x, b); c.lineTo(x + w, b); }
      if (kind === ".") dotted(c, x, y, w, h, gap, 2 * r, 1.5 * r);
    });
  };
  M.patternsOn = () => document.documentElement.dataset.patterns === "on"
    || matchMedia("(prefers-contrast: more), print").matches;
})();
