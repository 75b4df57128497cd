// Trust: can these numbers be believed? This page is about the whole build and is not filtered.

const RESIDUALS = [
  ["unpriced", "Unpriced"],
  ["missing_logs", "Missing logs"],
  ["other_price", "Other price"],
  ["credits_and_tax", "Credits and tax"],
  ["currency", "Currency"],
  ["rounding", "Rounding"],
  ["unexplained", "Unexplained"],
];

function trustPage() {
  return [
    note("These figures are about the whole build; the choices above do not change them."),
    section("At a glance", trustTiles()),
    section("Are all calls priced?", whenPublished("coverage", coverageTable)),
    section("Do we agree with the invoice?", whenPublished("reconciliation", reconciliationTable)),
    section("Do the gateways agree with us?", whenPublished("variance", varianceTable)),
    section("What came in, and how fresh is it?", whenPublished("sources", sourceTable)),
    section(
      "What was refused?",
      whenPublished("quarantine", quarantineTable),
      whenPublished("refused_files", refusedTable),
    ),
    section("How good were fresh figures?", whenPublished("backtest", backtestTable)),
    section("What changed afterwards?", whenPublished("restatements", restatementTable)),
    section("Publishes", whenPublished("publishes", publishTable)),
  ];
}

function trustTile(label, value, ...beside) {
  return el(
    "article",
    { class: "tile" },
    el("h3", {}, label),
    el("p", { class: "value" }, value),
    beside.map((text) => el("p", { class: "beside" }, text)),
  );
}

function trustTiles() {
  const coverage = table("coverage") || [];
  const attempts = total(coverage, "attempts");
  const unpriced = total(coverage, "unpriced_attempts");
  const sources = table("sources") || [];
  const bills = (table("reconciliation") || []).filter((row) => isKnown(row.residual));
  const latest = sources
    .map((row) => row.latest_event)
    .filter(Boolean)
    .sort()
    .pop();
  return el(
    "div",
    { class: "tiles" },
    trustTile(
      "Calls with a known cost",
      isKnown(attempts) ? share(ratio(attempts - unpriced, attempts), 2) : UNKNOWN,
      `${count(unpriced)} of ${count(attempts)} are not priced`,
    ),
    trustTile(
      "Unexplained on invoices",
      money(total(bills, "unexplained")),
      `of ${money(total(bills, "billed_cost"))} billed`,
    ),
    trustTile(
      "Rows refused",
      share(ratio(total(sources, "quarantined"), total(sources, "rows_in")), 2),
      `${count(total(sources, "quarantined"))} of ${count(total(sources, "rows_in"))}, ${count(total(sources, "refused"))} files refused`,
    ),
    trustTile(
      "Newest event",
      latest ? day(latest) : UNKNOWN,
      latest ? `${latest.slice(11, 16)} UTC; the build is as of ${instant(DATA.meta.as_of)}` : "",
    ),
  );
}

function coverageTable(rows) {
  return grid(
    "Models by provider; those without a price first",
    [
      { title: "Model", value: (r) => `${r.provider} / ${r.model}` },
      { title: "Service tier", value: (r) => r.service_tier },
      { title: "Tier", value: (r) => [r.tier, r.is_tier_declared === false && " (not declared)"] },
      { title: "Calls", numeric: true, value: (r) => count(r.attempts) },
      { title: "Without a cost", numeric: true, value: (r) => count(r.unpriced_attempts) },
      { title: "Cost only logged", numeric: true, value: (r) => count(r.logged_attempts) },
      { title: "Costed", numeric: true, value: (r) => share(r.costed_share) },
      {
        title: "Inference cost",
        numeric: true,
        value: (r) => [r.unpriced_attempts > 0 && isKnown(r.inference_cost) && bound(), money(r.inference_cost)],
      },
      { title: "Why", long: true, value: (r) => words(r.reason) },
    ],
    rows,
  );
}

function reconciliationTable(rows) {
  const known = rows.filter((row) => isKnown(row.residual));
  const values = known.flatMap((row) =>
    RESIDUALS.filter(([column]) => Math.abs(row[column] ?? 0) > 0).map(([column, name]) => ({
      bill: `${row.provider}, ${month(row.month)}`,
      reason: name,
      amount: row[column],
      tip: {
        Invoice: `${row.provider}, ${month(row.month)}`,
        [name]: money(row[column]),
        "Billed less ours": money(row.residual),
      },
    })),
  );
  const order = RESIDUALS.map(([, name]) => name);
  const shades = ["var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)", "var(--s6)", COLOURS.bad];
  const bills = [...new Set(known.map((row) => `${row.provider}, ${month(row.month)}`))];
  return [
    values.length
      ? chart({
          title: "Billed less computed, by reason",
          says: sentences(
            `${money(total(known, "residual"))} over ${known.length} invoiced months of`,
            `${money(total(known, "billed_cost"))} billed; ${money(total(known, "unexplained"))} is unexplained.`,
            "The reasons add up to the difference exactly.",
          ),
          height: bills.length * 24 + 40,
          legend: RESIDUALS.map(([, name], i) => [name, shades[i]]),
          spec: {
            data: { values },
            mark: { type: "bar", tooltip: true },
            encoding: {
              y: {
                field: "bill",
                type: "nominal",
                sort: null,
                scale: { domain: bills },
                axis: { title: null, grid: false },
              },
              x: { field: "amount", type: "quantitative", stack: "zero", scale: { zero: true }, axis: moneyAxis(null) },
              color: { field: "reason", type: "nominal", scale: { domain: order, range: shades } },
              tooltip: { field: "tip" },
            },
          },
        })
      : note("No invoice differs from what was computed."),
    grid(
      "By provider and month",
      [
        { title: "Provider", value: (r) => r.provider },
        { title: "Month", short: true, value: (r) => month(r.month) },
        { title: "Invoice", value: (r) => words(r.invoice_status) },
        { title: "Ours", numeric: true, value: (r) => money(r.our_cost) },
        { title: "Billed", numeric: true, value: (r) => money(r.billed_cost) },
        {
          title: "Difference",
          numeric: true,
          value: (r) => (isKnown(r.residual) ? signed(money(r.residual), r.residual) : UNKNOWN),
        },
        ...RESIDUALS.map(([column, name]) => ({
          title: name,
          numeric: true,
          value: (r) => (isKnown(r[column]) ? money(r[column]) : ""),
        })),
      ],
      rows,
    ),
  ];
}

function varianceTable(rows) {
  return grid(
    "Cost as logged against cost by our price book",
    [
      { title: "Source", value: (r) => r.source },
      { title: "Reason", value: (r) => words(r.reason) },
      { title: "Calls", numeric: true, value: (r) => count(r.attempts) },
      { title: "Ours", numeric: true, value: (r) => money(r.our_cost) },
      { title: "Logged", numeric: true, value: (r) => money(r.logged_cost) },
      {
        title: "Difference",
        numeric: true,
        value: (r) => (isKnown(r.difference) ? signed(money(r.difference), r.difference) : UNKNOWN),
      },
    ],
    rows,
  );
}

function sourceTable(rows) {
  return grid(
    "Each row that came in ended in exactly one of four places",
    [
      { title: "Source", value: (r) => r.source },
      { title: "Newest event", value: (r) => instant(r.latest_event) },
      { title: "Files", numeric: true, value: (r) => count(r.files) },
      { title: "Refused files", numeric: true, value: (r) => count(r.refused) },
      { title: "Rows in", numeric: true, value: (r) => count(r.rows_in) },
      { title: "Loaded", numeric: true, value: (r) => count(r.loaded) },
      { title: "Duplicate", numeric: true, value: (r) => count(r.duplicate) },
      { title: "Superseded", numeric: true, value: (r) => count(r.superseded) },
      { title: "Quarantined", numeric: true, value: (r) => count(r.quarantined) },
    ],
    rows,
  );
}

function quarantineTable(rows) {
  return grid(
    "Refused rows by reason",
    [
      { title: "Source", value: (r) => r.source },
      { title: "Reason", value: (r) => words(r.reason_code) },
      { title: "Field", value: (r) => r.field ?? "the whole row" },
      { title: "Rows", numeric: true, value: (r) => count(r.rows) },
      { title: "Files", numeric: true, value: (r) => count(r.files) },
    ],
    rows,
    { empty: "No row was refused." },
  );
}

function refusedTable(rows) {
  return grid(
    "Refused files",
    [
      { title: "File", value: (r) => r.first_name },
      { title: "Source", value: (r) => r.source },
      { title: "Why", long: true, value: (r) => words(r.reason) },
      { title: "Loaded at", value: (r) => instant(r.loaded_at) },
    ],
    rows,
    { empty: "No file was refused." },
  );
}

function backtestTable(rows) {
  return grid(
    "Median error of the cost per accepted outcome, as read at an age of some days, against what it came to",
    [
      { title: "Use case", value: (r) => r.use_case },
      { title: "Age in days", numeric: true, value: (r) => count(r.age_days) },
      { title: "Weeks", numeric: true, value: (r) => count(r.weeks) },
      { title: "Plain figure", numeric: true, value: (r) => share(r.plain_error) },
      { title: "Developed figure", numeric: true, value: (r) => share(r.developed_error) },
      { title: "Final within the interval", numeric: true, value: (r) => share(r.in_interval_share, 0) },
    ],
    rows,
    { empty: "No week is final yet." },
  );
}

function restatementTable(rows) {
  const amount = (r) => (r.measure.endsWith("_cost") ? money(r.delta) : count(r.delta));
  return grid(
    "Figures of days that had been published before, changed by a later publish",
    [
      { title: "Published", short: true, value: (r) => instant(r.published_at) },
      { title: "Use case", value: (r) => r.use_case },
      { title: "Figure", value: (r) => words(r.measure) },
      { title: "Days", value: (r) => `${count(r.days)}, ${day(r.first_day, false)} to ${day(r.last_day)}` },
      { title: "Change", numeric: true, value: (r) => signed(amount(r), r.delta) },
      {
        title: "Besides late rows",
        value: (r) => [r.reference_changed && "reference data changed ", r.code_changed && "models changed"],
      },
    ],
    rows,
    { empty: "Nothing that was published has changed." },
  );
}

function publishTable(rows) {
  return grid(
    "Published builds, the newest first",
    [
      { title: "Build", value: (r) => r.publish_id },
      { title: "As of", value: (r) => instant(r.as_of) },
      { title: "Published", value: (r) => instant(r.published_at) },
      { title: "Checks passed", numeric: true, value: (r) => count(r.checks_passed) },
      { title: "Content", value: (r) => el("code", {}, String(r.content_hash).slice(0, 16)) },
    ],
    rows,
  );
}
