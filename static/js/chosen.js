/** The paintings ticked in the gallery, and the hearts: what they do without leaving the page. */
export class Chosen {
  #root;
  #say;

  /**
   * @param {HTMLElement} root the element around all the cards, whose content comes and goes
   * @param {(sentence: string) => void} say speaks to those who do not see the page
   */
  constructor(root, say) {
    this.#root = root;
    this.#say = say;
    root.addEventListener("change", (event) => {
      if (event.target.matches(".choose input")) this.update();
    });
    root.addEventListener("click", (event) => {
      if (event.target.closest("[data-clear]")) this.#clear();
    });
    root.addEventListener("submit", (event) => {
      if (event.target.id === "cherish") this.#cherish(event);
    });
    // A page brought back from the browser's memory keeps its ticks.
    addEventListener("pageshow", () => this.update());
  }

  /** Say how many are ticked, and offer what can be done with so many. */
  update() {
    const bar = this.#root.querySelector("[data-chosen]");
    if (!bar) return;
    const count = this.#ticked().length;
    bar.querySelector("[data-chosen-count]").textContent = `${count} chosen`;
    bar.querySelector("[data-two]").disabled = count !== 2;
    bar.querySelector("[data-clear]").hidden = false;
  }

  #ticked() {
    return [...this.#root.querySelectorAll(".choose input:checked")];
  }

  #clear() {
    const [first, ...others] = this.#ticked();
    for (const box of [first, ...others]) box.checked = false;
    this.update();
    // The bar with the button is gone, and the keyboard must not start over from the top.
    first?.focus();
  }

  async #cherish(event) {
    const button = event.submitter;
    event.preventDefault();
    const favourite = button.name === "favourite";
    const body = new FormData(event.target, button);
    draw(button, favourite);
    try {
      // Whoever goes on at once has pressed it all the same.
      const sent = { method: "POST", body, redirect: "manual", keepalive: true };
      const response = await fetch(event.target.action, sent);
      // The server answers with the way back to the gallery.
      if (response.type !== "opaqueredirect") throw new Error(response.statusText);
      this.#say(favourite ? "Added to your favourites." : "No favourite any more.");
    } catch {
      draw(button, !favourite);
      this.#say("That did not work. Try again when the connection is back.");
    }
  }
}

function draw(button, favourite) {
  button.name = favourite ? "unfavourite" : "favourite";
  button.setAttribute("aria-pressed", String(favourite));
}
