const SAID_MS = 2_000;

/** Offer to copy what stands in the fields marked `data-copy`. */
export function offerCopies() {
  // Only pages that came over a safe connection, or from this machine, have a clipboard.
  if (!navigator.clipboard) return;
  for (const line of document.querySelectorAll("[data-copy]")) {
    const button = line.querySelector("button");
    const field = line.querySelector("input");
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = "Copied";
      } catch {
        // Marked, it can be copied by hand.
        field.select();
      }
      setTimeout(() => (button.textContent = label), SAID_MS);
    });
  }
}
