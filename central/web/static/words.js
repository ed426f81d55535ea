/* What the page was given, and how its language writes numbers and times. First of the page's scripts. */
"use strict";
window.Mien = {};
(() => {
  const M = window.Mien;
  const given = JSON.parse(document.getElementById("given").textContent);
  M.given = given;
  M.t = (key, values = {}) => {
    let text = given.words[key] ?? key;
    for (const name in values) text = text.replace("{" + name + "}", values[name]);
    return text;
  };
  M.share = part => {
    if (part == null) return "–";
    return part > 0 && part < .005 ? "<1%" : Math.floor(part * 100 + .5) + "%";
  };
  M.valence = value => {
    if (value == null) return "–";
    const hundredths = Math.floor(Math.abs(value) * 100 + .5);
    const sign = !hundredths ? "\u00b1" : value < 0 ? "\u2212" : "+";
    return sign + M.decimal(hundredths / 100, 2);
  };
  M.decimal = (value, places) => value.toFixed(places).replace(".", M.t("decimal"));
  M.duration = seconds => {
    if (seconds < 60) return M.t("seconds", { n: Math.max(0, Math.floor(seconds)) });
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return M.t("minutes", { n: minutes });
    const h = Math.floor(minutes / 60), m = minutes % 60;
    return m ? M.t("hours", { h, m: String(m).padStart(2, "0") }) : M.t("hours_whole", { h });
  };

  // times in the zone of the site, whatever the zone of the machine that shows them
  const clock = options => {
    const all = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...options };
    try {
      return new Intl.DateTimeFormat("en-GB", { ...all, timeZone: given.zone });
    } catch {                                              // a zone younger than this browser
      return new Intl.DateTimeFormat("en-GB", { ...all, timeZone: "UTC", timeZoneName: "short" });
    }
  };
  const short = clock({}), long = clock({ second: "2-digit" }), day = clock({ weekday: "short", day: "numeric" });
  M.clock = ms => short.format(ms);
  M.day = ms => {
    const parts = Object.fromEntries(day.formatToParts(ms).map(part => [part.type, part.value]));
    const weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(parts.weekday);
    return M.t("weekday_day", { weekday: M.t("weekdays_short").split("|")[weekday], day: parts.day });
  };
  M.column = (series, i, count = 1) => {                   // what a column, or several, is called
    const a = series.start + i * series.step, b = a + count * series.step;
    const f = series.step < 60000 ? long : short;
    return (series.step >= 3600000 ? M.day(a) + " " : "") + f.format(a) + "–" + f.format(b);
  };
})();
