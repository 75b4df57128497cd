// Burn against the expected line, with the forecast, its interval and the thresholds.

function forecastOf(row) {
  return isKnown(row.weighted_forecast_amount) ? row.weighted_forecast_amount : row.forecast_amount;
}

// Bars of the share of the limit; a tick where a month of this shape would stand; a line for the forecast's interval.
function burnChart(rows) {
  const limited = rows.filter((row) => row.limit_amount > 0 && isKnown(row.share_of_limit));
  if (!limited.length) return note("None of these has a budget with a limit.");
  const values = limited.map((row) => ({
    name: row.use_case,
    spent: row.share_of_limit,
    expected: row.expected_share,
    status: row.status,
    low: ratio(row.forecast_low_amount, row.limit_amount),
    high: ratio(row.forecast_high_amount, row.limit_amount),
    forecast: ratio(forecastOf(row), row.limit_amount),
    limit: 1,
    tip: {
      "Use case": row.use_case,
      Owner: row.owner,
      Spent: `${money(row.spent_amount)} of ${money(row.limit_amount)}`,
      "Of the limit": share(row.share_of_limit),
      "Expected by now": share(row.expected_share),
      "Forecast at month end": money(forecastOf(row)),
      Status: words(row.status),
    },
  }));
  const over = limited.filter((row) => row.status !== "ok").length;
  const y = { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false } };
  const unlimited = rows.length - limited.length;
  return chart({
    title: "Share of the limit that is spent",
    says: sentences(
      `${over} of ${limited.length} budgets are past a threshold.`,
      "The tick is where the month is expected to stand by now, the diamond the forecast for its end",
      values.some((value) => isKnown(value.low)) ? "with its 80 % interval," : "(its interval is not published yet),",
      "the line at 100 % the limit.",
      unlimited && `${unlimited} without a limit are in the table only.`,
    ),
    height: limited.length * 30 + 40,
    legend: STATUS.filter(([name]) => values.some((v) => v.status === name)).map(([name, colour]) => [
      words(name),
      colour,
    ]),
    spec: {
      data: { values },
      encoding: { y, tooltip: { field: "tip" } },
      layer: [
        {
          mark: { type: "bar", height: { band: 0.5 }, tooltip: true },
          encoding: {
            x: { field: "spent", type: "quantitative", scale: { zero: true }, axis: shareAxis(null) },
            color: { field: "status", type: "nominal", scale: colourScale(STATUS) },
          },
        },
        ...(values.some((v) => isKnown(v.low))
          ? [
              {
                mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 },
                encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
              },
            ]
          : []),
        {
          mark: { type: "tick", color: COLOURS.ink, thickness: 3, size: 22, tooltip: true },
          encoding: { x: { field: "expected", type: "quantitative" } },
        },
        {
          mark: {
            type: "point",
            shape: "diamond",
            filled: true,
            opacity: 1,
            size: 70,
            color: COLOURS.ink,
            tooltip: true,
          },
          encoding: { x: { field: "forecast", type: "quantitative" } },
        },
        {
          data: { values: [{ limit: 1 }] },
          mark: { type: "rule", color: COLOURS.bad, strokeDash: [5, 4], strokeWidth: 1.5 },
          encoding: { x: { field: "limit", type: "quantitative" }, y: null, tooltip: null },
        },
      ],
    },
  });
}

// In words. Without a forecast by weekday nobody knows whether the limit will be reached.
function reachedLimit(row) {
  if (!isKnown(row.limit_amount)) return "";
  if (row.limit_reached_day)
    return row.limit_reached_day <= row.day
      ? `The limit was reached on ${day(row.limit_reached_day)}.`
      : `By the forecast the limit will be reached on ${day(row.limit_reached_day)}.`;
  if (row.status === "exhausted") return "The limit is used up.";
  return isKnown(row.weighted_forecast_amount) ? "The limit is not expected to be reached." : "";
}

// Spent so far against the expected line and the limit; thresholds are marked on the day they were met.
function monthChart(rows) {
  const last = rows[rows.length - 1];
  const end = addDays(last.month, last.days_in_month - 1);
  const values = rows.map((row) => ({
    day: row.day,
    spent: row.spent_amount,
    expected: isKnown(row.limit_amount) ? row.expected_share * row.limit_amount : null,
    limit: row.limit_amount,
    tip: {
      Day: day(row.day),
      Spent: money(row.spent_amount),
      Limit: money(row.limit_amount),
      Status: words(row.status),
    },
  }));
  const domain = Array.from({ length: last.days_in_month }, (_, i) => addDays(last.month, i));
  const crossings = rows
    .filter((row, i) => i && row.status !== rows[i - 1].status && row.status !== "ok")
    .map((row) => ({ day: row.day, spent: row.spent_amount, label: words(row.status) }));
  const x = {
    field: "day",
    type: "ordinal",
    scale: { domain },
    axis: { title: null, labelExpr: DAY_LABEL, labelOverlap: true, labelAngle: 0, grid: false },
  };
  const money_ = (field) => ({ field, type: "quantitative", scale: { zero: true }, axis: moneyAxis(null) });
  const reached = last.limit_reached_day ? [{ day: last.limit_reached_day }] : [];
  const limitLines = [
    {
      mark: { type: "line", color: COLOURS.grey, strokeDash: [4, 3], strokeWidth: 2 },
      encoding: { x, y: money_("expected") },
    },
    {
      mark: { type: "line", color: COLOURS.bad, strokeDash: [7, 4], strokeWidth: 1.5, interpolate: "step-after" },
      encoding: { x, y: money_("limit") },
    },
  ];
  const point = { size: 30, color: COLOURS.inference };
  const lines = [
    ...(values.some((value) => isKnown(value.limit)) ? limitLines : []),
    ...forecastMarks(last, end, x, money_),
    {
      mark: { type: "line", color: COLOURS.inference, strokeWidth: 3, point, tooltip: true },
      encoding: { x, y: money_("spent"), tooltip: { field: "tip" } },
    },
    ...(crossings.length ? crossingMarks(crossings, x, money_("spent")) : []),
    ...(reached.length
      ? [{ data: { values: reached }, mark: { type: "rule", color: COLOURS.bad, strokeWidth: 1.5 }, encoding: { x } }]
      : []),
  ];
  return chart({
    title: `${last.use_case}, ${last.owner}: spent in ${month(last.month)}`,
    says: sentences(
      `${money(last.spent_amount)} by ${day(last.day, false)}`,
      isKnown(last.limit_amount) ? `of ${money(last.limit_amount)};` : "and no limit is known;",
      `forecast ${money(forecastOf(last))}.`,
      reachedLimit(last),
    ),
    legend: [
      ["Spent", COLOURS.inference],
      ["Expected", COLOURS.grey],
      ["Limit", COLOURS.bad],
      ["Forecast with interval", COLOURS.ink],
      ["Threshold met", COLOURS.warn],
    ],
    spec: { data: { values }, layer: lines },
    data: grid(
      "Spent by day",
      [
        { title: "Day", short: true, value: (r) => day(r.day) },
        { title: "Spent", numeric: true, value: (r) => money(r.spent_amount) },
        { title: "Limit", numeric: true, value: (r) => money(r.limit_amount) },
        { title: "Used", numeric: true, value: (r) => share(r.share_of_limit) },
        { title: "Expected", numeric: true, value: (r) => share(r.expected_share) },
        { title: "Status", value: (r) => statusBadge(r.status) },
      ],
      rows,
    ),
  });
}

// Where a threshold was met, and which.
function crossingMarks(crossings, x, y) {
  const data = { values: crossings };
  return [
    {
      data,
      mark: { type: "point", shape: "triangle-up", filled: true, opacity: 1, size: 110, color: COLOURS.warn },
      encoding: { x, y },
    },
    { data, mark: { type: "text", dy: 16, align: "left" }, encoding: { x, y, text: { field: "label" } } },
  ];
}

// A band that opens from what is spent to the interval at the end of the month, and the forecast itself.
function forecastMarks(last, end, x, y) {
  const hasInterval = isKnown(last.forecast_low_amount) && isKnown(last.forecast_high_amount);
  const interval = hasInterval ? `${money(last.forecast_low_amount)} to ${money(last.forecast_high_amount)}` : UNKNOWN;
  const tip = { "Month end": day(end), Forecast: money(forecastOf(last)), "80 % interval": interval };
  const now = { day: last.day, low: last.spent_amount, high: last.spent_amount, forecast: last.spent_amount };
  const then = {
    day: end,
    low: last.forecast_low_amount,
    high: last.forecast_high_amount,
    forecast: forecastOf(last),
    tip,
  };
  const way = { values: last.day < end ? [now, then] : [then] };
  const band = { type: "area", color: COLOURS.ink, opacity: 0.18 };
  const whisker = { type: "rule", color: COLOURS.ink, strokeWidth: 2 };
  const mark = {
    type: "point",
    shape: "diamond",
    filled: true,
    opacity: 1,
    size: 90,
    color: COLOURS.ink,
    tooltip: true,
  };
  const span = { x, y: y("low"), y2: { field: "high" } };
  return [
    ...(hasInterval ? [{ data: way, mark: band, encoding: span }] : []),
    ...(hasInterval ? [{ data: { values: [then] }, mark: whisker, encoding: span }] : []),
    {
      data: way,
      mark: { type: "line", color: COLOURS.ink, strokeWidth: 1, strokeDash: [2, 3] },
      encoding: { x, y: y("forecast") },
    },
    { data: { values: [then] }, mark, encoding: { x, y: y("forecast"), tooltip: { field: "tip" } } },
  ];
}
