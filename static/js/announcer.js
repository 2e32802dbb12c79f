import { ANNOUNCE_MS } from "./constants.js";

/** Speaks through a polite live region: at once when something happened, else only now and then. */
export class Announcer {
  #region;
  #spoken = 0;

  /** @param {HTMLElement|null} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} sentence something that happened */
  say(sentence) {
    if (!this.#region) return;
    this.#spoken = performance.now();
    this.#region.textContent = sentence;
  }

  /** @param {string} sentence how far it is; dropped when the last word was a moment ago */
  mention(sentence) {
    if (performance.now() - this.#spoken >= ANNOUNCE_MS) this.say(sentence);
  }
}
