// Charts: drawn as SVG by Vega, each with words for who cannot see it and the same numbers as a table.

const COLOURS = {
  inference: "var(--inference)",
  rework: "var(--rework)",
  delay: "var(--delay)",
  good: "var(--good)",
  warn: "var(--warn)",
  bad: "var(--bad)",
  grey: "var(--grey)",
  ink: "var(--ink)",
  leak: "var(--leak)",
};

// What a change of cost is called, and its colour.
const CHANGES = [
  ["Cheaper", COLOURS.good],
  ["Dearer", COLOURS.bad],
];

const THEME = {
  background: "transparent",
  font: "system-ui, sans-serif",
  aria: false,
  autosize: { type: "fit-x", contains: "padding" },
  view: { stroke: null },
  axis: {
    labelColor: "var(--soft-ink)",
    titleColor: "var(--soft-ink)",
    gridColor: "var(--line)",
    domainColor: "var(--grey)",
    tickColor: "var(--grey)",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 180,
    labelSeparation: 8,
  },
  legend: { disable: true },
  text: { fill: "var(--ink)", fontSize: 12 },
};

const drawn = [];

// title: what is shown; says: the finding in words; spec: Vega-Lite without size; table: the same numbers.
// legend: [name, colour, opacity], drawn by the page so that it wraps on a phone.
function chart({ title, says, spec, height = 260, legend, data }) {
  const place = el("div", { class: "chart", role: "img", "aria-label": `${title}. ${says}` });
  drawn.push({ place, spec: { width: "container", height, ...spec } });
  return el(
    "figure",
    {},
    el("figcaption", {}, el("strong", {}, title), " ", el("span", {}, says)),
    legend && legendOf(legend),
    place,
    data && el("details", {}, el("summary", {}, "The numbers as a table"), data),
  );
}

function legendOf(entries) {
  return el(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    entries.map(([name, colour, opacity]) => {
      const mark = el("i", {});
      mark.style.background = colour;
      mark.style.opacity = opacity ?? 1;
      return el("li", {}, mark, name);
    }),
  );
}

// After the page stands, so that the charts know how wide they are.
async function drawCharts() {
  for (const { place, spec } of drawn.splice(0)) {
    if (!place.isConnected) continue;
    const options = { mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false };
    const result = await vegaEmbed(place, spec, { ...options, config: THEME, tooltip: showTip });
    // The figure says it in words and in its table; the single marks would only be noise.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    views.push(result);
  }
}

const views = [];

function forgetCharts() {
  for (const result of views.splice(0)) result.finalize();
  drawn.length = 0;
}

// The tip repeats what the table says; it is for the mouse only and hidden from screen readers.
function showTip(_handler, event, _item, value) {
  const tip = document.getElementById("tip");
  tip.replaceChildren();
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  const lines = typeof value === "object" ? Object.entries(value) : [["", value]];
  for (const [name, text] of lines) tip.append(el("div", {}, name ? `${name}: ` : "", text));
  const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  const above = event.clientY + 18 + tip.offsetHeight > window.innerHeight;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${above ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18}px`;
}

// Axis labels of days and money, written as everywhere else on the page.
const DAY_LABEL = "utcFormat(toDate(datum.value), '%e %b')";

function moneyAxis(title) {
  const sign = numberFormat({ style: "currency", currency: DATA.meta.currency }).formatToParts(0)[0].value;
  const small = `abs(datum.value) < 0.01 ? '.4f' : abs(datum.value) < 0.1 ? '.3f' : abs(datum.value) < 10 ? '.2f' : ',.0f'`;
  const text = `format(abs(datum.value), datum.value % 1 == 0 ? ',.0f' : ${small})`;
  return { title, labelExpr: `(datum.value < 0 ? '−' : '') + ${JSON.stringify(sign)} + ${text}`, tickCount: 5 };
}

function shareAxis(title) {
  return { title, format: ".0%", tickCount: 5 };
}

function colourScale(pairs) {
  return { domain: pairs.map(([name]) => name), range: pairs.map(([, colour]) => colour) };
}
