// Budgets: who burns which budget, what is forecast, what must happen now.

const STATUS = [
  ["ok", COLOURS.good, "good"],
  ["soft", COLOURS.warn, "warn"],
  ["hard", COLOURS.bad, "bad"],
  ["exhausted", COLOURS.bad, "bad"],
  ["no_budget", COLOURS.grey, "plain"],
];

function statusBadge(status) {
  const known = STATUS.find(([name]) => name === status);
  return status ? badge(words(status), known && known[2]) : "";
}

function budgetsPage(view) {
  if (!isPublished("burn")) return [notPublished("burn")];
  const rows = chosen(table("burn"), view).filter((row) => row.day <= view.to);
  const last = rows.reduce((most, row) => (row.day > most ? row.day : most), "");
  const now = rows
    .filter((row) => row.day === last)
    .sort((a, b) => (b.share_of_limit ?? -1) - (a.share_of_limit ?? -1));
  if (!now.length) return [note("No budget and no spend for this choice.")];
  const one = now[0];
  const own = rows.filter((row) => row.month === one.month && row.owner === one.owner && row.use_case === one.use_case);
  return [
    section(
      `Burn in ${month(one.month)}`,
      el(
        "p",
        { class: "period" },
        `Inference spent since the first of the month by the end of ${day(last)}, on the day it arose; experiments apart.`,
      ),
      burnChart(now),
      burnTable(now),
    ),
    section(
      `The month of ${one.use_case}`,
      !view.use_case && note("The budget that is used up most. Choose a use case above for another one."),
      monthChart(own),
    ),
    section(
      "Traffic policy in force",
      whenPublished("policy", (all) => policyTable(chosen(all, view))),
    ),
    section(
      "Alerts",
      whenPublished("alerts", (all) => alertTable(chosen(all, view).filter((row) => row.crossed_day <= view.to))),
    ),
    section(
      "Proposal for the next budget",
      whenPublished("reallocation", (all) => reallocationTable(chosen(all, view))),
    ),
    section(
      "How good the forecast was",
      whenPublished("forecast_errors", (all) => forecastTable(chosen(all, view))),
    ),
  ];
}

function burnTable(rows) {
  return grid(
    "Budgets on that day",
    [
      { title: "Use case", value: (r) => r.use_case },
      { title: "Owner", value: (r) => r.owner },
      { title: "Status", value: (r) => statusBadge(r.status) },
      {
        title: "Spent, of limit",
        numeric: true,
        value: (r) => [
          r.unpriced_attempts > 0 && bound(),
          money(r.spent_amount),
          el("br"),
          el("small", {}, isKnown(r.limit_amount) ? `of ${money(r.limit_amount)}` : "no limit known"),
        ],
      },
      { title: "Used", numeric: true, value: (r) => (isKnown(r.share_of_limit) ? share(r.share_of_limit, 0) : "") },
      { title: "Expected", numeric: true, value: (r) => share(r.expected_share, 0) },
      {
        title: "Forecast, 80 % interval",
        numeric: true,
        value: (r) => [
          money(forecastOf(r)),
          el("br"),
          el(
            "small",
            {},
            isKnown(r.forecast_low_amount)
              ? `${money(r.forecast_low_amount)} to ${money(r.forecast_high_amount)}`
              : "no interval",
          ),
        ],
      },
      {
        title: "Limit reached",
        short: true,
        value: (r) =>
          r.limit_reached_day
            ? day(r.limit_reached_day)
            : isKnown(r.weighted_forecast_amount) && isKnown(r.limit_amount)
              ? "not expected"
              : UNKNOWN,
      },
      {
        title: "Escalation",
        wrap: true,
        value: (r) => (r.escalation_step ? `step ${r.escalation_step}: ${r.escalate_to ?? "nobody is named"}` : ""),
      },
    ],
    rows,
  );
}

function policyTable(rows) {
  const allowed = (yes) => (yes ? badge("Allowed", "good") : badge("Blocked", "bad"));
  return grid(
    "What a gateway should do now",
    [
      { title: "Use case", value: (r) => r.use_case },
      { title: "Owner", value: (r) => r.owner },
      { title: "Premium models", value: (r) => allowed(r.is_premium_allowed) },
      { title: "Held back", numeric: true, value: (r) => share(r.throttle_share, 0) },
      { title: "Experiments", value: (r) => allowed(r.is_experiment_allowed) },
      { title: "Why", long: true, value: (r) => r.reason },
    ],
    rows,
  );
}

function alertTable(rows) {
  return grid(
    "Thresholds that were crossed, one alert each",
    [
      { title: "Day", short: true, value: (r) => day(r.crossed_day) },
      { title: "Use case", value: (r) => r.use_case },
      { title: "Owner", value: (r) => r.owner },
      { title: "Budget", value: (r) => words(r.budget) },
      { title: "Threshold", value: (r) => statusBadge(r.threshold) },
      { title: "Spent", numeric: true, value: (r) => money(r.spent_amount) },
      {
        title: "Limit",
        numeric: true,
        value: (r) => (isKnown(r.limit_amount) ? money(r.limit_amount) : "no limit known"),
      },
      { title: "Told to", value: (r) => r.escalate_to ?? "nobody is named" },
      {
        title: "State",
        value: (r) => [
          words(r.delivery_state),
          r.is_standing === false && ", no longer true",
          r.is_restated && ", restated",
        ],
      },
    ],
    [...rows].sort((a, b) => (a.crossed_day < b.crossed_day ? 1 : -1)),
    { empty: "No threshold was crossed." },
  );
}

function reallocationTable(rows) {
  return grid(
    "Money moved to where it buys most accepted outcomes; the changes add up to nothing",
    [
      { title: "Use case", value: (r) => r.use_case },
      { title: "Month", short: true, value: (r) => month(r.month) },
      { title: "Limit", numeric: true, value: (r) => money(r.limit_amount) },
      {
        title: "Change",
        numeric: true,
        value: (r) => (r.change_amount ? signed(money(r.change_amount), r.change_amount) : "unchanged"),
      },
      { title: "Proposed", numeric: true, value: (r) => money(r.proposed_limit_amount) },
      { title: "Accepted per unit of money", numeric: true, value: (r) => decimal(r.accepted_per_unit) },
      { title: "Why", long: true, value: (r) => r.reason },
    ],
    rows,
  );
}

function forecastTable(rows) {
  return grid(
    "The forecast on a day of the month against what the month came to",
    [
      { title: "Use case", value: (r) => r.use_case },
      { title: "Month", short: true, value: (r) => month(r.month) },
      { title: "By day", numeric: true, value: (r) => count(r.forecast_day) },
      { title: "Came to", numeric: true, value: (r) => money(r.actual_amount) },
      { title: "Forecast", numeric: true, value: (r) => money(r.weighted_forecast_amount) },
      { title: "Error", numeric: true, value: (r) => signed(share(r.weighted_error), r.weighted_error) },
      {
        title: "Straight forecast's error",
        numeric: true,
        value: (r) => signed(share(r.straight_error), r.straight_error),
      },
      {
        title: "In the interval",
        value: (r) => (r.is_inside_interval === null ? "no interval" : r.is_inside_interval ? "yes" : "no"),
      },
    ],
    rows,
    { empty: "No complete month yet.", most: 120 },
  );
}
