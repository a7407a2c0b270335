"use strict";
/** Boards by metric, the charts of tasks and probes (drawn when they are first seen), and cells of the matrix. */

function curvesChart(task) {
  const held = REPORT.tasks[task], named = new Set(held.named);
  const lines = Object.entries(held.lines).map(([name, { steps, y }]) => {
    const [low, middle, high] = y.map(ratio), style = REPORT.styles[name];
    return { name, x: steps, y: middle, low, high, on: named.has(name), ...style };
  });
  return {
    title: `${task}: median over the problems, band 25 to 75 %`, lines, infinite: true, log: "logarithmic steps", band: "25 to 75 %",
    x: { label: "gradient evaluations", shift: 1 }, y: { label: "(loss − floor) / (initial loss − floor)", log: true, top: 100 },
  };
}

function lineOf(name, held, on) {
  return { name, ...held, on, ...REPORT.styles[name] };
}

function trialsChart(task) {
  const held = REPORT.tasks[task], named = new Set(held.named);
  const lines = Object.entries(held.trials).map(([name, line]) => lineOf(name, line, named.has(name)));
  return {
    title: `${task}: ${held.metric} on the tuning problems, by number of trials`, lines, band: "middle half of all draws:",
    x: { label: "trials drawn, of which the best is kept", log: true }, y: { label: `${held.metric}, median over draws`, auto: true },
  };
}

const ACROSS = {
  ecdf: {
    title: "Targets reached by step",
    x: { label: "gradient evaluations", log: true, shift: 1 }, y: { label: "share of (problem, target) pairs reached", min: 0, max: 1 },
  },
  profile: {
    title: "Runs at least that good", x: { label: "anytime" }, y: { label: "share of runs that reach it", min: 0, max: 1 },
  },
  trials: {
    title: "Anytime on the tuning problems, by number of trials", x: { label: "trials drawn, of which the best is kept", log: true },
    y: { label: "anytime, mean over draws and tasks" },
  },
};

function acrossChart(which) {
  const named = new Set(REPORT.across.named);
  return { ...ACROSS[which], lines: Object.entries(REPORT.across[which]).map(([name, line]) => lineOf(name, line, named.has(name))) };
}

function panelChart(place) {
  const [page, reading, panel] = place.split(",").map(Number);
  return REPORT.panels[page][reading][panel];
}

function chartOf(host) {
  if (host.dataset.chart === "panel") return panelChart(host.dataset.place);
  if (host.dataset.chart in ACROSS) return acrossChart(host.dataset.chart);
  const task = host.closest("[data-task]").dataset.task;
  return host.dataset.chart === "task-trials" ? trialsChart(task) : curvesChart(task);
}

function drawCharts(root) {
  for (const host of root.querySelectorAll("[data-chart]")) {
    if (host.dataset.drawn || !host.offsetParent) continue;
    host.dataset.drawn = "yes";
    const spec = chartOf(host);
    if (spec.lines.length) new Chart(host, spec);
    else host.hidden = true;
  }
}

document.querySelectorAll("details").forEach((details) => details.addEventListener("toggle", () => drawCharts(details)));
document.querySelectorAll("[data-open]").forEach((button) => button.addEventListener("click", () => {
  document.querySelectorAll(`${button.dataset.open} > details`).forEach((details) => { details.open = true; });
}));

{
  const buttons = document.querySelectorAll("[data-board]"), boards = document.querySelectorAll(".board");
  const choose = (metric) => {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.board === metric)));
    boards.forEach((board) => { board.hidden = board.dataset.metric !== metric; });
  };
  buttons.forEach((button) => button.addEventListener("click", () => choose(button.dataset.board)));
  if (boards.length) choose(boards[0].dataset.metric);
}

/** A task that the address names is opened. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") target.open = true;
}
window.addEventListener("hashchange", openTarget);
openTarget();
drawCharts(document);
