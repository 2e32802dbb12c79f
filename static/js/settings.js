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

/**
 * Let the arrow keys change a number by a useful amount, though any value between may be typed:
 * the `step` attribute would refuse those.
 * @param {HTMLFormElement} form
 */
export function stepByKeys(form) {
  form.addEventListener("keydown", (event) => {
    const input = event.target;
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction || !input.dataset?.step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const value = (input.valueAsNumber || 0) + direction * Number(input.dataset.step);
    const bounded = Math.min(Number(input.max), Math.max(Number(input.min), value));
    // Tenths do not add up in binary.
    input.value = String(Number(bounded.toFixed(6)));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
