/** Lets several artworks be chosen, and says with a slider for each how much it counts. */
export class Blend {
  #picker;
  #list;
  #hint;
  #rows = new Map();

  /**
   * @param {HTMLElement} root
   * @param {import("./picker.js").Picker} picker
   */
  constructor(root, picker) {
    this.#picker = picker;
    this.#list = root.querySelector("[data-blend-list]");
    this.#hint = root.querySelector("[data-blend-hint]");
    const toggle = root.querySelector("[data-blend-switch]");
    toggle.checked = picker.several;
    toggle.addEventListener("change", () => {
      picker.several = toggle.checked;
    });
    picker.onShow = (chosen) => this.#show(chosen);
  }

  #show(chosen) {
    const blended = this.#picker.several && chosen.length > 1;
    this.#hint.hidden = !this.#picker.several || blended;
    const rows = blended ? chosen.map((one) => this.#row(one)) : [];
    const focused = this.#list.contains(document.activeElement);
    this.#rows = new Map(rows.map((row) => [row.one.key, row]));
    for (const { element } of rows) if (!element.isConnected) this.#list.append(element);
    for (const element of [...this.#list.children]) {
      if (!rows.some((row) => row.element === element)) element.remove();
    }
    // The button that took an artwork away went with it.
    if (focused && !this.#list.contains(document.activeElement)) {
      (this.#list.querySelector("button") ?? this.#hint.closest("[data-blend]").querySelector("input")).focus();
    }
    this.#weigh();
  }

  #row(one) {
    const known = this.#rows.get(one.key);
    if (known) return Object.assign(known, { one });
    const element = document.createElement("li");
    const title = Object.assign(document.createElement("span"), { className: "blend-title", textContent: one.title });
    const slider = Object.assign(document.createElement("input"), { type: "range", min: 1, max: 100, value: one.share.value });
    slider.setAttribute("aria-label", `Share of ${one.title}`);
    const percent = Object.assign(document.createElement("span"), { className: "blend-percent" });
    const away = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "Remove" });
    away.setAttribute("aria-label", `Remove ${one.title}`);
    element.append(title, percent, slider, away);
    const row = { one, element, slider, percent };
    slider.addEventListener("input", () => {
      row.one.share.value = slider.value;
      this.#weigh();
    });
    away.addEventListener("click", () => row.one.drop());
    return row;
  }

  /** Say in percent what each counts, and give it as much of the stage. */
  #weigh() {
    const rows = [...this.#rows.values()];
    const whole = rows.reduce((sum, { slider }) => sum + slider.valueAsNumber, 0);
    for (const { one, slider, percent } of rows) {
      const share = Math.round((100 * slider.valueAsNumber) / whole);
      percent.textContent = `${share} %`;
      slider.setAttribute("aria-valuetext", `${share} %`);
      one.image.style.flexGrow = String(slider.valueAsNumber);
    }
  }
}
