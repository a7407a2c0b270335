"use strict";
/** Line charts as SVG: axes, bands, a legend of switches, and values under the pointer or the arrow keys. */

let charts = 0;

function format(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(2);
  return String(Number(value.toPrecision(3)));
}

function power(exponent) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return "10" + String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => digits[digit]);
}

/** Where an axis has marks, [[value, text]], for a range of values and at most `most` marks. */
function marks(low, high, log, most) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    if (last - first >= 2) {
      const stride = Math.ceil((last - first + 1) / most), found = [];
      for (let e = first; e <= last; e++) if ((e - last) % stride === 0) found.push([10 ** e, first >= 0 && last <= 5 ? String(10 ** e) : power(e)]);
      return found;
    }
    const found = [];
    for (let e = first - 1; e <= last + 1; e++) {
      for (const digit of [1, 2, 5]) {
        const value = digit * 10 ** e;
        if (value >= low * 0.999 && value <= high * 1.001) found.push([value, format(value)]);
      }
    }
    if (found.length > 1) return found;
  }
  const rough = (high - low) / Math.max(most - 1, 1), unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * unit).find((size) => size >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    found.push([i * step, format(Number((i * step).toPrecision(10)))]);
  }
  return found;
}

class Chart {
  constructor(host, spec) {
    this.host = host;
    this.spec = spec;
    this.at = null;
    this.id = `clip-${++charts}`;
    this.plot = make("div", {});
    this.readout = make("div", { class: "readout", role: "status", "aria-live": "polite" });
    host.replaceChildren(make("h4", {}, spec.title));
    if (spec.log) host.append(this.toggle(spec.log, (on) => { spec.x.log = on; }));
    if (spec.equal) host.append(this.toggle("near the points only", (on) => { spec.near = on; }));
    host.append(this.plot, this.readout);
    if (spec.lines.length > 1) host.append(this.legend());
    host.append(this.numbers());
    this.say("");
    this.render();
    this.width = host.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(host.clientWidth - this.width) > 1) {
        this.width = host.clientWidth;
        this.render();
      }
    }).observe(host);
  }

  toggle(text, change) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      change(box.checked);
      this.render();
    });
    return make("label", { class: "toggle" }, box, ` ${text}`);
  }

  legend() {
    const legend = make("div", { class: "legend", role: "group", "aria-label": `Lines of ${this.spec.title}` });
    for (const line of this.spec.lines) {
      const sample = draw("svg", { viewBox: "0 0 34 10", "aria-hidden": "true" });
      if (line.line !== false) sample.append(draw("line", { x1: 0, x2: 34, y1: 5, y2: 5, ...this.stroke(line, true) }));
      if (line.points) sample.append(draw("circle", { cx: 17, cy: 5, r: 3.5, fill: this.color(line) }));
      const button = make("button", { type: "button", "aria-pressed": String(line.on !== false) }, sample, line.name);
      button.addEventListener("click", () => {
        line.on = line.on === false;
        button.setAttribute("aria-pressed", String(line.on));
        this.render();
      });
      legend.append(button);
    }
    return legend;
  }

  numbers() {
    const details = make("details", {}, make("summary", {}, "Numbers"));
    details.addEventListener("toggle", () => {
      details.querySelector(".scroll")?.remove();
      if (details.open) details.append(this.table());
    });
    return details;
  }

  table() {
    return this.spec.equal ? this.points() : this.lines();
  }

  points() {
    const line = this.spec.lines.find((each) => each.sizes), spec = this.spec;
    const rows = line.x.map((x, i) => [x, line.y[i], line.sizes[i]]).sort((a, b) => b[2] - a[2]).slice(0, 12)
      .map(([x, y]) => make("tr", {}, make("th", { scope: "row", class: "n" }, format(x)), make("td", { class: "n" }, format(y))));
    const head = make("tr", {}, ...[spec.x.label, spec.y.label].map((label) => make("th", { scope: "col", class: "n" }, label)));
    const caption = make("caption", {}, `${line.name}, the ${rows.length} of largest gain first`);
    const table = make("table", {}, caption, make("thead", {}, head), make("tbody", {}, ...rows));
    return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `Numbers of ${spec.title}` }, table);
  }

  lines() {
    const lines = this.spec.lines.filter((line) => line.on !== false), spec = this.spec;
    const longest = lines.reduce((a, b) => (b.x.length > a.length ? b.x : a), []);
    const places = [...new Set(Array.from({ length: 9 }, (_, i) => Math.round((i / 8) * (longest.length - 1))))];
    const head = make("tr", {}, make("th", { scope: "col" }, spec.x.label), ...places.map((p) => make("th", { scope: "col", class: "n" }, format(longest[p]))));
    const rows = lines.map((line) => make("tr", {}, make("th", { scope: "row" }, line.name),
      ...places.map((p) => make("td", { class: "n" }, format(line.y[nearest(line.x, longest[p])] ?? null)))));
    const table = make("table", {}, make("caption", {}, `${spec.title}: ${spec.y.label}`), make("thead", {}, head), make("tbody", {}, ...rows));
    return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `Numbers of ${spec.title}` }, table);
  }

  color(line) {
    return line.color === undefined ? "var(--fg)" : `var(--c${line.color})`;
  }

  stroke(line, on) {
    if (!on) return { stroke: "var(--faint)", "stroke-width": 0.8, fill: "none" };
    return { stroke: this.color(line), "stroke-width": line.width || 1.6, "stroke-dasharray": line.dash || "none", fill: "none" };
  }

  /** Range of an axis over the lines that are on. */
  range(axis) {
    const spec = this.spec[axis], log = this.logarithmic(axis) && !spec.shift, values = [];
    for (const line of this.spec.lines) {
      if (line.on === false) continue;
      for (const part of axis === "x" ? [line.x] : [line.y, line.low || [], line.high || []]) {
        for (const value of part) if (value !== null && Number.isFinite(value) && (!log || value > 0)) values.push(value);
      }
    }
    let low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!(low <= high)) [low, high] = log ? [0.1, 1] : [0, 1];
    if (axis === "y") [low, high] = this.widened(low, high, log);
    if (spec.top) high = Math.min(high, spec.top);
    if (low >= high) [low, high] = log ? [low / 2, low * 2] : [low - 0.5, low + 0.5];
    return [spec.min ?? low, spec.max ?? high];
  }

  /** Whether an axis is logarithmic; `auto`: where its values are above 0 and cover more than a factor of 30. */
  logarithmic(axis) {
    const spec = this.spec[axis];
    if (!spec.auto) return Boolean(spec.log);
    const values = this.spec.lines.filter((line) => line.on !== false).flatMap((line) => line.y);
    return values.every((value) => value > 0) && values.reduce((a, b) => Math.max(a, b), 0) > 30 * values.reduce((a, b) => Math.min(a, b), Infinity);
  }

  widened(low, high, log) {
    if (!log) {
      const room = 0.05 * (high - low) || 0.5;
      return this.spec.zero ? [Math.min(0, low - room), Math.max(0, high + room)] : [low - room, high + room];
    }
    const few = high / low < 10 ? 10 ** 0.5 : 1.3;
    return [low / few, high * few];
  }

  scale(axis, from, to) {
    const spec = this.spec[axis], log = this.logarithmic(axis), shift = log && spec.shift ? spec.shift : 0;
    const [low, high] = this.range(axis), f = log ? (v) => Math.log(v + shift) : (v) => v;
    const scale = (value) => from + ((f(value) - f(low)) / (f(high) - f(low))) * (to - from);
    return Object.assign(scale, { low, high, log, shift });
  }

  render() {
    const spec = this.spec, width = Math.max(this.host.clientWidth, 260);
    const height = spec.equal ? Math.min(width, 340) : Math.max(230, Math.min(380, width * 0.5));
    const box = { left: 62, right: width - 14, top: 26, bottom: height - 42 };
    if (spec.equal) box.right = Math.min(box.right, box.left + (box.bottom - box.top));
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0, "aria-label": this.label() });
    const x = this.scale("x", box.left, box.right), y = this.scale("y", box.bottom, box.top);
    Object.assign(this, spec.equal ? this.square(box) : { x, y });
    this.box = box;
    this.axes(svg, width, height);
    const clip = draw("clipPath", { id: this.id });
    clip.append(draw("rect", { x: box.left, y: box.top - 1, width: box.right - box.left + 1, height: box.bottom - box.top + 2 }));
    const inside = draw("g", { "clip-path": `url(#${this.id})` });
    const last = (line) => (line.on === false ? 0 : (line.width || 1) > 2 ? 2 : 1);
    for (const line of [...spec.lines].sort((a, b) => last(a) - last(b))) this.line(inside, line);
    if (spec.mark) this.mark(inside);
    this.cursor = draw("g", {});
    svg.append(clip, inside, this.cursor);
    svg.addEventListener("pointermove", (event) => this.pointed(event, svg, width));
    svg.addEventListener("pointerleave", () => this.say(""));
    svg.addEventListener("keydown", (event) => this.key(event));
    this.plot.replaceChildren(svg);
    if (this.at) this.show();
  }

  /** Scales of equal units: around the unit circle, or around the points. */
  square(box) {
    const found = this.spec.lines.find((line) => line.sizes), middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
    const spread = (values) => Math.max(...values) - Math.min(...values);
    const near = this.spec.near && found.x.length, half = near ? 0.62 * Math.max(spread(found.x), spread(found.y), 0.02) : 1.1;
    const scale = (center, from, to) => Object.assign((value) => from + ((value - center + half) / (2 * half)) * (to - from),
      { low: center - half, high: center + half, log: false, shift: 0 });
    return { x: scale(near ? middle(found.x) : 0, box.left, box.right), y: scale(near ? middle(found.y) : 0, box.bottom, box.top) };
  }

  label() {
    const on = this.spec.lines.filter((line) => line.on !== false).map((line) => line.name);
    return `${this.spec.title}: ${this.spec.y.label} by ${this.spec.x.label}, ${on.length} lines: ${on.slice(0, 12).join(", ")}. Arrow keys read values.`;
  }

  axes(svg, width, height) {
    const { box, x, y, spec } = this;
    const acrossMost = Math.max(3, Math.floor((box.right - box.left) / (spec.equal ? 48 : 75)));
    const across = x.shift ? marks(1, x.high, true, acrossMost).concat([[0, "0"]]) : marks(x.low, x.high, x.log, acrossMost);
    for (const [value, text] of across) {
      svg.append(draw("line", { class: "gridline", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }));
      svg.append(draw("text", { class: "tick", x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, text));
    }
    for (const [value, text] of marks(y.low, y.high, y.log, Math.max(3, Math.floor((box.bottom - box.top) / 38)))) {
      svg.append(draw("line", { class: "gridline", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
      svg.append(draw("text", { class: "tick", x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
    }
    svg.append(draw("path", { class: "frame", fill: "none", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }));
    svg.append(draw("text", { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, spec.x.label));
    svg.append(draw("text", { x: 2, y: 14 }, spec.y.label));
  }

  line(parent, line) {
    const on = line.on !== false;
    if (on && line.low) {
      const path = this.path(line.x, line.high) + this.path([...line.x].reverse(), [...line.low].reverse()).replace("M", "L") + "Z";
      if (!path.includes("NaN")) parent.append(draw("path", { d: path, fill: this.color(line), "fill-opacity": 0.13, stroke: "none" }));
    }
    if (line.line !== false) parent.append(draw("path", { d: this.path(line.x, line.y), ...this.stroke(line, on) }));
    if (!line.points) return;
    line.x.forEach((value, i) => {
      if (!this.seen(value, line.y[i])) return;
      parent.append(draw("circle", { cx: this.x(value), cy: this.y(line.y[i]), r: line.sizes ? line.sizes[i] : 3,
        fill: on ? this.color(line) : "var(--faint)", "fill-opacity": line.sizes ? 0.6 : 1, stroke: line.sizes ? "var(--bg)" : "none" }));
    });
  }

  seen(x, y) {
    const fits = (scale, value) => value !== null && value !== undefined && Number.isFinite(value) && (!scale.log || value + scale.shift > 0);
    return fits(this.x, x) && fits(this.y, y);
  }

  /** A path through the points; where a value is missing the line breaks, or leaves through the top if it is infinite. */
  path(xs, ys) {
    let text = "", open = false;
    xs.forEach((value, i) => {
      const gone = ys[i] === null && this.spec.infinite;
      if (!gone && !this.seen(value, ys[i])) { open = false; return; }
      const height = gone ? this.box.top - 400 : Math.max(this.y(ys[i]), this.box.top - 400);
      text += `${open ? "L" : "M"}${this.x(value).toFixed(1)} ${height.toFixed(1)}`;
      open = true;
    });
    return text;
  }

  mark(parent) {
    const { x, label, low } = this.spec.mark, at = this.x(x), right = at > (this.box.left + this.box.right) / 2;
    parent.append(draw("line", { class: "frame", "stroke-dasharray": "2 3", x1: at, x2: at, y1: this.box.top, y2: this.box.bottom }));
    parent.append(draw("text", { x: at + (right ? -5 : 5), y: low ? this.box.bottom - 8 : this.box.top + 12, "text-anchor": right ? "end" : "start" }, label));
  }

  pointed(event, svg, width) {
    const bounds = svg.getBoundingClientRect(), factor = width / bounds.width;
    const px = (event.clientX - bounds.left) * factor, py = (event.clientY - bounds.top) * factor;
    let best = Infinity;
    this.spec.lines.forEach((line, which) => {
      line.x.forEach((value, place) => {
        if (!this.seen(value, line.y[place])) return;
        const along = Math.abs(this.x(value) - px), off = Math.abs(this.y(line.y[place]) - py);
        const distance = (this.spec.equal ? Math.hypot(along, off) : along * 4 + off) + (line.on === false ? 25 : 0);
        if (distance < best) [best, this.at] = [distance, { which, place }];
      });
    });
    if (this.at) this.show();
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === "Escape") { this.at = null; this.say(""); return; }
    if (!moves[event.key]) return;
    event.preventDefault();
    const on = this.spec.lines.map((line, i) => i).filter((i) => this.spec.lines[i].on !== false);
    if (!on.length) return;
    const [up, along] = moves[event.key];
    if (!this.at || !on.includes(this.at.which)) this.at = { which: on[0], place: 0 };
    else {
      const which = on[(on.indexOf(this.at.which) + up + on.length) % on.length], line = this.spec.lines[which];
      const place = up ? nearest(line.x, this.spec.lines[this.at.which].x[this.at.place]) : this.at.place + along;
      this.at = { which, place: Math.max(0, Math.min(place, line.x.length - 1)) };
    }
    this.show();
  }

  show() {
    const line = this.spec.lines[this.at.which], place = this.at.place, spec = this.spec;
    if (!line) return;
    const x = line.x[place], y = line.y[place];
    this.cursor.replaceChildren();
    const at = this.x(x);
    if (!spec.equal) this.cursor.append(draw("line", { class: "rule", x1: at, x2: at, y1: this.box.top, y2: this.box.bottom }));
    if (this.seen(x, y)) this.cursor.append(draw("circle", { cx: at, cy: this.y(y), r: 5, fill: "none", stroke: "var(--fg)", "stroke-width": 2 }));
    const band = line.low ? ` (${spec.band} ${format(line.low[place])} to ${format(line.high[place])})` : "";
    this.say(`${line.name}: ${spec.x.label} ${format(x)}, ${spec.y.label} ${format(y)}${band}`);
  }

  say(text) {
    if (!text && this.cursor) this.cursor.replaceChildren();
    if (!text) this.at = null;
    this.readout.textContent = text || "Point at or touch a line to read its values, or use the arrow keys.";
  }
}

function nearest(values, wanted) {
  let best = 0;
  values.forEach((value, i) => { if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = i; });
  return best;
}
