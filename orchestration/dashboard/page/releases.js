// Releases: did a change save money without hurting quality, and what the first 72 hours said.

const VERDICTS = [
  ["pass", COLOURS.good, "good"],
  ["fail", COLOURS.bad, "bad"],
  ["not_enough_evidence", COLOURS.grey, "plain"],
];

function verdictBadge(verdict) {
  const known = VERDICTS.find(([name]) => name === verdict);
  return badge(words(verdict), known && known[2]);
}

function releasesPage(view) {
  if (!isPublished("gates")) return [notPublished("gates")];
  const rows = chosen(table("gates"), view).filter((row) => row.candidate_from.slice(0, 10) <= view.to);
  if (!rows.length) return [note("No release for this choice up to that day.")];
  const releases = [...groups(rows, "release_id").values()].reverse();
  return [
    section("Cost and quality of each release", gatePlane(releases), releaseTable(releases)),
    ...releases.map((checks) =>
      section(`Release ${checks[0].release_id}`, releaseDetails(checks), watchOf(checks[0].release_id)),
    ),
  ];
}

function check(checks, name) {
  return checks.find((row) => row.check_name === name);
}

// Left is cheaper, up is better; the lines through a release are the intervals that the gate judges by.
function gatePlane(releases) {
  const points = releases
    .map((checks) => ({
      cost: check(checks, "cost_fell"),
      quality: check(checks, "acceptance_held"),
      first: checks[0],
    }))
    .filter(({ cost, quality }) => cost && quality && isKnown(cost.effect) && isKnown(quality.effect));
  const absent = releases.length - points.length;
  const told = absent > 0 && `Without figures yet and not drawn: ${absent}.`;
  if (!points.length) return note(sentences("No release has figures to compare yet.", told));
  const values = points.map(({ cost, quality, first }) => ({
    release: first.release_id,
    verdict: first.release_verdict,
    cost: cost.effect - 1,
    costLow: cost.effect_lower - 1,
    costHigh: cost.effect_upper - 1,
    quality: quality.effect,
    qualityLow: quality.effect_lower,
    qualityHigh: quality.effect_upper,
    tip: {
      Release: first.release_id,
      "Use case": first.use_case,
      "Cost per accepted outcome": sentences(
        signed(share(cost.effect - 1), cost.effect - 1),
        `(${share(cost.effect_lower - 1)} to ${share(cost.effect_upper - 1)})`,
      ),
      Acceptance: change(quality.effect, 0, "share"),
      Verdict: words(first.release_verdict),
    },
  }));
  const middle = (Math.min(0, ...values.map((v) => v.costLow)) + Math.max(0, ...values.map((v) => v.costHigh))) / 2;
  // A name is written towards the middle, or it would leave the picture.
  for (const value of values) value.side = value.cost > middle ? "right" : "left";
  const margins = [...new Set(points.map(({ quality }) => quality.threshold).filter(isKnown))].map((margin) => ({
    margin,
  }));
  const colour = { field: "verdict", type: "nominal", scale: colourScale(VERDICTS) };
  const points_ = (field, low, high) => ({
    field,
    type: "quantitative",
    axis: { title: low, format: "+.0%", tickCount: 6 },
    scale: { zero: true, nice: true, padding: 14 },
    ...high,
  });
  const x = points_("cost", "cost per accepted outcome (left is cheaper)");
  const y = {
    ...points_("quality", "acceptance (up is better)"),
    axis: { title: "acceptance, points (up is better)", labelExpr: "format(datum.value * 100, '+.0f')", tickCount: 6 },
  };
  return chart({
    title: "Change of cost and of quality, with intervals",
    says: sentences(values.map(inWords).join(" "), "The dashed line is the margin that quality may lose.", told),
    height: 340,
    legend: VERDICTS.filter(([name]) => values.some((v) => v.verdict === name)).map(([name, c]) => [words(name), c]),
    spec: {
      data: { values },
      layer: [
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: "rule", color: COLOURS.grey },
          encoding: { x: { field: "zero", type: "quantitative" } },
        },
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: "rule", color: COLOURS.grey },
          encoding: { y: { field: "zero", type: "quantitative" } },
        },
        {
          data: { values: margins },
          mark: { type: "rule", color: COLOURS.bad, strokeDash: [5, 4] },
          encoding: { y: { field: "margin", type: "quantitative" } },
        },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { x: { ...x, field: "costLow" }, x2: { field: "costHigh" }, y, color: colour },
        },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { x, y: { ...y, field: "qualityLow" }, y2: { field: "qualityHigh" }, color: colour },
        },
        {
          mark: { type: "point", filled: true, size: 130, opacity: 1, tooltip: true },
          encoding: {
            x,
            y,
            color: colour,
            tooltip: { field: "tip" },
            shape: {
              field: "verdict",
              type: "nominal",
              scale: { domain: VERDICTS.map(([name]) => name), range: ["circle", "cross", "diamond"] },
            },
          },
        },
        ...["left", "right"]
          .filter((align) => values.some((v) => v.side === align))
          .map((align) => ({
            data: { values: values.filter((v) => v.side === align) },
            mark: { type: "text", dy: -10, dx: align === "left" ? 8 : -8, align, limit: 200 },
            encoding: { x, y, text: { field: "release" } },
          })),
      ],
    },
  });
}

function inWords(value) {
  const cost = `cost ${signed(share(value.cost), value.cost)}`;
  return `${value.release}: ${words(value.verdict).toLowerCase()}, ${cost}, acceptance ${change(value.quality, 0, "share")}.`;
}

function releaseTable(releases) {
  return grid(
    "Releases, the newest first",
    [
      { title: "Release", value: ([r]) => r.release_id },
      { title: "Use case", value: ([r]) => r.use_case },
      { title: "Owner", value: ([r]) => r.owner },
      { title: "Since", short: true, value: ([r]) => day(r.candidate_from) },
      { title: "Verdict", value: ([r]) => verdictBadge(r.release_verdict) },
      {
        title: "Cost per request",
        numeric: true,
        value: ([r]) => `${money(r.baseline_cost_per_request)} → ${money(r.candidate_cost_per_request)}`,
      },
      {
        title: "Cost per accepted outcome",
        numeric: true,
        value: (checks) => beforeAfter(check(checks, "cost_fell"), money),
      },
      { title: "Acceptance", numeric: true, value: (checks) => beforeAfter(check(checks, "acceptance_held"), share) },
      {
        title: "Figures",
        value: ([r]) =>
          r.uses_developed_figures ? `developed: ${count(r.immature_outcomes)} outcomes are immature` : "mature",
      },
    ],
    releases,
  );
}

function beforeAfter(row, format) {
  return row && isKnown(row.baseline_value)
    ? `${format(row.baseline_value)} → ${format(row.candidate_value)}`
    : UNKNOWN;
}

function releaseDetails(checks) {
  const first = checks[0];
  const state = first.is_window_complete ? "the comparison is complete" : "the comparison still runs";
  return [
    el(
      "p",
      {},
      verdictBadge(first.release_verdict),
      sentences(
        ` ${first.use_case}: ${count(first.candidate_outcomes)} outcomes since ${day(first.candidate_from)}`,
        `against ${count(first.baseline_outcomes)};`,
        first.comparison === "side_by_side" ? "both versions ran side by side;" : "before and after;",
        `${state}.`,
      ),
    ),
    grid(
      `Checks of ${first.release_id}`,
      [
        { title: "Check", value: (r) => words(r.check_name) },
        { title: "Verdict", value: (r) => verdictBadge(r.check_verdict) },
        { title: "What was found", long: true, value: (r) => r.reason },
      ],
      checks,
    ),
  ];
}

function watchOf(release) {
  if (!isPublished("watch")) return notPublished("watch");
  const rows = table("watch").filter((row) => row.release_id === release);
  if (!rows.length) return note("No hour of the first 72 has been watched.");
  const lines = [
    ["Release", "candidate_cost_per_accepted_outcome", COLOURS.ink],
    ["Before, at equal age", "baseline_cost_per_accepted_outcome", COLOURS.grey],
  ];
  const values = rows.flatMap((row) =>
    lines
      .filter(([, column]) => isKnown(row[column]))
      .map(([line, column]) => ({
        hour: row.hour_number,
        line,
        cost: row[column],
        tip: {
          Hour: count(row.hour_number),
          [line]: money(row[column]),
          Outcomes: count(row.candidate_outcomes),
          Recommendation: words(row.recommendation),
        },
      })),
  );
  const rollback = rows.filter((row) => row.recommendation === "rollback");
  const last = rows[rows.length - 1];
  const says = sentences(
    rollback.length
      ? `Rollback was recommended in ${rollback.length} of ${rows.length} hours, first in hour ${rollback[0].hour_number}.`
      : `Rollback was not recommended in any of ${rows.length} hours.`,
    `Last: ${last.reason}.`,
  );
  return chart({
    title: "The 72-hour watch: cost per accepted outcome so far",
    says,
    height: 200,
    legend: [...lines.map(([line, , colour]) => [line, colour]), ["Rollback recommended", COLOURS.bad]],
    spec: {
      data: { values },
      encoding: {
        x: {
          field: "hour",
          type: "quantitative",
          scale: { domain: [0, 72], nice: false },
          axis: { title: "hours since the release", values: [0, 12, 24, 36, 48, 60, 72], grid: false },
        },
      },
      layer: [
        {
          data: { values: rollback.map((row) => ({ from: row.hour_number - 1, to: row.hour_number })) },
          mark: { type: "rect", color: COLOURS.bad, opacity: 0.2 },
          encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
        },
        {
          mark: { type: "line", strokeWidth: 2.5, tooltip: true },
          encoding: {
            y: { field: "cost", type: "quantitative", scale: { zero: true }, axis: moneyAxis(null) },
            color: {
              field: "line",
              type: "nominal",
              scale: colourScale(lines.map(([line, , colour]) => [line, colour])),
            },
            tooltip: { field: "tip" },
          },
        },
      ],
    },
    data: grid(
      `The watch of ${release} by hour`,
      [
        { title: "Hour", value: (r) => count(r.hour_number) },
        { title: "Outcomes", numeric: true, value: (r) => count(r.candidate_outcomes) },
        { title: "Release", numeric: true, value: (r) => money(r.candidate_cost_per_accepted_outcome) },
        { title: "Before", numeric: true, value: (r) => money(r.baseline_cost_per_accepted_outcome) },
        {
          title: "Bad outcomes",
          numeric: true,
          value: (r) => `${share(r.candidate_bad_outcomes_share)}, before ${share(r.baseline_bad_outcomes_share)}`,
        },
        { title: "Recommendation", value: (r) => words(r.recommendation) },
      ],
      rows,
    ),
  });
}
