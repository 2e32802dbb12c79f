/**
 * Ask before the forms marked `data-confirm` are sent, or by a button that is marked so.
 * Without scripts they are simply sent.
 */
export function askBeforeSending() {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    const asking = submitter?.dataset.confirm ? submitter : form;
    if (!asking.dataset.confirm || asking.dataset.confirmed) return;
    event.preventDefault();
    ask(asking.dataset).then((agreed) => {
      if (!agreed) return;
      asking.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
    });
  });
  // A page brought back from the browser's memory has not been confirmed again.
  addEventListener("pageshow", () => {
    for (const asked of document.querySelectorAll("[data-confirmed]")) delete asked.dataset.confirmed;
  });
}

function ask({ confirm, yes, no }) {
  const dialog = document.createElement("dialog");
  const sentence = Object.assign(document.createElement("p"), { id: "question", textContent: confirm });
  dialog.setAttribute("aria-labelledby", sentence.id);
  const form = Object.assign(document.createElement("form"), { method: "dialog", className: "actions" });
  form.append(choice("yes", yes, "primary"), choice("no", no, ""));
  dialog.append(sentence, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    dialog.showModal();
    // The harmless answer is the one a hasty Enter gives.
    form.lastElementChild.focus();
  });
}

function choice(value, text, className) {
  return Object.assign(document.createElement("button"), { value, textContent: text, className });
}
