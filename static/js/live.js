// Parts of a page that move by themselves: <div data-live="address">. The server streams the part
// whenever it changes; where it has no stream left, or none arrives, the part is asked for again and
// again. While neither works the page says so (data-live-lost).
(() => {
  "use strict";

  const POLL = 5000; // between two questions
  const TRY_AGAIN = 60000; // until a stream is tried once more
  const PATIENCE = 7000; // a stream that ends is opened anew by the browser; so long nothing is said

  const lost = document.querySelector("[data-live-lost]");
  const say = (isLost) => {
    if (lost) lost.hidden = !isLost;
  };

  // What somebody is about to choose is not taken from under their hands.
  const busy = (place) =>
    place.contains(document.activeElement) && document.activeElement.matches("select, input:not([type=hidden]), textarea");

  function show(place, html) {
    if (busy(place)) {
      place.addEventListener("focusout", () => setTimeout(() => show(place, html)), { once: true });
      return;
    }
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    place.innerHTML = html;
    if (focused) {
      const again = document.getElementById(focused) || place.querySelector("[data-key]");
      if (again) again.focus();
    }
    place.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
  }

  function watch(place) {
    const address = place.dataset.live;
    let shown = null;
    let patience = null;

    const take = (html) => {
      clearTimeout(patience);
      patience = null;
      say(false);
      if (html === shown) return;
      shown = html;
      show(place, html);
    };
    const miss = () => {
      patience ??= setTimeout(() => say(true), PATIENCE);
    };

    async function ask() {
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin", redirect: "manual" });
        // Signed out, no longer allowed, or ended: the page itself says what.
        if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) location.reload();
        else if (answer.ok) take(await answer.text());
        else miss();
      } catch {
        miss();
      }
    }

    function poll() {
      const until = Date.now() + TRY_AGAIN;
      ask();
      const timer = setInterval(() => {
        if (Date.now() > until) {
          clearInterval(timer);
          stream();
        } else ask();
      }, POLL);
    }

    function stream() {
      if (!window.EventSource) {
        poll();
        return;
      }
      const source = new EventSource(address);
      source.addEventListener("open", () => take(shown ?? place.innerHTML));
      source.addEventListener("changed", (event) => take(event.data));
      source.addEventListener("gone", () => location.reload());
      source.addEventListener("error", () => {
        miss();
        if (source.readyState === EventSource.CLOSED) poll();
      });
      window.addEventListener("pagehide", () => source.close(), { once: true });
    }
    // Who acts on the page has the part anew before the news of it arrive.
    place.addEventListener("live:take", (event) => take(event.detail));
    stream();
  }

  document.querySelectorAll("[data-live]").forEach(watch);
  // Back by the browser's own memory of the page: its streams are closed.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
