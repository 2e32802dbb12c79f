/** Fills in what a preset stands for, and shows which of them the fields stand for now. */
export class Presets {
  #form;
  #radios;
  #abouts;
  #custom;

  /**
   * @param {HTMLFieldSetElement} root
   * @param {HTMLElement} custom says so where it is none of them
   */
  constructor(root, custom) {
    this.#form = root.form;
    this.#radios = [...root.querySelectorAll("[data-settings]")];
    this.#abouts = [...root.querySelectorAll("[data-about]")];
    this.#custom = custom;
    root.addEventListener("change", (event) => this.#fillIn(event.target));
    this.#form.addEventListener("input", (event) => {
      if (!this.#radios.includes(event.target)) this.show();
    });
    this.show();
  }

  /** Mark the preset that the fields stand for. */
  show() {
    for (const radio of this.#radios) {
      radio.checked = this.#fields(radio).every(([field, value]) => field.value.trim() === value);
    }
    this.#custom.textContent = this.#radios.some(({ checked }) => checked) ? "" : "Custom";
  }

  /** @param {{name: string, about: string}[]} presets how long each takes, in words */
  tell(presets) {
    const told = new Map(presets.map(({ name, about }) => [name, about]));
    for (const about of this.#abouts) about.textContent = told.get(about.dataset.about) ?? "";
  }

  #fillIn(radio) {
    for (const [field, value] of this.#fields(radio)) {
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  #fields(radio) {
    const settings = Object.entries(JSON.parse(radio.dataset.settings));
    return settings.map(([name, value]) => [this.#form.elements[name], String(value)]);
  }
}
