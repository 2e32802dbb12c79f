const DIRECTION = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The tiles to choose from: how the keyboard goes from one to the next, and where more come from. */
export class Tray {
  #root;
  #roving;
  #onStep;

  /**
   * @param {HTMLElement} root
   * @param {boolean} roving whether the arrow keys go from tile to tile here, as browsers let them do
   *   where only one can be chosen; one stop of the Tab key is then enough for all of them
   * @param {(tile: HTMLInputElement) => void} onStep told which tile the keyboard has come to
   */
  constructor(root, roving, onStep) {
    this.#root = root;
    this.#roving = roving;
    this.#onStep = onStep;
    if (roving) root.addEventListener("keydown", (event) => this.#walk(event));
    for (const button of root.querySelectorAll("[data-older]")) this.#offerOlder(button);
    this.#uncover();
    this.stopAt(this.checked[0] ?? this.tiles[0]);
  }

  /** @returns {HTMLInputElement[]} */
  get tiles() {
    return [...this.#root.querySelectorAll("[data-tile]")];
  }

  /** @returns {HTMLInputElement[]} */
  get checked() {
    return this.tiles.filter((tile) => tile.checked);
  }

  /** @param {HTMLInputElement|undefined} stop the tile at which the Tab key stops */
  stopAt(stop) {
    if (this.#roving) for (const tile of this.tiles) tile.tabIndex = tile === stop ? 0 : -1;
  }

  #walk(event) {
    const direction = DIRECTION[event.key];
    if (!direction || !event.target.matches("[data-tile]") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { tiles } = this;
    const next = tiles.at((tiles.indexOf(event.target) + direction) % tiles.length);
    this.#onStep(next);
    this.stopAt(next);
    next.focus();
  }

  #offerOlder(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.setAttribute("aria-disabled", "true");
      const page = document.createElement("template");
      try {
        const response = await fetch(button.dataset.older);
        if (!response.ok) throw new Error(response.statusText);
        page.innerHTML = await response.text();
      } catch {
        // The button is still there to try again.
        return;
      } finally {
        button.removeAttribute("aria-disabled");
      }
      this.#hang(page.content, button);
    });
  }

  #hang(found, button) {
    const known = new Set(this.tiles.map(({ value }) => value));
    const stop = this.tiles.find(({ tabIndex }) => tabIndex === 0);
    const places = [...found.querySelectorAll(".tile-place")];
    const fresh = places.filter((place) => !known.has(place.querySelector("[data-tile]").value));
    button.before(...fresh);
    const next = found.querySelector("[data-older]");
    if (next) button.dataset.older = next.dataset.older;
    else button.remove();
    this.stopAt(stop);
    fresh[0]?.querySelector("[data-tile]").focus();
  }

  /** The tiles scroll in their own place, and the chosen one may lie beyond its edge. */
  #uncover() {
    const place = this.checked[0]?.closest(".tile-place");
    if (!place) return;
    const strip = place.parentElement;
    const tray = strip.parentElement;
    strip.scrollLeft = place.offsetLeft - strip.offsetLeft - (strip.clientWidth - place.clientWidth) / 2;
    tray.scrollTop = place.offsetTop - tray.offsetTop - (tray.clientHeight - place.clientHeight) / 2;
  }
}
