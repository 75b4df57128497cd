// How figures are written for people. What is not known is said so, and is never written as zero.

const UNKNOWN = "not known";

function isKnown(value) {
  return value !== null && value !== undefined && !Number.isNaN(value);
}

const formats = new Map();

function numberFormat(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat("en-US", options));
  return formats.get(key);
}

// Cents for amounts; unit costs below one need more digits, or two of them could not be told apart.
function moneyDigits(value) {
  const size = Math.abs(value);
  if (size === 0 || size >= 1) return size >= 10000 ? 0 : 2;
  return size >= 0.01 ? 4 : 6;
}

function money(value) {
  if (!isKnown(value)) return UNKNOWN;
  const digits = moneyDigits(value);
  const options = { style: "currency", currency: DATA.meta.currency, minimumFractionDigits: digits };
  return numberFormat({ ...options, maximumFractionDigits: digits }).format(value);
}

function share(value, digits = 1) {
  if (!isKnown(value)) return UNKNOWN;
  return numberFormat({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

function count(value) {
  if (!isKnown(value)) return UNKNOWN;
  return numberFormat({ maximumFractionDigits: 0 }).format(value);
}

function decimal(value, digits = 2) {
  if (!isKnown(value)) return UNKNOWN;
  return numberFormat({ maximumFractionDigits: digits }).format(value);
}

function seconds(milliseconds) {
  return isKnown(milliseconds) ? `${decimal(milliseconds / 1000, milliseconds < 10000 ? 1 : 0)} s` : UNKNOWN;
}

function signed(text, value) {
  return value > 0 ? `+${text}` : text;
}

function figure(value, unit) {
  return { money, share, tokens: count, count }[unit](value);
}

// The change of a share is told in points: "2 %" of a percentage misleads.
function change(now, before, unit) {
  if (!isKnown(now) || !isKnown(before)) return null;
  if (unit === "share") return signed(`${decimal((now - before) * 100, 1)} points`, now - before);
  return before === 0 ? null : signed(share(now / before - 1), now - before);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// Days are calendar days of the reporting zone: they are never turned into instants, which a viewer's zone would move.
function day(text, withYear = true) {
  if (!text) return UNKNOWN;
  const [year, month, date] = String(text).slice(0, 10).split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]}${withYear ? ` ${year}` : ""}`;
}

function month(text) {
  return text ? `${MONTHS[Number(text.slice(5, 7)) - 1]} ${text.slice(0, 4)}` : UNKNOWN;
}

function instant(text) {
  if (!text) return UNKNOWN;
  return `${day(text)}, ${text.slice(11, 16)} UTC`;
}

function addDays(text, days) {
  return new Date(Date.parse(`${text}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
}

function daysBetween(first, last) {
  return Math.round((Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / 86400000) + 1;
}

// Names of checks, leaks and reasons are words joined by underscores.
function words(text) {
  if (text === null || text === undefined || text === "") return "";
  const plain = String(text).replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

// Sentences that hold in this case only are left out when they do not.
function sentences(...parts) {
  return parts.filter(Boolean).join(" ");
}
