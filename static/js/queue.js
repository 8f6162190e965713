// A place in a queue: the numbers move by themselves; when something else happens the page is fetched anew.
(() => {
  "use strict";
  const queue = document.querySelector("[data-queue]");
  if (!queue) return;
  const { queue: address, phase, admitted, number } = queue.dataset;
  if (phase === "over" || admitted === "true") return;

  const show = (selector, value) => {
    const place = queue.querySelector(selector);
    if (place && value !== null) place.textContent = value.toLocaleString("en-US");
  };
  // Everybody waits a little differently, so that not all ask at the same moment; never too short.
  const later = (seconds) => setTimeout(ask, 1000 * (seconds + Math.random()));

  let failures = 0;
  async function ask() {
    try {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(`queue: ${answer.status}`);
      const state = await answer.json();
      failures = 0;
      if (state.phase !== phase || String(state.admitted) !== admitted || String(state.number || "") !== number) {
        location.replace(location.href);
        return;
      }
      show("[data-waiting]", state.waiting);
      show("[data-before]", state.before);
      later(state.ask_again_seconds);
    } catch {
      // The place is kept; ask again, each time later.
      failures += 1;
      later(Math.min(30, 2 ** failures));
    }
  }
  later(Number(queue.dataset.askAgain));
})();
