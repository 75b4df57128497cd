// Building blocks. Text is always set as text: a name from a log cannot become markup.

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

function section(title, ...children) {
  const id = `s-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...children);
}

function note(...text) {
  return el("p", { class: "note" }, ...text);
}

function badge(text, kind) {
  return el("span", { class: `badge ${kind || "plain"}` }, text);
}

// A section whose mart is missing says so; an empty one says that too. Neither looks like a zero.
function notPublished(name) {
  return note(`Not published yet: ${DATA.marts[name].join(", ")}.`);
}

function whenPublished(name, draw) {
  return isPublished(name) ? draw(table(name)) : notPublished(name);
}

// columns: [{ title, value: row => text or node, numeric, short, long, wrap }]. The first column names the row.
function grid(caption, columns, rows, { most = 400, empty = "Nothing to show for this choice." } = {}) {
  if (!rows.length) return note(empty);
  const kind = (c) => ["number", "short", "long", "wrap"].find((name) => c[name === "number" ? "numeric" : name]);
  const head = columns.map((c) => el("th", { scope: "col", class: kind(c) }, c.title));
  const line = (row) =>
    columns.map((c, i) => el(i ? "td" : "th", { scope: i ? null : "row", class: kind(c) }, c.value(row)));
  const more = rows.length > most ? `, the first ${count(most)} of ${count(rows.length)}` : "";
  // A table that scrolls sideways must be reachable by keyboard.
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", {}, `${caption}${more}`),
      el("thead", {}, el("tr", {}, head)),
      el(
        "tbody",
        {},
        rows.slice(0, most).map((row) => el("tr", {}, line(row))),
      ),
    ),
  );
}
