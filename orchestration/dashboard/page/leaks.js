// Leaks as a waterfall, the effects behind a change, and what each lever would save.

const LEAKS = ["inefficient_fallback", "weak_cache", "poor_input", "no_segmentation", "excess_context"];

function leakWaterfall(rows) {
  if (!rows.length) return note("No figures on these days.");
  const whole = total(rows, "inference_cost");
  const productive = total(rows, "productive_cost");
  if (!(whole > 0)) return note("No inference cost on these days.");
  let left = whole;
  const steps = [{ name: "Inference cost", from: 0, to: whole, kind: "Cost" }];
  for (const leak of LEAKS) {
    const amount = total(rows, `${leak}_cost`) ?? 0;
    steps.push({ name: words(leak), from: left - amount, to: left, kind: "Leak", leak });
    left -= amount;
  }
  steps.push({ name: "Productive", from: 0, to: productive, kind: "Cost" });
  const values = steps.map((step) => ({
    ...step,
    label: money(step.to - step.from),
    tip: { [step.name]: money(step.to - step.from), "Of inference cost": share((step.to - step.from) / whole) },
  }));
  const leaked = whole - productive;
  const unvalued = total(rows, "unvalued_attempts");
  const largest = [...LEAKS].sort((a, b) => (total(rows, `${b}_cost`) ?? 0) - (total(rows, `${a}_cost`) ?? 0))[0];
  return chart({
    title: "From inference cost to what was productive",
    says: sentences(
      `${money(leaked)} of ${money(whole)} leaked (${share(leaked / whole)})`,
      leaked > 0 ? `most of it by ${words(largest).toLowerCase()}.` : "in all.",
      "Each unit of money stands in one leak only.",
      unvalued > 0 && `${count(unvalued)} leaking calls could not be valued, so this is a lower bound.`,
    ),
    height: 210,
    legend: [
      ["Cost", COLOURS.inference],
      ["Leak", COLOURS.leak],
    ],
    spec: {
      data: { values },
      encoding: {
        y: { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false } },
        tooltip: { field: "tip" },
      },
      layer: [
        {
          mark: { type: "bar", tooltip: true },
          encoding: {
            x: {
              field: "from",
              type: "quantitative",
              scale: { zero: true, domainMax: whole * 1.18 },
              axis: moneyAxis(null),
            },
            x2: { field: "to" },
            color: {
              field: "kind",
              type: "nominal",
              scale: colourScale([
                ["Cost", COLOURS.inference],
                ["Leak", COLOURS.leak],
              ]),
            },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 5 },
          encoding: { x: { field: "to", type: "quantitative" }, text: { field: "label" } },
        },
      ],
    },
    data: grid(
      "Leaks of these days",
      [
        { title: "Leak", value: (leak) => words(leak) },
        { title: "Amount", numeric: true, value: (leak) => money(total(rows, `${leak}_cost`)) },
        {
          title: "Of inference cost",
          numeric: true,
          value: (leak) => share(ratio(total(rows, `${leak}_cost`), whole)),
        },
        { title: "Counted alone", numeric: true, value: (leak) => money(total(rows, `${leak}_gross_cost`)) },
        { title: "Rework beside it", numeric: true, value: (leak) => money(total(rows, `${leak}_rework_cost`)) },
        { title: "Delay beside it", numeric: true, value: (leak) => money(total(rows, `${leak}_delay_cost`)) },
      ],
      LEAKS,
    ),
  });
}

// One chart per comparison: the effects add up to the change.
function driverCharts(rows) {
  const told = rows
    .filter((row) => isKnown(row.change))
    .sort((a, b) => (b.comparison === "trailing_28_days") - (a.comparison === "trailing_28_days"));
  if (!told.length) return note("There is no former period to compare with.");
  return el("div", { class: "columns" }, told.slice(0, 6).map(driverChart));
}

function driverChart(row) {
  const effects = Object.keys(row)
    .filter((name) => name.endsWith("_effect") && isKnown(row[name]) && Math.abs(row[name]) > 0)
    .map((name) => ({ name: words(name.replace(/_effect$/, "")), amount: row[name] }))
    .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const values = effects.map((effect) => ({
    ...effect,
    way: effect.amount > 0 ? "Dearer" : "Cheaper",
    tip: { [effect.name]: signed(money(effect.amount), effect.amount) },
  }));
  const what = row.metric === "cost_per_request" ? "Cost per request" : "Cost per accepted outcome";
  const when =
    row.comparison === "release"
      ? `since release ${row.label}`
      : `${day(row.after_start, false)} to ${day(row.after_end, false)}`;
  const grid_ = grid(
    `${what}, ${when}, by effect`,
    [
      { title: "Effect", value: (e) => e.name },
      { title: "Amount", numeric: true, value: (e) => signed(money(e.amount), e.amount) },
    ],
    effects,
  );
  return chart({
    title: `${what}, ${when}`,
    says: sentences(
      `${money(row.before_value)} became ${money(row.after_value)} (${signed(money(row.change), row.change)}).`,
      effects.length > 0 && `The largest effect is ${effects[0].name.toLowerCase()}.`,
      "The effects add up to the change.",
    ),
    height: Math.max(60, effects.length * 24 + 30),
    legend: CHANGES,
    spec: {
      data: { values },
      mark: { type: "bar", tooltip: true },
      encoding: {
        y: { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false } },
        x: { field: "amount", type: "quantitative", scale: { zero: true }, axis: moneyAxis(null) },
        color: {
          field: "way",
          type: "nominal",
          scale: colourScale(CHANGES),
        },
        tooltip: { field: "tip" },
      },
    },
    data: grid_,
  });
}

function leverTable(rows) {
  const sorted = [...rows].sort((a, b) => (b.monthly_saved ?? -Infinity) - (a.monthly_saved ?? -Infinity));
  return [
    note("Each lever alone, on the traffic of the window; savings of several do not add up."),
    grid(
      "What each lever would save",
      [
        { title: "Lever", value: (r) => words(r.lever) },
        { title: "Saved per month", numeric: true, value: (r) => money(r.monthly_saved) },
        {
          title: "Cost per accepted outcome",
          numeric: true,
          value: (r) =>
            isKnown(r.cost_per_accepted_outcome_change)
              ? signed(money(r.cost_per_accepted_outcome_change), r.cost_per_accepted_outcome_change)
              : UNKNOWN,
        },
        { title: "Basis", value: (r) => words(r.basis) },
        { title: "What it assumes", long: true, value: (r) => r.assumption },
      ],
      sorted,
    ),
  ];
}
