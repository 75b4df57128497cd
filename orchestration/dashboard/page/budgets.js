// Budgets: who burns which budget, what is forecast, what must happen now.

const STATUS = [["ok", COLOURS.good, "good"], ["soft", COLOURS.warn, "warn"], ["hard", COLOURS.bad, "bad"], ["exhausted", COLOURS.bad, "bad"], ["no_budget", COLOURS.grey, "plain"]];

function statusBadge(status) {
  const known = STATUS.find(([name]) => name === status);
  return status ? badge(words(status), known && known[2]) : "";
}

function budgetsPage(view) {
  if (!isPublished("burn")) return [notPublished("burn")];
  const rows = chosen(table("burn"), view).filter((row) => row.day <= view.to);
  const last = rows.reduce((most, row) => (row.day > most ? row.day : most), "");
  const now = rows.filter((row) => row.day === last).sort((a, b) => (b.share_of_limit ?? -1) - (a.share_of_limit ?? -1));
  if (!now.length) return [note("No budget and no spend for this choice.")];
  const one = now[0];
  const own = rows.filter((row) => row.month === one.month && row.owner === one.owner && row.use_case === one.use_case);
  return [
    section(`Burn in ${month(one.month)}`, el("p", { class: "period" }, `Inference spent since the first of the month by the end of ${day(last)}, on the day it arose; experiments apart.`), burnChart(now), burnTable(now)),
    section(`The month of ${one.use_case}`, !view.use_case && note("The budget that is used up most. Choose a use case above for another one."), monthChart(own)),
    section("Traffic policy in force", whenPublished("policy", (all) => policyTable(chosen(all, view)))),
    section("Alerts", whenPublished("alerts", (all) => alertTable(chosen(all, view).filter((row) => row.crossed_day <= view.to)))),
    section("Proposal for the next budget", whenPublished("reallocation", (all) => reallocationTable(chosen(all, view)))),
    section("How good the forecast was", whenPublished("forecast_errors", (all) => forecastTable(chosen(all, view)))),
  ];
}

function forecastOf(row) {
  return isKnown(row.weighted_forecast_amount) ? row.weighted_forecast_amount : row.forecast_amount;
}

// Bars of the share of the limit; a tick where a month of this shape would stand; a line for the forecast's interval.
function burnChart(rows) {
  const limited = rows.filter((row) => row.limit_amount > 0 && isKnown(row.share_of_limit));
  if (!limited.length) return note("None of these has a budget with a limit.");
  const values = limited.map((row) => ({
    name: row.use_case, spent: row.share_of_limit, expected: row.expected_share, status: row.status,
    low: ratio(row.forecast_low_amount, row.limit_amount), high: ratio(row.forecast_high_amount, row.limit_amount),
    forecast: ratio(forecastOf(row), row.limit_amount), limit: 1,
    tip: { "Use case": row.use_case, Owner: row.owner, Spent: `${money(row.spent_amount)} of ${money(row.limit_amount)}`, "Of the limit": share(row.share_of_limit), "Expected by now": share(row.expected_share), "Forecast at month end": money(forecastOf(row)), Status: words(row.status) },
  }));
  const over = limited.filter((row) => row.status !== "ok").length;
  const y = { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false } };
  const unlimited = rows.length - limited.length;
  return chart({
    title: "Share of the limit that is spent",
    says: `${over} of ${limited.length} budgets are past a threshold. The tick is where the month is expected to stand by now, the diamond the forecast for its end${values.some((v) => isKnown(v.low)) ? " with its 80 % interval" : " (its interval is not published yet)"}, the line at 100 % the limit.${unlimited ? ` ${unlimited} without a limit are in the table only.` : ""}`,
    height: limited.length * 30 + 40,
    legend: STATUS.filter(([name]) => values.some((v) => v.status === name)).map(([name, colour]) => [words(name), colour]),
    spec: {
      data: { values },
      encoding: { y, tooltip: { field: "tip" } },
      layer: [
        { mark: { type: "bar", height: { band: 0.5 }, tooltip: true }, encoding: { x: { field: "spent", type: "quantitative", scale: { zero: true }, axis: shareAxis(null) }, color: { field: "status", type: "nominal", scale: colourScale(STATUS) } } },
        ...(values.some((v) => isKnown(v.low)) ? [{ mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } }] : []),
        { mark: { type: "tick", color: COLOURS.ink, thickness: 3, size: 22, tooltip: true }, encoding: { x: { field: "expected", type: "quantitative" } } },
        { mark: { type: "point", shape: "diamond", filled: true, opacity: 1, size: 70, color: COLOURS.ink, tooltip: true }, encoding: { x: { field: "forecast", type: "quantitative" } } },
        { data: { values: [{ limit: 1 }] }, mark: { type: "rule", color: COLOURS.bad, strokeDash: [5, 4], strokeWidth: 1.5 }, encoding: { x: { field: "limit", type: "quantitative" }, y: null, tooltip: null } },
      ],
    },
  });
}

function burnTable(rows) {
  return grid("Budgets on that day", [
    { title: "Use case", value: (r) => r.use_case },
    { title: "Owner", value: (r) => r.owner },
    { title: "Status", value: (r) => statusBadge(r.status) },
    { title: "Spent", numeric: true, value: (r) => [r.unpriced_attempts > 0 && bound(), money(r.spent_amount)] },
    { title: "Limit", numeric: true, value: (r) => (isKnown(r.limit_amount) ? money(r.limit_amount) : "no limit known") },
    { title: "Used", numeric: true, value: (r) => (isKnown(r.share_of_limit) ? share(r.share_of_limit, 0) : "") },
    { title: "Expected", numeric: true, value: (r) => share(r.expected_share, 0) },
    { title: "Forecast, 80 % interval", numeric: true, value: (r) => [money(forecastOf(r)), el("br"), el("small", {}, isKnown(r.forecast_low_amount) ? `${money(r.forecast_low_amount)} to ${money(r.forecast_high_amount)}` : "no interval")] },
    { title: "Limit reached", short: true, value: (r) => (r.limit_reached_day ? day(r.limit_reached_day) : isKnown(r.weighted_forecast_amount) && isKnown(r.limit_amount) ? "not expected" : UNKNOWN) },
    { title: "Escalation", value: (r) => (r.escalation_step ? `step ${r.escalation_step}: ${r.escalate_to ?? "nobody is named"}` : "") },
  ], rows);
}

// In words. Without a forecast by weekday nobody knows whether the limit will be reached.
function reachedLimit(row) {
  if (!isKnown(row.limit_amount)) return "";
  if (row.limit_reached_day) return row.limit_reached_day <= row.day ? `The limit was reached on ${day(row.limit_reached_day)}.` : `By the forecast the limit will be reached on ${day(row.limit_reached_day)}.`;
  if (row.status === "exhausted") return "The limit is used up.";
  return isKnown(row.weighted_forecast_amount) ? "The limit is not expected to be reached." : "";
}

// Spent so far against the expected line and the limit; thresholds are marked on the day they were met.
function monthChart(rows) {
  const last = rows[rows.length - 1];
  const end = addDays(last.month, last.days_in_month - 1);
  const values = rows.map((row) => ({ day: row.day, spent: row.spent_amount, expected: isKnown(row.limit_amount) ? row.expected_share * row.limit_amount : null, limit: row.limit_amount, tip: { Day: day(row.day), Spent: money(row.spent_amount), Limit: money(row.limit_amount), Status: words(row.status) } }));
  const domain = Array.from({ length: last.days_in_month }, (_, i) => addDays(last.month, i));
  const crossings = rows.filter((row, i) => i && row.status !== rows[i - 1].status && row.status !== "ok").map((row) => ({ day: row.day, spent: row.spent_amount, label: words(row.status) }));
  const forecast = [{ day: end, low: last.forecast_low_amount, high: last.forecast_high_amount, forecast: forecastOf(last), tip: { "Month end": day(end), Forecast: money(forecastOf(last)), "80 % interval": isKnown(last.forecast_low_amount) ? `${money(last.forecast_low_amount)} to ${money(last.forecast_high_amount)}` : UNKNOWN } }];
  const x = { field: "day", type: "ordinal", scale: { domain }, axis: { title: null, labelExpr: DAY_LABEL, labelOverlap: true, labelAngle: 0, grid: false } };
  const money_ = (field) => ({ field, type: "quantitative", scale: { zero: true }, axis: moneyAxis(null) });
  const reached = last.limit_reached_day ? [{ day: last.limit_reached_day }] : [];
  const lines = [
    { mark: { type: "line", color: COLOURS.grey, strokeDash: [4, 3], strokeWidth: 2 }, encoding: { x, y: money_("expected") } },
    { mark: { type: "line", color: COLOURS.bad, strokeDash: [7, 4], strokeWidth: 1.5, interpolate: "step-after" }, encoding: { x, y: money_("limit") } },
    { mark: { type: "line", color: COLOURS.inference, strokeWidth: 3, point: { size: 30, color: COLOURS.inference }, tooltip: true }, encoding: { x, y: money_("spent"), tooltip: { field: "tip" } } },
    ...(isKnown(last.forecast_low_amount) ? [{ data: { values: forecast }, mark: { type: "rule", color: COLOURS.ink, strokeWidth: 2 }, encoding: { x, y: money_("low"), y2: { field: "high" } } }] : []),
    { data: { values: forecast }, mark: { type: "point", shape: "diamond", filled: true, opacity: 1, size: 90, color: COLOURS.ink, tooltip: true }, encoding: { x, y: money_("forecast"), tooltip: { field: "tip" } } },
    { data: { values: crossings }, mark: { type: "point", shape: "triangle-up", filled: true, opacity: 1, size: 110, color: COLOURS.warn }, encoding: { x, y: money_("spent") } },
    { data: { values: crossings }, mark: { type: "text", dy: 16, align: "left" }, encoding: { x, y: money_("spent"), text: { field: "label" } } },
    { data: { values: reached.filter((row) => domain.includes(row.day)) }, mark: { type: "rule", color: COLOURS.bad, strokeWidth: 1.5 }, encoding: { x } },
  ];
  return chart({
    title: `${last.use_case}, ${last.owner}: spent in ${month(last.month)}`,
    says: `${money(last.spent_amount)} by ${day(last.day, false)}${isKnown(last.limit_amount) ? ` of ${money(last.limit_amount)}` : "; no limit is known"}; forecast ${money(forecastOf(last))}. ${reachedLimit(last)}`,
    legend: [["Spent", COLOURS.inference], ["Expected", COLOURS.grey], ["Limit", COLOURS.bad], ["Forecast with interval", COLOURS.ink], ["Threshold met", COLOURS.warn]],
    spec: { data: { values }, layer: lines },
    data: grid("Spent by day", [
      { title: "Day", short: true, value: (r) => day(r.day) },
      { title: "Spent", numeric: true, value: (r) => money(r.spent_amount) },
      { title: "Limit", numeric: true, value: (r) => money(r.limit_amount) },
      { title: "Used", numeric: true, value: (r) => share(r.share_of_limit) },
      { title: "Expected", numeric: true, value: (r) => share(r.expected_share) },
      { title: "Status", value: (r) => statusBadge(r.status) },
    ], rows),
  });
}

function policyTable(rows) {
  const allowed = (yes) => (yes ? badge("Allowed", "good") : badge("Blocked", "bad"));
  return grid("What a gateway should do now", [
    { title: "Use case", value: (r) => r.use_case },
    { title: "Owner", value: (r) => r.owner },
    { title: "Premium models", value: (r) => allowed(r.is_premium_allowed) },
    { title: "Held back", numeric: true, value: (r) => share(r.throttle_share, 0) },
    { title: "Experiments", value: (r) => allowed(r.is_experiment_allowed) },
    { title: "Why", value: (r) => r.reason },
  ], rows);
}

function alertTable(rows) {
  return grid("Thresholds that were crossed, one alert each", [
    { title: "Day", short: true, value: (r) => day(r.crossed_day) },
    { title: "Use case", value: (r) => r.use_case },
    { title: "Owner", value: (r) => r.owner },
    { title: "Budget", value: (r) => words(r.budget) },
    { title: "Threshold", value: (r) => statusBadge(r.threshold) },
    { title: "Spent", numeric: true, value: (r) => money(r.spent_amount) },
    { title: "Limit", numeric: true, value: (r) => (isKnown(r.limit_amount) ? money(r.limit_amount) : "no limit known") },
    { title: "Told to", value: (r) => r.escalate_to ?? "nobody is named" },
    { title: "State", value: (r) => [words(r.delivery_state), r.is_standing === false && ", no longer true", r.is_restated && ", restated"] },
  ], [...rows].sort((a, b) => (a.crossed_day < b.crossed_day ? 1 : -1)), { empty: "No threshold was crossed." });
}

function reallocationTable(rows) {
  return grid("Money moved to where it buys most accepted outcomes; the changes add up to nothing", [
    { title: "Use case", value: (r) => r.use_case },
    { title: "Month", short: true, value: (r) => month(r.month) },
    { title: "Limit", numeric: true, value: (r) => money(r.limit_amount) },
    { title: "Change", numeric: true, value: (r) => (r.change_amount ? signed(money(r.change_amount), r.change_amount) : "unchanged") },
    { title: "Proposed", numeric: true, value: (r) => money(r.proposed_limit_amount) },
    { title: "Accepted per unit of money", numeric: true, value: (r) => decimal(r.accepted_per_unit) },
    { title: "Why", value: (r) => r.reason },
  ], rows);
}

function forecastTable(rows) {
  return grid("The forecast on a day of the month against what the month came to", [
    { title: "Use case", value: (r) => r.use_case },
    { title: "Month", short: true, value: (r) => month(r.month) },
    { title: "By day", numeric: true, value: (r) => count(r.forecast_day) },
    { title: "Came to", numeric: true, value: (r) => money(r.actual_amount) },
    { title: "Forecast", numeric: true, value: (r) => money(r.weighted_forecast_amount) },
    { title: "Error", numeric: true, value: (r) => signed(share(r.weighted_error), r.weighted_error) },
    { title: "Straight forecast's error", numeric: true, value: (r) => signed(share(r.straight_error), r.straight_error) },
    { title: "In the interval", value: (r) => (r.is_inside_interval === null ? "no interval" : r.is_inside_interval ? "yes" : "no") },
  ], rows, { empty: "No complete month yet.", most: 120 });
}
