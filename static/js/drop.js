/**
 * Let files be dropped on an element, and show that they can be.
 * @param {HTMLElement} target
 * @param {(file: File) => void} onFile told the first of them
 */
export function takeDrops(target, onFile) {
  target.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    target.classList.add("is-target");
  });
  target.addEventListener("dragleave", (event) => {
    if (!target.contains(event.relatedTarget)) target.classList.remove("is-target");
  });
  target.addEventListener("drop", (event) => {
    target.classList.remove("is-target");
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}
