import { DECODE_TIMEOUT_MS } from "./constants.js";

/** The photograph that Compare lays on top is not ours. */
const LAYERS = ".layer:not(.before)";
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** The picture of a run: each new one is decoded out of sight and fades in over the one before. */
export class Frame {
  #box;
  #source;

  /** @param {HTMLElement} box the element with the layers */
  constructor(box) {
    this.#box = box;
    this.#source = box.querySelector(LAYERS)?.getAttribute("src") ?? null;
  }

  /** @param {string} alt what the picture is, from now on */
  describe(alt) {
    this.#box.dataset.alt = alt;
    const images = this.#box.querySelectorAll(LAYERS);
    images.item(images.length - 1)?.setAttribute("alt", alt);
  }

  /** Take down whatever hangs or is on its way. */
  clear() {
    this.#source = null;
    for (const image of this.#box.querySelectorAll(LAYERS)) image.remove();
  }

  /**
   * Show a picture. Settles once it is decoded and on its way in.
   * @param {string|null} source an address or a data URL
   * @returns {Promise<void>}
   */
  async show(source) {
    if (!source || source === this.#source) return;
    this.#source = source;
    const image = new Image();
    image.className = "layer";
    image.alt = this.#box.dataset.alt;
    image.src = source;
    // Browsers may put off decoding in a tab nobody looks at, and the server waits for us.
    const patience = new Promise((resolve) => setTimeout(resolve, DECODE_TIMEOUT_MS));
    try {
      await Promise.race([image.decode(), patience]);
    } catch {
      // An unreadable picture leaves the one before in place, and may be asked for again.
      if (this.#source === source) this.#source = null;
      return;
    }
    if (this.#source === source) this.#enter(image);
  }

  #enter(image) {
    const before = [...this.#box.querySelectorAll(LAYERS)];
    for (const old of before) old.alt = "";
    if (before.length) before.at(-1).after(image);
    else this.#box.append(image);
    this.#box.classList.remove("is-blank");
    const settle = () => before.forEach((old) => old.remove());
    if (STILL.matches || document.hidden) return settle();
    image.classList.add("is-entering");
    image.addEventListener("animationend", settle, { once: true });
    // Should the animation never run, layers must not pile up.
    setTimeout(settle, DECODE_TIMEOUT_MS);
  }
}
