// Use case: everything of one use case.

function useCasePage(view) {
  if (!isPublished("days")) return [notPublished("days")];
  const name = view.use_case || dearest(view);
  if (!name) return [note("No figures for this choice of owner and days.")];
  const own = { ...view, use_case: name };
  const rows = chosen(table("days"), { ...own, owner: "" });
  const now = within(rows, view.from, view.to);
  const former = formerDays(view);
  const before = former ? within(rows, former.from, former.to) : [];
  const of = (extract) => whenOf(extract, name);
  return [
    !view.use_case && note(`The dearest use case is shown: ${name}. Choose another one above.`),
    section("The eight metrics", periodLine(view, former), tiles(now, before, former), caveats(now), sloLine(name)),
    section(
      "Cost over time",
      now.length ? costOverTime(now, view) : note("No figures on these days."),
      of("intervals")(developedCost),
    ),
    section(
      "Where the money leaks",
      of("leaks")((found) => leakWaterfall(within(found, view.from, view.to))),
    ),
    section("Why the cost moved", of("drivers")(driverCharts)),
    section("What would save", of("levers")(leverTable)),
    section("What to do first", of("decisions")(decisionPath)),
    section("Maturity", of("maturity")(maturityOf)),
    section("Response times", of("weeks")(responseTimes)),
  ];
}

function whenOf(extract, name) {
  return (draw) =>
    whenPublished(extract, (rows) => {
      const own = rows.filter((row) => !("use_case" in row) || row.use_case === name);
      return own.length ? draw(own) : note("Nothing for this use case.");
    });
}

function dearest(view) {
  const rows = within(chosen(table("days"), view), view.from, view.to);
  const sums = [...groups(rows, "use_case")].map(([name, of]) => [name, total(of, "total_cost") ?? 0]);
  return sums.sort((a, b) => b[1] - a[1])[0]?.[0];
}

function sloLine(name) {
  const row = (table("slo") || []).find((slo) => slo.use_case === name);
  if (!row) return null;
  const kind = { page: "bad", ticket: "warn" }[row.alert] || "plain";
  return el(
    "p",
    {},
    badge(row.alert === "none" ? "Cost objective: no alert" : `Cost objective: ${row.alert}`, kind),
    sentences(
      ` Objective on ${day(row.day)}: ${money(row.target_cost_per_accepted_outcome)} per accepted outcome;`,
      `of 28 days' error budget ${share(row.error_budget_used_share, 0)} is used,`,
      `burn rate ${decimal(row.burn_rate_7_days, 1)} over 7 days and ${decimal(row.burn_rate_2_days, 1)} over 2.`,
    ),
  );
}

// The weekly figure as it stands, and as it is expected once every window has closed, with its interval.
function developedCost(rows) {
  const known = rows.filter((row) => isKnown(row.developed_cost_per_accepted_outcome));
  if (!known.length) return note("No week has an accepted outcome.");
  const values = known.map((row) => ({
    start: row.period_start,
    plain: row.cost_per_accepted_outcome,
    developed: row.developed_cost_per_accepted_outcome,
    low: row.developed_cost_lower,
    high: row.developed_cost_upper,
    tip: {
      "Week of": day(row.period_start),
      "So far": money(row.cost_per_accepted_outcome),
      Expected: money(row.developed_cost_per_accepted_outcome),
      "95 % interval": `${money(row.developed_cost_lower)} to ${money(row.developed_cost_upper)}`,
      Provisional: share(row.provisional_share, 0),
    },
  }));
  const last = known[known.length - 1];
  return chart({
    title: "What a week will have cost in the end",
    says: sentences(
      `The last week stands at ${money(last.cost_per_accepted_outcome)} per accepted outcome and is expected to come to`,
      `${money(last.developed_cost_per_accepted_outcome)} once its rework has arrived`,
      `(95 % interval ${money(last.developed_cost_lower)} to ${money(last.developed_cost_upper)}).`,
    ),
    height: 220,
    legend: [
      ["Expected in the end, with its interval", COLOURS.ink],
      ["As it stands", COLOURS.grey],
    ],
    spec: {
      data: { values },
      encoding: {
        x: {
          field: "start",
          type: "ordinal",
          axis: { title: null, labelExpr: DAY_LABEL, labelOverlap: true, labelAngle: 0, grid: false },
        },
        tooltip: { field: "tip" },
      },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2, color: COLOURS.ink, tooltip: true },
          encoding: {
            y: { field: "low", type: "quantitative", scale: { zero: true }, axis: moneyAxis(null) },
            y2: { field: "high" },
          },
        },
        {
          mark: { type: "tick", thickness: 3, size: 14, color: COLOURS.grey, tooltip: true },
          encoding: { y: { field: "plain", type: "quantitative" } },
        },
        {
          mark: { type: "point", filled: true, size: 60, opacity: 1, color: COLOURS.ink, tooltip: true },
          encoding: { y: { field: "developed", type: "quantitative" } },
        },
      ],
    },
    data: grid(
      "Cost per accepted outcome by week",
      [
        { title: "Week of", value: (r) => day(r.period_start) },
        { title: "As it stands", numeric: true, value: (r) => money(r.cost_per_accepted_outcome) },
        { title: "Expected", numeric: true, value: (r) => money(r.developed_cost_per_accepted_outcome) },
        {
          title: "95 % interval",
          numeric: true,
          value: (r) => `${money(r.developed_cost_lower)} to ${money(r.developed_cost_upper)}`,
        },
        { title: "Provisional", numeric: true, value: (r) => share(r.provisional_share, 0) },
      ],
      known,
    ),
  });
}

function responseTimes(rows) {
  const lines = [
    ["Median", "response_time_p50_ms", COLOURS.grey],
    ["95th percentile", "response_time_p95_ms", COLOURS.ink],
    ["99th percentile", "response_time_p99_ms", "var(--s2)"],
  ];
  const values = rows.flatMap((row) =>
    lines
      .filter(([, column]) => isKnown(row[column]))
      .map(([line, column]) => ({
        start: row.week,
        line,
        seconds: row[column] / 1000,
        tip: { "Week of": day(row.week), [line]: seconds(row[column]) },
      })),
  );
  if (!values.length) return note("No response time is known.");
  const last = rows[rows.length - 1];
  return chart({
    title: "Response time of requests by week",
    says: sentences(
      `In the week of ${day(last.week)} half of the requests took at most ${seconds(last.response_time_p50_ms)},`,
      `95 % at most ${seconds(last.response_time_p95_ms)}.`,
    ),
    height: 200,
    legend: lines.map(([line, , colour]) => [line, colour]),
    spec: {
      data: { values },
      mark: { type: "line", point: { size: 40 }, tooltip: true },
      encoding: {
        x: {
          field: "start",
          type: "ordinal",
          axis: { title: null, labelExpr: DAY_LABEL, labelOverlap: true, labelAngle: 0, grid: false },
        },
        y: { field: "seconds", type: "quantitative", scale: { zero: true }, axis: { title: "seconds", tickCount: 5 } },
        color: { field: "line", type: "nominal", scale: colourScale(lines.map(([line, , colour]) => [line, colour])) },
        tooltip: { field: "tip" },
      },
    },
    data: grid(
      "Response time by week",
      [
        { title: "Week of", value: (r) => day(r.week) },
        ...lines.map(([line, column]) => ({ title: line, numeric: true, value: (r) => seconds(r[column]) })),
        { title: "SLA attainment", numeric: true, value: (r) => share(r.sla_attainment) },
      ],
      rows,
    ),
  });
}
