// Cost per accepted outcome over time, split into what it is made of.

const KINDS = [
  ["Inference", "inference_cost", COLOURS.inference],
  ["Rework", "rework_cost", COLOURS.rework],
  ["Delay", "delay_cost", COLOURS.delay],
];
// More bars than this are too thin to read on a phone.
const MOST_BARS = 45;
const PALE = 0.5;

function monday(text) {
  const weekday = (new Date(`${text}T00:00:00Z`).getUTCDay() + 6) % 7;
  return addDays(text, -weekday);
}

function periods(view) {
  const length = daysBetween(view.from, view.to);
  const days = Array.from({ length }, (_, i) => addDays(view.from, i));
  const weekly = length > MOST_BARS;
  return { weekly, starts: weekly ? [...new Set(days.map(monday))] : days };
}

function costOverTime(rows, view) {
  const { weekly, starts } = periods(view);
  const byStart = groups(rows, (row) => (weekly ? monday(row.day) : row.day));
  const points = starts.map((start) => costPoint(start, byStart.get(start) || []));
  const unit = weekly ? "Week of" : "Day";
  const values = points.flatMap((point) =>
    KINDS.filter(() => isKnown(point.cost)).map(([kind, column], position) => ({
      start: point.start,
      kind,
      position,
      amount: point[column],
      state: point.state,
      tip: {
        [unit]: day(point.start),
        [kind]: money(point[column]),
        "All together": `${point.bound ? "at least " : ""}${money(point.cost)}`,
        Accepted: count(point.accepted),
        State: point.says,
      },
    })),
  );
  const missing = points.filter((point) => !isKnown(point.cost)).length;
  const all = metricOf(metricNamed("cost_per_accepted_outcome"), rows);
  const says = sentences(
    `${money(all)} over all days shown.`,
    points.some((point) => point.state === "Provisional") &&
      "Paler bars are provisional: rework and rejections are still to come.",
    missing && `${missing} ${weekly ? "weeks" : "days"} without accepted outcomes have no bar.`,
  );
  return chart({
    title: `Cost per accepted outcome by ${weekly ? "week" : "day"}`,
    says,
    legend: [...KINDS.map(([kind, , colour]) => [kind, colour]), ["Provisional", COLOURS.grey, PALE]],
    spec: costSpec(values, starts),
    data: grid(
      `Cost per accepted outcome by ${weekly ? "week" : "day"}`,
      [
        { title: unit, value: (p) => day(p.start) },
        ...KINDS.map(([kind, column]) => ({ title: kind, numeric: true, value: (p) => money(p[column]) })),
        { title: "Together", numeric: true, value: (p) => `${p.bound ? "at least " : ""}${money(p.cost)}` },
        { title: "Accepted", numeric: true, value: (p) => count(p.accepted) },
        { title: "State", value: (p) => p.says },
      ],
      points,
    ),
  });
}

function costPoint(start, rows) {
  const accepted = total(rows, "accepted_outcomes");
  const provisional = provisionalShare(rows);
  const bound = isLowerBound(metricNamed("cost_per_accepted_outcome"), rows);
  const point = { start, accepted, bound, cost: ratio(total(rows, "total_cost"), accepted) };
  for (const [, column] of KINDS) point[column] = ratio(total(rows, column), accepted);
  point.state = provisional > 0 ? "Provisional" : "Final";
  point.says = !isKnown(point.cost)
    ? "no accepted outcome"
    : [provisional > 0 ? `${share(provisional, 0)} provisional` : "final", bound && "lower bound"]
        .filter(Boolean)
        .join(", ");
  return point;
}

function costSpec(values, starts) {
  return {
    data: { values },
    mark: { type: "bar", tooltip: true },
    encoding: {
      x: {
        field: "start",
        type: "ordinal",
        scale: { domain: starts, paddingInner: 0.15 },
        axis: { title: null, labelExpr: DAY_LABEL, labelOverlap: true, labelAngle: 0, labelFlush: true, grid: false },
      },
      y: { field: "amount", type: "quantitative", stack: "zero", scale: { zero: true }, axis: moneyAxis(null) },
      color: { field: "kind", type: "nominal", scale: colourScale(KINDS.map(([kind, , colour]) => [kind, colour])) },
      opacity: { condition: { test: "datum.state == 'Provisional'", value: PALE }, value: 1 },
      order: { field: "position" },
      tooltip: { field: "tip" },
    },
  };
}
