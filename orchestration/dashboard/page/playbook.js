// What to do next: the decision tree's answers, maturity, and the progress of the first ninety days.

function decisionPath(rows) {
  const whole = rows.filter((row) => row.is_complete_week !== false);
  const row = (whole.length ? whole : rows).reduce((last, next) => (next.week > last.week ? next : last));
  const against = `against those of the four weeks before that had requests (${count(row.baseline_weeks)})`;
  const rise = (now, before) => `${money(now)}, before ${money(before)}`;
  const failures = isKnown(row.failure_share_of_rise)
    ? `failed calls make up ${share(row.failure_share_of_rise, 0)} of the rise; `
    : "";
  return [
    el("p", { class: "period" }, `Week of ${day(row.week)}, ${against}.`),
    el(
      "ol",
      { class: "path" },
      step(
        "Is cost per request rising?",
        row.is_cost_per_request_rising,
        rise(row.cost_per_request, row.baseline_cost_per_request),
      ),
      step(
        "Is cost per accepted outcome rising?",
        row.is_cost_per_accepted_outcome_rising,
        rise(row.cost_per_accepted_outcome, row.baseline_cost_per_accepted_outcome),
      ),
      step(
        "In all task classes?",
        row.is_rising_in_all_task_classes,
        isKnown(row.is_rising_in_all_task_classes)
          ? `${count(row.rising_task_classes)} of ${count(row.task_classes)} rise (${row.rising_task_class_names})`
          : "",
      ),
      step(
        "Driven by retries and timeouts?",
        row.is_driven_by_failures,
        `${failures}retry rate ${share(row.retry_rate)}, before ${share(row.baseline_retry_rate)}`,
      ),
    ),
    el("p", {}, el("strong", {}, "First action: "), row.action_text || words(row.action)),
  ];
}

// An answer that rests on too little is neither yes nor no.
function step(question, answer, evidence) {
  const said = answer === null ? badge("No answer") : answer ? badge("Yes", "warn") : badge("No", "good");
  return el("li", {}, el("span", { class: "question" }, question), " ", said, el("small", {}, ` ${evidence}`));
}

// Criteria in the order of the levels, each with what it rests on.
const CRITERIA = [
  [
    2,
    "has_quality_metric",
    "Outcomes are judged",
    (r) => `${count(r.judged_outcomes)} of ${count(r.outcomes)} outcomes`,
  ],
  [2, "has_known_cost", "Costs are known", (r) => `${share(r.priced_share)} of the calls are priced`],
  [3, "has_gate", "Releases pass a gate", (r) => `${count(r.judged_releases)} judged in half a year`],
  [
    3,
    "is_routed",
    "Traffic is routed",
    (r) => `${share(r.no_segmentation_share)} of the cost is spent on too dear a tier`,
  ],
  [
    4,
    "has_forecast",
    "Spend is forecast",
    (r) => `${count(r.tested_forecasts)} tested, average error ${share(r.average_forecast_error)}`,
  ],
  [4, "has_traffic_policy", "A policy can act on traffic", () => ""],
  [4, "is_reallocated", "Budget is reallocated", () => ""],
];

function maturityOf(rows) {
  const row = rows[0];
  return [
    el(
      "p",
      {},
      badge(`Level ${count(row.level)} of 4`),
      ` ${words(row.level_name)}.`,
      row.unmet_criteria && ` Missing for the next level: ${row.unmet_criteria}.`,
    ),
    el(
      "ul",
      { class: "path" },
      CRITERIA.map(([level, column, label, evidence]) =>
        el(
          "li",
          {},
          yesNo(row[column]),
          ` ${label} `,
          el("small", {}, [`level ${level}`, evidence(row)].filter(Boolean).join("; ")),
        ),
      ),
    ),
  ];
}

function yesNo(answer) {
  if (answer === null || answer === undefined) return badge("Not known");
  return answer ? badge("Yes", "good") : badge("No", "warn");
}

function playbookTable(rows) {
  const state = (r) => (r.is_done ? badge("Done", "good") : r.is_due ? badge("Overdue", "bad") : badge("Open"));
  return grid(
    "The first ninety days: what is done, by the figures of the last 28 days",
    [
      { title: "Item", value: (r) => words(r.item) },
      { title: "Phase", short: true, value: (r) => words(r.phase) },
      { title: "State", value: state },
      { title: "Done", numeric: true, value: (r) => `${share(r.done_share, 0)} of ${share(r.target_share, 0)}` },
      { title: "Evidence", long: true, value: (r) => r.evidence },
    ],
    [...rows].sort((a, b) => a.position - b.position),
  );
}
