"use strict";
const valueOf = cell => {
  const text = cell.textContent.trim();
  const number = /^\[?([+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?)/i.exec(text);
  return number ? Number(number[1].replaceAll(",", "")) : text;
};
const isEmpty = value => value === "" || value === "-" || value === "\u2013";
const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
  : typeof a === "number" ? -1 : typeof b === "number" ? 1 : a.localeCompare(b, "en");
const sortBy = (table, column, heading) => {
  const down = heading.getAttribute("aria-sort") === "ascending";
  const rows = Array.from(table.tBodies[0].rows, row => [valueOf(row.cells[column]), row]);
  rows.sort(([a], [b]) => isEmpty(a) !== isEmpty(b) ? (isEmpty(a) ? 1 : -1)
    : down ? compare(b, a) : compare(a, b));
  table.tBodies[0].append(...rows.map(([, row]) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
};
for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, column, heading));
    heading.append(button);
  });
}
const choices = Array.from(document.querySelectorAll("select[data-chooses]"));
for (const field of document.querySelectorAll("input[data-filters]")) {
  const rows = Array.from(document.getElementById(field.dataset.filters).tBodies[0].rows);
  const count = document.getElementById(field.dataset.filters + "-count");
  const folded = field.closest("details.folded");
  const filter = () => {
    const words = field.value.toLowerCase().split(" ").filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word))
        || choices.some(choice => choice.value !== ""
          && row.cells[choice.dataset.chooses].textContent.trim() !== choice.value);
      shown += !row.hidden;
    }
    count.textContent = shown + " of " + rows.length + " rows";
  };
  const follow = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const choice of choices) choice.value = asked.get(choice.name) || "";
    field.value = asked.get("q") || "";
    filter();
    // What a link asks for is in view.
    if (folded && location.hash && rows.some(row => !row.hidden)) folded.open = true;
  };
  field.addEventListener("input", filter);
  for (const choice of choices) choice.addEventListener("change", filter);
  window.addEventListener("hashchange", follow);
  follow();
}
const load = (() => {
  const asked = {};
  return file => asked[file] ||= new Promise(done => {
    const script = document.createElement("script");
    script.src = file;
    script.addEventListener("load", done);
    document.head.append(script);
  });
})();
const search = document.querySelector("#search");
const found = document.querySelector("#found");
const show = () => {
  const words = search.value.toLowerCase().split(" ").filter(Boolean);
  const hits = words.length === 0 ? [] : window.entries.filter(
    ([title]) => words.every(word => title.toLowerCase().includes(word)));
  found.replaceChildren(...hits.slice(0, 30).map(([title, address, kind]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = address;
    link.textContent = title;
    const note = document.createElement("span");
    note.className = "small";
    note.textContent = " " + kind;
    item.append(link, note);
    return item;
  }));
  found.hidden = words.length === 0;
  const more = hits.length - 30;
  if (found.hidden || (hits.length && more <= 0)) return;
  const last = document.createElement("li");
  last.textContent = hits.length ? more + " more; add a word" : "nothing has these words";
  found.append(last);
};
search.addEventListener("input", () => load("entries.js").then(show));
search.addEventListener("keydown", event => {
  if (event.key === "Escape") { search.value = ""; found.hidden = true; }
});
const draw = part => {
  const chart = JSON.parse(part.querySelector("script").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  // Views above each other have no width of their container.
  const width = Math.max(180, part.clientWidth - 170);
  for (const view of chart.vconcat || []) view.width = Math.min(view.width, width);
  const actions = { export: true, source: false, compiled: false, editor: false };
  window.vegaEmbed(part.querySelector(".chart"), chart,
    { renderer: "svg", actions, theme: dark ? "dark" : undefined }).then(() => {
    // Its menu is three dots without a name.
    part.querySelector(".chart summary").setAttribute("aria-label", "Save the chart");
  });
};
const drawOnce = part => {
  if (!part.open || part.dataset.drawn) return;
  part.dataset.drawn = "yes";
  load("vega.js").then(() => draw(part));
};
for (const part of document.querySelectorAll("details.explore")) {
  part.addEventListener("toggle", () => drawOnce(part));
  drawOnce(part);
}
