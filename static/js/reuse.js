import { takeDrops } from "./drop.js";

const FILLED_IN = "Filled in as this painting was made.";
const FAILED = "That did not work. Try again when the connection is back.";
// What a file says of itself stands in its first bytes, or in its last ones.
const EDGE_BYTES = 64 * 1024;
const MARKS = ["iTXtstransfer\0", 'ASCII\0\0\0{"model"'];
// Of these kinds the server need not have the whole picture to read what stands before it.
const TOLD_FIRST = ["image/png", "image/jpeg"];
const FIRST_BYTES = 1024 * 1024;

/** Fills the form in with the settings that a painting was made with, as its file tells. */
export class Reuse {
  #form;
  #root;
  #say;
  #looked = new Map();

  /**
   * @param {HTMLElement} root the place for such a file
   * @param {HTMLElement} target where one can be dropped
   * @param {(sentence: string) => void} say speaks to those who do not see the page
   */
  constructor(root, target, say) {
    this.#root = root;
    this.#form = root.closest("form");
    this.#say = say;
    const input = root.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      const [file] = input.files;
      // It is read now, and must not travel again with the form.
      input.value = "";
      if (file) this.#take(file);
    });
    takeDrops(target, (file) => this.#take(file));
    // One that the browser filled in again after going back has been read before.
    addEventListener("pageshow", () => (input.value = ""));
  }

  /**
   * Offer in one line to fill in the settings of a picture that was chosen for something else.
   * @param {HTMLElement} place the line
   * @param {File|null} file
   */
  async offer(place, file) {
    const [told, button] = place.children;
    place.hidden = true;
    this.#looked.set(place, file);
    if (!file || !(await tells(file))) return;
    // Another file may have been chosen while this one was looked at.
    if (this.#looked.get(place) !== file) return;
    told.textContent = place.dataset.offer;
    button.hidden = false;
    button.onclick = async () => {
      const sentence = await this.#read(file).catch(({ message }) => message);
      told.textContent = sentence;
      button.hidden = true;
      this.#say(sentence);
    };
    place.hidden = false;
  }

  async #take(file) {
    const told = this.#root.querySelector("[data-reuse-told]");
    const error = this.#root.querySelector("[data-error]");
    told.textContent = error.textContent = "";
    try {
      told.textContent = await this.#read(file);
    } catch ({ message }) {
      error.textContent = message;
      this.#say(message);
    }
    this.#root.classList.toggle("has-error", Boolean(error.textContent));
  }

  /** Fill in what the server finds in a file; the answer says what was done, the error what is wrong. */
  async #read(file) {
    const body = new FormData();
    body.set("csrf_token", this.#form.elements.csrf_token.value);
    const part = TOLD_FIRST.includes(file.type) ? file.slice(0, FIRST_BYTES, file.type) : file;
    body.set("settings_file", part, file.name);
    let answer;
    try {
      const response = await fetch(this.#root.dataset.url, { method: "POST", body, headers: { Accept: "application/json" } });
      answer = await response.json();
    } catch {
      throw new Error(FAILED);
    }
    if (answer.error) throw new Error(answer.error);
    for (const [name, value] of Object.entries(answer.settings)) {
      const field = this.#form.elements[name];
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return [FILLED_IN, ...answer.remarks].join(" ");
  }
}

/** Whether a file seems to say how it was painted; only the server reads what it says. */
async function tells(file) {
  const edges = new Blob([file.slice(0, EDGE_BYTES), file.slice(Math.max(EDGE_BYTES, file.size - EDGE_BYTES))]);
  const text = new TextDecoder("latin1").decode(await edges.arrayBuffer());
  return MARKS.some((mark) => text.includes(mark));
}
