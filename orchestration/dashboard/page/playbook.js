// What to do next: the decision tree's answers, maturity, and the progress of the first ninety days.

function decisionPath(rows) {
  const week = rows.reduce((most, row) => (row.week > most ? row.week : most), rows[0].week);
  return plainList(`The answers of the week of ${day(week)}`, rows.filter((row) => row.week === week));
}

function maturityOf(rows) {
  return plainList("Level and what is missing for the next one", rows);
}

function playbookOf(rows) {
  return [el("h3", {}, "30, 60, 90 days"), plainGrid("Progress", rows, ["use_case"])];
}

// The mart's own columns as question and answer: the page knows none of the rules behind them.
function plainList(caption, rows) {
  if (rows.length > 1) return plainGrid(caption, rows, ["use_case"]);
  const hidden = ["use_case", "owner", "week", "criticality"];
  const lines = Object.entries(rows[0]).filter(([name]) => !hidden.includes(name));
  return [
    el("p", { class: "period" }, caption),
    el("dl", { class: "answers" }, lines.map(([name, value]) => el("div", {}, el("dt", {}, words(name)), el("dd", {}, plainValue(value))))),
  ];
}
