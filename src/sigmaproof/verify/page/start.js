// Starts the page: fills the controls, connects them, and opens what the address names.

function fill(select, options) {
  select.append(...options.map(([value, text]) => el("option", { value }, text)));
}

function startTools() {
  const there = [...new Set(data.rules.map((rule) => rule.level))];
  const rank = (level) => (LEVELS.includes(level) ? LEVELS.indexOf(level) : LEVELS.length);
  fill($("level"), [["", "all"], ...there.sort((a, b) => rank(a) - rank(b)).map((level) => [level, level])]);
  fill($("order"), Object.entries(ORDERS).map(([name, [words]]) => [name, words]));
  $("find").addEventListener("input", () => {
    filters.words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  });
  $("level").addEventListener("change", () => { filters.level = $("level").value; refresh(); });
  $("order").addEventListener("change", () => { order = $("order").value; refresh(); });
  $("findings").addEventListener("click", () => {
    filters.findings = !filters.findings;
    $("findings").setAttribute("aria-pressed", filters.findings);
    refresh();
  });
  $("clear").addEventListener("click", clearFilters);
}

function clearFilters() {
  for (const button of filters.picked.values()) button.setAttribute("aria-pressed", "false");
  $("find").value = $("level").value = "";
  $("findings").setAttribute("aria-pressed", "false");
  Object.assign(filters, { words: [], level: "", findings: false });
  filters.picked.clear();
  refresh();
  $("find").focus();
}

function onKey(event) {
  const isTyping = event.target.matches?.("input, select, textarea");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && !$("detail").open) {
    event.preventDefault();
    $("find").focus();
  } else if (event.target === $("find") && event.key === "ArrowDown") {
    event.preventDefault();
    focusCell(active.row, active.column);
  }
}

function openNamed() {
  const [id, target] = location.hash.slice(1).split("/");
  let wanted;
  try {
    wanted = decodeURIComponent(id);
  } catch {
    return;
  }
  const row = view.findIndex((one) => one.rule.id === wanted);
  const column = targets.findIndex((one) => one.name === target);
  if (row >= 0 && column >= 0) openDetail(row, column);
}

function start() {
  const made = data.made ? ` \u00b7 ${data.made}` : "";
  $("made").textContent = `${data.version} \u00b7 integration ${data.integration}${made}`;
  $("grid").style.setProperty("--targets", targets.length);
  $("grid").setAttribute("aria-colcount", targets.length + 1);
  $("head").append(...["Rule", ...targets.map((target) => target.heading)].map((text) => el("span", { role: "columnheader" }, text)));
  $("facts").replaceChildren(...data.facts.map((fact) => el("span", {}, shown(fact), " ")));
  $("headline").classList.add(data.well ? "good" : "bad");
  startTheme();
  startCards();
  startTools();
  $("matrix").hidden = false;
  refresh();
  $("grid").addEventListener("keydown", onGridKey);
  $("grid").addEventListener("click", onGridClick);
  $("grid").addEventListener("focusin", (event) => {
    if (event.target.matches(".cell")) focusCell(Number(event.target.dataset.at), Number(event.target.dataset.column), false);
  });
  $("detail").addEventListener("close", closed);
  $("detail").addEventListener("click", (event) => event.target === $("detail") && $("detail").close());
  addEventListener("keydown", onKey);
  addEventListener("scroll", () => requestAnimationFrame(() => render()), { passive: true });
  addEventListener("resize", layOut);
  addEventListener("beforeprint", () => render(true));
  addEventListener("afterprint", () => render());
  addEventListener("hashchange", () => !$("detail").open && openNamed());
  openNamed();
}

start();
