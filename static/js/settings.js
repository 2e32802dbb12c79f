/** Notes beside "More settings" which of them are not as they come. */
export class Settings {
  #more;
  #note;

  /** @param {HTMLDetailsElement} more */
  constructor(more) {
    this.#more = more;
    this.#note = more.querySelector("[data-changed]");
    more.addEventListener("input", () => this.#update());
    this.#update();
  }

  #update() {
    const changed = [...this.#more.querySelectorAll("[data-setting]")].filter(
      (input) => input.value.trim() !== input.dataset.default,
    );
    this.#note.textContent = changed.map((input) => describe(input)).join(", ");
  }
}

function describe(input) {
  const [label] = input.labels;
  const value = input.selectedOptions ? input.selectedOptions[0].label.split(" – ")[0] : input.value;
  return `${label.firstChild.textContent.trim()} ${value.trim() || "empty"}`;
}
