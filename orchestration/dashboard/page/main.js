// The frame: pages, filters, and drawing again whenever the address changes.

const DRAW = {
  overview: overviewPage,
  "use-case": useCasePage,
  budgets: budgetsPage,
  releases: releasesPage,
  trust: trustPage,
};

function go(view) {
  const address = addressOf(view);
  if (address === window.location.hash) draw();
  else window.location.hash = address;
}

function drawNavigation(view) {
  const links = PAGES.map(([name, label]) =>
    el("a", { href: addressOf({ ...view, page: name }), "aria-current": name === view.page ? "page" : null }, label),
  );
  document.getElementById("pages").replaceChildren(...links);
}

function drawFilters(view) {
  const days = table("days") || [];
  const ofOwner = view.owner ? days.filter((row) => row.owner === view.owner) : days;
  const form = document.getElementById("filters");
  form.replaceChildren(
    choice("Owner", "owner", distinct(days, "owner"), "All owners", view),
    choice("Use case", "use_case", distinct(ofOwner, "use_case"), "All use cases", view),
    dateField("From", "from", view),
    dateField("To", "to", view),
    el(
      "span",
      { class: "buttons" },
      [7, 28, 91].map((length) => preset(length, view)),
      el("button", { type: "button", onclick: () => go({ ...defaultView(), page: view.page }) }, "Reset"),
    ),
  );
}

function choice(label, name, options, all, view) {
  const known = options.includes(view[name]) || !view[name] ? options : [view[name], ...options];
  const select = el(
    "select",
    { name, onchange: (event) => go(changed(view, name, event.target.value)) },
    el("option", { value: "" }, all),
    known.map((option) => el("option", { value: option, selected: option === view[name] }, option)),
  );
  return el("label", {}, label, select);
}

// A use case of another owner would leave nothing to see.
function changed(view, name, value) {
  const next = { ...view, [name]: value };
  const days = table("days") || [];
  const fits = days.some((row) => row.owner === next.owner && row.use_case === next.use_case);
  if (name === "owner" && value && next.use_case && !fits) next.use_case = "";
  return next;
}

function dateField(label, name, view) {
  const set = (event) => isDay(event.target.value) && go({ ...view, [name]: event.target.value });
  return el(
    "label",
    {},
    label,
    el("input", {
      type: "date",
      name,
      value: view[name],
      min: DATA.meta.first_day,
      max: DATA.meta.last_day,
      onchange: set,
    }),
  );
}

function preset(length, view) {
  const from = addDays(DATA.meta.last_day, 1 - length);
  const pressed = view.from === from && view.to === DATA.meta.last_day;
  const choose = () =>
    go({ ...view, from: from < DATA.meta.first_day ? DATA.meta.first_day : from, to: DATA.meta.last_day });
  return el("button", { type: "button", "aria-pressed": String(pressed), onclick: choose }, `${length} days`);
}

function drawFooter() {
  const meta = DATA.meta;
  document
    .getElementById("footer")
    .replaceChildren(
      el(
        "p",
        {},
        sentences(
          `Build ${meta.publish_id}, as of ${instant(meta.as_of)}, published ${instant(meta.published_at)},`,
          `${count(meta.checks_passed)} checks passed. Amounts in ${meta.currency};`,
          `days in ${meta.time_zone}, from ${day(meta.first_day)} to ${day(meta.last_day)}.`,
        ),
      ),
      DATA.lineage &&
        el("p", {}, el("a", { href: DATA.lineage }, "What every column means, and what it is made from (lineage)")),
    );
}

async function draw() {
  const view = readView();
  const label = PAGES.find(([name]) => name === view.page)[1];
  forgetCharts();
  document.title = `${label} · AI cost and quality`;
  drawNavigation(view);
  drawFilters(view);
  const chosenText = view.page === "trust" ? "" : [view.owner, view.use_case].filter(Boolean).join(", ");
  document
    .getElementById("main")
    .replaceChildren(
      el("h1", {}, label, chosenText && el("small", {}, ` ${chosenText}`)),
      ...DRAW[view.page](view).flat().filter(Boolean),
    );
  document.body.dataset.drawn = "no";
  await drawCharts();
  document.body.dataset.drawn = window.location.hash || "#";
}

window.addEventListener("hashchange", async () => {
  await draw();
  window.scrollTo(0, 0);
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
drawFooter();
draw();
