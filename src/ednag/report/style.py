"""How the report looks, and what its tables do. No page asks any server for anything."""

STYLE = """
:root { --ink: #1a1a1a; --paper: #ffffff; --soft: #f3f5f7; --line: #d5dae0; --link: #00588f;
        --mark: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #16181b; --soft: #22262b; --line: #3a4048; --link: #7fc4f5;
          --mark: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
       background: var(--paper); overflow-wrap: anywhere; }
a { color: var(--link); }
header { background: var(--soft); border-bottom: 1px solid var(--line); padding: .5rem 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; max-width: 76rem; margin: auto; }
nav a { padding: .3rem 0; text-decoration: none; }
nav a[aria-current] { font-weight: 650; border-bottom: 2px solid var(--mark); }
main { max-width: 76rem; margin: auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .6rem 0; }
h2 { font-size: 1.2rem; margin: 1.8rem 0 .5rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .7rem;
         padding: 0; list-style: none; }
.tiles li { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
            padding: .6rem .8rem; }
.tiles strong { display: block; font-size: 1.5rem; }
.tiles a { text-decoration: none; color: inherit; display: block; }
.state { border-left: 5px solid var(--mark); background: var(--soft); padding: .6rem .9rem; }
.state.broken { border-left-color: #d55e00; }
dl.facts { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .3rem 1rem; }
dl.facts dt { font-weight: 600; } dl.facts dd { margin: 0; }
.figures { display: grid; gap: 1.2rem;
           grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); }
figure { margin: 0; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem;
         min-width: 0; }
figure img { display: block; width: 100%; height: auto; background: #ffffff; }
figcaption { font-size: .9rem; margin-top: .4rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); max-width: 100%; }
table { border-collapse: collapse; font-size: .84rem; }
.wide table { min-width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left;
         vertical-align: top; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap;
                       font-variant-numeric: tabular-nums; }
td.words { min-width: 16rem; white-space: normal; }
thead th { background: var(--soft); white-space: nowrap; }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0;
            padding: 0; cursor: pointer; text-align: inherit; }
th button::after { content: " \\2195"; opacity: .45; }
th[aria-sort=ascending] button::after { content: " \\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1; }
.tools { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; margin: .8rem 0; }
input, select { font: inherit; padding: .25rem .5rem; max-width: 100%; color: inherit;
        background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; }
code { font-size: .85em; overflow-wrap: anywhere; }
.note, .small { font-size: .9rem; }
[hidden] { display: none; }
@media (max-width: 32rem) {
  dl.facts { grid-template-columns: 1fr; }
  dl.facts dt { margin-top: .4rem; }
}
@media print { header, .tools { display: none; } .wide { overflow: visible; } }
"""

SCRIPT = """
"use strict";
const valueOf = cell => {
  const text = cell.textContent.trim();
  const number = /^\\[?([+-]?\\d[\\d,]*(\\.\\d+)?(e[+-]?\\d+)?)/i.exec(text);
  return number ? Number(number[1].replaceAll(",", "")) : text;
};
const isEmpty = value => value === "" || value === "-" || value === "\\u2013";
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
const choice = document.querySelector("select[data-chooses]");
for (const field of document.querySelectorAll("input[data-filters]")) {
  const rows = Array.from(document.getElementById(field.dataset.filters).tBodies[0].rows);
  const count = document.getElementById(field.dataset.filters + "-count");
  const filter = () => {
    const words = field.value.toLowerCase().split(" ").filter(Boolean);
    const first = choice ? choice.value : "";
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word))
        || (first !== "" && row.cells[0].textContent.trim() !== first);
      shown += !row.hidden;
    }
    count.textContent = shown + " of " + rows.length + " rows";
  };
  const follow = () => {
    if (choice) choice.value = new URLSearchParams(location.hash.slice(1)).get("verdict") || "";
    filter();
  };
  field.addEventListener("input", filter);
  if (choice) choice.addEventListener("change", filter);
  window.addEventListener("hashchange", follow);
  follow();
}
"""
