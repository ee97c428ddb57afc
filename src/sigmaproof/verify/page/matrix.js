// The matrix: filters, order, and a grid of which only the rows in view (and the focused one) are in the page.

const data = JSON.parse($("summary").textContent);
const targets = data.targets;
const filters = { words: [], level: "", findings: false, picked: new Map() };
const ORDERS = {
  worst: ["findings, then the least faithful", (a, b) => a.worst - b.worst || a.sum - b.sum || a.at - b.at],
  given: ["as given", (a, b) => a.at - b.at],
  title: ["title", (a, b) => a.rule.title.localeCompare(b.rule.title) || a.at - b.at],
  level: ["level", (a, b) => a.level - b.level || a.at - b.at],
};
const CARD_ORDER = [...FINDINGS, "exact", "approximate", "refused"];
const OVERSCAN = 6;
const all = data.rules.map(indexed);
let view = all;
let order = "worst";
const active = { row: 0, column: 0 };
const live = new Map(); // index in the view -> the row's element
let rowHeight = 72;

function indexed(rule, at) {
  const ranks = rule.cells.map((cell) => STATES[cell.state].rank);
  const codes = rule.cells.flatMap((cell) => cell.codes);
  const level = LEVELS.indexOf(rule.level);
  return {
    rule,
    at,
    worst: rule.faults.length ? -1 : Math.min(...ranks, 9),
    sum: ranks.reduce((sum, rank) => sum + rank, 0),
    level: level < 0 ? LEVELS.length : level,
    text: [rule.title, rule.id, rule.place, rule.level, ...codes].join("\n").toLowerCase(),
  };
}

function isWanted(one) {
  const cells = one.rule.cells;
  if (filters.level && one.rule.level !== filters.level) return false;
  if (filters.findings && !one.rule.faults.length && !cells.some((cell) => FINDINGS.includes(cell.state))) return false;
  if (filters.picked.size && !cells.some((cell, at) => filters.picked.has(`${at} ${cell.state}`))) return false;
  return filters.words.every((word) => one.text.includes(word));
}

/** Filters and orders anew, and starts at the top. */
function refresh() {
  view = all.filter(isWanted).sort(ORDERS[order][1]);
  active.row = 0;
  for (const element of live.values()) element.remove();
  live.clear();
  $("count").textContent = view.length === all.length ? plural(all.length, "rule") : `${number(view.length)} of ${plural(all.length, "rule")}`;
  $("none").hidden = view.length > 0;
  $("grid").setAttribute("aria-rowcount", view.length + 1);
  layOut();
}

/** A card a rule where the columns don't fit, in the same measure as the style's. */
function layOut() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  $("grid").classList.toggle("stacked", innerWidth < Math.max(46, 19 + 9 * targets.length) * rem);
  const probe = rowElement(0, all[0] || null);
  if (!probe) return;
  probe.style.visibility = "hidden";
  $("rows").append(probe);
  rowHeight = probe.getBoundingClientRect().height || rowHeight;
  probe.remove();
  $("rows").style.setProperty("height", `${view.length * rowHeight}px`);
  for (const [at, element] of live) place(element, at);
  render();
}

function place(element, at) {
  element.style.setProperty("top", `${at * rowHeight}px`);
}

/** Puts the rows that are in view into the page, and takes the others out; the focused one always stays. */
function render(everything = false) {
  const top = -$("rows").getBoundingClientRect().top;
  let first = Math.max(Math.floor(top / rowHeight) - OVERSCAN, 0);
  let last = Math.min(Math.ceil((top + innerHeight) / rowHeight) + OVERSCAN, view.length - 1);
  if (everything) [first, last] = [0, view.length - 1];
  for (const [at, element] of live) {
    if ((at < first || at > last) && at !== active.row) {
      element.remove();
      live.delete(at);
    }
  }
  for (let at = first; at <= last; at++) ensureRow(at);
  if (view.length) ensureRow(active.row);
}

function ensureRow(at) {
  if (live.has(at)) return live.get(at);
  const element = rowElement(at, view[at]);
  place(element, at);
  const after = [...live.keys()].filter((other) => other > at).sort((a, b) => a - b)[0];
  $("rows").insertBefore(element, after === undefined ? null : live.get(after));
  live.set(at, element);
  return element;
}

function rowElement(at, one) {
  if (!one) return null;
  const { rule } = one;
  const cells = rule.cells.map((cell, column) => cellElement(at, column, cell));
  return el("div", { role: "row", class: "row", "aria-rowindex": at + 2 }, headerElement(rule), ...cells);
}

function headerElement(rule) {
  const matches = `${number(rule.logs)} + ${number(rule.generated)} matches`;
  const coverage = ` \u00b7 tests ${rule.coverage[0]}/${rule.coverage[1]}`;
  const told = "records that the rule matches, in the logs + generated; tests, each true and false, that some record decides";
  return el("div", { role: "rowheader", class: "rule" },
    el("span", { class: "title" }, shown(rule.title || "(no title)")),
    el("span", { class: "meta" }, el("span", { class: `level ${LEVELS.includes(rule.level) ? rule.level : ""}` }, shown(rule.level)),
      el("span", { class: "file" }, shown(rule.place)), el("span", { class: "matches", title: told }, matches, coverage)),
    rule.faults.length ? el("span", { class: "fault-words" }, "\u26a0 ", shown(rule.faults[0])) : null);
}

function cellElement(at, column, cell) {
  const { sign, word } = STATES[cell.state];
  const isActive = at === active.row && column === active.column;
  return el("div", { role: "gridcell", class: `cell ${cell.state}`, tabindex: isActive ? 0 : -1, "aria-haspopup": "dialog", "data-at": at, "data-column": column },
    el("span", { class: "where" }, targets[column].heading),
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("span", { class: "word" }, word),
    cell.note ? el("span", { class: "note" }, shown(cell.note)) : el("span", { class: "ratio" }, ratio(cell), el("span", { class: "codes" }, cell.codes.map((code) => ` \u00b7 ${code}`))),
    cell.directions.length ? el("span", { class: "directions" }, cell.directions.map(directionChip)) : null);
}

const ratio = (cell) => (cell.claim === "refused" ? "" : `${number(cell.agreeing)} of ${number(cell.admissible)}`);

/** Moves the focus to a cell, into view and below what sticks at the top. */
function focusCell(row, column, focus = true) {
  if (!view.length) return;
  const before = live.get(active.row)?.querySelector('[tabindex="0"]');
  if (before) before.tabIndex = -1;
  active.row = Math.min(Math.max(row, 0), view.length - 1);
  active.column = Math.min(Math.max(column, 0), targets.length - 1);
  const element = ensureRow(active.row);
  const cell = element.querySelectorAll(".cell")[active.column];
  cell.tabIndex = 0;
  if (!focus) return;
  const stuck = document.querySelector(".head").getBoundingClientRect().height;
  const { top, bottom } = element.getBoundingClientRect();
  if (top < stuck) scrollBy(0, top - stuck - 8);
  else if (bottom > innerHeight) scrollBy(0, bottom - innerHeight + 8);
  cell.focus({ preventScroll: true });
  render();
}

function onGridKey(event) {
  if (event.ctrlKey ? !["Home", "End"].includes(event.key) : event.altKey || event.metaKey) return;
  const page = Math.max(Math.floor(innerHeight / rowHeight) - 2, 1);
  const isCard = $("grid").classList.contains("stacked"); // targets lie one below the other
  const step = (by) => {
    const next = active.row * targets.length + active.column + by;
    return [Math.floor(next / targets.length), ((next % targets.length) + targets.length) % targets.length];
  };
  const { row, column } = active;
  const moves = {
    ArrowUp: isCard ? step(-1) : [row - 1, column],
    ArrowDown: isCard ? step(1) : [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    PageUp: [row - page, column],
    PageDown: [row + page, column],
    Home: event.ctrlKey ? [0, 0] : [row, 0],
    End: event.ctrlKey ? [view.length - 1, targets.length - 1] : [row, targets.length - 1],
  };
  if (event.key in moves) {
    event.preventDefault();
    if (moves[event.key][0] >= 0) focusCell(...moves[event.key]);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    openDetail(active.row, active.column);
  }
}

function onGridClick(event) {
  const cell = event.target.closest(".cell");
  const row = cell || event.target.closest(".rows > .row");
  if (!row || String(getSelection())) return;
  const at = cell ? Number(cell.dataset.at) : Number(row.querySelector(".cell").dataset.at);
  const column = cell ? Number(cell.dataset.column) : 0;
  focusCell(at, column, false);
  openDetail(at, column);
}

/** A card a target: its fidelity as a bar and in numbers, each of which filters. */
function startCards() {
  targets.forEach((target, column) => {
    const counts = new Map(Object.keys(STATES).map((state) => [state, 0]));
    for (const { cells } of data.rules) counts.set(cells[column].state, counts.get(cells[column].state) + 1);
    const there = CARD_ORDER.map((state) => [state, counts.get(state)]).filter(([state, count]) => count || !FINDINGS.includes(state));
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, there.filter(([, count]) => count).map(([state, count]) => segment(state, count)));
    const picks = there.map(([state, count]) => pickButton(target, column, state, count));
    $("cards").append(el("section", { class: "card", "aria-label": target.heading }, el("h2", {}, target.heading), bar, el("div", { class: "picks" }, picks)));
  });
}

function segment(state, count) {
  const made = el("span", { class: state });
  made.style.setProperty("flex-grow", count);
  return made;
}

function pickButton(target, column, state, count) {
  const { sign, word } = STATES[state];
  const key = `${column} ${state}`;
  const label = `${target.heading}: ${plural(count, "rule")} ${word}. Show only these`;
  const button = el("button", { type: "button", class: `pick ${state}`, "aria-pressed": "false", "aria-label": label, disabled: !count },
    el("span", { class: "sign", "aria-hidden": "true" }, sign), el("strong", {}, number(count)), ` ${word}`);
  button.addEventListener("click", () => {
    const isOn = !filters.picked.delete(key);
    if (isOn) filters.picked.set(key, button);
    button.setAttribute("aria-pressed", isOn);
    refresh();
  });
  return button;
}
