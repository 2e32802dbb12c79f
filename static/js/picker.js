import { takeDrops } from "./drop.js";
import { fitted } from "./photo.js";
import { Tray } from "./tray.js";

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
  #tray;
  #file;
  #camera;
  #limits;
  #most;
  #onChange;
  #onShow = () => {};
  #onFile = () => {};
  #several = false;
  #own = null;
  #kept = new DataTransfer().files;
  #turn = null;
  #ready = Promise.resolve(true);
  #fallback = Object.assign(document.createElement("input"), { type: "hidden" });

  /**
   * @param {HTMLElement} root the fieldset
   * @param {(sentence: string) => void} onChange told in words what was chosen or refused
   */
  constructor(root, onChange) {
    this.#root = root;
    this.#onChange = onChange;
    this.#file = root.querySelector("input[type=file]");
    this.#camera = root.querySelector("input[capture]");
    const { most, maxMb, maxMegapixels, maxSide, keptSide, formats } = root.dataset;
    this.#most = Number(most);
    this.#limits = {
      accept: this.#file.accept.split(","),
      formats,
      maxMb: Number(maxMb),
      maxMegapixels: Number(maxMegapixels),
      maxSide: Number(maxSide),
      keptSide: Number(keptSide),
    };
    this.#tray = new Tray(root.querySelector(".tray"), this.#most > 1, (tile) => this.#step(tile));
    this.#several = this.#tray.checked.length > 1;
    root.addEventListener("change", (event) => this.#changed(event.target));
    takeDrops(root, (file) => this.put(file));
    this.#show();
    this.resume();
  }

  /** The names of what is chosen, or "" while there is nothing. */
  get title() {
    return new Intl.ListFormat("en-GB").format(this.chosen.map(({ title }) => title));
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

  /** Whether a file is still being made ready to travel. */
  get busy() {
    return this.#turn !== null;
  }

  /** Resolved as soon as it is, to whether it can be used. */
  get ready() {
    return this.#ready;
  }

  /** @returns {Chosen[]} */
  get chosen() {
    const chosen = this.#tray.checked.map((tile) => ({
      key: tile.value,
      ...tile.dataset,
      share: tile.closest("label").parentElement.querySelector("input[type=number]"),
      drop: () => {
        tile.checked = false;
        this.#changed(tile);
      },
    }));
    if (!this.#own) return chosen;
    const { name, url } = this.#own;
    const own = {
      key: url,
      url,
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

  /** @param {(file: File|null) => void} listener told which file is chosen, as the visitor has it */
  set onFile(listener) {
    this.#onFile = listener;
  }

  /**
   * Put a file in, as if it had been chosen with the button.
   * @param {File} file
   */
  put(file) {
    this.#file.files = listOf(file);
    this.#takeFile(file);
  }

  /** Take up what the browser filled in again after going back. */
  resume() {
    const [taken] = this.#camera.files;
    const [file] = this.#file.files;
    if (taken) this.#changed(this.#camera);
    else if (file && file.name !== this.#own?.name && !this.busy) this.#takeFile(file);
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
    (this.#tray.checked[0] ?? this.#tray.tiles[0] ?? this.#file).focus();
    this.#root.scrollIntoView({ block: "start" });
  }

  #changed(input) {
    if (input === this.#camera) {
      const [file] = input.files;
      input.value = "";
      if (file) this.put(file);
    } else if (input === this.#file) {
      if (input.files.length) this.#takeFile(input.files[0]);
      // Whoever opens the dialog and chooses nothing keeps what there was.
      else input.files = this.#kept;
    } else if (input.matches("[data-tile]")) this.#keepInPlace(input, () => this.#takeTile(input));
  }

  #step(tile) {
    if (this.#several) return;
    tile.checked = true;
    this.#changed(tile);
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
      for (const other of this.#tray.checked) other.checked = other === tile;
      this.#forgetFile();
    } else if (this.chosen.length > this.#most) {
      tile.checked = false;
      this.#refuse(`At most ${this.#most} artworks go into one painting. Take one away first.`);
      return;
    }
    this.#tray.stopAt(tile);
    this.#show();
    this.complain("");
    this.#onChange(tile.checked ? `${tile.dataset.title} chosen.` : `${tile.dataset.title} taken away.`);
  }

  #takeFile(file) {
    if (this.#several && this.#tray.checked.length >= this.#most) {
      this.#takeBack(`At most ${this.#most} artworks go into one painting. Take one away first.`);
      return;
    }
    const turn = (this.#turn = {});
    this.#note("");
    const work = fitted(file, this.#limits, () => this.#note("Making it smaller…"));
    const now = (settle, usable) => (outcome) => {
      // Another picture may have been chosen meanwhile.
      if (turn !== this.#turn) return this.busy ? this.#ready : true;
      this.#turn = null;
      settle(outcome);
      return usable;
    };
    this.#ready = work.then(
      now((fit) => this.#hangFile(file, fit), true),
      now(({ message }) => this.#takeBack(message), false),
    );
  }

  #hangFile(original, { file, note }) {
    if (file !== original) this.#file.files = listOf(file);
    this.#kept = this.#file.files;
    if (!this.#several) this.#setAside(this.#tray.checked[0]);
    if (this.#own) URL.revokeObjectURL(this.#own.url);
    this.#own = { name: file.name, url: URL.createObjectURL(file) };
    this.complain("");
    this.#show();
    this.#note(note);
    this.#onFile(original);
    this.#onChange(`${original.name} chosen. ${note}`);
  }

  /** What was chosen before is still what the visitor sees. */
  #takeBack(problem) {
    this.#turn = null;
    this.#file.files = this.#kept;
    this.#note("");
    this.#refuse(problem);
  }

  #note(sentence) {
    this.#root.querySelector("[data-file-note]").textContent = sentence;
  }

  #forgetFile() {
    this.#turn = null;
    this.#own = null;
    this.#file.value = "";
    this.#kept = this.#file.files;
    this.#fallback.remove();
    this.#note("");
    this.#onFile(null);
  }

  /** The file is what counts now; should the server refuse it, what was chosen before is still there. */
  #setAside(tile) {
    if (!tile) return;
    this.#fallback.name = tile.type === "radio" ? tile.name : `${tile.name}_before`;
    this.#fallback.value = tile.value;
    this.#root.append(this.#fallback);
    tile.checked = false;
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
    return Object.assign(new Image(), { alt: "" }, width && { width, height }, { src: url });
  }
}

function listOf(file) {
  const transfer = new DataTransfer();
  transfer.items.add(file);
  return transfer.files;
}
