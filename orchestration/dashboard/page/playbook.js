// What to do next: the decision tree's answers, maturity, and the progress of the first ninety days.

function decisionPath(rows) {
  const whole = rows.filter((row) => row.is_complete_week !== false);
  const row = (whole.length ? whole : rows).reduce((last, next) => (next.week > last.week ? next : last));
  const against = `against those of the four weeks before that had requests (${count(row.baseline_weeks)})`;
  const rise = (now, before) => `${money(now)}, before ${money(before)}`;
  const failures = isKnown(row.failure_share_of_rise) ? `failed calls make up ${share(row.failure_share_of_rise, 0)} of the rise; ` : "";
  return [
    el("p", { class: "period" }, `Week of ${day(row.week)}, ${against}.`),
    el("ol", { class: "path" },
      step("Is cost per request rising?", row.is_cost_per_request_rising, rise(row.cost_per_request, row.baseline_cost_per_request)),
      step("Is cost per accepted outcome rising?", row.is_cost_per_accepted_outcome_rising, rise(row.cost_per_accepted_outcome, row.baseline_cost_per_accepted_outcome)),
      step("In all task classes?", row.is_rising_in_all_task_classes, `${count(row.rising_task_classes)} of ${count(row.task_classes)}${row.rising_task_class_names ? `: ${row.rising_task_class_names}` : ""}`),
      step("Driven by retries and timeouts?", row.is_driven_by_failures, `${failures}retry rate ${share(row.retry_rate)}, before ${share(row.baseline_retry_rate)}`),
    ),
    el("p", {}, el("strong", {}, "First action: "), row.action_text || words(row.action)),
  ];
}

// An answer that rests on too little is neither yes nor no.
function step(question, answer, evidence) {
  const said = answer === null ? badge("No answer") : answer ? badge("Yes", "warn") : badge("No", "good");
  return el("li", {}, el("span", { class: "question" }, question), " ", said, el("small", {}, ` ${evidence}`));
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
