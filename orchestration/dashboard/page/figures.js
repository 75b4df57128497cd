// The eight metrics as tiles, now and in the former period.

function tiles(now, before, former) {
  return el(
    "div",
    { class: "tiles" },
    DATA.metrics.map((metric) => tile(metric, now, before, former)),
  );
}

function tile(metric, now, before, former) {
  const value = metricOf(metric, now);
  const old = former ? metricOf(metric, before) : null;
  const isBound = isLowerBound(metric, now);
  return el(
    "article",
    { class: "tile", "data-metric": metric.id },
    el("h3", {}, metric.label),
    el("p", { class: "value", title: metric.means }, isBound && isKnown(value) && bound(), figure(value, metric.unit)),
    comparison(metric, value, old, former),
    metric.beside &&
      el("p", { class: "beside" }, `${figure(metricOf(metric.beside, now), metric.unit)} ${metric.beside.label}`),
    metric.id === "sla_attainment" && el("p", { class: "beside" }, slowest(now)),
  );
}

function bound() {
  return el("span", { class: "bound", title: "A lower bound: some of its costs are not known" }, "at least ");
}

function comparison(metric, value, old, former) {
  const moved = change(value, old, metric.unit);
  if (moved === null)
    return el("p", { class: "change" }, former ? "nothing to compare with" : "former days are not in this page");
  return el("p", { class: "change" }, changeMark(metric, value, old), ` ${moved}, was ${figure(old, metric.unit)}`);
}

// Direction is told by an arrow and a word; colour only repeats it.
function changeMark(metric, value, old) {
  const moved = change(value, old, metric.unit);
  const flat = /^[+-]?0(\.0+)?( points|%)$/.test(moved);
  if (flat) return el("span", { class: "flat" }, "= same");
  const better = value < old === (metric.better === "lower");
  return el("span", { class: better ? "good" : "bad" }, `${value > old ? "▲" : "▼"} ${better ? "better" : "worse"}`);
}

// Percentiles cannot be added up: the slowest use case of the last whole week is named instead.
function slowest(now) {
  const weeks = isPublished("weeks") ? table("weeks") : [];
  const names = new Set(now.map((row) => row.use_case));
  const last = now.length ? now.reduce((most, row) => (row.day > most ? row.day : most), now[0].day) : null;
  const whole = weeks.filter(
    (w) => names.has(w.use_case) && last && addDays(w.week, 6) <= last && isKnown(w.response_time_p95_ms),
  );
  if (!whole.length) return "response times: none known for a whole week";
  const week = whole.reduce((most, row) => (row.week > most ? row.week : most), whole[0].week);
  const worst = whole
    .filter((w) => w.week === week)
    .reduce((a, b) => (b.response_time_p95_ms > a.response_time_p95_ms ? b : a));
  const who = names.size > 1 ? `slowest: ${worst.use_case}, ` : "";
  return `${who}p95 ${seconds(worst.response_time_p95_ms)} in the week of ${day(worst.week, false)}`;
}

// What must be known before any of the figures is believed.
function caveats(rows) {
  const said = [];
  const provisional = provisionalShare(rows);
  if (provisional > 0)
    said.push(
      sentences(
        `${share(provisional, 0)} of the accepted outcomes are provisional:`,
        "their time for complaints still runs, so acceptance can fall and cost can rise.",
      ),
    );
  const unpriced = total(rows, "unpriced_attempts");
  if (unpriced > 0)
    said.push(
      sentences(
        `${count(unpriced)} of ${count(total(rows, "attempts"))} calls have no known price:`,
        "cost figures marked “at least” are lower bounds.",
      ),
    );
  const uncosted = (total(rows, "uncosted_tickets") ?? 0) + (total(rows, "uncosted_delays") ?? 0);
  if (uncosted > 0) said.push(`${count(uncosted)} tickets or delays have no known cost.`);
  const open = total(rows, "open_outcomes");
  if (open > 0)
    said.push(
      `${count(open)} outcomes are still open; their cost (${money(total(rows, "open_cost"))}) is counted, they are not.`,
    );
  return said.length
    ? el(
        "ul",
        { class: "caveats" },
        said.map((text) => el("li", {}, text)),
      )
    : null;
}
