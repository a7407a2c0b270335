"use strict";
/** Small helpers, and the switch between light, dark and what the system says. */

const REPORT = JSON.parse(document.getElementById("data").textContent);

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function store(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch { /* some browsers keep nothing for a file */ }
  return null;
}

{
  const button = document.getElementById("theme");
  const themes = ["automatic", "light", "dark"];
  let theme = store("optoscope-theme");
  const show = () => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    button.textContent = `Theme: ${themes.includes(theme) ? theme : "automatic"}`;
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1 || 1) % themes.length];
    store("optoscope-theme", theme);
    show();
  });
  show();
}
