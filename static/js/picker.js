const MEBIBYTE = 1024 * 1024;

/** One of the two pictures to choose: a sample, an earlier upload, or a file of the visitor's own. */
export class Picker {
  #root;
  #file;
  #title = "";
  #onChange;
  #address = null;
  #kept = new DataTransfer().files;
  #fallback = Object.assign(document.createElement("input"), { type: "hidden" });

  /**
   * @param {HTMLElement} root the fieldset
   * @param {(sentence: string) => void} onChange told in words what was chosen or refused
   */
  constructor(root, onChange) {
    this.#root = root;
    this.#onChange = onChange;
    this.#file = root.querySelector("input[type=file]");
    this.#title = this.#checked?.dataset.title ?? "";
    root.addEventListener("change", (event) => this.#changed(event.target));
    root.addEventListener("dragover", (event) => this.#over(event));
    root.addEventListener("dragleave", (event) => {
      if (!root.contains(event.relatedTarget)) root.classList.remove("is-target");
    });
    root.addEventListener("drop", (event) => this.#dropped(event));
    // What the browser filled in again after going back counts as chosen.
    this.#uncover();
    if (this.#file.files.length) this.#takeFile(this.#file.files[0]);
    else if (this.#checked) this.#takeSample(this.#checked, false);
  }

  get #checked() {
    return this.#root.querySelector("input[type=radio]:checked");
  }

  /** The name of the chosen picture, or "" while there is none. */
  get title() {
    return this.#title;
  }

  /** Whether a file of the visitor's own is chosen, which has to travel first. */
  get hasFile() {
    return this.#file.files.length > 0;
  }

  /**
   * Put a file in, as if it had been chosen with the button.
   * @param {File} file
   */
  put(file) {
    const transfer = new DataTransfer();
    transfer.items.add(file);
    this.#file.files = transfer.files;
    this.#takeFile(file);
  }

  /** @param {string} sentence what is wrong; "" when nothing is */
  complain(sentence) {
    this.#root.querySelector("[data-error]").textContent = sentence;
    this.#root.classList.toggle("has-error", Boolean(sentence));
    if (sentence) this.#file.setAttribute("aria-invalid", "true");
    else this.#file.removeAttribute("aria-invalid");
  }

  /** Bring the visitor here. */
  focus() {
    (this.#checked ?? this.#root.querySelector("input[type=radio]") ?? this.#file).focus();
    this.#root.scrollIntoView({ block: "start" });
  }

  #changed(input) {
    if (input.type === "radio") this.#keepInPlace(input, () => this.#takeSample(input, true));
    else if (input.files.length) this.#takeFile(input.files[0]);
  }

  /** The stage grows for its first picture; what the visitor points at must not slip away. */
  #keepInPlace(element, change) {
    const before = element.getBoundingClientRect().top;
    change();
    scrollBy({ top: element.getBoundingClientRect().top - before, behavior: "instant" });
  }

  #takeSample(radio, chosen) {
    this.#file.value = "";
    this.#kept = this.#file.files;
    this.#fallback.remove();
    const { url, title, width, height } = radio.dataset;
    this.#preview(url, title, { width, height });
    if (!chosen) return;
    this.complain("");
    this.#onChange(`${title} chosen.`);
  }

  #takeFile(file) {
    const problem = this.#problem(file);
    if (problem) {
      // What was chosen before is still what the visitor sees.
      this.#file.files = this.#kept;
      this.complain(problem);
      this.#onChange(problem);
      return;
    }
    this.#kept = this.#file.files;
    this.#setAside(this.#checked);
    this.complain("");
    this.#preview(URL.createObjectURL(file), file.name.replace(/\.[^.]+$/, "") || file.name, {});
    this.#onChange(`${file.name} chosen.`);
  }

  /** The file is what counts now; should the server refuse it, what was chosen before is still there. */
  #setAside(radio) {
    if (!radio) return;
    this.#fallback.name = radio.name;
    this.#fallback.value = radio.value;
    this.#root.append(this.#fallback);
    radio.checked = false;
  }

  #problem(file) {
    const { maxMb, formats } = this.#root.dataset;
    const accepted = this.#file.accept.split(",").map((type) => type.trim());
    const fits = accepted.some((type) => type === file.type || (type[0] === "." && file.name.toLowerCase().endsWith(type)));
    if (file.type && !fits) return `This file is not a picture we can read. Please choose ${formats}.`;
    const size = file.size / MEBIBYTE;
    if (size > Number(maxMb)) {
      return `This picture has ${size.toFixed(1)} MiB; the limit is ${maxMb} MiB. Please choose a smaller one.`;
    }
    return "";
  }

  #preview(address, title, size) {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = address.startsWith("blob:") ? address : null;
    this.#title = title;
    this.#root.querySelector("[data-chosen]").textContent = title;
    const stage = this.#root.querySelector("[data-stage]");
    if (stage.querySelector("img")?.getAttribute("src") === address) return;
    const image = Object.assign(new Image(), { alt: "", ...size });
    image.addEventListener("error", () => {
      if (image.src !== address || !this.#address) return;
      this.complain(`The browser cannot show this file. Please choose ${this.#root.dataset.formats}.`);
    });
    image.src = address;
    stage.querySelector("img")?.remove();
    stage.querySelector("[data-empty]").hidden = true;
    stage.append(image);
  }

  /** The tiles scroll in their own place, and the chosen one may lie beyond its edge. */
  #uncover() {
    const tile = this.#checked?.parentElement;
    if (!tile) return;
    const strip = tile.parentElement;
    const tray = strip.parentElement;
    strip.scrollLeft = tile.offsetLeft - strip.offsetLeft - (strip.clientWidth - tile.clientWidth) / 2;
    tray.scrollTop = tile.offsetTop - tray.offsetTop - (tray.clientHeight - tile.clientHeight) / 2;
  }

  #over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#root.classList.add("is-target");
  }

  #dropped(event) {
    this.#root.classList.remove("is-target");
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    this.put(file);
  }
}
