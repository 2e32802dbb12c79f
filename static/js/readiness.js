/** Says of the chosen model whether it can be painted with, and offers a way out if it cannot yet. */
export class Readiness {
  #model;
  #weights;
  #told;
  #offer;
  #withoutWeights;

  /** @param {HTMLElement} root the place for it, in the form that it is about */
  constructor(root) {
    const { model, weights } = root.closest("form").elements;
    this.#model = model;
    this.#weights = weights;
    this.#told = root.querySelector("span");
    this.#offer = root.querySelector("button");
    this.#withoutWeights = root.dataset.withoutWeights;
    for (const select of [model, weights]) select.addEventListener("input", () => this.update());
    this.#offer.addEventListener("click", () => {
      weights.value = this.#offer.value;
      weights.dispatchEvent(new Event("input", { bubbles: true }));
      // The button is gone, and the keyboard must not start over from the top.
      model.focus();
    });
    this.update();
  }

  /** Follow what is chosen. */
  update() {
    const [chosen] = this.#model.selectedOptions;
    const untrained = this.#weights.value === this.#offer.value;
    const told = untrained ? this.#withoutWeights : (chosen?.dataset.consequence ?? "");
    // What is said again would be read out again.
    if (this.#told.textContent !== told) this.#told.textContent = told;
    this.#offer.hidden = untrained || !chosen || chosen.dataset.lacking === undefined;
  }
}
