"use strict";
/** The dialog of a cell: opened by the address #cell=task&optimizer, so that a link to it can be passed on. */

const cellDialog = document.getElementById("cell");
let cameFrom = null;

function plainTable(caption, headers, rows, wide = []) {
  const numeric = headers.map((_, i) => rows.every((row) => row[i] === undefined || /^([-−]?\d[^ ]*|–)$/.test(String(row[i]))));
  const cell = (tag, text, i, extra) => make(tag, { ...extra, class: wide.includes(i) ? "wrap" : numeric[i] ? "n" : "" }, String(text));
  const head = make("tr", {}, ...headers.map((header, i) => cell("th", header, i, { scope: "col" })));
  const body = rows.map((row) => make("tr", {}, ...row.map((text, i) => (i ? cell("td", text, i, {}) : cell("th", text, i, { scope: "row" })))));
  const table = make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption }, table);
}

function ratio(thousandths) {
  return thousandths.map((value) => (value === null ? null : 10 ** (value / 1000)));
}

function runsChart(runs) {
  const key = { 0: ["best", 2], [Math.floor((runs.rows.length - 1) / 2)]: ["middle", 0], [runs.rows.length - 1]: ["worst", 1] };
  const lines = runs.curves.map((curve, i) => ({
    name: `problem ${runs.rows[i][1]}${key[i] ? ` (${key[i][0]})` : ""}`, x: runs.steps, y: ratio(curve), on: i in key,
    color: key[i] ? key[i][1] : 7, dash: ["", "6 3", "2 2"][key[i] ? Object.keys(key).indexOf(String(i)) : 0], width: 2,
  }));
  return {
    title: `${runs.rows.length} of ${runs.total} runs, at even ranks from the best to the worst`, lines, infinite: true, log: "logarithmic steps",
    x: { label: "gradient evaluations", shift: 1 }, y: { label: "(loss − floor) / (initial loss − floor)", log: true, top: 100 },
  };
}

function commandLine(what, text) {
  return make("p", { class: "command" }, `${what}: `, make("code", {}, text));
}

function fillCell(task, optimizer, cell) {
  document.getElementById("cell-title").textContent = `${optimizer} on ${task}`;
  const body = document.getElementById("cell-body"), shared = REPORT.cells.shared;
  body.replaceChildren(make("p", {}, `${cell.kind}; ${cell.budget}; the task's floor is ${cell.floor}.${cell.discloses ? ` It discloses: ${cell.discloses}.` : ""}`));
  if (cell.error) body.append(make("p", { class: "warning" }, `This cell failed: ${cell.error}`));
  else {
    const ranges = Object.entries(cell.ranges), runs = cell.runs;
    const tuned = cell.tuned.some((row) => row.length > 2), headers = ["metric", "mean", "tuned for", "θ that tuning chose"];
    body.append(plainTable("Mean scores on the report problems", tuned ? headers : headers.slice(0, 2), cell.tuned, [3]));
    if (ranges.length) body.append(plainTable("Search ranges", ["hyper-parameter", "range"], ranges, [1]));
    body.append(make("p", { class: "note" }, `${ranges.length ? "θ without tuning" : "Nothing is tuned. θ"}: ${cell.defaults || "nothing to set"}.`));
    if (cell.trials.rows) body.append(plainTable(`The best ${cell.trials.rows.length} of ${cell.trials.total} trials by ${cell.trials.metric}, on the tuning problems`, cell.trials.headers, cell.trials.rows, [cell.trials.headers.length - 1]));
    if (cell.trials.luck) body.append(make("p", { class: "note" }, cell.trials.luck));
    body.append(make("p", {}, `${runs.diverged} of ${runs.total} runs diverged${runs.tuned ? ` at the θ tuned for ${runs.tuned}, which the runs below have` : ""}.`));
    const host = make("div", { class: "chart" });
    body.append(host, plainTable(`Runs at even ranks by ${runs.metric}`, ["rank", "problem", ...REPORT.metrics, "diverged at step"], runs.rows));
    body.append(plainTable("What it cost", ["what", "spent"], cell.ledger));
    requestAnimationFrame(() => new Chart(host, runsChart(runs)));
  }
  const made = { cell: cell.id, ...shared.provenance[cell.provenance], ...shared.versions[cell.versions], "task definition": cell.task, "optimizer definition": cell.definition };
  body.append(plainTable("Provenance", ["what", "is"], Object.entries(made), [1]));
  cell.commands.forEach(([what, text]) => body.append(commandLine(what, text)));
}

function openCell() {
  const found = /^#cell=([^&]*)&(.*)$/.exec(location.hash);
  if (!found) { if (cellDialog.open) cellDialog.close(); return; }
  const [task, optimizer] = [decodeURIComponent(found[1]), decodeURIComponent(found[2])];
  const cell = Object.hasOwn(REPORT.cells.of, task) && Object.hasOwn(REPORT.cells.of[task], optimizer) ? REPORT.cells.of[task][optimizer] : null;
  if (!cell) return;
  fillCell(task, optimizer, cell);
  if (!cellDialog.open) cellDialog.showModal();
  cellDialog.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#cell="]');
  if (link) cameFrom = link;
});
window.addEventListener("hashchange", openCell);
document.getElementById("cell-close").addEventListener("click", () => cellDialog.close());
cellDialog.addEventListener("click", (event) => { if (event.target === cellDialog) cellDialog.close(); });
cellDialog.addEventListener("close", () => {
  if (location.hash.startsWith("#cell=")) history.replaceState(null, "", location.pathname + location.search);
  cameFrom?.focus({ preventScroll: true });
});
openCell();
