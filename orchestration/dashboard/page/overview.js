// Overview: the eight metrics against the former days, cost over time, and who moved.

function overviewPage(view) {
  if (!isPublished("days")) return [notPublished("days")];
  const rows = chosen(table("days"), view);
  const now = within(rows, view.from, view.to);
  const former = formerDays(view);
  const before = former ? within(rows, former.from, former.to) : [];
  if (!now.length) return [note("No figures for this choice of owner, use case and days.")];
  return [
    section("The eight metrics", periodLine(view, former), tiles(now, before, former), caveats(now)),
    section("Cost over time", costOverTime(now, view)),
    section("Use cases", useCaseChanges(now, before, former), useCaseTable(now, before, former, view)),
    section("30, 60, 90 days", whenPublished("playbook", playbookTable)),
  ];
}

function periodLine(view, former) {
  const days = daysBetween(view.from, view.to);
  const against = former
    ? `against the ${former.length} days before, ${day(former.from, false)} to ${day(former.to)}`
    : "the days before are not in this page";
  return el("p", { class: "period" }, `${days} days, ${day(view.from, false)} to ${day(view.to)}, ${against}.`);
}

function caseLines(now, before) {
  const metric = metricNamed("cost_per_accepted_outcome");
  const former = groups(before, "use_case");
  return [...groups(now, "use_case")]
    .map(([name, rows]) => ({
      name,
      rows,
      old: metricOf(metric, former.get(name) || []),
      value: metricOf(metric, rows),
      bound: isLowerBound(metric, rows),
      total: total(rows, "total_cost"),
      owner: rows[rows.length - 1].owner,
    }))
    .sort((a, b) => (b.total ?? 0) - (a.total ?? 0));
}

function useCaseChanges(now, before, former) {
  if (!former) return null;
  const metric = metricNamed("cost_per_accepted_outcome");
  const lines = caseLines(now, before)
    .filter((line) => isKnown(line.value) && line.old > 0)
    .map((line) => ({ ...line, moved: line.value / line.old - 1 }))
    .sort((a, b) => b.moved - a.moved);
  if (lines.length < 2) return null;
  const shown = lines.length > 16 ? [...lines.slice(0, 8), ...lines.slice(-8)] : lines;
  const values = shown.map((line) => ({
    name: line.name,
    moved: line.moved,
    way: line.moved > 0 ? "Dearer" : "Cheaper",
    tip: {
      "Use case": line.name,
      Now: money(line.value),
      Before: money(line.old),
      Change: change(line.value, line.old, metric.unit),
    },
  }));
  const dearer = lines.filter((line) => line.moved > 0).length;
  return chart({
    title: "Change of cost per accepted outcome by use case",
    says: sentences(
      `${dearer} of ${lines.length} use cases became dearer.`,
      lines.length > 16 && "The eight largest rises and falls are shown.",
      "Fresh days are provisional and look cheaper than they will be.",
    ),
    height: shown.length * 26 + 30,
    legend: CHANGES,
    spec: {
      data: { values },
      mark: { type: "bar", tooltip: true },
      encoding: {
        y: { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false } },
        x: {
          field: "moved",
          type: "quantitative",
          scale: { zero: true },
          axis: { ...shareAxis(null), format: "+.0%" },
        },
        color: {
          field: "way",
          type: "nominal",
          scale: colourScale(CHANGES),
        },
        tooltip: { field: "tip" },
      },
    },
  });
}

function useCaseTable(now, before, former, view) {
  const metrics = ["cost_per_request", "acceptance_rate", "retry_rate", "sla_attainment"].map(metricNamed);
  const metric = metricNamed("cost_per_accepted_outcome");
  const link = (line) => el("a", { href: addressOf({ ...view, page: "use-case", use_case: line.name }) }, line.name);
  return grid(
    "Use cases, the dearest first",
    [
      { title: "Use case", value: link },
      { title: "Owner", value: (line) => line.owner },
      { title: "Total cost", numeric: true, value: (line) => money(line.total) },
      {
        title: "Cost per accepted outcome",
        numeric: true,
        value: (line) => [line.bound && isKnown(line.value) && bound(), money(line.value)],
      },
      { title: "Change", numeric: true, value: (line) => (former && change(line.value, line.old, "money")) || "" },
      ...metrics.map((m) => ({
        title: m.label,
        numeric: true,
        value: (line) => figure(metricOf(m, line.rows), m.unit),
      })),
      { title: "Provisional", numeric: true, value: (line) => share(provisionalShare(line.rows), 0) },
    ],
    caseLines(now, before),
  );
}
