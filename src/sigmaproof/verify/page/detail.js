// What is behind a cell: the query, the reasons with a record each, and what to do. They are unpacked when first opened.

const packs = { size: Number($("details").dataset.pack), texts: null, read: new Map() };
let current = null; // {row, column, info} of what is open

/** The details of a rule: its pack is unpacked when the first rule of it is opened. */
async function detailsOf(at) {
  packs.texts ||= JSON.parse($("details").textContent);
  const number = Math.floor(at / packs.size);
  if (!packs.read.has(number)) packs.read.set(number, unpacked(packs.texts[number]));
  return (await packs.read.get(number))[at % packs.size];
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function openDetail(row, column) {
  const one = view[row];
  if (!one) return;
  const info = await detailsOf(one.at);
  if (view[row] !== one) return; // filtered anew meanwhile
  current = { row, column, info };
  const dialog = $("detail");
  dialog.replaceChildren(headOf(one), tabsOf(one), panelOf(one, column));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector('[aria-selected="true"]').focus({ preventScroll: true });
  document.documentElement.classList.add("is-open");
  setPlace(addressOf(one.rule, column));
}

function addressOf(rule, column) {
  try {
    return `#${encodeURIComponent(rule.id)}/${targets[column].name}`;
  } catch {
    return ""; // half a character in the id
  }
}

/** The address names what is open, so that it can be handed on. */
function setPlace(hash) {
  try {
    history.replaceState(null, "", hash || location.pathname + location.search);
  } catch {
    /* a page without an address of its own */
  }
}

function closed() {
  document.documentElement.classList.remove("is-open");
  setPlace("");
  if (current) focusCell(current.row, current.column);
  current = null;
}

function headOf({ rule }) {
  const move = (by, text, sign) => el("button", { type: "button", class: "quiet", "aria-label": text, disabled: !view[current.row + by],
    on: { click: () => { openDetail(current.row + by, current.column); say(view[current.row + by].rule.title); } } }, sign);
  const close = el("button", { type: "button", class: "quiet close", "aria-label": "Close", on: { click: () => $("detail").close() } }, "\u2715");
  return el("header", { class: "detail-head" },
    el("div", { class: "detail-bar" }, el("p", { class: "meta" }, el("span", { class: `level ${LEVELS.includes(rule.level) ? rule.level : ""}` }, shown(rule.level)), el("span", { class: "file" }, shown(rule.place))),
      el("div", { class: "moves" }, move(-1, "Previous rule", "\u2191"), move(1, "Next rule", "\u2193"), close)),
    el("h2", { id: "detail-title" }, shown(rule.title || "(no title)")));
}

function tabsOf({ rule }) {
  const tabs = targets.map((target, column) => {
    const { sign, word } = STATES[rule.cells[column].state];
    const isOn = column === current.column;
    return el("button", { type: "button", role: "tab", id: `tab-${column}`, class: `tab ${rule.cells[column].state}`, "aria-selected": String(isOn), "aria-controls": "panel", tabindex: isOn ? 0 : -1,
      on: { click: () => openDetail(current.row, column) } },
      el("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${target.heading}`, el("span", { class: "unseen" }, `: ${word}`));
  });
  const list = el("div", { role: "tablist", class: "tabs", "aria-label": "Targets" }, tabs);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) openDetail(current.row, (current.column + by + targets.length) % targets.length);
  });
  return list;
}

function panelOf({ rule }, column) {
  const cell = rule.cells[column];
  const found = current.info.cells[column];
  return el("div", { role: "tabpanel", id: "panel", class: "panel", "aria-labelledby": `tab-${column}` },
    el("p", { class: "verdict" }, badge(cell.state), el("span", {}, glance(cell, found))),
    found.error && alertBox("The engine's words", found.error, "fault"),
    found.refusal && alertBox("Why it is refused", found.refusal),
    rule.faults.map((fault) => alertBox("The rule itself", fault, "fault")),
    found.fix.length ? el("section", { class: `fix ${FINDINGS.includes(cell.state) ? "fault" : ""}` }, el("h3", {}, "What to do"), fixList(found.fix)) : null,
    queryOf(found), groupsOf(found), quietOf(found), ruleOf(rule));
}

function glance(cell, found) {
  if (cell.claim === "refused") return "The language can't say this rule. Nothing is weakened in silence.";
  if (found.error) return "No verdict was compared: the engine does not take the query.";
  const same = cell.agreeing === cell.admissible;
  const counts = same ? `On all ${plural(cell.admissible, "record")} that AWS can write` : `On ${number(cell.agreeing)} of ${plural(cell.admissible, "record")} that AWS can write`;
  const how = cell.directions.map((direction) => DIRECTIONS[direction].plain).join(" and ");
  return `${counts} the query's verdict is the rule's.${how ? ` It ${how}, for the reasons below.` : ""}`;
}

const alertBox = (title, text, kind = "") => el("section", { class: `alert ${kind}` }, el("h3", {}, title), el("p", {}, shown(text)));
const fixList = (fixes) => el("ul", {}, fixes.map((fix) => el("li", {}, prose(fix))));

function queryOf(found) {
  if (found.query === null) return null;
  const text = typeof found.query === "string" ? found.query : JSON.stringify(found.query, null, 2);
  const expensive = found.expensive && el("p", { class: "note" }, prose("Expensive: a cluster with `search.allow_expensive_queries: false` rejects it."));
  return el("section", {}, el("div", { class: "bar-line" }, el("h3", {}, "Query"), copyButton(text, "Query")), el("pre", { class: "code", tabindex: 0, role: "region", "aria-label": "Query" }, shown(text)), expensive || null);
}

function groupsOf(found) {
  if (!found.groups.length) return null;
  let opened = 0;
  const cards = found.groups.map((group) => groupOf(group, () => opened++ === 0));
  return el("section", {}, el("h3", {}, found.groups.some((group) => group.code === "not-as-claimed") ? "Differences" : "Why it is approximate"), cards);
}

function groupOf(group, isFirst) {
  const isFault = group.code === "not-as-claimed";
  const more = group.count - group.evidence.length;
  const fixes = (data.fixes[`${group.code} ${group.direction}`] || []).map((fix) => fix.replaceAll("{field}", () => group.fields[0]));
  return el("article", { class: `group ${isFault ? "fault" : ""}` },
    el("h4", {}, isFault ? badge("not-as-claimed") : el("code", {}, group.code), " ", directionChip(group.direction)),
    el("p", {}, isFault ? "No reason of the claim allows this difference." : data.codes[group.code] || ""),
    group.detail && el("p", { class: "detail-words" }, shown(group.detail)),
    group.fields.length ? el("p", { class: "fields" }, "Field: ", group.fields.map((field, at) => [at ? ", " : "", el("code", {}, shown(field))])) : null,
    group.evidence.map((one) => evidenceOf(one, group.direction, isFirst())),
    group.evidence.length ? null : el("p", { class: "note" }, "No record showed it."),
    more > 0 ? el("p", { class: "note" }, prose(`${plural(more, "record")} more: \`--all\` puts them here, \`--format json\` has them whole.`)) : null,
    fixes.length ? el("div", { class: "fix" }, el("h5", {}, "How to fix the rule"), fixList(fixes)) : null);
}

function evidenceOf(one, direction, isOpen) {
  return el("details", { class: "evidence", open: isOpen },
    el("summary", {}, "Counter-example ", el("span", { class: "file" }, shown(one.place))),
    el("p", {}, data.effects[direction]),
    el("div", { class: "verdicts" }, one.verdicts.map((verdict) => sideOf(verdict, one.verdicts[0][1]))),
    el("p", { class: "why" }, shown(one.why)),
    one.sizes.map((size) => el("p", { class: "why" }, shown(`${size}.`))),
    el("h5", {}, "What decides"),
    el("ul", { class: "deciding" }, one.deciding.map(([truth, test, values, isNamed]) => el("li", { class: `${truth ? "true" : "false"} ${isNamed ? "named" : ""}` },
      el("span", { class: "sign" }, truth ? "\u2713 true" : "\u2717 false"), el("div", {}, el("code", {}, shown(test)), el("span", { class: "values" }, shown(values.join("; "))))))),
    one.more ? el("p", { class: "note" }, `${plural(one.more, "test")} more`) : null,
    el("h5", {}, one.smaller ? "Record, made as small as it shows the same" : "Record"),
    recordOf(one.record));
}

/** One side's verdict; what differs from the rule's own is marked. */
function sideOf([side, verdict], own) {
  const sign = { match: "\u25cf", "no match": "\u25cb" }[verdict] || "\u2298";
  const differs = verdict === own ? null : el("span", { class: "unseen" }, ", differs");
  return el("div", { class: `side ${differs ? "differs" : ""}` }, el("span", {}, side), el("strong", {}, `${sign} ${verdict}`, differs));
}

// By the number in a record's line: its classes, and what is said to those who don't see them.
const MARKS = [
  ["", ""],
  ["marked true", "a test that is true looks here"],
  ["marked false", "a test that is false looks here"],
  ["marked named true", "decides here: the test is true"],
  ["marked named false", "decides here: the test is false"],
];

function recordOf(record) {
  const made = record.map(([depth, key, text, mark, note]) => {
    const line = el("span", { class: `line ${MARKS[mark || 0][0]}` },
      key && el("span", { class: "key" }, shown(key)), shown(text), note ? el("span", { class: "cut" }, note) : null, mark ? el("span", { class: "unseen" }, ` (${MARKS[mark][1]})`) : null);
    line.style.setProperty("--depth", depth);
    return line;
  });
  const box = el("pre", { class: "code record", tabindex: 0, role: "region", "aria-label": "Record, with what decides marked" }, made);
  new ResizeObserver((_, observer) => {
    if (!box.clientHeight) return; // folded away still
    observer.disconnect();
    const first = box.querySelector(".named") || box.querySelector(".marked");
    if (first) box.scrollTop = Math.max(first.offsetTop - box.offsetTop - 60, 0);
  }).observe(box);
  return box;
}

/** What is no difference and no finding of its own, and still has to be said. */
function quietOf(found) {
  const named = (one) => [el("code", {}, one.code), one.field ? [" of ", el("code", {}, shown(one.field))] : ""];
  const said = [
    ...found.without_evidence.map((one) => [badge("without-evidence"), " ", named(one), ` (${one.direction})`]),
    ...found.excluded.map((one) => [named(one), ` (${one.direction}) shows only on records that AWS's service models exclude.`]),
    ...found.not_shown_here.map((one) => [named(one), ` (${one.direction}) shows on no record here: the claim is about the integration's own documents and mapping.`]),
    ...found.indexed_otherwise.map((words) => [shown(words), "."]),
    ...found.dropped.map((one) => [named(one), ` (${one.direction}) is dropped: no generated record could show it.`]),
  ];
  if (found.apart[0]) said.push(`Apart: ${plural(found.apart[0], "difference")} on records that AWS can't write. They break no claim.`);
  if (found.apart[1]) said.push(`${plural(found.apart[1], "document")} that the index rejects: no query can judge them.`);
  return said.length ? el("section", {}, el("h3", {}, "Also"), el("ul", {}, said.map((words) => el("li", {}, words)))) : null;
}

function ruleOf(rule) {
  const { description, detection, coverage } = current.info;
  const tests = coverage.not_decided.map(({ words }) => el("li", {}, shown(words)));
  return el("details", { class: "evidence rule-text" }, el("summary", {}, "The rule"),
    description && el("p", {}, shown(description)),
    el("p", { class: "fields" }, "id: ", el("code", {}, shown(rule.id))),
    el("pre", { class: "code", tabindex: 0, role: "region", "aria-label": "Detection" }, shown(detection)),
    el("h5", {}, `Tests, each true and false: ${coverage.decided} of ${coverage.total} decided by some record`), el("ul", {}, tests));
}
