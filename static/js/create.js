import { Announcer } from "./announcer.js";
import { Blend } from "./blend.js";
import { Draft } from "./draft.js";
import { Estimate } from "./estimate.js";
import { Picker } from "./picker.js";
import { Presets } from "./presets.js";
import { Readiness } from "./readiness.js";
import { Reuse } from "./reuse.js";
import { Settings, stepByKeys } from "./settings.js";

const form = document.querySelector("[data-create]");
const start = form.querySelector("[data-start]");
const startTitle = form.querySelector("[data-start-title]");
const announcer = new Announcer(form.querySelector("[data-announcer]"));
const startLabel = start.textContent;

const MISSING = {
  content: "Please choose a photograph, or use your own.",
  style: "Please choose an artwork, or use your own.",
};

const pickers = new Map();
for (const root of form.querySelectorAll("[data-picker]")) {
  pickers.set(root.dataset.picker, new Picker(root, chosen));
}
const [content, style] = pickers.values();
for (const root of form.querySelectorAll("[data-blend]")) new Blend(root, style);

const presets = new Presets(form.querySelector("[data-presets]"), form.querySelector("[data-custom]"));
const estimate = new Estimate(
  form.querySelector("[data-estimate]"),
  () => content.size,
  (answer) => presets.tell(answer.presets),
);

const reuse = new Reuse(form.querySelector("[data-reuse]"), form.querySelector("[data-settings-section]"), (sentence) =>
  announcer.say(sentence),
);
for (const [kind, picker] of pickers) {
  const offer = form.querySelector(`[data-picker=${kind}] [data-offer]`);
  picker.onFile = (file) => reuse.offer(offer, file);
}
const readiness = new Readiness(form.querySelector("[data-readiness]"));
const place = form.querySelector("[data-draft]");
const draft =
  place && new Draft(place, { title, photo: () => content.size, busy: () => content.busy || style.busy });

function chosen(sentence) {
  announcer.say(sentence);
  nameIt();
  estimate.update();
  draft?.update();
}

function title() {
  return content.title && style.title ? `${content.title}, after ${style.title}` : "";
}

function nameIt() {
  startTitle.textContent = title();
}

/** The first thing that keeps the form from being sent, brought before the visitor. */
function hindrance() {
  const missing = [...pickers].filter(([, picker]) => !picker.title);
  for (const [kind, picker] of missing) picker.complain(MISSING[kind]);
  if (missing.length) {
    const [[, first]] = missing;
    first.focus();
    announcer.say(missing.map(([kind]) => MISSING[kind]).join(" "));
    return first;
  }
  const wrong = [...form.querySelectorAll("[data-setting]")].find((input) => !input.checkValidity());
  if (!wrong) return null;
  const details = wrong.closest("details");
  if (details) details.open = true;
  wrong.reportValidity();
  return wrong;
}

function rest(busy) {
  start.textContent = busy ? (content.hasFile || style.hasFile ? "Sending…" : start.dataset.busyLabel) : startLabel;
  if (busy) start.setAttribute("aria-disabled", "true");
  else start.removeAttribute("aria-disabled");
}

form.addEventListener("submit", (event) => {
  if (start.hasAttribute("aria-disabled")) event.preventDefault();
  else if (content.busy || style.busy) {
    event.preventDefault();
    startWhenReady();
  } else if (hindrance()) event.preventDefault();
  else {
    rest(true);
    draft?.stop();
  }
});

/** A large photo is still being made smaller. */
async function startWhenReady() {
  rest(true);
  const usable = await Promise.all([content.ready, style.ready]);
  rest(false);
  if (usable.every(Boolean)) form.requestSubmit(start);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  event.preventDefault();
  form.requestSubmit(start);
});

/** A page come back to is a new order, or Start would lead to the run it began before. */
function renew() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  form.elements.submission.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

addEventListener("pageshow", () => {
  renew();
  rest(false);
  // What the browser filled in again after going back.
  content.resume();
  style.resume();
  presets.show();
  readiness.update();
  estimate.update();
});

// A picture dropped beside the two places must not replace the page.
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.defaultPrevented && event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}

document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file) return;
  const here = form.querySelector("[data-picker]:hover, [data-picker]:focus-within");
  // Pasted twice without pointing anywhere, the first is the photograph and the second the artwork.
  const target = here ? pickers.get(here.dataset.picker) : content.hasFile ? style : content;
  target.put(file);
});

const more = form.querySelector("[data-more]");
if (more) new Settings(more);
stepByKeys(form);
document.querySelector("[data-summary]")?.focus();
nameIt();
