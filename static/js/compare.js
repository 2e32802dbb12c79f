/** Lays the photograph over part of the painting; a range input moves the border between them. */
export class Compare {
  #bar;
  #range;
  #frame;
  #opened = false;

  /**
   * @param {HTMLElement} bar the element around the range input
   * @param {HTMLElement} frame the element with the layers of the picture
   */
  constructor(bar, frame) {
    this.#bar = bar;
    this.#range = bar.querySelector("input");
    this.#frame = frame;
  }

  /** Bring it up, with the painting whole at first. */
  open() {
    if (this.#opened) return;
    this.#opened = true;
    const before = new Image();
    before.className = "layer before";
    before.alt = "";
    before.sizes = getComputedStyle(this.#frame).inlineSize;
    before.srcset = this.#bar.dataset.srcset;
    before.src = this.#bar.dataset.before;
    const divider = document.createElement("span");
    divider.className = "divider";
    this.#frame.append(before, divider);
    this.#bar.hidden = false;
    this.#bar.parentElement.classList.add("is-comparing");
    this.#range.addEventListener("input", () => this.#move(Number(this.#range.value)));
    this.#frame.addEventListener("pointerdown", (event) => this.#grab(event));
    this.#frame.addEventListener("pointermove", (event) => this.#drag(event));
    this.#move(Number(this.#range.value));
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#frame.setPointerCapture(event.pointerId);
    this.#drag(event);
  }

  #drag(event) {
    if (!this.#frame.hasPointerCapture(event.pointerId)) return;
    const box = this.#frame.getBoundingClientRect();
    const share = (100 * (event.clientX - box.left)) / box.width;
    this.#range.value = String(Math.max(0, Math.min(100, share)));
    this.#move(Number(this.#range.value));
  }

  #move(share) {
    this.#frame.style.setProperty("--split", `${share}%`);
    this.#frame.querySelector(".divider").hidden = share <= 0 || share >= 100;
    this.#range.setAttribute("aria-valuetext", `${Math.round(share)} % photograph`);
  }
}
