// The published figures that stand in the page, and the sums over what is chosen.

const DATA = JSON.parse(document.getElementById("data").textContent);
const tables = new Map();

// Rows of an extract as objects; null when its mart is not published yet.
function table(name) {
  if (!tables.has(name)) {
    const extract = DATA.extracts[name];
    tables.set(name, extract ? extract.rows.map((row) => rowOf(extract, row)) : null);
  }
  return tables.get(name);
}

// Texts that come up in many rows stand in the page once, and the rows have their number.
function rowOf(extract, values) {
  const row = {};
  extract.columns.forEach((column, i) => {
    const texts = extract.texts[column];
    row[column] = texts && values[i] !== null ? texts[values[i]] : values[i];
  });
  return row;
}

function isPublished(name) {
  return Boolean(DATA.extracts[name]);
}

// Rows of the chosen owner and use case; those that belong to nobody in particular stay in the unfiltered view only.
function chosen(rows, view) {
  return rows.filter(
    (row) => (!view.owner || row.owner === view.owner) && (!view.use_case || row.use_case === view.use_case),
  );
}

function within(rows, first, last, column = "day") {
  return rows.filter((row) => row[column] >= first && row[column] <= last);
}

// Sum of a column; null when there is no row or none of them is known.
function total(rows, column) {
  let sum = null;
  for (const row of rows) if (isKnown(row[column])) sum = (sum ?? 0) + Number(row[column]);
  return sum;
}

function ratio(numerator, denominator) {
  return isKnown(numerator) && isKnown(denominator) && denominator !== 0 ? numerator / denominator : null;
}

// A metric over rows: the sum of its numerators over the sum of its denominators, as the marts define it.
function metricOf(metric, rows) {
  return ratio(total(rows, metric.numerator), total(rows, metric.denominator));
}

function metricNamed(id) {
  return DATA.metrics.find((metric) => metric.id === id);
}

function isLowerBound(metric, rows) {
  return (metric.unknown || []).some((column) => total(rows, column) > 0);
}

function provisionalShare(rows) {
  return ratio(total(rows, "provisional_outcomes"), total(rows, "accepted_outcomes"));
}

function groups(rows, column) {
  const found = new Map();
  for (const row of rows) {
    const key = typeof column === "function" ? column(row) : row[column];
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(row);
  }
  return found;
}

function distinct(rows, column) {
  return [...new Set(rows.map((row) => row[column]).filter((value) => value !== null))].sort();
}
