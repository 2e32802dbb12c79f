const MEBIBYTE = 1024 * 1024;
const DIRECTION = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * @typedef {object} Chosen one picture that is chosen
 * @property {string} key what tells it from the others
 * @property {string} title
 * @property {HTMLInputElement|null} share the field with what it counts in a blend
 * @property {() => void} drop choose it no longer
 * @property {HTMLImageElement} [image] how it hangs on the stage
 */

/** What to choose from: samples, earlier uploads, or a file of the visitor's own; one, or several. */
export class Picker {
  #root;
  #file;
  #most;
  #onChange;
  #onShow = () => {};
  #several = false;
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
    this.#most = Number(root.dataset.most);
    this.#file = root.querySelector("input[type=file]");
    this.#several = this.#checked.length > 1;
    root.addEventListener("change", (event) => this.#changed(event.target));
    if (this.#most > 1) root.addEventListener("keydown", (event) => this.#walk(event));
    root.addEventListener("dragover", (event) => this.#over(event));
    root.addEventListener("dragleave", (event) => {
      if (!root.contains(event.relatedTarget)) root.classList.remove("is-target");
    });
    root.addEventListener("drop", (event) => this.#dropped(event));
    // What the browser filled in again after going back counts as chosen.
    this.#uncover();
    this.#stopAt(this.#checked[0] ?? this.#tiles[0]);
    if (this.#file.files.length) this.#takeFile(this.#file.files[0]);
    else this.#show();
  }

  get #tiles() {
    return [...this.#root.querySelectorAll("[data-tile]")];
  }

  get #checked() {
    return this.#tiles.filter((tile) => tile.checked);
  }

  /** The names of what is chosen, or "" while there is nothing. */
  get title() {
    return this.chosen.map(({ title }) => title).join(" and ");
  }

  /** Width and height of the first chosen picture, null until they are known. */
  get size() {
    const image = this.#root.querySelector("[data-stage] img");
    const width = image?.naturalWidth || Number(image?.getAttribute("width"));
    const height = image?.naturalHeight || Number(image?.getAttribute("height"));
    return width && height ? { width, height } : null;
  }

  /** Whether a file of the visitor's own is chosen, which has to travel first. */
  get hasFile() {
    return this.#file.files.length > 0;
  }

  /** @returns {Chosen[]} */
  get chosen() {
    const chosen = this.#checked.map((tile) => ({
      key: tile.value,
      ...tile.dataset,
      share: tile.closest("label").parentElement.querySelector("input[type=number]"),
      drop: () => {
        tile.checked = false;
        this.#changed(tile);
      },
    }));
    if (!this.hasFile) return chosen;
    const { name } = this.#file.files[0];
    const own = {
      key: this.#address,
      url: this.#address,
      title: name.replace(/\.[^.]+$/, "") || name,
      share: this.#root.querySelector("[data-file-share]"),
      drop: () => {
        this.#forgetFile();
        this.#show();
      },
    };
    return [...chosen, own];
  }

  /** Whether several may be chosen at once. */
  get several() {
    return this.#several;
  }

  /** @param {boolean} several when no longer, the first of them stays */
  set several(several) {
    if (!several) for (const { drop } of this.chosen.slice(1)) drop();
    this.#several = several;
    this.#show();
  }

  /** @param {(chosen: Chosen[]) => void} listener told what hangs on the stage, now and ever after */
  set onShow(listener) {
    this.#onShow = listener;
    this.#show();
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
    (this.#checked[0] ?? this.#tiles[0] ?? this.#file).focus();
    this.#root.scrollIntoView({ block: "start" });
  }

  #changed(input) {
    if (input === this.#file) {
      if (input.files.length) this.#takeFile(input.files[0]);
    } else if (input.matches("[data-tile]")) this.#keepInPlace(input, () => this.#takeTile(input));
  }

  /** The arrow keys go from tile to tile, as browsers let them do where only one can be chosen. */
  #walk(event) {
    const direction = DIRECTION[event.key];
    if (!direction || !event.target.matches("[data-tile]") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const tiles = this.#tiles;
    const next = tiles.at((tiles.indexOf(event.target) + direction) % tiles.length);
    if (!this.#several) {
      next.checked = true;
      this.#changed(next);
    }
    this.#stopAt(next);
    next.focus();
  }

  /** One stop of the Tab key is enough for all the tiles. */
  #stopAt(stop) {
    if (this.#most > 1) for (const tile of this.#tiles) tile.tabIndex = tile === stop ? 0 : -1;
  }

  /** The stage grows for its first picture; what the visitor points at must not slip away. */
  #keepInPlace(element, change) {
    const before = element.getBoundingClientRect().top;
    change();
    scrollBy({ top: element.getBoundingClientRect().top - before, behavior: "instant" });
  }

  #takeTile(tile) {
    if (!this.#several) {
      // Of one only, the chosen one stays chosen until it is another.
      tile.checked = true;
      for (const other of this.#checked) other.checked = other === tile;
      this.#forgetFile();
    } else if (this.chosen.length > this.#most) {
      tile.checked = false;
      this.#refuse(`At most ${this.#most} artworks go into one painting. Take one away first.`);
      return;
    }
    this.#stopAt(tile);
    this.#show();
    this.complain("");
    this.#onChange(tile.checked ? `${tile.dataset.title} chosen.` : `${tile.dataset.title} taken away.`);
  }

  #takeFile(file) {
    const problem = this.#problem(file);
    if (problem) {
      // What was chosen before is still what the visitor sees.
      this.#file.files = this.#kept;
      this.#refuse(problem);
      return;
    }
    this.#kept = this.#file.files;
    if (!this.#several) this.#setAside(this.#checked[0]);
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(file);
    this.complain("");
    this.#show();
    this.#onChange(`${file.name} chosen.`);
  }

  #forgetFile() {
    this.#file.value = "";
    this.#kept = this.#file.files;
    this.#fallback.remove();
  }

  /** The file is what counts now; should the server refuse it, what was chosen before is still there. */
  #setAside(tile) {
    if (!tile) return;
    this.#fallback.name = tile.type === "radio" ? tile.name : `${tile.name}_before`;
    this.#fallback.value = tile.value;
    this.#root.append(this.#fallback);
    tile.checked = false;
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
    if (this.#several && this.#checked.length >= this.#most) {
      return `At most ${this.#most} artworks go into one painting. Take one away first.`;
    }
    return "";
  }

  #refuse(problem) {
    this.complain(problem);
    this.#onChange(problem);
  }

  /** Hang what is chosen on the stage; what hangs there already stays. */
  #show() {
    const stage = this.#root.querySelector("[data-stage]");
    const hanging = new Map([...stage.querySelectorAll("img")].map((image) => [image.getAttribute("src"), image]));
    const chosen = this.chosen.map((one) => ({ ...one, image: hanging.get(one.url) ?? this.#image(one) }));
    for (const image of hanging.values()) image.remove();
    stage.append(...chosen.map(({ image }) => image));
    stage.classList.toggle("is-blend", chosen.length > 1);
    stage.querySelector("[data-empty]").hidden = chosen.length > 0;
    this.#root.querySelector("[data-chosen]").textContent = this.title;
    this.#onShow(chosen);
  }

  #image({ url, width, height }) {
    const image = Object.assign(new Image(), { alt: "" }, width && { width, height });
    image.addEventListener("error", () => {
      if (url !== this.#address) return;
      this.complain(`The browser cannot show this file. Please choose ${this.#root.dataset.formats}.`);
    });
    image.src = url;
    return image;
  }

  /** The tiles scroll in their own place, and the chosen one may lie beyond its edge. */
  #uncover() {
    const place = this.#checked[0]?.closest(".tile-place");
    if (!place) return;
    const strip = place.parentElement;
    const tray = strip.parentElement;
    strip.scrollLeft = place.offsetLeft - strip.offsetLeft - (strip.clientWidth - place.clientWidth) / 2;
    tray.scrollTop = place.offsetTop - tray.offsetTop - (tray.clientHeight - place.clientHeight) / 2;
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
