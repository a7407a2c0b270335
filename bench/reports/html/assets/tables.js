"use strict";
/** Sorting by a click or a key on a header, and filtering of rows. A third click gives the first order back. */

function sortable(table) {
  const body = table.tBodies[0], original = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = make("button", { type: "button" }, header.textContent);
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[header.getAttribute("aria-sort")];
      headers.forEach((other) => other.setAttribute("aria-sort", other === header ? next : "none"));
      table.classList.toggle("sorted", next !== "none");
      body.append(...(next === "none" ? original : ordered(original, column, next === "descending")));
    });
  });
}

function ordered(rows, column, down) {
  const keyed = rows.map((row, place) => ({ row, place, key: sortKey(row.cells[column]) }));
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
    return (down ? -1 : 1) * compare(a.key, b.key) || a.place - b.place;
  });
  return keyed.map((each) => each.row);
}

function sortKey(cell) {
  const text = cell.dataset.key ?? cell.textContent.trim();
  if (text === "" || text === "–") return null;
  return cell.classList.contains("n") && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function filterable(holder) {
  const input = holder.querySelector("[data-filter]");
  if (!input) return;
  const rows = [...holder.querySelector("tbody").rows], count = holder.querySelector(".count");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
  });
}

/** A small drawing of value and interval before each cell like `0.226 [0.221, 0.232]`, all of a column on one scale. */
function whiskers(table) {
  const headers = [...table.tHead.rows[0].cells];
  if (headers.some((header) => header.textContent === "metric")) return; // rows of other units
  headers.forEach((header, column) => {
    if (!/ \[95 %\]$/.test(header.textContent)) return;
    const found = [...table.tBodies[0].rows].map((row) => {
      const parts = /^(\S+) \[(\S+), (\S+)\]$/.exec(row.cells[column].textContent.trim());
      return parts ? { cell: row.cells[column], numbers: parts.slice(1).map(Number) } : null;
    }).filter((each) => each && each.numbers.every(Number.isFinite));
    const every = found.flatMap((each) => each.numbers), log = every.every((v) => v > 0) && Math.max(...every) > 20 * Math.min(...every);
    const f = log ? Math.log : (v) => v, low = f(Math.min(...every)), high = f(Math.max(...every));
    if (found.length < 2 || !(high > low)) return;
    for (const { cell, numbers } of found) {
      cell.dataset.key ??= String(numbers[0]);
      const [value, from, to] = numbers.map((v) => 4 + (76 * (f(v) - low)) / (high - low));
      const svg = draw("svg", { class: "whisker", viewBox: "0 0 84 12", "aria-hidden": "true" });
      svg.append(draw("line", { x1: from, x2: Math.max(to, from + 1), y1: 6, y2: 6 }), draw("circle", { cx: value, cy: 6, r: 3 }));
      cell.classList.add("drawn");
      cell.prepend(svg);
    }
  });
}

document.querySelectorAll("table[data-sortable]").forEach((table) => { whiskers(table); sortable(table); });
document.querySelectorAll(".tabled").forEach(filterable);
