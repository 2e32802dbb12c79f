import { ESTIMATE_PAUSE_MS } from "./constants.js";

/** Asks the server how long what is filled in will take. What a step costs is known there only. */
export class Estimate {
  #form;
  #place;
  #photo;
  #onAnswer;
  #asked = "";
  #pause = 0;
  #request = new AbortController();

  /**
   * @param {HTMLElement} place where the answer is shown, in the form that it is about
   * @param {() => {width: number, height: number}|null} photo
   * @param {(answer: {presets: {name: string, about: string}[]}) => void} onAnswer
   */
  constructor(place, photo, onAnswer) {
    this.#form = place.closest("form");
    this.#place = place;
    this.#photo = photo;
    this.#onAnswer = onAnswer;
    this.#form.addEventListener("input", () => this.update());
    // Only once it is here, a picture of the visitor's own has proportions.
    this.#form.addEventListener("load", () => this.update(), true);
    this.update();
  }

  /** Ask anew, if anything has changed, as soon as the visitor pauses. */
  update() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#ask(), ESTIMATE_PAUSE_MS);
  }

  async #ask() {
    const query = this.#query();
    if (query === this.#asked) return;
    this.#asked = query;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const answer = query === null ? null : await this.#answer(query, signal);
    if (signal.aborted) return;
    this.#place.textContent = answer?.about ?? "";
    if (answer) this.#onAnswer(answer);
  }

  /** The settings that are not as they come, or null while one of them is wrong. */
  #query() {
    const inputs = [...this.#form.querySelectorAll("[data-setting]")];
    if (!inputs.every((input) => input.checkValidity())) return null;
    const changed = inputs.filter(({ value, dataset }) => value.trim() !== dataset.default);
    const settings = changed.map(({ name, value }) => [name, value]);
    return String(new URLSearchParams([...settings, ...Object.entries(this.#photo() ?? {})]));
  }

  async #answer(query, signal) {
    try {
      const response = await fetch(`${this.#place.dataset.estimate}?${query}`, { signal });
      return response.ok ? await response.json() : null;
    } catch {
      // Without an answer there is no estimate; it is asked for again with the next change.
      this.#asked = "";
      return null;
    }
  }
}
