import { DRAFT_PATIENCE_MS, DRAFT_PAUSE_MS, ENDED } from "./constants.js";
import { Frame } from "./frame.js";
import { Live } from "./live.js";

const WORDS = {
  asked: "Preview on its way…",
  busy: "The painters are busy; the preview comes when one is free.",
  running: "Painting the preview…",
  gone: "This preview is gone. Change something to see another.",
  failed: "There is no preview of this just now.",
  saving: "No previews while your browser saves data",
};

/** Width by height; of a photograph outside these a draft only fills a part of its place. */
const SHAPES = [0.6, 2.5];

/** What a form has besides what can be seen in a painting. */
const UNSEEN = /^(csrf_token|submission|preset|before:.*)$/;

/**
 * Shows beside the two chosen pictures how the painting will look, as soon as both are chosen: a
 * draft, which the server paints while no painting waits. It is cancelled by another choice, by
 * Start, and by leaving the page.
 */
export class Draft {
  #root;
  #form;
  #title;
  #photo;
  #busy;
  #settled;
  #words;
  #box;
  #frame;
  #live = new Live();
  #away = false;
  #choice = null;
  #pause = 0;
  #patience = 0;
  #request = new AbortController();
  #followed = null;
  #taken = new Map();
  #reading = false;

  /**
   * @param {HTMLElement} root where it is shown, in the form that it is about
   * @param {object} form what is known of it
   * @param {() => string} form.title what the painting is called, "" while there is nothing to paint
   * @param {() => {width: number, height: number}|null} form.photo
   * @param {() => boolean} form.busy whether a picture is still being made ready to travel
   */
  constructor(root, { title, photo, busy }) {
    this.#root = root;
    this.#form = root.closest("form");
    this.#title = title;
    this.#photo = photo;
    this.#busy = busy;
    this.#settled = new Set(JSON.parse(root.dataset.settled));
    this.#words = root.querySelector("[data-draft-words]");
    this.#box = root.querySelector("[data-frame]");
    this.#frame = new Frame(this.#box);
    if (navigator.connection?.saveData) {
      root.querySelector("[data-empty]").textContent = WORDS.saving;
      return;
    }
    for (const name of ["input", "change", "click"]) this.#form.addEventListener(name, () => this.update());
    this.#form.addEventListener("formdata", (event) => this.#lighten(event.formData));
    // Only once it is here, a picture of the visitor's own has proportions.
    this.#form.addEventListener("load", () => this.#shape(), true);
    document.addEventListener("visibilitychange", () => this.update());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", () => {
      this.#away = false;
      this.update();
    });
  }

  /** Look whether something else is chosen; if so, ask for its draft as soon as the visitor pauses. */
  update() {
    if (this.#away || document.hidden || navigator.connection?.saveData) return;
    if (this.#busy()) {
      // Whatever was about to be asked for would take the picture along as it is.
      clearTimeout(this.#pause);
      this.#choice = undefined;
      return;
    }
    const choice = this.#read();
    if (choice === this.#choice) return;
    this.#cancel();
    this.#choice = choice;
    this.#shape();
    if (choice === null) {
      this.#frame.clear();
      this.#show("empty");
    } else {
      this.#box.classList.add("is-blank");
      this.#show("asked", WORDS.asked);
      this.#pause = setTimeout(() => this.#ask(), DRAFT_PAUSE_MS);
    }
  }

  /** The visitor leaves, or what is chosen is painted in earnest. */
  stop() {
    this.#away = true;
    this.#choice = null;
    this.#cancel();
  }

  #cancel() {
    clearTimeout(this.#pause);
    clearTimeout(this.#patience);
    this.#request.abort();
    if (!this.#followed) return;
    const { id, cancel } = this.#followed;
    this.#followed = null;
    this.#live.leave(id);
    const body = new FormData();
    body.set("csrf_token", this.#form.elements.csrf_token.value);
    // On its way also while the page goes away. Should it be lost, the server forgets by itself.
    fetch(cancel, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  /** All that decides how the painting looks, as text to compare; null while there is no such thing. */
  #read() {
    const matters = ({ name }) => !this.#settled.has(name);
    const settings = [...this.#form.querySelectorAll("[data-setting]")].filter(matters);
    if (!this.#title() || !settings.every((input) => input.checkValidity())) return null;
    this.#reading = true;
    const entries = [...new FormData(this.#form)];
    this.#reading = false;
    const seen = entries.filter(([name]) => matters({ name }) && !UNSEEN.test(name));
    return JSON.stringify(seen.map(([name, value]) => [name, value instanceof File ? mark(name, value) : value]));
  }

  /** Give the draft a place of the photograph's proportions. */
  #shape() {
    const size = this.#choice === null ? null : this.#photo();
    const [least, most] = SHAPES;
    const shape = size ? Math.min(most, Math.max(least, size.width / size.height)) : 1;
    this.#root.style.setProperty("--shape", String(shape));
  }

  async #ask() {
    this.#request = new AbortController();
    const { signal } = this.#request;
    const body = new FormData(this.#form);
    const files = this.#files();
    try {
      const response = await fetch(this.#root.dataset.draft, { method: "POST", body, signal });
      const answer = await response.json();
      for (const [name, file] of files) {
        if (answer.taken?.[name]) this.#taken.set(mark(name, file), answer.taken[name]);
      }
      if (response.ok) this.#follow(answer);
      else this.#fail(answer.errors?.[0]);
    } catch {
      if (!signal.aborted) this.#fail();
    }
  }

  #follow(draft) {
    this.#followed = draft;
    this.#patience = setTimeout(() => {
      if (this.#root.dataset.state === "asked") this.#show("busy", WORDS.busy);
    }, DRAFT_PATIENCE_MS);
    const take = (news) => this.#take(draft, news);
    this.#live.follow(
      { id: draft.id, seq: 0, api: draft.api },
      {
        onSnapshot: take,
        // An event about a step says by itself that it is being painted.
        onProgress: (progress) => take({ state: "running", ...progress }),
        // The end is shown from the snapshot that follows.
        onState: (change) => {
          if (!ENDED.has(change.state)) take(change);
        },
        onGone: () => take({ state: "gone" }),
      },
    );
    this.#live.start();
  }

  /** Show what is new of a draft. Settles once its picture shows. */
  async #take(draft, { state, error, frame, frame_url: address }) {
    if (draft !== this.#followed) return;
    if (state === "queued") {
      // It had begun, and gave way to a painting.
      if (this.#root.dataset.state === "running") this.#show("busy", WORDS.busy);
    } else if (state === "running" || state === "done") {
      this.#show(state, state === "done" ? this.#words.dataset.draftWords : WORDS.running);
      await this.#frame.show(frame ?? address ?? null);
    } else if (state === "failed") this.#fail(error);
    else this.#lose();
  }

  #fail(sentence) {
    this.#frame.clear();
    this.#show("failed", sentence || WORDS.failed);
  }

  /** Another tab of the visitor's has a draft now; who comes back to this one gets it anew. */
  #lose() {
    this.#followed = null;
    this.#choice = undefined;
    this.#show("gone", WORDS.gone);
  }

  #show(state, words = "") {
    this.#root.dataset.state = state;
    this.#box.dataset.alt = `Preview of ${this.#title()}`;
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }

  /** The files that are chosen, by the names of their fields. */
  #files() {
    const inputs = [...this.#form.querySelectorAll("input[type=file]")];
    return inputs.filter(({ files }) => files.length).map(({ name, files }) => [name, files[0]]);
  }

  /** What the server has taken with a draft is named to it, and does not travel again with Start. */
  #lighten(data) {
    if (this.#reading) return;
    for (const [name, file] of this.#files()) {
      const reference = this.#taken.get(mark(name, file));
      if (!reference) continue;
      data.delete(name);
      if (name === "style_file") {
        data.delete("style_before");
        data.append("style", reference);
        data.set(`share:${reference}`, data.get("share:file"));
      } else data.set(name.replace(/_file$/, ""), reference);
    }
  }
}

/** What tells a file in a field from all others; that there is none has a new date each time. */
function mark(field, { name, size, lastModified }) {
  return name && `${field}:${name}:${size}:${lastModified}`;
}
