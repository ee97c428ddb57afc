// What the other scripts share. Text from rules and records goes into the page as text nodes only, never as markup.

const STATES = {
  "engine-error": { sign: "\u2716", word: "engine refuses it", rank: 0 },
  "not-as-claimed": { sign: "\u2716", word: "not as claimed", rank: 1 },
  "without-evidence": { sign: "?", word: "claim without evidence", rank: 2 },
  refused: { sign: "\u2298", word: "refused", rank: 3 },
  approximate: { sign: "\u2248", word: "approximate", rank: 4 },
  exact: { sign: "\u2713", word: "exact", rank: 5 },
};
const FINDINGS = ["engine-error", "not-as-claimed", "without-evidence"];
const DIRECTIONS = {
  misses: { sign: "\u25bd", word: "misses", plain: "can miss events" },
  extra: { sign: "\u25b3", word: "extra", plain: "can raise false alarms" },
};
const LEVELS = ["critical", "high", "medium", "low", "informational"];

const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en-US");
const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

/** An element with attributes and children; a child that is no node becomes text. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== false));
  return made;
}

// Controls, marks that change the direction of reading, what has no width, and halves of characters.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/gu;

/** Text of a rule or a record: what a reader can't see is written out, and nothing in it changes the text around. */
function shown(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(UNSEEN)) {
    parts.push(text.slice(end, found.index));
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(el("span", { class: "unseen-sign" }, `U+${code}`));
    end = found.index + found[0].length;
  }
  return el("bdi", {}, ...parts, text.slice(end));
}

/** Words of ours in which `code` stands in backticks. */
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? el("code", {}, shown(part)) : shown(part)));
}

function badge(state) {
  const { sign, word } = STATES[state];
  return el("span", { class: `badge ${state}` }, el("span", { class: "sign", "aria-hidden": "true" }, sign), " ", word);
}

function directionChip(direction) {
  const { sign, word } = DIRECTIONS[direction];
  return el("span", { class: `chip ${direction}` }, el("span", { "aria-hidden": "true" }, sign), ` ${word}`);
}

/** Tells something to those who don't see the page. */
function say(text) {
  $("said").textContent = "";
  setTimeout(() => ($("said").textContent = text), 50);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text);
  }
}

/** For a browser that gives a page from disk no clipboard. */
function copyOldWay(text) {
  const area = el("textarea", { class: "unseen" });
  area.value = text;
  (document.querySelector("dialog[open]") || document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function copyButton(text, what) {
  const button = el("button", { type: "button", class: "quiet copy" }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copy(text);
    button.focus();
    button.textContent = done ? "Copied" : "Can't copy";
    say(done ? `${what} copied` : "The browser does not let this page copy");
    setTimeout(() => (button.textContent = "Copy"), 1600);
  });
  return button;
}

const THEMES = { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" };

/** The theme's button: as the system has it, light, dark, and round again; kept where the browser lets a page keep it. */
function startTheme() {
  const button = $("theme");
  const set = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.textContent = THEMES[name];
    button.value = name;
    try {
      localStorage.setItem("sigmaproof-theme", name);
    } catch {
      /* a page from disk may have no storage: then the choice lasts as long as the page */
    }
  };
  let kept = "auto";
  try {
    kept = localStorage.getItem("sigmaproof-theme") || "auto";
  } catch {
    /* as above */
  }
  set(kept in THEMES ? kept : "auto");
  const names = Object.keys(THEMES);
  button.addEventListener("click", () => set(names[(names.indexOf(button.value) + 1) % names.length]));
  button.hidden = false;
}
