// The console by keyboard: a key presses the button that names it (data-key). What is pressed is done
// without leaving the page, so that the next key is not lost between two pages.
(() => {
  "use strict";

  const place = document.querySelector("[data-live]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.target.closest("input, select, textarea, dialog")) return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    event.preventDefault();
    button.focus();
    button.click();
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || !place.contains(form)) return;
    event.preventDefault();
    try {
      const answer = await fetch(form.action, { method: "post", body: new URLSearchParams(new FormData(form)), credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("[data-live]");
      if (!answer.ok || !part || part.dataset.live !== place.dataset.live) {
        location.assign(answer.redirected ? answer.url : location.href);
        return;
      }
      document.querySelector(".notices").replaceChildren(...page.querySelector(".notices").children);
      document.activeElement?.blur?.();
      place.dispatchEvent(new CustomEvent("live:take", { detail: part.innerHTML }));
      (document.getElementById(event.submitter?.id) || place.querySelector("[data-key]"))?.focus();
    } catch {
      location.reload();
    }
  });
})();
