// What is looked at stands in the address, so that a view can be sent as a link: #/budgets?owner=sales&from=2026-09-01

const PAGES = [
  ["overview", "Overview"],
  ["use-case", "Use case"],
  ["budgets", "Budgets"],
  ["releases", "Releases"],
  ["trust", "Trust"],
];
const FILTERS = ["owner", "use_case", "from", "to"];
const COMPARED_DAYS = 28;

function defaultView() {
  const to = DATA.meta.last_day;
  return { page: "overview", owner: "", use_case: "", from: addDays(to, 1 - COMPARED_DAYS), to };
}

// A link may be old or typed by hand: a page that does not exist is the first one, a date that is none is the default.
function readView() {
  const [, page = "", query = ""] = /^#\/?([^?]*)\??(.*)$/.exec(window.location.hash) || [];
  const wanted = new URLSearchParams(query);
  const view = defaultView();
  if (PAGES.some(([name]) => name === page)) view.page = page;
  for (const name of ["owner", "use_case"]) view[name] = wanted.get(name) || "";
  for (const name of ["from", "to"]) if (isDay(wanted.get(name))) view[name] = wanted.get(name);
  if (view.to > DATA.meta.last_day) view.to = DATA.meta.last_day;
  if (view.from < DATA.meta.first_day) view.from = DATA.meta.first_day;
  if (view.from > view.to) view.from = view.to;
  return view;
}

function isDay(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text || "") && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function addressOf(view) {
  const usual = defaultView();
  const query = new URLSearchParams();
  for (const name of FILTERS) if (view[name] && view[name] !== usual[name]) query.set(name, view[name]);
  const text = query.toString();
  return `#/${view.page}${text ? `?${text}` : ""}`;
}

// The days that the chosen ones are compared with: as many, right before them. Null when the page does not hold them all.
function formerDays(view) {
  const length = daysBetween(view.from, view.to);
  const first = addDays(view.from, -length);
  return first < DATA.meta.first_day ? null : { from: first, to: addDays(view.from, -1), length };
}
